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
    problem_of,
    render_json,
    render_junit,
    render_text,
    summary_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.json_file import (
    report_from_dict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import (
    ControllerAction,
    holds,
    show,
    write_private,
)

LARGEST = 512 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_FILES = {"json": ("json", render_json), "junit": ("junit.xml", render_junit)}
"""What is written for each format: the ending of the file, and who makes its content."""
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "report": {"type": "raw", "required": True},
    "digest": {"type": "str"},
    "snapshot": {"type": "path"},
    "dir": {"type": "path"},
    "name": {"type": "str", "default": "report"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": ["terminal", "json", "junit"],
        "default": ["terminal", "json"],
    },
    "fail_on": {"type": "str", "choices": ["never", "confirmed", "any"], "default": "never"},
    "max_findings": {"type": "int", "default": 10},
    "width": {"type": "int", "default": 80},
}


class ActionModule(ControllerAction):
    """Prints a report and writes its files; fails afterwards where ``fail_on`` or an unreadable cluster says so."""

    ARGUMENT_SPEC = ARGUMENT_SPEC
    KNOWN_ERRORS = (*ControllerAction.KNOWN_ERRORS, ReportError)

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
            written = "" if self.in_check_mode else next((one["path"] for one in files if one["format"] == "json"), "")
            origin = Origin(snapshot=options["snapshot"] or "", report_path=written)
            width = min(max(options["width"], 40), 400)
            show(render_text(report, width, origin, max(options["max_findings"], 0)))
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
        files: list[dict[str, Any]] = []
        changed = False
        if options["dir"] is None:
            return files, changed
        for name, (ending, render) in _FILES.items():
            if name not in options["formats"]:
                continue
            path = os.path.join(os.path.abspath(options["dir"]), f"{options['name']}.{ending}")
            content = render(report)
            if not holds(path, content):
                changed = True
                if not self.in_check_mode:
                    write_private(path, content)
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            files.append({"format": name, "path": path, "digest": digest})
        return files, changed


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
