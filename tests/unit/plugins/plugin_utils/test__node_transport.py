# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A round trip over Ansible's own connections: what it sends, and what it makes of failures."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.connection.local import Connection
from ansible.plugins.shell.sh import ShellModule
from ansible.template import Templar
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    unreached,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils import _node_transport
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    NodeAction,
    clean,
    result_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_transport import (
    new_mark,
    round_trip,
)

MARK = "0123456789abcdef01234567"


@pytest.fixture
def action() -> NodeAction:
    """An action with the real local connection."""
    context, loader = PlayContext(), DataLoader()
    connection = Connection(context, None, shell=ShellModule())
    return NodeAction(Task(), connection, context, loader, Templar(loader), None)


def ask(action: NodeAction, *jobs: Job, deadline: float = 5.0) -> Answer:
    mark = new_mark()
    return round_trip(action, build(jobs, mark=mark, deadline=deadline), mark, deadline)


def test_the_local_connection_answers(action: NodeAction) -> None:
    answer = ask(action, Job("look", "say secret ${#PW}", secrets={"PW": "hunter2'\""}))
    assert (answer.reached, answer.way, answer.job("look").fact("secret")) == (True, "local", "9")
    assert 0 < answer.seconds < 10
    assert abs(answer.asked_at - time.time()) < 20


def test_a_secret_does_not_go_where_it_would_become_a_file(
    action: NodeAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(action._connection), "has_pipelining", False)
    answer = ask(action, Job("look", "say secret ${#PW}", secrets={"PW": "hunter2"}))
    assert not answer.reached
    assert "cannot hand over a secret without a file" in answer.why


@pytest.mark.parametrize(
    "error",
    [
        AnsibleConnectionFailure("Failed to connect:\n\x1b[31mno route to host\x1b[0m"),
        ConnectionResetError(104, "no route to host"),
        KeyError("a library of a connection plugin: no route to host"),
    ],
)
def test_a_connection_that_fails_is_an_answer(
    action: NodeAction, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(action._connection, "exec_command", fail)
    answer = ask(action, Job("look", "say here 1"))
    assert not answer.reached
    assert "no route to host" in answer.why
    assert answer.why.isprintable()
    assert answer.job("look").state == "missing"


def test_a_connection_that_hangs_is_given_up_and_a_timeout_of_the_task_stays_in_force(
    action: NodeAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TaskTimeout(BaseException):
        """Ansible's own, which its task executor raises in a handler of SIGALRM."""

    def ring(*arguments: Any) -> None:
        raise TaskTimeout

    monkeypatch.setattr(_node_transport, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(action._connection, "exec_command", lambda *a, **o: time.sleep(60))
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 50)
        answer = ask(action, Job("look", "say here 1"), deadline=0.2)
        assert not answer.reached
        assert "hangs" in answer.why
        assert 40 < signal.getitimer(signal.ITIMER_REAL)[0] < 50
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(TaskTimeout):
            ask(action, Job("look", "say here 1"), deadline=20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_connection_without_input_that_hangs_is_not_waited_for_in_the_clean_up_either(
    action: NodeAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_node_transport, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(type(action._connection), "has_pipelining", False)
    tried = []

    def hang(*arguments: Any, **options: Any) -> None:
        tried.append(arguments)
        time.sleep(60)

    monkeypatch.setattr(action, "_make_tmp_path", lambda: "/no/such/folder")
    monkeypatch.setattr(action, "_transfer_data", hang)
    monkeypatch.setattr(action, "_remove_tmp_path", hang)
    answer = ask(action, Job("look", "say here 1"), deadline=0.3)
    assert not answer.reached
    assert answer.seconds < 5
    assert len(tried) == 2, "the clean-up is tried, for a moment"


@pytest.mark.parametrize(
    "stdout", ["", "\x1b[31msh: syntax error\n", "\udcff\udcfe" * 1000, f"{MARK} - X\n" * 10, "a" * 10**6]
)
def test_an_answer_that_is_none_says_what_came_instead(
    action: NodeAction, monkeypatch: pytest.MonkeyPatch, stdout: str
) -> None:
    monkeypatch.setattr(
        action, "_low_level_execute_command", lambda *a, **o: {"rc": 255, "stdout": stdout, "stderr": ""}
    )
    answer = ask(action, Job("look", "say here 1"))
    assert not answer.reached
    assert "exit code 255" in answer.why
    assert len(answer.why) < 500
    assert answer.why.isprintable()


def test_results_run_no_template_hold_no_secret_and_no_escape_sequence() -> None:
    text = "\x1b]0;x\x07https://user:hunter2hunter2@h/ {{ lookup('pipe', 'id') }}"
    cleaned = clean({"a": [text]})["a"][0]
    assert "hunter2" not in cleaned
    assert "\x1b" not in cleaned
    result = result_of(unreached(text, "ssh"), [], ["hops"])
    assert (result["reached"], result["hops"], result["not_checked"]) == (False, [], [])
    assert "hunter2" not in result["why"]
