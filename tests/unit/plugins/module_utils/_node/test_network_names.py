# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node looks names up, as the probe finds it: real shells and tools, in a network of the test's own."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ResolverFact,
)

from tests.unit.plugins.module_utils._node.network_world import (
    GOOD,
    HERE,
    WHY_NOT,
    ask,
    hops,
    outcome_of,
    own_name,
)
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    World,
)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


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
