# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of unknown origin: what is taken, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.documents import (
    DocumentInvalid,
    read_documents,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import read_paths

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], y{n}: 1}}\n" for n in range(1, 10)
)


def values(text: str) -> list[object]:
    return [document.value for document in read_documents(text)]


class TestWhatIsTaken:
    def test_several_documents_comments_and_empty_ones(self) -> None:
        text = "# Source: chart/templates/a.yaml\na: 1\n---\n# nothing here\n---\nb: 2\n"
        assert [(one.number, one.value) for one in read_documents(text)] == [(1, {"a": 1}), (3, {"b": 2})]

    def test_nothing_at_all(self) -> None:
        assert values("") == values("---\n---\n# only a comment\n") == []

    def test_anchors_and_merge_keys(self) -> None:
        text = "base: &b {image: app:1}\nuse: *b\nmore: {<<: *b, name: x}\n"
        assert values(text) == [
            {"base": {"image": "app:1"}, "use": {"image": "app:1"}, "more": {"image": "app:1", "name": "x"}}
        ]

    @pytest.mark.parametrize(
        "text",
        ['{"a": 1}\n{"b": 2}\n', "\ufeff{a: 1}\n---\n{b: 2}\n"],
        ids=["json", "yaml that looks like it"],
    )
    def test_braces(self, text: str) -> None:
        assert values(text) == [{"a": 1}, {"b": 2}]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (BOMB, "document 1 has more than 500000 values once its aliases are written out"),
            (MERGE_BOMB, "document 1 has more than 500000 values once its aliases are written out"),
            ("a: 1\n---\n" + "[" * 100_000, "document 2 is nested deeper than 100 levels"),
            ('{"a": ' * 100_000, "nested too deeply"),
            ('{"a":' * 101 + "1" + "}" * 101, "document 1 is nested deeper than 100 levels"),
            ("a: &x [*x]\n", "document 1: the anchor x contains itself"),
            ("a: *nope\n", "document 1, line 1: found undefined alias"),
            ("ok: 1\n---\nimage: {{ .Values.image }}\n", "document 2, line 3: found unhashable key"),
            ("a: !!python/object/apply:os.system ['id']\n", "could not determine a constructor"),
            ("a: \x07\n", "control characters are not allowed"),
            ("a: 0000-01-01\n", "document 1: year 0 is out of range"),
        ],
    )
    def test_with_one_line_that_names_the_document(self, text: str, says: str) -> None:
        with pytest.raises(DocumentInvalid) as refusal:
            read_documents(text)
        assert says in str(refusal.value)
        assert "\n" not in str(refusal.value)

    def test_and_the_line_quotes_nothing_of_it(self) -> None:
        with pytest.raises(DocumentInvalid) as refusal:
            read_documents("kind: Secret\nstringData: {password: hunter22\n")
        assert "hunter22" not in str(refusal.value)


class TestFiles:
    def test_folders_are_read_in_the_order_of_names_without_hidden_ones(self, tmp_path: Path) -> None:
        for name in ("b/2.yml", "a/1.yaml", "a/notes.txt", ".git/x.yaml", "c.json"):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("a: 1\n")
        texts, problems = read_paths([str(tmp_path)])
        assert [text.origin for text in texts] == [
            str(tmp_path / one) for one in ("c.json", "a/1.yaml", "b/2.yml")
        ]
        assert not problems

    def test_what_cannot_be_read_is_named_and_the_rest_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "latin1.yaml").write_bytes(b"a: \xe4\n")
        (tmp_path / "good.yaml").write_text("a: 1\n")
        wanted = ["empty", "nowhere.yaml", "latin1.yaml", "good.yaml"]
        texts, problems = read_paths([str(tmp_path / name) for name in wanted])
        assert [text.origin for text in texts] == [str(tmp_path / "good.yaml")]
        assert [str(problem).removeprefix(f"{tmp_path}/") for problem in problems] == [
            "empty: no .yaml, .yml, .json file in this folder or below it",
            "nowhere.yaml: No such file or directory",
            "latin1.yaml: no UTF-8 text (byte 4)",
        ]


def test_half_a_character_is_said_to_be_none() -> None:
    with pytest.raises(DocumentInvalid, match="document 2 escapes what is no character"):
        read_documents('{"name": "\\ud83d\\ude00"} {"name": "\\ud83d"}')
    assert read_documents('{"name": "\\ud83d\\ude00"}')[0].value == {"name": "\U0001f600"}
