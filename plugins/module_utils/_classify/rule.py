# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one rule is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.patterns import compiled


@dataclass(frozen=True, slots=True)
class Rule:
    """One text that one component prints, and the cause that it names.

    Rules see the text in lower case, with URLs and image references replaced by tokens (see ``prepare``),
    so that the name of an image cannot look like an error.

    ``words``: one of them occurs. ``pattern``: a regular expression that matches as well, where words alone
    would be too wide. ``unless``: none of these occurs. ``outer``: the words name only the step that failed,
    as the outer part of an error chain does; they decide nothing where the text is cut off behind them.
    ``page``: the words count within a web page that came as the answer; those of other rules mostly do not there.
    ``why``: what the words mean, with the place where they are printed. ``nothing``: for rules that
    recognise a text without a cause, why there is none.
    """

    id: str
    cause: Cause
    confidence: Confidence
    hop: Hop | None
    words: tuple[str, ...]
    why: str
    pattern: str = ""
    unless: tuple[str, ...] = ()
    alternatives: tuple[Cause, ...] = ()
    outer: bool = False
    page: bool = False
    nothing: str = ""

    def matches(self, text: str) -> re.Match[str] | bool:
        """Whether the rule holds for a text in which one of its words occurs."""
        for other in self.unless:
            if other in text:
                return False
        if not self.pattern:
            return True
        return compiled(self.pattern).search(text) or False


def first_match(text: str, table: tuple[tuple[str, Rule], ...]) -> tuple[Rule, str] | None:
    """The first rule that holds, and the words that it found. ``table`` comes from ``word_table``."""
    for word, rule in table:
        if word not in text:
            continue
        found = rule.matches(text)
        if found is True:
            return rule, word
        if found:
            return rule, found[0]
    return None


def word_table(rules: tuple[Rule, ...]) -> tuple[tuple[str, Rule], ...]:
    """Rules in their order, one row for each of their words: what ``first_match`` runs through."""

    def rows() -> Iterator[tuple[str, Rule]]:
        for rule in rules:
            for word in rule.words:
                yield word, rule

    return tuple(rows())
