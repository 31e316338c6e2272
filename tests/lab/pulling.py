# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pulls by hand on a lab's node with node_image_pull, as a user does, and watches what the machine shows meanwhile."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import by_hand
from tests.lab.image_pull_lab.nodes import Node

NAMESPACE = "image-pull-runbooks"
FOLDER = "/run/image-pull-runbooks"


def begin(node: Node, folder: Path, *, check_mode: bool = False, **options: Any) -> by_hand.Command:
    """Begins a pull. The options stand in a file that only its owner can read: they may hold a password."""
    folder.mkdir(parents=True, exist_ok=True)
    given = folder / "options.json"
    given.touch(mode=0o600)
    given.write_text(json.dumps({"asked": options}), encoding="utf-8")
    words = {name: "{{ asked." + name + " }}" for name in options}
    more = ["-e", f"@{given}", *(["--check"] if check_mode else [])]
    return by_hand.begin_module(folder, node, "node_image_pull", words, *more)


def pull(node: Node, folder: Path, **options: Any) -> dict[str, Any]:
    """What came of it."""
    return by_hand.result(begin(node, folder, **options).output())


def remains(node: Node) -> str:
    """What is left of a manual pull on the node: folders, processes, namespaces; empty where nothing is."""
    script = f"""
ls -d {FOLDER} /dev/shm/image-pull-runbooks /var/lib/containers/image-pull-runbooks 2>/dev/null
ps -eo args | grep -v grep | grep -e image-pull- -e 'ctr .* pull' -e 'docker .* pull' -e 'podman .* pull'
ctr namespaces ls -q 2>/dev/null | grep -x {NAMESPACE}
ls /var/tmp | grep -e '^storage' -e '^container_images'
true
"""
    return node.ssh(script).stdout


def left(node: Node, seconds: float = 5) -> str:
    """What remains of a manual pull that has ended; on a busy machine its janitor needs a moment to see that it has."""
    end = time.monotonic() + seconds
    while (found := remains(node)) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def secret_forms(username: str, password: str) -> list[bytes]:
    """How a credential may be written."""
    pair = f"{username}:{password}".encode()
    return [password.encode(), base64.b64encode(pair), base64.b64encode(password.encode()).rstrip(b"=")]


@dataclass
class ProcessWatch:
    """Looks for texts in the arguments and environments of all processes of the machine, nodes' included.

    A context manager; ``found`` are those that showed, ``rounds`` how often all processes were looked at.
    """

    texts: list[bytes]
    found: set[str] = field(default_factory=set)
    rounds: int = 0
    clients: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> ProcessWatch:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        # This process and its parents hold the password because the test does.
        own = str(os.getpid())
        while not self._stop.is_set():
            for entry in os.scandir("/proc"):
                if entry.name.isdigit() and entry.name != own:
                    self._look(entry.path)
            self.rounds += 1

    def _look(self, path: str) -> None:
        for name in ("cmdline", "environ"):
            try:
                with open(f"{path}/{name}", "rb") as stream:
                    content = stream.read()
            except OSError:
                continue
            if name == "cmdline" and content.partition(b"\0")[0] in (b"ctr", b"curl", b"docker", b"podman"):
                self.clients.add(content.partition(b"\0")[0].decode())
            if any(text in content for text in self.texts):
                self.found.add(f"{name}: {content[:300]!r}")
