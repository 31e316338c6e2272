# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pull by hand proves, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import PullTrial

from tests.unit.evidence import failing, unauthorized
from tests.unit.plugins.module_utils._diagnosis.looked import (
    AT,
    BROKEN,
    HOST,
    IMAGE,
    finding_with,
    report_with,
    runtime,
    sick,
    well,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import DROPPED, UNTRUSTED

SOCKET = 'ctr: failed to dial "/run/containerd/containerd.sock": context deadline exceeded: connection error'


@pytest.mark.parametrize(
    ("words", "cause"),
    [(DROPPED, "network_unreachable"), (unauthorized(IMAGE, HOST), "auth_missing"), ("", "unknown")],
    ids=["dropped", "refused", "silent"],
)
def test_the_client_s_own_trouble_is_none_of_a_runtime_that_answers(
    tmp_path: Path, words: str, cause: str
) -> None:
    trial = PullTrial(BROKEN, IMAGE, "failed", "ctr", text=SOCKET, at=AT, removed=True)
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), [*sick(trial), *well()])
    alone = finding_with(tmp_path / "alone", failing(words, IMAGE, node=BROKEN), [*sick(), *well()])
    assert found.cause != "runtime_error"
    assert (found.cause, found.confidence) == (alone.cause, alone.confidence)
    assert [item.supports for item in found.evidence if "the client's own trouble" in item.fact] == [False]


def test_a_runtime_that_does_not_answer_is_shown_by_its_client(tmp_path: Path) -> None:
    trial = PullTrial(BROKEN, IMAGE, "failed", "ctr", text=SOCKET, at=AT, removed=True)
    silent = runtime(answers=None, state="")
    found = finding_with(tmp_path / "run", failing("", IMAGE, node=BROKEN), [*sick(trial, silent), *well()])
    assert found.cause == "runtime_error"


def test_a_snapshotter_that_does_not_answer_is_the_runtime_s_trouble(tmp_path: Path) -> None:
    words = 'ctr: failed to prepare extraction snapshot "x": connection error: desc = "transport: Error while dialing: '
    words += 'dial unix /run/containerd-stargz-grpc/containerd-stargz-grpc.sock: connect: connection refused"'
    trial = PullTrial(BROKEN, IMAGE, "failed", "ctr", text=words, at=AT, removed=True)
    found = finding_with(tmp_path / "run", failing("", IMAGE, node=BROKEN), [*sick(trial), *well()])
    assert found.cause == "runtime_error"


def test_a_pull_that_finds_the_layers_there_lowers_nothing(tmp_path: Path) -> None:
    words = "failed to copy: httpReadSeeker: failed open: failed to do request: Get "
    words += '"https://cdn.example/blobs/x": dial tcp 10.7.7.7:443: i/o timeout'
    levels = {}
    for was_there in (None, True, False):
        seen = sick()
        if was_there is not None:
            trial = PullTrial(BROKEN, IMAGE, "pulled", "docker", at=AT, was_there=was_there, removed=True)
            seen = sick(trial)
        found = finding_with(tmp_path / str(was_there), failing(words, IMAGE, node=BROKEN), [*seen, *well()])
        levels[was_there] = found.confidence
        said = [item for item in found.evidence if "only the manifest was asked for" in item.fact]
        assert bool(said) == bool(was_there)
    assert levels[True] == levels[None]
    assert levels[False] != levels[None]


@pytest.mark.parametrize(
    ("removed", "why"), [(False, "not removed again"), (None, "was not seen"), (True, "")], ids=str
)
def test_what_a_pull_by_hand_leaves_is_told(tmp_path: Path, removed: bool | None, why: str) -> None:
    store = "containerd's namespace image-pull-1"
    trial = PullTrial(BROKEN, IMAGE, "pulled", "ctr", store, at=AT, was_there=False, removed=removed)
    report = report_with(tmp_path / "run", [failing(UNTRUSTED, IMAGE, node=BROKEN)], [*sick(trial), *well()])
    told = [item for item in report.not_checked if "the pull by hand" in item.check]
    assert bool(told) == bool(why)
    if told:
        assert BROKEN in told[0].check
        assert store in told[0].check
        assert why in told[0].why
