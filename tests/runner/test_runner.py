# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private data directory of this folder, run by ansible-runner as AWX runs its jobs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, pack
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import PullFailure, Scope

HERE = Path(__file__).resolve().parent
HOSTILE = "{{ lookup('pipe', 'touch /tmp/kube-runbooks-was-here') }}"


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    folder = EvidenceFolder.create(str(tmp_path / "evidence"), cluster="recorded")
    image = "registry.example/shop/web:2"
    message = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    with folder.stage("triage", vantage="api", scope=Scope()) as stage:
        stage.write(
            PullFailure(
                namespace="shop", pod=HOSTILE, pod_uid="u1", container="app", container_type="main", image=image,
                symptom="waiting", reason="ErrImagePull", message=message, phase="Pending", node="node1",
            )
        )
    archive = tmp_path / "recorded.evidence.tar.gz"
    pack(folder, str(archive))
    return archive


def run(folder: Path, **extravars: Any) -> subprocess.CompletedProcess[str]:
    """Run a copy of this folder under ``folder`` with other extra variables."""
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "artifacts"))
    variables = yaml.safe_load((folder / "env/extravars").read_text(encoding="utf-8"))
    (folder / "env/extravars").write_text(json.dumps({**variables, **extravars}), encoding="utf-8")
    (folder / "env/envvars").write_text(
        json.dumps({"ANSIBLE_COLLECTIONS_PATH": str(HERE.parents[1] / "collections")}), encoding="utf-8"
    )
    bin_dir = Path(sys.executable).parent
    return subprocess.run(
        [str(bin_dir / "ansible-runner"), "run", str(folder), "-p", "kube_runbooks.image_pull.diagnose", "-i", "job"],
        env={**os.environ, "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False,
    )


def test_a_job_reports_and_hands_a_summary_to_the_next_one(snapshot: Path, tmp_path: Path) -> None:
    job = run(tmp_path / "job", image_pull_snapshot=str(snapshot), image_pull_report_dir=str(tmp_path / "reports"))
    assert job.returncode == 0, job.stdout + job.stderr
    artifacts = tmp_path / "job/artifacts/job"
    assert (artifacts / "status").read_text(encoding="utf-8") == "successful"
    assert "registry.example/shop/web:2" in (artifacts / "stdout").read_text(encoding="utf-8")
    assert list((tmp_path / "reports").rglob("report.json"))
    events = [json.loads(path.read_text(encoding="utf-8")) for path in (artifacts / "job_events").glob("*.json")]
    handed_on = [e["event_data"]["artifact_data"] for e in events if e["event"] == "playbook_on_stats"]
    assert len(handed_on) == 1
    summary = handed_on[0]["image_pull_summary"]["recorded"]
    assert summary["verdict"] == "failing"
    assert summary["findings"] == 1
    assert summary["causes"] == {"tag_not_found": 1}
    assert "lookup" not in json.dumps(handed_on), "names from a cluster would be templates in the next job"


def test_a_job_fails_when_it_was_asked_to(snapshot: Path, tmp_path: Path) -> None:
    job = run(
        tmp_path / "job", image_pull_snapshot=str(snapshot), image_pull_fail_on="any",
        image_pull_report_dir=str(tmp_path / "reports"),
    )
    assert job.returncode == 2
    assert (tmp_path / "job/artifacts/job/status").read_text(encoding="utf-8") == "failed"
    assert list((tmp_path / "reports").rglob("report.json")), "the report is written before"


def test_the_folder_is_right_as_it_stands() -> None:
    """The relative paths of env/ lead to the collection and to the recorded cluster."""
    env = HERE / "env"
    collections = yaml.safe_load((env / "envvars").read_text(encoding="utf-8"))["ANSIBLE_COLLECTIONS_PATH"]
    assert (HERE / collections / "ansible_collections/kube_runbooks/image_pull/galaxy.yml").exists()
    archive = yaml.safe_load((env / "extravars").read_text(encoding="utf-8"))["image_pull_snapshot"]
    assert (HERE / archive).exists()
