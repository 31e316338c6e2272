# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a lab's node with node_probe alone, as a user does by hand: ansible NODE -m …"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import by_hand
from tests.lab.image_pull_lab.nodes import Node

IMAGE = "registry.reg.test/app/web:1.1.0"
LISTS = (
    "file_systems",
    "disk_use",
    "room",
    "resolvers",
    "hops",
    "runtime",
    "endpoints",
    "config_problems",
    "log_lines",
)


@dataclass(frozen=True)
class Look:
    """What the module returned, and all that was printed."""

    result: dict[str, Any]
    output: str

    def verdicts(self, node: str) -> dict[str, set[str]]:
        """What was found, by list, without what differs from one look to the next: figures, times, the node's name."""
        found: dict[str, set[str]] = {}
        for name in LISTS:
            found[name] = {_verdict(name, entry).replace(node, "NODE") for entry in self.result[name]}
        return found

    def not_checked(self, node: str) -> set[str]:
        return {entry["check"].replace(node, "NODE") for entry in self.result["not_checked"]}


_TELLING = {
    "file_systems": ("purpose", "path", "mount_point", "read_only", "type"),
    "disk_use": ("what", "path"),
    "room": ("image", "fits"),
    "resolvers": ("vantage", "servers", "search", "options"),
    "hops": ("vantage", "host", "role", "hop", "outcome", "cause", "family"),
    "runtime": ("name", "state", "answers", "store", "config_files"),
    "endpoints": ("registry", "position", "url", "role"),
    "config_problems": ("cause", "text"),
    "log_lines": ("unit", "level"),
}


def _verdict(name: str, entry: dict[str, Any]) -> str:
    return json.dumps({key: entry.get(key) for key in _TELLING[name]}, sort_keys=True)


def look(node: Node, folder: Path, module: str = "node_probe", **options: Any) -> Look:
    """Runs the module on the node; AssertionError where Ansible calls it failed or unreachable."""
    options = {"images": [IMAGE], **options} if module == "node_probe" else options
    output = by_hand.begin_module(folder, node, module, options).output(120)
    assert f"{node.name} | SUCCESS => " in output, output[-3000:]
    return Look(by_hand.result(output), output)
