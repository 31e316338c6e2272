# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.json: the schema, the same bytes again, and nothing that is no report."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils import _model
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import pack, unpacked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    ReportError,
    parse_report,
    render_json,
    summary_of,
)

from tests.unit.evidence import NAMES, failing, folder_of, judged, not_found

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
RECORDS = {
    None: _model.Report,
    "owner": _model.OwnerRef,
    "pod": _model.FindingPod,
    "impact": _model.Impact,
    "blast_radius": _model.BlastRadius,
    "evidence": _model.Evidence,
    "alternative": _model.Alternative,
    "fix": _model.Fix,
    "finding": _model.Finding,
    "step": _model.ChecklistStep,
    "not_checked": _model.NotChecked,
    "platform": _model.Platform,
    "credential_ref": _model.CredentialRef,
    "container_verdict": _model.ContainerVerdict,
    "workload": _model.WorkloadVerdict,
    "image": _model.ImageState,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_as_the_schema_says(name: str, tmp_path: Path) -> None:
    VALIDATOR.validate(json.loads(render_json(diagnose(folder_of(name, tmp_path / "run")))))


@pytest.mark.parametrize(
    ("name", "record"), RECORDS.items(), ids=lambda value: getattr(value, "__name__", value)
)
def test_the_schema_knows_each_field(name: str | None, record: type) -> None:
    described = SCHEMA if name is None else SCHEMA["$defs"][name]
    assert list(described["properties"]) == [field.name for field in dataclasses.fields(record)]


def broken(change: Any, place: Path) -> dict[str, Any]:
    data = json.loads(
        render_json(judged(place / "run", failing(not_found("x.example/y:1"), "x.example/y:1")))
    )
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("verdict"),
        lambda data: data.update(verdict="fine"),
        lambda data: data.update(schema_version=2),
        lambda data: data["findings"][0].update(cause="gremlins"),
        lambda data: data["findings"][0].update(confidence="sure"),
        lambda data: data["findings"][0].update(pods=[]),
        lambda data: data["findings"][0]["evidence"][0].update(source="hearsay"),
        lambda data: data["findings"][0]["evidence"][0].update(vantage="somewhere"),
        lambda data: data["findings"][0]["evidence"][0].update(quote="x" * 301),
        lambda data: data["checklist"].pop(),
        lambda data: data["checklist"][0].update(status="fine"),
        lambda data: data.update(observed_at="yesterday"),
    ],
)
def test_the_schema_refuses_what_is_wrong(change: Any, tmp_path: Path) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(broken(change, tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    report = diagnose(folder_of(name, tmp_path / "run"))
    content = render_json(report)
    assert parse_report(content, "report.json") == report
    assert render_json(parse_report(content, "report.json")) == content
    assert content.isascii()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_evidence_gives_the_same_bytes_packed_or_not(name: str, tmp_path: Path) -> None:
    folder = folder_of(name, tmp_path / "run")
    archive = str(tmp_path / "evidence.tar.gz")
    pack(folder, archive)
    with unpacked(archive) as again:
        assert render_json(diagnose(again)) == render_json(diagnose(folder))


def test_hash_seeds_and_time_zones_do_not_matter(tmp_path: Path) -> None:
    folder = folder_of("secret-absent-and-secret-beside-the-point", tmp_path / "run")
    program = (
        "import sys\n"
        "from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose\n"
        "from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder\n"
        "from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import render_json\n"
        "sys.stdout.buffer.write(render_json(diagnose(EvidenceFolder.open(sys.argv[1]))))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, folder.path],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT / "collections"), "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"), ("3", "America/Lima"))
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "no findings"),
        (b'{"findings": [], "verdict": "healthy", "schema_version": 9}', "schema 9"),
        (b'{"findings": [], "verdict": "healthy", "schema_version": 1}', "no whole report"),
        (b'{"findings": [1], "verdict": "healthy", "schema_version": 1}', "no whole report"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(content: bytes, problem: str) -> None:
    with pytest.raises(ReportError, match=problem) as caught:
        parse_report(content, "some/report.json")
    assert "some/report.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_selectors_stand_in_the_scope_as_one_text(tmp_path: Path) -> None:
    report = judged(
        tmp_path / "run", scope=_model.Scope(namespaces=("shop",), label_selector="app=web", pod="shop/web-1")
    )
    scope = json.loads(render_json(report))["scope"]
    assert (scope["namespaces"], scope["selector"]) == (["shop"], "app=web,shop/web-1")


def test_the_summary_is_small(tmp_path: Path) -> None:
    images = [f"registry.example.com/x/y{n}:1" for n in range(200)]
    report = judged(tmp_path / "run", *(failing(not_found(i), i, pod=f"p{n}") for n, i in enumerate(images)))
    summary = summary_of(report)
    assert (summary["verdict"], summary["findings"], summary["by_cause"]) == (
        "failing",
        200,
        {"tag_not_found": 200},
    )
    assert len(json.dumps(summary)) < 3000
