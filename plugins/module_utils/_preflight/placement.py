# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes the scheduler may choose for a pod, by what the pod demands and the nodes refuse.

The rules are those of the scheduler's filters NodeName, NodeUnschedulable, NodeAffinity and TaintToleration
(Kubernetes documentation, "Assigning Pods to Nodes" and "Taints and Tolerations"). Resources do not count: they change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import NodeView, Taint

_KEEPS_AWAY = ("NoSchedule", "NoExecute")
_PASSING = "node.kubernetes.io/"
_UNSCHEDULABLE = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
_OF_DAEMONS = (
    "not-ready",
    "unreachable",
    "disk-pressure",
    "memory-pressure",
    "pid-pressure",
    "unschedulable",
    "network-unavailable",
)
"""Taints that the DaemonSet controller has every daemon pod tolerate (documentation of DaemonSet)."""


class Scheduler:
    """Finds the nodes for pods, once for all that demand the same."""

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.nodes = nodes
        self._known: dict[str, list[NodeView]] = {}

    def nodes_for(self, spec: Mapping[str, Any], kind: str) -> list[NodeView]:
        """Return what ``eligible_nodes`` does."""
        demands = [spec.get(name) for name in ("nodeName", "nodeSelector", "affinity", "tolerations", "os")]
        key = repr((kind == "DaemonSet", demands))
        if key not in self._known:
            self._known[key] = eligible_nodes(spec, kind, self.nodes)
        return self._known[key]


def eligible_nodes(spec: Mapping[str, Any], kind: str, nodes: Sequence[NodeView]) -> list[NodeView]:
    """Return the nodes that a pod of this spec may be scheduled to; ``kind`` is that of its workload.

    Taints that come and go with a node's condition (not ready, pressure) do not count: the pod waits for their end.
    """
    name = text(spec.get("nodeName"))
    if name:
        return [node for node in nodes if node.name == name]
    selector = {text(key): text(value) for key, value in mapping(spec.get("nodeSelector")).items()}
    terms = _required_terms(spec)
    tolerations = objects(spec.get("tolerations"))
    system = text(mapping(spec.get("os")).get("name"))
    return [
        node
        for node in nodes
        if all(node.labels.get(key) == value for key, value in selector.items())
        and (terms is None or any(_term_fits(term, node) for term in terms))
        and (not system or node.os == system)
        and _tolerated(node, tolerations, kind)
    ]


def _required_terms(spec: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    affinity = mapping(mapping(spec.get("affinity")).get("nodeAffinity"))
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return objects(mapping(required).get("nodeSelectorTerms")) if isinstance(required, dict) else None


def _term_fits(term: dict[str, Any], node: NodeView) -> bool:
    """Whether all of a term fits; a term without any expression fits nothing."""
    expressions, fields = objects(term.get("matchExpressions")), objects(term.get("matchFields"))
    if not expressions and not fields:
        return False
    return all(_requirement_fits(one, node.labels) for one in expressions) and all(
        _requirement_fits(one, {"metadata.name": node.name}) for one in fields
    )


def _requirement_fits(requirement: dict[str, Any], labels: Mapping[str, str]) -> bool:
    found = labels.get(text(requirement.get("key")))
    listed = requirement.get("values")
    values = [text(value) for value in listed] if isinstance(listed, list) else []
    fits = _OPERATORS.get(text(requirement.get("operator")))
    return fits is not None and fits(found, values)


def _whole_number(value: str | None) -> int | None:
    try:
        return int(value) if value else None
    except ValueError:
        return None


def _compared(bigger: bool) -> Callable[[str | None, list[str]], bool]:
    def fits(found: str | None, values: list[str]) -> bool:
        one, other = _whole_number(found), _whole_number(values[0] if len(values) == 1 else None)
        return one is not None and other is not None and (one > other if bigger else one < other)

    return fits


_OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda found, values: found in values,
    "NotIn": lambda found, values: found not in values,
    "Exists": lambda found, _values: found is not None,
    "DoesNotExist": lambda found, _values: found is None,
    "Gt": _compared(bigger=True),
    "Lt": _compared(bigger=False),
}


def _tolerated(node: NodeView, tolerations: list[dict[str, Any]], kind: str) -> bool:
    daemon = kind == "DaemonSet"
    taints = [taint for taint in node.taints if taint.effect in _KEEPS_AWAY and not _passes(taint)]
    if node.unschedulable and not daemon:
        taints.append(_UNSCHEDULABLE)
    return all(any(_tolerates(one, taint) for one in tolerations) for taint in taints)


def _passes(taint: Taint) -> bool:
    return taint.key.startswith(_PASSING) and taint.key.removeprefix(_PASSING) in _OF_DAEMONS


def _tolerates(toleration: dict[str, Any], taint: Taint) -> bool:
    """Whether one toleration covers a taint (core/v1, Toleration.ToleratesTaint)."""
    effect, key = text(toleration.get("effect")), text(toleration.get("key"))
    if effect and effect != taint.effect:
        return False
    if key and key != taint.key:
        return False
    operator = text(toleration.get("operator")) or "Equal"
    if operator == "Exists":
        return True
    return operator == "Equal" and bool(key) and text(toleration.get("value")) == taint.value
