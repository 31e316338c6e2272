# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module diagnosis: evidence to findings."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import (
    diagnose,
    diagnose_facts,
    facts_from_records,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    PullFailure,
    Report,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    render_json,
    report_dict,
    summary_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import (
    ControllerAction,
    evidence_at,
    write_private,
)

LISTED = 50
LONG_AGO = "1970-01-01T00:00:00Z"
"""When a list was collected that names no time at all. The clock is not asked: the same list gives the same report."""

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "evidence": {"type": "path"},
    "failures": {"type": "list", "elements": "dict"},
    "cluster": {"type": "str", "default": ""},
    "observed_at": {"type": "str"},
    "complete": {"type": "bool", "default": False},
    "dest": {"type": "path"},
}


class ActionModule(ControllerAction):
    """Judges an evidence folder, an archive of one, or a list of failures. Looks at nothing else."""

    ARGUMENT_SPEC = ARGUMENT_SPEC
    CONSTRAINTS = {
        "mutually_exclusive": [["evidence", "failures"]],
        "required_one_of": [["evidence", "failures"]],
    }

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        path = options["evidence"]
        if path is None:
            report, digest, snapshot = _from_list(options), None, None
        else:
            path = os.path.abspath(path)
            with evidence_at(path) as folder:
                report, digest = diagnose(folder), folder.digest()
            snapshot = None if os.path.isdir(path) else path
        return {
            "changed": False,
            "evidence_digest": digest,
            "snapshot": snapshot,
            **_answer(report, options["dest"]),
        }


def _answer(report: Report, dest: str | None) -> dict[str, Any]:
    content = render_json(report)
    if dest is not None:
        dest = os.path.abspath(dest)
        write_private(dest, content)
    return {
        "verdict": report.verdict,
        "error": report.error,
        "findings_count": len(report.findings),
        "findings_summary": [
            {
                "id": finding.id,
                "cause": finding.cause,
                "confidence": finding.confidence,
                "title": finding.title,
                "pods": finding.blast_radius.pods,
            }
            for finding in report.findings[:LISTED]
        ],
        "summary": summary_of(report),
        "report": report_dict(report) if dest is None else None,
        "report_path": dest,
        "report_digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _from_list(options: dict[str, Any]) -> Report:
    failures = []
    for number, item in enumerate(options["failures"], start=1):
        try:
            failures.append(PullFailure.from_dict(item))
        except ValueError as error:
            raise AnsibleActionFail(f"failures, item {number}: {printable(str(error), 300)}") from None
    times = [at for failure in failures for at in (failure.since, failure.pod_created_at) if at]
    times += [event.last_at for failure in failures for event in failure.events if event.last_at]
    observed_at = options["observed_at"] or max(times, default=LONG_AGO)
    facts = facts_from_records(
        failures,
        cluster=ClusterFact(name=options["cluster"], server=""),
        scope=Scope(complete=options["complete"]),
        observed_at=observed_at,
    )
    return diagnose_facts(facts)
