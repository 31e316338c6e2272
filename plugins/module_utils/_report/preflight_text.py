# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A preflight on the terminal: the answer, each workload's verdict, what to do about each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    NOT_CHECKED,
    WOULD_NOT_PULL,
    WOULD_PULL,
    ContainerVerdict,
    Finding,
    NotChecked,
    PreflightReport,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import (
    CYAN,
    GREEN,
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

LISTED = 200
"""Workloads that would pull and are named; those that would not are all named."""
_LABEL = 9
_INDENT = 3
_WORDS = {WOULD_PULL: ("ok", GREEN), WOULD_NOT_PULL: ("WOULD NOT", RED), NOT_CHECKED: ("not checked", YELLOW)}
_COLUMN = 13


def render_preflight(
    report: PreflightReport, width: int, *, report_path: str = "", max_findings: int = 10
) -> list[Line]:
    """Return the lines, at most ``width`` columns but for commands and paths."""
    lines = [*_head(report, width), Line(""), *_workloads(report, width)]
    for number, finding in enumerate(report.findings[:max_findings], start=1):
        lines += [Line(""), *render_fault(number, finding, width)]
    hidden = len(report.findings) - max_findings
    if hidden > 0:
        lines += [Line(""), *wrapped(f"{plural(hidden, 'fault')} more in the report.", width)]
    lines += left_open(report.not_checked, width)
    if report_path:
        lines += [Line(""), unwrapped(f"Whole report: {report_path}")]
    return lines


def _head(report: PreflightReport, width: int) -> Iterator[Line]:
    counts = Counter(workload.verdict for workload in report.workloads)
    total = plural(len(report.workloads), "workload")
    said = ", ".join(
        f"{counts[verdict]} {words}"
        for verdict, words in (
            (WOULD_NOT_PULL, "would not pull"),
            (NOT_CHECKED, "not checked"),
            (WOULD_PULL, "would pull"),
        )
        if counts[verdict]
    )
    if report.verdict == "failing":
        yield from wrapped("SOME IMAGES WOULD NOT BE PULLED", width, color=RED)
    elif report.verdict == "healthy":
        yield from wrapped("ALL IMAGES WOULD BE PULLED", width, color=GREEN)
    else:
        yield from wrapped("NOT KNOWN whether all images would be pulled", width, color=YELLOW)
    yield from wrapped(f"{total}: {said}." if said else "No workload was found.", width)
    for problem in [*([report.error] if report.error else []), *report.problems[:20]]:
        yield from wrapped(f"Could not be read: {problem}", width, color=YELLOW)
    cluster = printable(report.cluster.name or report.cluster.server) or "no cluster"
    version = f", Kubernetes {report.cluster.version}" if report.cluster.version else ""
    requests = plural(report.stats.registry_requests, "request")
    yield from wrapped(
        f"Looked at {report.observed_at}: {cluster}{version}, {requests} to registries", width, color=GREY
    )


def _workloads(report: PreflightReport, width: int) -> Iterator[Line]:
    fine = 0
    for workload in report.workloads:
        if workload.verdict == WOULD_PULL:
            fine += 1
            if fine > LISTED:
                continue
        yield from _workload(workload, width)
    if fine > LISTED:
        yield from wrapped(f"and {plural(fine - LISTED, 'workload')} more that would pull", width)


def _workload(workload: WorkloadVerdict, width: int) -> Iterator[Line]:
    word, color = _WORDS[workload.verdict]
    where = f" ({workload.origin}, document {workload.document})" if workload.document else ""
    head = f"{workload.kind} {workload.namespace}/{workload.name}{where}"
    yield from labelled(word, head, width, indent=0, label_width=_COLUMN, color=color)
    margin = " " * _COLUMN
    for container in workload.containers:
        for text in _about(container, workload.verdict):
            yield from wrapped(text, width, first=margin, rest=f"{margin}  ", color=GREY)
    if not workload.containers and workload.summary:
        yield from wrapped(workload.summary, width, first=margin, rest=margin, color=GREY)


def _about(container: ContainerVerdict, verdict: str) -> Iterator[str]:
    kind = "" if container.type == "main" else f" ({container.type.replace('_', ' ')})"
    if container.verdict != WOULD_PULL:
        yield f"{container.name}{kind} {container.image}: {container.summary}"
    if verdict != WOULD_PULL or container.notes:
        for note in container.notes:
            yield f"{container.name}{kind}: note: {note}"


def render_fault(number: int, finding: Finding, width: int) -> list[Line]:
    """Return one fault with whom it hits, the proof, and what to do."""
    head = f"{number}. "
    lines = wrapped(
        f"{finding.title} [{finding.confidence}]", width, first=head, rest=" " * _INDENT, color=RED
    )
    lines += wrapped(finding.summary, width, first=" " * _INDENT, rest=" " * _INDENT)
    hit = [
        f"{pod.owner.kind} {pod.namespace}/{pod.owner.name}"
        if pod.owner
        else f"Pod {pod.namespace}/{pod.name}"
        for pod in finding.pods
    ]
    if hit:
        lines += _row("Hit", enumeration(list(dict.fromkeys(hit)), 5), width)
    for index, item in enumerate(finding.evidence[:4]):
        lines += _row("" if index else "Seen", item.fact + (f": {item.quote}" if item.quote else ""), width)
    for index, text in enumerate(finding.suggestions[:4]):
        lines += _row("" if index else "Perhaps", text, width, CYAN)
    for index, fix in enumerate(finding.fixes[:4]):
        lines += _row("" if index else "Do", fix.title, width)
        if fix.command:
            lines.append(unwrapped(fix.command, indent=" " * (_INDENT + _LABEL + 2), color=CYAN))
    for index, text in enumerate(finding.do_not):
        lines += _row("" if index else "Do not", text.removeprefix("Do not "), width, YELLOW)
    return lines


def _row(label: str, text: str, width: int, color: str | None = None) -> list[Line]:
    return labelled(label, text, width, indent=_INDENT, label_width=_LABEL, color=color)


def left_open(items: tuple[NotChecked, ...], width: int) -> list[Line]:
    """Return what was not checked, as a list under a heading; nothing where all was."""
    if not items:
        return []
    lines = [Line(""), Line("Not checked")]
    for item in items:
        lost = f"; so not known: {item.conclusion_lost}" if item.conclusion_lost else ""
        lines += wrapped(f"{item.check}: {item.why}{lost}", width, first="  - ", rest="    ")
    return lines
