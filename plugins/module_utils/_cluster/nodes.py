# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes, as far as the API knows them, and the images that lie on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    STORED,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    NODE_REASONS,
    event_fact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConditionFact,
    EventFact,
    NodeFact,
)

MOST_IMAGES = 5000
MOST_EVENTS = 12
_POOLS = (
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "karpenter.sh/nodepool",
    "node.openshift.io/machine-config-pool",
    "doks.digitalocean.com/node-pool",
    "node.kubernetes.io/pool",
)


class ImageNames:
    """Names of images that lie on nodes, with the number of nodes; at most ``MOST_IMAGES`` of them."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.cut = False

    def add(self, names: Iterable[str]) -> None:
        """Count ``names`` of one node; references by digest tell nobody anything and are left out."""
        for name in names:
            if "@" in name or not name:
                continue
            if name in self.counts:
                self.counts[name] += 1
            elif len(self.counts) < MOST_IMAGES:
                self.counts[name] = 1
            else:
                self.cut = True


def read_nodes(
    client: Client, wanted: set[str], repositories: set[str], images: ImageNames
) -> list[NodeFact]:
    """Return every node, whole for those in ``wanted``, and count the images on all of them into ``images``.

    A fact lists the images of one of ``repositories`` only. Raises ClusterError.
    """

    counted: set[str] = set()

    def keep(item: Any) -> NodeFact:
        node = mapping(item)
        title = text(mapping(node.get("metadata")).get("name"))
        names = [
            text(name)
            for one in objects(mapping(node.get("status")).get("images"))
            for name in one.get("names") or ()
        ]
        if title not in counted:
            counted.add(title)
            images.add(names)
        whole = title in wanted
        return node_fact(node, whole, [name for name in names if repository_of(name) in repositories])

    return client.read_list("/api/v1/nodes", "the nodes", keep).items


def repository_of(image: str) -> str:
    """Return the last part of an image's name, without tag and digest: enough to find its relatives."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def node_fact(node: dict[str, Any], whole: bool, images: list[str]) -> NodeFact:
    """Return what the object of a node tells; without ``whole`` only the conditions that matter, and no addresses."""
    metadata, spec, status = (mapping(node.get(key)) for key in ("metadata", "spec", "status"))
    info = mapping(status.get("nodeInfo"))
    labels = mapping(metadata.get("labels"))
    conditions = tuple(map(_condition, objects(status.get("conditions"))))
    if not whole:
        conditions = tuple(one for one in conditions if one.type == "Ready" or one.status != "False")
    return NodeFact(
        name=text(metadata.get("name")),
        uid=text(metadata.get("uid")),
        created_at=moment(metadata.get("creationTimestamp")),
        architecture=text(info.get("architecture")) or text(labels.get("kubernetes.io/arch")),
        os=text(info.get("operatingSystem")),
        kubelet_version=text(info.get("kubeletVersion")),
        runtime_version=text(info.get("containerRuntimeVersion")),
        machine_id=text(info.get("machineID")),
        boot_id=text(info.get("bootID")),
        pool=next((text(labels[label]) for label in _POOLS if labels.get(label)), ""),
        addresses=tuple(text(one.get("address")) for one in objects(status.get("addresses"))),
        unschedulable=bool(spec.get("unschedulable")),
        conditions=conditions,
        taints=tuple(map(_taint, objects(spec.get("taints")))),
        images=tuple(images[:50]),
    )


def _condition(item: dict[str, Any]) -> ConditionFact:
    return ConditionFact(
        type=text(item.get("type")),
        status=text(item.get("status")),
        reason=text(item.get("reason")),
        message=text(item.get("message")),
        since=moment(item.get("lastTransitionTime")),
    )


def _taint(item: dict[str, Any]) -> str:
    value = f"={text(item.get('value'))}" if item.get("value") else ""
    return f"{text(item.get('key'))}{value}:{text(item.get('effect'))}"


def read_node_events(client: Client) -> dict[str, list[EventFact]]:
    """Return the events about nodes that concern images and disks, by node. They are kept in the namespace default."""

    def keep(item: Any) -> tuple[str, EventFact] | None:
        event = mapping(item)
        name = text(mapping(event.get("involvedObject")).get("name"))
        return (name, event_fact(event)) if event.get("reason") in NODE_REASONS else None

    listing = client.read_list(
        namespaced("/api/v1", "default", "events"),
        "the events about nodes",
        keep,
        params={"fieldSelector": "involvedObject.kind=Node"},
        origin=STORED,
    )
    found: dict[str, list[EventFact]] = {}
    for name, event in sorted(listing.items, key=lambda one: one[1].last_at or ""):
        found.setdefault(name, []).append(event)
    return {name: events[-MOST_EVENTS:] for name, events in found.items()}
