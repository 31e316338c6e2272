# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's network as the probe finds it: real shells and tools, in a network of the test's own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    HopFact,
    ResolverFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import network
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, read
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import SHELLS
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    Server,
    World,
    run_in,
    why_not,
)

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

NO_RUNTIME = "RT= RT_PID= RT_CERTS= RT_CONFIG= RT_HTTPS_PROXY= RT_HTTP_PROXY= RT_NO_PROXY=\n"
HERE = {"registry.test": ["10.9.1.1"]}
GOOD = NameServer(HERE)


def ask(
    world: World,
    hosts: Sequence[str] = ("registry.test",),
    *,
    shell: str = "dash",
    runtime: str = "",
    only_path: str | None = None,
    trust: pki.Authority | None = None,
    pod: str = "",
) -> tuple[Answer, list[object]]:
    """Return the answer from within ``world`` and what the slice makes of it.

    ``runtime`` is sh that sets RT_…; ``trust`` is what the process of the runtime trusts, by its ``SSL_CERT_FILE``.
    """
    question = NodeQuestion("node1", hosts=tuple(HostAsked(host, "registry") for host in hosts), pod=pod)
    mark = os.urandom(12).hex()
    script = build(
        network.jobs(question),
        mark=mark,
        deadline=30,
        preface=NO_RUNTIME + ("RT_PID=$$\n" if trust else "") + runtime,
    )
    stdin = script.stdin
    if only_path is not None:
        first, rest = stdin.split(b"\nPATH=", 1)
        stdin = first + f"\nPATH={only_path} LC_ALL=C\n".encode() + rest.split(b"\n", 1)[1]
    argv = [*SHELLS[shell], "-c", script.command.replace("/bin/sh", " ".join(SHELLS[shell]))]
    began = time.time()
    environ = dict(os.environ)
    if trust is not None:
        environ["SSL_CERT_FILE"] = str(trust.pair.crt)
    printed = run_in(world, argv, stdin, environ, 60)
    answer = read(printed.decode("utf-8", "surrogateescape"), mark, script.names)
    answer = replace(answer, asked_at=began, seconds=time.time() - began)
    return answer, network.records(answer, question)


def hops(records: Sequence[object], hop: str, **wanted: str) -> list[HopFact]:
    """Return the hops of a kind whose fields are as wanted."""
    return [
        one
        for one in records
        if isinstance(one, HopFact)
        and one.hop == hop
        and all(getattr(one, field) == value for field, value in wanted.items())
    ]


def own_name(records: Sequence[object], host: str = "registry.test") -> HopFact:
    """Return the hop dns by the node's own way."""
    return hops(records, "dns", server="", host=host)[0]


def outcome_of(hop: HopFact) -> str:
    """Return the outcome; a machine that is busy makes what is well slow."""
    return "ok" if hop.outcome == "slow" else hop.outcome


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> pki.Authority:
    return pki.Authority(tmp_path_factory.mktemp("pki"), "ca", "test CA")


# ── names ──


def test_a_name_that_resolves_is_told_by_the_node_and_by_its_server(shell: str) -> None:
    dummy, records = ask(World({"10.9.0.2": GOOD}), shell=shell)
    assert own_name(records).addresses == ("10.9.1.1",)
    assert outcome_of(own_name(records)) == "ok"
    (server,) = hops(records, "dns", server="10.9.0.2")
    assert (outcome_of(server), server.addresses) == ("ok", ("10.9.1.1",))
    (resolver,) = [one for one in records if isinstance(one, ResolverFact)]
    assert resolver.servers == ("10.9.0.2",)
    assert resolver.source == "/etc/resolv.conf"


@pytest.mark.parametrize(
    ("code", "outcome", "word"),
    [(3, "no_such_name", "NXDOMAIN"), (5, "refused", "REFUSED"), (2, "server_failure", "SERVFAIL")],
)
def test_why_a_name_does_not_resolve_is_told_by_its_server(code: int, outcome: str, word: str) -> None:
    dummy, records = ask(World({"10.9.0.2": NameServer(codes={"registry.test": code})}))
    assert (outcome_of(own_name(records)), own_name(records).cause) == (outcome, "dns_failure")
    assert "10.9.0.2" in own_name(records).text
    assert word in own_name(records).text
    assert not hops(records, "tcp")


def test_a_name_without_an_address_is_no_missing_name() -> None:
    dummy, records = ask(World({"10.9.0.2": NameServer(codes={"registry.test": 0})}))
    assert outcome_of(own_name(records)) == "no_address"


def test_a_dead_name_server_is_a_time_out_that_names_it() -> None:
    answer, records = ask(World({"10.9.0.2": NameServer(silent=True)}))
    assert outcome_of(own_name(records)) == "timeout"
    assert "10.9.0.2 does not answer" in own_name(records).text
    assert [outcome_of(one) for one in hops(records, "dns", server="10.9.0.2")] == ["timeout"]
    assert answer.complete


def test_a_port_where_no_name_server_listens_is_refused() -> None:
    dummy, records = ask(World({"10.9.0.9": GOOD}, resolv="nameserver 10.9.0.1\n"))
    (server,) = hops(records, "dns", server="10.9.0.1")
    assert (outcome_of(server), server.text) == ("refused", "nobody listens at its port 53")


def test_a_dead_first_server_makes_the_answer_slow_and_is_named() -> None:
    world = World(
        {"10.9.0.2": NameServer(silent=True), "10.9.0.3": GOOD},
        resolv="nameserver 10.9.0.2\nnameserver 10.9.0.3\noptions timeout:2\n",
    )
    dummy, records = ask(world)
    assert own_name(records).outcome == "slow"
    assert own_name(records).addresses == ("10.9.1.1",)
    assert "10.9.0.2 does not answer" in own_name(records).text
    assert [outcome_of(one) for one in hops(records, "dns", server="10.9.0.3")] == ["ok"]


def test_a_slow_server_is_slow() -> None:
    dummy, records = ask(World({"10.9.0.2": NameServer(HERE, delay=1.2)}))
    assert own_name(records).outcome == "slow"
    assert [one.outcome for one in hops(records, "dns", server="10.9.0.2")] == ["slow"]


def test_servers_that_do_not_agree_are_told() -> None:
    other = NameServer({"registry.test": ["10.9.1.2"]})
    dummy, records = ask(
        World({"10.9.0.2": GOOD, "10.9.0.3": other}, resolv="nameserver 10.9.0.2\nnameserver 10.9.0.3\n")
    )
    assert (
        own_name(records).text
        == "the name servers do not agree: 10.9.0.2 says 10.9.1.1, 10.9.0.3 says 10.9.1.2"
    )


def test_a_name_that_only_one_server_knows_is_told_apart() -> None:
    names = {"10.9.0.2": NameServer(), "10.9.0.3": GOOD}
    dummy, records = ask(World(names, resolv="nameserver 10.9.0.2\nnameserver 10.9.0.3\n"))
    assert outcome_of(own_name(records)) == "no_such_name"
    assert [outcome_of(one) for one in hops(records, "dns", server="10.9.0.3")] == ["ok"]


def test_a_search_list_that_sends_a_missing_name_elsewhere_is_told() -> None:
    elsewhere = NameServer({"registry.test.corp.test": ["10.9.1.7"]})
    dummy, records = ask(World({"10.9.0.2": elsewhere}, resolv="nameserver 10.9.0.2\nsearch corp.test\n"))
    assert outcome_of(own_name(records)) == "ok"
    assert (
        own_name(records).text
        == "the search list sends it elsewhere: this is the answer for registry.test.corp.test"
    )


def test_many_ndots_let_the_search_list_come_first() -> None:
    elsewhere = NameServer({**HERE, "registry.test.corp.test": ["10.9.1.7"]})
    dummy, records = ask(
        World({"10.9.0.2": elsewhere}, resolv="nameserver 10.9.0.2\nsearch corp.test\noptions ndots:5\n")
    )
    assert own_name(records).addresses == ("10.9.1.7",)
    assert "registry.test.corp.test" in own_name(records).text


def test_the_servers_behind_a_local_stub_are_those_that_are_told() -> None:
    world = World(
        {"127.0.0.53": GOOD, "10.9.0.2": GOOD, "10.9.0.3": NameServer(codes={"registry.test": 2})},
        resolv="nameserver 127.0.0.53\nsearch corp.test\n",
        behind_stub="nameserver 10.9.0.2\nnameserver 10.9.0.3\n",
    )
    dummy, records = ask(world)
    (resolver,) = [one for one in records if isinstance(one, ResolverFact)]
    assert (resolver.servers, resolver.search) == (("10.9.0.2", "10.9.0.3"), ("corp.test",))
    assert "behind the stub" in resolver.source
    assert [(one.server, outcome_of(one)) for one in hops(records, "dns") if one.server] == [
        ("127.0.0.53", "ok"),
        ("10.9.0.2", "ok"),
        ("10.9.0.3", "server_failure"),
    ]


def test_a_line_of_the_hosts_file_is_kept(shell: str) -> None:
    dummy, records = ask(
        World({"10.9.0.2": NameServer()}, hosts="127.0.0.1 localhost\n10.9.1.1 registry.test\n"), shell=shell
    )
    assert own_name(records).addresses == ("10.9.1.1",)
    (resolver,) = [one for one in records if isinstance(one, ResolverFact)]
    assert resolver.hosts_file == ("10.9.1.1 registry.test",)


# ── connections, TLS and HTTP: many hosts with one fault each, asked at once ──

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


def tls_world(pair: pki.KeyPair, names: Sequence[str] = ("registry.test",)) -> World:
    listening = Server("10.9.1.1", certificate=str(pair.crt), key=str(pair.key_file))
    return World({"10.9.0.2": NameServer({name: ["10.9.1.1"] for name in names})}, [listening])


def test_every_shell_goes_all_the_way(authority: pki.Authority, shell: str) -> None:
    pair = authority.issue("way", "way", hosts=["registry.test"])
    dummy, records = ask(tls_world(pair), shell=shell, trust=authority)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert [one.status for one in hops(records, "http")] == [401]


def certs_d(tmp_path: Path, host: str, text: str) -> str:
    """Write a hosts.toml; return sh that makes it the runtime's."""
    folder = tmp_path / "certs.d" / host
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text(text, encoding="utf-8")
    return f"RT=containerd RT_CERTS={tmp_path / 'certs.d'}\n"


@pytest.mark.parametrize(
    "text",
    [
        'server = "https://registry.test"\nca = "{ca}"\n',
        '[host."https://registry.test"]\n  capabilities = ["pull"]\n  ca = ["/nowhere", "{ca}"]\n',
        '[host."https://registry.test"]\n  ca = [\n    "{ca}",\n  ]\n',
        "[host.'https://registry.test']\n\tca = '{ca}'\n",
    ],
)
def test_the_ca_of_a_hosts_toml_is_trusted_for_its_host(
    authority: pki.Authority, tmp_path: Path, text: str
) -> None:
    own = pki.Authority(tmp_path, "own", "own CA")
    pair = own.issue("leaf", "x", hosts=["registry.test", "other.test"])
    runtime = certs_d(tmp_path, "registry.test", text.format(ca=own.pair.crt))
    dummy, records = ask(
        tls_world(pair, ["registry.test", "other.test"]),
        ["registry.test", "other.test"],
        trust=authority,
        runtime=runtime,
    )
    assert [outcome_of(one) for one in hops(records, "tls", host="registry.test")] == ["ok"]
    assert [outcome_of(one) for one in hops(records, "tls", host="other.test")] == ["untrusted"]


def test_a_host_that_the_runtime_does_not_verify_is_fine(authority: pki.Authority, tmp_path: Path) -> None:
    pair = pki.self_signed(tmp_path, "self", ["registry.test"])
    text = '[host."https://registry.test"]\n  skip_verify = true\n'
    dummy, records = ask(tls_world(pair), trust=authority, runtime=certs_d(tmp_path, "registry.test", text))
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert "does not verify" in hops(records, "tls")[0].text


def test_mirrors_that_a_hosts_toml_names_are_asked_too(authority: pki.Authority, tmp_path: Path) -> None:
    text = 'server = "https://registry.test"\n[host."http://mirror.test:5000/v2/hub"]\n[host."https://gone.test"]\n'
    world = World(
        {"10.9.0.2": NameServer({**HERE, "mirror.test": ["10.9.1.1"]})},
        [Server("10.9.1.1", 5000, "http", status=200)],
    )
    dummy, records = ask(world, runtime=certs_d(tmp_path, "registry.test", text))
    (http,) = hops(records, "http", host="mirror.test:5000")
    assert (http.role, outcome_of(http), http.status) == ("mirror", "ok", 200)
    assert outcome_of(own_name(records, "gone.test")) == "no_such_name"
    assert own_name(records, "gone.test").role == "mirror"


def configured(tmp_path: Path, runtime: str, name: str, text: str) -> str:
    """Write a configuration file; return sh that makes it the runtime's."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    return f"RT={runtime} RT_CONFIG={tmp_path / name}\n"


DAEMON = '{\n "registry-mirrors": ["http://mirror.test:5000/"],\n "insecure-registries": ["docker.io"]\n}\n'
REGISTRIES = """unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "registry.test"
location = "registry.test/sub"
[[registry.mirror]]
location = "mirror.test:5000/hub"
[[registry]]
location = "other.test"
[[registry.mirror]]
location = "gone.test"
"""
OLD = """version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."registry.test"]
  endpoint = ["http://mirror.test:5000", "https://registry.test"]
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."other.test"]
  endpoint = ["https://gone.test"]
"""


@pytest.mark.parametrize(
    ("runtime", "name", "text", "host", "mirror"),
    [
        ("docker", "daemon.json", DAEMON, "registry-1.docker.io", "http mirror.test 5000"),
        ("cri-o", "registries.conf", REGISTRIES, "registry.test", "https mirror.test 5000"),
        ("containerd", "config.toml", OLD, "registry.test", "http mirror.test 5000"),
    ],
)
def test_mirrors_of_every_runtime_are_found(
    tmp_path: Path, runtime: str, name: str, text: str, host: str, mirror: str, shell: str
) -> None:
    sets = configured(tmp_path, runtime, name, text)
    answer, records = ask(World({"10.9.0.2": NameServer()}), [host], runtime=sets, shell=shell)
    asked = [job.fact("asked") or "" for job in answer.jobs.values() if job.fact("asked")]
    scheme, at, port = mirror.split()
    assert sorted(asked) == sorted([f"registry {host} 443 https 0", f"mirror {at} {port} {scheme} 0"])
    assert {one.role for one in hops(records, "dns", host=f"{at}:{port}")} == {"mirror"}


def test_hosts_that_docker_need_not_verify_and_its_own_ca_files(
    authority: pki.Authority, tmp_path: Path
) -> None:
    own = pki.Authority(tmp_path, "own", "own CA")
    pair = own.issue("leaf", "x", hosts=["registry.test"])
    folder = tmp_path / "certs.d" / "registry.test"
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(own.pair.crt.read_bytes())
    dummy, records = ask(tls_world(pair), trust=authority, runtime=f"RT=docker RT_CERTS={tmp_path / 'certs.d'}\n")
    (tls,) = hops(records, "tls")
    assert outcome_of(tls) == "ok"
    assert tls.trust == (str(authority.pair.crt), str(folder / "ca.crt"))
    sets = configured(tmp_path, "docker", "daemon.json", '{"insecure-registries": ["registry.test"]}')
    dummy, records = ask(tls_world(pair), trust=authority, runtime=sets)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert "does not verify" in hops(records, "tls")[0].text


def test_a_registry_whose_server_is_another_is_not_asked_itself(tmp_path: Path) -> None:
    runtime = certs_d(tmp_path, "alias.test", 'server = "https://registry.test"\n')
    dummy, records = ask(World({"10.9.0.2": GOOD}), ["alias.test"], runtime=runtime)
    assert {one.host for one in records if isinstance(one, HopFact)} == {"registry.test"}


# ── proxies ──


def by_proxy(no_proxy: str = "", port: int = 3128) -> str:
    return (
        f"RT_HTTPS_PROXY=http://10.9.1.3:{port} RT_HTTP_PROXY=http://10.9.1.3:{port} RT_NO_PROXY={no_proxy}\n"
    )


@pytest.mark.parametrize(("status", "outcome"), [(407, "login"), (403, "denied"), (502, "failed")])
def test_a_proxy_that_refuses_a_host_that_the_node_reaches(
    authority: pki.Authority, status: int, outcome: str
) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    world = tls_world(pair)
    world.servers = [*world.servers, Server("10.9.1.3", 3128, "proxy", status=status)]
    dummy, records = ask(world, trust=authority, runtime=by_proxy())
    (proxy,) = hops(records, "proxy")
    assert (proxy.vantage, outcome_of(proxy), proxy.cause) == ("runtime/node1", outcome, "proxy_error")
    assert (proxy.proxy, proxy.status) == ("http://10.9.1.3:3128", status)
    assert "the node reaches it directly" in proxy.text
    assert [outcome_of(one) for one in hops(records, "tcp", role="proxy")] == ["ok"]


def test_a_host_that_no_proxy_names_goes_straight(authority: pki.Authority) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    world = tls_world(pair)
    world.servers = [*world.servers, Server("10.9.1.3", 3128, "proxy", status=403)]
    dummy, records = ask(world, trust=authority, runtime=by_proxy(no_proxy=".test"))
    assert not hops(records, "proxy")
    assert {one.vantage for one in records if isinstance(one, HopFact)} == {"node/node1"}


def test_a_dead_proxy_is_told(authority: pki.Authority) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    dummy, records = ask(tls_world(pair), trust=authority, runtime=by_proxy(port=3999))
    (proxy,) = hops(records, "proxy")
    assert (outcome_of(proxy), proxy.cause) == ("refused", "proxy_error")


def test_the_login_of_a_proxy_is_in_no_answer() -> None:
    runtime = "RT_HTTPS_PROXY=http://joe:hunter2@10.9.1.3:3128\n"
    world = World({"10.9.0.2": GOOD}, [Server("10.9.1.3", 3128, "proxy", status=407)])
    answer, records = ask(world, runtime=runtime)
    assert "hunter2" not in f"{answer}{records}"
    assert [one.proxy for one in hops(records, "proxy")] == ["http://10.9.1.3:3128"]


# ── a pod's network ──

SANDBOX = """
pod=/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc
mkdir -p "$pod"
printf '{"annotations":{"io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"}}' \\
    >"$pod/config.json"
printf 'nameserver 10.9.0.3\\nsearch shop.svc.test\\noptions ndots:5\\n' >/run/pod-resolv.conf
unshare --mount sh -c 'mount --bind /run/pod-resolv.conf /etc/resolv.conf && : >/run/ready && exec sleep 30' \\
    </dev/null >/dev/null 2>&1 3>&- 4>&- &
printf %s "$!" >"$pod/init.pid"
tries=0
while [ ! -e /run/ready ] && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"""
"""What containerd keeps of a pod's sandbox, with a process that stands for it."""


def test_a_pod_resolves_by_its_own_servers_and_search_list(shell: str) -> None:
    names = {
        "10.9.0.2": NameServer({"registry.test": ["10.9.1.1"], "other.test": ["10.9.1.1"]}),
        "10.9.0.3": NameServer({"registry.test": ["10.9.1.2"], "other.test.shop.svc.test": ["10.9.1.7"]}),
    }
    world = World(names, [Server("10.9.1.2", kind="http")], behind_stub="nameserver 10.9.0.2\n")
    dummy, records = ask(world, ["registry.test", "other.test"], runtime=SANDBOX, pod="shop/web", shell=shell)
    (resolver,) = [one for one in records if isinstance(one, ResolverFact) and one.vantage == "pod/shop/web"]
    assert (resolver.servers, resolver.search, resolver.options) == (
        ("10.9.0.3",),
        ("shop.svc.test",),
        ("ndots:5",),
    )
    assert own_name(records).addresses == ("10.9.1.1",)
    (own,) = hops(records, "dns", vantage="pod/shop/web", host="registry.test", server="")
    assert own.addresses == ("10.9.1.2",)
    (tcp,) = hops(records, "tcp", vantage="pod/shop/web", host="registry.test")
    assert (tcp.address, outcome_of(tcp)) == ("10.9.1.2", "ok")
    (elsewhere,) = hops(records, "dns", vantage="pod/shop/web", host="other.test", server="")
    assert elsewhere.addresses == ("10.9.1.7",)
    assert "other.test.shop.svc.test" in elsewhere.text


def test_a_pod_that_is_not_there_is_not_checked() -> None:
    dummy, records = ask(World({"10.9.0.2": GOOD}), pod="shop/gone")
    (gap,) = [one for one in records if isinstance(one, Gap) and "pod" in one.check]
    assert gap.check == "node1: the network of the pod shop/gone"
    assert "no sandbox" in gap.why


# ── poor nodes ──


def test_busybox_alone_says_what_it_can_and_what_not(tools: Tools) -> None:
    path = tools(["busybox"])
    for applet in ("nslookup", "nc", "wget", "head", "sleep", "grep", "date", "base64", "tr", "cat"):
        Path(path, applet).symlink_to(Path(path, "busybox"))
    names = NameServer({**HERE, "plain.test": ["10.9.1.2"], "closed.test": ["10.9.0.1"]})
    world = World(
        {"10.9.0.2": names}, [Server("10.9.1.1", kind="hangs"), Server("10.9.1.2", 80, "http", status=200)]
    )
    dummy, records = ask(world, ["registry.test", "closed.test", "absent.test"], shell="busybox", only_path=path)
    assert own_name(records).addresses == ("10.9.1.1",)
    assert outcome_of(own_name(records, "absent.test")) == "no_such_name"
    assert [outcome_of(one) for one in hops(records, "tcp", host="registry.test")] == ["ok"]
    assert [outcome_of(one) for one in hops(records, "tcp", host="closed.test")] == ["refused"]
    assert not hops(records, "tls")
    gaps = [one for one in records if isinstance(one, Gap)]
    assert [one.why for one in gaps if "TLS" in one.check] == ["no tool (openssl, curl)"]


def test_without_any_tool_nothing_is_fine(tools: Tools) -> None:
    path = tools(["head", "sleep", "base64"])
    dummy, records = ask(World({"10.9.0.2": GOOD}), only_path=path)
    assert not [one for one in records if isinstance(one, HopFact) and outcome_of(one) == "ok"]
    gaps = " ".join(f"{one.check}: {one.why}" for one in records if isinstance(one, Gap))
    assert "no tool (bash, dig, nslookup, host)" in gaps


def test_curl_alone_judges_tls_too(authority: pki.Authority, tools: Tools, tmp_path: Path) -> None:
    path = tools(
        ["head", "sleep", "base64", "curl", "getent", "bash", "grep", "cat", "date", "dd", "od", "tr"]
    )
    good, bad = (
        authority.issue("good", "x", hosts=["registry.test"]),
        pki.self_signed(tmp_path, "s", ["registry.test"]),
    )
    for pair, outcome in ((good, "ok"), (bad, "untrusted")):
        dummy, records = ask(tls_world(pair), trust=authority, only_path=path)
        assert [outcome_of(one) for one in hops(records, "tls")] == [outcome]
    dummy, records = ask(tls_world(good), trust=authority, only_path=path)
    assert [one.status for one in hops(records, "http")] == [401]


# ── what nobody should have written ──


@pytest.mark.parametrize("host", ["-o.test", "a b", "$(id)", "x;id", "registry.test:99999", "http://x", ""])
def test_what_is_no_host_is_not_asked_and_said(host: str) -> None:
    question = NodeQuestion("node1", hosts=(HostAsked(host, "registry"),))
    assert network.jobs(question)[0].variables["NET_HOSTS"] == ""
    assert any(
        isinstance(one, Gap) and "no host name" in one.why
        for one in network.records(Answer({}, False), question)
    )


def test_what_files_of_the_node_hold_is_never_run(tmp_path: Path) -> None:
    text = (
        '[host."https://$(touch /mnt/owned).test"]\n[host."https://-oProxyCommand=x"]\n'
        '[host."https://x.test;touch /mnt/owned"]\nserver = "https://`touch /mnt/owned`"\nca = "$(touch /mnt/owned)"\n'
    )
    world = World(
        {"10.9.0.2": GOOD}, resolv="nameserver $(touch /mnt/owned)\nnameserver 10.9.0.2\nsearch `id`;x\n"
    )
    runtime = certs_d(tmp_path, "registry.test", text)
    answer, records = ask(world, runtime=runtime + "trap '[ ! -e /mnt/owned ] || say owned 1' EXIT\n")
    assert "owned" not in {key for job in answer.jobs.values() for key in job.facts}
    assert {one.host for one in records if isinstance(one, HopFact)} == {"registry.test"}
