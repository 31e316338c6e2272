# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the images of a pod fit on the image file systems of its nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    WOULD_NOT_PULL,
    WOULD_PULL,
    ContainerVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import NodeView
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.room import Room
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural


def fit(
    containers: Sequence[ContainerVerdict],
    nodes: Sequence[NodeView],
    rooms: Mapping[str, Room],
    factor: float,
) -> list[ContainerVerdict]:
    """Return the verdicts with room taken into account; ``factor`` is how much an image grows by unpacking.

    An image is stored compressed and unpacked beside each other, so that it takes a multiple of what travels. Images
    that a node holds already count for nothing there. Only where no node has room the pull is said to fail, of the
    largest image, and ``confirmed`` only where it would not fit on an empty file system either.
    """
    sizes = _sizes(containers, factor)
    known = [(node, rooms[node.name]) for node in nodes if node.name in rooms]
    if not sizes or not known:
        return list(containers)
    needs = [sum(size for name, size in sizes.items() if name not in node.images) for node, _room in known]
    short = [
        (node, room, need)
        for (node, room), need in zip(known, needs, strict=True)
        if room.available is not None and need > room.available
    ]
    if not short:
        return list(containers)
    largest = max(sizes, key=lambda name: sizes[name])
    if len(short) < len(nodes):
        note = f"not enough room on {len(short)} of {plural(len(nodes), 'node')}, {short[0][0].name} for instance"
        return [_noted(one, note) if _canonical(one.image) == largest else one for one in containers]
    node, room, need = max(short, key=lambda one: one[1].available or 0)
    never = all(room.capacity is not None and need > room.capacity for _node, room, need in short)
    summary = (
        f"the images of this pod need about {megabytes(need)} (compressed size times {factor:g}), and no node has "
        f"more than {megabytes(room.available or 0)} free for images ({node.name})"
    )
    return [
        _too_large(one, summary, "confirmed" if never else "likely")
        if _canonical(one.image) == largest
        else one
        for one in containers
    ]


def _sizes(containers: Sequence[ContainerVerdict], factor: float) -> dict[str, int]:
    """Return the bytes that each image would take, by canonical name, of those that would be pulled."""
    return {
        _canonical(one.image): int(one.size_bytes * factor)
        for one in containers
        if one.size_bytes and one.verdict == WOULD_PULL
    }


def _canonical(image: str) -> str:
    try:
        return parse_image_ref(image).canonical
    except ImageRefError:
        return image


def _noted(verdict: ContainerVerdict, note: str) -> ContainerVerdict:
    return dataclasses.replace(verdict, notes=(*verdict.notes, note))


def _too_large(verdict: ContainerVerdict, summary: str, confidence: str) -> ContainerVerdict:
    return dataclasses.replace(
        verdict, verdict=WOULD_NOT_PULL, summary=summary, cause="disk_full", confidence=confidence
    )


def megabytes(size: int) -> str:
    """Return ``120 MB``, or ``1.2 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
