# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events about pods and nodes: the few that tell of images, found by the UID of the object they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    number,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact

POD_REASONS = frozenset(
    {
        "BackOff",
        "ErrImageNeverPull",
        "Evicted",
        "Failed",
        "FailedCreatePodSandBox",
        "FailedSync",
        "FailedToRetrieveImagePullSecret",
        "InspectFailed",
        "Pulled",
        "Pulling",
    }
)
"""What the kubelet records about images and sandboxes (pkg/kubelet/events/event.go, 1.21 to 1.36)."""

OTHER_OBSTACLES = frozenset(
    {
        "FailedAttachVolume",
        "FailedCreatePodContainer",
        "FailedMapVolume",
        "FailedMount",
        "FailedPrepareDynamicResources",
        "NetworkNotReady",
    }
)
"""What the kubelet and the volume controllers record when a pod cannot start for reasons beside images."""

NODE_REASONS = frozenset(
    {
        "ContainerGCFailed",
        "EvictionThresholdMet",
        "FreeDiskSpaceFailed",
        "ImageGCFailed",
        "InvalidDiskCapacity",
        "KubeletSetupFailed",
        "NodeHasDiskPressure",
        "NodeNotReady",
        "NodeReady",
        "RegisteredNode",
        "Starting",
    }
)

_NOISE = (
    "Pulled,Created,Started,Scheduled,Killing,Unhealthy,FailedScheduling,SuccessfulAttachVolume,"
    "ProbeWarning,SandboxChanged,DNSConfigForming,AddedInterface,NodeNotReady,"
    "TaintManagerEviction,NotTriggerScaleUp,TriggeredScaleUp,Nominated,Preempted"
)
POD_EVENTS = "involvedObject.kind=Pod," + ",".join(f"reason!={reason}" for reason in _NOISE.split(","))
"""One field selector for all of ``POD_REASONS`` but ``Pulled``, and for ``OTHER_OBSTACLES``.

Field selectors know no "or", and each list of events makes the API server read all of them from etcd: one request that
leaves out what is frequent is cheaper for it than one request a reason.
"""

_AGGREGATED = "(combined from similar events): "
_IMAGE = re.compile(r'image ("(?:[^"\\]|\\.)*")', re.IGNORECASE)
_FIELD_PATH = re.compile(r"spec\.(\w+)\{(.+)\}\Z")


def event_fact(item: dict[str, Any]) -> EventFact:
    """Return an event as ``v1`` or ``events.k8s.io/v1`` shows it.

    New events carry ``eventTime`` and ``series`` and leave count and both timestamps null (API reference, Event v1).
    """
    series = mapping(item.get("series"))
    source = mapping(item.get("source") or item.get("deprecatedSource"))
    about = mapping(item.get("involvedObject") or item.get("regarding"))
    first = _first_moment(
        item.get("firstTimestamp"),
        item.get("deprecatedFirstTimestamp"),
        item.get("eventTime"),
        mapping(item.get("metadata")).get("creationTimestamp"),
    )
    last = _first_moment(
        series.get("lastObservedTime"), item.get("lastTimestamp"), item.get("deprecatedLastTimestamp"), first
    )
    count = (
        number(series.get("count")) or number(item.get("count")) or number(item.get("deprecatedCount")) or 1
    )
    return EventFact(
        reason=text(item.get("reason")),
        message=text(item.get("message") or item.get("note")),
        type=text(item.get("type")),
        first_at=first,
        last_at=max(first or "", last or "") or None,
        count=max(count, 1),
        component=text(
            source.get("component") or item.get("reportingComponent") or item.get("reportingController")
        ),
        host=text(source.get("host") or item.get("reportingInstance")),
        field_path=text(about.get("fieldPath")),
    )


def _first_moment(*values: Any) -> str | None:
    return next((found for value in values if (found := moment(value))), None)


@dataclass(slots=True)
class ToldEvent:
    """An event about a pod, and what tells it from others; ``uid`` is the pod's, its full name where there is none."""

    key: str
    uid: str
    namespace: str
    name: str
    fact: EventFact


def told_event(item: Any) -> ToldEvent | None:
    """Return an event if it is about a pod and of a kind that matters here."""
    event = mapping(item)
    about = mapping(event.get("involvedObject") or event.get("regarding"))
    reason = event.get("reason")
    if about.get("kind") != "Pod" or not (reason in POD_REASONS or reason in OTHER_OBSTACLES):
        return None
    fact = event_fact(event)
    if fact.reason == "BackOff" and "pulling image" not in fact.message:
        return None
    namespace, name = text(about.get("namespace")), text(about.get("name"))
    metadata = mapping(event.get("metadata"))
    key = text(metadata.get("uid")) or f"{namespace}/{text(metadata.get('name'))}"
    return ToldEvent(key, text(about.get("uid")) or f"{namespace}/{name}", namespace, name, fact)


class PodEvents:
    """The events about pods that matter here, by pod."""

    def __init__(self) -> None:
        self._by_uid: dict[str, dict[tuple[str, str, str], EventFact]] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._read: set[str] = set()

    def add(self, told: ToldEvent) -> None:
        """Take an event; one that was read twice counts once, others with equal texts become one."""
        if told.key in self._read:
            return
        self._read.add(told.key)
        fact = told.fact
        known = self._by_uid.setdefault(told.uid, {})
        key = (fact.reason, fact.field_path, fact.message)
        known[key] = _joined(known[key], fact) if key in known else fact
        self._names[told.uid] = (told.namespace, told.name)

    def of(self, *uids: str) -> list[EventFact]:
        """Return the events about the pod with one of ``uids``, oldest first."""
        found = [event for uid in uids if uid for event in self._by_uid.get(uid, {}).values()]
        return sorted(found, key=lambda event: (event.last_at or "", event.first_at or "", event.reason))

    def telling(self) -> Iterable[tuple[str, str, str, bool]]:
        """Give UID, namespace and name of each pod with an event that may tell of a failure, True for an ephemeral one.

        ``Pulling`` alone is none: the pods that it concerns are seen by their status.
        """
        telling = POD_REASONS - {"Pulling", "Pulled"}
        for uid, events in self._by_uid.items():
            told = [event for event in events.values() if event.reason in telling]
            if told:
                ephemeral = any(event.field_path.startswith("spec.ephemeralContainers{") for event in told)
                yield (uid, *self._names[uid], ephemeral)


def _joined(one: EventFact, other: EventFact) -> EventFact:
    newer, older = (one, other) if (one.last_at or "") >= (other.last_at or "") else (other, one)
    return EventFact(
        reason=newer.reason,
        message=newer.message,
        type=newer.type,
        first_at=min((at for at in (one.first_at, other.first_at) if at), default=None),
        last_at=newer.last_at,
        count=one.count + other.count,
        component=newer.component or older.component,
        host=newer.host or older.host,
        field_path=newer.field_path,
    )


def said(event: EventFact) -> str:
    """Return the message without the mark that the event aggregation of client-go puts before it."""
    return event.message.removeprefix(_AGGREGATED)


def image_of(message: str) -> str | None:
    """Return the image that a kubelet text quotes (``Failed to pull image "x": …``), None when it quotes none."""
    match = _IMAGE.search(message)
    if not match:
        return None
    try:
        return str(json.loads(match[1]))
    except ValueError:
        return match[1][1:-1]


def container_of(event: EventFact) -> tuple[str, str]:
    """Return section of the pod (``containers``, ``initContainers`` …) and name of the container, else empty texts."""
    match = _FIELD_PATH.match(event.field_path)
    return (match[1], match[2]) if match else ("", "")
