# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few numbers and words about a report, small enough to travel in variables and job artifacts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AuditReport,
    PreflightReport,
    Report,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

TITLES = 5


def summary_of(report: Report) -> dict[str, Any]:
    """Return verdict, counts by cause and confidence, and the titles of the worst findings.

    A preflight's has the number of workloads by verdict as well, an audit's that of images by status.
    """
    causes = Counter(finding.cause for finding in report.findings)
    confidences = Counter(finding.confidence for finding in report.findings)
    pods = {(pod.namespace, pod.name, pod.uid) for finding in report.findings for pod in finding.pods}
    return {
        "verdict": report.verdict,
        "cluster": printable(report.cluster.name),
        "observed_at": report.observed_at,
        "complete": report.scope.complete,
        "findings": len(report.findings),
        "pods": len(pods),
        "containers": sum(len(finding.pods) for finding in report.findings),
        "by_cause": dict(sorted(causes.items())),
        "by_confidence": dict(sorted(confidences.items())),
        "top": [printable(finding.title, 160) for finding in report.findings[:TITLES]],
        "error": report.error,
        **_of_kind(report),
    }


def _of_kind(report: Report) -> dict[str, Any]:
    if isinstance(report, PreflightReport):
        return {"workloads": dict(sorted(Counter(one.verdict for one in report.workloads).items()))}
    if isinstance(report, AuditReport):
        return {"images": dict(sorted(Counter(one.status for one in report.images).items()))}
    return {}
