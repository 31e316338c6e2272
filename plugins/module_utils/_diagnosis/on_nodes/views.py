# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen from the nodes, indexed by node: everything that one vantage knows in one place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    normal_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessPod,
    ConfigProblem,
    DiskUse,
    EndpointFact,
    FileSystemFact,
    Gap,
    HopFact,
    KubeletFact,
    LogLine,
    NodeChoice,
    NodeLook,
    PullTrial,
    ResolverFact,
    RoomFact,
    RuntimeFact,
)

NODES, KUBELETS, ACCESS_PODS = "nodes", "kubelets", "access_pods"
OF_ONE_NODE = re.compile(r"(?:node|pull)_[0-9a-f]{12}\Z")
"""The stages that one look at one node writes: what was seen, and the pull by hand."""
_LOOKED = re.compile(r"node_[0-9a-f]{12}\Z")
_GOOD = frozenset({"ok", "slow"})
KEPT = "no_proxy keeps"
"""How the probe says that a host is exempt from the proxy, which alone reaches it."""


@dataclass(frozen=True)
class NodeView:
    """Everything that is known of one node beside what the API server tells; None and empty where it was not seen.

    ``hops`` are those of the node's own network by host (as ``normal_host`` writes it), ``pod_hops`` those of a pod's.
    Where the runtime goes to a host through its proxy, they are those of that way: what the straight one meets does
    not matter to a pull.
    ``error`` says why the stage of its look did not come to its end.
    """

    name: str
    choice: NodeChoice | None = None
    look: NodeLook | None = None
    runtime: RuntimeFact | None = None
    endpoints: Mapping[str, tuple[EndpointFact, ...]] = field(default_factory=dict)
    problems: tuple[ConfigProblem, ...] = ()
    file_systems: tuple[FileSystemFact, ...] = ()
    disk_use: tuple[DiskUse, ...] = ()
    rooms: tuple[RoomFact, ...] = ()
    resolvers: tuple[ResolverFact, ...] = ()
    hops: Mapping[str, tuple[HopFact, ...]] = field(default_factory=dict)
    pod_hops: Mapping[str, tuple[HopFact, ...]] = field(default_factory=dict)
    log_lines: tuple[LogLine, ...] = ()
    trials: tuple[PullTrial, ...] = ()
    kubelet: KubeletFact | None = None
    access_pod: AccessPod | None = None
    gaps: tuple[Gap, ...] = ()
    error: str | None = None
    at: str | None = None

    @property
    def reached(self) -> bool:
        """Tell whether a shell on the node answered."""
        return self.look is not None and self.look.reached

    @property
    def vantage(self) -> str:
        """The vantage of what is seen from the node's own network and file systems."""
        return f"node/{self.name}"

    @property
    def resolver(self) -> ResolverFact | None:
        """How the node itself resolves names."""
        return next((one for one in self.resolvers if not one.vantage.startswith("pod/")), None)

    def of_host(self, host: str, *hops: str) -> tuple[HopFact, ...]:
        """Return what was met on the way to ``host`` from the node, at these hops or at all of them."""
        found = self.hops.get(normal_host(host), ())
        return tuple(one for one in found if not hops or one.hop in hops)

    def is_well(self, host: str, hop: str) -> bool:
        """Tell whether this hop towards ``host`` went well, by one address at least."""
        hops = self.names_of(host) if hop == "dns" else self.of_host(host, hop)
        return any(one.outcome in _GOOD for one in hops)

    def names_of(self, host: str) -> tuple[HopFact, ...]:
        """Return how the node itself resolves ``host``; single name servers only where no tool asks in that way."""
        hops = self.of_host(host, "dns")
        own = tuple(one for one in hops if not one.server and one.outcome != "not_checked")
        return own or hops

    def gets_through(self, host: str) -> bool:
        """Tell whether a request to ``host`` was answered; a tool that cannot ask leaves this open (false)."""
        return self.is_well(host, "http") and not any(
            one.outcome not in _GOOD and one.outcome != "not_checked"
            for one in self.of_host(host, "http", "large", "proxy")
        )

    def endpoints_of(self, registry: str) -> tuple[EndpointFact, ...]:
        """Return what the runtime tries for images of ``registry``, in its order."""
        return self.endpoints.get(normal_host(registry), ())

    def trial_of(self, image: str) -> PullTrial | None:
        """Return the pull by hand of this image, None where none was tried."""
        wanted = canonical(image)
        tried = [one for one in self.trials if one.outcome != "not_tried" and canonical(one.image) == wanted]
        return tried[-1] if tried else None


@dataclass(frozen=True)
class Vantages:
    """All nodes of which something was seen. ``asked`` tells that nodes were chosen or looked at in this run.

    ``error`` says why the choice of nodes did not come to its end. ``of_kubelets`` is what kubelets did not tell: a
    look at the node makes up for it.
    """

    asked: bool = False
    error: str | None = None
    views: Mapping[str, NodeView] = field(default_factory=dict)
    of_kubelets: tuple[Gap, ...] = ()

    def of(self, node: str) -> NodeView | None:
        """Return what is known of this node."""
        return self.views.get(node)

    @property
    def chosen(self) -> tuple[NodeView, ...]:
        """The nodes that were to be looked at, and those that were although nobody chose them."""
        return tuple(view for view in self.views.values() if view.choice is not None or view.look is not None)

    @property
    def looked_at(self) -> tuple[NodeView, ...]:
        """The nodes on which a shell answered."""
        return tuple(view for view in self.views.values() if view.reached)


def vantages_of(stages: Mapping[str, Stage]) -> Vantages:
    """Return the index of these stages; an empty one where none of them is about nodes."""
    parts: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(list))
    for name in sorted(stages):
        if name in (NODES, KUBELETS, ACCESS_PODS) or OF_ONE_NODE.match(name):
            _take(stages[name], parts)
    chosen = stages.get(NODES)
    return Vantages(
        asked=chosen is not None or any(_LOOKED.match(name) for name in stages),
        error=None if chosen is None or chosen.complete else chosen.error or "the nodes were not all chosen",
        views={node: _view(node, parts[node]) for node in sorted(parts)},
        of_kubelets=tuple(stages[KUBELETS].of("gap")) if KUBELETS in stages else (),
    )


def _take(stage: Stage, parts: dict[str, dict[str, Any]]) -> None:
    """Sort the records of one stage by node. A gap belongs to the node that its check begins with."""
    nodes: dict[str, None] = {}
    for kind, records in stage.records.items():
        for record in records:
            node = getattr(record, "node", None)
            if isinstance(node, str):
                parts[node][kind].append(record)
                nodes.setdefault(node)
    is_look = OF_ONE_NODE.match(stage.name) is not None
    only = next(iter(nodes)) if len(nodes) == 1 and is_look else None
    for gap in stage.of("gap"):
        owner, colon, _what = gap.check.partition(":")
        if only is not None:
            parts[only]["gap"].append(gap)
        elif colon and owner in nodes and stage.name != KUBELETS:
            parts[owner]["gap"].append(gap)
    if only is not None and _LOOKED.match(stage.name):
        parts[only]["at"] = stage.observed_at
        if not stage.complete:
            parts[only]["error"] = stage.error or "the look at this node did not come to its end"


def _view(node: str, found: Mapping[str, Any]) -> NodeView:
    def first(kind: str) -> Any:
        return next(iter(found.get(kind, ())), None)

    looks: list[NodeLook] = found.get("node_look", [])
    hops: list[HopFact] = found.get("hop", [])
    endpoints: dict[str, list[EndpointFact]] = defaultdict(list)
    for one in found.get("endpoint", ()):
        endpoints[normal_host(one.registry)].append(one)
    look = next((one for one in looks if one.reached), looks[0] if looks else None)
    return NodeView(
        name=node,
        choice=first("node_choice"),
        look=look,
        runtime=first("runtime"),
        endpoints={
            registry: tuple(sorted(several, key=lambda one: one.position))
            for registry, several in endpoints.items()
        },
        problems=tuple(found.get("config_problem", ())),
        file_systems=tuple(found.get("file_system", ())),
        disk_use=tuple(found.get("disk_use", ())),
        rooms=tuple(found.get("room", ())),
        resolvers=tuple(found.get("resolver", ())),
        hops=_ways(_by_host(one for one in hops if not one.vantage.startswith("pod/"))),
        pod_hops=_by_host(one for one in hops if one.vantage.startswith("pod/")),
        log_lines=tuple(found.get("log_line", ())),
        trials=tuple(found.get("pull_trial", ())),
        kubelet=first("kubelet"),
        access_pod=first("access_pod"),
        gaps=tuple(found.get("gap", ())),
        error=found.get("error"),
        at=(look.at if look is not None else "") or found.get("at"),
    )


def _by_host(hops: Iterable[HopFact]) -> dict[str, tuple[HopFact, ...]]:
    found: dict[str, list[HopFact]] = defaultdict(list)
    for one in hops:
        found[normal_host(one.host)].append(one)
    return {host: tuple(several) for host, several in found.items()}


def _ways(by_host: Mapping[str, tuple[HopFact, ...]]) -> dict[str, tuple[HopFact, ...]]:
    """The hops of the way that a pull takes: through the proxy where the runtime goes through one."""
    found: dict[str, tuple[HopFact, ...]] = {}
    for host, hops in by_host.items():
        proxied = tuple(one for one in hops if one.role != "proxy" and (one.proxy or one.hop == "proxy"))
        # A host that is exempt is not gone to through the proxy: that way and the straight one count.
        kept = any(KEPT in one.text for one in proxied)
        found[host] = hops if kept or not proxied else proxied
    return found
