# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture in the README: what the terminal report of the recorded cluster looks like, as an SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import unpacked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    Line,
    Origin,
    render_terminal,
)

COLUMNS = 80
ROWS = 76
CHARACTER, ROW, MARGIN, TITLE = 8.4, 18, 18, 34
# The colours of Ansible's settings, on a dark ground.
COLORS = {"red": "#ff6b68", "green": "#8ad06c", "yellow": "#e5c07b", "cyan": "#56b6c2", "dark gray": "#8b93a1"}
TEXT = "#d7dae0"
FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace"'


def report_lines(archive: Path, shown_as: str) -> list[Line]:
    """Return the report on an evidence archive as the terminal gets it."""
    with unpacked(str(archive)) as folder:
        report = diagnose(folder)
    return render_terminal(report, COLUMNS, origin=Origin(snapshot=shown_as), max_findings=10)


def rows(lines: Iterable[Line]) -> list[tuple[str, str]]:
    """Return text and colour of each row; longer ones, which are commands, are cut where the picture ends."""
    found = []
    for line in lines:
        for text in line.text.split("\n"):
            shown = text if len(text) <= COLUMNS + 4 else text[: COLUMNS + 3] + "…"
            found.append((shown, COLORS.get(line.color or "", TEXT)))
    return found


def svg(found: Sequence[tuple[str, str]], title: str) -> str:
    """Return a terminal window with these rows."""
    width = round(2 * MARGIN + (COLUMNS + 4) * CHARACTER)
    height = TITLE + 2 * MARGIN + ROW * len(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1e2127"/>',
        f'<text x="{width // 2}" y="22" fill="#8b93a1" {FONT} text-anchor="middle">{escape(title)}</text>',
        f'<g font-size="14" {FONT} style="white-space:pre" xml:space="preserve">',
    ]
    for number, (text, color) in enumerate(found):
        if text.strip():
            y = TITLE + MARGIN + ROW * number
            parts.append(f'<text x="{MARGIN}" y="{y}" fill="{color}">{escape(text, quote=False)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def picture(archive: Path, shown_as: str) -> str:
    """Return the picture of the first rows of the report on ``archive``, and say that it goes on."""
    found = rows(report_lines(archive, shown_as))
    if len(found) > ROWS:
        found = [*found[:ROWS], ("…", COLORS["dark gray"])]
    return svg(found, "make demo")
