# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in all the shapes that API servers and recorders of ten years have given them."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    PodEvents,
    container_of,
    event_fact,
    image_of,
    said,
    told_event,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact

from tests.unit.plugins.module_utils._cluster.samples import IMAGE, UID, at, event


def told(*items: dict[str, object]) -> PodEvents:
    found = PodEvents()
    for item in items:
        fact = told_event(item)
        if fact:
            found.add(fact)
    return found


class TestShapes:
    def test_the_old_one(self) -> None:
        fact = event_fact(event("Failed", "x", at(9), count=7))
        assert (fact.first_at, fact.last_at, fact.count) == (at(0, 5), at(9), 7)
        assert (fact.component, fact.host, fact.field_path) == ("kubelet", "worker-1", "spec.containers{app}")

    def test_of_a_recorder_that_uses_the_new_api(self) -> None:
        """events.k8s.io as v1 shows it: no count, no timestamps, microseconds."""
        item = event(
            "Failed",
            "x",
            firstTimestamp=None,
            lastTimestamp=None,
            count=None,
            source={},
            eventTime="2026-01-31T08:40:00.123456Z",
            reportingComponent="kubelet",
            reportingInstance="worker-1",
        )
        fact = event_fact(item)
        assert (fact.first_at, fact.last_at, fact.count) == (at(10), at(10), 1)
        assert (fact.component, fact.host) == ("kubelet", "worker-1")

    def test_a_series(self) -> None:
        series = {"count": 12, "lastObservedTime": "2026-01-31T08:50:00.000001Z"}
        item = event(
            "Failed", "x", firstTimestamp=None, lastTimestamp=None, count=None, eventTime=None, series=series
        )
        fact = event_fact(item)
        assert (fact.first_at, fact.last_at, fact.count) == (at(0, 5), at(20), 12)

    def test_events_k8s_io_itself(self) -> None:
        item = {
            "metadata": {"name": "e"},
            "regarding": {"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": UID},
            "reason": "Failed",
            "note": "Error: ErrImagePull",
            "deprecatedCount": 3,
            "deprecatedFirstTimestamp": at(1),
            "deprecatedLastTimestamp": at(2),
            "deprecatedSource": {"component": "kubelet"},
        }
        (fact,) = told(item).of(UID)
        assert (fact.message, fact.count, fact.first_at, fact.last_at) == (
            "Error: ErrImagePull",
            3,
            at(1),
            at(2),
        )

    @pytest.mark.parametrize("count", [0, None, "many", -1, True])
    def test_a_count_that_is_none_is_one(self, count: object) -> None:
        assert event_fact(event("Failed", "x", count=count)).count == 1

    def test_nonsense_instead_of_an_event(self) -> None:
        for item in (None, [], "x", {}, {"reason": "Failed", "involvedObject": None}, {"reason": 3}):
            assert told_event(item) is None
        assert event_fact({"metadata": 3, "message": 4, "source": []}) == EventFact(reason="", message="")

    def test_a_text_without_end_is_cut(self) -> None:
        message = event_fact(event("Failed", "y" * 1_000_000)).message
        assert len(message) < 33_000
        assert message.endswith("more characters)")


class TestWhichOnes:
    @pytest.mark.parametrize("reason", ["Created", "Unhealthy", "Killing", "Scheduled"])
    def test_others_are_left_out(self, reason: str) -> None:
        assert told_event(event(reason, "x")) is None

    def test_a_container_that_crashes_backs_off_as_well(self) -> None:
        assert told_event(event("BackOff", "Back-off restarting failed container app")) is None
        assert told_event(event("BackOff", f'Back-off pulling image "{IMAGE}"'))

    def test_other_kinds_of_objects(self) -> None:
        assert told_event(event("Failed", "x", about={"kind": "Job"})) is None


class TestPerPod:
    def test_equal_ones_become_one(self) -> None:
        first = event("Failed", "x", at(5), count=2, metadata={"name": "a", "uid": "1"})
        second = event(
            "Failed", "x", at(9), count=3, metadata={"name": "b", "uid": "2"}, firstTimestamp=at(6)
        )
        (fact,) = told(first, second).of(UID)
        assert (fact.count, fact.first_at, fact.last_at) == (5, at(0, 5), at(9))

    def test_one_that_was_read_twice_counts_once(self) -> None:
        """A list that was continued after its token had expired."""
        twice = event("Failed", "x", count=2, metadata={"name": "a", "uid": "1"})
        (fact,) = told(twice, twice).of(UID)
        assert fact.count == 2

    def test_oldest_first(self) -> None:
        found = told(*[event("Failed", str(minute), at(minute)) for minute in (5, 1, 9)])
        assert [one.message for one in found.of(UID)] == ["1", "5", "9"]

    def test_pods_with_something_to_tell(self) -> None:
        found = told(
            event("Pulling", f'Pulling image "{IMAGE}"', about={"uid": "quiet"}),
            event("FailedMount", "no such volume", about={"uid": "of another kind"}),
            event("Failed", "x", about={"uid": "main"}),
            event("Failed", "x", about={"uid": "debug"}, field="spec.ephemeralContainers{debug}"),
        )
        assert {(uid, ephemeral) for uid, _namespace, _name, ephemeral in found.telling()} == {
            ("main", False),
            ("debug", True),
        }


@pytest.mark.parametrize(
    ("message", "image"),
    [
        ('Failed to pull image "a/b:1": no', "a/b:1"),
        ('pulling image "a"', "a"),
        ('Back-off pulling image "we\\"ird"', 'we"ird'),
        ('Failed to inspect image "": rpc error', ""),
        ("Error: ErrImagePull", None),
        ('failed to get sandbox image "registry.k8s.io/pause:3.9": x', "registry.k8s.io/pause:3.9"),
        (r'image "a\q"', r"a\q"),
    ],
)
def test_the_image_that_a_message_quotes(message: str, image: str | None) -> None:
    assert image_of(message) == image


def test_the_mark_of_aggregated_events_is_no_part_of_the_message() -> None:
    fact = event_fact(event("Failed", '(combined from similar events): Failed to pull image "a": b'))
    assert said(fact) == 'Failed to pull image "a": b'


def test_the_container_of_a_field_path() -> None:
    assert container_of(EventFact("Failed", "", field_path="spec.initContainers{a-b}")) == (
        "initContainers",
        "a-b",
    )
    assert container_of(EventFact("Failed", "", field_path="spec")) == ("", "")
