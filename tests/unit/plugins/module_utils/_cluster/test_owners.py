# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners of failing pods: up to the top, each looked up once, with what ran before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.owners import (
    MANY,
    Key,
    OwnerReader,
    Owners,
)

from tests.unit.plugins.module_utils._cluster.api_server import ApiServer, as_json, page, refusal
from tests.unit.plugins.module_utils._cluster.samples import at

APPS = "/apis/apps/v1/namespaces/shop"
BATCH = "/apis/batch/v1/namespaces/shop"
Read = Callable[..., Owners]


@pytest.fixture
def read(client: Callable[..., Client]) -> Read:
    return lambda *keys: OwnerReader(client()).read(set(keys))


def key(kind: str, name: str, version: str = "apps/v1", uid: str = "") -> Key:
    return Key("shop", version, kind, name, uid or f"uid-{name}")


def thing(name: str, owner: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    owners = {"ownerReferences": [owner]} if owner else {}
    return {"metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": at(0), **owners}, **content}


def owned_by(kind: str, name: str, version: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}


def revision(number: int, owner: dict[str, Any], image: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "app", "image": image}], "initContainers": []}}
    return thing(f"db-{number}", owner, revision=number, data={"spec": {"template": template}})


def path_of(owners: Owners, start: Key) -> list[str]:
    return [f"{one.kind}/{one.name}" for one in owners.chains[start]]


def test_a_stateful_set_with_its_revisions(server: ApiServer, read: Read) -> None:
    owner = owned_by("StatefulSet", "db")
    server.on(f"{APPS}/statefulsets/db", as_json(thing("db", spec={"replicas": 2}, status={})))
    others = revision(7, owned_by("StatefulSet", "other"), "x:1")
    server.on(
        f"{APPS}/controllerrevisions",
        page(revision(3, owner, "db:3"), others, revision(1, owner, "db:1"), revision(2, owner, "db:2")),
    )
    found = read(key("StatefulSet", "db"))
    assert path_of(found, key("StatefulSet", "db")) == ["StatefulSet/db"]
    (workload,) = found.workloads
    assert (workload.desired, workload.ready) == (2, 0)
    assert workload.current is not None
    assert workload.previous is not None
    assert (workload.current.revision, workload.previous.revision) == (3, 2)
    assert workload.previous.images == {"app": "db:2"}


def test_a_daemon_set_counts_by_nodes(server: ApiServer, read: Read) -> None:
    status = {"desiredNumberScheduled": 5, "numberReady": 4, "updatedNumberScheduled": 1}
    server.on(f"{APPS}/daemonsets/agent", as_json(thing("agent", status=status)))
    server.on(f"{APPS}/controllerrevisions", page())
    (workload,) = read(key("DaemonSet", "agent")).workloads
    assert (workload.desired, workload.ready, workload.updated, workload.previous) == (5, 4, 1, None)


def test_a_job_of_a_cron_job(server: ApiServer, read: Read) -> None:
    server.on(
        f"{BATCH}/jobs/nightly-1", as_json(thing("nightly-1", owned_by("CronJob", "nightly", "batch/v1")))
    )
    server.on(f"{BATCH}/cronjobs/nightly", as_json(thing("nightly", spec={"suspend": True})))
    start = key("Job", "nightly-1", "batch/v1")
    found = read(start)
    assert path_of(found, start) == ["Job/nightly-1", "CronJob/nightly"]
    assert [(one.kind, one.paused) for one in found.workloads] == [("CronJob", True)]


def test_an_owner_of_a_kind_that_only_this_cluster_knows(server: ApiServer, read: Read) -> None:
    """As Argo Rollouts and many operators make them: the server is asked which resource the kind is."""
    kinds = [
        {"kind": "Rollout", "name": "rollouts", "namespaced": True},
        {"kind": "Rollout", "name": "rollouts/status", "namespaced": True},
    ]
    server.on("/apis/argoproj.io/v1alpha1", as_json({"resources": kinds}))
    server.on(
        f"{APPS}/replicasets", page(thing("web-5d9", owned_by("Rollout", "web", "argoproj.io/v1alpha1")))
    )
    rollout = thing("web", spec={"replicas": 4}, status={"readyReplicas": 1})
    server.on("/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web", as_json(rollout))
    start = key("ReplicaSet", "web-5d9")
    found = read(start)
    assert path_of(found, start) == ["ReplicaSet/web-5d9", "Rollout/web"]
    assert [(one.kind, one.desired, one.ready) for one in found.workloads] == [("Rollout", 4, 1)]


def test_a_static_pod_is_owned_by_its_node_outside_of_namespaces(server: ApiServer, read: Read) -> None:
    server.on("/api/v1", as_json({"resources": [{"kind": "Node", "name": "nodes", "namespaced": False}]}))
    server.on("/api/v1/nodes/worker-1", as_json(thing("worker-1")))
    start = key("Node", "worker-1", "v1")
    assert path_of(read(start), start) == ["Node/worker-1"]


@pytest.mark.parametrize(
    "answer",
    [refusal(403, "forbidden"), refusal(404), as_json({"resources": []})],
    ids=["refused", "absent", "unknown"],
)
def test_a_kind_that_cannot_be_found_is_kept_by_its_reference(
    server: ApiServer, read: Read, answer: Any
) -> None:
    server.on("/apis/example.com/v1", answer)
    start = key("Thing", "one", "example.com/v1")
    found = read(start)
    assert path_of(found, start) == ["Thing/one"]
    assert not found.workloads
    (gap,) = found.gaps
    assert "owner Thing: shop/one" in gap.check


def test_a_replica_set_that_may_not_be_read_keeps_its_name(server: ApiServer, read: Read) -> None:
    server.on(f"{APPS}/replicasets", refusal(403, "forbidden"))
    starts = [key("ReplicaSet", f"web-{number}") for number in range(5)]
    found = read(*starts)
    assert [path_of(found, one) for one in starts] == [[f"ReplicaSet/{one.name}"] for one in starts]
    (gap,) = found.gaps
    assert gap.check == "owner ReplicaSet: shop/web-0, shop/web-1, shop/web-2 and 2 more"
    assert "forbidden" in gap.why


def test_an_owner_that_was_deleted_and_made_anew_is_another_one(server: ApiServer, read: Read) -> None:
    server.on(f"{APPS}/statefulsets/db", as_json(thing("db")))
    found = read(key("StatefulSet", "db", uid="the-old-one"))
    assert not found.workloads
    assert "made anew" in found.gaps[0].why


def test_owners_that_own_each_other_come_to_an_end(server: ApiServer, read: Read) -> None:
    server.on(f"{BATCH}/jobs/a", as_json(thing("a", owned_by("Job", "b", "batch/v1"))))
    server.on(f"{BATCH}/jobs/b", as_json(thing("b", owned_by("Job", "a", "batch/v1"))))
    start = key("Job", "a", "batch/v1")
    assert 2 <= len(path_of(read(start), start)) <= 6
    assert len(server.requests) == 2


def test_many_owners_in_one_namespace_take_one_list(server: ApiServer, read: Read) -> None:
    names = [f"web-{number}" for number in range(MANY)]
    top = [thing(name, spec={"replicas": 1}) for name in names]
    server.on(
        f"{APPS}/replicasets", page(*[thing(f"{name}-rs", owned_by("Deployment", name)) for name in names])
    )
    server.on(f"{APPS}/deployments", page(*top, thing("of-no-interest")))
    found = read(*[key("ReplicaSet", f"{name}-rs") for name in names])
    assert len(server.requests) == 2
    assert [one.name for one in found.workloads] == names


def test_owners_are_asked_for_once_however_many_pods_they_have(server: ApiServer, read: Read) -> None:
    server.on(f"{APPS}/statefulsets/db", as_json(thing("db")))
    server.on(f"{APPS}/controllerrevisions", page())
    read(*[key("StatefulSet", "db") for _pod in range(100)])
    assert len(server.requests) == 2
