# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the classification on the corpus and write docs/accuracy.md: ``python tools/accuracy.py [--check]``.

With ``--check`` nothing is written: the exit code is 1 when the page is not current, or when the figures are below
what the collection promises.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    CAUSES,
    Cause,
    classify,
)

CORPUS = ROOT / "tests/data/corpus"
PAGE = ROOT / "docs/accuracy.md"
SETS = {
    "pull_messages.yaml": "the corpus that the rules were written with",
    "more_messages.yaml": "messages collected afterwards",
}
LEAST_RIGHT = 98.0
MOST_WRONG = 1.0
"""Percent of each set. Wrong is an answer that is neither expected nor fair nor ``unknown``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One message, the answer that was expected, and the one that was given."""

    id: str
    expected: str
    fair: tuple[str, ...]
    given: str

    @property
    def right(self) -> bool:
        return self.given == self.expected or self.given in self.fair

    @property
    def wrong(self) -> bool:
        return not self.right and self.given != Cause.UNKNOWN


def load(name: str) -> list[dict[str, Any]]:
    """The entries of one corpus file."""
    return yaml.safe_load((CORPUS / name).read_text(encoding="utf-8"))


def judge(entries: Iterable[dict[str, Any]]) -> list[Verdict]:
    """Each entry with what the classification says to it today."""
    return [
        Verdict(
            entry["id"],
            entry["expected"],
            tuple(entry["also"]),
            str(classify(entry["message"], entry["reason"]).cause),
        )
        for entry in entries
    ]


def percent(part: int, whole: int) -> float:
    """``part`` of ``whole`` in percent, to one decimal."""
    return round(100 * part / whole, 1)


def below_promise(verdicts: list[Verdict]) -> str | None:
    """What is wrong with the figures, or null."""
    right = percent(sum(verdict.right for verdict in verdicts), len(verdicts))
    wrong = percent(sum(verdict.wrong for verdict in verdicts), len(verdicts))
    if right < LEAST_RIGHT:
        return f"{right} % right, {LEAST_RIGHT} are promised"
    if wrong > MOST_WRONG:
        return f"{wrong} % wrong, at most {MOST_WRONG} are promised"
    return None


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _figures(title: str, total: int, right: int, wrong: int) -> str:
    unknown = total - right - wrong
    return _row(
        title,
        total,
        f"{right} ({percent(right, total)} %)",
        f"{unknown} ({percent(unknown, total)} %)",
        f"{wrong} ({percent(wrong, total)} %)",
    )


_HEAD = [_row("messages", "number", "right", "`unknown`", "wrong"), _row("---", "--:", "--:", "--:", "--:")]


def _first_contact() -> list[str]:
    lines = []
    for batch in load("first_contact.yaml"):
        missed = list(batch["answers"].values())
        wrong = sum(answer != Cause.UNKNOWN for answer in missed)
        total = batch["messages"]
        lines.append(_figures(f"batch {batch['batch']}", total, total - len(missed), wrong))
    return lines


def _confusion(verdicts: list[Verdict]) -> list[str]:
    lines = [_row("expected", "messages", "given", "given instead"), _row("---", "--:", "--:", "---")]
    for cause in CAUSES:
        of_cause = [verdict for verdict in verdicts if verdict.expected == cause]
        if not of_cause:
            continue
        others = Counter(
            (verdict.given, "fair" if verdict.right else "not known" if not verdict.wrong else "**wrong**")
            for verdict in of_cause
            if verdict.given != cause
        )
        instead = ", ".join(f"`{given}` {count} ({kind})" for (given, kind), count in sorted(others.items()))
        same = sum(verdict.given == cause for verdict in of_cause)
        lines.append(_row(f"`{cause}`", len(of_cause), same, instead))
    return lines


def render() -> str:
    """The page."""
    judged = {name: judge(load(name)) for name in SETS}
    everything = [verdict for verdicts in judged.values() for verdict in verdicts]
    totals = [
        _figures(
            f"{title} (`tests/data/corpus/{name}`)",
            len(judged[name]),
            sum(verdict.right for verdict in judged[name]),
            sum(verdict.wrong for verdict in judged[name]),
        )
        for name, title in SETS.items()
    ]
    lines = [
        f"<!-- SPDX-{'License'}-Identifier: GPL-3.0-or-later -->",
        "<!-- Written by `python tools/accuracy.py`: run it again instead of editing this page. -->",
        "# How often the classification is right",
        "",
        "Measured on real messages from public issues, logs and documents, each with the cause that its text names",
        "and other answers that are fair. An answer is right when it is one of those. It is wrong when it is another",
        "cause; `unknown` is neither, because it misleads nobody. Repeat it with `python tools/accuracy.py`.",
        "",
        "## Today",
        "",
        *_HEAD,
        *totals,
        "",
        f"The tests hold each set to at least {LEAST_RIGHT:g} % right and at most {MOST_WRONG:g} % wrong.",
        "",
        "## At first sight",
        "",
        "The rules know these messages by now, so the figures above say little about the next message. These do: the",
        "later messages came in batches, were labelled first, and then met rules that had never seen them. After",
        "each batch the rules were amended. Whoever labelled batches 1 to 3 knew the rules; batch 4 was collected and",
        "labelled without having read them, and its labels stand as they were written.",
        "",
        *_HEAD,
        *_first_contact(),
        "",
        "## Which cause is taken for which",
        "",
        "All messages of today. A cause that is not listed has no message yet.",
        "",
        *_confusion(everything),
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the page is not current"
    )
    check = parser.parse_args(arguments).check
    page = render()
    problems = []
    for name in SETS:
        problem = below_promise(judge(load(name)))
        if problem:
            problems.append(f"accuracy.py: {name}: {problem}")
    if not check:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        problems.append(f"accuracy.py: {PAGE.relative_to(ROOT)} is not current: run python tools/accuracy.py")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
