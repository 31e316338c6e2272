# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unusual on a node and no fault is not taken for one, and does not hide another."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Record

from tests.unit.evidence import failing, not_found
from tests.unit.plugins.module_utils._diagnosis.asked import answer
from tests.unit.plugins.module_utils._diagnosis.looked import (
    BROKEN,
    HOST,
    IMAGE,
    endpoint,
    finding_with,
    hop,
    sick,
    way,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import BARE, DROPPED, MIRROR

SLOW = {"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"}
STALLED = (
    f'failed to pull and unpack image "{IMAGE}": failed to copy: httpReadSeeker: failed open: failed to do request: '
    f'Get "https://{MIRROR}/v2/shop/web/blobs/sha256:aa?ns={HOST}": net/http: timeout awaiting response headers'
)


def cut_off() -> list[Record]:
    """A node that is served by a mirror and has no way to the registry itself."""
    return sick(
        endpoint(f"https://{MIRROR}"),
        endpoint(f"https://{HOST}", 1, "origin"),
        *way(MIRROR),
        hop("dns"),
        hop("tcp", "timeout"),
    )


@pytest.mark.parametrize(
    ("words", "fields", "cause"),
    [(BARE, {}, "unknown"), (BARE, SLOW, "pull_slow"), (STALLED, {}, "mirror_failure")],
    ids=["bare", "slow", "stalled"],
)
def test_a_registry_that_is_closed_on_purpose_is_not_at_fault_where_a_mirror_answers(
    tmp_path: Path, words: str, fields: dict[str, object], cause: str
) -> None:
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN, **fields), cut_off())
    assert found.cause == cause


def test_a_registry_that_the_words_name_is_at_fault_beside_a_mirror_that_answers(tmp_path: Path) -> None:
    found = finding_with(tmp_path / "run", failing(DROPPED, IMAGE, node=BROKEN), cut_off())
    assert (found.cause, found.hop, found.confidence) == ("network_unreachable", "tcp", "confirmed")


def test_a_mirror_that_lacks_the_image_is_named_where_the_registry_is_closed_on_purpose(
    tmp_path: Path,
) -> None:
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, cut_off(), asked=[answer("", IMAGE)])
    assert (found.cause, found.hop, found.confidence) == ("mirror_failure", "mirror", "likely")
