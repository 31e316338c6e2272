# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of what real kubelets run, after its registry and its Secrets have changed behind their backs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.image_pull_lab.images import base_layer, own_layer
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.preflight_workloads import BASIC, pod_spec, pull_secret
from tests.plays.runbook import Run, play

NAMESPACE = "audited"


def audit(lab: Lab, folder: Path, **variables: Any) -> Run:
    """Runs audit.yml in the lab's network."""
    named = {
        "kubeconfig": str(lab.kubeconfig("admin", inside=True)),
        "registry_ca_file": str(lab.registry_ca),
        "namespaces": [NAMESPACE],
        **variables,
    }
    values = {f"image_pull_{name}": value for name, value in named.items()}
    return play("audit.yml", folder, variables=values, before=lab.inside())


def report_of(run: Run) -> dict[str, Any]:
    return json.loads(next(path for path in run.reports if path.name == "audit.json").read_text())


@pytest.fixture(scope="module")
def running(lab: Lab) -> Iterator[Lab]:
    """Pods that run, each with an image of its own."""
    store, accounts = lab.store("company"), lab.accounts
    for name in ("stays", "goes", "moves"):
        store.push(f"audit/{name}", "1")
    lab.api.create_namespace(NAMESPACE)
    secret = pull_secret(NAMESPACE, "creds", BASIC, accounts.member, accounts.member_password)
    lab.api.apply(secret, namespace=NAMESPACE)
    specs = {
        "stays": pod_spec("registry.reg.test/audit/stays:1"),
        "goes": pod_spec("registry.reg.test/audit/goes:1"),
        "moves": pod_spec("registry.reg.test/audit/moves:1"),
        "locked-out": pod_spec(f"{BASIC}/acme/app:1", "creds"),
        "google": pod_spec("gcr.io/google-samples/containers/hello-app:1.0"),
    }
    for name, spec in specs.items():
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        lab.api.create(manifest, NAMESPACE)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        pods = lab.api.list("Pod", NAMESPACE)
        if all(pod["status"].get("phase") == "Running" for pod in pods):
            break
        time.sleep(0.5)
    else:
        pytest.fail(f"not all pods run: {[(pod['metadata']['name'], pod['status']) for pod in pods]}")
    yield lab
    lab.api.delete("Namespace", NAMESPACE)


def found_in(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Each risk with the pods that it concerns."""
    return {(finding["risk"], pod["name"]) for finding in report["findings"] for pod in finding["pods"]}


def test_what_changed_since_and_nothing_else(running: Lab, tmp_path: Path) -> None:
    before = report_of(audit(running, tmp_path / "before", audit_days=0))
    assert found_in(before) == {("registry_shut_down", "google")}, before["findings"]
    store = running.store("company")
    store.delete_tag("audit/goes", "1")
    store.push("audit/moves", "1", layers=[base_layer(), own_layer("something else")])
    wrong = pull_secret(NAMESPACE, "creds", BASIC, running.accounts.member, "changed-meanwhile")
    running.api.apply(wrong, namespace=NAMESPACE)
    run = audit(running, tmp_path / "after", audit_days=0, fail_on="confirmed")
    assert run.code == 2
    report = report_of(run)
    pulls_fail = {("image_gone", "goes"), ("credential_invalid", "locked-out"), ("tag_moved", "moves")}
    found = {one for one in found_in(report) if one[0] != "cached_on_one_node"}
    assert found == {*pulls_fail, ("registry_shut_down", "google")}, report["findings"]
    assert "changed-meanwhile" not in run.output
    assert report["stats"]["registry_requests"] <= 40


def test_certificates_that_end_within_the_days_asked_for(running: Lab, tmp_path: Path) -> None:
    report = report_of(audit(running, tmp_path, audit_days=20_000))
    hosts = {
        host
        for one in report["findings"]
        if one["risk"] == "certificate_expiring"
        for host in one["registry_hosts"]
    }
    assert {"registry.reg.test", BASIC} <= hosts
