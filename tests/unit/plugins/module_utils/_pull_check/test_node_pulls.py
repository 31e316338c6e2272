# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a node pulls by hand, with whose credentials: Secrets come from an API server on loopback."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialRef,
    Gap,
    PullFailure,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.node_pulls import (
    NodePull,
    node_pulls,
)

from tests.unit.evidence import failing, write_evidence
from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster

APP = "r.example/team/app:1"


@pytest.fixture
def cluster() -> Iterator[MiniCluster]:
    with api_server() as server:
        yield MiniCluster(server)


def secret(cluster: MiniCluster, name: str, key: str, user: str) -> None:
    pair = base64.b64encode(f"{user}:of-{user}".encode()).decode()
    content = base64.b64encode(json.dumps({"auths": {key: {"auth": pair}}}).encode()).decode()
    cluster.add(
        f"/api/v1/namespaces/shop/secrets/{name}",
        metadata={"name": name, "namespace": "shop"},
        type="kubernetes.io/dockerconfigjson",
        data={".dockerconfigjson": content},
    )


def failure(image: str = APP, node: str = "node1", *secrets: str) -> PullFailure:
    return failing(image=image, namespace="shop", node=node, pull_secrets=secrets)


def answer(image: str, credential: CredentialRef | None = None) -> RegistryAnswer:
    return RegistryAnswer(image, "r.example", "team/app", "controller", "", "found", credential=credential)


def asked(
    place: Path,
    cluster: MiniCluster,
    failures: list[PullFailure],
    answers: list[RegistryAnswer] | None = None,
    most: int = 2,
) -> tuple[list[NodePull], list[Gap]]:
    triage = write_evidence(place, failures).read_stage("triage")
    registry: Stage | None = None
    if answers is not None:
        registry = write_evidence(place, answers, stage="registry").read_stage("registry")
    assert triage is not None
    images = list(dict.fromkeys(one.image for one in failures))

    def connect() -> Client:
        return Client(Connection(cluster.server.url, Credentials("Bearer t")))

    return node_pulls("node1", images, triage, registry, connect, most)


def test_a_pod_without_secrets_costs_no_request(tmp_path: Path, cluster: MiniCluster) -> None:
    assert asked(tmp_path, cluster, [failure()]) == ([NodePull(APP)], [])
    assert cluster.paths == []


def test_the_pods_own_credential_is_read_now(tmp_path: Path, cluster: MiniCluster) -> None:
    secret(cluster, "pull", "r.example", "deploy")
    ((found,), gaps) = asked(tmp_path, cluster, [failure(APP, "node1", "pull")])

    assert found.login is not None
    assert (found.login.username, found.login.password) == ("deploy", "of-deploy")
    assert found.login.ref == CredentialRef("shop", "pull", "r.example", "deploy")
    assert gaps == []


def test_of_several_the_one_that_the_registry_accepted_is_taken(tmp_path: Path, cluster: MiniCluster) -> None:
    secret(cluster, "first", "r.example/team", "stale")
    secret(cluster, "second", "r.example", "good")
    failures = [failure(APP, "node1", "first", "second")]

    ((found,), dummy) = asked(tmp_path / "a", cluster, failures)
    assert found.login is not None
    assert found.login.username == "stale"
    accepted = CredentialRef("shop", "second", "r.example", "good")
    ((found,), dummy) = asked(tmp_path / "b", cluster, failures, [answer(APP, accepted)])
    assert found.login is not None
    assert found.login.username == "good"


def test_a_secret_that_may_not_be_read_is_told(tmp_path: Path, cluster: MiniCluster) -> None:
    cluster.forbidden.append("/secrets/")
    found, (gap,) = asked(tmp_path, cluster, [failure(APP, "node1", "pull")])

    assert found == [NodePull(APP)]
    assert gap.check == "node1: the pods' credentials for the manual pull"
    assert gap.why == "Secret shop/pull: forbidden"
    assert 9 in gap.steps


def test_images_that_are_there_come_first_and_of_those_one_of_each_registry(
    tmp_path: Path, cluster: MiniCluster
) -> None:
    images = ["r.example/absent:1", "r.example/a:1", "r.example/b:1", "q.example/c:1"]
    answers = [answer(image) for image in images[1:]]
    found, (gap,) = asked(tmp_path, cluster, [failure(image) for image in images], answers)

    assert [one.image for one in found] == ["r.example/a:1", "q.example/c:1"]
    assert gap.check == "node1: the manual pull of 2 more images"


def test_what_is_no_reference_is_not_pulled(tmp_path: Path, cluster: MiniCluster) -> None:
    assert asked(tmp_path, cluster, [failure("$(reboot)"), failure("-option:1")])[0] == []


def test_a_control_node_pulls_with_the_credential_of_the_pod_that_fails_elsewhere(
    tmp_path: Path, cluster: MiniCluster
) -> None:
    secret(cluster, "pull", "r.example", "deploy")
    ((found,), dummy) = asked(tmp_path, cluster, [failure(APP, "node2", "pull")])

    assert found.login is not None
    assert found.login.username == "deploy"
