# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of name resolution on a node: a resolver that is silent, refuses, is slow, or answers wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NETWORK_WORDS,
    OWN,
    NodeFault,
    clean,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    mend_hosts_file,
    mend_resolver,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    GOOD,
    Comparison,
    Ladder,
    evidence_of,
    fails,
    first_of,
    told,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Evidence, HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

_SAYS = {
    "timeout": ("does not answer", "do not answer"),
    "refused": ("refuses to answer", "refuse to answer"),
    "server_failure": ("fails (SERVFAIL)", "fail (SERVFAIL)"),
    "no_such_name": ("says that there is no such name", "say that there is no such name"),
    "no_address": ("knows the name and has no address for it", "know the name and have no address for it"),
}
_WHATEVER_THE_NAME = frozenset({"timeout", "refused", "server_failure"})
_LATER = ("tcp", "tls", "http")
SLOW = "dns_slow"
_ELSEWHERE = "the search list sends it elsewhere"
"""How the probe says that an answer is that for another name."""
_NDOTS = re.compile(r"ndots:(\d{1,2})\Z")


def faults(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """Yield what is wrong with the name of ``host`` on this node."""
    hops = view.names_of(host)
    if fails(hops):
        yield _no_answer(view, host, hops, ladder)
    else:
        yield from _wrong_answer(view, host, ladder)


def slow(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """Yield an answer that comes late: retries and time-outs follow from it, not always and everywhere."""
    hops = [one for one in view.names_of(host) if one.outcome == "slow"]
    if not hops or any(one.outcome == "ok" for one in view.names_of(host)):
        return
    hop = hops[0]
    told_by = ladder.compare(view, host, "dns")
    servers = _servers(view, host, "timeout", only_seen=True)
    took = f" only after {hop.seconds:.1f} s" if hop.seconds is not None else " late"
    who = _resolvers(view, (hop.server,) if hop.server else ())
    because = f"{OWN} {who} answers{took}" if who.startswith("resolver ") else f"{OWN} {who} answer{took}"
    if servers:
        because += f"; {enumeration(servers, 2)} not at all"
    yield NodeFault(
        kind=SLOW,
        node=view.name,
        cause=Cause.DNS_FAILURE,
        hop=Hop.DNS,
        cannot=f"resolve {clean(host)} in time",
        because=because,
        detail=who,
        host=host,
        wide=_all_alike(view, "slow"),
        sure=False,
        fits=frozenset({Cause.DNS_FAILURE}),
        evidence=evidence_of(view, hop, told_by),
        fixes=mend_resolver(view, hop.host, servers or _listed(view)),
        compared=_quicker(told_by, host),
        controller=told_by.controller,
    )


def _quicker(told_by: Comparison, host: str) -> tuple[str, ...]:
    return tuple(
        other.name
        for other in told_by.better
        if any(one.outcome == "ok" for one in other.of_host(host, "dns"))
    )


def _no_answer(view: NodeView, host: str, hops: tuple[HopFact, ...], ladder: Ladder) -> NodeFault:
    hop = first_of(one for one in hops if one.outcome not in GOOD and one.outcome != "not_checked")
    told_by = ladder.compare(view, host, "dns")
    servers = _servers(view, host, hop.outcome)
    who = _resolvers(view, servers)
    one, many = _SAYS.get(hop.outcome, ("gives no answer", "give no answer"))
    whatever = hop.outcome in _WHATEVER_THE_NAME
    return NodeFault(
        kind=f"dns_{hop.outcome}",
        node=view.name,
        cause=Cause.DNS_FAILURE,
        hop=Hop.DNS,
        cannot=f"resolve {clean(host)}",
        because=f"{OWN} {who} {many if who.startswith('resolvers ') else one}",
        detail=who,
        host=host,
        wide=whatever and _all_alike(view, hop.outcome),
        fits=frozenset({Cause.DNS_FAILURE, Cause.TIMEOUT}),
        evidence=(
            *evidence_of(view, hop, told_by),
            *_single_servers(view, host, hop),
        ),
        fixes=mend_resolver(view, hop.host, servers or _listed(view)),
        compared=tuple(other.name for other in told_by.better),
        worse=tuple(other.name for other in told_by.worse),
        controller=told_by.controller,
    )


def _single_servers(view: NodeView, host: str, hop: HopFact) -> tuple[Evidence, ...]:
    """What the single name servers say, where they were asked beside the node's own way."""
    asked = [one for one in view.of_host(host, "dns") if one.server and one is not hop]
    return tuple(told(view, one) for one in asked[:2] if one.outcome != "not_checked")


def _all_alike(view: NodeView, outcome: str) -> bool:
    """Tell whether every name that was asked for fails in this way: then it is the resolver."""
    asked = [view.names_of(host) for host, hops in view.hops.items() if any(one.hop == "dns" for one in hops)]
    return all(all(one.outcome in (outcome, "not_checked") for one in hops) for hops in asked if hops)


def _servers(view: NodeView, host: str, outcome: str, *, only_seen: bool = False) -> tuple[str, ...]:
    """The name servers that answer in this way, or those that are configured where single ones were not asked."""
    hops = [one for one in view.of_host(host, "dns") if one.server]
    alike = tuple(dict.fromkeys(one.server for one in hops if one.outcome == outcome))
    return alike or (() if only_seen or hops else _listed(view))


def _listed(view: NodeView) -> tuple[str, ...]:
    return view.resolver.servers if view.resolver is not None else ()


def _resolvers(view: NodeView, servers: tuple[str, ...]) -> str:
    named = [clean(server, 60) for server in servers or _listed(view)]
    if not named:
        return "resolver"
    return f"resolver {named[0]}" if len(named) == 1 else f"resolvers {enumeration(named, 3)}"


def _wrong_answer(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """An answer that no other vantage gets, and at which nobody is to be found."""
    mine = _addresses(view, host)
    bad = next((hop for hop in _LATER if fails(view.of_host(host, hop))), None)
    if not mine or bad is None:
        return
    right, better = _elsewhere(view, host, bad, ladder)
    later = first_of(one for one in view.of_host(host, bad) if one.outcome not in GOOD)
    line = _hosts_line(view, host)
    hop = first_of(one for one in view.of_host(host, "dns") if one.outcome in GOOD and one.addresses)
    is_another = _ELSEWHERE in hop.text
    if not right or not (is_another or _is_nobody_there(mine, later, line)):
        return
    yield NodeFault(
        kind="dns_wrong_answer",
        node=view.name,
        cause=Cause.DNS_FAILURE,
        hop=Hop.DNS,
        cannot=f"find {clean(host)} where it is",
        because=_why_wrong(view, host, hop, mine, right, line),
        detail="hosts file" if line else _resolvers(view, (hop.server,) if hop.server else ()),
        host=host,
        fits=NETWORK_WORDS,
        evidence=(
            told(view, hop),
            told(view, later),
            *(told(other, one) for other in better[:1] for one in other.of_host(host, "dns")[:1]),
        ),
        fixes=mend_hosts_file(view, line) if line else mend_resolver(view, hop.host, _listed(view)),
        compared=tuple(other.name for other in better),
        controller=True if not better else None,
    )


def others_get(view: NodeView, host: str, ladder: Ladder) -> str:
    """Return ``; the others get 10.1.2.3`` where they connect at other addresses, else an empty text."""
    right = _elsewhere(view, host, "tcp", ladder)[0] if _addresses(view, host) else frozenset()
    addresses = enumeration([clean(one, 60) for one in sorted(right)], 2)
    return f"; the others get {addresses} for this name" if addresses else ""


def given_by_hand(view: NodeView, host: str, hop: str, ladder: Ladder) -> str:
    """Return which line of the hosts file leads to where this ``hop`` fails and the others do not go, or nothing."""
    line = _hosts_line(view, host)
    right = _elsewhere(view, host, hop, ladder)[0] if line else frozenset()
    addresses = enumeration([clean(one, 60) for one in sorted(right)], 2)
    return f"; /etc/hosts says {clean(line, 120)}, and the others get {addresses}" if addresses else ""


def _elsewhere(
    view: NodeView, host: str, bad: str, ladder: Ladder
) -> tuple[frozenset[str], tuple[NodeView, ...]]:
    """The addresses, all others than this node's, at which vantages get on, and the nodes among these."""
    mine = _addresses(view, host)
    told_by = ladder.compare(view, host, bad)
    better = tuple(other for other in told_by.better if not (_addresses(other, host) & mine))
    right = _addresses(better[0], host) if better else frozenset()
    of_controller = ladder.addresses(host)
    if not right and of_controller and not of_controller & mine and told_by.controller:
        right = of_controller
    return right, better


def _is_nobody_there(mine: frozenset[str], later: HopFact, line: str) -> bool:
    """Tell whether what is met at these addresses is not the host.

    Many hosts have other addresses for others: load balancers of a site, endpoints of a private network, content
    networks that rotate theirs. A host that is met there and fails, or packets that are lost, are no resolver's fault.
    """
    if later.hop == "tls":
        return later.outcome in ("not_tls", "name_mismatch")
    if later.hop != "tcp":
        return False
    single = sum(":" in one for one in mine) <= 1 and sum(":" not in one for one in mine) <= 1
    return bool(line) or (single and later.outcome in ("refused", "no_route"))


def _addresses(view: NodeView, host: str) -> frozenset[str]:
    own = [one for one in view.names_of(host) if one.outcome in GOOD]
    return frozenset(address for one in own for address in one.addresses)


def _hosts_line(view: NodeView, host: str) -> str:
    """The line of the hosts file that names this host, empty where there is none."""
    name = host.rpartition("]")[2].partition(":")[0] if host.startswith("[") else host.partition(":")[0]
    lines = view.resolver.hosts_file if view.resolver is not None else ()
    return next((line for line in lines if name in line.lower().split()[1:]), "")


def _why_wrong(
    view: NodeView, host: str, hop: HopFact, mine: frozenset[str], right: frozenset[str], line: str
) -> str:
    got = enumeration([clean(one, 60) for one in sorted(mine)], 2)
    wanted = enumeration([clean(one, 60) for one in sorted(right)], 2)
    if line:
        return f"{OWN} /etc/hosts says {got}, the others get {wanted}"
    who = _resolvers(view, (hop.server,) if hop.server else ())
    verb = "answer" if who.startswith("resolvers ") else "answers"
    because = f"{OWN} {who} {verb} {got}, the others get {wanted}"
    search = _search_list(view, host)
    return f"{because} (the search list {search} is tried first)" if search else because


def _search_list(view: NodeView, host: str) -> str:
    """The search list, where it is tried before the name itself (resolv.conf(5), ndots)."""
    resolver = view.resolver
    if resolver is None or not resolver.search:
        return ""
    ndots = next((int(found[1]) for one in resolver.options if (found := _NDOTS.search(one))), 1)
    if host.partition(":")[0].count(".") >= ndots:
        return ""
    return enumeration([clean(one, 60) for one in resolver.search], 2)
