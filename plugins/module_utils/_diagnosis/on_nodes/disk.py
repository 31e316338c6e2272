# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a node's disk: read-only, full by bytes or inodes, or too small for the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    WEAK_WORDS,
    NodeFault,
    clean,
    seen,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    free_space,
    make_writable,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    DiskUse,
    Evidence,
    FileSystemFact,
    RoomFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, plural

# No image of use fits into less; file systems keep a little back, so nought is seldom reached.
LEAST_BYTES = 1_000_000
LEAST_INODES = 32
LEAST_SHARE = 0.01
ROOMY_BYTES = 100_000_000
PLENTY_BYTES = 10_000_000_000
"""A hundredth of a large disk has room for many images."""
FEW_INODES = 100_000
"""An image of many small files has tens of thousands of them."""
_NEEDED = ("images", "kubelet", "root")
_ABOUT_STORE = WEAK_WORDS | {Cause.DISK_FULL, Cause.RUNTIME_ERROR, Cause.IMAGE_INSPECT_ERROR}
_WHAT = {
    "content": "content of images",
    "snapshots": "unpacked images and containers",
    "ingest": "unfinished pulls (ingest)",
    "container_logs": "container logs",
    "images": "images",
    "unused_images": "unused images",
}


def disk_faults(view: NodeView) -> list[NodeFault]:
    """Return what is wrong with the file systems that pulls write to, the image store's first."""
    stores = [one for one in view.file_systems if one.purpose == "images"]
    ordered = sorted(view.file_systems, key=lambda one: _rank(one.purpose))
    # One mount may serve several purposes: it is one fault then.
    mounts: dict[str, NodeFault] = {}
    for one in ordered:
        if one.purpose in _NEEDED and (one.purpose != "root" or _bears_pulls(view, one)):
            for fault in _file_system(view, one):
                if one.purpose == "kubelet" and stores:
                    # Pulls write to the image store alone; where it shares this mount, its own fault came first.
                    fault = replace(fault, sure=False, fits=frozenset({Cause.DISK_FULL}))
                mounts.setdefault(one.mount_point or one.path, fault)
    return list(mounts.values())


def room_fault(view: NodeView, image: str) -> NodeFault | None:
    """Return that this image does not fit, where it does not."""
    wanted = canonical(image)
    room = next((one for one in view.rooms if not one.fits and canonical(one.image) == wanted), None)
    if room is None:
        return None
    where = next((one.path for one in view.file_systems if one.purpose == "images"), "")
    return NodeFault(
        kind="no_room",
        node=view.name,
        cause=Cause.DISK_FULL,
        hop=Hop.DISK,
        cannot=f"store {clean(image, 200)}",
        because=_room(room) + (f" in {clean(where, 200)}" if where else "") + _used(view),
        detail=wanted,
        sure=False,
        fits=frozenset({Cause.DISK_FULL}),
        evidence=(seen(view.name, view.at, f"{view.name}: {_room(room)}"),),
        fixes=free_space(view, clean(where, 200)),
    )


def few_inodes(view: NodeView, image: str) -> NodeFault | None:
    """Return that inodes may have run out, where bytes cannot have and inodes are few.

    What a pull took is given back when it fails, so that neither is used up at the time of the look.
    """
    wanted = canonical(image)
    fits = [room.fits for room in view.rooms if canonical(room.image) == wanted]
    store = next((one for one in view.file_systems if one.purpose == "images"), None)
    inodes = _inodes(store) if store is not None else None
    roomy = all(fits) if fits else store is not None and (store.bytes_free or 0) > ROOMY_BYTES
    if store is None or inodes is None or inodes > FEW_INODES or not roomy:
        return None
    path = clean(store.path, 200)
    left = f"only {inodes} of {store.inodes_total} inodes: an image of many files does not fit"
    words = f"{path} has {size(store.bytes_free)} free, yet {left}"
    return replace(_fault(view, store, "inodes", words + _used(view), sure=False), wide=False)


def well(view: NodeView) -> Evidence | None:
    """Return what a node has free that has no trouble with its disk, None where that was not seen or is not so."""
    store = next((one for one in view.file_systems if one.purpose == "images"), None)
    if store is None or store.bytes_free is None or disk_faults(view):
        return None
    inodes = _inodes(store)
    left = f", {inodes} inodes" if inodes is not None else ""
    words = f"{view.name}: {size(store.bytes_free)} of {size(store.bytes_total)}{left} free in {clean(store.path, 200)}"
    return seen(view.name, view.at, words)


def is_roomy(view: NodeView) -> bool:
    """Tell whether the image store was looked at and has room now."""
    found = [one for one in view.file_systems if one.purpose == "images" and one.bytes_free is not None]
    return bool(found) and not disk_faults(view) and all(room.fits for room in view.rooms)


def _bears_pulls(view: NodeView, root: FileSystemFact) -> bool:
    """Tell whether pulls write to the root file system.

    Where they do not it may well be full and read-only: Container-Optimized OS, Bottlerocket and Talos keep their
    system on an image that cannot be written to, and image store and kubelet folder on another file system.
    """
    for other in view.file_systems:
        if other.purpose not in ("images", "kubelet"):
            continue
        if root.mount_point and other.mount_point == root.mount_point:
            return True
        # Two mounts of one device share its room; each has its own say on writing.
        shared = root.device.startswith("/") and other.device == root.device
        if shared and not root.read_only:
            return True
    return False


def _rank(purpose: str) -> int:
    return _NEEDED.index(purpose) if purpose in _NEEDED else len(_NEEDED)


def _file_system(view: NodeView, one: FileSystemFact) -> Iterator[NodeFault]:
    path = clean(one.path, 200)
    if one.read_only:
        words = f"{path} is mounted read-only{_device(one)}"
        yield _fault(view, one, "read_only", words, sure=True)
        return
    total, free = one.bytes_total, one.bytes_free
    if free is not None and free < LEAST_BYTES:
        words = f"{path} is full: {size(free)} of {size(total)} free, inodes are left"
        inodes = _inodes(one)
        if inodes is not None and inodes < LEAST_INODES:
            words = f"{path} is full: {size(free)} of {size(total)} and {inodes} inodes free"
        left = _for_root(one)
        gone = left is not None and left < LEAST_BYTES
        if left is not None and not gone:
            words += f" but for a reserve of {size(left)}, which a runtime that runs as root can use"
        yield _fault(view, one, "bytes", words + _used(view), sure=gone)
    elif (inodes := _inodes(one)) is not None and inodes < LEAST_INODES:
        words = (
            f"{path} has {plural(inodes, 'inode')} of {one.inodes_total} left, though {size(free)} are free"
        )
        yield _fault(view, one, "inodes", words + _used(view), sure=True)
    elif free is not None and total and free < min(LEAST_SHARE * total, PLENTY_BYTES):
        words = f"{path} is nearly full: {size(free)} of {size(total)} free"
        yield _fault(view, one, "bytes", words + _used(view), sure=False)
    elif inodes is not None and one.inodes_total and inodes < LEAST_SHARE * one.inodes_total:
        words = f"{path} has {inodes} of {one.inodes_total} inodes left"
        yield _fault(view, one, "inodes", words + _used(view), sure=False)


def _for_root(one: FileSystemFact) -> int | None:
    """The bytes that the superuser may still write, null where that is not known: ext4 keeps a reserve of 5 %."""
    if one.bytes_free_for_root is not None or one.type.startswith("ext") or not one.type:
        return one.bytes_free_for_root
    return one.bytes_free


def _inodes(one: FileSystemFact) -> int | None:
    """The inodes that are free; file systems that count none tell nought of nought."""
    return one.inodes_free if one.inodes_total else None


def _device(one: FileSystemFact) -> str:
    known = " ".join(part for part in (clean(one.device, 80), clean(one.type, 20)) if part)
    return f" ({known})" if known else ""


def _fault(view: NodeView, one: FileSystemFact, kind: str, words: str, *, sure: bool) -> NodeFault:
    path = clean(one.path, 200)
    return NodeFault(
        kind=f"disk_{kind}",
        node=view.name,
        cause=Cause.DISK_FULL,
        hop=Hop.DISK,
        cannot="store images",
        because=words,
        detail=path,
        wide=True,
        sure=sure,
        fits=_ABOUT_STORE if sure else frozenset({Cause.DISK_FULL}),
        evidence=(seen(view.name, view.at, f"{view.name}: {words}"),),
        fixes=make_writable(view, one) if kind == "read_only" else free_space(view, path),
    )


def _room(room: RoomFact) -> str:
    return (
        f"the image needs {size(room.needed_bytes)} ({size(room.compressed_bytes)} compressed, by "
        f"{room.factor:g}) and {size(room.free_bytes)} are free"
    )


def _used(view: NodeView) -> str:
    """What fills it, the largest first, and what could be freed."""
    counted = {one.what for one in view.disk_use}
    # What the runtime calls its images lies in content and snapshots: it is not told twice.
    known = sorted(
        (
            one
            for one in view.disk_use
            if (one.bytes or (one.bytes is None and one.count))
            and not (one.what == "images" and "content" in counted)
        ),
        key=lambda one: -(one.bytes or 0),
    )
    filled = [_use(one) for one in known if not one.freeable][:3]
    freeable = [_use(one) for one in known if one.freeable][:3]
    parts = f"; it holds {enumeration(filled)}" if filled else ""
    return f"{parts}; could be freed: {enumeration(freeable)}" if freeable else parts


def _use(one: DiskUse) -> str:
    what = _WHAT.get(one.what, clean(one.what, 40))
    least = "" if one.complete else "at least "
    if one.bytes is None:
        return f"{least}{one.count} {what}"
    return f"{least}{size(one.bytes)} of {what}"


def size(count: int | None) -> str:
    """Return ``24 MB``."""
    if count is None:
        return "an unknown size"
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            amount = count / unit
            return f"{amount:.{1 if amount < 10 else 0}f} {name}"
    return f"{count} bytes"
