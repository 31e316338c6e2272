# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unusual on the way from a node and no fault is not taken for one, and does not hide another."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    HostSeen,
    Record,
)

from tests.unit.evidence import failing, not_found, refused
from tests.unit.plugins.module_utils._diagnosis.asked import answer
from tests.unit.plugins.module_utils._diagnosis.looked import (
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
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
    MIRROR,
    PROXY,
    SLOW,
    UNTRUSTED,
    problem,
)

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


def test_a_registry_that_is_closed_on_one_node_alone_is_at_fault_where_a_mirror_lacks_the_image(
    tmp_path: Path,
) -> None:
    """containerd 2 tells the mirror's 404, whatever kept it from the registry itself."""
    failure = failing(not_found(IMAGE), IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, [*cut_off(), *well()], asked=[answer("", IMAGE)])
    assert (found.cause, found.hop, found.confidence) == ("network_unreachable", "tcp", "confirmed")


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
