# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plays promise whatever the cluster says: inventories, tags, check mode, exit codes, and what they leave."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.plays.runbook import Run, diagnose, play
from tests.plays.test_snapshots import evidence, failure

STEPS = ("pods", "describe", "registry", "credentials", "limits", "node", "network", "runtime", "manual_pull", "fix")
PLAY_FAILED = 2


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """The recorded evidence of a cluster with one container whose tag does not exist."""
    return str(evidence(tmp_path / "evidence", failure()))


def left_in_tmp(run: Run) -> list[Path]:
    return sorted((run.folder / "tmp").rglob("*"))


def test_each_host_of_the_inventory_is_a_cluster_with_a_report_of_its_own(tmp_path: Path) -> None:
    hosts = {}
    for name, failures in {"eu": [failure()], "us": [], "asia": [failure(pod="a"), failure(pod="b")]}.items():
        hosts[name] = {"image_pull_snapshot": str(evidence(tmp_path / name, *failures, cluster=name))}
    inventory = tmp_path / "clusters.json"
    inventory.write_text(json.dumps({"clusters": {"hosts": hosts}}))
    run = play("diagnose.yml", tmp_path, variables={"image_pull_hosts": "clusters"}, arguments=["-i", str(inventory)])
    assert run.code == 0, run.output
    verdicts = {path.parent.name: json.loads(path.read_text())["verdict"] for path in run.reports}
    assert verdicts == {"eu": "failing", "us": "healthy", "asia": "failing"}
    assert not left_in_tmp(run)


def test_an_explicit_localhost_runs_here_and_with_the_python_of_ansible_playbook(tmp_path: Path, archive: str) -> None:
    """As AWX lists it; and a host that is otherwise reached by ssh, as another user, is not gone to."""
    inventory = tmp_path / "hosts.json"
    variables = {
        "ansible_connection": "ssh", "ansible_host": "192.0.2.1", "ansible_become": True,
        "ansible_python_interpreter": "/there/is/no/python",
    }
    inventory.write_text(json.dumps({"all": {"hosts": {"localhost": variables}}}))
    run = diagnose(tmp_path, arguments=["-i", str(inventory)], snapshot=archive)
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"


@pytest.mark.parametrize("tag", STEPS)
def test_the_tag_of_each_checklist_step_yields_a_whole_run(tmp_path: Path, archive: str, tag: str) -> None:
    run = diagnose(tmp_path, arguments=["--tags", tag], snapshot=archive)
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"
    assert not left_in_tmp(run)


def test_check_mode_prints_the_report_and_writes_nothing(tmp_path: Path, archive: str) -> None:
    run = diagnose(tmp_path, arguments=["--check"], snapshot=archive)
    assert run.code == 0, run.output
    assert "registry.example/shop/web:2" in run.plain_output
    assert not run.reports
    assert not left_in_tmp(run)


@pytest.mark.parametrize(
    ("fail_on", "code"), [("never", 0), ("any", PLAY_FAILED), ("confirmed", 0)], ids=["never", "any", "confirmed"]
)
def test_the_exit_code_follows_fail_on_after_the_report_is_written(
    tmp_path: Path, archive: str, fail_on: str, code: int
) -> None:
    """The recorded finding is likely, not confirmed."""
    run = diagnose(tmp_path, snapshot=archive, fail_on=fail_on)
    assert run.code == code, run.output
    assert [finding["confidence"] for finding in run.report["findings"]] == ["likely"]
    assert not left_in_tmp(run)


def test_a_word_that_fail_on_does_not_know_is_refused_before_anything_is_looked_at(tmp_path: Path) -> None:
    run = diagnose(tmp_path, fail_on="sometimes", kubeconfig=tmp_path / "none")
    assert run.code == PLAY_FAILED
    assert "value of image_pull_fail_on must be one of: never, confirmed, any, got: sometimes" in run.plain_output
    assert "Find every container" not in run.plain_output
    assert not run.reports


def test_a_report_folder_that_cannot_be_made_costs_the_files_and_not_the_report(tmp_path: Path, archive: str) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    run = diagnose(tmp_path, snapshot=archive, report_dir=str(blocked / "reports"))
    assert run.code == PLAY_FAILED
    assert "registry.example/shop/web:2" in run.plain_output
    assert str(blocked) in run.plain_output
    assert "Traceback" not in run.output
    assert not left_in_tmp(run)


def test_the_evidence_is_kept_where_it_is_asked_for_and_is_private(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run = diagnose(tmp_path, evidence_dir=str(kept), kubeconfig=tmp_path / "none")
    assert run.code == PLAY_FAILED, "the cluster cannot be read"
    folder = kept / "localhost"
    assert {path.name for path in folder.iterdir()} == {
        "evidence.json",
        "access.jsonl",
        "triage.jsonl",
        "nodes.jsonl",
    }
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert not left_in_tmp(run)


def test_the_playbook_of_the_collection_runs_from_anywhere(tmp_path: Path, archive: str) -> None:
    root = Path(__file__).resolve().parents[2]
    config = tmp_path / "ansible.cfg"
    config.write_text("")
    run = play(
        "kube_runbooks.image_pull.diagnose", tmp_path, variables={"image_pull_snapshot": archive},
        environment={"ANSIBLE_CONFIG": str(config), "ANSIBLE_COLLECTIONS_PATH": str(root / "collections")},
    )
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"
