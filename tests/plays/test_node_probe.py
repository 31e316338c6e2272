# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""node_probe and node_disk_info in a playbook, over connections that work, fail, hang or know no standard input."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.action.node_probe import stage_name
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder

from tests.plays.runbook import Run, play
from tests.unit.evidence import failing, write_evidence

PLAY = """
- hosts: nodes
  gather_facts: false
  tasks:
    - name: Look
      kube_runbooks.image_pull.{module}:
        {options}
      register: found

    - name: Keep the answer
      ansible.builtin.copy:
        content: "{{{{ found | to_json }}}}"
        dest: "{folder}/{{{{ inventory_hostname }}}}.json"
        mode: "0600"
      delegate_to: localhost
      vars:
        ansible_connection: local
        ansible_become: false
        ansible_shell_executable: /bin/sh
      check_mode: false
"""
WITHOUT_INPUT = '''
from ansible.errors import AnsibleError
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: without_input
short_description: The local connection, without pipelining, as aws_ssm has it
options:
  pipelining:
    default: false
    type: bool
"""


class Connection(Local):
    transport = "without_input"
    has_pipelining = False

    def exec_command(self, cmd, in_data=None, sudoable=True):
        if in_data:
            raise AnsibleError("this connection has no standard input")
        return super().exec_command(cmd, in_data=None, sudoable=sudoable)
'''


def ask(
    folder: Path, hosts: dict[str, str], options: str, module: str = "node_probe", *arguments: str
) -> Run:
    """Look at ``hosts``, given by their inventory variables."""
    folder.mkdir(exist_ok=True)
    (folder / "connection_plugins").mkdir(exist_ok=True)
    (folder / "connection_plugins/without_input.py").write_text(WITHOUT_INPUT)
    (folder / "play.yml").write_text(PLAY.format(module=module, options=options, folder=folder))
    lines = [f"{name} {variables}" for name, variables in hosts.items()]
    (folder / "inventory").write_text("[nodes]\n" + "\n".join(lines) + "\n")
    done = play(str(folder / "play.yml"), folder, arguments=["-i", str(folder / "inventory"), *arguments])
    assert done.code == 0, done.output
    assert "unreachable=1" not in done.output
    return done


def answer(folder: Path, host: str) -> dict[str, Any]:
    return json.loads((folder / f"{host}.json").read_text())


def commands() -> list[str]:
    """The command lines of all processes."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found.append(
                Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
    return found


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and never says a word, as a hung sshd does."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        yield server.getsockname()[1]


def test_nodes_that_cannot_be_asked_are_answers_beside_one_that_can(tmp_path: Path, silent_port: int) -> None:
    noisy = tmp_path / "noisy"
    noisy.write_text(
        "#!/bin/sh\nprintf 'Welcome to \\033[1mthis node\\033[0m! {{ 7*7 }}'; exec /bin/sh \"$@\"\n"
    )
    noisy.chmod(0o755)
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\necho 'This account is not available.'; exit 255\n")
    mute.chmod(0o755)
    ssh = "ansible_connection=ssh ansible_host=127.0.0.1 ansible_ssh_common_args='-F none -o BatchMode=yes'"
    hosts = {
        "good": "ansible_connection=local",
        "noisy": f"ansible_connection=local ansible_shell_executable={noisy}",
        "mute": f"ansible_connection=local ansible_shell_executable={mute}",
        "closed": f"{ssh} ansible_port=1",
        "hung": f"{ssh} ansible_port={silent_port} ansible_ssh_timeout=60",
        "powerless": "ansible_connection=local ansible_become=true ansible_become_user=nobody "
        "ansible_become_exe=/no/such/sudo",
        "without": "ansible_connection=without_input",
    }
    ask(tmp_path / "run", hosts, "deadline: 4", "node_disk_info", "--forks", "7")
    found = {host: answer(tmp_path / "run", host) for host in hosts}
    assert {host for host, one in found.items() if one["reached"]} == {"good", "noisy", "without"}
    for host in ("good", "noisy", "without"):
        assert found[host]["complete"], found[host]["why"]
        assert {one["purpose"] for one in found[host]["file_systems"]} >= {"root", "logs", "kubelet"}
        assert found[host]["looks"][0]["node"] == host
    for host in ("mute", "closed", "hung", "powerless"):
        assert found[host]["why"]
        assert found[host]["not_checked"][0]["why"] == found[host]["why"]
        assert found[host]["file_systems"] == []
    assert "This account is not available" in found["mute"]["why"]
    assert "Connection refused" in found["closed"]["why"]
    assert "hangs" in found["hung"]["why"]
    assert "/no/such/sudo" in found["powerless"]["why"]
    assert not [one for one in commands() if f"Port={silent_port}" in one], "an ssh that hangs is ended"
    assert all(one["changed"] is False and not one.get("failed") for one in found.values())


def test_nothing_is_left_where_the_script_had_to_be_a_file(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    variables = f"ansible_connection=without_input ansible_remote_tmp={remote}"
    ask(tmp_path / "run", {"n1": variables}, "deadline: 5", "node_disk_info", "--check")
    assert answer(tmp_path / "run", "n1")["reached"]
    assert [path for path in remote.rglob("*") if path.is_file()] == []


def test_with_an_evidence_folder_each_node_gets_its_private_stage(tmp_path: Path) -> None:
    place = tmp_path / "evidence"
    image = "127.0.0.1:1/shop/web:1"
    write_evidence(
        place, [failing("failed", image, node="n1"), failing("failed", image, node="n2", pod="web-2")]
    )
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\ncat <<'X'\n{{ lookup('pipe', 'id') }}\nX\nexit 1\n")
    mute.chmod(0o755)
    hosts = {
        "n1": "ansible_connection=local",
        "n2": f"ansible_connection=local ansible_shell_executable={mute}",
    }
    run = ask(tmp_path / "run", hosts, f"evidence_dir: {place}", "node_probe", "--check")
    folder = EvidenceFolder.open(str(place))
    looks = {}
    for node in hosts:
        name = stage_name(node)
        assert answer(tmp_path / "run", node)["stage"] == name
        assert stat.S_IMODE(os.stat(place / f"{name}.jsonl").st_mode) == 0o600
        stage = folder.read_stage(name)
        assert stage is not None
        assert (stage.vantage, stage.complete) == (f"node/{node}", True)
        looks[node] = stage.of("node_look")[0]
    assert (looks["n1"].reached, looks["n2"].reached) == (True, False)
    assert folder.read_stage(stage_name("n1")).of("file_system")
    assert "{{ lookup('pipe', 'id') }}" in answer(tmp_path / "run", "n2")["why"]
    assert "uid=" not in run.output


def test_a_stage_is_not_written_twice(tmp_path: Path) -> None:
    place = tmp_path / "evidence"
    write_evidence(place, [])
    ask(tmp_path / "run", {"n1": "ansible_connection=local"}, f"evidence_dir: {place}")
    again = play(
        str(tmp_path / "run/play.yml"), tmp_path / "run", arguments=["-i", str(tmp_path / "run/inventory")]
    )
    assert again.code != 0
    assert "a stage never writes over what was seen" in again.plain_output
    assert "Traceback" not in again.output


@pytest.mark.parametrize(
    ("module", "options", "problem"),
    [
        ("node_probe", "evidence_dir: /x/y", "is no evidence folder"),
        ("node_probe", "since: yesterday", "since: 'yesterday' is no time"),
        ("node_probe", "images: ['shop/UPPER:1']", "images: image reference"),
        ("node_probe", "deadline: 0.5", "deadline: from 2 to 3600 seconds"),
        ("node_disk_info", "size_factor: 0", "size_factor: at least 1"),
        ("node_disk_info", "images: [{image: a, size_bytes: lots}]", "size_bytes"),
    ],
)
def test_bad_options_are_one_line(tmp_path: Path, module: str, options: str, problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        ask(tmp_path / "run", {"n1": "ansible_connection=local"}, options, module)
