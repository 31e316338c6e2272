# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs: pods with the images that their containers got, as the kubelets report them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED_PAGES,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import controller_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, OwnerRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.applied import (
    AppliedCluster,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.asking import read_admission
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.live import read_workloads
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import (
    collect,
    policy_of,
)

_DIGEST = re.compile(r"@(sha(?:256|384|512):[0-9a-f]{64,128})\Z")
_STATIC = "kubernetes.io/config.hash"
_OVER = ("Succeeded", "Failed")
_SECTIONS = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", "main"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)


@dataclass(frozen=True, slots=True)
class Running:
    """One container of a pod that is not over, or of the pods that a CronJob will make (``node`` and ``uid`` empty).

    ``digest`` is that of the manifest or index which was pulled, empty where the runtime tells only the image's ID or
    nothing yet.
    """

    namespace: str
    pod: str
    uid: str
    node: str
    owner: OwnerRef | None
    container: str
    type: str
    image: str
    policy: str
    digest: str
    pull_secrets: tuple[str, ...]
    service_account: str
    created_at: str | None


@dataclass(slots=True)
class Inventory:
    """What was read, and what was not."""

    containers: list[Running] = field(default_factory=list)
    pods: int = 0
    gaps: list[Gap] = field(default_factory=list)
    error: str | None = None


def read_inventory(client: Client, namespaces: Sequence[str], labels: str) -> Inventory:
    """Return what runs in these namespaces (none: all). Nothing raises: what failed is a gap and an error."""
    found = Inventory()
    for namespace in namespaces or ("",):
        what = f"the pods in namespace {namespace}" if namespace else "the pods of all namespaces"
        params = {"labelSelector": labels} if labels else {}
        try:
            if namespace:
                client.get(namespaced("/api/v1", "", "namespaces", namespace), f"the namespace {namespace}")
        except errors.NotFound:
            _miss(found, what, f"there is no namespace {namespace}: check the name and the context")
            continue
        except errors.ClusterError:
            pass  # the list will tell
        try:
            listing = client.read_list(
                namespaced("/api/v1", namespace, "pods"), what, running_in, params=params, origin=CACHED_PAGES
            )
        except errors.ClusterError as error:
            _miss(found, what, error.message)
            continue
        found.pods += len(listing.items)
        found.containers += [one for pod in listing.items for one in pod]
    return found


def read_cron_jobs(
    client: Client, cluster: AppliedCluster, namespaces: Sequence[str], labels: str, found: Inventory
) -> None:
    """Add the CronJobs that are not suspended, which run today or tomorrow though no pod of theirs may be there now."""
    live = read_workloads(client, namespaces, labels, frozenset({"CronJob"}))
    found.gaps += live.gaps
    due = [one for one in live.objects if mapping(one.body.get("spec")).get("suspend") is not True]
    workloads = collect(due, ()).workloads
    admission = read_admission(cluster, workloads)
    for workload in workloads:
        for one in workload.containers:
            found.containers.append(
                Running(
                    namespace=workload.namespace,
                    pod=workload.name,
                    uid="",
                    node="",
                    owner=OwnerRef(workload.kind, workload.name, workload.api_version),
                    container=one.name,
                    type=one.type,
                    image=one.image,
                    policy=one.policy,
                    digest="",
                    pull_secrets=admission.secrets_of(workload),
                    service_account=workload.service_account,
                    created_at=None,
                )
            )


def _miss(found: Inventory, what: str, why: str) -> None:
    found.error = found.error or why
    found.gaps.append(Gap(what, why, "whether what runs there could be pulled again", unread=True))


def running_in(item: Any) -> list[Running] | None:
    """Return the containers of one pod object; None for a pod that is over."""
    pod = mapping(item)
    metadata, spec, status = (mapping(pod.get(key)) for key in ("metadata", "spec", "status"))
    if status.get("phase") in _OVER or metadata.get("deletionTimestamp"):
        return None
    static = bool(mapping(metadata.get("annotations")).get(_STATIC))
    names = tuple(text(one.get("name")) for one in objects(spec.get("imagePullSecrets")) if one.get("name"))
    found = []
    for section, statuses, kind in _SECTIONS:
        told = {text(one.get("name")): one for one in objects(status.get(statuses))}
        for one in objects(spec.get(section)):
            image = text(one.get("image"))
            sidecar = kind == "init" and one.get("restartPolicy") == "Always"
            found.append(
                Running(
                    namespace=text(metadata.get("namespace")),
                    pod=text(metadata.get("name")),
                    uid=text(metadata.get("uid")),
                    node=text(spec.get("nodeName")),
                    owner=controller_of(metadata),
                    container=text(one.get("name")),
                    type="sidecar" if sidecar else kind,
                    image=image,
                    policy=policy_of(image, text(one.get("imagePullPolicy"))),
                    digest=_digest(text(mapping(told.get(text(one.get("name")))).get("imageID"))),
                    pull_secrets=names,
                    service_account="" if static else text(spec.get("serviceAccountName")),
                    created_at=moment(metadata.get("creationTimestamp")),
                )
            )
    return [*found, *_volumes(spec, found)]


def _volumes(spec: dict[str, Any], containers: list[Running]) -> list[Running]:
    """Return the images that are mounted as volumes, which are pulled like those of the containers beside them."""
    found = []
    for volume in objects(spec.get("volumes")):
        source = mapping(volume.get("image"))
        image = text(source.get("reference"))
        if image and containers:
            found.append(
                replace(
                    containers[0],
                    container=text(volume.get("name")),
                    type="image_volume",
                    image=image,
                    policy=policy_of(image, text(source.get("pullPolicy"))),
                    digest="",
                )
            )
    return found


def _digest(image_id: str) -> str:
    match = _DIGEST.search(image_id)
    return match[1] if match else ""
