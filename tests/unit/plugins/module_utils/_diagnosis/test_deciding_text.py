# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of many texts decides about one container."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact

from tests.unit.evidence import failed_event, failing, judged, no_such_host, not_found, refused, unauthorized

IMAGE = "registry.example.com/shop/web:1"
BACK_OFF = f'Back-off pulling image "{IMAGE}"'


def cause_of(place: Path, *events: EventFact, message: str = BACK_OFF, **fields: object) -> str:
    failure = failing(message, IMAGE, reason="ImagePullBackOff", events=events, **fields)
    report = judged(place / "run", failure)
    assert len(report.findings) == 1
    return report.findings[0].cause


def test_the_status_is_newer_than_any_event(tmp_path: Path) -> None:
    message = f"{BACK_OFF}: ErrImagePull: {not_found(IMAGE)}"
    old = failed_event(IMAGE, refused(IMAGE, "registry.example.com"))
    assert cause_of(tmp_path, old, message=message) == "tag_not_found"


def test_events_tell_where_the_status_only_says_back_off(tmp_path: Path) -> None:
    assert cause_of(tmp_path, failed_event(IMAGE, not_found(IMAGE))) == "tag_not_found"


def test_the_newest_event_decides(tmp_path: Path) -> None:
    old = failed_event(IMAGE, refused(IMAGE, "registry.example.com"), at="2026-01-31T11:10:00Z")
    new = failed_event(IMAGE, not_found(IMAGE), at="2026-01-31T11:50:00Z")
    assert cause_of(tmp_path, new, old) == "tag_not_found"
    assert cause_of(tmp_path / "other", old, new) == "tag_not_found"


def test_an_event_about_the_image_before_the_edit_is_ignored(tmp_path: Path) -> None:
    other = "registry.example.com/shop/web:0"
    assert cause_of(tmp_path, failed_event(other, not_found(other))) == "unknown"


def test_an_event_of_another_container_is_ignored(tmp_path: Path) -> None:
    event = failed_event(IMAGE, not_found(IMAGE), field_path="spec.containers{neighbour}")
    assert cause_of(tmp_path, event) == "unknown"


def test_a_failure_before_a_later_success_is_ignored(tmp_path: Path) -> None:
    failed = failed_event(IMAGE, not_found(IMAGE), at="2026-01-31T11:10:00Z")
    pulled = EventFact("Pulled", f'Successfully pulled image "{IMAGE}" in 2s', last_at="2026-01-31T11:20:00Z")
    assert cause_of(tmp_path, failed, pulled) == "unknown"


def test_inspect_failed_with_an_empty_name_is_about_this_image(tmp_path: Path) -> None:
    """Kubelets from 1.32 to at least 1.36 print an empty name there."""
    text = (
        'Failed to inspect image "": rpc error: code = Unavailable desc = connection error: desc = "transport: Error '
        'while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"'
    )
    event = EventFact("InspectFailed", text, last_at="2026-01-31T11:50:00Z")
    assert cause_of(tmp_path, event, message="") == "runtime_error"


@pytest.mark.parametrize("passing", ["pull QPS exceeded", "context canceled"])
def test_what_hindered_one_try_gives_way_to_an_older_word_about_the_image(
    tmp_path: Path, passing: str
) -> None:
    new = failed_event(IMAGE, passing, at="2026-01-31T11:59:00Z")
    old = failed_event(IMAGE, not_found(IMAGE), at="2026-01-31T11:50:00Z")
    assert cause_of(tmp_path, new, old) == "tag_not_found"


def test_the_kubelets_own_limit_is_the_cause_where_nothing_else_is_known(tmp_path: Path) -> None:
    assert cause_of(tmp_path, failed_event(IMAGE, "pull QPS exceeded")) == "pull_qps_exceeded"


def test_repeated_waiting_reasons_say_nothing(tmp_path: Path) -> None:
    event = EventFact("Failed", "Error: ErrImagePull", last_at="2026-01-31T11:59:00Z")
    real = failed_event(IMAGE, no_such_host(IMAGE, "registry.example.com"), at="2026-01-31T11:50:00Z")
    assert cause_of(tmp_path, event, real) == "dns_failure"


def test_an_unknown_cause_says_why_it_is_not_known_and_what_to_do(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", failing(BACK_OFF, IMAGE, reason="ImagePullBackOff"))
    finding = report.findings[0]
    assert (finding.cause, finding.confidence) == ("unknown", "possible")
    assert "no event tells why any more" in finding.summary
    assert any("get events --watch" in fix.command for fix in finding.fixes)


def test_the_evidence_names_the_deciding_event_and_its_time(tmp_path: Path) -> None:
    event = failed_event(IMAGE, unauthorized(IMAGE, "registry.example.com"), count=9)
    report = judged(tmp_path / "run", failing(BACK_OFF, IMAGE, reason="ImagePullBackOff", events=(event,)))
    first = report.findings[0].evidence[0]
    assert (first.source, first.vantage, first.at) == ("event", "api", event.last_at)
    assert "9 times" in first.fact
    assert "401 Unauthorized" in first.quote
