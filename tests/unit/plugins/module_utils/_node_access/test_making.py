# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making shells where the first try does not do, or the API server's answers are lost; the rest is in tests/lab."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.ending import Ender
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.making import Maker
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import Settings

from tests.unit.plugins.module_utils._cluster.api_server import Answer, Request, api_server, as_json, refusal
from tests.unit.plugins.module_utils._node_access.small_cluster import NEVER, RUNNING, Json, SmallCluster

SETTINGS = Settings("kube-system", "run-1", 600, 60)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallCluster]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with api_server() as server:
        yield SmallCluster(server)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def maker(cluster: SmallCluster, image: str = "", wait: float = 30.0) -> Maker:
    clock = Clock()
    return Maker(cluster.client(), SETTINGS, image, wait, clock, clock.sleep)


def image_of(job: Json) -> str:
    return job["spec"]["template"]["spec"]["containers"][0]["image"]


def test_images_are_tried_until_one_will_do(cluster: SmallCluster) -> None:
    cluster.node("a", "x/one:1", "x/two:1", "x/three:1")
    cluster.status_of = lambda job: RUNNING if image_of(job) == "x/three:1" else NEVER
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert (shell.result.state, shell.result.image) == ("ready", "x/three:1")
    assert [image_of(job) for job in cluster.made] == ["x/one:1", "x/two:1", "x/three:1"]
    assert len(cluster.jobs) == 1


def test_no_more_than_five_images_are_tried(cluster: SmallCluster) -> None:
    cluster.node("a", *(f"x/app:{number}" for number in range(20)))
    cluster.status_of = lambda _job: NEVER
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert shell.result.refused_by == "no_image"
    assert len(cluster.made) == 5
    assert not cluster.jobs


def test_nodes_that_cannot_have_one_get_no_job(cluster: SmallCluster) -> None:
    cluster.node("silent", "x:1", ready="Unknown")
    cluster.node("full", "x:1", pods="0")
    shells = maker(cluster).make(["silent", "full", "absent"])
    assert [shell.result.refused_by for shell in shells if shell.result] == ["kubelet", "kubelet", "node"]
    assert not cluster.made


def test_a_job_whose_creation_was_not_answered_is_found_again(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.creation = lambda _request: refusal(503, "etcd is slow")
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert shell.result.state == "ready"
    assert len(cluster.made) == 1


def test_a_name_that_is_still_taken_is_not_waited_for(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    taken = [refusal(409, "object is being deleted")]
    cluster.creation = lambda _request: taken.pop() if taken else None
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert shell.result.job.endswith("-2")


def test_a_webhook_that_is_down_refuses_one_node_and_not_the_others(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.node("b", "x:1")

    def creation(request: Request) -> Answer | None:
        at_a = json.loads(request.body)["spec"]["template"]["spec"]["nodeName"] == "a"
        return refusal(500, 'failed calling webhook "v": timeout') if at_a else None

    cluster.creation = creation
    shells = maker(cluster).make(["a", "b"])
    assert [(shell.result.state, shell.result.refused_by) for shell in shells if shell.result] == [
        ("refused", "policy"),
        ("ready", ""),
    ]


def test_an_api_server_that_would_make_the_pod_pull_gets_no_job(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")

    def admission(request: Request) -> Answer:
        pod = json.loads(request.body)
        pod["spec"]["containers"][0]["imagePullPolicy"] = "Always"
        return as_json(pod)

    cluster.admission = admission
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert "AlwaysPullImages" in shell.result.why
    assert not cluster.made


def test_a_webhook_without_dry_runs_does_not_matter(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.admission = lambda _request: refusal(400, 'admission webhook "w" does not support dry run')
    (shell,) = maker(cluster).make(["a"])
    assert shell.result is not None
    assert shell.result.state == "ready"


def test_a_pod_that_nobody_starts_is_taken_away_again(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.status_of = lambda _job: {"phase": "Pending"}
    (shell,) = maker(cluster, wait=5.0).make(["a"])
    assert shell.result is not None
    assert (shell.result.refused_by, "took no notice" in shell.result.why) == ("kubelet", True)
    assert not cluster.jobs


def test_a_job_without_a_pod_points_to_the_controller_manager(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.status_of = lambda _job: None
    (shell,) = maker(cluster, wait=5.0).make(["a"])
    assert shell.result is not None
    assert (shell.result.refused_by, "controller-manager" in shell.result.why) == ("time", True)


def test_a_sandbox_that_fails_is_given_a_while(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    cluster.status_of = lambda _job: {"phase": "Pending"}
    cluster.events = [{"reason": "FailedCreatePodSandBox", "message": "rpc error: \x1b[31mno"}]
    one = maker(cluster, wait=300.0)
    (shell,) = one.make(["a"])
    assert shell.result is not None
    assert (shell.result.refused_by, shell.result.why) == ("runtime", "FailedCreatePodSandBox: rpc error: no")


def test_ending_takes_its_own_run_only(cluster: SmallCluster) -> None:
    cluster.node("a", "x:1")
    maker(cluster).make(["a"])
    clock = Clock()
    ended = Ender(cluster.client(), "kube-system", 10.0, clock, clock.sleep).end("run-1")
    assert [job["node"] for job in ended.jobs] == ["a"]
    assert (ended.left, cluster.jobs) == ([], {})
    selectors = {
        one.query["labelSelector"] for one in cluster.server.requests if "labelSelector" in one.query
    }
    assert all("run=run-1" in selector for selector in selectors)
