# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods as far as they matter here: containers with their state, image volumes, conditions, the owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    number,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import OwnerRef

_CONFIG_HASH = "kubernetes.io/config.hash"
_SECTIONS = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", "main"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)


@dataclass(slots=True)
class ContainerView:
    """One container of a pod: what was asked for, and what the status says of it.

    ``state`` is ``waiting``, ``running``, ``terminated``, or empty where the kubelet has not reported it;
    ``has_image`` whether the runtime told the kubelet which image it uses.
    """

    name: str
    type: str
    field: str
    image: str
    policy: str
    state: str = ""
    reason: str = ""
    message: str = ""
    has_image: bool = False
    restart_count: int = 0
    ended_at: str | None = None
    mounts: tuple[str, ...] = ()


@dataclass(slots=True)
class ImageVolume:
    """A volume of type ``image`` (Kubernetes 1.31 and later)."""

    name: str
    image: str
    policy: str


@dataclass(slots=True)
class PodView:
    """A pod. ``sandbox_ready`` is the condition PodReadyToStartContainers, None where it is not reported."""

    namespace: str
    name: str
    uid: str
    static_uid: str
    created_at: str | None
    phase: str
    reason: str
    message: str
    deleted: bool
    node: str
    service_account: str
    pull_secrets: tuple[str, ...]
    owner: OwnerRef | None
    scheduled_at: str | None
    sandbox_ready: bool | None
    sandbox_since: str | None
    ended_at: str | None
    containers: list[ContainerView] = field(default_factory=list)
    volumes: list[ImageVolume] = field(default_factory=list)


def pod_view(pod: Any) -> PodView:
    """Return the view of one pod object."""
    metadata, spec, status = (mapping(mapping(pod).get(key)) for key in ("metadata", "spec", "status"))
    conditions = {text(item.get("type")): item for item in objects(status.get("conditions"))}
    sandbox = conditions.get("PodReadyToStartContainers", {})
    disruption = conditions.get("DisruptionTarget", {})
    return PodView(
        namespace=text(metadata.get("namespace")),
        name=text(metadata.get("name")),
        uid=text(metadata.get("uid")),
        static_uid=text(mapping(metadata.get("annotations")).get(_CONFIG_HASH)),
        created_at=moment(metadata.get("creationTimestamp")),
        phase=text(status.get("phase")),
        reason=text(status.get("reason")),
        message=text(status.get("message")),
        deleted=metadata.get("deletionTimestamp") is not None,
        node=text(spec.get("nodeName")),
        service_account=text(spec.get("serviceAccountName")),
        pull_secrets=tuple(
            text(item.get("name")) for item in objects(spec.get("imagePullSecrets")) if item.get("name")
        ),
        owner=controller_of(metadata),
        scheduled_at=moment(conditions.get("PodScheduled", {}).get("lastTransitionTime"))
        or moment(status.get("startTime")),
        sandbox_ready={"True": True, "False": False}.get(text(sandbox.get("status"))),
        sandbox_since=moment(sandbox.get("lastTransitionTime")),
        ended_at=moment(disruption.get("lastTransitionTime")),
        containers=[view for section in _SECTIONS for view in _containers(spec, status, *section)],
        volumes=list(_image_volumes(spec)),
    )


def controller_of(metadata: dict[str, Any]) -> OwnerRef | None:
    """Return the owner that controls an object, or its only owner; None where it has none."""
    references = objects(metadata.get("ownerReferences"))
    reference = next((item for item in references if item.get("controller")), None)
    if reference is None:
        if len(references) != 1:
            return None
        reference = references[0]
    return OwnerRef(
        kind=text(reference.get("kind")),
        name=text(reference.get("name")),
        api_version=text(reference.get("apiVersion")),
        uid=text(reference.get("uid")),
    )


def _containers(
    spec: dict[str, Any], status: dict[str, Any], section: str, statuses: str, kind: str
) -> list[ContainerView]:
    reported = {text(item.get("name")): item for item in objects(status.get(statuses))}
    found = []
    for item in objects(spec.get(section)):
        name = text(item.get("name"))
        sidecar = kind == "init" and item.get("restartPolicy") == "Always"
        mounts = tuple(text(mount.get("name")) for mount in objects(item.get("volumeMounts")))
        view = ContainerView(
            name=name,
            type="sidecar" if sidecar else kind,
            field=section,
            image=text(item.get("image")),
            policy=text(item.get("imagePullPolicy")),
            mounts=mounts,
        )
        _read_status(view, mapping(reported.get(name)))
        found.append(view)
    return found


def _read_status(view: ContainerView, status: dict[str, Any]) -> None:
    state = mapping(status.get("state"))
    for name in ("running", "terminated", "waiting"):
        if isinstance(state.get(name), dict):
            view.state = name
            view.reason = text(state[name].get("reason"))
            view.message = text(state[name].get("message"))
            break
    view.has_image = bool(status.get("imageID"))
    view.restart_count = number(status.get("restartCount")) or 0
    view.ended_at = moment(mapping(mapping(status.get("lastState")).get("terminated")).get("finishedAt"))


def _image_volumes(spec: dict[str, Any]) -> list[ImageVolume]:
    found = []
    for volume in objects(spec.get("volumes")):
        source = volume.get("image")
        if isinstance(source, dict):
            image, policy = text(source.get("reference")), text(source.get("pullPolicy"))
            found.append(ImageVolume(text(volume.get("name")), image, policy))
    return found
