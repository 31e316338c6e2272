# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: the same evidence comes out anywhere, and a hostile archive does nothing."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceError,
    EvidenceFolder,
    pack,
    unpacked,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ClusterFact, Scope


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    folder = EvidenceFolder.create(str(tmp_path / "run"), cluster="prod")
    with folder.stage("triage", vantage="api", scope=Scope()) as stage:
        stage.cluster = ClusterFact(name="prod", server="https://10.0.0.1:6443")
    return folder


@pytest.fixture
def archive(folder: EvidenceFolder, tmp_path: Path) -> Path:
    path = tmp_path / "snapshot.tar.gz"
    pack(folder, str(path))
    return path


def refusal(archive: Path) -> str:
    with pytest.raises(EvidenceError) as caught, unpacked(str(archive)):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rewrite(archive: Path, add: tarfile.TarInfo, content: bytes = b"") -> None:
    """Add one member in front of those that the archive has."""
    with tarfile.open(archive) as old:
        members = [(member, old.extractfile(member).read()) for member in old]  # type: ignore[union-attr]
    with tarfile.open(archive, "w:gz") as new:
        for member, data in [(add, content), *members]:
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))


def test_gives_the_same_evidence_back(folder: EvidenceFolder, archive: Path) -> None:
    with unpacked(str(archive)) as copy:
        assert copy.digest() == folder.digest()
        assert copy.read_stage("triage") == folder.read_stage("triage")
        place = Path(copy.path)
    assert not place.exists()


def test_packing_twice_gives_the_same_bytes(folder: EvidenceFolder, archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar.gz"
    pack(folder, str(again))
    assert again.read_bytes() == archive.read_bytes()
    assert again.stat().st_mode & 0o777 == 0o600


def test_a_stage_added_later_is_packed_too(folder: EvidenceFolder, tmp_path: Path) -> None:
    with folder.stage("registry", vantage="controller", scope=Scope()):
        pass
    pack(folder, str(tmp_path / "s.tar.gz"))
    with unpacked(str(tmp_path / "s.tar.gz")) as copy:
        assert copy.stages() == ("registry", "triage")


@pytest.mark.parametrize(
    "name", ["../escape.jsonl", "/etc/escape.jsonl", "evidence/../escape.jsonl", "evidence/a/b.jsonl"]
)
def test_refuses_a_path_that_leads_elsewhere(archive: Path, tmp_path: Path, name: str) -> None:
    rewrite(archive, tarfile.TarInfo(name), b"x")
    assert "is no evidence file: refused" in refusal(archive)
    assert not list(tmp_path.rglob("escape*"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_refuses_anything_but_a_plain_file(archive: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("evidence/nodes.jsonl")
    member.type = kind
    member.linkname = "/etc/passwd"
    rewrite(archive, member)
    assert "is no evidence file: refused" in refusal(archive)


def test_refuses_a_file_that_is_there_twice(archive: Path) -> None:
    rewrite(archive, tarfile.TarInfo("evidence/triage.jsonl"), b"{}\n")
    assert "refused" in refusal(archive)


def test_refuses_a_bomb(archive: Path, tmp_path: Path) -> None:
    member = tarfile.TarInfo("evidence/nodes.jsonl")
    member.size = 1 << 40
    with gzip.open(archive, "wb") as bomb:
        bomb.write(member.tobuf())
    assert "larger than an evidence folder can be" in refusal(archive)


def test_says_that_it_is_damaged_where_it_is_cut_off(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-40])
    assert "is damaged" in refusal(archive)


def test_says_that_it_is_damaged_where_it_is_no_archive(archive: Path) -> None:
    archive.write_text("<html>not found</html>")
    assert "is damaged" in refusal(archive)


def test_notices_a_changed_file(folder: EvidenceFolder, archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as old:
        members = [(member, old.extractfile(member).read()) for member in old]  # type: ignore[union-attr]
    with tarfile.open(archive, "w:gz") as new:
        for member, data in members:
            new.addfile(member, io.BytesIO(data.replace(b"prod", b"test")))
    assert "not those of its manifest" in refusal(archive)


def test_refuses_another_schema(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as new:
        data = json.dumps(
            {"kind": "kube_runbooks.image_pull evidence", "schema_version": 99, "files": {}}
        ).encode()
        member = tarfile.TarInfo("evidence/manifest.json")
        member.size = len(data)
        new.addfile(member, io.BytesIO(data))
    assert "has evidence schema 99" in refusal(archive)


def test_says_when_there_is_none(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.tar.gz").startswith("there is no snapshot")
