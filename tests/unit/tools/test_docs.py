# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated pages: Ansible's markup as Markdown."""

from __future__ import annotations

import pytest

from tools import docs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set O(namespaces) to V(all).", "Set `namespaces` to `all`."),
        ("See RV(stages[].error) and C(kubectl -n x \\(y\\)).", "See `stages[].error` and `kubectl -n x (y)`."),
        ("By M(a.b.c), P(a.b.r#role).", "By [`a.b.c`](c.md), `a.b.r`."),
        ("L(the list, https://example.com/x) is I(long).", "[the list](https://example.com/x) is *long*."),
        ("HTTP(S) and RBAC(x) are words.", "HTTP(S) and RBAC(x) are words."),
    ],
)
def test_markup(text: str, expected: str) -> None:
    assert docs.markdown(text, {"a.b.c": "c.md"}) == expected


def test_an_option_tells_its_type_default_choices_and_aliases() -> None:
    option = {"type": "list", "elements": "str", "default": ["a"], "choices": ["a", "b"], "aliases": ["x"]}
    assert docs.qualities(option) == 'list of str, one of `a`, `b`, default `["a"]`, also `x`'


def test_options_inside_an_option_are_nested() -> None:
    options = {"outer": {"type": "dict", "suboptions": {"inner": {"type": "int", "description": "Deep."}}}}
    lines = list(docs.entries(options, "suboptions", {}))
    assert lines[0].startswith("- **`outer`**")
    assert "  - **`inner`** (int)" in lines
    assert "    Deep." in lines
