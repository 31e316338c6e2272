# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a node's faults one pull meets: those of the node itself, of its runtime's files, and on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import (
    disk,
    runtime,
    words,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.disk import (
    disk_faults,
    few_inodes,
    room_fault,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    WEAK_WORDS,
    NodeFault,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    Ladder,
    told,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.network import (
    network_faults,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    FALLBACK_LACKS_CA,
    config_faults,
    host_of,
    mirror_faults,
    restart_fault,
    runtime_faults,
    words_are_about,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)

FALLBACK = f"config_{FALLBACK_LACKS_CA}"
_LOOSE = frozenset({Cause.TIMEOUT, Cause.RUNTIME_ERROR})
"""Weak too, unless the words admit no other cause."""


class Met:
    """The faults that pulls meet; each node's are found once, however many pods it has."""

    def __init__(self, facts: Facts, ladder: Ladder) -> None:
        self._facts = facts
        self._ladder = ladder
        self._on_way: dict[str, list[NodeFault]] = {}
        self._of_node: dict[str, list[NodeFault]] = {}

    def of(self, judgement: Judgement, view: NodeView) -> Iterator[NodeFault]:
        """Yield the faults of this node that this pull meets, in the order in which it would meet them."""
        # A runtime whose store is read-only may seem to hang: the disk is the reason.
        text = judgement.statement.text if judgement.statement is not None else ""
        for fault in self._node(view):
            if fault.hop == Hop.RUNTIME:
                yield runtime.met_at_socket(fault, text)
            elif fault.kind == "disk_read_only":
                yield fault
        yield from self._of_files(judgement, view)
        yield from self._of_way(judgement, view)
        yield from (fault for fault in self._node(view) if fault.hop == Hop.DISK)
        room = room_fault(view, judgement.image) or few_inodes(view, judgement.image)
        if room is not None:
            yield self._against(room, view)
        said = judgement.statement
        texts = [] if said is None else [(said.text, said.at)]
        # A status that says no more than that the kubelet waits leaves it to the log to tell how the pull ended.
        texts += [(line.text, line.at) for line in words.lines_about(view, judgement.image) if line.at]
        restarted = restart_fault(view, judgement.failure.since, texts)
        if restarted is not None:
            yield self._against(restarted, view)

    def _of_files(self, judgement: Judgement, view: NodeView) -> Iterator[NodeFault]:
        """The mirrors that fail, and what is wrong in the runtime's files."""
        registry = registry_host(judgement.image)
        if not registry:
            return
        for found in mirror_faults(view, registry, [fault for fault in self.network(view) if not fault.wide]):
            mirror = self.beside_mirror(found, view)
            named = judgement.cause == Cause.MIRROR_FAILURE or not judgement.classification
            if words_are_about(judgement.cause, judgement.host, mirror):
                yield replace(mirror, fits=mirror.fits | {judgement.cause})
            elif named or is_weak(judgement):
                yield mirror
        files = config_faults(view, registry, judgement.cause)
        yield from (one for one in files if one.kind != FALLBACK)

    def _of_way(self, judgement: Judgement, view: NodeView) -> Iterator[NodeFault]:
        """What is wrong on the way to the hosts that this pull touches."""
        registry = registry_host(judgement.image)
        hosts = self._hosts(judgement, view)
        well = bool(registry) and view.gets_through(registry)
        mirrors = {host_of(one) for one in view.endpoints_of(registry) if one.role == "mirror"}
        served = self.is_served(view, registry)
        in_words = "" if is_weak(judgement) else normal_host(judgement.host)
        by_proxy = judgement.cause == Cause.PROXY_ERROR or _go_by_proxy(view, hosts)
        for fault in self.network(view):
            met = fault.wide and (not (well or served) or fault.cause == judgement.cause)
            if fault.hop == Hop.PROXY and not by_proxy:
                met = False
            # Where a mirror answers the others may be closed on purpose: they count where the words name them.
            on_it = (
                fault.host in hosts and fault.host not in mirrors and (not served or fault.host == in_words)
            )
            if met or on_it:
                yield fault

    def is_served(self, view: NodeView, registry: str) -> bool:
        """Tell whether nothing is wrong on the way to a mirror that gives images of ``registry`` by their tags."""
        broken = {fault.host for fault in self.network(view)}
        mirrors = (one for one in view.endpoints_of(registry) if one.role == "mirror")
        hosts = {host_of(one) for one in mirrors if one.pulls and one.resolves} - broken
        return any(view.is_well(host, hop) for host in hosts for hop in ("tcp", "proxy", "http"))

    def beside_mirror(self, mirror: NodeFault, view: NodeView) -> NodeFault:
        """A node that has no such mirror gets on with the registry itself."""
        if mirror.compared:
            return mirror
        better = self._ladder.compare(view, mirror.registry, "http").better
        proof = tuple(told(other, other.of_host(mirror.registry, "http")[0]) for other in better[:1])
        names = tuple(other.name for other in better)
        return replace(mirror, compared=names, evidence=(*mirror.evidence, *proof))

    def _hosts(self, judgement: Judgement, view: NodeView) -> frozenset[str]:
        """The hosts that this pull touches, as far as anybody has seen them."""
        found = {normal_host(registry_host(judgement.image)), normal_host(judgement.host)}
        for answer in self._facts.answers.of_image(judgement.image):
            found.update(
                normal_host(one.host) for one in answer.hosts if one.role in ("registry", "token", "blob")
            )
        found.update(host_of(one) for one in view.endpoints_of(registry_host(judgement.image)))
        return frozenset(found - {""})

    def network(self, view: NodeView) -> list[NodeFault]:
        """Return what is wrong on the ways from this node, whatever is pulled."""
        if view.name not in self._on_way:
            self._on_way[view.name] = network_faults(view, self._ladder)
        return self._on_way[view.name]

    def _node(self, view: NodeView) -> list[NodeFault]:
        if view.name not in self._of_node:
            found = sorted(
                [*runtime_faults(view), *disk_faults(view)], key=lambda one: one.kind != "disk_read_only"
            )
            self._of_node[view.name] = [self._against(fault, view) for fault in found]
        return self._of_node[view.name]

    def _against(self, fault: NodeFault, view: NodeView) -> NodeFault:
        """Set a healthy node of the pool against the disk or runtime that is not."""
        is_well = runtime.well if fault.hop == Hop.RUNTIME else disk.well
        for other in self._ladder.beside(view):
            good = is_well(other)
            if good is not None:
                return replace(fault, compared=(other.name,), evidence=(*fault.evidence, good))
        return fault


def is_weak(judgement: Judgement) -> bool:
    """Tell whether the words say no more than that the pull has not succeeded."""
    if judgement.cause in _LOOSE:
        said = judgement.classification
        names_nobody = judgement.cause == Cause.RUNTIME_ERROR or said is None or not said.host
        return names_nobody and judgement.confidence != Confidence.CONFIRMED
    return judgement.cause in WEAK_WORDS


def _go_by_proxy(view: NodeView, hosts: Iterable[str]) -> bool:
    """Tell whether the runtime goes to one of these hosts through a proxy, or none of them was tried."""
    ways = [hops for host in hosts if (hops := view.of_host(host)) and hops[0].role != "proxy"]
    return not ways or any(one.proxy or one.hop == "proxy" for hops in ways for one in hops)
