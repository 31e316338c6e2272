# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Jobs and pods of node shells, as the API server lists them."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED,
    STORED,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    earlier,
    mapping,
    moment,
    number,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.naming import (
    NODE_NAME,
    selector,
)

Json = dict[str, Any]
JOBS = "/apis/batch/v1"
CORE = "/api/v1"


def list_jobs(client: Client, namespace: str, run: str = "") -> list[Json]:
    """Return the Jobs of a run (empty: of all runs). Raises ClusterError."""
    path = namespaced(JOBS, namespace, "jobs")
    what = f"the Jobs in namespace {namespace}"
    return client.read_list(path, what, mapping, params={"labelSelector": selector(run)}, origin=STORED).items


def list_pods(
    client: Client, namespace: str, run: str = "", node: str = "", fresh: bool = True
) -> list[Json]:
    """Return the pods of a run's Jobs (empty: of all runs), on one node or all. Raises ClusterError."""
    params = {"labelSelector": selector(run, node)}
    if node:
        params["fieldSelector"] = f"spec.nodeName={node}"
    path = namespaced(CORE, namespace, "pods")
    what = f"the pods in namespace {namespace}"
    return client.read_list(path, what, mapping, params=params, origin=STORED if fresh else CACHED).items


def list_events(client: Client, namespace: str, uid: str) -> list[Json]:
    """Return the events about one object, oldest first. Raises ClusterError."""
    path = namespaced(CORE, namespace, "events")
    params = {"fieldSelector": f"involvedObject.uid={uid}"}
    found = client.read_list(
        path, f"the events in namespace {namespace}", mapping, params=params, origin=STORED
    ).items
    return sorted(found, key=lambda one: text(one.get("lastTimestamp")) or text(one.get("eventTime")))


def name_of(item: Json) -> str:
    """Return the name of an object."""
    return text(mapping(item.get("metadata")).get("name"))


def uid_of(item: Json) -> str:
    """Return the UID of an object."""
    return text(mapping(item.get("metadata")).get("uid"))


def label_of(item: Json, label: str) -> str:
    """Return a label of an object."""
    return text(mapping(mapping(item.get("metadata")).get("labels")).get(label))


def node_of(item: Json) -> str:
    """Return the name of the node that a Job, or its pod, is for."""
    return text(mapping(mapping(item.get("metadata")).get("annotations")).get(NODE_NAME))


def owner_of(pod: Json) -> str:
    """Return the UID of the Job that made a pod."""
    owners = objects(mapping(pod.get("metadata")).get("ownerReferences"))
    return next((text(one.get("uid")) for one in owners if one.get("kind") == "Job"), "")


def going(item: Json) -> bool:
    """Return whether an object is being deleted."""
    return bool(mapping(item.get("metadata")).get("deletionTimestamp"))


def has_ended(job: Json) -> bool:
    """Return whether a Job has ended, well or not."""
    conditions = objects(mapping(job.get("status")).get("conditions"))
    return any(
        one.get("type") in ("Complete", "Failed") and one.get("status") == "True" for one in conditions
    )


def is_ready(pod: Json) -> bool:
    """Return whether a command can be run in a pod."""
    status = mapping(pod.get("status"))
    states = [mapping(one.get("state")) for one in objects(status.get("containerStatuses"))]
    return status.get("phase") == "Running" and not going(pod) and any("running" in one for one in states)


def never_started(pod: Json) -> bool:
    """Return whether no container of a pod was ever made, as far as its kubelet has told."""
    statuses = objects(mapping(pod.get("status")).get("containerStatuses"))
    states = [mapping(one.get("state")) for one in statuses]
    made = any(one.get("containerID") for one in statuses)
    return not made and not any("running" in one or "terminated" in one for one in states)


def image_of(pod: Json) -> str:
    """Return the image that a pod was made with."""
    containers = objects(mapping(pod.get("spec")).get("containers"))
    return text(containers[0].get("image")) if containers else ""


def ends_at(pod: Json) -> str | None:
    """Return when a pod's own deadline passes, None when it has not been started."""
    started = moment(mapping(pod.get("status")).get("startTime"))
    seconds = number(mapping(pod.get("spec")).get("activeDeadlineSeconds"))
    return earlier(started, -seconds) if started and seconds else None
