# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML and JSON of unknown origin, turned into plain values within bounds, or into one line that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural, printable

DEEPEST = 100
"""Levels of nesting; a pod template in a List is at 15."""
MOST_NODES = 500_000
"""Values in one document once its aliases are written out: a hundred times a large chart's largest object."""
MOST_DOCUMENTS = 20_000


class DocumentInvalid(Exception):
    """A text that cannot be taken; the message is one line and does not name the text's origin."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document that is not empty; ``number`` counts from 1 and counts empty ones too."""

    number: int
    value: Any


def read_documents(text: str) -> list[Document]:
    """Return the documents of ``text``, empty ones left out. Raises DocumentInvalid."""
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        found = _json_documents(text)
        if found is not None:
            return found
    return _yaml_documents(text)


def _json_documents(text: str) -> list[Document] | None:
    """Return JSON values that stand one behind the other; None where it is something else, perhaps YAML."""
    decoder = json.JSONDecoder()
    text = text.strip("\ufeff \t\r\n")
    found: list[Document] = []
    place = 0
    try:
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            found.append(Document(len(found) + 1, value))
            _check_number(len(found))
            while text[place : place + 1].isspace():
                place += 1
    except RecursionError:
        raise DocumentInvalid(f"document {len(found) + 1} is nested too deeply") from None
    except ValueError:
        return None
    for document in found:
        _check_depth(document)
        if "\\u" in text:
            _check_characters(document)
    return found


def _check_characters(document: Document) -> None:
    """JSON can escape half a character, which can be written into no report."""
    try:
        json.dumps(document.value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DocumentInvalid(f"document {document.number} escapes what is no character of Unicode") from None


def _check_depth(document: Document) -> None:
    level: list[Any] = [document.value]
    for _depth in range(DEEPEST + 1):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise DocumentInvalid(f"document {document.number} is nested deeper than {DEEPEST} levels")


def _yaml_documents(text: str) -> list[Document]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    counter = _Counter()
    try:
        for event in yaml.parse(text, Loader=loader):
            counter.take(event)
    except yaml.YAMLError as error:
        raise DocumentInvalid(_said(error, counter.number)) from None
    return list(_constructed(loader(text)))


def _constructed(loader: Any) -> Iterator[Document]:
    """Give the documents of a text that was weighed before; the loader makes plain values only."""
    import yaml

    number = 0
    try:
        while loader.check_data():
            number += 1
            value = loader.get_data()
            if value is not None:
                yield Document(number, value)
    except yaml.YAMLError as error:
        raise DocumentInvalid(_said(error, number)) from None
    except (RecursionError, ValueError, TypeError, OverflowError) as error:
        # A value that Python cannot hold: the year 0, a mapping as a key.
        raise DocumentInvalid(f"document {number}: {printable(str(error), 200)}") from None
    finally:
        loader.dispose()


class _Counter:
    """Weighs the events of a parser, without building anything: what an alias stands for counts each time."""

    def __init__(self) -> None:
        self.number = 0
        self._open: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}
        self._size = 0

    def take(self, event: Any) -> None:
        """Count one event. Raises DocumentInvalid once a bound is passed."""
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self.number += 1
            self._open, self._sizes, self._size = [], {}, 0
            _check_number(self.number)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._size += 1
            self._open.append((event.anchor, self._size))
            if len(self._open) > DEEPEST:
                raise DocumentInvalid(f"document {self.number} is nested deeper than {DEEPEST} levels")
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, before = self._open.pop()
            if anchor:
                self._sizes[anchor] = self._size - before + 1
        elif kind == "ScalarEvent":
            self._size += 1
            if event.anchor:
                self._sizes[event.anchor] = 1
        elif kind == "AliasEvent":
            self._alias(str(event.anchor))
        if self._size > MOST_NODES:
            raise DocumentInvalid(
                f"document {self.number} has more than {MOST_NODES} values once its aliases are written out"
            )

    def _alias(self, anchor: str) -> None:
        if any(opened == anchor for opened, _size in self._open):
            raise DocumentInvalid(
                f"document {self.number}: the anchor {printable(anchor, 40)} contains itself"
            )
        self._size += self._sizes.get(anchor, 1)


def _check_number(number: int) -> None:
    if number > MOST_DOCUMENTS:
        raise DocumentInvalid(f"there are more than {plural(MOST_DOCUMENTS, 'document')}")


def _said(error: Exception, number: int) -> str:
    """Return what the parser said, in one line: never a piece of the text, which may be a Secret."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it is no YAML")
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    return f"document {max(number, 1)}{line}: {printable(problem, 120)}"
