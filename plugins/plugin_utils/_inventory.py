# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of the inventory are nodes of a cluster."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LOOKING_SECONDS = 2.0
"""How long hosts are asked for their addresses: each costs Ansible the merging of all its variables."""


@dataclass(slots=True)
class Lenders:
    """Node to the inventory host whose connection it is reached by; ``cut`` where not all hosts were asked."""

    by_node: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def lenders_of(
    task_vars: Mapping[str, Any],
    addresses: Mapping[str, Iterable[str]],
    group: str = "all",
    seconds: float = LOOKING_SECONDS,
) -> Lenders:
    """Return the inventory host of each node in ``addresses``: by name, by short name, or by ``ansible_host``.

    Clusters of this play are no nodes. A name counts more than an address.
    """
    clusters = set(task_vars.get("ansible_play_hosts_all") or ())
    hosts = [
        str(host)
        for host in (task_vars.get("groups") or {}).get(group, ())
        if host not in clusters and "/" not in host
    ]
    by_name = {host: host for host in reversed(hosts)}
    by_short = {host.partition(".")[0]: host for host in reversed(hosts) if not _is_address(host)}
    found = Lenders()
    for node in addresses:
        host = by_name.get(node) or by_short.get(node.partition(".")[0])
        if host is not None:
            found.by_node[node] = host
    missing = {node: {*of_node, node} for node, of_node in addresses.items() if node not in found.by_node}
    if missing:
        _by_address(task_vars, hosts, missing, found, seconds)
    return found


def leaves_out(limit: str, group: str) -> bool:
    """Tell whether ``--limit`` leaves out hosts that are added to ``group`` while a play runs."""
    terms = [term for term in re.split(r"[,:]", limit) if term]
    wanted = [term for term in terms if term[0] not in "!&"]
    if f"!{group}" in terms or any(term[0] == "&" and term[1:] not in (group, "all", "*") for term in terms):
        return True
    return bool(wanted) and not {group, "all", "*"} & set(wanted)


def limit_of(task_vars: Mapping[str, Any]) -> str:
    """Return what ``--limit`` was given, an empty text where it was not."""
    return str(task_vars.get("ansible_limit") or "")


def _by_address(
    task_vars: Mapping[str, Any],
    hosts: Iterable[str],
    missing: Mapping[str, set[str]],
    found: Lenders,
    seconds: float,
) -> None:
    began = time.monotonic()
    left = set(missing)
    for host in hosts:
        if time.monotonic() - began > seconds:
            found.cut = True
            return
        at = {host, _address(task_vars.get("hostvars"), host)}
        for node in [node for node in left if at & missing[node]]:
            found.by_node[node] = host
            left.discard(node)
        if not left:
            return


def _address(hostvars: Any, host: str) -> str:
    """Return where the inventory says that a host is; an empty text where that cannot be told."""
    if hostvars is None:
        return ""
    try:
        raw = hostvars.raw_get(host)
        at = str(raw.get("ansible_host") or raw.get("ansible_ssh_host") or "")
        return str(hostvars[host]["ansible_host"]) if "{{" in at or "{%" in at else at
    except Exception:  # noqa: BLE001 - a host whose variables are broken is somebody else's trouble
        return ""


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
