# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of file systems: what ``stat -f``, ``df`` and ``/proc/self/mountinfo`` say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_OCTAL = re.compile(r"\\([0-7]{3})")
_LARGEST = 1 << 62


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes and inodes of a file system; inodes null where it counts none, all null where nothing was said."""

    bytes_total: int | None = None
    bytes_free: int | None = None
    inodes_total: int | None = None
    inodes_free: int | None = None
    bytes_free_for_root: int | None = None


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo (proc(5)): where, what, and whether the mount or the whole file system is read-only."""

    mount_point: str
    device: str
    type: str
    read_only: bool
    turned_read_only: bool


def number(text: str) -> int | None:
    """Return a count that a tool printed; null where it is none, or beyond all reason."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    value = int(text)
    return value if value < _LARGEST else None


def stat_figures(text: str) -> dict[str, Figures]:
    """Return by path what ``stat -f -c '%S %b %a %c %d %f %n'`` printed; lines that are none of it are left out."""
    found: dict[str, Figures] = {}
    for line in text.split("\n"):
        parts = line.split(" ", 6)
        values = [number(part) for part in parts[:6]]
        if len(parts) == 7 and None not in values and parts[6].startswith("/"):
            size, blocks, free, inodes, inodes_free, free_for_root = (value or 0 for value in values)
            found[parts[6]] = Figures(
                bytes_total=blocks * size,
                bytes_free=free * size,
                inodes_total=inodes or None,
                inodes_free=inodes_free if inodes else None,
                bytes_free_for_root=free_for_root * size,
            )
    return found


def df_figures(text: str, scale: int) -> list[tuple[int, int, str]]:
    """Return total, free and mount point of each line of ``df -P`` (POSIX: six columns), in order.

    ``scale`` is 1024 for ``-k`` and 1 for ``-i``. A file system that counts none prints ``-`` or 0: total 0.
    """
    found = []
    for line in text.split("\n"):
        match = re.match(r"(.*\S)\s+(\d+|-)\s+(?:\d+|-)\s+(-?\d+|-)\s+(?:\d+%|-)\s+(/.*)\Z", line)
        if match:
            total, free = number(match[2]), number(match[3])
            found.append(((total or 0) * scale, (free or 0) * scale, match[4]))
    return found


def merged(
    paths: Iterable[str],
    stat: dict[str, Figures],
    kilobytes: list[tuple[int, int, str]],
    inodes: list[tuple[int, int, str]],
) -> dict[str, Figures]:
    """Return the figures for each path: those of stat, else those of df, whose lines stand in the order of paths."""
    paths = list(paths)
    found = dict(stat)
    whole = len(kilobytes) == len(paths)
    for position, path in enumerate(paths):
        if path in found:
            continue
        space = kilobytes[position] if whole else _of(kilobytes, path)
        files = inodes[position] if whole and len(inodes) == len(paths) else _of(inodes, path)
        if space:
            found[path] = Figures(
                space[0],
                space[1],
                files[0] or None if files else None,
                files[1] if files and files[0] else None,
            )
    return found


def _of(lines: list[tuple[int, int, str]], path: str) -> tuple[int, int, str] | None:
    fitting = [line for line in lines if _below(path, line[2])]
    return max(fitting, key=lambda line: len(line[2]), default=None)


def mounts(text: str) -> list[Mount]:
    """Return the mounts of a text in the form of mountinfo, in its order; damaged lines are left out."""
    found = []
    for line in text.split("\n"):
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if dash and len(fields) >= 6 and len(rest) >= 3 and fields[4].startswith("/"):
            own, whole = fields[5].split(","), rest[2].split(",")
            ro = "ro" in whole or bool({"emergency_ro", "shutdown"} & set(whole))
            found.append(
                Mount(
                    mount_point=unescaped(fields[4]),
                    device=unescaped(rest[1]),
                    type=rest[0],
                    read_only=ro or "ro" in own,
                    # mount(8) sets both; a file system that gives up after an error only its own.
                    turned_read_only=ro and "ro" not in own,
                )
            )
    return found


def unescaped(text: str) -> str:
    """Return a field of mountinfo as it is: blanks, tabs, line breaks and backslashes are octal there (proc(5))."""
    raw = _OCTAL.sub(lambda match: chr(int(match[1], 8) & 0xFF), text)
    return raw


def mount_of(path: str, among: Iterable[Mount]) -> Mount | None:
    """Return the mount that ``path`` lies on: the deepest above it, of several the last, which hides the others."""
    found: Mount | None = None
    for mount in among:
        if _below(path, mount.mount_point) and (
            found is None or len(mount.mount_point) >= len(found.mount_point)
        ):
            found = mount
    return found


def _below(path: str, folder: str) -> bool:
    return folder == "/" or path == folder or path.startswith(folder.rstrip("/") + "/")
