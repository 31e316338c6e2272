# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads that are in the cluster already, each once: what a controller made is left out where that is read too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED_PAGES,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import controller_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, OwnerRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import ApiObject

_KINDS = (
    ("apps/v1", "Deployment", "/apis/apps/v1", "deployments"),
    ("apps/v1", "StatefulSet", "/apis/apps/v1", "statefulsets"),
    ("apps/v1", "DaemonSet", "/apis/apps/v1", "daemonsets"),
    ("apps/v1", "ReplicaSet", "/apis/apps/v1", "replicasets"),
    ("batch/v1", "CronJob", "/apis/batch/v1", "cronjobs"),
    ("batch/v1", "Job", "/apis/batch/v1", "jobs"),
    ("v1", "ReplicationController", "/api/v1", "replicationcontrollers"),
    ("v1", "Pod", "/api/v1", "pods"),
)
_ALL = frozenset(kind for _version, kind, _prefix, _resource in _KINDS)
_LISTED = frozenset((version.rpartition("/")[0], kind) for version, kind, _prefix, _resource in _KINDS)


@dataclass(slots=True)
class Live:
    """What was read: objects, kinds that could not be, and why nothing could be or was asked for in vain."""

    objects: list[ApiObject] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read_workloads(
    client: Client, namespaces: Sequence[str], labels: str = "", kinds: frozenset[str] = _ALL
) -> Live:
    """Return the workloads of these namespaces (none: all) with these labels. Nothing raises: what failed is a gap."""
    live = Live()
    if namespaces:
        _check_namespaces(client, namespaces, live)
    refused: list[str] = []
    asked = [(namespace, kind) for namespace in (namespaces or ("",)) for kind in _KINDS if kind[1] in kinds]

    def read(question: tuple[str, tuple[str, str, str, str]]) -> list[ApiObject]:
        namespace, (version, kind, prefix, resource) = question
        where = f" in namespace {namespace}" if namespace else ""
        params = {"labelSelector": labels} if labels else {}
        try:
            listing = client.read_list(
                namespaced(prefix, namespace, resource),
                f"the {resource}{where}",
                lambda item: _keep(item, version, kind),
                params=params,
                origin=CACHED_PAGES,
            )
        except errors.ClusterError as error:
            refused.append(error.message)
            live.gaps.append(
                Gap(
                    f"the {resource}{where}", error.message, "whether their images can be pulled", unread=True
                )
            )
            return []
        return listing.items

    for items in map_in_parallel(read, asked):
        live.objects += items
    if len(refused) == len(asked):
        live.errors.append(refused[0])
    return live


def _check_namespaces(client: Client, namespaces: Sequence[str], live: Live) -> None:
    for namespace in namespaces:
        try:
            client.get(namespaced("/api/v1", "", "namespaces", namespace), f"the namespace {namespace}")
        except errors.NotFound:
            live.errors.append(f"there is no namespace {namespace}: check the name and the context")
        except errors.ClusterError:
            continue  # the lists will tell


def _keep(item: Any, version: str, kind: str) -> ApiObject | None:
    body = mapping(item)
    metadata = mapping(body.get("metadata"))
    owner = controller_of(metadata)
    if owner is not None and (_is_listed(owner) or _is_idle(body, kind)):
        return None
    if _is_over(body, kind) or metadata.get("deletionTimestamp"):
        return None
    slim = {"metadata": {**metadata, "managedFields": None}, "spec": body.get("spec")}
    return ApiObject(kind, version, text(metadata.get("namespace")), text(metadata.get("name")), slim)


def _is_listed(owner: OwnerRef) -> bool:
    """Whether the owner is read itself: a Job of Volcano or a StatefulSet of OpenKruise is not."""
    return (owner.api_version.rpartition("/")[0], owner.kind) in _LISTED


def _is_idle(body: dict[str, Any], kind: str) -> bool:
    """Whether it is an old revision that some controller keeps."""
    return kind == "ReplicaSet" and mapping(body.get("spec")).get("replicas") == 0


def _is_over(body: dict[str, Any], kind: str) -> bool:
    """Whether it will make no pods any more."""
    status = mapping(body.get("status"))
    if kind == "Pod":
        return status.get("phase") in ("Succeeded", "Failed")
    return kind == "Job" and any(
        one.get("type") in ("Complete", "Failed") and one.get("status") == "True"
        for one in objects(status.get("conditions"))
    )
