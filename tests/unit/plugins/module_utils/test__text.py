# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside, made fit to be printed."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
    quotation,
)


@pytest.mark.parametrize(
    ("hostile", "expected"),
    [
        ("plain text", "plain text"),
        ("two\nlines\r\n\tand  blanks", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never closed", ""),
        ("\x9b2Jcleared", "cleared"),
        ("a\x00b\x07c\x7f", "a?b?c?"),
        ("user\u202egnp.exe", "user?gnp.exe"),
        ("zero\u200bwidth\ufeff", "zero?width?"),
        ("line\u2028paragraph\u2029end", "line paragraph end"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("Grüße, 世界", "Grüße, 世界"),
        ("  around  ", "around"),
    ],
)
def test_becomes_one_printable_line(hostile: str, expected: str) -> None:
    assert printable(hostile) == expected
    assert printable(printable(hostile)) == expected


def test_is_cut_with_an_ellipsis() -> None:
    assert printable("abcdef", 4) == "abc…"
    assert len(quotation("x" * 1_000_000)) == 300


def test_counts_in_words() -> None:
    assert [plural(n, "pod") for n in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
    assert plural(2, "pull goes", "pulls go") == "2 pulls go"
    assert enumeration(["a", "b", "c"]) == "a, b, c"
    assert enumeration(["a", "b", "c", "d", "e"], 2) == "a, b and 3 more"
