# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of report has its own text, and its own reasons to fail a run."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    NOT_CHECKED,
    AuditReport,
    PreflightReport,
    Report,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.audit_text import render_audit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import Line
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.preflight_text import (
    render_preflight,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.terminal import (
    Origin,
    render_terminal,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural


def render_text(report: Report, width: int, origin: Origin, max_findings: int) -> list[Line]:
    """Return the lines of a report of any kind."""
    if isinstance(report, PreflightReport):
        return render_preflight(report, width, report_path=origin.report_path, max_findings=max_findings)
    if isinstance(report, AuditReport):
        return render_audit(report, width, report_path=origin.report_path, max_findings=max_findings)
    return render_terminal(report, width, origin=origin, max_findings=max_findings)


def problem_of(report: Report, fail_on: str) -> str:
    """Return why the run is to fail, in one line; empty where it is not.

    ``fail_on`` is ``never``, ``confirmed`` or ``any``. What could not be read at all fails it in any case, a workload
    or image that could not be checked unless it is ``never``.
    """
    name = report.cluster.name or ("the manifests" if report.kind == "preflight" else "the cluster")
    if report.error:
        return f"{name} could not be read: {report.error}"
    if isinstance(report, PreflightReport) and report.problems:
        more = f" (and {len(report.problems) - 1} more)" if len(report.problems) > 1 else ""
        return f"not everything could be read: {report.problems[0]}{more}"
    counted = [one for one in report.findings if fail_on == "any" or one.confidence == "confirmed"]
    if fail_on != "never" and counted:
        what = "confirmed finding" if fail_on == "confirmed" else "finding"
        return f"{name}: {plural(len(counted), what)}, the first: {counted[0].title}"
    return _incomplete(report, fail_on, name)


def _incomplete(report: Report, fail_on: str, name: str) -> str:
    if isinstance(report, (PreflightReport, AuditReport)):
        if fail_on == "never" or report.scope.complete:
            return ""
        return (
            f"{name}: {_unchecked(report)} could not be checked: not known whether their images can be pulled"
        )
    if report.verdict == "unknown" and not report.scope.complete:
        return f"{name} could not be read completely, so it is not known whether images can be pulled"
    return ""


def _unchecked(report: PreflightReport | AuditReport) -> str:
    if isinstance(report, PreflightReport):
        count = sum(one.verdict == NOT_CHECKED for one in report.workloads)
        return plural(count, "workload") if count else "some objects"
    return plural(sum(one.status == "not_checked" for one in report.images), "image")
