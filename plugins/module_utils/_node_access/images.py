# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a shell on a node can run: one that lies there already, the likeliest to be usable first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.nodes import repository_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    number,
    objects,
    text,
)

MOST_TRIED = 5
"""Each image that turns out to be missing costs about a second."""

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,500}\Z")
_PAUSE = re.compile(r"(?:mirrored-)?pause(?:-[a-z0-9]+)?\Z|pod-infrastructure\Z|ose-pod\Z")
_SYSTEM = "kube-system"
_PAUSES, _SYSTEM_PODS, _OPEN_PODS, _LYING_THERE, _WITH_SECRETS = range(5)


@dataclass(frozen=True, slots=True)
class PodImages:
    """What tells of one pod whether its images lie on its node. ``private``: it names pull Secrets."""

    namespace: str
    private: bool
    images: tuple[str, ...]
    ended: bool = False


def pod_images(item: Any) -> PodImages:
    """Return the images of a pod (an API object) that its node holds: those of containers that were started."""
    pod = mapping(item)
    spec, status = mapping(pod.get("spec")), mapping(pod.get("status"))
    started = {
        text(one.get("name"))
        for one in objects(status.get("containerStatuses")) + objects(status.get("initContainerStatuses"))
        if one.get("imageID")
    }
    containers = objects(spec.get("containers")) + objects(spec.get("initContainers"))
    images = tuple(text(one.get("image")) for one in containers if text(one.get("name")) in started)
    return PodImages(
        namespace=text(mapping(pod.get("metadata")).get("namespace")),
        private=bool(spec.get("imagePullSecrets")),
        images=images,
        ended=status.get("phase") in ("Succeeded", "Failed"),
    )


def candidates(node: dict[str, Any], pods: Iterable[PodImages]) -> list[str]:
    """Return images that ``node`` (an API object) holds, each under one name, in the order of trying; none twice.

    First the sandbox image: nothing removes it, and it needs no credential. Then what system pods and others run
    without pull Secrets; from Kubernetes 1.35 on the kubelet lets a pod use an image that was pulled with a Secret
    only with that Secret, so those come last (pkg/kubelet/images/image_manager.go).
    """
    ranked: dict[str, tuple[int, int]] = {}
    same = _other_names(node)

    def offer(name: str, rank: int, size: int = 0) -> None:
        if not _REFERENCE.match(name):
            return
        known = next((other for other in same.get(name, (name,)) if other in ranked), name)
        rank = _PAUSES if _PAUSE.match(repository_of(name)) else rank
        ranked[known] = min(ranked.get(known, (rank, size)), (rank, size))

    for pod in pods:
        rank = _SYSTEM_PODS if pod.namespace == _SYSTEM else _OPEN_PODS
        for name in pod.images:
            offer(name, _WITH_SECRETS if pod.private else rank)
    for image in objects(mapping(node.get("status")).get("images")):
        names = _names(image)
        if names:
            offer(min(names, key=lambda name: "@" in name), _LYING_THERE, number(image.get("sizeBytes")) or 0)
    return sorted(ranked, key=lambda name: (*ranked[name], name))


def _other_names(node: dict[str, Any]) -> dict[str, list[str]]:
    """Return for each name of an image on the node all names of that image."""
    lists = [_names(image) for image in objects(mapping(node.get("status")).get("images"))]
    return {name: names for names in lists for name in names}


def _names(image: dict[str, Any]) -> list[str]:
    names = image.get("names")
    return [text(name) for name in names if text(name)] if isinstance(names, list) else []
