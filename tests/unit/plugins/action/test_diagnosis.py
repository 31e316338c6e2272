# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action diagnosis, called as the task executor calls it."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.action.diagnosis import ActionModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import pack

from tests.unit.evidence import CLUSTER, failing, folder_of, not_found, write_evidence

IMAGE = "registry.example.com/shop/web:1"


def run(check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    task = SimpleNamespace(
        args=arguments,
        action="kube_runbooks.image_pull.diagnosis",
        async_val=0,
        check_mode=check_mode,
        diff=False,
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    plugin = ActionModule(task, connection, SimpleNamespace(), None, None, None)
    plugin._load_name = task.action  # as the plugin loader does
    return plugin.run(task_vars={})


def test_the_report_goes_into_a_private_file_and_not_into_the_result(tmp_path: Path) -> None:
    folder = folder_of("registry-down", tmp_path / "run")
    dest = tmp_path / "deep" / "diagnosis.json"
    result = run(evidence=folder.path, dest=str(dest))
    assert result["report"] is None
    assert result["report_path"] == str(dest)
    assert result["report_digest"] == f"sha256:{hashlib.sha256(dest.read_bytes()).hexdigest()}"
    assert result["evidence_digest"] == folder.digest()
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert stat.S_IMODE(dest.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in dest.parent.iterdir()) == ["diagnosis.json"]
    assert not result["changed"]


def test_the_result_is_small_and_says_the_essentials(tmp_path: Path) -> None:
    pods = [failing(not_found(f"x.example/y:{n}"), f"x.example/y:{n}", pod=f"p{n}") for n in range(80)]
    folder = write_evidence(tmp_path / "run", pods)
    result = run(evidence=folder.path, dest=str(tmp_path / "d.json"))
    assert (result["verdict"], result["findings_count"]) == ("failing", 80)
    assert len(result["findings_summary"]) == 50
    assert set(result["findings_summary"][0]) == {"id", "cause", "confidence", "title", "pods"}
    assert len(json.dumps(result)) < 20_000


def test_without_a_destination_the_report_is_returned(tmp_path: Path) -> None:
    result = run(evidence=folder_of("registry-down", tmp_path / "run").path)
    assert result["report"]["findings"][0]["cause"] == "network_unreachable"
    assert result["report_path"] is None


def test_an_archive_gives_the_same_report_and_is_called_a_snapshot(tmp_path: Path) -> None:
    folder = folder_of("registry-down", tmp_path / "run")
    archive = tmp_path / "case.evidence.tar.gz"
    pack(folder, str(archive))
    live, recorded = run(evidence=folder.path), run(evidence=str(archive))
    assert recorded["report_digest"] == live["report_digest"]
    assert (live["snapshot"], recorded["snapshot"]) == (None, str(archive))


def test_check_mode_judges_and_writes_all_the_same(tmp_path: Path) -> None:
    dest = tmp_path / "d.json"
    result = run(check_mode=True, evidence=folder_of("healthy", tmp_path / "run").path, dest=str(dest))
    assert result["verdict"] == "healthy"
    assert dest.exists()


def test_a_plain_list_is_judged_without_a_clock() -> None:
    listed = [failing(not_found(IMAGE), IMAGE).to_dict()]
    result = run(failures=listed, cluster="prod")
    assert result["report"]["observed_at"] == listed[0]["since"]
    assert result["findings_summary"][0]["cause"] == "tag_not_found"
    assert run(failures=listed, cluster="prod")["report_digest"] == result["report_digest"]


@pytest.mark.parametrize(("complete", "verdict"), [(True, "healthy"), (False, "unknown")])
def test_an_empty_list_is_health_only_where_it_is_all_there_is(complete: bool, verdict: str) -> None:
    assert run(failures=[], complete=complete)["verdict"] == verdict


def test_an_unreadable_cluster_is_an_answer_and_no_failure(tmp_path: Path) -> None:
    folder = write_evidence(tmp_path / "run", [], error="the API server answers nothing")
    result = run(evidence=folder.path)
    assert (result["verdict"], result["error"]) == ("unknown", "the API server answers nothing")
    assert not result.get("failed")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "one of the following is required"),
        ({"evidence": "x", "failures": []}, "mutually exclusive"),
        ({"evidence": "/nowhere/at/all"}, "there is no evidence at /nowhere/at/all"),
        ({"evidence": "/"}, "no evidence folder"),
        ({"failures": [{"namespace": "shop"}]}, "failures, item 1: PullFailure"),
        ({"failures": [{"namespace": ["\x1b[31m"]}]}, "failures, item 1: PullFailure.namespace"),
        ({"failures": [], "dest": "/proc/none/x.json"}, "cannot use /proc/none"),
        ({"evidence": "x", "evidenec": "x"}, "Unsupported parameters"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnsibleActionFail, match=problem) as caught:
        run(**arguments)
    assert "\n" not in str(caught.value)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "case.evidence.tar.gz"
    archive.write_bytes(b"\x1f\x8b nothing")
    with pytest.raises(AnsibleActionFail) as caught:
        run(evidence=str(archive))
    assert "\n" not in str(caught.value)


def test_the_name_of_the_cluster_is_kept(tmp_path: Path) -> None:
    result = run(evidence=write_evidence(tmp_path / "run", []).path)
    assert result["report"]["cluster"] == CLUSTER.to_dict()
