# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of two is at fault when a host cannot be reached: the host, or the one node that cannot reach it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NodeFault,
    sentence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

# Whoever gets one of these answers has reached the registry and has read its certificate.
_ANSWERED = frozenset(
    {
        Cause.TAG_NOT_FOUND,
        Cause.REPOSITORY_NOT_FOUND,
        Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
        Cause.AUTH_MISSING,
        Cause.AUTH_INVALID,
        Cause.AUTH_FORBIDDEN,
        Cause.SECRET_MISSING,
        Cause.RATE_LIMITED,
        Cause.PLATFORM_MISMATCH,
        Cause.MANIFEST_INVALID,
        Cause.DIGEST_MISMATCH,
    }
)
_IN_TRANSFER = frozenset({Hop.BLOB, Hop.UNPACK})
_CHANGING = re.compile(r"\"[^\"]*\"|https?://\S+|\b[\w.-]+\.[\w.-]+(?::\d+)?(?:->\S+)?|\d+")


@dataclass(frozen=True, slots=True)
class Attribution:
    """One node, or one pool of them, is to blame. ``unit`` is the pool's or the node's name.

    ``faults`` are what was seen on the nodes themselves; empty where only the cluster's images tell.
    """

    unit: str
    nodes: tuple[str, ...]
    reached_from: tuple[str, ...]
    faults: tuple[NodeFault, ...] = ()

    @property
    def because(self) -> str:
        """The evidence in one sentence."""
        if self.faults:
            return sentence(self.faults)
        fails = "fails" if len(self.nodes) == 1 else "fail"
        have = "has" if len(self.reached_from) == 1 else "have"
        return printable(
            f"only {enumeration(self.nodes)} {fails} here, while {enumeration(self.reached_from)} {have} got answers "
            "or images from there"
        )


def attribute_to_nodes(
    judgements: list[Judgement], facts: Facts, settled: Mapping[int, Attribution] = MappingProxyType({})
) -> dict[int, Attribution]:
    """Return, by index, which judgements are the fault of a node although their message names a host.

    A node is to blame for a host that fails from this node alone (or from this node pool alone) while other nodes
    hold images from it or got an answer from it. Once it is to blame for one, hosts that nobody else was seen to use
    are counted to it as well, when they fail in the same words. ``settled`` are those that a look at the nodes has
    decided already; they are returned with the others.
    """
    failing: dict[tuple[Cause, str], list[int]] = defaultdict(list)
    answered: dict[str, set[str]] = defaultdict(set)
    for index, judgement in enumerate(judgements):
        node = judgement.failure.node
        if index in settled:
            continue
        if judgement.host and node and CATALOGUE[judgement.cause].by_node:
            failing[judgement.cause, judgement.host].append(index)
        elif judgement.cause in _ANSWERED and node:
            answered[registry_host(judgement.image)].add(node)
    blamed: dict[int, Attribution] = {}
    orphans: list[tuple[Cause, list[int]]] = []
    for (cause, _host), indexes in sorted(failing.items()):
        found = _blame([judgements[index] for index in indexes], facts, answered)
        if found is not None:
            blamed.update(dict.fromkeys(indexes, found))
        else:
            orphans.append((cause, indexes))
    _adopt(judgements, blamed, orphans)
    return {**blamed, **settled}


def _blame(members: list[Judgement], facts: Facts, answered: Mapping[str, set[str]]) -> Attribution | None:
    if any(member.seen is not None and member.seen.worse for member in members):
        return None  # A healthy node was asked, and does not get there either.
    failing = sorted({member.failure.node for member in members})
    reached: set[str] = set()
    for member in members:
        reached |= _reached(member, facts, answered)
    # Images on the failing nodes themselves prove nothing: they may be from before the fault.
    reached -= set(failing)
    if not reached:
        return None
    units = {facts.pool_or_node(name) for name in failing}
    if len(failing) > 1 and (len(units) > 1 or units & {facts.pool_or_node(name) for name in reached}):
        return None
    return Attribution(min(units), tuple(failing), tuple(sorted(reached)))


def _reached(member: Judgement, facts: Facts, answered: Mapping[str, set[str]]) -> set[str]:
    """The nodes that got as far as this one did not, or farther.

    Where the transfer of the content broke off, only the very same image shows that it can be had.
    """
    content_in_doubt = any(alternative.cause == Cause.DIGEST_MISMATCH for alternative in member.alternatives)
    if member.hop in _IN_TRANSFER or content_in_doubt:
        wanted = canonical(member.image)
        return {name for name, node in facts.nodes.items() if wanted in map(canonical, node.images)}
    registry = registry_host(member.image)
    holding = {name for name, hosts in facts.hosts_on_node.items() if registry in hosts}
    return answered.get(registry, set()) | holding


def _adopt(
    judgements: list[Judgement], blamed: dict[int, Attribution], orphans: list[tuple[Cause, list[int]]]
) -> None:
    known = {
        (judgements[index].cause, judgements[index].failure.node, _words(judgements[index])): attribution
        for index, attribution in sorted(blamed.items())
    }
    for cause, indexes in orphans:
        found = {
            known.get((cause, judgements[index].failure.node, _words(judgements[index]))) for index in indexes
        }
        if len(found) == 1 and (attribution := found.pop()) is not None:
            blamed.update(dict.fromkeys(indexes, attribution))


def _words(judgement: Judgement) -> str:
    """The deciding words without what differs from host to host."""
    quote = judgement.classification.quote if judgement.classification else ""
    return _CHANGING.sub("*", quote)
