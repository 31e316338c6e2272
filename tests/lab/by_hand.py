# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's commands as somebody types them, in a process group that can be killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import inventory
from tests.lab.image_pull_lab.nodes import Node
from tests.plays.runbook import ROOT


@dataclass(frozen=True)
class Command:
    """A command that was begun, and the file that holds what it prints."""

    process: subprocess.Popen[bytes]
    log: Path

    def output(self, seconds: float = 180) -> str:
        """All that it printed, once it has ended; AssertionError where it did not end well."""
        code = self.process.wait(timeout=seconds)
        printed = self.log.read_text(encoding="utf-8", errors="replace")
        assert code == 0, printed[-3000:]
        return printed

    def kill(self) -> None:
        """SIGKILL for Ansible and all that it has started here, ssh included."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def begin(folder: Path, program: str, *arguments: str) -> Command:
    """Begins ``ansible`` or ``ansible-playbook`` in the clone, with ``folder`` as the home."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        # Without a client that stays behind to keep the connection open, as ssh's own doing.
        "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no",
        "ANSIBLE_NOCOLOR": "1",
        "LANG": "C.UTF-8",
    }
    log = folder / "output.txt"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / program), *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Command(process, log)


def begin_module(
    folder: Path, node: Node, module: str, options: Mapping[str, Any], *arguments: str
) -> Command:
    """Begins ``ansible NODE -m MODULE``."""
    folder.mkdir(parents=True, exist_ok=True)
    hosts = inventory.write(folder / "inventory.json", [node])
    asked = ["-m", f"kube_runbooks.image_pull.{module}", "-a", json.dumps(options)]
    return begin(folder, "ansible", node.name, "--inventory", str(hosts), *asked, *arguments)


def result(output: str) -> dict[str, Any]:
    """What the module returned, as the command printed it; AssertionError where it printed none."""
    rest = output.partition(" => ")[2]
    assert rest, output[-3000:]
    found: dict[str, Any] = json.JSONDecoder().raw_decode(rest)[0]
    return found
