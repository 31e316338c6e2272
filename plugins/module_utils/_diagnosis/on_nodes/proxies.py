# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the proxy that a node's runtime is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NETWORK_WORDS,
    OWN,
    NodeFault,
    clean,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    mend_proxy,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    GOOD,
    Comparison,
    Ladder,
    evidence_of,
    evidence_of_way,
    fails,
    first_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    KEPT,
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

_FITS = NETWORK_WORDS | {Cause.AUTH_FORBIDDEN}
"""A runtime that goes through a proxy shows the proxy's refusals as bare status texts (``Forbidden``)."""
_SAYS = {
    "refused": "takes no connection",
    "timeout": "does not answer",
    "login": "wants a login (407)",
    "denied": "refuses the host (403)",
}
_WHATEVER_THE_HOST = frozenset({"refused", "timeout", "login"})


def faults(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """Yield a proxy that does not lead to ``host``."""
    hops = view.of_host(host, "proxy")
    if not fails(hops):
        return
    hop = first_of(one for one in hops if one.outcome not in GOOD and one.outcome != "not_checked")
    proxy = clean(hop.proxy or hop.host)
    told = _beside(view, host, ladder)
    status = f" ({hop.status})" if hop.status is not None else ""
    says = _SAYS.get(hop.outcome) or f"fails{status}{f': {clean(hop.text, 200)}' if hop.text else ''}"
    lacks = _lacks_no_proxy(view, host, told, hop)
    yield _fault(
        view,
        hop,
        told,
        host=host,
        wide=hop.outcome in _WHATEVER_THE_HOST and not lacks,
        proxy=proxy,
        because=f"the proxy {proxy} that {_runtime(view)} is given there {says}{lacks}{_without(told, host)}",
    )


def goes_straight(view: NodeView, host: str, ladder: Ladder) -> bool:
    """Tell whether NO_PROXY keeps ``host`` from the proxy for good reason: others get there without one."""
    kept = any(KEPT in one.text for one in view.of_host(host, "proxy"))
    return kept and any(
        not other.of_host(host, "proxy") for other in ladder.compare(view, host, "tcp").better
    )


def of_itself(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """Yield a proxy that cannot be reached at all."""
    for name in ("dns", "tcp", "tls", "proxy"):
        hops = view.of_host(host, name)
        if not fails(hops):
            continue
        hop = first_of(one for one in hops if one.outcome not in GOOD and one.outcome != "not_checked")
        proxy = clean(hop.proxy or host)
        words = {
            "dns": "its name does not resolve",
            "tcp": "packets to it are dropped in silence"
            if hop.outcome == "timeout"
            else "nobody listens there",
        }
        says = words.get(name) or _SAYS.get(hop.outcome) or clean(hop.text) or "it fails"
        told = ladder.compare(view, host, name)
        fault = _fault(
            view,
            hop,
            told,
            host=host,
            wide=True,
            proxy=proxy,
            because=f"the proxy {proxy} that {_runtime(view)} is given there cannot be used: {says}",
        )
        yield fault if told.better else _without_it(fault, view, ladder)
        return


def _without_it(fault: NodeFault, view: NodeView, ladder: Ladder) -> NodeFault:
    """Set a node against it that gets to one of the registries, by whatever way."""
    registries = [host for host, hops in sorted(view.hops.items()) if hops[0].role == "registry"]
    for other in ladder.beside(view):
        for registry in registries:
            if other.gets_through(registry):
                proof = evidence_of_way(other, registry)
                return replace(fault, compared=(other.name,), evidence=(*fault.evidence, proof))
    return fault


def _fault(
    view: NodeView, hop: HopFact, told: Comparison, *, host: str, wide: bool, proxy: str, because: str
) -> NodeFault:
    target = "" if wide and hop.role == "proxy" else f" to {clean(host)}"
    return NodeFault(
        kind=f"proxy_{hop.outcome}",
        node=view.name,
        cause=Cause.PROXY_ERROR,
        hop=Hop.PROXY,
        cannot=f"get past {OWN} proxy{target}".replace(OWN, "the"),
        because=because,
        detail=proxy,
        host=host,
        wide=wide,
        fits=_FITS,
        evidence=evidence_of(view, hop, told),
        fixes=mend_proxy(view, hop, "" if hop.role == "proxy" else host),
        compared=tuple(other.name for other in told.better),
        worse=tuple(other.name for other in told.worse),
        controller=told.controller,
    )


def _beside(view: NodeView, host: str, ladder: Ladder) -> Comparison:
    """Who gets to the host, through a proxy or without one."""
    told = ladder.compare(view, host, "proxy")
    if told.better:
        return told
    direct = ladder.compare(view, host, "http")
    if not direct.better:
        direct = ladder.compare(view, host, "tcp")
    return Comparison(direct.better, told.worse, told.controller)


def _without(told: Comparison, host: str) -> str:
    free = [other.name for other in told.better if not other.of_host(host, "proxy")]
    return f"; {enumeration(free, 2)} has none" if len(free) == 1 else ""


def _runtime(view: NodeView) -> str:
    return clean(view.runtime.name) if view.runtime is not None and view.runtime.name else "the runtime"


def _lacks_no_proxy(view: NodeView, host: str, told: Comparison, hop: HopFact) -> str:
    """Tell that NO_PROXY lacks a host to which this node or others get without a proxy."""
    straight = "no_proxy lacks it" in hop.text or any(
        not other.of_host(host, "proxy") for other in told.better
    )
    if not straight:
        return ""
    proxies = view.runtime.proxies if view.runtime is not None else {}
    given = {name.upper(): value for name, value in proxies.items()}
    excepted = given.get("NO_PROXY", "")
    if _is_excepted(host, excepted):
        return ""
    return f", and NO_PROXY {f'({clean(excepted, 80)}) ' if excepted else ''}does not name {clean(host)}"


def _is_excepted(host: str, no_proxy: str) -> bool:
    """Tell whether NO_PROXY names the host or a domain that it ends with (golang.org/x/net/http/httpproxy)."""
    name = host.partition(":")[0]
    for entry in no_proxy.lower().replace(" ", "").split(","):
        word = entry.removeprefix("*").partition(":")[0]
        if entry == "*" or (word and (name == word.lstrip(".") or name.endswith("." + word.lstrip(".")))):
            return True
    return False
