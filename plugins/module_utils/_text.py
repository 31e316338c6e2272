# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside, made fit to be printed: one line, no terminal sequences, no invisible characters."""

from __future__ import annotations

import functools
import re
import unicodedata

QUOTE_LIMIT = 300
"""The longest quotation in a report, in characters."""

_ELLIPSIS = "…"
_TERMINAL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48): colours, cursor movement
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC up to their end: titles, hyperlinks
    r"|\x1b[ -/]*[0-~]"  # any other escape
    r"|\x9b[0-?]*[ -/]*[@-~]",  # CSI as one C1 character
    re.DOTALL,
)
_WHITE_SPACE = re.compile(r"\s+")
# Cc control, Cf format (bidirectional overrides, zero width), Cs lone surrogates, Co private use, Zl/Zp line ends.
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@functools.lru_cache(maxsize=4096)
def printable(text: str, limit: int = 0) -> str:
    """Return ``text`` as one printable line, cut to ``limit`` characters (0: not cut) with an ellipsis.

    Terminal sequences vanish; control, bidirectional and other invisible characters become ``?`` or, where they
    are white space, one blank. The result is the same when cleaned again.
    """
    if limit and len(text) > 8 * limit:
        text = text[: 8 * limit]
    if not (text.isascii() and text.isprintable()) or "  " in text:
        text = _TERMINAL_SEQUENCE.sub("", text)
        text = _WHITE_SPACE.sub(" ", text)
        text = "".join("?" if unicodedata.category(character) in _UNFIT else character for character in text)
    text = text.strip()
    if limit and len(text) > limit:
        return text[: limit - 1].rstrip() + _ELLIPSIS
    return text


def quotation(text: str) -> str:
    """Return ``text`` as a quotation for a report: printable, at most ``QUOTE_LIMIT`` characters."""
    return printable(text, QUOTE_LIMIT)


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 pod`` or ``2 pods``."""
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


def enumeration(names: list[str] | tuple[str, ...], limit: int = 3) -> str:
    """Return ``a, b, c and 4 more``."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"
