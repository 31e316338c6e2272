# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML, which CI systems show as tests: one case for each workload of a preflight, or image of an audit.

The elements are those that Jenkins, GitLab and GitHub's reporters read alike. What was not checked is an ``error``
(the test could not be run) and never ``skipped``, which every one of them shows as harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    NOT_CHECKED,
    WOULD_NOT_PULL,
    AuditReport,
    PreflightReport,
    Report,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class _Case:
    suite: str
    classname: str
    name: str
    outcome: str
    kind: str
    message: str
    details: str
    file: str = ""


def render_junit(report: Report) -> bytes:
    """Return the XML of a report: cases of a preflight or audit, else one case for each finding."""
    cases = [*_cases(report), *_of_the_run(report)]
    if report.verdict == "unknown" and not any(case.outcome for case in cases):
        cases += _unread(report)
    root = ElementTree.Element("testsuites", {"name": f"image pull {report.kind}", **_counts(cases)})
    for suite in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == suite]
        element = ElementTree.SubElement(
            root, "testsuite", {"name": _fit(suite), "timestamp": _timestamp(report), **_counts(members)}
        )
        for case in members:
            _add(element, case)
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "utf-8") + b"\n"


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
        "skipped": "0",
    }


def _timestamp(report: Report) -> str:
    return report.observed_at.removesuffix("Z")


def _add(suite: ElementTree.Element, case: _Case) -> None:
    attributes = {"classname": _fit(case.classname), "name": _fit(case.name), "time": "0"}
    if case.file:
        attributes["file"] = _fit(case.file)
    element = ElementTree.SubElement(suite, "testcase", attributes)
    if case.outcome:
        child = ElementTree.SubElement(
            element, case.outcome, {"type": _fit(case.kind), "message": _fit(case.message, _MESSAGE)}
        )
        child.text = "\n".join(_fit(line) for line in case.details.splitlines())
    elif case.details:
        ElementTree.SubElement(element, "system-out").text = "\n".join(
            _fit(line) for line in case.details.splitlines()
        )


def _fit(text: str, limit: int = 0) -> str:
    """Return ``text`` fit for XML, which knows no control characters; ElementTree does the escaping."""
    return "".join(one for one in printable(text, limit) if one not in "\ufffe\uffff")


def _cases(report: Report) -> list[_Case]:
    if isinstance(report, PreflightReport):
        return [_of_workload(workload) for workload in report.workloads]
    if isinstance(report, AuditReport):
        return _of_images(report)
    return [
        _Case(
            "findings", finding.cause, finding.title, "failure", finding.cause, finding.title, finding.summary
        )
        for finding in report.findings
    ]


def _of_workload(workload: WorkloadVerdict) -> _Case:
    outcome = {WOULD_NOT_PULL: "failure", NOT_CHECKED: "error"}.get(workload.verdict, "")
    worst = next((one for one in workload.containers if one.verdict == workload.verdict), None)
    details = [
        f"{one.name} ({one.type}) {one.image}: {one.verdict}: {one.summary}" for one in workload.containers
    ]
    details += [f"{one.name}: {note}" for one in workload.containers for note in one.notes]
    return _Case(
        suite=workload.namespace,
        classname=f"{workload.namespace}.{workload.kind}",
        name=workload.name,
        outcome=outcome,
        kind=(worst.cause if worst is not None and worst.cause else workload.verdict),
        message=workload.summary,
        details="\n".join(" ".join(one.split()) for one in details),
        file=workload.origin,
    )


def _of_images(report: AuditReport) -> list[_Case]:
    cases = []
    for image in report.images:
        outcome = {"not_pullable": "failure", "not_checked": "error"}.get(image.status, "")
        outcome = outcome or ("failure" if image.risks else "")
        kind = image.risks[0] if image.risks else image.status
        cases.append(_Case("images", "image", image.image, outcome, kind, image.summary, image.summary))
    loose = [finding for finding in report.findings if not finding.images]
    return cases + [
        _Case(
            "registries",
            finding.cause,
            finding.title,
            "failure",
            finding.cause,
            finding.title,
            finding.summary,
        )
        for finding in loose
    ]


def _unread(report: Report) -> list[_Case]:
    """What was not looked at, where nothing else would keep a pipeline from going on."""
    told = [f"{one.check}: {one.why}" for one in report.not_checked] or ["not everything in scope was read"]
    return [_Case("input", "input", printable(one, 120), "error", "not_read", one, one) for one in told]


def _of_the_run(report: Report) -> list[_Case]:
    """What could not be read at all is a case of its own, so that a run without any other does not look fine."""
    problems = [report.error] if report.error else []
    if isinstance(report, PreflightReport):
        problems += report.problems
    return [
        _Case("input", "input", printable(problem, 120), "error", "not_read", problem, problem)
        for problem in problems
    ]
