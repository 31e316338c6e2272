# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as Go's encoding/json reads it: duplicate keys are kept, and nothing else than RFC 8259 passes.

Python's json takes NaN and Infinity, folds duplicate keys early and gives up at its recursion limit; Go counts
10,000 levels, and puts U+FFFD for each byte that is no UTF-8 and for each half of a surrogate pair.
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 10_000
"""encoding/json, maxNestingDepth."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class NotJson(ValueError):
    """The text is no JSON; the message names the place and quotes nothing, for the text holds passwords."""


class Object(list[tuple[str, Any]]):
    """The members of a JSON object in their order, duplicates included."""


class Number:
    """Stands for any number: credentials have none."""


NUMBER = Number()


def read_json(content: bytes) -> Any:
    """Return what ``content`` holds: Object, list, str, bool, None or NUMBER. Raises NotJson."""
    return _Reader(content.decode("utf-8", "surrogateescape")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Any:
        stack: list[Object | list[Any]] = []
        names: list[str] = []
        while True:
            value = self._begin()
            if isinstance(value, (Object, list)):
                if len(stack) >= DEEPEST:
                    raise NotJson("exceeded max depth")
                if not self._closes(value):
                    stack.append(value)
                    if isinstance(value, Object):
                        names.append(self._name())
                    continue
            value = self._end(value, stack, names)
            if not stack:
                return value

    def _end(self, value: Any, stack: list[Object | list[Any]], names: list[str]) -> Any:
        """Hang ``value`` up in what is open, close what ends here, and stop before the next value or at the end."""
        while stack:
            top = stack[-1]
            if isinstance(top, Object):
                top.append((names.pop(), value))
            else:
                top.append(value)
            if self._take(","):
                if isinstance(top, Object):
                    names.append(self._name())
                return value
            if not self._closes(top):
                raise self._wrong()
            value = stack.pop()
        self._skip()
        if self._at != len(self._text):
            raise self._wrong()
        return value

    def _begin(self) -> Any:
        """Return the scalar that stands here, or an empty container whose first bracket is taken."""
        if self._take("{"):
            return Object()
        if self._take("["):
            return []
        if self._text.startswith('"', self._at):
            return self._string()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise self._wrong()
        self._at = number.end()
        return NUMBER

    def _closes(self, container: Object | list[Any]) -> bool:
        return self._take("}" if isinstance(container, Object) else "]")

    def _name(self) -> str:
        self._skip()
        if not self._text.startswith('"', self._at):
            raise self._wrong()
        name = self._string()
        if not self._take(":"):
            raise self._wrong()
        return name

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise NotJson(f"a text that does not end or holds a wrong character, at byte {self._at}")
        self._at = match.end()
        return _SURROGATE.sub(_REPLACEMENT, str(json.loads(match[0])))

    def _take(self, character: str) -> bool:
        self._skip()
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _wrong(self) -> NotJson:
        if self._at >= len(self._text):
            return NotJson("unexpected end of JSON input")
        return NotJson(f"an unexpected character at byte {self._at}")
