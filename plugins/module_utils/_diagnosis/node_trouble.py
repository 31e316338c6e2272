# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble of a whole node, as its conditions and events tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConditionFact,
    EventFact,
    Evidence,
    NodeFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable, quotation

# The kubelet's runtime state in the Ready condition (pkg/kubelet/runtime.go).
_RUNTIME_DOWN = re.compile(
    r"container runtime is down|PLEG is not healthy|container runtime status check may not", re.I
)
# No image is pulled for want of a CNI plugin either, but that is another trouble.
_NO_POD_NETWORK = re.compile(r"network ?plugin|NetworkPluginNotReady|cni", re.I)
_NO_SPACE_EVENTS = frozenset({"FreeDiskSpaceFailed", "ImageGCFailed", "InvalidDiskCapacity"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cause that explains pods of this node which do not say why they cannot start.

    ``title`` is set where the cause's own title would say more than is known.
    """

    cause: Cause
    confidence: Confidence
    summary: str
    evidence: tuple[Evidence, ...]
    since: str | None = None
    title: str = ""


def trouble_of(node: NodeFact) -> Trouble | None:
    """Return the trouble of ``node``: disk pressure first, then a runtime or kubelet that is down; else None."""
    return _disk(node) or _runtime(node)


def condition(node: NodeFact, kind: str) -> ConditionFact | None:
    """Return the condition of this type, None where the node has none."""
    return next((found for found in node.conditions if found.type == kind), None)


def _disk(node: NodeFact) -> Trouble | None:
    pressure = condition(node, "DiskPressure")
    if pressure is not None and pressure.status == "True":
        summary = f"node {node.name} reports disk pressure"
        evidence = (_evidence(node, pressure, summary), *_event_evidence(node))
        return Trouble(Cause.DISK_FULL, Confidence.LIKELY, summary, evidence, pressure.since)
    return None


def _runtime(node: NodeFact) -> Trouble | None:
    ready = condition(node, "Ready")
    if ready is None or ready.status == "True":
        return None
    if ready.status == "False":
        said = f"{ready.reason} {ready.message}"
        if _RUNTIME_DOWN.search(said):
            summary = f"node {node.name} is not ready: its container runtime is down or hung"
            return _not_ready(node, ready, Confidence.CONFIRMED, summary)
        if _NO_POD_NETWORK.search(said):
            return None
        return _not_ready(
            node,
            ready,
            Confidence.POSSIBLE,
            f"node {node.name} is not ready",
            f"Node {node.name} is not ready",
        )
    summary = f"node {node.name} has stopped reporting: its kubelet, or the node itself, is down or cut off"
    return _not_ready(node, ready, Confidence.LIKELY, summary, f"Node {node.name} does not report")


def _not_ready(
    node: NodeFact, ready: ConditionFact, confidence: Confidence, summary: str, title: str = ""
) -> Trouble:
    evidence = (_evidence(node, ready, summary),)
    return Trouble(Cause.RUNTIME_ERROR, confidence, summary, evidence, ready.since, printable(title))


def _evidence(node: NodeFact, found: ConditionFact, summary: str) -> Evidence:
    quote = f"{found.type}={found.status} {found.reason}: {found.message}".rstrip(" :")
    return Evidence("node", "api", found.since, printable(summary), quotation(quote))


def _event_evidence(node: NodeFact) -> tuple[Evidence, ...]:
    newest: dict[str, EventFact] = {}
    for event in sorted(node.events, key=lambda event: (event.last_at or "", event.message)):
        if event.reason in _NO_SPACE_EVENTS:
            newest[event.reason] = event
    return tuple(
        Evidence(
            "event",
            "api",
            event.last_at,
            printable(f"event {event.reason} on node {node.name}"),
            quotation(event.message),
        )
        for _reason, event in sorted(newest.items())
    )
