# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hop where vantages part: who gets past it, who does not."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import normal_host
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import seen
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Evidence, HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

GOOD = frozenset({"ok", "slow"})
CONTROL = "control"
ORDER = ("dns", "tcp", "proxy", "tls", "http", "large")
"""The hops in the order in which a pull meets them."""


def first_of(hops: Iterable[HopFact]) -> HopFact:
    """Return the first of ``hops``, of which the caller knows that there is one."""
    return next(iter(hops))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How other vantages get on at one hop towards one host.

    ``better`` are nodes that get past it, those of the same pool where there are any; ``worse`` healthy nodes that
    were looked at to compare and do not. ``controller`` is null where the controller did not come there.
    """

    better: tuple[NodeView, ...] = ()
    worse: tuple[NodeView, ...] = ()
    controller: bool | None = None


class Ladder:
    """Compares the hops of one node with those of the others and of the controller."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def compare(self, view: NodeView, host: str, hop: str) -> Comparison:
        """Return how the others get on at ``hop`` towards ``host``."""
        others = [other for other in self._facts.vantages.looked_at if other.name != view.name]
        pool = self._pool(view.name)
        # Who gets an answer got past every hop, also where a tool did not show it.
        good = [other for other in others if other.is_well(host, hop) or other.gets_through(host)]
        near = [other for other in good if self._pool(other.name) == pool] or good
        # Who was chosen for being healthy says more than who has a trouble of its own.
        healthy = [other for other in near if is_control(other)]
        through = [other for other in near if other.gets_through(host)]
        worse = [
            other
            for other in others
            if is_control(other) and self._pool(other.name) == pool and fails(other.of_host(host, hop))
        ]
        best = healthy or through or near
        return Comparison(tuple(best), tuple(worse), self._controller.get(normal_host(host)))

    def addresses(self, host: str) -> frozenset[str]:
        """Return the addresses at which the controller met ``host``."""
        return self._controller_addresses.get(normal_host(host), frozenset())

    def beside(self, view: NodeView) -> list[NodeView]:
        """Return the other nodes of the pool that were looked at, those that were chosen to compare with first."""
        pool = self._pool(view.name)
        others = [
            other
            for other in self._facts.vantages.looked_at
            if other.name != view.name and self._pool(other.name) == pool
        ]
        return sorted(others, key=lambda other: not is_control(other))

    def _pool(self, node: str) -> str:
        found = self._facts.nodes.get(node)
        return found.pool if found is not None else ""

    @functools.cached_property
    def _controller(self) -> Mapping[str, bool]:
        """Whether the controller was answered by a host, whatever the answer."""
        found: dict[str, bool] = {}
        for given in self._facts.answers.by_image.values():
            for answer in given:
                answered = answer.outcome == FOUND or answer.status is not None
                for one in answer.hosts:
                    if answered and one.role in ("registry", "token"):
                        found[normal_host(one.host)] = True
                host = normal_host(answer.registry)
                if answered or answer.hop in ("dns", "tcp", "tls", "proxy"):
                    found[host] = found.get(host, False) or answered
        return found

    @functools.cached_property
    def _controller_addresses(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for given in self._facts.answers.by_image.values():
            for answer in given:
                for one in answer.hosts:
                    host = normal_host(one.host)
                    found[host] = found.get(host, frozenset()) | frozenset(one.addresses)
        return found


def is_control(view: NodeView) -> bool:
    """Tell whether a node was chosen to compare with."""
    return view.choice is not None and view.choice.role == CONTROL


def fails(hops: tuple[HopFact, ...]) -> bool:
    """Tell whether this hop fails: something was tried, and nothing of it went well."""
    tried = [one for one in hops if one.outcome != "not_checked"]
    return bool(tried) and not any(one.outcome in GOOD for one in tried)


def evidence_of(view: NodeView, hop: HopFact, comparison: Comparison) -> tuple[Evidence, ...]:
    """Return what the node met at this hop, one vantage that gets past it, and one to compare with that does not."""
    found = [told(view, hop)]
    for other in comparison.better[:1]:
        at = other.of_host(hop.host, hop.hop) + other.of_host(hop.host, "http")
        found.append(told(other, next(one for one in at if one.outcome in GOOD)))
    for other in comparison.worse[:1]:
        bad = [one for one in other.of_host(hop.host, hop.hop) if one.outcome not in GOOD]
        alike = told(other, bad[0])
        fact = f"it is the same on {other.name}, which was looked at to compare: {alike.fact}"
        found.append(replace(alike, fact=printable(fact, 300)))
    for one in view.pod_hops.get(normal_host(hop.host), ()):
        if one.hop == hop.hop and one.outcome in GOOD:
            found.append(told(view, one))
            break
    return tuple(found)


def evidence_of_way(view: NodeView, host: str) -> Evidence:
    """Return that ``host`` answers this node."""
    return told(view, next(one for one in view.of_host(host, "http") if one.outcome in GOOD))


def told(view: NodeView, hop: HopFact) -> Evidence:
    """Return one hop as evidence: ``node2: dns registry.example: 10.1.2.3 in 0.01 s``."""
    who = hop.vantage if hop.vantage.startswith("pod/") else view.name
    at = hop.addresses or ((hop.address,) if hop.address else ())
    result = "well" if hop.outcome == "ok" else hop.outcome.replace("_", " ")
    if hop.status is not None and hop.outcome != "ok":
        result += f" ({hop.status})"
    parts = [result, enumeration([printable(address, 60) for address in at], 2)]
    if hop.server:
        parts.append(f"by {hop.server}")
    if hop.proxy:
        parts.append(f"through {hop.proxy}")
    if hop.seconds is not None:
        parts.append(f"{hop.seconds:.2f} s")
    fact = f"{who}: {hop.hop} {hop.host}: {', '.join(part for part in parts if part)}"
    vantage = hop.vantage if hop.vantage.startswith(("node/", "runtime/", "pod/")) else f"node/{view.name}"
    if vantage.startswith("pod/") and vantage.count("/") < 2:
        vantage = f"node/{view.name}"
    quote = hop.text if hop.outcome not in GOOD else ""
    return seen(view.name, view.at, fact, quote, vantage=printable(vantage, 200))
