# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on the way from a node to a host: name, connection, proxy, certificate, answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import (
    names,
    proxies,
    tls,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    OWN,
    NodeFault,
    clean,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    open_firewall,
    path_mtu,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    GOOD,
    Ladder,
    evidence_of,
    fails,
    first_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

_CONNECTING = frozenset({Cause.NETWORK_UNREACHABLE, Cause.TIMEOUT})
_TCP = {
    "timeout": f"{OWN} packets to {{}} are dropped in silence",
    "refused": "{} refuses the connection at once",
    "prohibited": f"a firewall rejects {OWN} packets to {{}}",
    "no_route": "there is no route to {}",
}


def network_faults(view: NodeView, ladder: Ladder) -> list[NodeFault]:
    """Return, for each host that was tried from this node, the first hop that fails."""
    found: list[NodeFault] = []
    for host in sorted(view.hops):
        first = next(_on_the_way(view, host, ladder), None)
        if first is not None:
            found.append(first)
    return _everything_dropped(found, view)


def _on_the_way(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    role = view.hops[host][0].role
    if role == "proxy":
        yield from proxies.of_itself(view, host, ladder)
        return
    straight = proxies.goes_straight(view, host, ladder)
    if straight or not view.of_host(host, "proxy"):
        yield from names.faults(view, host, ladder)
        yield from _tcp(view, host, ladder)
    if not straight:
        yield from proxies.faults(view, host, ladder)
    yield from tls.faults(view, host, ladder)
    yield from _http(view, host, ladder)
    yield from names.slow(view, host, ladder)


def _tcp(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    hops = view.of_host(host, "tcp")
    if not fails(hops):
        return
    bad = [one for one in hops if one.outcome != "not_checked"]
    # A node that has no IPv6 says so at once; what the other addresses meet is what keeps it out.
    bad = [one for one in bad if one.outcome != "no_route"] or bad
    hop = bad[0]
    told = ladder.compare(view, host, "tcp")
    addresses = enumeration(list(dict.fromkeys(_address(one) for one in bad)), 2)
    words = _TCP.get(hop.outcome, "the connection to {} fails")
    dropped = hop.outcome == "timeout"
    yield NodeFault(
        kind=f"tcp_{hop.outcome}",
        node=view.name,
        cause=Cause.NETWORK_UNREACHABLE,
        hop=Hop.TCP,
        cannot=f"connect to {clean(host)}",
        because=words.replace("{}", addresses) + names.others_get(view, host, ladder),
        host=host,
        fits=_CONNECTING,
        keeps=_CONNECTING if dropped else frozenset(),
        evidence=evidence_of(view, hop, told),
        fixes=open_firewall(view, hop, dropped=dropped),
        compared=tuple(other.name for other in told.better),
        worse=tuple(other.name for other in told.worse),
        controller=told.controller,
    )


def _address(hop: HopFact) -> str:
    """Address and port, as a firewall rule names them."""
    port = hop.host.rpartition(":")[2] if ":" in hop.host.rpartition("]")[2] else "443"
    address = clean(hop.address or hop.host.rpartition(":")[0] or hop.host, 60)
    if ":" in address and not address.startswith("["):
        # Either an IPv6 address or one that has its port already.
        return f"[{address}]:{port}" if address.count(":") > 1 else address
    return f"{address}:{port}"


def _http(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    for name in ("http", "large"):
        hops = view.of_host(host, name)
        if not fails(hops):
            continue
        hop = first_of(one for one in hops if one.outcome not in GOOD and one.outcome != "not_checked")
        if hop.outcome == "server_error" and _knows_no_v2(hop):
            continue
        cause, words = _answer(hop)
        words += names.given_by_hand(view, host, name, ladder)
        told = ladder.compare(view, host, name)
        yield NodeFault(
            kind=f"{name}_{hop.outcome}",
            node=view.name,
            cause=cause,
            hop=Hop.BLOB if name == "large" else Hop.REGISTRY,
            cannot=f"get an answer from {clean(host)}",
            because=words,
            host=host,
            fits=frozenset({cause, Cause.TIMEOUT, Cause.NETWORK_UNREACHABLE}),
            evidence=evidence_of(view, hop, told),
            fixes=path_mtu(view, hop) if name == "large" else (),
            compared=tuple(other.name for other in told.better),
            worse=tuple(other.name for other in told.worse),
            controller=told.controller,
        )


def _knows_no_v2(hop: HopFact) -> bool:
    """Tell whether it is the path /v2/ that this host objects to: the way to it is fine then.

    A token service in whose place a load balancer answers that nobody is there cannot be used, whatever the path.
    """
    return hop.role == "blob" or (hop.role == "token" and hop.status not in (502, 503, 504))


def _answer(hop: HopFact) -> tuple[Cause, str]:
    """The cause of an answer that fails, and what to say of it."""
    status = f" ({hop.status})" if hop.status is not None else ""
    if hop.hop == "large":
        words = "small answers pass and a large one hangs: full-size packets are lost on the way (path MTU)"
        return Cause.TIMEOUT, words
    if hop.outcome == "timeout":
        return Cause.TIMEOUT, "the connection stands, and no answer comes"
    if hop.outcome == "reset":
        return Cause.NETWORK_UNREACHABLE, "the connection is reset before an answer comes"
    if hop.outcome == "server_error":
        return Cause.REGISTRY_SERVER_ERROR, f"it answers with an error of its own{status}"
    return cause_of(hop, Cause.REGISTRY_SERVER_ERROR), f"the request fails{status}: {clean(hop.text)}"


def cause_of(hop: HopFact, otherwise: Cause) -> Cause:
    """Return the cause that the probe names, ``otherwise`` where this version does not know it."""
    try:
        return Cause(hop.cause)
    except ValueError:
        return otherwise


def _everything_dropped(found: list[NodeFault], view: NodeView) -> list[NodeFault]:
    """Where no registry at all can be connected to from here and from other nodes each can, it is one fault."""
    registries = {host for host, hops in view.hops.items() if any(one.role == "registry" for one in hops)}
    closed = [one for one in found if one.kind.startswith("tcp_") and one.compared and one.host in registries]
    kinds = {one.kind for one in closed}
    if len(closed) < 2 or {one.host for one in closed} != registries or len(kinds) != 1:
        return found
    hosts = enumeration(sorted(registries))
    return [
        replace(one, wide=True, detail="all", cannot=f"connect to any registry ({hosts})")
        if one in closed
        else one
        for one in found
    ]
