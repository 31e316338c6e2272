# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners of failing pods, up to the top controller, and what their workloads look like.

Requests grow with the owners of failing pods and the namespaces they are in, not with pods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
    segment,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    in_parallel,
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import controller_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.workloads import (
    controller_revision,
    replica_set_revision,
    slim,
    workload_fact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    OwnerRef,
    RevisionFact,
    WorkloadFact,
)

MOST_LEVELS = 6
MANY = 4
"""From so many objects of one kind in a namespace on, one list is asked for and not each of them."""

_KNOWN = {
    ("apps/v1", "Deployment"): ("/apis/apps/v1", "deployments"),
    ("apps/v1", "ReplicaSet"): ("/apis/apps/v1", "replicasets"),
    ("apps/v1", "StatefulSet"): ("/apis/apps/v1", "statefulsets"),
    ("apps/v1", "DaemonSet"): ("/apis/apps/v1", "daemonsets"),
    ("batch/v1", "Job"): ("/apis/batch/v1", "jobs"),
    ("batch/v1", "CronJob"): ("/apis/batch/v1", "cronjobs"),
    ("v1", "ReplicationController"): ("/api/v1", "replicationcontrollers"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One object that owns something."""

    namespace: str
    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(slots=True)
class Owners:
    """What is known of owners: ``chains`` from direct owners upwards, nearest first; ``workloads`` at the top."""

    chains: dict[Key, tuple[OwnerRef, ...]] = field(default_factory=dict)
    workloads: list[WorkloadFact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def key_of(namespace: str, ref: OwnerRef) -> Key:
    """Return the key under which the owner ``ref`` of an object in ``namespace`` is known."""
    return Key(namespace, ref.api_version, ref.kind, ref.name, ref.uid)


class OwnerReader:
    """Looks owners up level by level, each object once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._objects: dict[Key, dict[str, Any] | None] = {}
        self._resources: dict[str, dict[str, tuple[str, bool]] | None] = {}
        self._refused: dict[tuple[str, str], list[str]] = {}
        self._revisions: dict[str, list[RevisionFact]] = {}

    def read(self, keys: set[Key]) -> Owners:
        """Return chains and workloads of the direct owners ``keys``. Nothing raises: what cannot be read is a gap."""
        level = keys
        for _depth in range(MOST_LEVELS):
            level = {key for key in level if key not in self._objects}
            if not level:
                break
            self._look_up(level)
            level = {parent for key in level if (parent := self._parent(key))}
        found = Owners(chains={key: self._chain(key) for key in keys})
        tops = sorted({self._top(key) for key in keys}, key=lambda key: (key.namespace, key.kind, key.name))
        self._read_controller_revisions(tops)
        found.workloads = [self._workload(key) for key in tops if self._objects.get(key)]
        found.gaps = [_gap(kind, why, names) for (kind, why), names in sorted(self._refused.items())]
        return found

    def _parent(self, key: Key) -> Key | None:
        found = self._objects.get(key)
        ref = controller_of(mapping(found.get("metadata"))) if found else None
        return key_of(key.namespace, ref) if ref else None

    def _chain(self, key: Key) -> tuple[OwnerRef, ...]:
        path: list[OwnerRef] = []
        at: Key | None = key
        while at and len(path) < MOST_LEVELS:
            path.append(OwnerRef(at.kind, at.name, at.api_version, at.uid))
            at = self._parent(at)
        return tuple(path)

    def _top(self, key: Key) -> Key:
        for _depth in range(MOST_LEVELS):
            parent = self._parent(key)
            if parent is None:
                break
            key = parent
        return key

    def _look_up(self, keys: set[Key]) -> None:
        groups: dict[tuple[str, str, str], list[Key]] = {}
        for key in keys:
            groups.setdefault((key.namespace, key.api_version, key.kind), []).append(key)
        for version in {key.api_version for key in keys if (key.api_version, key.kind) not in _KNOWN}:
            self._discover(version)
        calls: list[Callable[[], None]] = []
        for (namespace, version, kind), members in groups.items():
            if kind == "ReplicaSet" or len(members) >= MANY:
                calls.append(partial(self._list, namespace, version, kind, members))
            else:
                calls += [partial(self._get, member) for member in members]
        in_parallel(calls)

    def _resource(self, namespace: str, version: str, kind: str) -> tuple[str, str] | None:
        """Return prefix and resource path of a kind, None when the server does not know it."""
        known = _KNOWN.get((version, kind))
        if known:
            return known[0], namespaced(known[0], namespace, known[1])
        prefix = _prefix(version)
        resource = (self._resources.get(version) or {}).get(kind)
        if resource is None:
            return None
        name, in_namespace = resource
        return prefix, namespaced(prefix, namespace if in_namespace else "", name)

    def _discover(self, version: str) -> None:
        if version in self._resources:
            return
        try:
            answer = self._client.get(_prefix(version), f"the kinds of {version}")
        except errors.ClusterError:
            self._resources[version] = None
            return
        self._resources[version] = {
            text(item.get("kind")): (text(item.get("name")), bool(item.get("namespaced")))
            for item in objects(answer.get("resources"))
            if "/" not in text(item.get("name"))
        }

    def _get(self, key: Key) -> None:
        title = f"the {key.kind} {key.namespace}/{key.name}"
        resource = self._resource(key.namespace, key.api_version, key.kind)
        if resource is None:
            self._miss(key, f"the server does not tell which resource {key.api_version} {key.kind} is")
            return
        try:
            found = self._client.get(f"{resource[1]}/{segment(key.name)}", title)
        except errors.ClusterError as error:
            self._miss(key, error.message)
            return
        self._keep(key, found)

    def _keep(self, key: Key, found: dict[str, Any]) -> None:
        # A namesake that was made anew is not the owner.
        uid = text(mapping(found.get("metadata")).get("uid"))
        if key.uid and uid != key.uid:
            self._miss(key, f"{key.kind} {key.namespace}/{key.name} was deleted and made anew")
        else:
            self._objects[key] = found

    def _list(self, namespace: str, version: str, kind: str, members: list[Key]) -> None:
        resource = self._resource(namespace, version, kind)
        if resource is None:
            for key in members:
                self._miss(key, f"the server does not tell which resource {version} {kind} is")
            return
        wanted = {key.uid: key for key in members}
        what = f"the {kind}s in namespace {namespace}"

        def keep(item: Any) -> dict[str, Any] | None:
            found = mapping(item)
            if kind != "ReplicaSet" and text(mapping(found.get("metadata")).get("uid")) not in wanted:
                return None
            return slim(found)

        try:
            listing = self._client.read_list(resource[1], what, keep)
        except errors.ClusterError as error:
            for key in members:
                self._miss(key, error.message)
            return
        by_uid = {text(mapping(item.get("metadata")).get("uid")): item for item in listing.items}
        if kind == "ReplicaSet":
            for item in listing.items:
                owner, revision = replica_set_revision(item)
                self._revisions.setdefault(owner, []).append(revision)
        for key in members:
            if key.uid in by_uid:
                self._objects[key] = by_uid[key.uid]
            else:
                self._miss(key, f"{kind} {namespace}/{key.name} is not there any more")

    def _miss(self, key: Key, why: str) -> None:
        self._objects[key] = None
        self._refused.setdefault((key.kind, why), []).append(f"{key.namespace}/{key.name}")

    def _read_controller_revisions(self, tops: list[Key]) -> None:
        kinds = ("StatefulSet", "DaemonSet")
        spaces = sorted({key.namespace for key in tops if key.kind in kinds and self._objects.get(key)})
        for found in map_in_parallel(self._controller_revisions, spaces):
            for owner, revision in found:
                self._revisions.setdefault(owner, []).append(revision)

    def _controller_revisions(self, namespace: str) -> list[tuple[str, RevisionFact]]:
        path = namespaced("/apis/apps/v1", namespace, "controllerrevisions")
        what = f"the ControllerRevisions in namespace {namespace}"
        try:
            return self._client.read_list(path, what, controller_revision).items
        except errors.ClusterError as error:
            self._refused.setdefault(("ControllerRevision", error.message), []).append(namespace)
            return []

    def _workload(self, key: Key) -> WorkloadFact:
        revisions = self._revisions.get(key.uid, [])
        return workload_fact(
            key.namespace, key.kind, key.name, key.api_version, self._objects[key], revisions
        )


def _prefix(version: str) -> str:
    return (
        "/api/v1" if version == "v1" else "/apis/" + "/".join(segment(part) for part in version.split("/", 1))
    )


def _gap(kind: str, why: str, names: list[str]) -> Gap:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return Gap(
        check=f"owner {kind}: {', '.join(sorted(names)[:3])}{more}",
        why=why,
        conclusion_lost="which workload is hit, how badly, and which revision ran before",
        steps=(1, 10),
    )
