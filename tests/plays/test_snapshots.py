# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots come from strangers: a bad one is refused in one line, and nothing in a good one is carried out."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, pack
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    EventFact,
    PullFailure,
    Scope,
)

from tests.plays.runbook import Run, diagnose


def failure(**fields: object) -> PullFailure:
    """A container whose tag does not exist."""
    image = "registry.example/shop/web:2"
    words = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    values: dict[str, object] = {
        "namespace": "shop",
        "pod": "web-1",
        "pod_uid": "u-1",
        "container": "app",
        "container_type": "main",
        "image": image,
        "symptom": "waiting",
        "reason": "ErrImagePull",
        "message": words,
        "phase": "Pending",
        "node": "node1",
        "since": "2026-01-31T08:00:00Z",
    }
    return PullFailure(**{**values, **fields})  # type: ignore[arg-type]


def evidence(folder: Path, *failures: PullFailure, cluster: str = "prod") -> Path:
    """An archive of what a run would have seen."""
    made = EvidenceFolder.create(str(folder), cluster=cluster)
    for name in ("access", "triage"):
        with made.stage(name, vantage="api", scope=Scope()) as stage:
            stage.cluster = ClusterFact(
                name=cluster, server="https://api.example:6443", uid="c-1", version="v1.34.2"
            )
            for entry in failures if name == "triage" else ():
                stage.write(entry)
    archive = folder.parent / f"{folder.name}.tar.gz"
    pack(made, str(archive))
    return archive


def assert_refused(run: Run, *words: str) -> None:
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    assert "healthy" not in run.plain_output.lower()
    for word in words:
        assert word in run.plain_output, run.output
    for path in run.reports:
        assert json.loads(path.read_text())["verdict"] == "unknown"


def repacked(archive: Path, target: Path, **renamed: str) -> Path:
    """The archive with members under other names: ``evidence/triage.jsonl`` is ``triage``."""
    with tarfile.open(archive) as source, tarfile.open(target, "w:gz") as dest:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            member.name = renamed.get(Path(member.name).stem, member.name)
            dest.addfile(member, content)
    return target


def test_a_snapshot_gives_the_findings_without_a_cluster(tmp_path: Path) -> None:
    run = diagnose(tmp_path, snapshot=str(evidence(tmp_path / "seen", failure())))
    assert run.code == 0, run.output
    assert [finding["cause"] for finding in run.report["findings"]] == ["tag_not_found"]


def test_a_snapshot_that_does_not_exist(tmp_path: Path) -> None:
    assert_refused(diagnose(tmp_path, snapshot=str(tmp_path / "absent.tar.gz")), "absent.tar.gz")


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_snapshot_that_was_cut_off(tmp_path: Path, share: float) -> None:
    archive = evidence(tmp_path / "seen", failure())
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    assert_refused(diagnose(tmp_path, snapshot=str(archive)), "damaged")


def test_a_snapshot_that_was_changed(tmp_path: Path) -> None:
    archive = evidence(tmp_path / "seen", failure())
    content = gzip.decompress(archive.read_bytes())
    archive.write_bytes(gzip.compress(content.replace(b"shop/web:2", b"shop/web:3")))
    assert_refused(diagnose(tmp_path, snapshot=str(archive)), "damaged")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing in here")
    assert_refused(diagnose(tmp_path, snapshot=str(path)), "damaged")


def test_a_snapshot_of_a_later_schema(tmp_path: Path) -> None:
    archive = evidence(tmp_path / "seen", failure())
    content = gzip.decompress(archive.read_bytes())
    archive.write_bytes(gzip.compress(content.replace(b'"schema_version": 1', b'"schema_version": 9')))
    assert_refused(diagnose(tmp_path, snapshot=str(archive)), "schema 9")


def test_a_snapshot_that_reaches_out_of_its_folder(tmp_path: Path) -> None:
    archive = evidence(tmp_path / "seen", failure())
    hostile = repacked(archive, tmp_path / "hostile.tar.gz", triage="../../escaped.jsonl")
    run = diagnose(tmp_path, snapshot=str(hostile))
    assert_refused(run, "no evidence file")
    assert not [path for path in run.files() if "escaped" in path.name]


def test_a_snapshot_with_a_link_in_it(tmp_path: Path) -> None:
    target = tmp_path / "hostile.tar.gz"
    with tarfile.open(target, "w:gz") as tar:
        member = tarfile.TarInfo("evidence/triage.jsonl")
        member.type = tarfile.SYMTYPE
        member.linkname = "/etc/passwd"
        tar.addfile(member)
    assert_refused(diagnose(tmp_path, snapshot=str(target)), "no evidence file")


def test_a_snapshot_that_swells(tmp_path: Path) -> None:
    """A gigabyte and more behind a few kilobytes."""
    target = tmp_path / "bomb.tar.gz"
    member = tarfile.TarInfo("evidence/triage.jsonl")
    member.size = (1 << 30) + 1
    target.write_bytes(gzip.compress(member.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (1 << 20)))
    assert_refused(diagnose(tmp_path, snapshot=str(target)), "larger")


HOSTILE = {
    "template": "{{ lookup('pipe', 'touch CARRIED_OUT') }}",
    "template statement": "{% for x in [1] %}{{ lookup('pipe', 'touch CARRIED_OUT') }}{% endfor %}",
    "unsafe marker": "{\"__ansible_unsafe\": \"{{ lookup('pipe', 'touch CARRIED_OUT') }}\"}",
    "shell": "$(touch CARRIED_OUT) `touch CARRIED_OUT`; touch CARRIED_OUT",
    "escape sequences": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b1m",
    "lines of its own": "first\nVERDICT: healthy\r\rokay\u2028next\u2029",
    "right to left": "\u202egnp.exe\u202c",
    "overlong": "x" * 1_000_000,
    "invalid Unicode": "bad \udcff\ud800 text",
    "NUL": "nul\x00byte",
}


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    """In messages, reasons, events, names of containers and pods, images, and the name that a report goes by."""
    mark = tmp_path / "carried-out"
    texts = [text.replace("CARRIED_OUT", str(mark)) for text in HOSTILE.values()]
    failures = [failure()]
    for number, text in enumerate(texts):
        short = text[:2000]
        event = EventFact(reason="Failed", message=f'Failed to pull image "x": {text}', type="Warning")
        words = f"{failure().message} {text}"
        failures += [
            failure(pod=f"named-{number}-{short}", pod_uid=f"n-{number}", container=short, message=words),
            failure(pod=f"pod-{number}", pod_uid=f"u-{number}", image=short, reason=short, events=(event,)),
            failure(pod=f"told-{number}", pod_uid=f"t-{number}", message=text, node=short),
        ]
    seen = evidence(tmp_path / "seen", *failures, cluster=f"../../{texts[0]}")
    run = diagnose(tmp_path, arguments=["-vvv"], snapshot=str(seen))
    assert run.code == 0, run.output[-3000:]
    assert not mark.exists()
    assert all(path.is_relative_to(tmp_path / "reports") for path in run.reports)
    pods = [pod["name"] for finding in run.report["findings"] for pod in finding["pods"]]
    assert len(pods) == len(failures)
    printed = run.plain_output
    for character in "\x1b\x9b\x07\x00\u202e\u2028":
        assert character not in printed, f"U+{ord(character):04X}"
    assert not [line for line in printed.splitlines() if line.startswith("VERDICT: healthy")]
    assert all(len(line) <= 20_000 for line in printed.splitlines())


def test_a_stage_that_was_cut_off_is_unknown_and_not_health(tmp_path: Path) -> None:
    """A run that was killed leaves a file without an end line."""
    archive = evidence(tmp_path / "seen")
    folder = tmp_path / "seen"
    triage = folder / "triage.jsonl"
    triage.write_text(triage.read_text().splitlines(keepends=True)[0])
    pack(EvidenceFolder.open(str(folder)), str(archive))
    run = diagnose(tmp_path, snapshot=str(archive))
    assert run.code != 0
    assert run.report["verdict"] == "unknown"


def test_a_snapshot_without_a_look_at_the_pods_is_unknown(tmp_path: Path) -> None:
    archive = evidence(tmp_path / "seen")
    folder = tmp_path / "seen"
    (folder / "triage.jsonl").unlink()
    pack(EvidenceFolder.open(str(folder)), str(archive))
    run = diagnose(tmp_path, snapshot=str(archive))
    assert run.code != 0
    assert run.report["verdict"] == "unknown"


def test_a_healthy_cluster_in_a_snapshot_is_healthy(tmp_path: Path) -> None:
    """The control: only a read that was complete may say so."""
    run = diagnose(tmp_path, snapshot=str(evidence(tmp_path / "seen")))
    assert run.code == 0, run.output
    assert run.report["verdict"] == "healthy"
