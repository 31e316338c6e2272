# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checklist makes of looks at nodes, what was left open, and nodes that lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import (
    diagnose,
    facts_from_folder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.where_to_look import (
    choose_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    DiskUse,
    Gap,
    HopFact,
    LogLine,
    NodeChoice,
    PullTrial,
    Record,
    RoomFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    render_json,
    render_terminal,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

from tests.unit.evidence import failing, judged, no_such_host, not_found, refused, write_evidence
from tests.unit.plugins.module_utils._diagnosis.looked import (
    AT,
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
    deaf,
    disk,
    endpoint,
    folder_with,
    hop,
    look,
    node,
    report_with,
    resolver,
    runtime,
    sick,
    stage_of,
    steps,
    way,
    well,
)

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))
OTHER = "quay.io"
SOCKET = 'ctr: failed to dial "/run/containerd/containerd.sock": connection error'
LOST = no_such_host(IMAGE, HOST)


# The checklist


def test_the_steps_pass_only_where_everything_was_looked_at_on_every_chosen_node(tmp_path: Path) -> None:
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    trial = PullTrial(BROKEN, IMAGE, "pulled", "ctr", at=AT)
    report = report_with(tmp_path / "run", [failure], [*sick(*way()), trial, *well()])
    found = steps(report)
    assert [found[number][0] for number in (6, 7, 8, 9)] == ["passed"] * 4
    assert "looked at node1, node2 (ssh)" in found[6][1]


def test_the_way_to_the_nodes_is_told(tmp_path: Path) -> None:
    pod = look(way="kube_runbooks.image_pull.node_pod")
    report = report_with(
        tmp_path / "run",
        [failing(not_found(IMAGE), IMAGE, node=BROKEN)],
        [pod, *sick(*way())[1:], *well()],
        choices=[
            NodeChoice(BROKEN, "failing", "a", way="pod"),
            NodeChoice(HEALTHY, "control", "a", way="ssh"),
        ],
    )
    assert "looked at node2 (ssh), node1 (through a pod)" in steps(report)[7][1]


@pytest.mark.parametrize(
    ("gap", "number"),
    [("node1: free inodes", 6), ("node1: TLS of registry.example", 7), ("node1: the log of containerd", 8)],
)
def test_a_tool_that_is_missing_leaves_its_step_open(tmp_path: Path, gap: str, number: int) -> None:
    record = Gap(gap, "no tool (x, y)", "something", (number,))
    report = report_with(
        tmp_path / "run", [failing(not_found(IMAGE), IMAGE, node=BROKEN)], [*sick(*way()), record, *well()]
    )
    found = steps(report)
    assert found[number][0] == "not_checked"
    assert "no tool (x, y)" in found[number][1]
    assert gap in [item.check for item in report.not_checked]


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (NodeChoice(BROKEN, "failing", "a", why="image_pull_node_access is none"), "image_pull_node_access"),
        (NodeChoice(BROKEN, "failing", "a", way="ssh"), "the run was limited to other hosts"),
    ],
    ids=["no way", "limited"],
)
def test_a_node_that_was_chosen_and_not_looked_at_leaves_the_steps_open(
    tmp_path: Path, choice: NodeChoice, why: str
) -> None:
    report = report_with(tmp_path / "run", [failing(LOST, IMAGE, node=BROKEN)], [], choices=[choice])
    for number in (6, 8, 9):
        assert steps(report)[number][0] == "not_checked"
        assert why in steps(report)[number][1]
    if choice.way:
        assert any(BROKEN in item.check and why in item.why for item in report.not_checked)


def test_a_node_that_could_not_be_reached_says_why(tmp_path: Path) -> None:
    gone = look(reached=False, why="ssh: connect to host 10.0.0.9 port 22: timed out")
    report = report_with(tmp_path / "run", [failing(LOST, IMAGE, node=BROKEN)], [gone, *well()])
    assert "port 22: timed out" in steps(report)[6][1]
    assert any("port 22: timed out" in item.why for item in report.not_checked)
    assert report.findings[0].cause == "dns_failure"


def test_what_many_nodes_lack_is_said_once(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(9)]
    failures = [failing(LOST, IMAGE, node=name, pod=name) for name in names]
    gaps = [Gap(f"{name}: free inodes", "no tool (df)", "inodes", (6,)) for name in names]
    report = report_with(
        tmp_path / "run",
        [*failures, *(node(name) for name in names)],
        [*(look(name) for name in names), *gaps],
    )
    said = [item.check for item in report.not_checked if "free inodes" in item.check]
    assert said == ["n0, n1, n2, n3, n4 and 4 more: free inodes"]


def test_evidence_without_nodes_is_judged_as_before(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", failing(LOST, IMAGE, node=BROKEN))
    assert steps(report)[6] == ("not_checked", "no node was read")
    assert "nodes" in [item.check for item in report.not_checked]
    assert report.findings[0].confidence == "confirmed"


def test_connections_that_all_time_out_leave_the_network_step_open(tmp_path: Path) -> None:
    # The control gets another address, so that the name may be at fault: unsure, yet nothing that passes.
    seen = sick(
        hop("dns", addresses=("10.9.9.9", "10.9.9.8")),
        hop("tcp", "timeout", address="10.9.9.9"),
        hop("tcp", "timeout", address="10.9.9.8"),
    )
    report = report_with(tmp_path / "run", [failing(not_found(IMAGE), IMAGE, node=BROKEN)], [*seen, *well()])
    status, detail = steps(report)[7]
    assert status != "passed"
    assert HOST in detail


@pytest.mark.parametrize(("off", "status"), [(-90000.0, "failed"), (500.0, "failed"), (1.5, "passed")])
def test_a_clock_that_is_off_fails_the_network_step(tmp_path: Path, off: float, status: str) -> None:
    seen = [look(clock_difference=off), runtime(), disk(), resolver(), *way(), *well()]
    report = report_with(tmp_path / "run", [failing(not_found(IMAGE), IMAGE, node=BROKEN)], seen)
    found = steps(report)[7]
    assert found[0] == status
    assert ("node1's clock is" in found[1]) == (status == "failed")


def test_the_step_of_the_manual_pull_passes_only_by_a_pull(tmp_path: Path) -> None:
    sandbox = failing("failed to create pod sandbox: odd", "", node=BROKEN, symptom="sandbox")
    report = report_with(tmp_path / "run", [sandbox], [*sick(*way()), *well()])
    assert steps(report)[9] == ("not_checked", "nothing was pulled by hand (image_pull_manual_pull)")


@pytest.mark.parametrize(
    ("trial", "status", "words"),
    [
        (PullTrial(BROKEN, IMAGE, "pulled", "docker", was_there=True, at=AT), "not_checked", "no layer"),
        (PullTrial(BROKEN, IMAGE, "pulled", "docker", was_there=False, at=AT), "passed", ""),
        (PullTrial(HEALTHY, IMAGE, "failed", "ctr", text="EOF", at=AT), "failed", "node2: "),
        (PullTrial(BROKEN, IMAGE, "failed", "ctr", text=SOCKET, at=AT), "not_checked", "nothing was pulled"),
    ],
    ids=["was there", "fetched", "fails on the control", "the client's own trouble"],
)
def test_a_pull_by_hand_counts_for_what_it_fetched(
    tmp_path: Path, trial: PullTrial, status: str, words: str
) -> None:
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    report = report_with(tmp_path / "run", [failure], [*sick(*way()), trial, *well()])
    found = steps(report)[9]
    assert found[0] == status
    assert words in found[1]


def test_lines_of_a_log_that_name_a_cause_are_counted(tmp_path: Path) -> None:
    full = "write /var/lib/containerd/x: no space left on device"
    line = LogLine(BROKEN, "containerd", AT, f'PullImage "{IMAGE}" failed: {full}', IMAGE, count=3)
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    report = report_with(tmp_path / "run", [failure], [*sick(*way()), line, *well()])
    assert "the logs of node1 name disk_full (3 times)" in steps(report)[8][1]


def test_a_log_that_names_the_runtime_s_own_trouble_does_not_pass(tmp_path: Path) -> None:
    words = "connection error: dial unix /run/containerd/containerd.sock: connect: connection refused"
    line = LogLine(BROKEN, "kubelet", AT, words)
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    report = report_with(tmp_path / "run", [failure], [*sick(*way()), line, *well()])
    assert steps(report)[8] == ("not_checked", "node1: its logs name runtime_error (1 time)")


def test_steps_do_not_speak_for_nodes_that_were_left_out(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(4)]
    failures = [failing(not_found(IMAGE), IMAGE, node=name, pod=name) for name in names]
    shown = [record for name in names[:2] for record in sick(*way(on=name), on=name)]
    pulled = [PullTrial(name, IMAGE, "pulled", "ctr", was_there=False, at=AT) for name in names[:2]]
    about: list[Record] = [*failures, *(node(name) for name in names)]
    folder = folder_with(tmp_path / "all", about, [*shown, *pulled])
    assert [steps(diagnose(folder))[number][0] for number in (6, 7, 8, 9)] == ["passed"] * 4
    left = choose_nodes(facts_from_folder(folder), 2, every_fault=True).left_out
    choices: list[Record] = [*(NodeChoice(name, "failing", "a", way="ssh") for name in names[:2]), *left]
    found = steps(report_with(tmp_path / "some", about, [*shown, *pulled], choices=choices))
    for number in (6, 7, 8, 9):
        assert found[number][0] == "not_checked"
        assert "image_pull_max_nodes" in found[number][1]


# Purity, and hostile nodes


def test_the_same_evidence_gives_the_same_report(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "run", [failing(LOST, IMAGE, node=BROKEN)], [*deaf(BROKEN), *well()])
    assert diagnose(folder) == diagnose(folder)


EVIL = "\x1b]0;owned\x07\x1b[2J{{ lookup('pipe', 'id') }}\u202e\x00<script>\n" + "x" * 5000


def test_what_a_hostile_node_says_is_printed_harmlessly_and_changes_no_other_finding(tmp_path: Path) -> None:
    seen: list[Record] = [
        look(system=EVIL, why=EVIL),
        runtime(state="stopped", detail=EVIL, unit=EVIL, proxies={"NO_PROXY": EVIL}),
        replace(disk(), device=EVIL, read_only=True),
        DiskUse(BROKEN, EVIL, bytes=10**8, freeable=True, detail=EVIL),
        RoomFact(BROKEN, IMAGE, 1, 3.0, 3, 1, False),
        resolver(server=EVIL, hosts_file=(f"10.9.9.9 {HOST} {EVIL}",), search=(EVIL,), options=("ndots:99",)),
        hop("dns", addresses=(EVIL,)),
        hop("tcp", "refused", text=EVIL, address=EVIL),
        HopFact(BROKEN, "pod/evil", EVIL, "registry", "dns", "ok", text=EVIL),
        endpoint(f"https://{EVIL}"),
        ConfigProblem(BROKEN, EVIL, EVIL, EVIL, EVIL, HOST, EVIL, certain=True),
        LogLine(BROKEN, EVIL, EVIL, EVIL, IMAGE),
        PullTrial(BROKEN, IMAGE, "failed", EVIL, text=EVIL, at=AT),
        Gap(f"{BROKEN}: {EVIL}", EVIL, EVIL, (6, 7, 8)),
    ]
    other = failing(not_found(f"{OTHER}/a/b:1"), f"{OTHER}/a/b:1", node="node3", pod="other")
    failures = [failing(refused(IMAGE, HOST), IMAGE, node=BROKEN), other]
    report = report_with(tmp_path / "run", failures, [*seen, *well()])
    calm = next(found for found in report.findings if found.images == (f"{OTHER}/a/b:1",))
    alone = judged(tmp_path / "alone", other, node(BROKEN), node(HEALTHY)).findings[0]
    assert (calm.cause, calm.confidence, calm.summary) == (alone.cause, alone.confidence, alone.summary)
    for found in report.findings:
        for text in (
            found.title,
            found.summary,
            *(fix.title for fix in found.fixes),
            *(fix.command for fix in found.fixes),
        ):
            assert text == printable(text)
        for item in found.evidence:
            assert (item.fact, item.quote) == (printable(item.fact), printable(item.quote))
            assert len(item.fact) <= 300
    for line in render_terminal(report):
        assert line.text.isprintable()
    jsonschema.validate(json.loads(render_json(report)), SCHEMA)


def test_a_stage_of_a_node_that_was_cut_off_is_said(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "run", [failing(LOST, IMAGE, node=BROKEN)], [*deaf(BROKEN), *well()])
    write_evidence(tmp_path / "cut", [])
    path = Path(folder.path, f"{stage_of(BROKEN)}.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    report = diagnose(folder)
    assert report.findings[0].confidence == "confirmed"
    assert any(BROKEN in item.check and "did not end" in item.why for item in report.not_checked)
