# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many slips of the finger lie between two names."""

from __future__ import annotations


def distance(one: str, other: str, limit: int) -> int:
    """Return the number of insertions, deletions, replacements and swaps of neighbours between two texts.

    Stops counting at ``limit``: more slips than that are ``limit + 1``. (Optimal string alignment distance.)
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > limit or max(len(one), len(other)) > 256:
        return limit + 1
    if len(set(one) ^ set(other)) > 2 * limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        present = [row] + [0] * len(other)
        for column, right in enumerate(other, start=1):
            best = min(last[column] + 1, present[column - 1] + 1, last[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                best = min(best, before_last[column - 2] + 1)
            present[column] = best
        if min(present) > limit and min(last) >= limit:
            return limit + 1
        before_last, last = last, present
    return min(last[-1], limit + 1)
