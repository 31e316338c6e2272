# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action report: what it prints, what it writes, when it fails."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.action import report as action
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    render_json,
    render_terminal,
    report_dict,
)

from tests.unit.evidence import failing, folder_of, judged, no_credentials, not_found, unauthorized

ROOT = Path(__file__).resolve().parents[4]
IMAGE = "registry.example.com/shop/web:1"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the action gives to Ansible to print."""
    lines: list[str] = []
    monkeypatch.setattr(action, "show", lambda found: lines.extend(line.text for line in found))
    return lines


def run(check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    task = SimpleNamespace(
        args=arguments,
        action="kube_runbooks.image_pull.report",
        async_val=0,
        check_mode=check_mode,
        diff=False,
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    plugin = action.ActionModule(task, connection, SimpleNamespace(), None, None, None)
    plugin._load_name = task.action  # as the plugin loader does
    return plugin.run(task_vars={})


def written(place: Path, name: str = "registry-down") -> Path:
    path = place / "diagnosis.json"
    path.write_bytes(render_json(diagnose(folder_of(name, place / "run"))))
    return path


def test_prints_and_writes_the_same_report(tmp_path: Path, printed: list[str]) -> None:
    source = written(tmp_path)
    result = run(report=str(source), dir=str(tmp_path / "reports"))
    target = tmp_path / "reports" / "report.json"
    assert target.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
    digest = f"sha256:{hashlib.sha256(target.read_bytes()).hexdigest()}"
    assert result["files"] == [{"format": "json", "path": str(target), "digest": digest}]
    assert result["changed"]
    assert printed[-1] == f"Whole report: {target}"
    assert not result.get("failed")


def test_the_second_time_nothing_changes(tmp_path: Path, printed: list[str]) -> None:
    source = str(written(tmp_path))
    run(report=source, dir=str(tmp_path / "reports"))
    assert not run(report=source, dir=str(tmp_path / "reports"))["changed"]


def test_check_mode_prints_and_writes_nothing(tmp_path: Path, printed: list[str]) -> None:
    result = run(check_mode=True, report=str(written(tmp_path)), dir=str(tmp_path / "reports"))
    assert result["changed"]
    assert not (tmp_path / "reports").exists()
    assert printed[0].startswith("IMAGE PULLS FAIL")
    assert not any("Whole report" in line for line in printed)


@pytest.mark.parametrize("formats", [["json"], ["terminal"], []])
def test_only_what_is_asked_for(tmp_path: Path, printed: list[str], formats: list[str]) -> None:
    result = run(report=str(written(tmp_path)), dir=str(tmp_path / "reports"), formats=formats)
    assert bool(printed) == ("terminal" in formats)
    assert bool(result["files"]) == ("json" in formats)


def test_the_report_itself_is_taken_as_well(tmp_path: Path, printed: list[str]) -> None:
    report = report_dict(judged(tmp_path / "run", failing(not_found(IMAGE), IMAGE)))
    assert run(report=report)["verdict"] == "failing"


def test_a_snapshot_is_named(tmp_path: Path, printed: list[str]) -> None:
    run(report=str(written(tmp_path)), snapshot="/home/me/case.tar.gz")
    assert any(line.startswith("Judged from the snapshot /home/me/case.tar.gz") for line in printed)


LIKELY = failing(not_found(IMAGE), IMAGE)
CONFIRMED = failing(no_credentials(IMAGE), IMAGE)
POSSIBLE = failing(unauthorized(IMAGE, "registry.example.com"), IMAGE, pull_secrets=("unseen",))


@pytest.mark.parametrize(
    ("failure", "fail_on", "fails"),
    [
        (CONFIRMED, "never", False),
        (CONFIRMED, "confirmed", True),
        (CONFIRMED, "any", True),
        (LIKELY, "confirmed", False),
        (LIKELY, "any", True),
        (POSSIBLE, "any", True),
    ],
)
def test_findings_fail_the_run_as_asked(
    tmp_path: Path, printed: list[str], failure: Any, fail_on: str, fails: bool
) -> None:
    report = report_dict(judged(tmp_path / "run", failure))
    result = run(report=report, fail_on=fail_on, dir=str(tmp_path / "reports"))
    assert bool(result.get("failed")) == fails
    assert (tmp_path / "reports" / "report.json").exists(), "after everything is written"
    if fails:
        assert result["msg"].startswith("prod: 1 ")
        assert "\n" not in result["msg"]


def test_an_unreadable_cluster_always_fails_after_the_report_is_written(
    tmp_path: Path, printed: list[str]
) -> None:
    source = written(tmp_path, "unreadable")
    result = run(report=str(source), dir=str(tmp_path / "reports"))
    assert result["failed"]
    assert result["msg"].startswith("prod could not be read: the API server")
    assert (tmp_path / "reports" / "report.json").exists()
    assert printed[0].startswith("NOT KNOWN")


def test_a_healthy_cluster_fails_nothing(tmp_path: Path, printed: list[str]) -> None:
    assert not run(report=str(written(tmp_path, "healthy")), fail_on="any").get("failed")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "missing required arguments: report"),
        ({"report": "/nowhere/report.json"}, "cannot use /nowhere/report.json: No such file"),
        ({"report": ["x"]}, "the path of a report"),
        ({"report": {}}, "the report has report schema None"),
        ({"report": "x", "name": "../x"}, "name: only letters"),
        ({"report": "x", "formats": ["pdf"]}, "value of formats must be one or more of"),
        ({"report": "x", "fail_on": "sometimes"}, "value of fail_on must be one of"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: dict[str, Any], problem: str, printed: list[str]
) -> None:
    with pytest.raises(AnsibleActionFail, match=problem) as caught:
        run(**arguments)
    assert "\n" not in str(caught.value)


def test_a_report_that_was_exchanged_is_refused(tmp_path: Path, printed: list[str]) -> None:
    with pytest.raises(AnsibleActionFail, match="is not the report that was judged"):
        run(report=str(written(tmp_path)), digest="sha256:0")
    assert not printed


# What Ansible makes of it


def playbook(place: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    source = written(place, "hostile-texts")
    tasks = [{"name": "Report", "kube_runbooks.image_pull.report": {"report": str(source)}}]
    book = place / "play.json.yml"
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}
    book.write_text(json.dumps([play]), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(book), *arguments],
        cwd=place,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "ANSIBLE_HOME": str(place / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_the_text_is_printed_whole_and_never_templated(tmp_path: Path) -> None:
    run = playbook(tmp_path, {}, "-v")
    assert "\n1. Invalid image name: registry.example.com/{{ lookup('pipe', 'id') }}:1" in run.stdout
    report = diagnose(folder_of("hostile-texts", tmp_path / "again"))
    assert "\n".join(line.text for line in render_terminal(report)) in run.stdout
    assert "uid=" not in run.stdout
    assert "\x1b" not in run.stdout
    assert '"findings"' not in run.stdout
    assert (
        run.stdout.index("TASK [Report]")
        < run.stdout.index("IMAGE PULLS FAIL")
        < run.stdout.index("PLAY RECAP")
    )


def test_colour_where_ansible_allows_it_and_only_there(tmp_path: Path) -> None:
    coloured = playbook(tmp_path, {"ANSIBLE_FORCE_COLOR": "1"})
    assert "\x1b[0;31mIMAGE PULLS FAIL" in coloured.stdout
    (tmp_path / "plain").mkdir()
    assert "\x1b" not in playbook(tmp_path / "plain", {"NO_COLOR": "1"}).stdout


def test_a_callback_that_writes_json_keeps_standard_output_to_itself(tmp_path: Path) -> None:
    (tmp_path / "callbacks").mkdir()
    (tmp_path / "callbacks" / "json.py").write_text(
        "DOCUMENTATION = '''\nname: json\ntype: stdout\nshort_description: x\ndescription: x\n'''\n"
        "from ansible.plugins.callback import CallbackBase\n"
        "class CallbackModule(CallbackBase):\n"
        "    CALLBACK_VERSION = 2.0\n    CALLBACK_TYPE = 'stdout'\n    CALLBACK_NAME = 'json'\n"
        "    def v2_playbook_on_stats(self, stats):\n        self._display.display('{}')\n",
        encoding="utf-8",
    )
    environment = {
        "ANSIBLE_STDOUT_CALLBACK": "json",
        "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path / "callbacks"),
    }
    run = playbook(tmp_path, environment)
    assert json.loads(run.stdout) == {}
    assert "IMAGE PULLS FAIL" in run.stderr
