# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge an evidence folder and render the report, as a process: judge.py EVIDENCE REPORT."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "collections"))

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    parse_report,
    render_json,
    render_terminal,
)


def main(evidence: str, report: str) -> None:
    """Write the report file, read it again as the report module does, and print it."""
    Path(report).write_bytes(render_json(diagnose(EvidenceFolder.open(evidence))))
    for line in render_terminal(parse_report(Path(report).read_bytes(), report)):
        print(line.text)


if __name__ == "__main__":
    main(*sys.argv[1:])
