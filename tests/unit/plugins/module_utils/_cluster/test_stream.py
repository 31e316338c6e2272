# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading JSON while it arrives, in pieces of any size, whole or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import stream
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.stream import (
    Cut,
    NotJson,
    read_object,
)

LIST = {
    "kind": "PodList",
    "metadata": {"continue": "t"},
    "items": [{"a": 1}, {"b": [1, 2.5, None, "ü\u2028"]}, 7],
}


def pieces(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    return (data[at : at + size] for at in range(0, len(data), size))


def read(text: str, size: int = 5, *streamed: str) -> tuple[dict[str, Any], list[Any]]:
    found: list[Any] = []
    rest = read_object(pieces(text, size), streamed or ("items",), lambda item, _rest: found.append(item))
    return rest, found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("indent", [None, 2])
def test_items_are_handed_over_and_the_rest_returned(size: int, indent: int | None) -> None:
    rest, items = read(json.dumps(LIST, indent=indent, ensure_ascii=False), size)
    assert items == LIST["items"]
    assert rest == {"kind": "PodList", "metadata": {"continue": "t"}}


def test_numbers_are_not_cut_at_the_end_of_a_piece() -> None:
    assert read('{"items": [12345, 67], "n": 12345}', 3) == ({"n": 12345}, [12345, 67])


def test_what_came_before_is_known_while_items_come() -> None:
    known: list[Any] = []
    read_object(
        pieces('{"columns": ["a"], "rows": [1]}', 4), ("rows",), lambda _item, rest: known.append(dict(rest))
    )
    assert known == [{"columns": ["a"]}]


@pytest.mark.parametrize("text", ["{}", '{"items": []}', '{"items": null}', ' { "items" : [ ] } \n'])
def test_nothing(text: str) -> None:
    assert read(text)[1] == []


@pytest.mark.parametrize("text", ['{"items": [{"a": 1}', '{"items": [', '{"a"', "{", "", '{"items": [1'])
def test_an_end_that_comes_too_early(text: str) -> None:
    with pytest.raises(Cut):
        read(text)


@pytest.mark.parametrize("text", ["<html>", "[1]", "null", '{"a": 1} {"b": 2}', '{"items": [1} ', '{"a" 1}'])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(NotJson):
        read(text)


def test_a_value_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LARGEST_VALUE", 1000)
    with pytest.raises(NotJson):
        read('{"items": ["' + "x" * 5000, 100)


def test_bytes_that_are_no_utf8() -> None:
    found: list[Any] = []
    read_object(
        iter([b'{"items": ["a\xff', b"\xc3", b'\xbc"]}']), ("items",), lambda item, _rest: found.append(item)
    )
    assert found == ["a\ufffdü"]
