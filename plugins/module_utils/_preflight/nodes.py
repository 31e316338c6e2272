# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as far as they decide where a pod may run and what its images must offer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Platform

MOST_REPORTED = 50
"""A kubelet reports so many images at most (``nodeStatusMaxImages``): with as many, an absent name proves nothing."""
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node. ``images`` holds canonical names (``docker.io/library/nginx:1.27``); ``kubelet`` is (major, minor).

    ``os_version`` is the build of Windows (label ``node.kubernetes.io/windows-build``), which its images must match.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    ready: bool = True
    os: str = "linux"
    architecture: str = ""
    os_version: str = ""
    kubelet: tuple[int, int] = (0, 0)
    provider: str = ""
    images: frozenset[str] = frozenset()
    all_images: bool = True

    @property
    def platform(self) -> Platform:
        """What an image must offer to run here."""
        return Platform(self.os, self.architecture, os_version=self.os_version)

    def holds(self, canonical: str) -> bool | None:
        """Whether an image lies here, by its canonical name; None where the kubelet did not report all of them."""
        return True if canonical in self.images else (False if self.all_images else None)


def read_nodes(client: Client) -> list[NodeView]:
    """Return every node. Raises ClusterError."""
    found: dict[str, NodeView] = {}
    for view in client.read_list("/api/v1/nodes", "the nodes", node_view).items:
        found[view.name] = view
    return list(found.values())


def node_view(item: Any) -> NodeView:
    """Return the view of one node object."""
    node = mapping(item)
    metadata, spec, status = (mapping(node.get(key)) for key in ("metadata", "spec", "status"))
    info = mapping(status.get("nodeInfo"))
    labels = {text(key): text(value) for key, value in mapping(metadata.get("labels")).items()}
    listed = objects(status.get("images"))
    return NodeView(
        name=text(metadata.get("name")),
        labels=labels,
        taints=tuple(
            Taint(text(one.get("key")), text(one.get("value")), text(one.get("effect")))
            for one in objects(spec.get("taints"))
        ),
        unschedulable=spec.get("unschedulable") is True,
        ready=any(
            one.get("type") == "Ready" and one.get("status") == "True"
            for one in objects(status.get("conditions"))
        ),
        os=labels.get("kubernetes.io/os") or text(info.get("operatingSystem")) or "linux",
        architecture=labels.get("kubernetes.io/arch") or text(info.get("architecture")),
        os_version=labels.get("node.kubernetes.io/windows-build", ""),
        kubelet=_version(text(info.get("kubeletVersion"))),
        provider=text(spec.get("providerID")).partition(":")[0],
        images=frozenset(_canonical(listed)),
        all_images=len(listed) < MOST_REPORTED,
    )


def _version(said: str) -> tuple[int, int]:
    match = _VERSION.match(said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _canonical(listed: list[dict[str, Any]]) -> Iterator[str]:
    for one in listed:
        for name in one.get("names") or ():
            try:
                yield parse_image_ref(text(name)).canonical
            except ImageRefError:
                continue
