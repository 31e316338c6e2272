# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a JSON object while it arrives, so that a list of any length needs the memory of its largest item."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable
from typing import Any

LARGEST_VALUE = 16 * 1024 * 1024
"""In characters. etcd refuses objects beyond 1.5 MiB, so a longer one is not from an API server."""

_SPACE = " \t\r\n"
_WHOLE = (dict, list, str)


class NotJson(ValueError):
    """The text is no JSON object; ``beginning`` is what it starts with."""

    def __init__(self, beginning: str) -> None:
        super().__init__("not a JSON object")
        self.beginning = beginning


class Cut(ValueError):
    """The text ends before its object does."""


class _Text:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """Return the next character that is no white space, without taking it."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _SPACE:
                at += 1
            self._at = at
            if at < len(text):
                return text[at]
            self._more()

    def take(self, wanted: str) -> bool:
        """Take the next character if it is ``wanted``."""
        if self.peek() != wanted:
            return False
        self._at += 1
        return True

    def expect(self, wanted: str) -> None:
        """Take the next character, which has to be ``wanted``."""
        if not self.take(wanted):
            raise NotJson(self._text[self._at : self._at + 200])

    def value(self) -> Any:
        """Return the next JSON value."""
        self.peek()
        while True:
            try:
                found, end = self._scan(self._text, self._at)
            except ValueError:
                # Broken, or not all here yet: only more text can tell.
                if len(self._text) - self._at > LARGEST_VALUE:
                    raise NotJson(self._text[self._at : self._at + 200]) from None
            else:
                if end < len(self._text) or isinstance(found, _WHOLE):
                    self._at = end
                    return found
            self._more()

    def finish(self) -> None:
        """Read to the end, so that the connection can be used again; nothing but white space may be left."""
        rest = self._text[self._at :] + "".join(map(self._decode, self._chunks))
        if rest.strip(_SPACE):
            raise NotJson(rest[:200])

    def _more(self) -> None:
        for chunk in self._chunks:
            text = self._decode(chunk)
            if text:
                self._text = self._text[self._at :] + text
                self._at = 0
                return
        raise Cut("the text ends too early")


def read_object(
    chunks: Iterable[bytes], streamed: tuple[str, ...], each: Callable[[Any, dict[str, Any]], None]
) -> dict[str, Any]:
    """Read one JSON object from ``chunks``; hand each element of the arrays named in ``streamed`` to ``each``.

    Returns the rest of the object; ``each`` gets it too, as far as it was read by then. Raises NotJson or Cut.
    """
    text = _Text(chunks)
    rest: dict[str, Any] = {}
    text.expect("{")
    if text.take("}"):
        text.finish()
        return rest
    while True:
        key = text.value()
        text.expect(":")
        if key in streamed and text.take("["):
            _elements(text, each, rest)
        else:
            rest[str(key)] = text.value()
        if text.take("}"):
            text.finish()
            return rest
        text.expect(",")


def _elements(text: _Text, each: Callable[[Any, dict[str, Any]], None], rest: dict[str, Any]) -> None:
    if text.take("]"):
        return
    while True:
        each(text.value(), rest)
        if text.take("]"):
            return
        text.expect(",")
