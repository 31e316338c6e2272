# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence folder: what is written comes out again, and nothing damaged passes for whole."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    SCHEMA_VERSION,
    EvidenceError,
    EvidenceFolder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    EventFact,
    Gap,
    PullFailure,
    Scope,
)

FAILURE = PullFailure(
    namespace="shop",
    pod="web-1",
    pod_uid="uid-1",
    container="",
    container_type="sandbox",
    image="r.example/pause:9",
    symptom="sandbox",
    events=(EventFact(reason="FailedCreatePodSandBox", message="{{ lookup('pipe', 'id') }}", count=3),),
)


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder.create(str(tmp_path / "run"), cluster="prod")


def triage_path(folder: EvidenceFolder) -> Path:
    return Path(folder.path, "triage.jsonl")


def write_triage(folder: EvidenceFolder) -> None:
    with folder.stage("triage", vantage="api", scope=Scope(namespaces=("shop",))) as stage:
        stage.cluster = ClusterFact(name="prod", server="https://10.0.0.1:6443", uid="cluster-uid")
        stage.write(FAILURE)
        stage.gap(Gap("nodes", "forbidden", "node conditions", steps=(6,)))
        stage.note_request(4)


def test_returns_what_a_stage_wrote(folder: EvidenceFolder) -> None:
    write_triage(folder)
    stage = EvidenceFolder.open(folder.path).read_stage("triage")
    assert stage is not None
    assert stage.complete
    assert stage.error is None
    assert stage.of("pull_failure") == [FAILURE]
    assert stage.of("gap") == [Gap("nodes", "forbidden", "node conditions", steps=(6,))]
    assert stage.scope == Scope(namespaces=("shop",))
    assert stage.cluster == ClusterFact(name="prod", server="https://10.0.0.1:6443", uid="cluster-uid")
    assert stage.api_requests == 4


def test_is_private(folder: EvidenceFolder) -> None:
    write_triage(folder)
    assert stat.S_IMODE(os.stat(folder.path).st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(folder.path).iterdir()} == {0o600}


def test_a_stage_that_was_not_run_is_none(folder: EvidenceFolder) -> None:
    assert folder.read_stage("registry") is None


def test_never_writes_over_a_stage(folder: EvidenceFolder) -> None:
    write_triage(folder)
    with pytest.raises(EvidenceError, match="a stage never writes over what was seen"):
        folder.stage("triage", vantage="api", scope=Scope())


def test_a_killed_run_leaves_an_incomplete_stage(folder: EvidenceFolder) -> None:
    write_triage(folder)
    path = triage_path(folder)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + lines[-1][:20])
    stage = folder.read_stage("triage")
    assert stage is not None
    assert not stage.complete
    assert stage.error == "stage 'triage' did not end: its run was stopped, or the file was cut off"
    assert stage.of("pull_failure") == [FAILURE]


def test_an_exception_inside_a_stage_ends_it_as_failed(folder: EvidenceFolder) -> None:
    def broken() -> None:
        with folder.stage("triage", vantage="api", scope=Scope()) as writer:
            writer.write(FAILURE)
            raise RuntimeError("connection reset\nby peer")

    with pytest.raises(RuntimeError):
        broken()
    stage = folder.read_stage("triage")
    assert stage is not None
    assert not stage.complete
    assert stage.error == "connection reset"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("not json at all\n", "line 2: not JSON"),
        ("[]\n", "line 2: not an object"),
        ('{"record":"pull_failure","namespace":7}\n', "line 2: PullFailure.namespace: expected str, got int"),
        ('{"record":"pull_failure","namespace":"n"}\n', "line 2: PullFailure: "),
        ('{"record":"end","api_requests":"many"}\n', "damaged"),
        ("null\n", "line 2: not an object"),
    ],
)
def test_names_the_damaged_line(folder: EvidenceFolder, damage: str, message: str) -> None:
    write_triage(folder)
    path = triage_path(folder)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + damage)
    with pytest.raises(EvidenceError, match=message) as caught:
        folder.read_stage("triage")
    assert "\n" not in str(caught.value)


def test_refuses_a_file_of_another_stage(folder: EvidenceFolder) -> None:
    write_triage(folder)
    triage_path(folder).rename(Path(folder.path, "registry.jsonl"))
    with pytest.raises(EvidenceError, match="does not begin with the header of stage 'registry'"):
        folder.read_stage("registry")


def test_reads_what_a_later_version_added(folder: EvidenceFolder) -> None:
    write_triage(folder)
    path = triage_path(folder)
    lines = path.read_text().splitlines(keepends=True)
    grown = json.loads(lines[1]) | {"a_later_field": 1}
    path.write_text(
        "".join([lines[0], json.dumps(grown) + "\n", '{"record":"a_later_kind","x":1}\n', *lines[2:]])
    )
    stage = folder.read_stage("triage")
    assert stage is not None
    assert stage.of("pull_failure") == [FAILURE]


def test_refuses_a_newer_schema(folder: EvidenceFolder) -> None:
    about = Path(folder.path, "evidence.json")
    about.write_text(json.dumps(json.loads(about.read_text()) | {"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(EvidenceError, match="update the collection"):
        EvidenceFolder.open(folder.path)


def test_refuses_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="is no evidence folder"):
        EvidenceFolder.open(str(tmp_path))


def test_refuses_a_folder_with_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(EvidenceError, match="not empty"):
        EvidenceFolder.create(str(tmp_path), cluster="prod")


def test_refuses_a_folder_that_others_may_write(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(EvidenceError, match="another user"):
        EvidenceFolder.open_or_create(str(shared), cluster="prod")


def test_refuses_a_link_in_place_of_a_stage(folder: EvidenceFolder, tmp_path: Path) -> None:
    target = tmp_path / "victim"
    triage_path(folder).symlink_to(target)
    with pytest.raises(EvidenceError):
        folder.stage("triage", vantage="api", scope=Scope())
    assert not target.exists()


def test_no_planted_secret_reaches_the_disk(folder: EvidenceFolder) -> None:
    with folder.stage("triage", vantage="api", scope=Scope()) as stage:
        stage.cluster = ClusterFact(name="prod", server="https://admin:pl4nted@10.0.0.1:6443")
        stage.write(EXPOSED)
        stage.fail("401 for Authorization: Bearer pl4ntedpl4ntedpl4nted")
    assert "pl4nted" not in triage_path(folder).read_text()
    read = folder.read_stage("triage")
    assert read is not None
    assert sum(read.redacted.values()) == 3


EXPOSED = PullFailure(
    "n", "p", "u", "c", "main", "i", "waiting", message="GET https://cdn.example/x?sig=pl4nted"
)


def test_a_cluster_alias_that_is_no_valid_unicode_is_written_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = EvidenceFolder.create(str(tmp_path / "run"), cluster="prod\udcff")
    assert EvidenceFolder.open(folder.path).about.cluster == "prod?"
