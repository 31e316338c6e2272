# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server that stumbles: what can be got is got, what could not be read is said, and never called healthy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.fault_proxy import PAGE, Fault, Request, spoiled
from tests.lab.scenarios.scene import SLOW_AFTER, VIEWER, Scene
from tests.plays.runbook import Run, diagnose

#: The whole cluster, but for the pulls that go on and may end between two runs.
EVERYTHING = {"slow_after": SLOW_AFTER, "label_selector": "scenario notin (body-crawls, body-stalls)"}
PODS = "/api/v1/pods"
EVENTS = "/api/v1/events"


def is_pods(request: Request) -> bool:
    return request.path == PODS


def causes(run: Run) -> dict[str, str]:
    return {finding["id"]: finding["cause"] for finding in run.report["findings"]}


@pytest.fixture(scope="module")
def undisturbed(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = diagnose(tmp_path_factory.mktemp("undisturbed"), kubeconfig=scene.viewer, **EVERYTHING)
    assert run.code == 0, run.output
    return run


def assert_whole(run: Run, undisturbed: Run) -> None:
    assert run.code == 0, run.output[-3000:]
    assert run.report["scope"]["complete"] is True
    assert causes(run) == causes(undisturbed)


def assert_not_whole(run: Run, *words: str) -> None:
    """Told as incomplete, with the reason in one line; the play fails once the report is written."""
    assert run.code == 2, run.output[-3000:]
    assert run.report["scope"]["complete"] is False
    assert run.report["verdict"] != "healthy"
    error = run.report["error"] or " ".join(entry["why"] for entry in run.report["not_checked"])
    assert "\n" not in error
    assert "Traceback" not in run.output
    for word in words:
        assert word in error, error


def test_small_pages_change_nothing(scene: Scene, undisturbed: Run, tmp_path: Path) -> None:
    """The control of this file, and of the pages themselves."""
    with spoiled(scene.lab, tmp_path, VIEWER) as (config, proxy):
        assert_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING), undisturbed)
    assert (
        len([path for path in proxy.requests if path.startswith(f"{PODS}?") and "continue=" in path])
        >= 100 / PAGE - 1
    )


def test_a_connection_that_breaks_once_in_a_page(scene: Scene, undisturbed: Run, tmp_path: Path) -> None:
    fault = Fault(lambda request: is_pods(request) and not request.first_page, cut_at=0.5, times=1)
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        assert_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING), undisturbed)


def test_a_connection_that_breaks_in_that_page_again_and_again(scene: Scene, tmp_path: Path) -> None:
    fault = Fault(lambda request: is_pods(request) and not request.first_page, cut_at=0.5)
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        assert_not_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING, deadline=15))


def test_throttling_is_waited_for(scene: Scene, undisturbed: Run, tmp_path: Path) -> None:
    fault = Fault(is_pods, status=429, message="too many requests", headers={"Retry-After": "1"}, times=2)
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, proxy):
        assert_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING), undisturbed)
    assert fault.times == 0
    assert len(proxy.requests) < 400


def test_an_error_that_passes_is_waited_for(scene: Scene, undisturbed: Run, tmp_path: Path) -> None:
    fault = Fault(
        lambda request: request.path in (PODS, EVENTS), status=500, message="etcd has no leader", times=2
    )
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        assert_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING), undisturbed)


def test_a_list_that_expires_between_two_pages_is_begun_again(
    scene: Scene, undisturbed: Run, tmp_path: Path
) -> None:
    fault = Fault(
        lambda request: is_pods(request) and not request.first_page,
        status=410,
        message="The provided continue parameter is too old",
        times=1,
    )
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        run = diagnose(tmp_path, kubeconfig=config, **EVERYTHING)
    assert run.code == 0, run.output[-3000:]
    assert set(causes(undisturbed).items()) <= set(causes(run).items())


def test_an_api_server_that_stops_answering_in_the_middle(scene: Scene, tmp_path: Path) -> None:
    fault = Fault(lambda request: is_pods(request) and not request.first_page, hang=True)
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        assert_not_whole(diagnose(tmp_path, kubeconfig=config, **EVERYTHING, deadline=8))


def test_events_that_never_come_are_a_gap_and_not_the_end(
    scene: Scene, kubernetes: str, tmp_path: Path
) -> None:
    fault = Fault(lambda request: request.path.endswith("/events"), hang=True)
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        run = diagnose(tmp_path, kubeconfig=config, namespaces=["names"], deadline=12)
    assert run.report["verdict"] == "failing"
    assert any("event" in entry["check"].lower() for entry in run.report["not_checked"]), run.report[
        "not_checked"
    ]
    if kubernetes != "1.31":
        assert {"tag_not_found", "image_name_invalid"} <= set(causes(run).values())


def test_an_owner_that_was_deleted_meanwhile(scene: Scene, tmp_path: Path) -> None:
    fault = Fault(lambda request: "/replicasets" in request.path, status=404, message="not found")
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        run = diagnose(tmp_path, kubeconfig=config, namespaces=["workloads"])
    assert run.code == 0, run.output[-3000:]
    assert "tag_not_found" in causes(run).values()


def test_a_pod_that_was_deleted_meanwhile(scene: Scene, tmp_path: Path) -> None:
    """Where pods are asked for by name after they were found."""
    fault = Fault(lambda request: request.path.endswith("/pods/wrong-tag"), status=404, message="not found")
    with spoiled(scene.lab, tmp_path, VIEWER, fault) as (config, dummy_proxy):
        run = diagnose(tmp_path, kubeconfig=config, namespaces=["names"])
    assert run.code == 0, run.output[-3000:]
    assert run.report["verdict"] == "failing"
