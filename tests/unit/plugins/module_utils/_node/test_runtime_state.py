# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime's state by its process, unit and client; and answers that no honest node gives."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, RuntimeFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import config, logs
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
    unreached,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    ImageAsked,
    NodeQuestion,
)

ASKED = NodeQuestion("n1", images=(ImageAsked("registry.example/app:1"),), runtime="containerd://1.7.2")
CONFIG = "/etc/containerd/config.toml"
STAT = ["S", "1", *["0"] * 17, "4000000", "0"]
CTR = "Client:\n  Version:  1.7.2\n\nServer:\n  Version:  1.7.24~ds1-1\n  Revision: x\n  UUID: y\n"


def state(
    *,
    pid: str = "55",
    stat: str = " ".join(STAT),
    answer: Block | None = None,
    unit: str = "",
    unsaid: tuple[str, ...] = (),
    **facts: str,
) -> tuple[RuntimeFact, list[str]]:
    said = {
        "name": "containerd",
        "pid": pid,
        "stat": stat,
        "uptime": "50000.00",
        "now": "1772352000",
        "root_user": "1",
        "sees_processes": "1",
        "config": CONFIG,
    }
    found = {key: (value,) for key, value in {**said, **facts}.items() if key not in unsaid}
    blocks = (Block("unit", unit, 0, ended=True),) if unit else ()
    jobs = {
        "runtime_state": JobAnswer("runtime_state", "ended", facts=found, blocks=blocks),
        "runtime_answer": JobAnswer("runtime_answer", "ended", blocks=(answer,) if answer else ()),
        "runtime_files": JobAnswer(
            "runtime_files", "ended", facts={"path_1": (CONFIG,), "state_1": ("absent",)}
        ),
    }
    records = config.records(Answer(jobs, complete=True), ASKED)
    gaps = [one.check for one in records if isinstance(one, Gap)]
    return next(one for one in records if isinstance(one, RuntimeFact)), gaps


def test_a_runtime_that_answers_tells_its_own_version() -> None:
    fact, gaps = state(answer=Block("answer", CTR, 0, ended=True))
    assert (fact.state, fact.answers, fact.version) == ("running", True, "1.7.24~ds1-1")
    assert fact.since == "2026-03-01T05:13:20Z"
    assert gaps == []


def test_a_process_that_lives_and_gives_no_answer_hangs() -> None:
    fact, _gaps = state(answer=Block("answer", "", 124, ended=True))
    assert (fact.state, fact.answers, fact.version) == ("hung", False, "1.7.2")
    assert "no answer" in fact.detail


def test_a_stopped_process_hangs_without_being_asked() -> None:
    fact, _gaps = state(stat=" ".join(["T", *STAT[1:]]))
    assert (fact.state, fact.answers) == ("hung", False)


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("ctr: failed to dial: permission denied", None),
        ('ctr: failed to dial "/c.sock": connection error: dial unix: connect: permission denied', None),
        ("flag provided but not defined: -address", None),
        ("ctr: failed to dial: connect: connection refused", False),
        ("ctr: failed to dial: context deadline exceeded", False),
        ("curl: (7) Couldn't connect to server", False),
    ],
)
def test_a_client_that_fails_by_itself_tells_nothing_of_the_runtime(words: str, answers: bool | None) -> None:
    fact, gaps = state(answer=Block("answer", words, 1, ended=True))
    assert (fact.state, fact.answers) == ("running", answers)
    assert words[:40] in fact.detail
    assert ("n1: an answer of the container runtime" in gaps) == (answers is None)


def test_without_a_client_nobody_knows_whether_it_answers() -> None:
    fact, _gaps = state()
    assert (fact.state, fact.answers) == ("running", None)


def test_a_unit_that_starts_again_and_again() -> None:
    unit = "ActiveState=activating\nSubState=auto-restart\nNRestarts=7\nResult=exit-code\n"
    fact, _gaps = state(pid="", stat="", unit=unit)
    assert (fact.state, fact.restarts) == ("stopped", 7)
    assert "auto-restart" in fact.detail


def test_no_process_is_a_stopped_runtime_to_who_sees_all_processes() -> None:
    assert state(pid="", stat="")[0].state == "stopped"


@pytest.mark.parametrize("unsaid", [("root_user",), ("sees_processes",), ("root_user", "sees_processes")])
@pytest.mark.parametrize(
    ("active", "expected"),
    [("", ""), ("inactive", ""), ("failed", "stopped"), ("activating", "stopped"), ("active", "running")],
)
def test_no_process_is_nothing_to_who_does_not_see_them_and_systemd_decides(
    unsaid: tuple[str, ...], active: str, expected: str
) -> None:
    unit = f"ActiveState={active}\nSubState=x\n" if active else ""
    fact, _gaps = state(pid="", stat="", unit=unit, unsaid=unsaid)
    assert fact.state == expected


@pytest.mark.parametrize("root_user", [True, False])
def test_a_unit_that_is_active_stands_for_a_process_that_is_not_seen(root_user: bool) -> None:
    unsaid = () if root_user else ("root_user",)
    assert state(pid="", stat="", unit="ActiveState=active\n", unsaid=unsaid)[0].state == "running"


def test_the_user_that_is_not_root_is_told() -> None:
    assert any("guarded files" in gap for gap in state(root_user="")[1]) is False
    jobs = {
        "runtime_state": JobAnswer("runtime_state", "ended", facts={"name": ("containerd",), "pid": ("5",)})
    }
    records = config.records(Answer(jobs, complete=True), ASKED)
    assert any("guarded files" in str(one.to_dict().get("check")) for one in records)


@pytest.mark.parametrize("slice_", [config, logs], ids=["config", "logs"])
def test_no_answer_is_a_gap_and_an_unreached_node_nothing(slice_: object) -> None:
    empty = slice_.records(Answer({}, complete=False, problem="cut off"), ASKED)  # type: ignore[attr-defined]
    assert {type(one).__name__ for one in empty} == {"Gap"}
    assert slice_.records(unreached("no route to host"), ASKED) == []  # type: ignore[attr-defined]


HOSTILE = (
    "",
    "\x1b]0;x\x07",
    "\ufffd\ufffd",
    "9" * 400,
    "-1 -1",
    "nan",
    "1e999",
    "inf",
    "/etc/../../x",
    "[" * 3000,
    '{"a":' * 3000,
    "{{ 7*7 }}",
    "a=b\n" * 50,
    "99999999999.9 h x[1]: y",
    'time="2026-99-99T99:99:99Z"',
    "Feb 30 25:61:61 h x: y",
    # What makes careless expressions and parsers take minutes.
    "\n" * 60_000,
    "Server:" + "\n" * 30_000,
    " " * 60_000,
    "a." * 30_000 + "a = 1",
    "-----BEGIN CERTIFICATE-----\n" * 2_000,
)


@pytest.mark.parametrize("name", ["containerd", "docker", "cri-o", "podman", "", "evil"])
def test_hostile_answers_never_raise(name: str) -> None:
    keys = (
        "pid",
        "stat",
        "uptime",
        "now",
        "certs",
        "config",
        "unit",
        "variant",
        "https_proxy",
        "no_proxy",
        "zone",
    )
    paths = (
        CONFIG,
        "/etc/containerd/certs.d/registry.example/hosts.toml",
        "/etc/docker/daemon.json",
        "/etc/containers/registries.conf",
        "/etc/containers/policy.json",
        "/etc/rancher/k3s/registries.yaml",
    )
    names = ("unit", "answer", "plugins", "journal", "newest", "log_1", "times")
    for text, variant in itertools.product(HOSTILE, ("", "k3s")):
        facts = {**dict.fromkeys(keys, (text,)), "name": (name,), "variant": (variant,)}
        files = {f"path_{number}": (path,) for number, path in enumerate(paths, 1)}
        files |= {f"state_{number}": ("read",) for number in range(1, len(paths) + 1)}
        blocks = tuple(Block(f"file_{number}", text, 0, ended=True) for number in range(1, len(paths) + 1))
        words = tuple(Block(one, text, 0, ended=True) for one in names)
        jobs = {
            "runtime_state": JobAnswer("runtime_state", "ended", facts=facts, blocks=words),
            "runtime_answer": JobAnswer("runtime_answer", "ended", blocks=words),
            "runtime_files": JobAnswer("runtime_files", "ended", facts=files, blocks=(*blocks, *words)),
            "runtime_logs": JobAnswer("runtime_logs", "ended", facts=facts, blocks=words),
            "kubelet_logs": JobAnswer("kubelet_logs", "cut", facts=facts, blocks=words),
        }
        answer = Answer(jobs, complete=True)
        for record in (*config.records(answer, ASKED), *logs.records(answer, ASKED)):
            record.to_dict()
