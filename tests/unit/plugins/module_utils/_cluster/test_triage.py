# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole reading of a cluster: no failing pod is missed, healthy ones cost little, and every gap is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors, scan
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.reading import Question
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.triage import Summary, collect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    Gap,
    ImageInUse,
    NodeFact,
    PullFailure,
    Record,
    SecretFact,
    ServiceAccountFact,
    WorkloadFact,
)

from tests.unit.plugins.module_utils._cluster.api_server import ApiServer, refusal
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster, Object
from tests.unit.plugins.module_utils._cluster.samples import (
    IMAGE,
    at,
    container,
    ended,
    event,
    pod,
    running,
    waiting,
)

R = TypeVar("R", bound=Record)
BAD = "ImagePullBackOff"


class Notes:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.fact: ClusterFact | None = None
        self.records: list[Record] = []
        self.errors: list[str] = []
        self.summary = Summary()

    def prepare(self) -> None:
        """Nothing to prepare."""

    def cluster(self, fact: ClusterFact) -> None:
        self.fact = fact

    def write(self, record: Record) -> None:
        self.records.append(record)

    def fail(self, error: str) -> None:
        self.errors.append(error)

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def failing(self) -> list[str]:
        return sorted(f"{one.namespace}/{one.pod}:{one.container}" for one in self.of(PullFailure))

    def gaps(self, word: str) -> list[Gap]:
        return [gap for gap in self.of(Gap) if word in f"{gap.check} {gap.why}"]


@pytest.fixture
def cluster(server: ApiServer) -> MiniCluster:
    found = MiniCluster(server)
    found.nodes.append(node("worker-1"))
    return found


@pytest.fixture
def ask(client: Callable[..., Client], cluster: MiniCluster) -> Callable[..., Notes]:
    def look(**question: Any) -> Notes:
        notes = Notes()
        notes.summary = collect(client(), Question(**question), "", notes)
        return notes

    return look


Ask = Callable[..., Notes]


def node(name: str, ready: str = "True", message: str = "", images: tuple[str, ...] = ()) -> Object:
    condition = {
        "type": "Ready",
        "status": ready,
        "reason": "KubeletReady",
        "message": message,
        "lastTransitionTime": at(5),
    }
    pressure = {"type": "DiskPressure", "status": "False"}
    info = {
        "architecture": "arm64",
        "kubeletVersion": "v1.34.2",
        "containerRuntimeVersion": "containerd://2.1.1",
    }
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "labels": {"cloud.google.com/gke-nodepool": "small"},
        },
        "spec": {"taints": [{"key": "gpu", "value": "a", "effect": "NoSchedule"}]},
        "status": {
            "conditions": [condition, pressure],
            "nodeInfo": info,
            "images": [{"names": list(images)}],
        },
    }


def healthy(number: int, namespace: str = "shop") -> Object:
    return pod(running(), name=f"ok-{number}", uid=f"ok-{number}", phase="Running", namespace=namespace)


class TestNoFailingPodIsMissed:
    def test_a_pending_one(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods += [healthy(1), pod(waiting(BAD)), healthy(2, "pay")]
        notes = ask()
        assert notes.failing == ["shop/web-1:app"]
        assert notes.summary == Summary(3, 1, 1, 0, 1, 1, 0, 1)

    @pytest.mark.parametrize(
        "first", [running("first"), waiting("CrashLoopBackOff", name="first")], ids=["runs", "crashes"]
    )
    def test_a_running_one_whose_second_container_lacks_its_image(
        self, cluster: MiniCluster, ask: Ask, first: Object
    ) -> None:
        cluster.pods += [healthy(n) for n in range(50)]
        cluster.pods.append(pod(first, waiting(BAD, name="second"), phase="Running"))
        assert ask().failing == ["shop/web-1:second"]

    def test_a_ready_one_whose_ephemeral_container_lacks_its_image(
        self, cluster: MiniCluster, ask: Ask
    ) -> None:
        debug = waiting(BAD, name="debug")
        found = pod(running(), ephemeral=[container("debug")], ephemeral_statuses=[debug], phase="Running")
        cluster.pods.append(found)
        cluster.events.append(
            event("BackOff", f'Back-off pulling image "{IMAGE}"', field="spec.ephemeralContainers{debug}")
        )
        assert ask().failing == ["shop/web-1:debug"]

    def test_one_with_a_name_that_is_pending_elsewhere_too(self, cluster: MiniCluster, ask: Ask) -> None:
        """StatefulSets give the same names in each namespace, and the table does not tell namespaces."""
        cluster.pods.append(pod(waiting(BAD), name="db-0", uid="1", namespace="pay"))
        cluster.pods.append(pod(running("a"), waiting(BAD, name="b"), name="db-0", uid="2", phase="Running"))
        assert ask().failing == ["pay/db-0:app", "shop/db-0:b"]

    def test_more_suspicious_ones_than_can_be_asked_for_singly(self, cluster: MiniCluster, ask: Ask) -> None:
        count = scan.FEWEST_SINGLE_READS + 5
        for number in range(count):
            second = waiting(BAD if number == 7 else "CrashLoopBackOff", name="second")
            cluster.pods.append(
                pod(running("a"), second, name=f"web-{number}", uid=str(number), phase="Running")
            )
        notes = ask()
        assert notes.failing == ["shop/web-7:second"]
        assert notes.summary.pods_seen == count
        assert cluster.paths.count("/api/v1/pods") == 3

    def test_where_the_server_gives_no_tables(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.tables = False
        cluster.pods += [healthy(1), pod(running("a"), waiting(BAD, name="b"), phase="Running")]
        notes = ask()
        assert notes.failing == ["shop/web-1:b"]
        assert notes.summary.pods_seen == 2

    def test_one_that_was_evicted_for_want_of_disk(self, cluster: MiniCluster, ask: Ask) -> None:
        message = "The node was low on resource: ephemeral-storage. "
        gone = pod(
            ended(reason="Error", code=137), phase="Failed", status={"reason": "Evicted", "message": message}
        )
        cluster.pods.append(gone)
        cluster.events.append(event("Evicted", message, field=""))
        assert ask().of(PullFailure)[0].symptom == "evicted"

    def test_one_whose_sandbox_image_is_missing(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(waiting("ContainerCreating")))
        cluster.events.append(
            event("FailedCreatePodSandBox", 'failed to get sandbox image "pause:9"', field="")
        )
        assert ask().of(PullFailure)[0].symptom == "sandbox"

    def test_one_on_a_node_whose_runtime_is_down(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.nodes[:] = [node("worker-1", "False", "container runtime is down")]
        cluster.pods.append(pod(containers=[container()], status={"containerStatuses": []}))
        (failure,) = ask().of(PullFailure)
        assert (failure.symptom, failure.message) == ("runtime", "container runtime is down")

    def test_but_a_node_without_network_is_another_matter(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.nodes[:] = [node("worker-1", "False", "NetworkReady=false reason:NetworkPluginNotReady")]
        cluster.pods.append(pod(containers=[container()], status={"containerStatuses": []}))
        notes = ask()
        assert not notes.failing
        assert notes.gaps("pods that do not start: shop/web-1")

    def test_a_slow_pull_is_told_from_one_that_succeeded(self, cluster: MiniCluster, ask: Ask) -> None:
        for number, name in enumerate(("slow", "done")):
            about = {"name": name, "uid": str(number)}
            cluster.pods.append(pod(waiting("ContainerCreating"), name=name, uid=str(number)))
            cluster.events.append(event("Pulling", f'Pulling image "{IMAGE}"', at(10), about=about))
        cluster.events.append(event("Pulled", f'Successfully pulled image "{IMAGE}"', at(11), about=about))
        (failure,) = ask().of(PullFailure)
        assert (failure.pod, failure.symptom) == ("slow", "pulling")


class TestHealthyPodsCostLittle:
    def test_a_healthy_cluster_takes_five_requests(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods += [healthy(n) for n in range(30)]
        crashing = pod(waiting("CrashLoopBackOff"), name="crashing", uid="c", phase="Running")
        cluster.pods += [crashing, pod(ended(), name="done", uid="d", phase="Succeeded")]
        notes = ask()
        assert (notes.records, notes.errors, notes.summary.pods_seen) == ([], [], 32)
        assert sorted(cluster.paths) == [
            "/api/v1/events",
            "/api/v1/namespaces/kube-system",
            "/api/v1/pods",
            "/api/v1/pods",
            "/version",
        ]

    def test_events_of_pods_that_have_recovered_are_not_followed(
        self, cluster: MiniCluster, ask: Ask
    ) -> None:
        for number in range(40):
            cluster.pods.append(healthy(number))
            about = {"name": f"ok-{number}", "uid": f"ok-{number}"}
            cluster.events.append(event("Failed", "Error: ErrImagePull", about=about))
        ask()
        assert len(cluster.paths) == 5


class TestScope:
    def test_only_what_was_asked_for(self, cluster: MiniCluster, ask: Ask) -> None:
        labels = {"labels": {"app": "x"}}
        cluster.pods.append(
            pod(
                waiting(BAD),
                name="a",
                uid="1",
                metadata={"namespace": "shop", "name": "a", "uid": "1", **labels},
            )
        )
        cluster.pods.append(pod(waiting(BAD), name="b", uid="2"))
        cluster.pods.append(pod(waiting(BAD), name="c", uid="3", namespace="pay"))
        assert ask(namespaces=("shop",)).failing == ["shop/a:app", "shop/b:app"]
        assert ask(namespaces=("shop", "pay"), labels="app=x").failing == ["shop/a:app"]
        assert ask(fields="metadata.name=c").failing == ["pay/c:app"]

    def test_one_pod(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods += [pod(waiting(BAD)), pod(waiting(BAD), name="web-2", uid="2")]
        cluster.add("/api/v1/namespaces/shop/pods/web-1", **pod(waiting(BAD)))
        cluster.events.append(event("Failed", "Error: ErrImagePull"))
        notes = ask(pod="shop/web-1")
        assert notes.failing == ["shop/web-1:app"]
        assert len(notes.of(PullFailure)[0].events) == 1
        assert "/api/v1/pods" not in cluster.paths

    def test_one_pod_that_is_gone(self, ask: Ask) -> None:
        notes = ask(pod="shop/gone")
        assert notes.errors == ["there is no pod gone in namespace shop: has it been replaced?"]

    def test_a_namespace_that_does_not_exist_is_no_healthy_one(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(waiting(BAD)))
        notes = ask(namespaces=("shop", "shpo"))
        assert notes.errors == ["there is no namespace shpo: check the name and the context"]
        assert notes.failing == ["shop/web-1:app"]

    def test_labels_that_no_pod_has_are_no_sign_of_health(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(running()))
        gaps = ask(labels="app=wbe").gaps("pods with the labels that were asked for")
        assert [(gap.why, gap.unread) for gap in gaps] == [("no pod has app=wbe", True)]
        assert not ask().gaps("pods with the labels that were asked for")

    def test_a_namespace_that_cannot_be_verified_is_a_gap(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.forbidden.append("=/api/v1/namespaces/shop")
        notes = ask(namespaces=("shop",))
        assert notes.gaps("namespace shop exists")
        assert not notes.errors


class TestRightsThatAreMissing:
    def test_pods_of_all_namespaces(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.forbidden.append("/api/v1/pods")
        (error,) = ask().errors
        assert error.startswith("forbidden: this account may not list pods of all namespaces")
        assert "image_pull_namespaces" in error
        assert "docs/rbac/image-pull-reader.yaml" in error

    def test_pods_of_one_namespace_of_two(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(waiting(BAD)))
        cluster.forbidden.append("/namespaces/pay/pods")
        notes = ask(namespaces=("shop", "pay"))
        assert notes.failing == ["shop/web-1:app"]
        assert ["namespace pay" in error for error in notes.errors] == [True]

    def test_events_are_a_gap_through_which_failures_may_slip(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(waiting(BAD)))
        cluster.forbidden.append("/events")
        notes = ask()
        assert notes.failing == ["shop/web-1:app"]
        assert [gap.unread for gap in notes.gaps("the events of all namespaces")] == [True]

    @pytest.mark.parametrize(
        ("word", "gap"),
        [
            ("/nodes", "nodes"),
            ("/secrets/", "Secrets named by failing pods"),
            ("/serviceaccounts/", "ServiceAccounts named by failing pods"),
            ("/replicasets", "owner ReplicaSet"),
            ("/deployments", "owner Deployment"),
        ],
    )
    def test_others_cost_their_conclusion_and_no_more(
        self, cluster: MiniCluster, ask: Ask, word: str, gap: str
    ) -> None:
        deployed(cluster)
        cluster.forbidden.append(word)
        notes = ask()
        assert notes.failing == ["shop/web-1:app"]
        assert not notes.errors
        (found,) = notes.gaps(gap)
        assert found.conclusion_lost
        assert not found.unread

    def test_the_clusters_identity_is_not_needed(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.forbidden += ["/version", "kube-system"]
        notes = ask()
        assert notes.fact is not None
        assert (notes.fact.uid, notes.fact.version, notes.errors) == (None, None, [])


def deployed(cluster: MiniCluster) -> None:
    """A pod of the second revision of a Deployment, with a pull secret."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-2", "uid": "rs2", "controller": True}
    top = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "dep", "controller": True}
    spec = {"imagePullSecrets": [{"name": "regcred"}]}
    cluster.pods.append(
        pod(
            waiting(BAD),
            metadata={"namespace": "shop", "name": "web-1", "uid": "p", "ownerReferences": [owner]},
            spec=spec,
        )
    )
    sets = [
        {
            "metadata": {
                "name": f"web-{number}",
                "uid": f"rs{number}",
                "annotations": {"deployment.kubernetes.io/revision": str(number)},
                "ownerReferences": [top],
            },
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"web:{number}"}]}}},
            "status": {"readyReplicas": 3 - number},
        }
        for number in (2, 1)
    ]
    cluster.add_list("/apis/apps/v1/namespaces/shop/replicasets", *sets)
    cluster.add(
        "/apis/apps/v1/namespaces/shop/deployments/web",
        metadata={"name": "web", "uid": "dep", "creationTimestamp": at(0)},
        spec={"replicas": 3},
        status={"readyReplicas": 2, "updatedReplicas": 1},
    )
    columns = [{"name": name} for name in ("Name", "Type", "Data", "Age")]
    metadata = {"creationTimestamp": at(0), "managedFields": [{"time": at(3)}, {"time": at(9)}]}
    row = {"cells": ["regcred", "kubernetes.io/dockerconfigjson", 1, "3h"], "object": {"metadata": metadata}}
    cluster.add(
        "/api/v1/namespaces/shop/secrets/regcred", kind="Table", columnDefinitions=columns, rows=[row]
    )
    cluster.add(
        "/api/v1/namespaces/shop/serviceaccounts/default", metadata={}, imagePullSecrets=[{"name": "other"}]
    )


class TestWhatSurroundsAFailure:
    def test_the_owner_with_its_revisions(self, cluster: MiniCluster, ask: Ask) -> None:
        deployed(cluster)
        notes = ask()
        (failure,) = notes.of(PullFailure)
        assert failure.owner is not None
        assert (failure.owner.kind, failure.owner.name) == ("Deployment", "web")
        assert [one.kind for one in failure.owner_path] == ["ReplicaSet", "Deployment"]
        (workload,) = notes.of(WorkloadFact)
        assert (workload.desired, workload.ready, workload.updated) == (3, 2, 1)
        assert workload.current is not None
        assert workload.previous is not None
        assert (workload.current.revision, workload.current.images) == (2, {"app": "web:2"})
        assert (workload.previous.revision, workload.previous.name, workload.previous.ready) == (
            1,
            "web-1",
            2,
        )

    def test_the_secret_by_its_metadata_alone(self, cluster: MiniCluster, ask: Ask) -> None:
        deployed(cluster)
        (secret,) = ask().of(SecretFact)
        assert (secret.state, secret.type, secret.keys) == ("present", "kubernetes.io/dockerconfigjson", 1)
        assert (secret.created_at, secret.changed_at) == (at(0), at(9))
        (asked,) = [one for one in cluster.server.requests if "/secrets/" in one.path]
        assert asked.headers["Accept"] == "application/json;as=Table;v=v1;g=meta.k8s.io"

    def test_a_server_that_would_send_the_values_is_not_listened_to(
        self, cluster: MiniCluster, ask: Ask
    ) -> None:
        deployed(cluster)
        plain = {"kind": "Secret", "type": "Opaque", "data": {"password": "c2VjcmV0"}}
        cluster.add("/api/v1/namespaces/shop/secrets/regcred", **plain)
        notes = ask()
        (secret,) = notes.of(SecretFact)
        assert secret.state == "unreadable"
        assert "c2VjcmV0" not in repr(notes.records)

    def test_a_secret_that_is_absent(self, cluster: MiniCluster, ask: Ask) -> None:
        deployed(cluster)
        del cluster.objects["/api/v1/namespaces/shop/secrets/regcred"]
        assert [one.state for one in ask().of(SecretFact)] == ["absent"]

    def test_the_service_account(self, cluster: MiniCluster, ask: Ask) -> None:
        deployed(cluster)
        (account,) = ask().of(ServiceAccountFact)
        assert (account.name, account.state, account.pull_secrets) == ("default", "present", ("other",))

    def test_the_node_and_the_images_in_the_cluster(self, cluster: MiniCluster, ask: Ask) -> None:
        cluster.pods.append(pod(waiting(BAD)))
        relatives = ("registry.example.com/shop/web:1.7.2", "docker.io/library/redis:7", "x@sha256:1")
        cluster.nodes[:] = [node("worker-1", images=relatives), node("worker-2", images=relatives[1:])]
        cluster.events.append(
            {
                "metadata": {"name": "n", "namespace": "default"},
                "involvedObject": {"kind": "Node", "name": "worker-1"},
                "reason": "FreeDiskSpaceFailed",
                "message": "failed to garbage collect",
                "lastTimestamp": at(9),
            }
        )
        notes = ask()
        first, second = notes.of(NodeFact)
        assert (first.name, first.architecture, first.kubelet_version, first.pool) == (
            "worker-1",
            "arm64",
            "v1.34.2",
            "small",
        )
        assert first.images == ("registry.example.com/shop/web:1.7.2",)
        assert first.taints == ("gpu=a:NoSchedule",)
        assert [one.reason for one in first.events] == ["FreeDiskSpaceFailed"]
        assert [one.type for one in second.conditions] == ["Ready"]
        assert {one.image: one.count for one in notes.of(ImageInUse)} == {relatives[0]: 1, relatives[1]: 2}


def test_a_server_that_cannot_be_spoken_to_is_an_error_at_once(
    client: Callable[..., Client], server: ApiServer
) -> None:
    server.on("/version", refusal(401))
    with pytest.raises(errors.Unauthorized):
        collect(client(), Question(), "", Notes())
    assert len(server.requests) == 1
