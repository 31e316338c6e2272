# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers on a node, and what its clock says."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, NodeLook
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import identity, probe
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    ENDED,
    Answer,
    JobAnswer,
    unreached,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion

from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import run

QUESTION = NodeQuestion("n1")


def look(shell: str, **how: Any) -> tuple[NodeLook, list[Gap]]:
    records = identity.records(run(identity.jobs(QUESTION), shell, **how), QUESTION)
    assert isinstance(records[0], NodeLook)
    return records[0], [one for one in records[1:] if isinstance(one, Gap)]


def test_a_node_tells_its_shell_system_user_and_clock(shell: str) -> None:
    found, gaps = look(shell)
    assert found.reached
    assert found.complete
    assert shell in found.shell
    assert f"Linux {os.uname().release}" in found.system
    assert found.clock_difference is not None
    assert abs(found.clock_difference) < 1.5
    assert bool(gaps) is (os.geteuid() != 0)


def test_another_user_than_root_is_told_that_it_sees_less() -> None:
    job = JobAnswer(
        "identity", ENDED, facts={"uid": ("1000",), "user": ("ops",), "at": ("1",), "clock": ("1",)}
    )
    answer = Answer({"identity": job}, complete=True, started=1, node_seconds=0.1)
    gap = identity.records(answer, QUESTION)[1]
    assert isinstance(gap, Gap)
    assert "as ops, not as root" in gap.why


def test_a_node_without_tools_still_says_what_the_shell_itself_knows(tools: Tools) -> None:
    found, gaps = look("dash", only_path=tools(["head", "base64", "sleep"]))
    assert (found.reached, found.user) == (True, "root" if os.geteuid() == 0 else str(os.geteuid()))
    assert found.clock_difference is None
    assert "no tool (date)" in [gap.why for gap in gaps]


@pytest.mark.parametrize(
    ("clock", "started", "at", "seconds", "node_seconds", "difference"),
    [
        ("1100 500000000 x", 1000, 1000, 0.2, 0.2, 100.5),
        ("1100 500000000 x", 1000, 1300, 3.2, 3.2, 97.5),
        ("900 500000000 x", 1000, 1000, 2.2, 0.2, -100.5),
        ("1000 700000000 x", 1000, 1000, 2.2, 0.2, 0.0),
        ("1100 x y", 1000, 1000, 0.0, 0.0, 100.5),
        ("1100", 1000, 1000, 0.0, 0.0, 100.5),
        ("soon", 1000, 1000, 0.0, 0.0, None),
        ("", 1000, 1000, 0.0, 0.0, None),
        ("9" * 30, 1000, 1000, 0.0, 0.0, None),
        ("1100 500000000 x", None, 1000, 0.2, 0.2, None),
    ],
)
def test_the_clock_difference_leaves_out_the_way_and_the_script(
    clock: str, started: int | None, at: int, seconds: float, node_seconds: float, difference: float | None
) -> None:
    job = JobAnswer("identity", ENDED, facts={"at": (str(at),), "clock": (clock,)})
    answer = Answer(
        {"identity": job},
        complete=True,
        asked_at=1000.0,
        seconds=seconds,
        started=started,
        node_seconds=node_seconds,
    )
    assert identity.clock_difference(answer) == difference


def test_a_node_that_was_not_reached_is_a_look_and_a_gap() -> None:
    answer = dataclasses.replace(unreached("Permission denied", "ssh", ["identity"]), asked_at=time.time())
    look, gap = probe.records(answer, QUESTION)
    assert isinstance(look, NodeLook)
    assert (look.reached, look.way, look.why) == (False, "ssh", "Permission denied")
    assert isinstance(gap, Gap)
    assert gap.why == "Permission denied"


def test_a_slice_that_cannot_read_the_answer_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(answer: Answer, question: NodeQuestion) -> list[Any]:
        raise RecursionError

    monkeypatch.setattr(probe.disk, "records", broken)
    records = probe.records(run(probe.jobs(QUESTION, (identity,))), QUESTION, (probe.disk, identity))
    assert [type(one) for one in records[:2]] == [Gap, NodeLook]


@pytest.mark.parametrize("text", ["\x1b]0;x\x07", "\ud800", "9" * 400, "\u0661 \u0662", "a\x00b"])
def test_no_text_of_a_node_raises(text: str) -> None:
    keys = ("at", "clock", "shell", "system", "kernel", "user", "uid")
    job = JobAnswer("identity", ENDED, facts=dict.fromkeys(keys, (text,)))
    records = identity.records(
        Answer({"identity": job}, complete=True, started=1, node_seconds=1.0), QUESTION
    )
    assert isinstance(records[0], NodeLook)
    assert "\x1b" not in records[0].system + records[0].shell + records[0].user


def ids(shell: str) -> tuple[Answer, str, str]:
    """What this machine answers, and its two ids as a kubelet would report them."""
    answer = run(identity.jobs(QUESTION), shell)
    job = answer.job("identity")
    return answer, job.fact("machine") or "", job.fact("boot") or ""


def test_the_machine_that_the_api_server_knows_is_the_node(shell: str) -> None:
    answer, machine, boot = ids(shell)
    assert boot
    # A reboot changes the one, a copied machine shares the other: each alone is enough.
    for known in ((machine, boot), ("another", boot), (machine, "another")):
        question = dataclasses.replace(QUESTION, machine_id=known[0], boot_id=known[1])
        assert identity.another_machine(answer, question) == ""


def test_a_machine_of_the_same_name_in_another_cluster_is_not_taken_for_the_node() -> None:
    job = JobAnswer("identity", ENDED, facts={"machine": ("aaaa",), "boot": ("1",)})
    answer = Answer({"identity": job}, complete=True)
    question = dataclasses.replace(QUESTION, machine_id="bbbb", boot_id="2")
    assert "another machine answered" in identity.another_machine(answer, question)
    assert identity.another_machine(answer, QUESTION) == "", "nothing is known of the node's ids"
    assert identity.another_machine(Answer({}, complete=False), question) == "", "nothing was said"
