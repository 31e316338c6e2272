# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on the terminal. The expected texts lie in tests/data/reports and are written anew by

UPDATE_REPORTS=1 pytest tests/unit/plugins/module_utils/_report/test_terminal.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import Origin, render_terminal

from tests.unit.evidence import NAMES, failing, folder_of, judged, no_such_host, not_found

EXPECTED = Path(__file__).resolve().parents[4] / "data" / "reports"


def printed(report, **arguments) -> str:
    return "".join(f"{line.text}\n" for line in render_terminal(report, **arguments))


@pytest.mark.parametrize("name", NAMES)
def test_reads_as_expected(name: str, tmp_path: Path) -> None:
    text = printed(diagnose(folder_of(name, tmp_path / "run")), origin=Origin(report_path="reports/report.json"))
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE_REPORTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
