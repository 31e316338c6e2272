# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk slice on folders of this machine, with the real shells, and with nodes that lack tools or hang."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    DiskUse,
    FileSystemFact,
    Gap,
    Record,
    RoomFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import disk
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    ENDED,
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    ImageAsked,
    NodeQuestion,
)

from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import SHELLS, run

FRAME = ("head", "base64", "sleep", "cat", "tr")
GB = 10**9


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An image store of containerd with one blob, two snapshots and one unfinished pull of long ago."""
    root = tmp_path / "store"
    content = root / "io.containerd.content.v1.content"
    (content / "blobs/sha256").mkdir(parents=True)
    (content / "blobs/sha256/aa").write_bytes(b"x" * 50_000)
    for name in ("1", "2"):
        folder = root / "io.containerd.snapshotter.v1.overlayfs/snapshots" / name
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"x" * 20_000)
    (root / "io.containerd.snapshotter.v1.native/snapshots").mkdir(parents=True)
    unfinished = content / "ingest/0f0f"
    unfinished.mkdir(parents=True)
    (unfinished / "data").write_bytes(b"x" * 30_000)
    (unfinished / "startedat").write_text("2026-01-30T10:00:00.123456789Z")
    (unfinished / "updatedat").write_text("2026-01-30T10:00:05Z")
    (unfinished / "ref").write_text("k8s.io/7/layer-sha256:abcd")
    return root


def preface(root: Path | str, runtime: str = "containerd", pid: str = "''", config: str = "") -> str:
    return f"""
    RT={runtime} RT_ROOT='{root}' RT_PID={pid} RT_SOCKET=/run/none.sock RT_KUBELET_PID={"1" if config else ""}
    rt_arguments() {{ rt_text=; }}
    rt_option() {{ rt_o=; case $1 in --config) rt_o='{config}' ;; esac; }}
    """


def look(shell: str, before: str, question: NodeQuestion | None = None, **how: Any) -> list[Record]:
    question = question or NodeQuestion("n1", count_disk=True)
    return disk.records(run(disk.jobs(question), shell, preface=before, **how), question)


def of(records: list[Record], kind: type) -> list[Any]:
    return [one for one in records if isinstance(one, kind)]


def use(records: list[Record]) -> dict[str, DiskUse]:
    return {one.what: one for one in of(records, DiskUse)}


def gaps(records: list[Record]) -> dict[str, str]:
    return {one.check.removeprefix("n1: "): one.why for one in of(records, Gap)}


def test_the_figures_are_those_of_the_system(shell: str, store: Path) -> None:
    systems = {one.purpose: one for one in of(look(shell, preface(store)), FileSystemFact)}
    assert set(systems) == {"images", "kubelet", "logs", "root"}
    images, real = systems["images"], os.statvfs(store)
    assert images.path == str(store)
    assert (images.bytes_total, images.inodes_total) == (real.f_blocks * real.f_frsize, real.f_files or None)
    assert abs(images.bytes_free - real.f_bavail * real.f_frsize) < GB
    assert abs(images.bytes_free_for_root - real.f_bfree * real.f_frsize) < GB
    assert images.mount_point
    assert images.type
    assert systems["root"].mount_point == "/"
    assert not any(one.read_only for one in systems.values() if one.purpose != "root")


def test_what_takes_the_room_is_counted(shell: str, store: Path) -> None:
    found = use(look(shell, preface(store)))
    assert 50_000 <= found["content"].bytes < 80_000
    assert (found["snapshots"].count, found["snapshots"].complete) == (2, True)
    assert 40_000 <= found["snapshots"].bytes < 80_000
    assert found["snapshots"].path.endswith("v1.overlayfs/snapshots")
    ingest = found["ingest"]
    assert (ingest.count, ingest.freeable, ingest.complete) == (1, True, True)
    assert ingest.bytes >= 30_000
    assert "2026-01-30T10:00:00Z" in ingest.detail
    assert "layer-sha256:abcd" in ingest.detail


def test_a_pull_that_is_under_way_is_not_called_left_over(shell: str, store: Path) -> None:
    ingest = store / "io.containerd.content.v1.content/ingest/0f0f"
    (ingest / "updatedat").write_text("2126-01-30T10:00:05Z")
    assert use(look(shell, preface(store)))["ingest"].freeable is False
    (ingest / "updatedat").write_text("at noon")
    (ingest / "startedat").write_text("'; reboot")
    assert use(look(shell, preface(store)))["ingest"].freeable is False


def test_nothing_is_counted_where_there_is_room_enough(store: Path, tools: Tools) -> None:
    plenty = (
        'for path; do case $path in /*) echo "4096 1000000 900000 1000000 900000 950000 $path" ;; esac; done'
    )
    path = tools([*FRAME, "grep", "du"], stat=plenty)
    roomy = NodeQuestion("n1", images=(ImageAsked("small", 1000),))
    assert set(use(look("dash", preface(store), roomy, only_path=path))) == {"ingest"}
    large = NodeQuestion("n1", images=(ImageAsked("large", 900 * 10**6),))
    assert "snapshots" in use(look("dash", preface(store), large, only_path=path))
    few_inodes = plenty.replace("1000000 900000 950000", "1000000 150000 950000")
    path = tools([], stat=few_inodes)
    assert "snapshots" in use(look("dash", preface(store), roomy, only_path=path))


def test_df_serves_where_stat_is_missing(shell: str, store: Path, tools: Tools) -> None:
    path = tools([*FRAME, "df", "grep", "du"])
    images = next(
        one
        for one in of(look(shell, preface(store), only_path=path), FileSystemFact)
        if one.purpose == "images"
    )
    real = os.statvfs(store)
    assert images.bytes_total == real.f_blocks * real.f_frsize
    assert images.inodes_total == (real.f_files or None)


# busybox finds its own applets without a PATH.
@pytest.mark.parametrize("shell", sorted({"bash", "dash"} & set(SHELLS)))
def test_without_any_tool_nothing_is_called_fine(shell: str, store: Path, tools: Tools) -> None:
    records = look(shell, preface(store, pid="1"), only_path=tools(["head", "base64", "sleep"]))
    assert all(one.bytes_free is None for one in of(records, FileSystemFact))
    missing = gaps(records)
    assert missing[f"free space for images ({store})"] == "no tool (stat, df)"
    assert missing[f"mount of {store}"] == "no tool (grep, cat)"
    assert missing["unused images"].startswith("no tool (crictl, ctr)")
    assert any(check.startswith("size of snapshots") for check in missing)
    assert not {"snapshots", "content"} & set(use(records))


def test_busybox_alone_tells_as_much(store: Path, busybox_tools: str) -> None:
    found = look("busybox", preface(store), only_path=busybox_tools)
    real = os.statvfs(store)
    images = next(one for one in of(found, FileSystemFact) if one.purpose == "images")
    assert images.bytes_total == real.f_blocks * real.f_frsize
    assert use(found)["snapshots"].count == 2


def test_counting_that_takes_too_long_is_a_lower_bound_and_never_nothing(store: Path, tools: Tools) -> None:
    path = tools(
        [*FRAME, "stat", "grep"],
        du="case $* in *snapshots) printf '40\\t%s/1\\n' \"$4\" ;; esac; exec sleep 60",
    )
    records = look("dash", preface(store), only_path=path)
    found = use(records)
    assert (found["snapshots"].bytes, found["snapshots"].complete) == (40 * 1024, False)
    assert "content" not in found
    assert any("content" in check and why == "counting took too long" for check, why in gaps(records).items())


def test_a_file_system_that_hangs_does_not_hide_the_others(store: Path, tools: Tools) -> None:
    path = tools(
        [*FRAME, "grep", "df"],
        stat=f"for path; do [ \"$path\" != '{store}' ] || exec sleep 60; done\n"
        'for path; do case $path in /*) echo "4096 100 10 100 9 15 $path" ;; esac; done',
    )
    records = look("dash", preface(store), NodeQuestion("n1"), only_path=path)
    systems = {one.purpose: one for one in of(records, FileSystemFact)}
    assert systems["root"].bytes_free == 40_960
    assert systems["images"].bytes_free is None
    assert "does not answer" in gaps(records)[f"free space for images ({store})"]


def test_a_store_that_is_not_there_is_looked_at_where_it_would_be(shell: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    records = look(shell, preface(f"{link}/a/b"))
    systems = of(records, FileSystemFact)
    images = next(one for one in systems if one.purpose == "images")
    assert images.path == str(tmp_path)
    assert images.detail == f"in place of {link}/a/b"
    assert f"no folder {link}/a/b" in gaps(records)["image store"]


def test_a_node_without_a_runtime_says_so(shell: str) -> None:
    records = look(shell, preface("", runtime="''"))
    assert "images" not in {one.purpose for one in of(records, FileSystemFact)}
    assert gaps(records)["image store"] == "no container runtime was found"


CTR_IMAGES = """REF TYPE DIGEST SIZE PLATFORMS LABELS
r.example/used:1   application/x sha256:{a} 10.0 MiB linux/amd64 io.cri-containerd.image=managed
sha256:{c}         application/x sha256:{a} 10.0 MiB linux/amd64 io.cri-containerd.image=managed
r.example/old:1    application/x sha256:{b} 8.5 MiB linux/amd64 io.cri-containerd.image=managed
r.example/pause:1  application/x sha256:{d} 700.0 KiB linux/amd64 io.cri-containerd.pinned=pinned
""".format(**{letter: letter * 64 for letter in "abcd"})
CTR_CONTAINERS = f"CONTAINER IMAGE RUNTIME\n1234 sha256:{'c' * 64} io.containerd.runc.v2\n"
CRICTL_IMAGES = (
    '{"images":[{"id":"sha256:1","repoTags":["r/used:1"],"repoDigests":[],"size":"1000","pinned":false},'
    '{"id":"sha256:2","repoTags":["r/old:1"],"repoDigests":["r/old@sha256:9"],"size":"500"},'
    '{"id":"sha256:3","repoTags":["r/pause:1"],"size":"7","pinned":true}]}'
)
CRICTL_CONTAINERS = '{"containers":[{"image":{"image":"sha256:1"},"imageRef":"sha256:1"}]}'
SYSTEM_DF = (
    "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE\n"
    "Images          5         2         1.5GB     500MB (33%)\n"
    "Containers      2         2         0B        0B\n"
)


@pytest.mark.parametrize(
    ("runtime", "client", "text", "whole", "unused"),
    [
        (
            "containerd",
            "ctr",
            f"case $* in *images*) cat <<'X'\n{CTR_IMAGES}X\n;; *) cat <<'X'\n{CTR_CONTAINERS}X\n;; esac",
            (3, 20_115_456),
            (1, 8_912_896),
        ),
        (
            "containerd",
            "crictl",
            f"case $* in *images*) echo '{CRICTL_IMAGES}' ;; *) echo '{CRICTL_CONTAINERS}' ;; esac",
            (3, 1507),
            (1, 500),
        ),
        ("docker", "docker", f"cat <<'X'\n{SYSTEM_DF}X", (5, 1_500_000_000), (3, 500_000_000)),
        ("podman", "podman", f"cat <<'X'\n{SYSTEM_DF}X", (5, 1_500_000_000), (3, 500_000_000)),
    ],
)
def test_the_client_of_the_runtime_names_what_could_be_freed(
    runtime: str,
    client: str,
    text: str,
    whole: tuple[int, int],
    unused: tuple[int, int],
    store: Path,
    tools: Tools,
) -> None:
    path = tools([*FRAME, "stat", "grep", "du"], **{client: text})
    found = use(look("dash", preface(store, runtime, pid="1"), only_path=path))
    assert (found["images"].count, found["images"].bytes) == whole
    assert (found["unused_images"].count, found["unused_images"].bytes) == unused
    assert found["unused_images"].freeable


@pytest.mark.parametrize(
    ("runtime", "client", "text", "why"),
    [
        ("containerd", "ctr", "exec sleep 60", "ctr had no answer from the runtime in time"),
        ("containerd", "crictl", "exec sleep 60", "crictl had no answer from the runtime in time"),
        (
            "containerd",
            "crictl",
            "echo '{\"images\": 5}'",
            "what crictl printed is no JSON, or too much of it",
        ),
        ("containerd", "ctr", "echo 'ctr: cannot dial'; exit 1", "ctr failed: ctr: cannot dial"),
        ("docker", "docker", "printf '\\033[31mTYPE'", "docker system df printed no line about images"),
        ("cri-o", "podman", "exit 0", "no tool (crictl)"),
    ],
)
def test_a_client_that_does_not_answer_is_a_gap(
    runtime: str, client: str, text: str, why: str, store: Path, tools: Tools
) -> None:
    path = tools([*FRAME, "stat", "grep", "du"], **{client: text})
    records = look("dash", preface(store, runtime, pid="1"), only_path=path)
    assert gaps(records)["unused images"] == why
    assert "unused_images" not in use(records)


def test_the_client_is_not_asked_where_the_runtime_does_not_run(store: Path, tools: Tools) -> None:
    path = tools([*FRAME, "stat", "grep", "du"], ctr="exec sleep 60")
    records = look("dash", preface(store), only_path=path)
    assert gaps(records)["unused images"] == "the container runtime does not run"


def test_the_thresholds_of_the_kubelet_are_read_from_its_configuration(
    shell: str, store: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        'kind: KubeletConfiguration\nevictionHard:\n  imagefs.available: 20%\n  nodefs.inodesFree: "3%"\n'
        "evictionSoft:\n  imagefs.available: 50%\nimageGCHighThresholdPercent: 70\nauthentication: {token: secret}\n"
    )
    records = look(shell, preface(store, config=str(config)))
    systems = {one.purpose: one for one in of(records, FileSystemFact)}
    assert systems["images"].evict_below == {"imagefs.available": "20%"}
    assert systems["kubelet"].evict_below == {"nodefs.inodesFree": "3%"}
    assert (systems["images"].gc_above_percent, systems["kubelet"].gc_above_percent) == (70, None)


def test_room_is_the_compressed_size_by_a_factor_against_what_is_free() -> None:
    question = NodeQuestion(
        "n1", images=(ImageAsked("fits", 100), ImageAsked("large", 200), ImageAsked("unknown")), factor=3.0
    )
    job = JobAnswer(
        "disk",
        ENDED,
        blocks=(Block("stat", "1 1000 500 10 5 600 /store\n", 0),),
        facts={"images": ("/store",)},
    )
    records = disk.records(Answer({"disk": job}, complete=True), question)
    assert [(one.image, one.needed_bytes, one.free_bytes, one.fits) for one in of(records, RoomFact)] == [
        ("fits", 300, 500, True),
        ("large", 600, 500, False),
    ]
    assert gaps(records)["room for unknown"] == "no registry told the size"


MOUNTS = """27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw
30 27 254:1 / /data rw,relatime shared:1 - ext4 /dev/vdb ro,errors=remount-ro
31 27 254:2 / /deliberate ro,relatime - xfs /dev/vdc ro
32 27 254:3 / /with\\040blank\\134x rw - btrfs /dev/vdd rw,space_cache
33 27 254:4 / /data/over rw - overlay overlay rw,lowerdir=/a
"""


@pytest.mark.parametrize(
    ("path", "mount_point", "kind", "read_only", "odd"),
    [
        ("/data/store", "/data", "ext4", True, "became read-only by itself"),
        ("/deliberate", "/deliberate", "xfs", True, ""),
        ("/with blank\\x/store", "/with blank\\x", "btrfs", False, ""),
        ("/database", "/", "ext4", False, ""),
        ("/data/over/1", "/data/over", "overlay", False, ""),
    ],
)
def test_the_mount_says_whether_it_is_read_only_and_whether_that_was_meant(
    path: str, mount_point: str, kind: str, read_only: bool, odd: str
) -> None:
    job = JobAnswer(
        "disk",
        ENDED,
        blocks=(Block("stat", f"4096 100 50 0 0 60 {path}\n", 0), Block("mounts", MOUNTS, 0)),
        facts={"images": (path,), "ext4_errors": ("vdz 3",)},
    )
    found = of(disk.records(Answer({"disk": job}, complete=True), NodeQuestion("n1")), FileSystemFact)[0]
    assert (found.mount_point, found.type, found.read_only) == (mount_point, kind, read_only)
    assert odd in found.detail
    assert bool(found.detail) is bool(odd)
    assert (found.inodes_total, found.inodes_free) == (None, None), "a file system that counts no inodes"


def test_no_text_of_a_node_raises() -> None:
    texts = [
        "\x1b[31m\x00",
        "9" * 400,
        "- - - -",
        "4096 1 1 1 1 ",
        "\ud800",
        "{" * 5000,
        "a\tb\n\t\n1\t",
        "١ ٢ ٣ ٤ ٥ /",
    ]
    names = ["stat", "bytes", "inodes", "mounts", "runtime_mounts", "thresholds", "ingest", "du"]
    clients = ["crictl_images", "crictl_containers", "ctr_images", "ctr_containers", "docker"]
    for text in texts:
        facts = dict.fromkeys(
            ("images", "root", "ingest", "ingest_count", "path", "flag_eviction-hard", "ext4_errors"),
            (text, text),
        )
        facts["counted"] = ("1",)
        facts["ingest_count"] = ("3",)
        blocks = tuple(Block(name, text, 0, ended=True) for name in (*names, *clients))
        job = JobAnswer("disk", ENDED, blocks=blocks, facts=facts, lacks={"figures": (text,)})
        named = ("disk", "disk_images", "disk_content", "disk_snapshots_x", "disk_logs")
        answer = Answer({name: dataclasses.replace(job, name=name) for name in named}, complete=True)
        question = NodeQuestion("n1", images=(ImageAsked(text, 5),))
        assert disk.records(answer, question)


def test_a_job_that_is_missing_is_one_gap() -> None:
    records = disk.records(Answer({}, complete=False), NodeQuestion("n1"))
    assert [one.check for one in records] == ["n1: disk"]
