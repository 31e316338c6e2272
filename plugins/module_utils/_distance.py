# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many slips of the finger lie between two names."""

from __future__ import annotations


def distance(one: str, other: str, limit: int) -> int:
    """Return how many insertions, deletions, replacements and swaps of neighbours lie between two texts.

    More than ``limit`` are ``limit + 1`` (optimal string alignment; only the band around the diagonal is computed).
    """
    if abs(len(one) - len(other)) > limit or len(one) > 256:
        return limit + 1
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if not one or not other:
        return min(len(one) + len(other), limit + 1)
    if len(set(one) ^ set(other)) > 2 * limit:
        return limit + 1
    return _banded(one, other, limit)


def _banded(one: str, other: str, limit: int) -> int:
    far = limit + 1
    older: list[int] = []
    old = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        new = [far] * (len(other) + 1)
        new[0] = row
        for column in range(max(1, row - limit), min(len(other), row + limit) + 1):
            right = other[column - 1]
            best = min(old[column] + 1, new[column - 1] + 1, old[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                best = min(best, older[column - 2] + 1)
            new[column] = best
        if min(new) > limit and min(old) >= limit:
            return far
        older, old = old, new
    return min(old[-1], far)
