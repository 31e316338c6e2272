# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections, TLS and HTTP as the probe finds them: many hosts with one fault each, asked at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.network_world import (
    WHY_NOT,
    ask,
    hops,
    outcome_of,
    tls_world,
)
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    Server,
    World,
)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


NUMBERS = {
    name: number
    for number, name in enumerate(
        [
            *("good", "wildcard", "mismatch", "no-names", "expired", "future", "unknown-ca", "self-signed"),
            *("error", "limited", "plain", "closes", "hangs", "small-only", "large-lost"),
            *("dropped", "dropped-2", "dropped-3", "dropped-4", "reset", "rejected", "closed"),
        ],
        start=1,
    )
}


def address(name: str) -> str:
    return f"10.9.2.{NUMBERS[name]}"


def certificates(authority: pki.Authority, other: pki.Authority) -> dict[str, pki.KeyPair]:
    def issue(name: str, hosts: Sequence[str], days: tuple[int, int] = (-1, 9)) -> pki.KeyPair:
        return authority.issue(name, f"{name}.test", hosts=hosts, days=days)

    found = {
        name: issue(name, [f"{name}.test"])
        for name in ("good", "error", "limited", "small-only", "large-lost")
    }
    return found | {
        "wildcard": issue("wildcard", ["*.test"]),
        "mismatch": issue("mismatch", ["other.test"]),
        "no-names": issue("no-names", []),
        "expired": issue("expired", ["expired.test"], (-9, -1)),
        "future": issue("future", ["future.test"], (1, 9)),
        "unknown-ca": other.issue("unknown", "unknown", hosts=["unknown-ca.test"]),
        "self-signed": pki.self_signed(other.folder, "self", ["self-signed.test"]),
    }


@pytest.fixture(scope="module")
def seen(authority: pki.Authority, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What is made of all these hosts; each look asks for 12 at most."""
    other = pki.Authority(tmp_path_factory.mktemp("other"), "other", "other CA")
    statuses = {"error": 503, "limited": 429}
    servers = [
        Server(
            address(name),
            certificate=str(pair.crt),
            key=str(pair.key_file),
            status=statuses.get(name, 401),
            date="Thu, 01 Jan 2026 00:00:00 GMT" if name == "wildcard" else "",
        )
        for name, pair in certificates(authority, other).items()
    ]
    servers += [
        Server(address("plain"), kind="http"),
        Server(address("closes"), kind="closes"),
        Server(address("hangs"), kind="hangs"),
    ]
    firewall = [
        f"ip daddr {address(name)} tcp dport 443 {what}"
        for name, what in (
            *((name, "drop") for name in ("dropped", "dropped-2", "dropped-3", "dropped-4")),
            ("reset", "reject with tcp reset"),
            ("rejected", "reject with icmp type admin-prohibited"),
        )
    ]
    # What that server sends is lost on its way where it is larger than an alert.
    firewall.append(f"ip saddr {address('small-only')} tcp sport 443 meta length > 300 drop")
    firewall.append(f"ip daddr {address('large-lost')} tcp dport 443 meta length > 2000 drop")
    names = NameServer({f"{name}.test": [address(name)] for name in NUMBERS})
    world = World({"10.9.0.2": names}, servers, firewall="\n".join(firewall))
    hosts = [f"{name}.test" for name in NUMBERS]
    records: list[object] = []
    for some in (hosts[:11], hosts[11:]):
        # One after the other the hosts that do not answer would take longer than the deadline.
        answer, found = ask(world, some, trust=authority)
        assert answer.complete, answer.problem
        records += found
    return records


@pytest.mark.parametrize(
    ("name", "outcome", "cause"),
    [
        ("dropped", "timeout", "timeout"),
        ("dropped-4", "timeout", "timeout"),
        ("reset", "refused", "network_unreachable"),
        ("closed", "refused", "network_unreachable"),
        ("rejected", "prohibited", "network_unreachable"),
        ("good", "ok", ""),
        ("hangs", "ok", ""),
    ],
)
def test_a_connection_is_told_by_how_it_fails(
    seen: list[object], name: str, outcome: str, cause: str
) -> None:
    (tcp,) = hops(seen, "tcp", host=f"{name}.test")
    assert (outcome_of(tcp), tcp.cause, tcp.address) == (outcome, cause, address(name))
    assert outcome == "ok" or not hops(seen, "tls", host=f"{name}.test")


@pytest.mark.parametrize(
    ("name", "outcome", "cause"),
    [
        ("good", "ok", ""),
        ("wildcard", "ok", ""),
        ("mismatch", "name_mismatch", "tls_name_mismatch"),
        ("no-names", "name_mismatch", "tls_name_mismatch"),
        ("expired", "expired", "tls_expired"),
        ("future", "not_yet_valid", "tls_expired"),
        ("unknown-ca", "untrusted", "tls_untrusted"),
        ("self-signed", "untrusted", "tls_untrusted"),
        ("plain", "not_tls", "http_https_mismatch"),
        ("closes", "reset", "network_unreachable"),
        ("hangs", "timeout", "timeout"),
        ("small-only", "timeout", "timeout"),
    ],
)
def test_a_handshake_is_told_by_how_it_fails(seen: list[object], name: str, outcome: str, cause: str) -> None:
    (tls,) = hops(seen, "tls", host=f"{name}.test")
    assert (outcome_of(tls), tls.cause) == (outcome, cause)
    assert outcome == "ok" or not hops(seen, "http", host=f"{name}.test")


def test_certificates_and_what_trusts_them_are_kept(seen: list[object], authority: pki.Authority) -> None:
    (tls,) = hops(seen, "tls", host="good.test")
    assert tls.trust == (str(authority.pair.crt),)
    (leaf,) = tls.certificates
    assert (leaf.subject, leaf.issuer, leaf.trusted) == ("CN=good.test", "CN=test CA", True)
    (bad,) = hops(seen, "tls", host="unknown-ca.test")
    assert "CN=other CA" in bad.text
    assert bad.certificates[0].trusted is False


def test_large_answers_that_get_lost_are_told_from_a_host_that_hangs(seen: list[object]) -> None:
    (large,) = hops(seen, "large", host="small-only.test")
    assert (outcome_of(large), large.cause) == ("timeout", "timeout")
    assert "path MTU" in large.text
    assert not [one for one in hops(seen, "large", host="hangs.test") if one.cause]


def test_large_requests_that_get_lost_show_although_the_registry_answers(seen: list[object]) -> None:
    assert [outcome_of(one) for one in hops(seen, "http", host="large-lost.test")] == ["ok"]
    (large,) = hops(seen, "large", host="large-lost.test")
    assert (outcome_of(large), large.cause) == ("timeout", "timeout")
    assert [outcome_of(one) for one in hops(seen, "large", host="good.test")] == ["ok"]


@pytest.mark.parametrize(
    ("name", "outcome", "cause", "status"),
    [
        ("good", "ok", "", 401),
        ("error", "server_error", "registry_server_error", 503),
        ("limited", "ok", "", 429),
    ],
)
def test_any_answer_of_a_registry_shows_that_the_way_is_fine(
    seen: list[object], name: str, outcome: str, cause: str, status: int
) -> None:
    (http,) = hops(seen, "http", host=f"{name}.test")
    assert (outcome_of(http), http.cause, http.status) == (outcome, cause, status)


def test_a_clock_that_is_wrong_shows_by_the_date_of_the_host(seen: list[object]) -> None:
    (http,) = hops(seen, "http", host="wildcard.test")
    assert http.clock_difference is not None
    assert http.clock_difference > 86_400
    assert "ahead of the host's" in http.text


def test_each_address_is_tried_and_a_live_one_is_enough() -> None:
    names = NameServer({"registry.test": ["10.9.0.1", "10.9.1.1"]})
    dummy, records = ask(World({"10.9.0.2": names}, [Server("10.9.1.1", kind="http")]))
    assert {(one.address, outcome_of(one)) for one in hops(records, "tcp")} == {
        ("10.9.0.1", "refused"),
        ("10.9.1.1", "ok"),
    }
    assert [one.address for one in hops(records, "tls")] == ["10.9.1.1"]


def test_every_shell_goes_all_the_way(authority: pki.Authority, shell: str) -> None:
    pair = authority.issue("way", "way", hosts=["registry.test"])
    dummy, records = ask(tls_world(pair), shell=shell, trust=authority)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert [one.status for one in hops(records, "http")] == [401]
