# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk slice: the file systems that pulls depend on, what fills them, and whether the images fit."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    DiskUse,
    FileSystemFact,
    Gap,
    Record,
    RoomFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import disk_space
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    TIMED_OUT,
    Answer,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_images import images
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_script import (
    DISK,
    LITTLE_ROOM_PERCENT,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_thresholds import (
    Thresholds,
    thresholds,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

STEPS = (6,)
PURPOSES = ("images", "kubelet", "logs", "root")
RESTING_SECONDS = 3600
"""An unfinished pull that nobody wrote to for so long is left over."""

_LOST = {
    "images": "whether the image store has run out of space",
    "kubelet": "whether the kubelet evicts pods for want of space",
    "logs": "whether logs fill the disk",
    "root": "whether the system's disk is full",
}
_SIGNALS = {"images": ("imagefs.",), "kubelet": ("nodefs.",)}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z")


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the job that looks at the disk; it starts others to count where there is little room."""
    largest = max((one.size_bytes or 0 for one in question.images), default=0)
    variables = {
        "DISK_PERCENT": str(LITTLE_ROOM_PERCENT),
        "DISK_NEED": str(int(largest * question.factor)),
        "DISK_ALWAYS": "1" if question.count_disk else "",
    }
    return [Job("disk", DISK, seconds=6, most_bytes=65_536, variables=variables)]


def records(answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return FileSystemFact, DiskUse, RoomFact, and a Gap for each thing that could not be told."""
    job = answer.job("disk")
    found: list[Record] = []
    if job.trouble:
        lost = "room on the node's disks, and what fills them"
        found.append(_gap(question, "disk", job.trouble, lost))
    systems = _file_systems(job, question)
    found += systems
    found += _figures_missing(job, question, systems)
    found += _in_use(answer, job, question)
    found += _room(question, systems, job)
    return found


def _gap(question: NodeQuestion, check: str, why: str, lost: str) -> Gap:
    return Gap(f"{question.node}: {check}", printable(why, 300), lost, STEPS)


def _text(job: JobAnswer, name: str) -> str:
    block = job.block(name)
    return block.text if block else ""


def _file_systems(job: JobAnswer, question: NodeQuestion) -> list[FileSystemFact]:
    paths = {purpose: path for purpose in PURPOSES if (path := job.fact(purpose))}
    order = [path for purpose in ("root", "logs", "kubelet", "images") if (path := paths.get(purpose))]
    figures = disk_space.merged(
        order,
        disk_space.stat_figures(_text(job, "stat")),
        disk_space.df_figures(_text(job, "bytes"), 1024),
        disk_space.df_figures(_text(job, "inodes"), 1),
    )
    own = disk_space.mounts(_text(job, "mounts"))
    seen_by_runtime = disk_space.mounts(_text(job, "runtime_mounts")) or own
    limits = thresholds(job)
    errors = dict(found for one in job.facts.get("ext4_errors", ()) if len(found := one.split(" ", 1)) == 2)
    systems = []
    for purpose, path in paths.items():
        among = seen_by_runtime if purpose == "images" else own
        systems.append(
            _file_system(
                question.node,
                purpose,
                path,
                figures.get(path, disk_space.Figures()),
                disk_space.mount_of(path, among),
                limits,
                errors,
                job.fact(f"{purpose}_asked"),
            )
        )
    return systems


def _file_system(
    node: str,
    purpose: str,
    path: str,
    figures: disk_space.Figures,
    mount: disk_space.Mount | None,
    limits: Thresholds | None,
    errors: dict[str, str],
    asked: str | None,
) -> FileSystemFact:
    device = mount.device if mount else ""
    odd = []
    if mount and mount.turned_read_only:
        odd.append("it became read-only by itself, as file systems do after errors: see the kernel's log")
    if count := errors.get(device.rpartition("/")[2]):
        odd.append(f"ext4 has counted errors on it: {count[:12]}")
    if asked:
        odd.append(f"in place of {asked}")
    return FileSystemFact(
        node=node,
        purpose=purpose,
        path=printable(path, 300),
        mount_point=printable(mount.mount_point, 300) if mount else "",
        device=printable(device, 300),
        type=printable(mount.type, 40) if mount else "",
        read_only=mount.read_only if mount else False,
        bytes_total=figures.bytes_total,
        bytes_free=figures.bytes_free,
        inodes_total=figures.inodes_total,
        inodes_free=figures.inodes_free,
        evict_below=limits.of(_SIGNALS[purpose]) if limits and purpose in _SIGNALS else {},
        gc_above_percent=limits.gc_high if limits and purpose == "images" else None,
        detail=printable("; ".join(odd), 300),
        bytes_free_for_root=figures.bytes_free_for_root,
    )


def _figures_missing(
    job: JobAnswer, question: NodeQuestion, systems: Iterable[FileSystemFact]
) -> Iterator[Gap]:
    if job.state == "missing":
        return
    no_tool = job.lacks.get("figures")
    hanging = job.facts.get("hangs", ())
    for one in systems:
        if one.bytes_total is None:
            if no_tool:
                why = f"no tool ({', '.join(no_tool)})"
            elif one.path in hanging:
                why = (
                    "the file system does not answer (dead device, or network file system without its server)"
                )
            else:
                why = _first(job, ("stat", "bytes")) or "nothing was said of it"
            yield _gap(question, f"free space for {one.purpose} ({one.path})", why, _LOST[one.purpose])
        elif one.inodes_total is None and job.block("inodes") and not _inodes_listed(job):
            yield _gap(
                question,
                f"free inodes for {one.purpose} ({one.path})",
                _first(job, ("inodes",)) or "df cannot count them here",
                "whether the file system has run out of inodes",
            )
        if not one.mount_point:
            tools = job.lacks.get("mounts")
            yield _gap(
                question,
                f"mount of {one.path}",
                f"no tool ({', '.join(tools)})" if tools else "its mount was not found",
                "whether it is read-only",
            )
    if "images" in job.facts.get("absent", ()):
        yield _gap(
            question,
            "image store",
            f"there is no folder {job.fact('images_asked') or job.fact('images')}, or not for this user",
            "room in the image store, and what fills it",
        )
    if job.fact("no_store"):
        yield _gap(
            question,
            "image store",
            "no container runtime was found",
            "room in the image store, and what fills it",
        )
    if thresholds(job) is None and job.state == "ended":
        tools = job.lacks.get("thresholds")
        why = f"no tool ({', '.join(tools)})" if tools else "the kubelet's configuration could not be read"
        yield _gap(question, "the kubelet's thresholds", why, "when it removes images and evicts pods")


def _first(job: JobAnswer, names: Iterable[str]) -> str:
    """Return what a tool said that failed."""
    for name in names:
        block = job.block(name)
        if block is None:
            continue
        if block.exit_code == TIMED_OUT:
            return "the file system does not answer in time"
        if line := next((line for line in block.text.split("\n") if line and not line[0].isdigit()), ""):
            return line
    return ""


def _inodes_listed(job: JobAnswer) -> bool:
    return bool(disk_space.df_figures(_text(job, "inodes"), 1))


def _in_use(answer: Answer, job: JobAnswer, question: NodeQuestion) -> Iterator[Record]:
    yield from _ingest(answer, job, question)
    if not job.fact("counted"):
        return
    for name, one in sorted(answer.jobs.items()):
        what = next(
            (kind for kind in ("content", "snapshots", "logs") if name.startswith(f"disk_{kind}")), ""
        )
        if what and not one.fact("absent"):
            record = _counted(one, "container_logs" if what == "logs" else what, question)
            # A snapshotter that is not used has an empty folder.
            if not isinstance(record, DiskUse) or what != "snapshots" or record.count != 0:
                yield record
    yield from _images(answer.job("disk_images"), question)


def _counted(job: JobAnswer, what: str, question: NodeQuestion) -> Record:
    path = job.fact("path") or ""
    block = job.block("du")
    if block is None:
        tools = next(iter(job.lacks.values()), ())
        why = f"no tool ({', '.join(tools)})" if tools else job.trouble or "nothing was counted"
        return _gap(question, f"size of {what} ({path})", why, "what fills the disk")
    sizes = {}
    for line in block.text.split("\n"):
        kilobytes, dummy, folder = line.partition("\t")
        if (count := disk_space.number(kilobytes.strip())) is not None and folder:
            sizes[folder] = count * 1024
    below = {folder: count for folder, count in sizes.items() if folder != path}
    if path in sizes:
        count = None if what == "content" else len(below)
        return DiskUse(question.node, what, printable(path, 300), sizes[path], count)
    if below:
        return DiskUse(
            question.node,
            what,
            printable(path, 300),
            sum(below.values()),
            complete=False,
            detail="counting took too long: at least this much",
        )
    cut = block.exit_code in (TIMED_OUT, None)
    why = (
        "counting took too long" if cut else printable(block.text, 200) or f"du ended with {block.exit_code}"
    )
    return _gap(question, f"size of {what} ({path})", why, "what fills the disk")


def _ingest(answer: Answer, job: JobAnswer, question: NodeQuestion) -> Iterator[DiskUse]:
    """Unfinished pulls: how many, how large, since when, and whether someone still writes to them."""
    count = disk_space.number(job.fact("ingest_count") or "")
    if not count:
        return
    path = job.fact("ingest_path") or ""
    block = job.block("ingest")
    sizes = [
        found
        for line in (block.text if block else "").split("\n")
        if (found := disk_space.number(line.split("\t")[0].strip())) is not None
    ]
    now = answer.asked_at + answer.seconds
    begun, written, refs = [], [], []
    for line in job.facts.get("ingest", ()):
        started, updated, _total, ref = [*line.split(" ", 3), "", "", "", ""][:4]
        begun += _moment(started)
        written += _moment(updated) or _moment(started)
        refs.append(ref.rpartition("/")[2][:80])
    resting = bool(written) and len(written) == count and now - max(written) > RESTING_SECONDS
    detail = []
    if begun:
        detail.append(f"the oldest was begun {_utc(min(begun))}")
    if written:
        detail.append(f"last begun or written {_utc(max(written))}")
    if refs:
        detail.append(enumeration(refs))
    yield DiskUse(
        node=question.node,
        what="ingest",
        path=printable(path, 300),
        bytes=sum(sizes) * 1024 if sizes else None,
        count=count,
        freeable=resting,
        complete=bool(sizes),
        detail=printable("; ".join(detail), 300),
    )


def _moment(text: str) -> list[float]:
    """The Unix time of a time stamp of containerd (RFC 3339, nanoseconds); nothing where it is none."""
    match = _TIME.match(text)
    if not match:
        return []
    try:
        return [datetime.datetime.fromisoformat(match[1] + match[2].replace("Z", "+00:00")).timestamp()]
    except (ValueError, OverflowError):
        return []


def _utc(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _images(job: JobAnswer, question: NodeQuestion) -> Iterator[Record]:
    found = images(job)
    if found.count is not None:
        yield DiskUse(question.node, "images", bytes=found.bytes, count=found.count, detail=_by(found.client))
    if found.unused is not None:
        yield DiskUse(
            question.node,
            "unused_images",
            bytes=found.unused_bytes,
            count=found.unused,
            freeable=True,
            detail=_by(found.client),
        )
    else:
        yield _gap(
            question, "unused images", found.why or "the runtime was not asked", "how much could be freed"
        )


def _by(client: str) -> str:
    compressed = "; compressed, unpacked they take more" if client in ("crictl", "ctr") else ""
    return f"as {client} says{compressed}"


def _room(question: NodeQuestion, systems: Iterable[FileSystemFact], job: JobAnswer) -> Iterator[Record]:
    store = next((one for one in systems if one.purpose == "images"), None)
    free = store.bytes_free if store else None
    sized = [(one.image, one.size_bytes) for one in question.images if one.size_bytes is not None]
    for image, compressed in sized:
        if free is not None:
            needed = int(compressed * question.factor)
            yield RoomFact(
                question.node, image, compressed, question.factor, needed, free, fits=needed <= free
            )
    unsized = [one.image for one in question.images if one.size_bytes is None]
    if unsized and job.state == "ended":
        yield _gap(
            question,
            f"room for {enumeration(unsized)}",
            "no registry told the size",
            "whether the image fits into what is free",
        )
