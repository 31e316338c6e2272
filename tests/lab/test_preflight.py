# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A preflight against real registries and a real cluster: it finds what is planted, and nothing else."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.registry_log import RegistryRequest
from tests.lab.preflight_workloads import TOTAL, Planted, planted, render, sound, spec_in
from tests.plays.runbook import Run, play

PLAY_FAILED = 2


@dataclass(frozen=True)
class Checked:
    """A run over the rendered workloads, and what the registries were asked meanwhile."""

    run: Run
    faults: list[Planted]
    requests: list[RegistryRequest]

    @property
    def report(self) -> dict[str, Any]:
        path = next(path for path in self.run.reports if path.name == "preflight.json")
        return json.loads(path.read_text())


def preflight(lab: Lab, folder: Path, user: str = "admin", **variables: Any) -> Run:
    """Runs preflight.yml in the lab's network."""
    named = {
        "kubeconfig": str(lab.kubeconfig(user, inside=True)),
        "registry_ca_file": str(lab.registry_ca),
        **variables,
    }
    values = {f"image_pull_{name}": value for name, value in named.items()}
    return play("preflight.yml", folder, variables=values, before=lab.inside())


@pytest.fixture(scope="module")
def checked(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    folder = tmp_path_factory.mktemp("preflight")
    faults = planted(lab.accounts)
    objects = [*sound(lab.accounts), *(one for fault in faults for one in fault.objects)]
    rendered = folder / "rendered.yaml"
    rendered.write_text(render(objects))
    before = len(lab.registry_log())
    templates = [{"kind": "Game", "path": "spec.fleet.template"}]
    run = preflight(lab, folder, manifests=[str(rendered)], pod_templates=templates)
    return Checked(run, faults, lab.registry_log()[before:])


def test_exactly_the_planted_faults_are_found(checked: Checked) -> None:
    report = checked.report
    assert len(report["workloads"]) == TOTAL
    verdicts = {one["name"]: one["verdict"] for one in report["workloads"]}
    told = {one["name"]: one["summary"] for one in report["workloads"] if one["verdict"] != "would_pull"}
    wanted = {fault.name for fault in checked.faults}
    assert {name for name, verdict in verdicts.items() if verdict == "would_not_pull"} == wanted, told
    assert {name for name, verdict in verdicts.items() if verdict == "would_pull"} == set(
        verdicts
    ) - wanted, told


def test_each_for_its_true_cause(checked: Checked) -> None:
    causes = {
        pod["name"]: (finding["cause"], finding["confidence"])
        for finding in checked.report["findings"]
        for pod in finding["pods"]
    }
    wrong = {
        fault.name: causes.get(fault.name)
        for fault in checked.faults
        if causes.get(fault.name, ("",))[0] not in fault.causes
    }
    assert not wrong
    assert (
        Counter(confidence for _cause, confidence in causes.values())["confirmed"] >= len(checked.faults) - 4
    )


def test_a_typo_is_told_with_what_is_near(checked: Checked) -> None:
    (typo,) = [one for one in checked.report["findings"] if one["pods"][0]["name"] == "typo-hub"]
    assert "the name docker.io/library/nginx is near" in typo["suggestions"]


def test_the_play_fails_and_says_so_in_every_form(checked: Checked) -> None:
    assert checked.run.code == PLAY_FAILED
    assert "SOME IMAGES WOULD NOT BE PULLED" in checked.run.plain_output
    for fault in checked.faults:
        assert f"shop/{fault.name}" in checked.run.plain_output
    (junit,) = checked.run.folder.rglob("preflight.junit.xml")
    root = ElementTree.parse(junit).getroot()
    assert (root.get("tests"), root.get("failures")) == (str(TOTAL), str(len(checked.faults)))


def test_few_requests_for_three_hundred_workloads(checked: Checked) -> None:
    images = {container["image"] for one in checked.report["workloads"] for container in one["containers"]}
    assert len(checked.requests) <= 8 * len(images)


NOT_AS_A_POD = {
    "arm-only": "containerd pulls a manifest of another platform that is in no index; it cannot run then",
    "volume-tag": "image volumes are behind a feature gate in this Kubernetes",
}


def test_the_kubelets_meet_what_was_foretold(checked: Checked, lab: Lab) -> None:
    """Each faulty workload as a pod, and some sound ones: pulled or not, by real kubelets."""
    lab.api.create_namespace("shop")
    chosen = {fault.name: fault.objects for fault in checked.faults if fault.name not in NOT_AS_A_POD}
    beside = [one for one in sound(lab.accounts) if one["metadata"]["namespace"] == "shop"]
    # Few enough that the kubelets' own limit of pulls (registryPullQPS) is seldom met.
    chosen |= {one["metadata"]["name"]: (one,) for one in [one for one in beside if "spec" in one][:8]}
    objects = [*beside, *(one for members in chosen.values() for one in members)]
    for one in objects:
        if one["kind"] in ("Secret", "ServiceAccount"):
            lab.api.apply(one, namespace="shop")
    for name, members in chosen.items():
        spec = {**spec_in(members[-1]), "terminationGracePeriodSeconds": 0}
        lab.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, "shop")
    try:
        foretold = {
            one["name"]: one["verdict"] == "would_pull"
            for one in checked.report["workloads"]
            if one["name"] in chosen
        }
        found = pulled(lab, set(chosen))
        unforeseen = {name for name in chosen if found.get(name) != foretold[name]}
        assert not unforeseen, [
            pod["status"] for pod in lab.api.list("Pod", "shop") if pod["metadata"]["name"] in unforeseen
        ]
    finally:
        lab.api.delete("Namespace", "shop")


def pulled(lab: Lab, names: set[str]) -> dict[str, bool]:
    """Whether each pod has all its images, once its kubelet has said so or has failed."""
    found: dict[str, bool] = {}
    end = time.monotonic() + 180
    while time.monotonic() < end and set(found) != names:
        for pod in lab.api.list("Pod", "shop"):
            status = pod.get("status", {})
            told = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
            waiting = [one["state"].get("waiting", {}) for one in told]
            # The kubelet's own limit of pulls tells nothing of the image; it tries again.
            said = [one for one in waiting if "pull QPS exceeded" not in one.get("message", "")]
            reasons = {one.get("reason", "") for one in said}
            # Besides ErrImagePull and its like, a raw error of the kubelet may stand there.
            if reasons - {"", "ContainerCreating", "PodInitializing", "CrashLoopBackOff"}:
                found[pod["metadata"]["name"]] = False
            elif told and all(one["imageID"] for one in told):
                found[pod["metadata"]["name"]] = True
        time.sleep(0.5)
    return found


def test_no_password_is_left_anywhere(checked: Checked, lab: Lab) -> None:
    accounts = lab.accounts
    passwords = [
        accounts.member_password,
        accounts.stranger_password,
        accounts.ecr_expired_token,
        "not-the-password",
    ]
    written = [path.read_bytes() for path in checked.run.files() if path.name != "rendered.yaml"]
    for password in passwords:
        assert password not in checked.run.output
        assert not [content for content in written if password.encode() in content]
