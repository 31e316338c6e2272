# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on the terminal: the answer first, then the findings with most damage first, then what was looked at."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Report
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.finding_text import (
    render_finding,
    render_finding_in_short,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import (
    GREEN,
    GREY,
    RED,
    YELLOW,
    Line,
    unwrapped,
    wrapped,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

MAX_FINDINGS = 10
"""Findings that are shown whole."""
LISTED = 50
"""Findings that are named in the list at the beginning."""
FEWEST_LISTED = 4
"""So few findings are soon read: no list comes before them."""
_NO_TIME = "1971"
"""A list of failures that names no time is said to be of 1970."""
_STATUS = {"passed": ("passed", GREEN), "failed": ("failed", RED), "not_checked": ("not checked", None)}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the report comes from and goes to.

    ``snapshot`` is the recorded evidence that was judged, empty for a cluster that was just looked at;
    ``report_path`` is where the whole report lies, empty when no file was written.
    """

    snapshot: str = ""
    report_path: str = ""


def render_terminal(
    report: Report, width: int = 80, *, origin: Origin | None = None, max_findings: int = MAX_FINDINGS
) -> list[Line]:
    """Return the lines of the report, at most ``width`` columns but for commands and paths, which are never broken.

    Several findings are named in a list first; the first ``max_findings`` of them are shown whole.
    """
    origin = origin or Origin()
    lines = _head(report, origin, width)
    if len(report.findings) >= FEWEST_LISTED or len(report.findings) > max_findings:
        lines += [Line(""), *_list(report, width)]
    for number, finding in enumerate(report.findings[:max_findings], start=1):
        lines += [Line(""), *render_finding(number, finding, report.observed_at, width)]
    hidden = len(report.findings) - max_findings
    if hidden > 0 and max_findings > 0:
        lines += [
            Line(""),
            *wrapped(f"{plural(hidden, 'finding')} more, named above, whole in the report.", width),
        ]
    lines += [Line(""), *_checklist(report, width)]
    lines += _not_checked(report, width)
    if origin.report_path:
        lines += [Line(""), unwrapped(f"Whole report: {origin.report_path}")]
    return lines


def _head(report: Report, origin: Origin, width: int) -> list[Line]:
    cluster = printable(report.cluster.name) or printable(report.cluster.server) or "(no name)"
    lines: list[Line] = []
    if report.verdict == "failing":
        lines += wrapped(f"IMAGE PULLS FAIL in cluster {cluster}", width, color=RED)
        lines += wrapped(_extent(report), width)
    elif report.verdict == "healthy":
        lines += wrapped(f"ALL IMAGES ARE THERE in cluster {cluster}", width, color=GREEN)
        lines += wrapped("Everything in scope was read, and no container waits for its image.", width)
    else:
        lines += wrapped(f"NOT KNOWN whether images can be pulled in cluster {cluster}", width, color=YELLOW)
        lines += [] if report.error and not report.findings else wrapped(_why_not_known(report), width)
    if report.error and not report.findings:
        lines += wrapped(f"It could not be read: {report.error}", width, color=YELLOW)
    elif report.error:
        lines += wrapped(f"Not everything could be read: {report.error}", width, color=YELLOW)
    elif not report.scope.complete:
        lines += wrapped("Not everything could be read; see below what was not checked.", width, color=YELLOW)
    if origin.snapshot:
        text = f"Judged from the snapshot {origin.snapshot}, recorded at {report.observed_at}; no cluster was asked."
        lines += wrapped(text, width, color=YELLOW)
    about = [
        _scope(report),
        f"Kubernetes {report.cluster.version}" if report.cluster.version else "",
        report.cluster.server,
    ]
    when = "" if origin.snapshot or report.observed_at < _NO_TIME else f"Looked at {report.observed_at}: "
    lines += wrapped(when + ", ".join(part for part in about if part), width, color=GREY)
    return lines


def _list(report: Report, width: int) -> list[Line]:
    lines: list[Line] = []
    for number, finding in enumerate(report.findings[:LISTED], start=1):
        lines += render_finding_in_short(number, finding, width)
    hidden = len(report.findings) - LISTED
    if hidden > 0:
        lines += wrapped(f"and {plural(hidden, 'finding')} more in the whole report", width)
    return lines


def _extent(report: Report) -> str:
    containers = sum(len(finding.pods) for finding in report.findings)
    pods = len({(pod.namespace, pod.name, pod.uid) for finding in report.findings for pod in finding.pods})
    down = report.impact.down if report.impact is not None else 0
    reasons = plural(len(report.findings), "reason")
    text = f"{plural(containers, 'container')} in {plural(pods, 'pod')} without an image, for {reasons}"
    return f"{text}; {plural(down, 'workload')} down." if down else f"{text}."


def _why_not_known(report: Report) -> str:
    if report.findings:
        count = sum(len(finding.pods) for finding in report.findings)
        going = plural(count, "pull goes", "pulls go")
        return f"Nothing has failed so far, but {going} on without a result yet."
    if not report.scope.complete:
        return "What was read shows no failure, but not everything could be read: this is no sign of health."
    detail = next((step.detail for step in report.checklist if step.step == 1), "")
    return f"Nothing has failed so far, but something is open: {detail}"


def _scope(report: Report) -> str:
    scope = report.scope
    where = f"namespaces {enumeration(scope.namespaces, 5)}" if scope.namespaces else "all namespaces"
    if scope.pod:
        where = f"pod {scope.pod}"
    selectors = [text for text in (scope.label_selector, scope.field_selector) if text]
    return f"{where} ({', '.join(selectors)})" if selectors else where


def _checklist(report: Report, width: int) -> list[Line]:
    lines = [Line("Checklist")]
    for step in report.checklist:
        word, color = _STATUS.get(step.status, (step.status, None))
        lines += wrapped(
            step.title, width, first=f"  {step.step:>2}  {word:<12} ", rest=" " * 19, color=color
        )
        if step.detail:
            lines += wrapped(step.detail, width, first=" " * 19, rest=" " * 19, color=GREY)
    return lines


def _not_checked(report: Report, width: int) -> list[Line]:
    if not report.not_checked:
        return []
    lines = [Line(""), Line("Not checked")]
    for item in report.not_checked:
        lost = f"; so not known: {item.conclusion_lost}" if item.conclusion_lost else ""
        lines += wrapped(f"{item.check}: {item.why}{lost}", width, first="  - ", rest="    ")
    return lines
