# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that is wrong as seen from a node, and the sentence that says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import NETWORK
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Evidence, Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    printable,
    quotation,
)

OWN = "\0"
"""In ``NodeFault.because``: stands for ``node1's`` or ``their``; texts from outside never hold it."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\Z", re.ASCII)

NETWORK_WORDS = NETWORK | {Cause.REGISTRY_SERVER_ERROR, Cause.MIRROR_FAILURE}
WEAK_WORDS = frozenset({Cause.UNKNOWN, Cause.CANCELLED, Cause.PULL_SLOW})
"""Words that say no more than that the pull has not succeeded."""


@dataclass(frozen=True, slots=True)
class NodeFault:
    """What is wrong at one hop, as one node meets it.

    ``kind`` and ``detail`` tell alike faults of different nodes: the same resolver, the same proxy. ``cannot`` and
    ``because`` make the sentence. ``host`` is what cannot be reached or used, empty for a fault that has none.

    ``wide``: every pull of the node meets it; else it concerns pulls that touch ``host``, or those of ``registry``
    where one is named. ``sure``: a pull must fail by it; else it may. ``fits`` are the causes in the kubelet's words
    that it explains however exact they are; ``keeps`` those among them that stay as they are named. ``compared`` are
    nodes that get past this hop, ``worse`` those that were to compare with and do not either; ``controller`` tells
    the same of the controller, null where it was not asked.
    """

    kind: str
    node: str
    cause: Cause
    hop: Hop
    cannot: str
    because: str
    detail: str = ""
    host: str = ""
    registry: str = ""
    wide: bool = False
    sure: bool = True
    fits: frozenset[Cause] = frozenset()
    keeps: frozenset[Cause] = frozenset()
    evidence: tuple[Evidence, ...] = ()
    fixes: tuple[Fix, ...] = ()
    compared: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    controller: bool | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same for one fault on several nodes."""
        return self.kind, "" if self.wide else self.host or self.registry, self.detail

    @property
    def is_of_the_node(self) -> bool:
        """Tell whether the node, or what only its pool shares, is at fault and not the host.

        Where a healthy node that was looked at to compare fails alike, what both of them share is at fault.
        """
        return bool(self.compared) or (self.wide and not self.worse)


def sentence(faults: Iterable[NodeFault]) -> str:
    """Return what one fault comes to on these nodes: who cannot do what, who can, and why.

    ``node1 cannot resolve registry.example, node2 can: node1's resolver 10.0.0.2 does not answer``.
    """
    several = list(faults)
    first = several[0]
    nodes = sorted({one.node for one in several})
    can = sorted({name for one in several for name in one.compared} - set(nodes))
    worse = sorted({name for one in several for name in one.worse} - set(nodes))
    own = f"{nodes[0]}'s" if len(nodes) == 1 else "their"
    others = ""
    if can:
        others = f", {enumeration(can)} can"
    elif any(one.controller for one in several):
        others = ", the controller can"
    if worse and not can:
        others += f"; {enumeration(worse)}, looked at to compare, cannot either, so {_shared(first)}"
    because = first.because.replace(OWN, own)
    return printable(f"{enumeration(nodes, 4)} cannot {first.cannot}{others}: {because}", 600)


def _shared(fault: NodeFault) -> str:
    """What is at fault where healthy nodes fail alike."""
    if fault.hop == Hop.DNS:
        return "it is not the node's own fault but the resolver's that they share, or the name's"
    if fault.hop == Hop.PROXY:
        return "it is not the node's own fault but the proxy's that they share"
    there = clean(fault.host or fault.registry) or "the registry"
    if fault.hop == Hop.TLS:
        return f"it is not the node's own fault but that of {there}, of the way there, or of what all nodes are given"
    return f"it is not the node's own fault but that of {there} or of the way there"


def seen(
    node: str,
    at: str | None,
    fact: str,
    quote: str = "",
    *,
    source: str = "node",
    vantage: str = "",
    supports: bool = True,
) -> Evidence:
    """Return one item of evidence that was seen on ``node``."""
    # A node's own words may name any time; what is none is left out.
    when = at if at and _TIME.match(at) else None
    return Evidence(source, vantage or f"node/{node}", when, printable(fact, 300), quotation(quote), supports)


def clean(text: str, limit: int = 120) -> str:
    """Return a word or two from outside, fit for a sentence."""
    return printable(text, limit)
