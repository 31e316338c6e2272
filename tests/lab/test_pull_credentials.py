# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull Secrets read from a real API server, with exactly the rights of docs/rbac, and pods that it admitted."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import connect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import (
    Looked,
    PullChecker,
    asked_for,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

from tests.lab.image_pull_lab.lab import Lab
from tests.unit.plugins.module_utils._credentials.secrets_of_tests import PASSWORD, auth
from tests.unit.plugins.module_utils._pull_check.mini_registry import MiniRegistry, mini_registry

RBAC = Path(__file__).resolve().parents[2] / "docs/rbac"
SPACE, OTHER = f"pull-secrets-{os.getpid()}", f"pull-secrets-too-{os.getpid()}"
POD_READER = {"apiGroups": [""], "resources": ["pods", "serviceaccounts"], "verbs": ["get"]}


class Scene:
    """Two namespaces of our own in the lab, and a registry on loopback where one user may pull."""

    def __init__(self, lab: Lab, registry: MiniRegistry) -> None:
        self.lab = lab
        self.registry = registry
        self.image = registry.image("team/app")
        registry.users["bot"] = PASSWORD
        registry.rights["bot"] = {"team/app"}
        registry.tags["team/app"] = ["1"]

    def secret(self, name: str, username: str, *, namespace: str = SPACE, key: str = "") -> None:
        content = json.dumps({"auths": {key or self.registry.host: auth(username)}}).encode()
        self.raw_secret(name, content, namespace)

    def raw_secret(self, name: str, content: bytes, namespace: str = SPACE) -> None:
        self.lab.api.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name},
                "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": base64.b64encode(content).decode()},
            },
            namespace=namespace,
        )

    def pod(self, name: str, account: str = "default", *secrets: str) -> None:
        self.lab.api.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name},
                "spec": {
                    "serviceAccountName": account,
                    "imagePullSecrets": [{"name": one} for one in secrets],
                    "containers": [{"name": "app", "image": self.image}],
                    # Admission is what matters; no node needs to have it.
                    "nodeSelector": {"there-is": "no-such-node"},
                },
            },
            namespace=SPACE,
        )

    def account(self, name: str, *secrets: str) -> None:
        self.lab.api.apply(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": name},
                "imagePullSecrets": [{"name": one} for one in secrets],
            },
            namespace=SPACE,
        )

    def look(self, client: Client, pod: str) -> Looked:
        registry = RegistryClient(Settings(plain_http=(self.registry.host,), timeout=5.0))
        pulls = asked_for.wanted(client, {"namespace": SPACE, "pod": pod}).pulls
        return PullChecker(client, registry).look(pulls)


@pytest.fixture(scope="module")
def scene(lab: Lab) -> Iterator[Scene]:
    for namespace in (SPACE, OTHER):
        lab.api.create_namespace(namespace)
    with mini_registry() as registry:
        yield Scene(lab, registry)
    for namespace in (SPACE, OTHER):
        lab.api.delete_namespace(namespace)


@pytest.fixture
def client_with(lab: Lab, scene: Scene) -> Iterator[Callable[..., Client]]:
    """Makes an account with the rules of files in docs/rbac and gives a client for it."""
    made: list[tuple[str, str, str | None]] = []

    def make(name: str, *files: str) -> Client:
        lab.api.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}, namespace=OTHER
        )
        rules = [yaml.safe_load((RBAC / file).read_text(encoding="utf-8")) for file in files]
        pods = {"kind": "Role", "metadata": {"name": f"{name}-pods"}, "rules": [POD_READER]}
        for role in (pods, *rules):
            kind, namespace = role["kind"], None if role["kind"] == "ClusterRole" else SPACE
            title = f"{name}-{role['metadata']['name']}-{os.getpid()}"
            binding = {
                "kind": f"{kind}Binding",
                "metadata": {"name": title},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": title},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": OTHER}],
            }
            for manifest in ({**role, "metadata": {"name": title}}, binding):
                manifest["apiVersion"] = "rbac.authorization.k8s.io/v1"
                lab.api.apply(manifest, namespace=namespace)
                made.append((manifest["kind"], title, namespace))
        path = f"/api/v1/namespaces/{OTHER}/serviceaccounts/{name}/token"
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 600},
        }
        token = lab.api.request("POST", path, body)["status"]["token"]
        return Client(connect(ConnectionOptions(host=lab.server, api_key=token, ca_cert=str(lab.ca_file))))

    yield make
    for kind, name, namespace in made:
        lab.api.delete(kind, name, namespace)


def states(looked: Looked) -> list[tuple[str, str]]:
    """State and Secret of what is not the node's."""
    return [(one.state, one.credential.secret) for one in looked.checks if one.credential]


def test_credentials_of_a_pod_in_the_order_of_the_kubelet(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.secret("wrong", "stranger")
    scene.secret("right", "bot")
    scene.pod("two", "default", "wrong", "right")
    looked = scene.look(client_with("reader", "image-pull-credential-reader.yaml"), "two")
    assert states(looked) == [("offered", "wrong"), ("offered", "right")]
    assert [answer.outcome for answer in looked.answers] == ["failed", "found"]
    assert looked.gaps == []


def test_a_fitting_secret_of_the_namespace_and_one_elsewhere_are_found(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.secret("spare", "bot")
    scene.secret("of-another-space", "bot", namespace=OTHER)
    scene.pod("absent", "default", "of-another-space")
    looked = scene.look(client_with("reader", "image-pull-credential-reader.yaml"), "absent")
    found = states(looked)
    assert found[0] == ("missing", "of-another-space")
    assert ("unlinked", "spare") in found
    assert ("elsewhere", "of-another-space") in found
    assert "found" in [answer.outcome for answer in looked.answers]


def test_a_service_account_linked_too_late_helps_only_a_new_pod(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.secret("linked", "bot")
    scene.account("builder")
    scene.pod("before", "builder")
    scene.account("builder", "linked")
    scene.pod("after", "builder")
    client = client_with("reader", "image-pull-credential-reader.yaml")
    assert ("linked_late", "linked") in states(scene.look(client, "before"))
    assert states(scene.look(client, "after")) == [("offered", "linked")]


def test_the_api_takes_a_secret_that_blocks_every_pull(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.secret("fine", "bot")
    scene.raw_secret("broken", b'{"auths": {"other.example": {"auth": "not base64"}}}')
    scene.pod("blocked", "default", "fine", "broken")
    looked = scene.look(client_with("reader", "image-pull-credential-reader.yaml"), "blocked")
    assert states(looked)[:2] == [("blocked", "fine"), ("malformed", "broken")]


def test_a_right_to_named_secrets_is_enough_for_them(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.secret("regcred", "stranger")
    scene.secret("closed", "bot")
    scene.pod("named", "default", "regcred", "closed")
    looked = scene.look(client_with("narrow", "image-pull-secret-reader-namespace.yaml"), "named")
    assert states(looked) == [("offered", "regcred"), ("forbidden", "closed")]
    told: dict[str, Any] = {gap.check: gap.why for gap in looked.gaps}
    assert f"{SPACE}/closed" in told["credentials of the pull Secrets"]
    assert "forbidden" in told["other pull Secrets that would fit"]


def test_without_any_right_to_secrets_the_registry_is_asked_anonymously(
    scene: Scene, client_with: Callable[..., Client]
) -> None:
    scene.pod("nothing", "default", "regcred")
    looked = scene.look(client_with("blind"), "nothing")
    assert states(looked) == [("forbidden", "regcred")]
    assert [answer.credential for answer in looked.answers] == [None]
