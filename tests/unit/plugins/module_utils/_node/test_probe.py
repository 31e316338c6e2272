# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole probe: all slices in one round trip, on good nodes, poor nodes and hostile ones."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    FileSystemFact,
    Gap,
    NodeLook,
    Record,
    RuntimeFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import probe, runtime_script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, read
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    ImageAsked,
    NodeQuestion,
)

from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import run

QUESTION = NodeQuestion(
    "n1",
    images=(ImageAsked("127.0.0.1:1/shop/web:1", 1000),),
    hosts=(HostAsked("127.0.0.1:1", "registry"),),
    since="2026-01-31T10:00:00Z",
)
FRAME = ("head", "base64", "sleep")
TOOLS = (
    "awk base64 basename cat crictl ctr curl cut date df dig du env expr find getent grep host id ip "
    "journalctl ls nslookup nsenter od openssl ping podman docker readlink sed sort stat systemctl tail tr "
    "uname wc wget xargs"
)
MARK = "0123456789abcdef01234567"


def look(shell: str = "dash", deadline: float = 15.0, **how: Any) -> tuple[Answer, list[Record]]:
    answer = run(
        probe.jobs(QUESTION),
        shell,
        preface=runtime_script.preface(QUESTION.runtime),
        deadline=deadline,
        **how,
    )
    return answer, probe.records(answer, QUESTION)


def gaps(records: list[Record]) -> list[Gap]:
    return [one for one in records if isinstance(one, Gap)]


def not_understood(records: list[Record]) -> list[str]:
    return [gap.check for gap in gaps(records) if "could not be understood" in gap.why]


def test_one_round_trip_tells_everything(shell: str) -> None:
    answer, records = look(shell)
    assert answer.complete, answer.problem
    assert {job.state for job in answer.jobs.values()} == {"ended"}
    kinds = {type(one) for one in records}
    assert {NodeLook, FileSystemFact, RuntimeFact} <= kinds
    assert not_understood(records) == []


def test_busybox_alone_answers_and_says_what_it_lacks(busybox_tools: str) -> None:
    answer, records = look("busybox", only_path=busybox_tools)
    assert answer.complete, answer.problem
    assert gaps(records)
    assert not_understood(records) == []


def test_a_shell_alone_answers_and_calls_nothing_fine(tools: Tools) -> None:
    answer, records = look("dash", only_path=tools(FRAME))
    assert answer.complete, answer.problem
    assert len(gaps(records)) >= 5
    assert not_understood(records) == []


HOSTILE = {
    "garbage": "printf '\\033[2J\\377\\000{\"a\":[[[[\\n- - -\\n4096 1 1 1 1 /\\n'; exit 0",
    "failure": "echo '{{ 7*7 }} $(reboot)' >&2; exit 255",
    "endless": "while :; do echo '4096 99999999999999999999 1 1 1 /'; done",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_tools_that_print_anything_raise_nothing_and_end_in_time(text: str, tools: Tools) -> None:
    path = tools(FRAME, **{name: text for name in TOOLS.split() if name not in FRAME})
    answer, records = look("dash", deadline=7.0, only_path=path)
    assert answer.seconds < 12
    assert isinstance(records[0], NodeLook)
    assert not_understood(records) == []


@pytest.mark.parametrize(
    "lines", [[f"{MARK} - S 5"], [f"{MARK} - S 5", f"{MARK} disk B c2F5", f"{MARK} disk X 0 1"]]
)
def test_an_answer_that_was_cut_off_leaves_a_gap_for_each_slice(lines: list[str]) -> None:
    names = [job.name for job in probe.jobs(QUESTION)]
    answer = read("\n".join(lines), MARK, names)
    records = probe.records(answer, QUESTION)
    assert answer.complete is False
    assert {step for gap in gaps(records) for step in gap.steps} >= {6, 7, 8}
    look = records[0]
    assert isinstance(look, NodeLook)
    assert (look.reached, look.complete) == (True, False)
    assert look.why
