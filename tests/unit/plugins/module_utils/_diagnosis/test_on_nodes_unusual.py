# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unusual on a node itself and no fault is not taken for one, and does not hide another."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CertificateFact,
    EventFact,
    NodeLook,
    Record,
)

from tests.unit.evidence import failed_event, failing, no_such_host
from tests.unit.plugins.module_utils._diagnosis.looked import (
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
    STORE,
    disk,
    endpoint,
    finding_with,
    hop,
    look,
    runtime,
    sick,
    way,
    well,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import (
    ASKED,
    BARE,
    EXPIRED,
    SLOW,
    UNTRUSTED,
    VALID,
    log,
    problem,
)

CANCELLED = "rpc error: code = Canceled desc = context canceled"


NO_MOUNT = (
    f'failed to pull and unpack image "{IMAGE}": failed to extract layer sha256:aa: failed to mount '
    "/var/lib/containerd/tmpmounts/containerd-mount1: invalid argument: unknown"
)


@pytest.mark.parametrize(
    ("words", "at", "restarted"),
    [
        (NO_MOUNT, "2026-01-31T11:58:00Z", "2026-01-31T11:59:00Z"),
        (CANCELLED, "2026-01-31T11:58:00Z", "2026-01-25T11:00:00Z"),
    ],
    ids=["restarted to mend it", "restarted long before"],
)
def test_a_restart_that_cut_off_nothing_is_not_the_cause(
    tmp_path: Path, words: str, at: str, restarted: str
) -> None:
    failure = failing(
        "", IMAGE, node=BROKEN, since="2026-01-20T11:00:00Z", events=(failed_event(IMAGE, words, at),)
    )
    seen = [*sick(runtime(since=restarted)), *well()]
    found = finding_with(tmp_path / "run", failure, seen)
    assert "started anew" not in found.summary
    cut = [*sick(runtime(since="2026-01-31T11:57:50Z")), *well()]
    by_it = finding_with(tmp_path / "cut", failure, cut)
    assert ("started anew" in by_it.summary) == (words == CANCELLED)


def test_a_restart_that_only_the_log_shows_to_have_cut_off_a_pull_is_the_cause(tmp_path: Path) -> None:
    failure = failing(BARE, IMAGE, node=BROKEN, since="2026-01-20T11:00:00Z")
    line = log(f'Failed to pull image err="{CANCELLED}"', unit="kubelet", at="2026-01-31T11:57:50Z")
    for since, is_it in (("2026-01-31T11:57:55Z", True), ("2026-01-31T11:47:55Z", False)):
        seen = [*sick(runtime(since=since), *way(), line), *well()]
        found = finding_with(tmp_path / since[14:16], failure, seen)
        assert ("started anew" in found.summary) == is_it


def test_a_restart_is_the_cause_whatever_the_node_s_clock_says(tmp_path: Path) -> None:
    failure = failing(CANCELLED, IMAGE, node=BROKEN, since="2026-01-20T11:00:00Z")
    given = runtime(since="2026-01-31T12:57:55Z")
    for ahead, is_it in ((3600.0, True), (0.0, False)):
        seen = [look(clock_difference=ahead), given, disk(), *way(), *well()]
        found = finding_with(tmp_path / str(ahead), failure, seen)
        assert ("started anew" in found.summary) == is_it


def test_a_client_that_waits_in_vain_on_a_busy_node_does_not_outweigh_exact_words(tmp_path: Path) -> None:
    silent = runtime(state="hung", detail="its client got no answer in 2 s")
    found = finding_with(tmp_path / "run", failing(NO_MOUNT, IMAGE, node=BROKEN), [*sick(silent), *well()])
    assert "does not answer" not in found.summary or found.confidence != "confirmed"


@pytest.mark.parametrize(
    "words",
    [
        'rpc error: code = Unavailable desc = connection error: desc = "transport: dial unix /run/c.sock: refused"',
        "rpc error: code = Unimplemented desc = unknown service runtime.v1.ImageService",
    ],
)
def test_a_runtime_that_answers_neither_kubelet_nor_probe_is_shown_on_its_node(
    tmp_path: Path, words: str
) -> None:
    silent = runtime(answers=False, detail="its client says: connection refused")
    found = finding_with(
        tmp_path / "run", failing(words, IMAGE, node=BROKEN), [*sick(silent, *way()), *well()]
    )
    assert (found.cause, found.confidence) == ("runtime_error", "confirmed")
    assert "node1 cannot pull any image, node2 can: containerd runs and does not answer" in found.summary


PAST = CertificateFact(HOST, not_before="2020-01-01T00:00:00Z", not_after="2026-01-20T00:00:00Z")


@pytest.mark.parametrize(
    ("certificates", "others", "is_clock"),
    [((), "expired", False), ((VALID, PAST), "ok", False), ((), "ok", True), ((VALID,), "expired", True)],
    ids=["for others too", "one above it", "not for others", "by its own dates"],
)
def test_a_clock_is_at_fault_where_the_certificate_is_good_by_another(
    tmp_path: Path, certificates: tuple[CertificateFact, ...], others: str, is_clock: bool
) -> None:
    shown = hop("tls", "expired", cause="tls_expired", certificates=certificates)
    seen = sick(hop("dns"), hop("tcp"), shown, look(clock_difference=150.0))
    other = [look(HEALTHY), *way(on=HEALTHY, tls=others)]
    found = finding_with(tmp_path / "run", failing(EXPIRED, IMAGE, node=BROKEN), [*seen, *other])
    assert (found.cause, found.confidence) == ("tls_expired", "confirmed")
    assert (" expired" not in found.summary) == is_clock
    assert "clock is 2 minutes ahead" in found.summary


def test_a_date_to_come_is_not_told_as_one_that_is_over(tmp_path: Path) -> None:
    shown = hop("tls", "expired", cause="tls_expired", certificates=(VALID, PAST))
    seen = sick(hop("dns"), hop("tcp"), shown)
    found = finding_with(tmp_path / "run", failing(EXPIRED, IMAGE, node=BROKEN), seen)
    assert VALID.not_after not in found.summary
    assert "one of its chain has expired" in found.summary


def test_an_intermediate_certificate_is_told_by_its_own_date(tmp_path: Path) -> None:
    text = f"a certificate above that of {HOST} (CN=old CA) expired on 2026-01-20T00:00:00Z"
    shown = hop("tls", "expired", cause="tls_expired", certificates=(VALID, PAST), text=text)
    failure = failing(EXPIRED, IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, sick(hop("dns"), hop("tcp"), shown))
    assert text in found.summary


@pytest.mark.parametrize(
    ("outcome", "cause", "known", "name"),
    [
        ("not_tls", "http_https_mismatch", {"skip_verify": True}, "docker"),
        ("untrusted", "tls_untrusted", {"skip_verify": True}, "containerd"),
        ("untrusted", "tls_untrusted", {"ca_files": ("/etc/own/ca.crt",)}, "containerd"),
    ],
    ids=["plain", "not verified", "own CA"],
)
def test_a_handshake_that_is_stricter_than_the_runtime_proves_nothing_without_words(
    tmp_path: Path, outcome: str, cause: str, known: dict[str, object], name: str
) -> None:
    shown: list[Record] = [hop("dns"), hop("tcp")]
    shown.append(hop("tls", outcome, cause=cause, trust=("/etc/ssl/bundle.crt",)))
    shown.append(dataclasses.replace(runtime(), name=name))
    failure = failing(BARE, IMAGE, node=BROKEN)
    for fields in (known, {}):
        origin = endpoint(f"https://{HOST}", role="origin", **fields)
        found = finding_with(tmp_path / f"run{len(fields)}", failure, sick(*shown, origin))
        assert found.cause == ("unknown" if fields else cause)
    said = "http: server gave HTTP response to HTTPS client" if outcome == "not_tls" else ""
    words = f"{ASKED}{said}" if said else UNTRUSTED
    origin = endpoint(f"https://{HOST}", role="origin", **known)
    exact = finding_with(tmp_path / "exact", failing(words, IMAGE, node=BROKEN), sick(*shown, origin))
    assert (exact.cause, exact.confidence) == (cause, "confirmed")


def test_containerd_that_need_not_verify_a_host_still_fails_at_plain_http(tmp_path: Path) -> None:
    seen = sick(
        hop("dns"),
        hop("tcp"),
        hop("tls", "not_tls", cause="http_https_mismatch"),
        endpoint(f"https://{HOST}", role="origin", skip_verify=True),
    )
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.confidence) == ("http_https_mismatch", "confirmed")


def test_a_ca_file_that_seems_to_lack_is_likely_at_fault_without_words(tmp_path: Path) -> None:
    shown = hop("tls", "untrusted", cause="tls_untrusted", trust=("/etc/ssl/bundle.crt",))
    origin = endpoint(f"https://{HOST}", role="origin", ca_files=("/etc/own/ca.crt",))
    text = "the CA file /etc/own/ca.crt is not there"
    lacks = problem("ca_missing", text, "tls_untrusted", certain=False)
    seen = sick(hop("dns"), hop("tcp"), shown, origin, lacks)
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.confidence) == ("tls_untrusted", "likely")
    assert text in found.summary


@pytest.mark.parametrize(("free", "cause"), [(60 * 10**9, "unknown"), (6 * 10**9, "disk_full")])
def test_a_hundredth_of_a_large_disk_is_room_enough(tmp_path: Path, free: int, cause: str) -> None:
    large = disk(bytes_total=8 * 10**12, bytes_free=free)
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), sick(large, *way()))
    assert found.cause == cause


def test_a_ca_that_the_node_trusts_may_have_come_after_the_runtime_s_start(tmp_path: Path) -> None:
    given = runtime(since="2026-01-01T00:00:00Z")
    seen = [*sick(given, *way()), *well()]
    found = finding_with(tmp_path / "run", failing(UNTRUSTED, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.confidence) == ("tls_untrusted", "likely")
    assert "came after 2026-01-01T00:00:00Z, when containerd was started" in found.summary


@pytest.mark.parametrize(
    ("at", "ahead", "cause"),
    [
        ("2026-01-31T11:02:00Z", 0.2, "unknown"),
        ("2026-01-31T11:58:00Z", 0.2, "dns_failure"),
        ("2026-01-31T11:02:00Z", -3400.0, "dns_failure"),
        ("2026-01-31T12:40:00Z", 7200.0, "unknown"),
    ],
    ids=["over", "now", "now, by a clock that is behind", "over, by a clock that is ahead"],
)
def test_a_line_of_the_log_that_was_not_said_again_is_over(
    tmp_path: Path, at: str, ahead: float, cause: str
) -> None:
    node = [
        record
        for record in sick(*way(), log(no_such_host(IMAGE, HOST), at=at))
        if not isinstance(record, NodeLook)
    ]
    found = finding_with(
        tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), [*node, look(clock_difference=ahead)]
    )
    assert found.cause == cause


@pytest.mark.parametrize(
    ("at", "cause"), [("2026-01-31T11:02:00Z", "dns_failure"), ("2026-01-31T10:58:00Z", "pull_slow")]
)
def test_a_line_of_a_pull_that_still_goes_on_is_not_over(tmp_path: Path, at: str, cause: str) -> None:
    begun = EventFact("Pulling", "Normal", f'Pulling image "{IMAGE}"', last_at="2026-01-31T11:00:00Z")
    fields = {**SLOW, "pulling_seconds": 3600, "events": (begun,)}
    failure = failing(BARE, IMAGE, node=BROKEN, **fields)
    found = finding_with(tmp_path / "run", failure, sick(*way(), log(no_such_host(IMAGE, HOST), at=at)))
    assert found.cause == cause


@pytest.mark.parametrize(
    ("mount", "confidence"),
    [("/var/lib/kubelet", "likely"), (STORE, "confirmed")],
    ids=["of its own", "shared"],
)
def test_a_full_disk_of_the_kubelets_own_need_not_be_what_stops_a_pull(
    tmp_path: Path, mount: str, confidence: str
) -> None:
    full = dataclasses.replace(
        disk(bytes_free=0, mount_point=mount), purpose="kubelet", path="/var/lib/kubelet"
    )
    store = disk(bytes_free=0 if mount == STORE else 5 * 10**9)
    found = finding_with(
        tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), [look(), runtime(), store, full, *way()]
    )
    assert (found.cause, found.confidence) == ("disk_full", confidence)
