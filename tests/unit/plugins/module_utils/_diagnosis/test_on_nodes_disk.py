# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file systems of a node matter to pulls, and when a full one is sure to break them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import FileSystemFact, Record

from tests.unit.evidence import failing, not_found
from tests.unit.plugins.module_utils._diagnosis.looked import (
    BROKEN,
    HEALTHY,
    IMAGE,
    STORE,
    disk,
    finding_with,
    look,
    report_with,
    sick,
    steps,
    way,
    well,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import NO_SPACE

WEAK = ("", "context canceled", "failed to create snapshot: boom")


def sealed(on: str = BROKEN) -> FileSystemFact:
    """The root file system of an operating system that is an image: full and read-only by design."""
    return FileSystemFact(
        on, "root", "/", "/", "/dev/dm-0", "squashfs", True, 2 * 10**9, 0, 10**5, 0, bytes_free_for_root=0
    )


@pytest.mark.parametrize("words", WEAK)
def test_a_root_that_is_read_only_by_design_is_no_fault(tmp_path: Path, words: str) -> None:
    failure = failing(words, IMAGE, node=BROKEN)
    seen: list[Record] = [disk(), sealed(), *sick(look()), *well(), sealed(HEALTHY)]
    report = report_with(tmp_path / "run", [failure], seen)
    assert "disk_full" not in [found.cause for found in report.findings]
    assert steps(report)[6][0] == "passed"


def test_a_control_with_such_a_root_is_still_a_contrast(tmp_path: Path) -> None:
    failure = failing(NO_SPACE, IMAGE, node=BROKEN)
    found = finding_with(
        tmp_path / "run", failure, [*sick(disk(bytes_free=0), sealed()), *well(), sealed(HEALTHY)]
    )
    assert f"node1 cannot store images, {HEALTHY} can" in found.summary


@pytest.mark.parametrize(
    "store",
    [
        {"mount_point": "/", "bytes_free": None},
        {"mount_point": STORE, "device": "/dev/sda1", "bytes_free": None},
    ],
    ids=["same mount", "same device"],
)
def test_a_root_that_holds_the_image_store_counts(tmp_path: Path, store: dict[str, str]) -> None:
    root = FileSystemFact(
        BROKEN, "root", "/", "/", "/dev/sda1", "ext4", False, 10**10, 0, bytes_free_for_root=0
    )
    failure = failing("context canceled", IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, [*sick(disk(**store), root), *well()])
    assert (found.cause, found.confidence) == ("disk_full", "confirmed")


@pytest.mark.parametrize("for_root", [500_000_000, None], ids=["reserve", "not told"])
def test_bytes_that_root_may_still_use_leave_weak_words_in_doubt(
    tmp_path: Path, for_root: int | None
) -> None:
    full = disk(bytes_free=0, bytes_free_for_root=for_root)
    failure = failing("context canceled", IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "weak", failure, [*sick(full), *well()])
    assert found.confidence != "confirmed"
    clear = finding_with(tmp_path / "clear", failing(NO_SPACE, IMAGE, node=BROKEN), [*sick(full), *well()])
    assert (clear.cause, clear.confidence) == ("disk_full", "confirmed")
    assert ("reserve of 500 MB" in clear.summary) == bool(for_root)


@pytest.mark.parametrize(
    "tight",
    [{"bytes_free": 50 * 10**6}, {"inodes_free": 500}, {"bytes_free": 0, "bytes_free_for_root": 10**9}],
)
def test_a_store_that_is_nearly_full_does_not_pass(tmp_path: Path, tight: dict[str, int]) -> None:
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    report = report_with(tmp_path / "run", [failure], [*sick(disk(**tight), *way()), *well()])
    status, detail = steps(report)[6]
    assert status != "passed"
    assert f"{STORE}" in detail
