# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slips of the finger between two names."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._distance import distance


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("nginx", "nginx", 0),
        ("ngnix", "nginx", 1),
        ("ngix", "nginx", 1),
        ("nginxx", "nginx", 1),
        ("nqinx", "nginx", 1),
        ("ngxni", "nginx", 2),
        ("postgers", "postgres", 1),
        ("postrges", "postgres", 1),
        ("ab", "ba", 1),
        ("redis", "mysql", 3),
        ("", "abc", 3),
    ],
)
def test_counts_swaps_as_one_and_stops_after_the_limit(one: str, other: str, slips: int) -> None:
    assert distance(one, other, 2) == slips
    assert distance(other, one, 2) == slips
