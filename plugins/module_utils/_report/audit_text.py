# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit on the terminal: what runs today and would not pull tomorrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import AuditReport
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import (
    GREEN,
    GREY,
    RED,
    YELLOW,
    Line,
    unwrapped,
    wrapped,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.preflight_text import (
    left_open,
    render_fault,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural, printable

_NOT_CHECKED_LISTED = 20


def render_audit(
    report: AuditReport, width: int, *, report_path: str = "", max_findings: int = 10
) -> list[Line]:
    """Return the lines, at most ``width`` columns but for commands and paths."""
    lines = list(_head(report, width))
    if len(report.findings) > 3:
        lines.append(Line(""))
        for number, finding in enumerate(report.findings, start=1):
            lines += wrapped(
                f"{finding.title} [{finding.confidence}]", width, first=f"{number}. ", rest="   "
            )
    for number, finding in enumerate(report.findings[:max_findings], start=1):
        lines += [Line(""), *render_fault(number, finding, width)]
    hidden = len(report.findings) - max_findings
    if hidden > 0:
        lines += [
            Line(""),
            *wrapped(f"{plural(hidden, 'finding')} more, named above, whole in the report.", width),
        ]
    lines += _open_images(report, width)
    lines += left_open(report.not_checked, width)
    if report_path:
        lines += [Line(""), unwrapped(f"Whole report: {report_path}")]
    return lines


def _head(report: AuditReport, width: int) -> Iterator[Line]:
    counts = Counter(image.status for image in report.images)
    if report.verdict == "failing":
        yield from wrapped("WHAT RUNS TODAY MAY NOT PULL TOMORROW", width, color=RED)
    elif report.verdict == "healthy":
        yield from wrapped("EVERYTHING THAT RUNS COULD BE PULLED AGAIN", width, color=GREEN)
    else:
        yield from wrapped(
            "NOT KNOWN whether everything that runs could be pulled again", width, color=YELLOW
        )
    said = ", ".join(
        f"{counts[status]} {words}"
        for status, words in (
            ("not_pullable", "not pullable"),
            ("not_checked", "not checked"),
            ("pullable", "pullable"),
        )
        if counts[status]
    )
    findings = plural(len(report.findings), "finding")
    yield from wrapped(f"{plural(len(report.images), 'image')}: {said or 'none'}; {findings}.", width)
    if report.error:
        yield from wrapped(f"Could not be read: {report.error}", width, color=YELLOW)
    cluster = printable(report.cluster.name or report.cluster.server) or "(no name)"
    version = f", Kubernetes {report.cluster.version}" if report.cluster.version else ""
    requests = plural(report.stats.registry_requests, "request")
    yield from wrapped(
        f"Looked at {report.observed_at}: {cluster}{version}, {requests} to registries", width, color=GREY
    )


def _open_images(report: AuditReport, width: int) -> Iterator[Line]:
    left = [image for image in report.images if image.status == "not_checked"]
    if not left:
        return
    yield Line("")
    yield Line("Images that could not be checked")
    for image in left[:_NOT_CHECKED_LISTED]:
        yield from wrapped(f"{image.image}: {image.summary}", width, first="  - ", rest="    ")
    if len(left) > _NOT_CHECKED_LISTED:
        yield from wrapped(f"and {len(left) - _NOT_CHECKED_LISTED} more", width, first="  - ", rest="    ")
