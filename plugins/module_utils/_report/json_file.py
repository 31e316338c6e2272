# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.json: the whole answer, to the schema in docs/report.schema.json."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AuditReport,
    PreflightReport,
    Report,
    Scope,
)

SCHEMA_VERSION = 1
_DEPTH = 4
"""How deep objects are laid out over several lines; what lies deeper (a pod, an evidence item) is one line."""


_KINDS: dict[str, type[Report]] = {"preflight": PreflightReport, "audit": AuditReport}
"""Reports that say more than findings, by kind."""


class ReportError(ValueError):
    """A file that is no report, or one of a schema that this version does not know. The message is one line."""


def report_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain values; ``scope`` has the selectors joined as well, as the contract names them."""
    data = report.to_dict()
    data["scope"]["selector"] = _selector(report.scope)
    return data


def render_json(report: Report) -> bytes:
    """Return the file's bytes: ASCII, the same for the same report."""
    return (_laid_out(report_dict(report), 0) + "\n").encode("ascii")


def parse_report(content: bytes, name: str) -> Report:
    """Return the report that a file holds. Raises ReportError, naming the file, for anything else."""
    try:
        data = json.loads(content)
    except ValueError:
        raise ReportError(f"{name} is no report: not JSON") from None
    if not isinstance(data, dict) or "findings" not in data or "verdict" not in data:
        raise ReportError(f"{name} is no report: it has no findings and no verdict")
    return report_from_dict(data, name)


def report_from_dict(data: dict[str, Any], name: str) -> Report:
    """Return the report that these values are. Raises ReportError, naming the source, when they are none."""
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ReportError(f"{name} has report schema {version!r}, this version reads {SCHEMA_VERSION}")
    try:
        return _KINDS.get(str(data.get("kind")), Report).from_dict(data)
    except ValueError as error:
        raise ReportError(f"{name} is no whole report: {error}") from None


def _selector(scope: Scope) -> str | None:
    parts = (scope.label_selector, scope.field_selector, scope.pod)
    return ",".join(part for part in parts if part) or None


def _laid_out(value: Any, depth: int) -> str:
    if depth >= _DEPTH or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, separators=(", ", ": "))
    margin, end = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict):
        inner = (f"{json.dumps(key)}: {_laid_out(item, depth + 1)}" for key, item in value.items())
        return "{" + margin + ("," + margin).join(inner) + end + "}"
    return "[" + margin + ("," + margin).join(_laid_out(item, depth + 1) for item in value) + end + "]"
