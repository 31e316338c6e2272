# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a node before a shell is made there: whether it can have one, and which images it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.images import (
    MOST_TRIED,
    PodImages,
    candidates,
    pod_images,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.naming import (
    DEFAULT_NAMESPACE,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.objects import CORE, Json
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.refusals import (
    Refusal,
    of_node,
)


@dataclass(slots=True)
class Prospect:
    """A node, images to try there, or why not. ``notes`` say what could not be read."""

    node: str
    images: list[str] = field(default_factory=list)
    refusal: Refusal | None = None
    notes: list[str] = field(default_factory=list)


def look_at(client: Client, node: str, image: str = "") -> Prospect:
    """Return what is known of ``node``; ``image`` is the only one to try, if given. Raises ClusterError."""
    found = Prospect(node)
    item = _node(client, found)
    if found.refusal:
        return found
    pods = _pods(client, found)
    found.refusal = of_node(item) or _full(item, pods)
    found.images = [image] if image else candidates(item, pods)[:MOST_TRIED]
    if not found.refusal and not found.images:
        known = "; ".join(found.notes) or "neither its list of images nor the pods that run there name one"
        found.refusal = Refusal("no_image", f"no image is known to lie there, and none is pulled: {known}")
    return found


def _node(client: Client, found: Prospect) -> Json:
    try:
        return client.get(namespaced(CORE, "", "nodes", found.node), f"the node {found.node}")
    except errors.NotFound:
        found.refusal = Refusal("node", "there is no node of that name in this cluster")
    except errors.Forbidden:
        found.notes.append("no right to get nodes")
    return {}


def _pods(client: Client, found: Prospect) -> list[PodImages]:
    """Return the pods of the node, from everywhere or, without the right to that, from kube-system."""
    params = {"fieldSelector": f"spec.nodeName={found.node}"}
    for namespace in ("", DEFAULT_NAMESPACE):
        try:
            path, what = namespaced(CORE, namespace, "pods"), f"the pods on node {found.node}"
            return client.read_list(path, what, pod_images, params=params, origin=CACHED).items
        except errors.Forbidden:
            where = f"in {namespace}" if namespace else "of all namespaces"
            found.notes.append(f"no right to list pods {where}")
    return []


def _full(node: dict[str, Any], pods: list[PodImages]) -> Refusal | None:
    """Return a refusal where another pod would have to go: the kubelet throws one out for a critical pod."""
    room = str(mapping(mapping(node.get("status")).get("allocatable")).get("pods", ""))
    there = sum(not pod.ended for pod in pods)
    if room.isdigit() and there >= int(room):
        return Refusal("kubelet", f"the node is full: {there} pods of {room}, one would have to give way")
    return None
