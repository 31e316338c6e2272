# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings to what people and machines read. A new kind of output is one file here."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.json_file import (
    ReportError,
    parse_report,
    render_json,
    report_dict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.junit import render_junit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.kinds import (
    problem_of,
    render_text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import Line
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.summary import summary_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.terminal import (
    Origin,
    render_terminal,
)

__all__ = [
    "Line",
    "Origin",
    "ReportError",
    "parse_report",
    "problem_of",
    "render_json",
    "render_junit",
    "render_terminal",
    "render_text",
    "report_dict",
    "summary_of",
]
