# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unusual on a node and no fault is not taken for one, and does not hide another."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CertificateFact,
    EventFact,
    HostSeen,
    NodeLook,
    Record,
)

from tests.unit.evidence import failed_event, failing, no_such_host, not_found, refused
from tests.unit.plugins.module_utils._diagnosis.asked import answer
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
    resolver,
    runtime,
    sick,
    way,
    well,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import (
    ASKED,
    BARE,
    CDN,
    DROPPED,
    EXPIRED,
    MIRROR,
    PROXY,
    UNTRUSTED,
    VALID,
    log,
    problem,
)

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


HERE, THERE = "10.5.0.7", "10.5.0.8"


@pytest.mark.parametrize(
    ("words", "seen", "cause", "hop_met"),
    [
        (
            UNTRUSTED,
            [hop("tcp", address=HERE), hop("tls", "untrusted", address=HERE)],
            "tls_untrusted",
            "tls",
        ),
        (
            f"{ASKED}unexpected status 503 Service Unavailable",
            [
                hop("tcp", address=HERE),
                hop("tls", address=HERE),
                hop("http", "server_error", address=HERE, status=503),
            ],
            "registry_server_error",
            "registry",
        ),
        (DROPPED, [hop("tcp", "timeout", address=HERE)], "network_unreachable", "tcp"),
        (
            refused(IMAGE, HOST, f"{HERE}:443"),
            [hop("tcp", "refused", address=HERE), hop("tcp", "refused", address=THERE)],
            "network_unreachable",
            "tcp",
        ),
    ],
    ids=["no CA", "busy site", "private endpoint", "addresses that rotate"],
)
def test_a_name_may_have_other_addresses_for_others(
    tmp_path: Path, words: str, seen: list[Record], cause: str, hop_met: str
) -> None:
    addresses = (HERE, THERE) if len(seen) == 2 and "refused" in words else (HERE,)
    seen = sick(hop("dns", addresses=addresses), *seen)
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), [*seen, *well()])
    assert (found.cause, found.hop, found.confidence) == (cause, hop_met, "confirmed")


def test_other_addresses_of_others_are_told_where_connections_are_dropped(tmp_path: Path) -> None:
    seen = [*sick(hop("dns", addresses=(HERE,)), hop("tcp", "timeout", address=HERE)), *well()]
    found = finding_with(tmp_path / "run", failing(DROPPED, IMAGE, node=BROKEN), seen)
    assert "the others get 10.1.2.3 for this name" in found.summary


def test_an_answer_for_another_name_is_the_resolver_s_fault_whatever_is_met_there(tmp_path: Path) -> None:
    text = f"the search list sends it elsewhere: this is the answer for {HOST}.corp.example"
    seen = sick(
        hop("dns", addresses=(HERE,), text=text), hop("tcp", address=HERE), hop("tls", "reset", address=HERE)
    )
    words = f"{ASKED}read tcp 10.9.0.1:5->{HERE}:443: read: connection reset by peer"
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), [*seen, *well()])
    assert (found.cause, found.hop, found.confidence) == ("dns_failure", "dns", "confirmed")


@pytest.mark.parametrize(
    ("met", "words"),
    [
        ([hop("tcp", "refused", address=HERE)], refused(IMAGE, HOST, f"{HERE}:443")),
        ([hop("tcp", "no_route", address=HERE)], f"{ASKED}dial tcp {HERE}:443: connect: no route to host"),
        (
            [hop("tcp", address=HERE), hop("tls", "name_mismatch", address=HERE)],
            f"{ASKED}x509: certificate is valid for other.example, not {HOST}",
        ),
        (
            [hop("tcp", address=HERE), hop("tls", "not_tls", address=HERE)],
            f"{ASKED}http: server gave HTTP response to HTTPS client",
        ),
    ],
    ids=["closed", "nobody", "another", "another service"],
)
def test_an_address_at_which_the_host_is_not_met_is_the_resolver_s_fault(
    tmp_path: Path, met: list[Record], words: str
) -> None:
    seen = [*sick(hop("dns", addresses=(HERE,)), *met), *well()]
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.hop, found.confidence) == ("dns_failure", "dns", "confirmed")


def test_a_line_of_the_hosts_file_is_at_fault_where_packets_to_its_address_are_lost(tmp_path: Path) -> None:
    given = resolver(hosts_file=(f"{HERE} {HOST}",))
    seen = [*sick(hop("dns", addresses=(HERE,)), hop("tcp", "timeout", address=HERE), given), *well()]
    found = finding_with(tmp_path / "run", failing(DROPPED, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.confidence) == ("dns_failure", "confirmed")
    assert f"/etc/hosts says {HERE}" in found.summary


@pytest.mark.parametrize("role", ["token", "blob"])
def test_an_odd_answer_to_a_path_that_it_does_not_know_is_no_fault_of_a_host(
    tmp_path: Path, role: str
) -> None:
    hops = [hop(name, host=CDN, role=role) for name in ("dns", "tcp", "tls")]
    odd = hop("http", "server_error", CDN, role=role, status=500)
    asked = [answer("", IMAGE, hosts=(HostSeen("registry", HOST), HostSeen(role, CDN)))]
    failure = failing(BARE, IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, sick(*way(), *hops, odd), asked=asked)
    assert found.cause == "unknown"


@pytest.mark.parametrize(
    ("met", "fields"),
    [({"tls": "untrusted"}, {}), ({}, {"resolves": False}), ({}, {"pulls": False})],
    ids=["broken behind the connection", "not for tags", "not for content"],
)
def test_a_registry_that_is_closed_is_at_fault_where_no_mirror_takes_its_place(
    tmp_path: Path, met: dict[str, str], fields: dict[str, bool]
) -> None:
    seen = sick(
        endpoint(f"https://{MIRROR}", **fields),
        endpoint(f"https://{HOST}", 1, "origin"),
        *way(MIRROR, **met),
        hop("dns"),
        hop("tcp", "timeout"),
    )
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), [*seen, *well()])
    assert found.cause != "unknown"


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


@pytest.mark.parametrize("others", ["get there straight", "were not looked at"])
def test_a_host_is_exempt_from_the_proxy_for_good_reason_where_others_get_there_straight(
    tmp_path: Path, others: str
) -> None:
    text = f"no_proxy keeps {HOST} from the proxy, and only the proxy reaches it"
    exempt = hop(
        "proxy",
        "failed",
        text=text,
        cause="proxy_error",
        proxy=PROXY,
        vantage=f"runtime/{BROKEN}",
        status=401,
    )
    given = runtime(proxies={"HTTPS_PROXY": PROXY, "NO_PROXY": HOST})
    seen = sick(hop("dns"), hop("tcp", "timeout"), exempt, given)
    well_ones = well() if others == "get there straight" else []
    found = finding_with(tmp_path / "run", failing(DROPPED, IMAGE, node=BROKEN), [*seen, *well_ones])
    cause = "network_unreachable" if well_ones else "proxy_error"
    assert (found.cause, found.confidence) == (cause, "confirmed")


@pytest.mark.parametrize("exempt", [True, False])
def test_a_dead_proxy_is_not_in_the_way_of_a_host_that_is_exempt(tmp_path: Path, exempt: bool) -> None:
    gate = "proxy.example:3128"
    given = runtime(proxies={"HTTPS_PROXY": PROXY, "NO_PROXY": HOST if exempt else ""})
    by_proxy = hop("proxy", "refused", cause="proxy_error", proxy=PROXY, vantage=f"runtime/{BROKEN}")
    seen = [
        hop("dns", host=gate, role="proxy"),
        hop("tcp", "refused", gate, role="proxy"),
        hop("dns"),
        hop("tcp", "timeout"),
        *([] if exempt else [by_proxy]),
    ]
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), [*sick(*seen, given), *well()])
    cause = "network_unreachable" if exempt else "proxy_error"
    assert (found.cause, found.confidence) == (cause, "confirmed")


def test_a_resolver_that_answers_late_does_not_outweigh_a_time_out_elsewhere(tmp_path: Path) -> None:
    words = f"{ASKED}context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    seen = [*sick(hop("dns", "slow", seconds=1.1), *way()[1:]), *well()]
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), seen)
    assert found.cause == "timeout"
    doubts = {one.cause: one.why_less_likely for one in found.alternatives}
    assert "answers only after 1.1 s" in doubts["dns_failure"]


@pytest.mark.parametrize(
    ("key", "cause", "certain"),
    [("not_restarted", "proxy_error", True), ("proxy_elsewhere", "timeout", False)],
)
@pytest.mark.parametrize("fields", [{}, SLOW], ids=["bare", "slow"])
def test_settings_of_proxies_are_not_at_fault_where_the_runtime_s_way_is_open(
    tmp_path: Path, key: str, cause: str, certain: bool, fields: dict[str, object]
) -> None:
    odd = problem(key, "the running process and its unit differ", cause, certain=certain)
    failure = failing(BARE, IMAGE, node=BROKEN, **fields)
    found = finding_with(tmp_path / "run", failure, [*sick(*way(), odd), *well()])
    assert found.cause == ("pull_slow" if fields else "unknown")
    closed = finding_with(tmp_path / "shut", failure, [*sick(hop("dns"), odd), *well()])
    assert closed.cause == cause


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


@pytest.mark.parametrize(("status", "cause"), [(503, "registry_server_error"), (500, "unknown")])
def test_a_token_service_that_is_down_is_told_from_one_that_knows_no_v2(
    tmp_path: Path, status: int, cause: str
) -> None:
    token = "auth.registry.example"
    down = hop("http", "server_error", token, role="token", status=status)
    seen = sick(*way(), *(hop(name, host=token, role="token") for name in ("dns", "tcp", "tls")), down)
    failure = failing(BARE, IMAGE, node=BROKEN)
    asked = answer("", IMAGE, hosts=(HostSeen("registry", HOST), HostSeen("token", token)))
    assert finding_with(tmp_path / "run", failure, seen, asked=[asked]).cause == cause


def test_a_line_of_the_hosts_file_is_told_beside_the_fault_that_it_leads_to(tmp_path: Path) -> None:
    given = resolver(hosts_file=(f"{HERE} {HOST}",))
    bad = [hop("dns", addresses=(HERE,)), hop("tcp", address=HERE), hop("tls", "untrusted", address=HERE)]
    other = [look(HEALTHY), hop("dns", addresses=(THERE,), on=HEALTHY), *way(on=HEALTHY)[1:]]
    failure = failing(UNTRUSTED, IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, [*sick(given, *bad), *other])
    assert (found.cause, found.hop) == ("tls_untrusted", "tls")
    assert f"/etc/hosts says {HERE} {HOST}, and the others get {THERE}" in found.summary


def test_a_mirror_that_need_not_be_verified_is_not_surely_at_fault_for_its_certificate(
    tmp_path: Path,
) -> None:
    seen = sick(
        endpoint(f"https://{MIRROR}", skip_verify=True),
        endpoint(f"https://{HOST}", 1, "origin"),
        hop("dns", host=MIRROR),
        hop("tcp", host=MIRROR),
        hop("tls", "untrusted", MIRROR),
        hop("dns"),
        hop("tcp", "timeout"),
    )
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen)
    assert (found.cause, found.confidence) != ("mirror_failure", "confirmed")


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


def test_a_node_without_ipv6_is_told_what_keeps_it_from_ipv4(tmp_path: Path) -> None:
    six = hop("tcp", "no_route", address="2001:db8::5", family="ipv6")
    four = hop("tcp", "timeout", family="ipv4")
    seen = [*sick(hop("dns"), six, four), *well()]
    found = finding_with(tmp_path / "run", failing(DROPPED, IMAGE, node=BROKEN), seen)
    assert "node1's packets to 10.1.2.3:443 are dropped in silence" in found.summary
    alone = finding_with(
        tmp_path / "six", failing(DROPPED, IMAGE, node=BROKEN), [*sick(hop("dns"), six), *well()]
    )
    assert "there is no route to [2001:db8::5]:443" in alone.summary


def test_a_mirror_counts_as_one_that_answers_on_a_node_without_a_tool_to_ask_it(tmp_path: Path) -> None:
    seen = sick(
        endpoint(f"https://{MIRROR}"),
        hop("dns", host=MIRROR, role="mirror"),
        hop("tcp", host=MIRROR, role="mirror"),
        hop("tls", "not_checked", MIRROR, role="mirror"),
        hop("dns"),
        hop("tcp", "timeout"),
    )
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen)
    assert found.cause == "unknown"


def test_a_node_without_names_that_has_a_mirror_by_its_address_needs_none(tmp_path: Path) -> None:
    seen = sick(
        endpoint("https://10.7.0.1:5000"),
        *(hop(name, host="10.7.0.1:5000", role="mirror") for name in ("tcp", "tls", "http")),
        hop("dns", "timeout"),
    )
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen)
    assert found.cause == "unknown"


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


@pytest.mark.parametrize(("role", "cause"), [("blob", "unknown"), ("registry", "registry_server_error")])
def test_a_content_host_that_knows_no_registry_s_path_is_not_at_fault(
    tmp_path: Path, role: str, cause: str
) -> None:
    hops = [hop(name, host=CDN, role=role) for name in ("dns", "tcp", "tls")]
    odd = hop("http", "server_error", CDN, role=role, status=503)
    asked = [answer("", IMAGE, hosts=(HostSeen("registry", HOST), HostSeen(role, CDN)))]
    seen = sick(*way(), *hops, odd)
    found = finding_with(tmp_path / "run", failing(BARE, IMAGE, node=BROKEN), seen, asked=asked)
    assert found.cause == cause


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
