# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads: how many replicas are wanted and ready, and which revisions there are."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import controller_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    number,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    RevisionFact,
    WorkloadFact,
)

_REVISION = "deployment.kubernetes.io/revision"
_KEPT_METADATA = ("name", "uid", "creationTimestamp", "ownerReferences")
_KEPT_SPEC = ("replicas", "paused", "parallelism", "suspend")


def slim(item: dict[str, Any]) -> dict[str, Any]:
    """Return an owner without what is long and not used: a namespace may hold thousands of ReplicaSets."""
    metadata, spec = mapping(item.get("metadata")), mapping(item.get("spec"))
    kept = {name: metadata[name] for name in _KEPT_METADATA if name in metadata}
    annotations = {_REVISION: mapping(metadata.get("annotations")).get(_REVISION)}
    slim_spec = {name: spec[name] for name in _KEPT_SPEC if name in spec}
    return {
        "metadata": {**kept, "annotations": annotations},
        "spec": {**slim_spec, "images": _images(mapping(mapping(spec.get("template")).get("spec")))},
        "status": mapping(item.get("status")),
    }


def replica_set_revision(item: dict[str, Any]) -> tuple[str, RevisionFact]:
    """Return the UID of the owner of a ReplicaSet (as ``slim`` gives it) and the revision that it is."""
    metadata, status = mapping(item.get("metadata")), mapping(item.get("status"))
    number_text = text(mapping(metadata.get("annotations")).get(_REVISION))
    revision = RevisionFact(
        revision=int(number_text) if number_text.isascii() and number_text.isdigit() else 0,
        name=text(metadata.get("name")),
        created_at=moment(metadata.get("creationTimestamp")),
        images=mapping(mapping(item.get("spec")).get("images")),
        ready=number(status.get("readyReplicas")) or 0,
    )
    return _owner(metadata), revision


def controller_revision(item: Any) -> tuple[str, RevisionFact]:
    """Return the UID of the owner of a ControllerRevision and the revision that it is."""
    found = mapping(item)
    metadata = mapping(found.get("metadata"))
    template = mapping(mapping(mapping(found.get("data")).get("spec")).get("template"))
    revision = RevisionFact(
        revision=number(found.get("revision")) or 0,
        name=text(metadata.get("name")),
        created_at=moment(metadata.get("creationTimestamp")),
        images=_images(mapping(template.get("spec"))),
    )
    return _owner(metadata), revision


def workload_fact(
    namespace: str, kind: str, name: str, api_version: str, item: Any, revisions: list[RevisionFact]
) -> WorkloadFact:
    """Return what is known of one workload from its object and its revisions, in any order."""
    found = mapping(item)
    metadata, spec, status = (mapping(found.get(part)) for part in ("metadata", "spec", "status"))
    desired = number(spec.get("replicas"))
    ready, updated = number(status.get("readyReplicas")), number(status.get("updatedReplicas"))
    if kind == "DaemonSet":
        desired, ready = number(status.get("desiredNumberScheduled")), number(status.get("numberReady"))
        updated = number(status.get("updatedNumberScheduled"))
    elif kind == "Job":
        desired, ready = number(spec.get("parallelism")), number(status.get("ready"))
    elif desired is not None and ready is None:
        ready = 0
    ordered = sorted(revisions, key=lambda revision: (revision.revision, revision.created_at or ""))
    return WorkloadFact(
        namespace=namespace,
        kind=kind,
        name=name,
        uid=text(metadata.get("uid")),
        api_version=api_version,
        created_at=moment(metadata.get("creationTimestamp")),
        desired=desired,
        ready=ready,
        updated=updated,
        paused=bool(spec.get("paused") or spec.get("suspend")),
        current=ordered[-1] if ordered else None,
        previous=ordered[-2] if len(ordered) > 1 else None,
    )


def _owner(metadata: dict[str, Any]) -> str:
    owner = controller_of(metadata)
    return owner.uid if owner else ""


def _images(pod_spec: dict[str, Any]) -> dict[str, str]:
    sections = ("initContainers", "containers")
    return {
        text(one.get("name")): text(one.get("image"))
        for name in sections
        for one in objects(pod_spec.get(name))
    }
