# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module report: findings to the terminal and to files."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Report
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    Origin,
    ReportError,
    parse_report,
    render_json,
    render_terminal,
    summary_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.json_file import (
    report_from_dict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import (
    ControllerAction,
    holds,
    show,
    write_private,
)

LARGEST = 512 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "report": {"type": "raw", "required": True},
    "digest": {"type": "str"},
    "snapshot": {"type": "path"},
    "dir": {"type": "path"},
    "name": {"type": "str", "default": "report"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": ["terminal", "json"],
        "default": ["terminal", "json"],
    },
    "fail_on": {"type": "str", "choices": ["never", "confirmed", "any"], "default": "never"},
    "max_findings": {"type": "int", "default": 10},
    "width": {"type": "int", "default": 80},
}


class ActionModule(ControllerAction):
    """Prints a report and writes its files; fails afterwards where ``fail_on`` or an unreadable cluster says so."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if not _NAME.fullmatch(options["name"]):
            raise AnsibleActionFail(
                "name: only letters, digits, '.', '_' and '-', beginning with a letter or digit"
            )
        report = _report(options["report"], options["digest"])
        unwritten: OSError | None = None
        files: list[dict[str, Any]] = []
        changed = False
        try:
            files, changed = self._write(report, options)
        except OSError as error:
            unwritten = error  # a folder that cannot be written costs the file, not what people read
        if "terminal" in options["formats"]:
            written = files[0]["path"] if files and not self.in_check_mode else ""
            origin = Origin(snapshot=options["snapshot"] or "", report_path=written)
            width = min(max(options["width"], 40), 400)
            show(render_terminal(report, width, origin=origin, max_findings=max(options["max_findings"], 0)))
        if unwritten:
            raise unwritten
        problem = problem_of(report, options["fail_on"])
        result = {
            "changed": changed,
            "files": files,
            "verdict": report.verdict,
            "summary": summary_of(report),
        }
        if problem:
            result.update(failed=True, msg=problem)
        return result

    def _write(self, report: Report, options: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """Write the files that are wanted; in check mode only tell what would change."""
        if options["dir"] is None or "json" not in options["formats"]:
            return [], False
        path = os.path.join(os.path.abspath(options["dir"]), f"{options['name']}.json")
        content = render_json(report)
        changed = not holds(path, content)
        if changed and not self.in_check_mode:
            write_private(path, content)
        return [
            {"format": "json", "path": path, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        ], changed


def problem_of(report: Report, fail_on: str) -> str:
    """Return why the run is to fail, in one line; empty where it is not."""
    name = report.cluster.name or "the cluster"
    if report.error:
        return f"{name} could not be read: {report.error}"
    if report.verdict == "unknown" and not report.scope.complete:
        return f"{name} could not be read completely, so it is not known whether images can be pulled"
    counted = [f for f in report.findings if fail_on == "any" or f.confidence == "confirmed"]
    if fail_on == "never" or not counted:
        return ""
    what = "confirmed finding" if fail_on == "confirmed" else "finding"
    return f"{name}: {plural(len(counted), what)}, the first: {counted[0].title}"


def _report(source: Any, digest: str | None) -> Report:
    if isinstance(source, dict):
        return report_from_dict(source, "the report")
    if not isinstance(source, str) or not source:
        raise AnsibleActionFail("report: the path of a report, or the report itself, is needed")
    path = os.path.abspath(os.path.expanduser(os.path.expandvars(source)))
    with open(path, "rb") as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ReportError(f"{path} is too large for a report")
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest and digest != found:
        raise ReportError(f"{path} is not the report that was judged: its digest is {found}, not {digest}")
    return parse_report(content, path)
