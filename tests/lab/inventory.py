# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's nodes as an inventory that Ansible can use over SSH."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.lab.image_pull_lab.nodes import Node

SSH_PORT = 22


def host_variables(node: Node, *, inside: bool = False) -> dict[str, Any]:
    """What Ansible must know to reach a node; inside: from within the lab's network."""
    options = f"-F none -o UserKnownHostsFile={node.known_hosts} -o HostKeyAlias={node.name}"
    options += " -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes"
    return {
        "ansible_connection": "ansible.builtin.ssh",
        "ansible_host": node.ip if inside else node.ssh_host,
        "ansible_port": SSH_PORT if inside else node.ssh_port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(node.ssh_key),
        "ansible_ssh_common_args": options,
    }


def write(
    path: Path,
    nodes: Iterable[Node],
    *,
    inside: bool = False,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Writes an inventory with the group ``nodes``; more: hosts that are added, or variables to add to a node's."""
    hosts = {node.name: host_variables(node, inside=inside) for node in nodes}
    for name, variables in (more or {}).items():
        hosts[name] = {**hosts.get(name, {}), **variables}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nodes": {"hosts": hosts}}, indent=1), encoding="utf-8")
    return path
