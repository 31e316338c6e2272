# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action snapshot, called as the task executor calls it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.action.snapshot import ActionModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceFolder,
    unpacked,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, Scope


def run(check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    task = SimpleNamespace(
        args={name: str(value) for name, value in arguments.items()},
        action="kube_runbooks.image_pull.snapshot", async_val=0, check_mode=check_mode, diff=False,
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = ActionModule(task, connection, SimpleNamespace(), None, None, None)
    return action.run(task_vars={})


@pytest.fixture
def evidence(tmp_path: Path) -> EvidenceFolder:
    folder = EvidenceFolder.create(str(tmp_path / "evidence"), cluster="prod")
    with folder.stage("triage", vantage="api", scope=Scope()) as stage:
        stage.gap(Gap("events", "token=abcdefghijklmnop", "why older pulls failed"))
        stage.fail("the list was cut off")
    return folder


def test_the_archive_holds_the_evidence_and_the_result_says_what(evidence: EvidenceFolder, tmp_path: Path) -> None:
    dest = tmp_path / "deep" / "case.evidence.tar.gz"
    result = run(evidence_dir=evidence.path, dest=dest)
    assert result["changed"]
    assert result["path"] == str(dest)
    assert dest.stat().st_mode & 0o077 == 0
    assert result["stages"] == [
        {
            "stage": "triage",
            "observed_at": result["stages"][0]["observed_at"],
            "complete": False,
            "error": "the list was cut off",
            "records": {"gap": 1},
        }
    ]
    with unpacked(str(dest)) as copy:
        assert copy.digest() == evidence.digest() == result["evidence_digest"]


def test_packing_again_changes_nothing(evidence: EvidenceFolder, tmp_path: Path) -> None:
    first = run(evidence_dir=evidence.path, dest=tmp_path / "a.tar.gz")
    second = run(evidence_dir=evidence.path, dest=tmp_path / "a.tar.gz")
    assert not second["changed"]
    assert first["digest"] == second["digest"]


def test_check_mode_tells_and_writes_nothing(evidence: EvidenceFolder, tmp_path: Path) -> None:
    result = run(check_mode=True, evidence_dir=evidence.path, dest=tmp_path / "a.tar.gz")
    assert result["changed"]
    assert result["stages"]
    assert not (tmp_path / "a.tar.gz").exists()


def test_a_folder_that_is_no_evidence_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"is no evidence folder: it has no evidence\.json$"):
        run(evidence_dir=tmp_path, dest=tmp_path / "a.tar.gz")
