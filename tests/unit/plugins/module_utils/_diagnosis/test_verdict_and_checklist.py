# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the whole report says: the verdict, the checklist, and what was not checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    ConditionFact,
    Gap,
    NodeFact,
    Report,
    Scope,
)

from tests.unit.evidence import (
    NAMES,
    failing,
    folder_of,
    judged,
    not_found,
    refused,
    unauthorized,
    write_evidence,
)

IMAGE = "registry.example.com/shop/web:1"
BROKEN = failing(not_found(IMAGE), IMAGE)


def young(seconds: int) -> Any:
    return failing("", IMAGE, symptom="pulling", pulling_seconds=seconds, reason="ContainerCreating")


def statuses(report: Report) -> dict[int, str]:
    return {step.step: step.status for step in report.checklist}


def test_healthy_only_where_everything_was_read_and_nothing_fails(tmp_path: Path) -> None:
    report = judged(tmp_path / "run")
    assert (report.verdict, report.findings, report.error) == ("healthy", (), None)
    assert report.scope.complete


@pytest.mark.parametrize(
    "about",
    [{"error": "the API server closed the connection"}, {"scope": Scope(complete=False)}],
    ids=["an error", "a scope that is not complete"],
)
def test_never_healthy_where_not_everything_was_read(tmp_path: Path, about: dict[str, Any]) -> None:
    report = judged(tmp_path / "run", **about)
    assert report.verdict == "unknown"
    assert not report.scope.complete


@pytest.mark.parametrize(
    "gap",
    [
        Gap("events", "forbidden", "sandbox failures", (1, 2), unread=True),
        Gap("pulls under way", "2 pulls", "", (1,)),
    ],
    ids=["unread", "under way"],
)
def test_never_healthy_with_a_gap_where_a_failing_pod_could_be(tmp_path: Path, gap: Gap) -> None:
    report = judged(tmp_path / "run", gap)
    assert report.verdict == "unknown"
    assert statuses(report)[1] == "not_checked"
    assert report.scope.complete != gap.unread


def test_a_gap_elsewhere_does_not_touch_health(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", Gap("nodes", "forbidden", "node pressure", (6,)))
    assert report.verdict == "healthy"
    assert "nodes" in [item.check for item in report.not_checked]


def test_failing_even_where_not_everything_was_read(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", BROKEN, error="the API server went away")
    assert (report.verdict, report.error) == ("failing", "the API server went away")


def test_without_the_triage_stage_nothing_is_known(tmp_path: Path) -> None:
    folder = EvidenceFolder.create(str(tmp_path / "run"), cluster="prod")
    report = diagnose(folder)
    assert report.verdict == "unknown"
    assert report.error == "the evidence has no triage stage: no pod was looked at"
    assert "pods" in [item.check for item in report.not_checked]


def test_a_stage_that_was_cut_off_is_no_sign_of_health(tmp_path: Path) -> None:
    folder = write_evidence(tmp_path / "run", [BROKEN])
    path = Path(folder.path, "triage.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:1]))
    report = diagnose(folder)
    assert report.verdict == "unknown"
    assert report.error


def test_a_pull_that_is_merely_going_on_is_neither_failing_nor_healthy(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", young(40))
    assert report.verdict == "unknown"
    assert (report.findings[0].cause, report.findings[0].confidence) == ("pull_slow", "possible")
    assert "40 s" in report.findings[0].summary


def test_a_pull_becomes_slow_at_the_limit_of_the_run(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", young(40), scope=Scope(slow_after=30))
    assert (report.verdict, report.findings[0].confidence) == ("failing", "likely")


def test_a_missing_right_says_which_conclusion_is_lost(tmp_path: Path) -> None:
    place = tmp_path / "run"
    right = AccessFact("list", "nodes", False, conclusion_lost="node pressure")
    allowed = AccessFact("list", "pods", True, conclusion_lost="everything")
    write_evidence(place, [right, allowed], stage="access")
    report = judged(place, BROKEN)
    item = next(item for item in report.not_checked if item.check == "list nodes")
    assert item.conclusion_lost == "node pressure"
    assert not [item for item in report.not_checked if "pods" in item.check]


@pytest.mark.parametrize(
    ("message", "step"),
    [
        (not_found(IMAGE), 3),
        (unauthorized(IMAGE, "registry.example.com"), 4),
        ("pull QPS exceeded", 5),
        ("no space left on device", 6),
        (refused(IMAGE, "registry.example.com"), 7),
    ],
)
def test_a_finding_fails_the_step_that_looks_for_it(tmp_path: Path, message: str, step: int) -> None:
    found = statuses(judged(tmp_path / "run", failing(message, IMAGE)))
    assert [number for number, status in found.items() if status == "failed"] == [1, step]


@pytest.mark.parametrize("name", NAMES)
def test_the_checklist_has_ten_steps_and_claims_nothing_that_was_not_looked_at(
    name: str, tmp_path: Path
) -> None:
    report = diagnose(folder_of(name, tmp_path / "run"))
    assert [step.step for step in report.checklist] == list(range(1, 11))
    assert all(step.detail for step in report.checklist)
    passed = {step.step for step in report.checklist if step.status == "passed"}
    of_registries = {3, 4, 5} if report.stats.registry_requests else set()
    assert passed <= {1, 2} | of_registries, "nodes and repair have no stage in this run"


def test_a_ready_node_is_not_enough_to_pass_its_step(tmp_path: Path) -> None:
    node = NodeFact(
        "node-1", conditions=(ConditionFact("Ready", "True"), ConditionFact("DiskPressure", "False"))
    )
    step = judged(tmp_path / "run", BROKEN, node).checklist[5]
    assert (step.status, "free bytes and inodes were not looked at" in step.detail) == ("not_checked", True)


def test_a_node_under_pressure_fails_its_step(tmp_path: Path) -> None:
    node = NodeFact("node-2", conditions=(ConditionFact("DiskPressure", "True"),))
    step = judged(tmp_path / "run", BROKEN, node).checklist[5]
    assert (step.status, step.detail) == ("failed", "node-2: DiskPressure=True")


def test_an_unknown_cause_leaves_the_second_step_open(tmp_path: Path) -> None:
    assert statuses(judged(tmp_path / "run", failing("", IMAGE)))[2] == "not_checked"


def test_the_documentation_describes_the_same_steps(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[5] / "docs" / "checklist.md").read_text(encoding="utf-8")
    for step in judged(tmp_path / "run").checklist:
        assert f"\n## {step.step}. {step.title}\n" in text


def test_the_checklist_says_which_pods_were_looked_at(tmp_path: Path) -> None:
    def first(name: str, *records: Any, **scope: Any) -> str:
        return judged(tmp_path / name, *records, scope=Scope(**scope)).checklist[0].detail

    assert (
        first("labels", label_selector="app=web")
        == "every container in all namespaces with app=web has its image"
    )
    assert first("pod", pod="shop/web-1") == "every container of shop/web-1 has its image"
    assert first("hit", failing(), pod="shop/web-1") == "1 container of shop/web-1 without an image"


def test_a_missing_right_that_a_stage_ran_into_is_told_once(tmp_path: Path) -> None:
    lost = "node pressure"
    gap = Gap("nodes: forbidden", "no right to read the nodes: nodes is forbidden", lost, steps=(6,))
    rights = (
        AccessFact("list", "nodes", False, conclusion_lost=lost),
        AccessFact("get", "secrets", False, conclusion_lost="x"),
    )
    told = [item.check for item in judged(tmp_path / "run", gap, *rights).not_checked]
    assert told[:2] == ["nodes: forbidden", "get secrets"]
