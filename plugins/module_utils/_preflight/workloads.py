# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads as the preflight sees them: what their pods would ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import pod_view
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping, text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import ApiObject
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import Problem
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.templates import (
    TemplatePath,
    pod_specs,
)

DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True, slots=True)
class ContainerAsk:
    """One image that a pod needs. ``type`` as in PullFailure; ``policy`` with the API server's default filled in."""

    name: str
    type: str
    image: str
    policy: str


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that makes pods, and the spec of these pods.

    ``admitted`` is when the pod was created, for one that is there already: its ServiceAccount had its say then.
    ``static`` marks pods that a kubelet runs from a file, which get no pull secrets.
    """

    kind: str
    api_version: str
    namespace: str
    name: str
    containers: tuple[ContainerAsk, ...]
    pull_secrets: tuple[str, ...]
    service_account: str
    spec: dict[str, Any] = field(repr=False)
    origin: str = ""
    document: int = 0
    admitted: str | None = None
    static: bool = False

    @property
    def title(self) -> str:
        """The workload in words."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(slots=True)
class Collected:
    """Workloads, and what was seen but could not be taken as one."""

    workloads: list[Workload] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: list[tuple[ApiObject, str]] = field(default_factory=list)


def collect(found: Sequence[ApiObject], custom: Sequence[TemplatePath]) -> Collected:
    """Return the workloads among objects, in their order."""
    collected = Collected()
    for one in found:
        specs, missing = pod_specs(one.kind, one.group, one.body, custom)
        for path in missing:
            collected.unread.append((one, path))
        for path, spec in specs:
            workload = _workload(one, spec)
            collected.workloads.append(workload)
            if not workload.containers:
                where = f"document {one.document}: " if one.document else ""
                collected.problems.append(
                    Problem(
                        one.origin or one.title, f"{where}{one.title} has no containers at {path or 'spec'}"
                    )
                )
    return collected


def _workload(one: ApiObject, spec: dict[str, Any]) -> Workload:
    view = pod_view({"metadata": mapping(one.body.get("metadata")), "spec": spec})
    is_live_pod = one.document == 0 and one.kind == "Pod"
    containers = [
        ContainerAsk(item.name, item.type, item.image, policy_of(item.image, item.policy))
        for item in view.containers
    ]
    containers += [
        ContainerAsk(item.name, "image_volume", item.image, policy_of(item.image, item.policy))
        for item in view.volumes
        if item.image
    ]
    return Workload(
        kind=one.kind,
        api_version=one.api_version,
        namespace=one.namespace,
        name=one.name,
        containers=tuple(containers),
        pull_secrets=view.pull_secrets,
        service_account=view.service_account or text(spec.get("serviceAccount")) or DEFAULT_ACCOUNT,
        spec=spec,
        origin=one.origin,
        document=one.document,
        admitted=view.created_at if is_live_pod else None,
        static=bool(view.static_uid) and is_live_pod,
    )


def policy_of(image: str, policy: str) -> str:
    """Return the pull policy, with the API server's default where none is written.

    ``Always`` for the tag ``latest`` and for neither tag nor digest, else ``IfNotPresent`` (Kubernetes API reference,
    Container.imagePullPolicy).
    """
    if policy:
        return policy
    try:
        found = parse_image_ref(image)
    except ImageRefError:
        return "Always"
    return "Always" if found.tag == "latest" or not (found.tag or found.digest) else "IfNotPresent"
