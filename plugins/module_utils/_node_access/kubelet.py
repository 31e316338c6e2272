# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubelet tells of itself, through the API server's proxy to it."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    number,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import KubeletFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_MOST_THRESHOLDS = 20
_LONGEST_VALUE = 60


def ask_kubelet(client: Client, node: dict[str, Any]) -> KubeletFact:
    """Return what the kubelet of ``node`` (an API object) says; each of its two pages is asked for once.

    Nothing is raised: the fact's ``state`` and ``why`` say what could not be had. Where the node's object says that
    its kubelet does not report, it is not asked, because that would cost a time-out.
    """
    known = of_node(node)
    ready = next(
        (one for one in objects(mapping(node.get("status")).get("conditions")) if one.get("type") == "Ready"),
        {},
    )
    if ready.get("status") == "Unknown":
        words = printable(text(ready.get("message")) or text(ready.get("reason")), 300)
        return KubeletFact(**known, state="unreachable", why=f"it does not report: {words}")
    facts: dict[str, Any] = {}
    failed: list[errors.ClusterError] = []
    for page, reader in (("stats/summary", of_summary), ("configz", of_configuration)):
        path = namespaced("/api/v1", "", "nodes", known["node"]) + f"/proxy/{page}"
        try:
            facts.update(reader(client.get_once(path, f"{page} of the kubelet on {known['node']}")))
        except errors.ClusterError as error:
            failed.append(error)
            if isinstance(error, (errors.Forbidden, errors.Unreachable, errors.ServerFailed)):
                break
    state = ("partly" if facts else _state(failed[0])) if failed else "read"
    return KubeletFact(**known, **facts, state=state, why=failed[0].message if failed else "")


def _state(error: errors.ClusterError) -> str:
    return "forbidden" if isinstance(error, errors.Forbidden) else "unreachable"


def of_node(node: dict[str, Any]) -> dict[str, Any]:
    """Return what the node's object tells of its kubelet: name, version, and the images that it lists.

    A kubelet lists its largest images only, 50 by default (``nodeStatusMaxImages``), so their number and size are lower
    bounds.
    """
    status = mapping(node.get("status"))
    images = objects(status.get("images"))
    return {
        "node": text(mapping(node.get("metadata")).get("name")),
        "version": text(mapping(status.get("nodeInfo")).get("kubeletVersion")),
        "cached_images": len(images),
        "cached_bytes": sum(_count(image.get("sizeBytes")) or 0 for image in images),
    }


def of_summary(page: dict[str, Any]) -> dict[str, Any]:
    """Return the file systems of ``stats/summary`` (k8s.io/kubelet/pkg/apis/stats/v1alpha1)."""
    node = mapping(page.get("node"))
    images, root = mapping(mapping(node.get("runtime")).get("imageFs")), mapping(node.get("fs"))
    return {
        "image_fs_bytes_total": _count(images.get("capacityBytes")),
        "image_fs_bytes_free": _count(images.get("availableBytes")),
        "image_fs_bytes_used": _count(images.get("usedBytes")),
        "image_fs_inodes_total": _count(images.get("inodes")),
        "image_fs_inodes_free": _count(images.get("inodesFree")),
        "node_fs_bytes_free": _count(root.get("availableBytes")),
        "node_fs_inodes_free": _count(root.get("inodesFree")),
    }


def of_configuration(page: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of ``configz`` that pulls depend on (KubeletConfiguration, kubelet.config.k8s.io/v1beta1)."""
    found = mapping(page.get("kubeletconfig"))
    eviction = mapping(found.get("evictionHard"))
    serialize = found.get("serializeImagePulls")
    qps = found.get("registryPullQPS")
    return {
        "image_gc_high_percent": _count(found.get("imageGCHighThresholdPercent")),
        "image_gc_low_percent": _count(found.get("imageGCLowThresholdPercent")),
        "eviction_hard": {
            printable(text(name), _LONGEST_VALUE): printable(text(value), _LONGEST_VALUE)
            for name, value in list(eviction.items())[:_MOST_THRESHOLDS]
        },
        "serialize_pulls": serialize if isinstance(serialize, bool) else None,
        "max_parallel_pulls": _count(found.get("maxParallelImagePulls")),
        "pull_qps": float(qps) if isinstance(qps, (int, float)) and not isinstance(qps, bool) else None,
        "pull_burst": _count(found.get("registryBurst")),
        "runtime_endpoint": printable(text(found.get("containerRuntimeEndpoint")), 200),
    }


def _count(value: Any) -> int | None:
    found = number(value)
    return found if found is not None and found >= 0 else None
