# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on the image file systems of nodes, as their kubelets tell it through the API server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client, segment
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping, number

MOST_NODES = 100
"""So many kubelets are asked at most: each answer lists every pod of its node."""


@dataclass(frozen=True, slots=True)
class Room:
    """An image file system: bytes and inodes that are free, None where the kubelet does not say."""

    available: int | None = None
    capacity: int | None = None
    inodes_free: int | None = None


@dataclass(slots=True)
class Rooms:
    """Image file systems by node; ``why_not`` says in one line why others are not known, empty where all are."""

    of: dict[str, Room]
    why_not: str = ""


def read_rooms(client: Client, nodes: Sequence[str]) -> Rooms:
    """Ask the kubelets of ``nodes`` (Summary API, ``/stats/summary``); needs the right to get ``nodes/proxy``.

    Nothing raises. After one refusal no other kubelet is asked: the right is the same for all.
    """
    rooms = Rooms({})
    wanted = list(nodes)
    if not wanted:
        return rooms
    rooms.why_not = _ask(client, wanted[0], rooms)
    if wanted[0] not in rooms.of:
        return rooms
    said = [
        why for why in map_in_parallel(lambda name: _ask(client, name, rooms), wanted[1:MOST_NODES]) if why
    ]
    if said:
        rooms.why_not = said[0]
    elif len(wanted) > MOST_NODES:
        rooms.why_not = f"only {MOST_NODES} of {len(wanted)} kubelets were asked"
    return rooms


def _ask(client: Client, node: str, rooms: Rooms) -> str:
    """Ask one kubelet; return why it gave no answer, or nothing."""
    path = f"/api/v1/nodes/{segment(node)}/proxy/stats/summary"
    try:
        answer = client.get(path, f"the statistics of node {node}")
    except errors.ClusterError as error:
        return error.message
    image_fs = mapping(mapping(mapping(answer.get("node")).get("runtime")).get("imageFs"))
    if number(image_fs.get("availableBytes")) is None:
        return f"the kubelet of node {node} does not tell the size of its image file system"
    rooms.of[node] = Room(
        available=number(image_fs.get("availableBytes")),
        capacity=number(image_fs.get("capacityBytes")),
        inodes_free=number(image_fs.get("inodesFree")),
    )
    return ""
