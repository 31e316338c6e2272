# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nouns: they survive the way to a file and back, and say which field is wrong."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    EventFact,
    NodeFact,
    OwnerRef,
    PullFailure,
    RevisionFact,
    Scope,
    Stats,
    WorkloadFact,
)

FAILURE = PullFailure(
    namespace="shop",
    pod="web-1",
    pod_uid="",
    container="web",
    container_type="main",
    image="nginx",
    symptom="waiting",
    owner=OwnerRef(kind="Deployment", name="web"),
    events=(EventFact(reason="Failed", message="x", count=0),),
)
WORKLOAD = WorkloadFact(
    namespace="shop",
    kind="Deployment",
    name="web",
    desired=0,
    current=RevisionFact(2, "web-2", images={"web": "nginx:2"}),
)


@pytest.mark.parametrize(
    "record", [FAILURE, WORKLOAD, Scope(complete=False), Stats(seconds={"triage": 1.5}), NodeFact("n")]
)
def test_comes_back_as_it_was(record: object) -> None:
    kind = type(record)
    for written in (record.to_dict(), record.to_compact_dict()):  # type: ignore[attr-defined]
        assert kind.from_dict(json.loads(json.dumps(written))) == record  # type: ignore[attr-defined]


def test_leaves_out_defaults_and_nothing_else() -> None:
    assert Scope(complete=False).to_compact_dict() == {"complete": False}
    assert FAILURE.to_compact_dict()["pod_uid"] == ""
    assert FAILURE.to_compact_dict()["events"] == [{"reason": "Failed", "message": "x", "count": 0}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"namespace": 1}, "PullFailure.namespace: expected str, got int"),
        ({"events": {}}, "PullFailure.events: expected list, got dict"),
        ({"events": [{"reason": None}]}, r"PullFailure.events: EventFact.reason: expected str, got NoneType"),
        ({"restart_count": True}, "PullFailure.restart_count: expected int, got bool"),
        ({}, "missing 7 required positional arguments"),
        ([], "PullFailure: expected an object, got list"),
    ],
)
def test_names_the_field_that_is_wrong(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PullFailure.from_dict(data)  # type: ignore[arg-type]
