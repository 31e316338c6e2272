# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts with fewer rights than asked for: what they may see is judged, what is lost by the rest is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import accounts
from tests.lab.accounts import role
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.scenarios.scene import SLOW_AFTER, Scene
from tests.plays.runbook import Run, diagnose

Rule = dict[str, list[str]]


def rule(groups: str, resources: str, verbs: str = "get list") -> Rule:
    return {
        "apiGroups": groups.split(",") if groups else [""],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }


PODS = rule("", "pods")
EVENTS = rule("", "events")
NAMESPACED = [
    PODS,
    EVENTS,
    rule("", "secrets serviceaccounts"),
    rule("apps", "deployments replicasets statefulsets"),
]
CLUSTER_WIDE = [
    *NAMESPACED,
    rule("", "nodes namespaces"),
    rule("batch", "jobs cronjobs"),
    rule("apps", "daemonsets"),
]


@pytest.fixture
def account(lab: Lab, tmp_path: Path) -> Callable[..., Path]:
    """Makes a ServiceAccount with these rights, in these namespaces or everywhere, and gives its kubeconfig."""

    def make(name: str, rules: list[Rule], *namespaces: str) -> Path:
        roles = [role(rules, namespace) for namespace in namespaces or ("",)]
        return accounts.account(lab, tmp_path, roles, name)

    return make


def causes_of(run: Run) -> dict[str, str]:
    return {
        entry["name"]: finding["cause"] for finding in run.report["findings"] for entry in finding["pods"]
    }


def lost(run: Run) -> str:
    """What the report says it could not check, why, and which conclusion is lost, as one text."""
    return json.dumps(run.report["not_checked"]).lower()


def test_an_account_without_any_right(scene: Scene, account: Callable[..., Path], tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=account("no-rights", [], "default"))
    assert run.code == 2
    assert run.report["verdict"] == "unknown"
    assert "forbidden" in run.report["error"].lower()
    assert "\n" not in run.report["error"]


def test_a_token_that_is_not_valid_any_more(scene: Scene, tmp_path: Path) -> None:
    config = json.loads(scene.viewer.read_text())
    config["users"][0]["user"]["token"] = "expired-long-ago"
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    run = diagnose(tmp_path, kubeconfig=path)
    assert run.code == 2
    assert run.report["verdict"] == "unknown"
    assert "401" in run.report["error"]
    assert "expired-long-ago" not in run.output


def test_an_account_of_one_namespace(scene: Scene, account: Callable[..., Path], tmp_path: Path) -> None:
    config = account("of-names", NAMESPACED, "names")
    run = diagnose(tmp_path, kubeconfig=config, namespaces=["names"])
    assert run.code == 0, run.output
    assert causes_of(run)["wrong-tag"] == "tag_not_found"
    assert "node" in lost(run)


def test_an_account_of_one_namespace_that_asks_for_all(
    scene: Scene, account: Callable[..., Path], tmp_path: Path
) -> None:
    run = diagnose(tmp_path, kubeconfig=account("of-names", NAMESPACED, "names"))
    assert run.code == 2
    assert run.report["verdict"] == "unknown"
    assert "image_pull_namespaces" in run.plain_output


def test_one_namespace_of_two_is_forbidden(
    scene: Scene, account: Callable[..., Path], tmp_path: Path
) -> None:
    config = account("of-names", NAMESPACED, "names")
    run = diagnose(tmp_path, kubeconfig=config, namespaces=["names", "tls"])
    assert run.code == 2
    assert run.report["scope"]["complete"] is False
    assert causes_of(run)["wrong-tag"] == "tag_not_found"
    assert "tls" in lost(run)


def test_a_namespace_that_does_not_exist(scene: Scene, tmp_path: Path) -> None:
    """The API server answers with an empty list, which must not pass for good health."""
    run = diagnose(tmp_path, kubeconfig=scene.viewer, namespaces=["no-such-namespace"])
    assert run.code == 2, run.output
    assert run.report["verdict"] == "unknown"
    assert "no-such-namespace" in run.output


def test_a_pod_that_does_not_exist(scene: Scene, tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, pod="names/no-such-pod")
    assert run.report["verdict"] == "unknown", run.output
    assert "no-such-pod" in run.output


def without(resource: str, rules: list[Rule]) -> list[Rule]:
    kept = [
        {**entry, "resources": [name for name in entry["resources"] if name != resource]} for entry in rules
    ]
    return [entry for entry in kept if entry["resources"]]


@pytest.mark.parametrize(
    "resource", ["events", "secrets", "serviceaccounts", "nodes", "replicasets", "deployments"]
)
def test_one_right_is_missing(
    scene: Scene, account: Callable[..., Path], kubernetes: str, tmp_path: Path, resource: str
) -> None:
    config = account(f"without-{resource}", without(resource, CLUSTER_WIDE))
    run = diagnose(
        tmp_path, kubeconfig=config, slow_after=SLOW_AFTER, namespaces=["names", "credentials", "workloads"]
    )
    assert run.report["verdict"] == "failing"
    assert resource.rstrip("s") in lost(run), lost(run)
    for entry in run.report["not_checked"]:
        assert entry["why"]
        assert entry["conclusion_lost"]
    if resource != "events" or kubernetes != "1.31":
        assert causes_of(run)["wrong-tag"] == "tag_not_found"
    if resource == "secrets":
        assert causes_of(run)["secret-absent"] in ("secret_missing", "auth_missing")
        told = [
            text
            for finding in run.report["findings"]
            if "secret-wrong-type" in json.dumps(finding["pods"])
            for text in (
                finding["title"],
                finding["summary"],
                *(entry["fact"] for entry in finding["evidence"]),
            )
        ]
        absent = [text for text in told if "ecret" in text and "does not exist" in text]
        assert not absent, "forbidden is not absent"


def test_without_events_good_health_is_not_known(
    scene: Scene, account: Callable[..., Path], tmp_path: Path
) -> None:
    """A sandbox image that cannot be pulled shows in events alone."""
    config = account("without-events", without("events", CLUSTER_WIDE))
    run = diagnose(tmp_path, kubeconfig=config, namespaces=["healthy"])
    assert run.report["verdict"] == "unknown"
