# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of many tags or names may have been meant.

Tags are of kinds that are near to each other in different ways: versions (``v1.2``, ``1.2.0-alpine``), dates, hashes of
commits, and words. ``latest`` is never among the suggestions: it is a way out, and not what was meant.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from functools import lru_cache

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._distance import distance

SHOWN = 6
_SLIPS = 2
_NEVER = frozenset({"latest"})
_VERSION = re.compile(r"[vV]?(\d{1,9}(?:\.\d{1,9}){0,3})(?:[-_.+]?([A-Za-z].*|[-_+].*))?")
_DATE = re.compile(r"(?:.*[^0-9])?(20\d\d)[-._]?([01]\d)[-._]?([0-3]\d)(?:[^0-9].*|T?\d{4,6}Z?)?")
_HASH = re.compile(r"(?:sha-|git-|g)?([0-9a-f]{7,64})")
_FAR = (9.0,)


def near_tags(wanted: str, tags: Iterable[str], limit: int = SHOWN) -> tuple[str, ...]:
    """Return the tags that may have been meant, the likeliest first; none where nothing is near."""
    scored = ((_score(wanted, tag), tag) for tag in tags if tag not in _NEVER and tag != wanted)
    best = heapq.nsmallest(limit, ((score, tag) for score, tag in scored if score != _FAR))
    return tuple(tag for dummy, tag in best)


def near_names(wanted: str, names: Iterable[str], limit: int = SHOWN) -> tuple[str, ...]:
    """Return the repositories whose name is a slip of the finger away, or that have the same last part."""
    last = wanted.rpartition("/")[2]
    found = []
    for name in names:
        if name == wanted:
            continue
        limit_here = _SLIPS if len(last) >= 6 else 1
        slips = distance(wanted, name, limit_here)
        if slips <= limit_here:
            found.append((slips, name))
        elif name.rpartition("/")[2] == last:
            found.append((_SLIPS + 1, name))
    return tuple(name for dummy, name in heapq.nsmallest(limit, found))


@lru_cache(maxsize=1)
def _kinds(wanted: str) -> tuple[tuple[tuple[int, ...], str] | None, str | None, str | None]:
    return _version(wanted), _date(wanted), _hash(wanted)


def _score(wanted: str, tag: str) -> tuple[float, ...]:
    """Smaller is nearer: 0 the same version, 1 one continues the other, 2 slips, 3 a neighbouring version or date."""
    version, date, commit = _kinds(wanted)
    if commit is not None:
        other = _hash(tag)
        same = other is not None and (other.startswith(commit) or commit.startswith(other))
        return (1.0, 0.0) if same else _FAR
    if date is not None:
        other = _date(tag)
        return (3.0, abs(float(_days(other) - _days(date)))) if other is not None else _FAR
    if version is not None:
        found = _version(tag)
        if found is None or _date(tag) is not None or _hash(tag) is not None:
            return _FAR
        return _between_versions(version, found)
    if wanted.lower() == tag.lower():
        return (0.0, 0.0)
    if len(wanted) >= 4 and (tag.startswith(f"{wanted}-") or wanted.startswith(f"{tag}-")):
        return (1.0, float(abs(len(tag) - len(wanted))))
    slips = distance(wanted, tag, _SLIPS)
    return (2.0, float(slips)) if slips <= _SLIPS and min(len(wanted), len(tag)) >= 4 else _FAR


def _between_versions(
    one: tuple[tuple[int, ...], str], other: tuple[tuple[int, ...], str]
) -> tuple[float, ...]:
    numbers, suffix = one
    their_numbers, their_suffix = other
    length = max(len(numbers), len(their_numbers))
    mine, theirs = _padded(numbers, length), _padded(their_numbers, length)
    off = _between_suffixes(suffix, their_suffix)
    if mine == theirs and off < 1:
        return (0.0, off)
    shorter = min(len(numbers), len(their_numbers))
    if numbers[:shorter] == their_numbers[:shorter]:
        # 1.2 and 1.2.5 or 1.2-alpine; the newest first.
        return (1.0, off, *(-float(part) for part in _padded(their_numbers, 4)))
    steps = next(index for index in range(length) if mine[index] != theirs[index])
    away = abs(mine[steps] - theirs[steps])
    return (3.0, off, float(-steps), float(away), *(-float(part) for part in _padded(their_numbers, 4)))


def _between_suffixes(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if min(len(one), len(other)) >= 4 and distance(one, other, _SLIPS) <= _SLIPS else 1.0


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))


def _version(tag: str) -> tuple[tuple[int, ...], str] | None:
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    return tuple(int(part) for part in match[1].split(".")), (match[2] or "").lower()


def _date(tag: str) -> str | None:
    match = _DATE.fullmatch(tag)
    return f"{match[1]}{match[2]}{match[3]}" if match else None


def _hash(tag: str) -> str | None:
    match = _HASH.fullmatch(tag)
    # Digits alone are a number or a date.
    return match[1] if match and not match[1].isdigit() else None


def _days(date: str) -> int:
    """Not exact, and monotonous: months of 31 days."""
    return (int(date[:4]) * 12 + int(date[4:6])) * 31 + int(date[6:8])
