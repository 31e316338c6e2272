# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a terminal report, wrapped to a width and cleaned of everything that a terminal would act upon."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

RED = "red"
YELLOW = "yellow"
GREEN = "green"
CYAN = "cyan"
GREY = "dark gray"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``color`` is a colour name of Ansible's configuration, to be used only where that allows colour."""

    text: str
    color: str | None = None


def wrapped(
    text: str, width: int, *, first: str = "", rest: str = "", color: str | None = None
) -> list[Line]:
    """Return ``text`` over as many lines as it needs; a word that is longer stays whole, to be copied."""
    lines = textwrap.wrap(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [Line(line, color) for line in lines] or [Line(first.rstrip(), color)]


def unwrapped(text: str, *, indent: str = "", color: str | None = None) -> Line:
    """Return ``text`` as one line whatever its length, so that a command can be copied whole."""
    return Line(indent + printable(text), color)


def labelled(
    label: str, text: str, width: int, *, indent: int, label_width: int, color: str | None = None
) -> list[Line]:
    """Return ``text`` beside a label in a column of its own; an empty label continues the one above."""
    first = " " * indent + label.ljust(label_width)
    return wrapped(text, width, first=first, rest=" " * (indent + label_width), color=color)
