# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection node_pod on real nodes: commands, files, other users, modules, and every way in which it fails."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import connect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import execution
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.execution import (
    ExecError,
    Limits,
    Outcome,
    Target,
    execute,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.shell import (
    command_line,
    find_pod,
)

from tests.lab.accounts import account
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.shells import Shells, documents, warm, without
from tests.plays.runbook import ROOT, Run, play

SPACE = "kube-system"
NODE_ACCESS = "image-pull-node-access.yaml"
MARK = "begin-1f3a:"
RunOnNode = Callable[..., Run]
Execute = Callable[..., Outcome]


@pytest.fixture(scope="module")
def shells(lab: Lab) -> Iterator[Shells]:
    warm(lab, "node1")
    made = Shells(lab)
    assert made.make("node1", seconds=1800)["ready"] == ["node1"]
    yield made
    made.clear()


@pytest.fixture(params=["v5.channel.k8s.io", "v4.channel.k8s.io"])
def run(request: pytest.FixtureRequest, lab: Lab, shells: Shells, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Runs a command on node1, by each protocol."""
    monkeypatch.setattr(execution, "PROTOCOLS", (request.param,))
    api = connect(ConnectionOptions(kubeconfig=str(lab.kubeconfig())), {})
    target = Target(SPACE, find_pod(Client(api), SPACE, shells.run, "node1"), "shell")

    def execute_there(command: str, data: bytes | None = None, **limits: float) -> Outcome:
        words, before = command_line(command, MARK, None if data is None else len(data))
        stdin = None if data is None and not before else io.BytesIO(before + (data or b""))
        return execute(api, target, words, stdin, MARK.encode(), Limits(**{"whole": 30.0, **limits}))  # type: ignore[arg-type]

    return execute_there


@pytest.fixture
def tasks(lab: Lab, shells: Shells, tmp_path: Path) -> RunOnNode:
    """Runs tasks on node1 with ansible-playbook."""

    def run_tasks(*wanted: dict[str, Any], arguments: tuple[str, ...] = (), **variables: Any) -> Run:
        values = {
            "ansible_connection": "kube_runbooks.image_pull.node_pod",
            "ansible_host": "node1",
            # For SSH; here it must not matter.
            "ansible_user": "somebody",
            "ansible_python_interpreter": "/usr/bin/python3",
            "image_pull_kubeconfig": str(lab.kubeconfig()),
            "ansible_node_pod_run_id": shells.run,
            **variables,
        }
        inventory = tmp_path / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {"eu/node1": values}}}))
        book = tmp_path / "play.yml"
        book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(wanted)}]))
        return play(str(book), tmp_path, arguments=["-i", str(inventory), *arguments])

    return run_tasks


def raw(command: str, **more: Any) -> dict[str, Any]:
    return {"ansible.builtin.raw": command, **more}


def claim(*conditions: str) -> dict[str, Any]:
    return {"ansible.builtin.assert": {"that": list(conditions)}}


class TestCommands:
    def test_run_as_root_in_the_namespaces_of_the_node(self, lab: Lab, run: Execute) -> None:
        command = "hostname; id -u; pwd; cat /proc/1/comm; readlink /proc/self/ns/mnt"
        lines = run(command).stdout.decode().split()
        assert lines[:4] == ["node1", "0", "/root", "systemd"]
        assert lines[4] == lab.node("node1").ssh("readlink /proc/1/ns/mnt").stdout.strip()

    def test_bring_output_errors_and_exit_code_apart(self, run: Execute) -> None:
        found = run("echo out; echo err >&2; exit 42")
        assert (found.code, found.stdout, found.stderr) == (42, b"out\n", b"err\n")

    def test_that_die_by_a_signal_have_its_exit_code(self, run: Execute) -> None:
        assert run("kill -9 $$", b"").code == 137

    def test_get_their_input_whole_and_no_more(self, run: Execute) -> None:
        data = os.urandom(3_000_000)
        assert run("cat", data).stdout == data
        assert run("cat", b"").stdout == b""

    def test_may_leave_their_input_unread(self, run: Execute) -> None:
        assert run("exit 7", os.urandom(1_000_000)).code == 7

    def test_bring_megabytes(self, run: Execute) -> None:
        found = run("head -c 5000000 /dev/zero | tr '\\0' x")
        assert found.stdout == b"x" * 5_000_000

    def test_may_be_longer_than_an_address(self, run: Execute) -> None:
        text = "'\\' $HOME \"`" + "long " * 20_000
        quoted = "'" + text.replace("'", "'\\''") + "'"
        assert run(f"printf %s {quoted}; cat # a comment", b"!").stdout.decode() == text + "!"

    def test_that_do_not_end_are_given_up(self, run: Execute) -> None:
        with pytest.raises(ExecError, match="did not end within 1 s"):
            run("sleep 3", whole=1.0)

    def test_of_a_hostile_node_print_bytes_and_nothing_more(self, run: Execute) -> None:
        hostile = b'\x1b[2J\xff\xfe\x03{"status":"Success"}\r\n' + MARK.encode() + b"\x00{{ 1 }}"
        found = run("cat; exit 3", hostile)
        assert (found.code, found.stdout) == (3, hostile)

    def test_that_print_without_end_are_cut_off(self, run: Execute) -> None:
        with pytest.raises(ExecError, match="printed more than 1 MiB"):
            run("cat /dev/zero", most_bytes=1 << 20)


def test_a_node_with_nothing_but_busybox(lab: Lab, tmp_path: Path) -> None:
    lab.add_node("tiny", NodeSettings(busybox_only=True))
    own = Shells(lab)
    try:
        warm(lab, "tiny")
        assert own.make("tiny")["ready"] == ["tiny"]
        inventory = tmp_path / "inventory.ini"
        inventory.write_text(
            f"tiny ansible_connection=kube_runbooks.image_pull.node_pod ansible_node_pod_run_id={own.run} "
            f"ansible_node_pod_kubeconfig={lab.kubeconfig()}\n"
        )
        long = "#" + "x" * 5000
        tasks = [
            raw("hostname; id -u; exit 3", register="short", failed_when="short.rc != 3"),
            claim("short.stdout_lines == ['tiny', '0']"),
            raw(f"echo whole {long}", register="long"),
            claim("long.stdout_lines == ['whole']"),
        ]
        book = tmp_path / "play.yml"
        book.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        run = play(str(book), tmp_path, arguments=["-i", str(inventory)])
        assert run.code == 0, run.output
    finally:
        own.clear()
        lab.api.delete("Pod", "warm-tiny", "default", grace_seconds=0)
        lab.remove_node("tiny")


class TestTasks:
    def test_ordinary_modules_files_and_other_users(self, tasks: RunOnNode, tmp_path: Path) -> None:
        content = os.urandom(3_000_000)
        (tmp_path / "sent").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        script = tmp_path / "script.sh"
        script.write_text("#!/bin/sh\necho $1 $(id -u)\n")
        other = {"become": True, "become_method": "su", "become_user": "nobody", "become_flags": "-s /bin/sh"}
        there = "/run/of-a-test"
        run = tasks(
            {"ansible.builtin.ping": {}},
            {"ansible.builtin.copy": {"src": str(tmp_path / "sent"), "dest": there, "mode": "0600"}},
            {"ansible.builtin.stat": {"path": there, "checksum_algorithm": "sha256"}, "register": "stat"},
            claim(f"stat.stat.checksum == '{digest}'", "stat.stat.mode == '0600'"),
            {"ansible.builtin.slurp": {"src": there}, "register": "slurped", "no_log": True},
            claim("(slurped.content | length) == 4000000"),
            {"ansible.builtin.fetch": {"src": there, "dest": f"{tmp_path}/back", "flat": True}},
            {"ansible.builtin.file": {"path": there, "state": "absent"}},
            {"ansible.builtin.script": f"{script} word", "register": "script"},
            claim("script.stdout_lines == ['word 0']"),
            {"ansible.builtin.command": "id -un", **other, "register": "who"},
            claim("who.stdout == 'nobody'"),
            raw("id -un", **other, register="who"),
            claim("who.stdout_lines == ['nobody']"),
            raw("id -un", become=True, register="who"),
            claim("who.stdout_lines == ['root']"),
            raw("exit 5", register="code", failed_when="code.rc != 5"),
            {"ansible.builtin.setup": {"gather_subset": ["min"]}, "vars": {"ansible_pipelining": False}},
        )
        assert run.code == 0, run.output
        assert (tmp_path / "back").read_bytes() == content

    def test_a_file_that_is_not_there(self, tasks: RunOnNode, tmp_path: Path) -> None:
        run = tasks(
            {"ansible.builtin.fetch": {"src": "/no/such/file", "dest": f"{tmp_path}/back", "flat": True}}
        )
        assert run.code == 2
        assert "/no/such/file" in run.output

    def test_delegation_goes_to_the_node_of_the_delegate(self, tasks: RunOnNode) -> None:
        run = tasks(
            {
                "ansible.builtin.add_host": {
                    "name": "here",
                    "ansible_connection": "local",
                    "ansible_host": "127.0.0.1",
                }
            },
            raw("hostname", delegate_to="here", register="here"),
            claim("here.stdout_lines != ['node1']"),
            raw("hostname", register="there"),
            claim("there.stdout_lines == ['node1']"),
        )
        assert run.code == 0, run.output

    def test_no_token_is_printed(self, lab: Lab, tasks: RunOnNode) -> None:
        variables = {
            "image_pull_kubeconfig": "",
            "ansible_node_pod_host": lab.server,
            "ansible_node_pod_api_key": lab.token("admin"),
            "ansible_node_pod_ca_cert": str(lab.ca_file),
        }
        run = tasks(raw("cat /proc/self/environ; ps -ef"), arguments=("-vvvvv",), **variables)
        assert run.code == 0, run.output
        assert "EXEC" in run.output
        assert lab.token("admin") not in run.output


class TestFailures:
    def test_without_a_shell_it_says_what_makes_one(self, tasks: RunOnNode) -> None:
        run = tasks(raw("true"), ansible_node_pod_run_id="another-run")
        assert run.code == 4
        assert "there is no shell on node node1" in run.plain_output
        assert "kube_runbooks.image_pull.node_access" in run.plain_output

    def test_a_pod_that_is_gone(self, tasks: RunOnNode) -> None:
        run = tasks(raw("true"), ansible_node_pod_name="no-such-pod")
        assert run.code == 4
        assert 'pods "no-such-pod" not found' in run.plain_output

    @pytest.mark.parametrize("verb", ["get", "create"])
    def test_no_right_to_enter(self, lab: Lab, tasks: RunOnNode, tmp_path: Path, verb: str) -> None:
        roles = without(documents(NODE_ACCESS), "pods/exec", verb)
        config = account(lab, tmp_path, roles)
        run = tasks(raw("true"), image_pull_kubeconfig=str(config))
        if run.code == 0:
            pytest.skip(f"this API server does not ask for {verb}")
        assert run.code == 4
        assert "pods/exec" in run.plain_output

    def test_the_rights_of_the_role_are_enough(self, lab: Lab, tasks: RunOnNode, tmp_path: Path) -> None:
        config = account(lab, tmp_path, documents(NODE_ACCESS))
        assert tasks(raw("true"), image_pull_kubeconfig=str(config)).code == 0

    def test_a_hung_kubelet_costs_the_time_out(self, lab: Lab, run: Execute) -> None:
        node = lab.node("node1")
        node.ssh("systemctl kill -s STOP kubelet")
        try:
            with pytest.raises(ExecError, match=r"did not begin within 2 s|no answer"):
                run("true", first=2.0)
        finally:
            node.ssh("systemctl kill -s CONT kubelet")
        lab.wait_for_nodes(["node1"])

    def test_a_server_that_cannot_be_reached(self, tasks: RunOnNode, lab: Lab) -> None:
        run = tasks(
            raw("true"),
            image_pull_kubeconfig="",
            ansible_node_pod_host="https://127.0.0.1:1",
            ansible_node_pod_api_key="x",
        )
        assert run.code == 4
        assert "connection refused by the API server" in run.plain_output
        assert "Traceback" not in run.output


def test_a_killed_play_leaves_nothing_beyond_the_deadline(lab: Lab, tmp_path: Path) -> None:
    """SIGKILL in the middle of a command: pod, Job and what runs on the node end by themselves."""
    warm(lab, "node1")
    own = Shells(lab)
    assert own.make("node1", seconds=30, ttl=1)["ready"] == ["node1"]
    inventory = tmp_path / "inventory.ini"
    inventory.write_text(
        f"node1 ansible_connection=kube_runbooks.image_pull.node_pod ansible_node_pod_run_id={own.run} "
        f"ansible_node_pod_kubeconfig={lab.kubeconfig()}\n"
    )
    program = str(Path(sys.executable).parent / "ansible")
    command = [program, "-i", str(inventory), "node1", "-m", "ansible.builtin.raw", "-a", "sleep 4711"]
    killed = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    running = "pgrep -fx 'sleep 4711'"
    node = lab.node("node1")
    try:
        lab.api.wait(lambda: node.ssh(running, check=False).returncode == 0, "the command on the node")
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    lab.api.wait(lambda: not own.objects(), "the end of Job and pod", 60)
    assert node.ssh(running, check=False).returncode == 1
