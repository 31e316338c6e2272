# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding as a tired person wants to read it: what, who, the proof, what to do, what not to do."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judge import age
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.moments import (
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Evidence, Finding
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import (
    CYAN,
    GREY,
    RED,
    YELLOW,
    Line,
    labelled,
    unwrapped,
    wrapped,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

INDENT = 3
LABEL = 9
QUOTES = 4
FIXES = 5
SUGGESTIONS = 3
CHANGES = 3
_COLORS = {"confirmed": RED, "likely": RED, "possible": YELLOW}


def render_finding(number: int, finding: Finding, observed_at: str, width: int) -> list[Line]:
    """Return the finding in full."""
    head = f"{number}. "
    lines = wrapped(
        f"{finding.title} [{finding.confidence}]",
        width,
        first=head,
        rest=" " * INDENT,
        color=_COLORS.get(finding.confidence),
    )
    lines += wrapped(finding.summary, width, first=" " * INDENT, rest=" " * INDENT)
    for label, text in _hit(finding, observed_at):
        lines += _row(label, text, width)
    lines += _seen(finding, width)
    for label, texts, limit in (
        ("Before", finding.changes, CHANGES),
        ("Perhaps", finding.suggestions, SUGGESTIONS),
    ):
        for index, text in enumerate(texts[:limit]):
            lines += _row("" if index else label, text, width, CYAN if label == "Perhaps" else None)
    lines += _fixes(finding, width)
    for index, text in enumerate(finding.do_not):
        lines += _row("" if index else "Do not", _without_do_not(text), width, YELLOW)
    for index, text in enumerate(_alternatives(finding)):
        lines += _row("" if index else "Or else", text, width)
    return lines


def render_finding_in_short(number: int, finding: Finding, width: int) -> list[Line]:
    """Return the finding in one line or two."""
    text = f"{finding.title} [{finding.confidence}], {plural(finding.blast_radius.pods, 'pod')}"
    return wrapped(text, width, first=f"{number}. ", rest=" " * INDENT, color=_COLORS.get(finding.confidence))


def _alternatives(finding: Finding) -> list[str]:
    """The other causes, those with the same reason in one line."""
    causes: dict[str, list[str]] = {}
    for item in finding.alternatives:
        causes.setdefault(item.why_less_likely, []).append(item.cause)
    return [f"{', '.join(names)}: {why}" for why, names in causes.items()]


def _row(label: str, text: str, width: int, color: str | None = None) -> list[Line]:
    return labelled(label, text, width, indent=INDENT, label_width=LABEL, color=color)


def _hit(finding: Finding, observed_at: str) -> Iterator[tuple[str, str]]:
    impact, radius = finding.impact, finding.blast_radius
    states = [
        f"{plural(count, 'workload')} {what}"
        for count, what in (
            (impact.down, "down"),
            (impact.degraded, "degraded"),
            (impact.rollout_blocked, "with a blocked rollout"),
        )
        if count
    ]
    if impact.desired:
        states.append(f"{impact.ready} of {plural(impact.desired, 'replica')} ready")
    yield "Hit", f"{_owners(finding)}{': ' + ', '.join(states) if states else ''}"
    pods = list(dict.fromkeys(f"{pod.namespace}/{pod.name}" for pod in finding.pods))
    where = f" on {enumeration(finding.nodes)}" if finding.nodes else ""
    yield "", f"{plural(radius.pods, 'pod')}{where}: {enumeration(pods)}{_since(finding, observed_at)}"
    kinds = sorted({pod.container_type for pod in finding.pods} - {"main", "sandbox"})
    if kinds:
        yield "", f"kinds of containers: {enumeration([kind.replace('_', ' ') for kind in kinds])}"
    if len(finding.images) > 1:
        yield "", f"{plural(radius.images, 'image')}: {enumeration(finding.images)}"
    if finding.secrets and "secret" not in finding.title.lower():
        yield "", f"{plural(len(finding.secrets), 'pull secret')}: {enumeration(finding.secrets)}"


def _owners(finding: Finding) -> str:
    owners = dict.fromkeys(
        f"{pod.owner.kind} {pod.namespace}/{pod.owner.name}"
        if pod.owner
        else f"Pod {pod.namespace}/{pod.name}"
        for pod in finding.pods
    )
    return enumeration([printable(owner) for owner in owners])


def _since(finding: Finding, observed_at: str) -> str:
    since = min((pod.since for pod in finding.pods if pod.since), default=None)
    seconds = seconds_between(since, observed_at)
    if since is None:
        return ""
    return f", since {since}" + (f" ({age(int(seconds))})" if seconds is not None and seconds >= 0 else "")


def _seen(finding: Finding, width: int) -> list[Line]:
    said = finding.summary.lower()
    # What the summary has told in full needs no second line.
    chosen = _chosen(tuple(item for item in finding.evidence if item.quote or item.fact.lower() not in said))
    lines: list[Line] = []
    for index, item in enumerate(chosen):
        against = "" if item.supports else "besides: "
        at = f" at {item.at}" if item.at and item.at != "" and item.source == "event" else ""
        lines += _row("" if index else "Seen", f"{against}{item.fact}{at}{':' if item.quote else ''}", width)
        if item.quote:
            margin = " " * (INDENT + LABEL) + "| "
            lines += wrapped(item.quote, width, first=margin, rest=margin, color=GREY)
    return lines


def _chosen(evidence: tuple[Evidence, ...]) -> list[Evidence]:
    """A few items: one quotation first, then what was found beside it, then other quotations."""
    quoted = [item for item in evidence if item.source in ("status", "event") and item.supports]
    others = [item for item in evidence if item not in quoted]
    return (quoted[:1] + others[:2] + quoted[1:] + others[2:])[:QUOTES]


def _fixes(finding: Finding, width: int) -> list[Line]:
    lines: list[Line] = []
    for index, fix in enumerate(finding.fixes[:FIXES]):
        risk = (
            ""
            if fix.risk == "low"
            else f" [risk: {fix.risk}{'' if fix.reversible else ', cannot be undone'}]"
        )
        lines += _row("" if index else "Do", f"{fix.title}{risk}", width)
        if fix.command:
            lines.append(unwrapped(fix.command, indent=" " * (INDENT + LABEL + 2), color=CYAN))
    hidden = len(finding.fixes) - FIXES
    if hidden > 0:
        lines += _row("", f"{hidden} more in report.json", width)
    return lines


def _without_do_not(text: str) -> str:
    return text.removeprefix("Do not ")
