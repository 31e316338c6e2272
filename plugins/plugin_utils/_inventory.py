# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of the inventory are nodes of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Lenders = dict[str, str]
"""Node to the inventory host whose connection it is reached by."""
MOST_HOSTS = 5000


def lenders_of(
    task_vars: Mapping[str, Any], addresses: Mapping[str, Iterable[str]], group: str = "all"
) -> Lenders:
    """Return the inventory host of each node in ``addresses``: by name, by short name, or by ``ansible_host``.

    Clusters of this play are no nodes. A name counts more than an address.
    """
    clusters = set(task_vars.get("ansible_play_hosts_all") or ())
    hosts = [
        str(host) for host in (task_vars.get("groups") or {}).get(group, ()) if host not in clusters and "/" not in host
    ][:MOST_HOSTS]
    by_name = {host: host for host in reversed(hosts)}
    by_short = {host.partition(".")[0]: host for host in reversed(hosts) if not _is_address(host)}
    found: Lenders = {}
    for node in addresses:
        host = by_name.get(node) or by_short.get(node.partition(".")[0])
        if host is not None:
            found[node] = host
    missing = {node: set(of_node) for node, of_node in addresses.items() if node not in found}
    if missing:
        found.update(_by_address(task_vars, hosts, missing))
    return found


def limit_of(task_vars: Mapping[str, Any]) -> str:
    """Return what ``--limit`` was given, an empty text where it was not."""
    return str(task_vars.get("ansible_limit") or "")


def _by_address(
    task_vars: Mapping[str, Any], hosts: Iterable[str], missing: Mapping[str, set[str]]
) -> Lenders:
    hostvars = task_vars.get("hostvars")
    found: Lenders = {}
    for host in hosts:
        at = host
        if hostvars is not None:
            raw = hostvars.raw_get(host)
            at = str(raw.get("ansible_host") or raw.get("ansible_ssh_host") or host)
            if "{{" in at:
                at = str(hostvars[host].get("ansible_host", host))
        for node, addresses in missing.items():
            if at == node or at in addresses:
                found.setdefault(node, host)
    return found


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
