# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster and a registry on loopback, and a preflight over both."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ContainerVerdict,
    PreflightReport,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight import (
    Request,
    Text,
    preflight,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._preflight.loopback_registry import Registry, loopback_registry

Manifest = dict[str, Any]


@dataclass
class World:
    """A cluster with one node and the namespace shop, and a registry with the image app:1."""

    cluster: MiniCluster
    registry: Registry
    said: list[str] = field(default_factory=list)

    def image(self, name: str) -> str:
        return f"{self.registry.host}/{name}"

    def node(self, name: str, arch: str = "amd64", *, version: str = "v1.34.2", **node: Any) -> None:
        """Add a node; ``images`` are names of images that lie on it."""
        images = [{"names": [one]} for one in node.pop("images", ())]
        labels = {"kubernetes.io/arch": arch, "kubernetes.io/os": "linux", **node.pop("labels", {})}
        self.cluster.nodes.append(
            {
                "metadata": {"name": name, "labels": labels},
                "spec": node,
                "status": {
                    "images": images,
                    "nodeInfo": {"kubeletVersion": version},
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            }
        )

    def secret(self, name: str, user: str, password: str, key: str = "") -> Manifest:
        """A pull Secret, as the API returns it and as a manifest may hold it."""
        auths = {"auths": {key or self.registry.host: {"username": user, "password": password}}}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"namespace": "shop", "name": name},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()},
        }

    def put(self, *objects: Manifest) -> None:
        """Put Secrets and ServiceAccounts into the cluster."""
        for one in objects:
            resource = {"Secret": "secrets", "ServiceAccount": "serviceaccounts"}[one["kind"]]
            self.cluster.add(f"/api/v1/namespaces/shop/{resource}/{one['metadata']['name']}", **one)

    def check(self, *objects: Manifest, cluster: bool = True, **request: Any) -> PreflightReport:
        """Run a preflight over manifests."""
        texts = (Text("in.yaml", yaml.safe_dump_all(objects)),) if objects else ()
        client = Client(Connection(self.cluster.server.url, Credentials("Bearer t"), context="lab"))
        settings = Settings(plain_http=(self.registry.host,), timeout=5.0)
        asked = Request(texts=texts, namespace="shop", **request)
        return preflight(asked, client if cluster else None, RegistryClient(settings), self.said.append, 30.0)

    def verdict(self, *objects: Manifest, **request: Any) -> ContainerVerdict:
        """The verdict of the first container of the one workload."""
        (workload,) = self.check(*objects, **request).workloads
        return workload.containers[0]


def pod(image: str, name: str = "web", **spec: Any) -> Manifest:
    """A pod with one container."""
    policy = {"imagePullPolicy": spec.pop("policy")} if "policy" in spec else {}
    container = {"name": "app", "image": image, **policy}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], **spec},
    }


def naming(*names: str) -> dict[str, Any]:
    """The part of a spec that names pull Secrets."""
    return {"imagePullSecrets": [{"name": name} for name in names]}


@pytest.fixture
def world() -> Iterator[World]:
    with api_server() as server, loopback_registry() as registry:
        found = World(MiniCluster(server), registry)
        found.put(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"namespace": "shop", "name": "default"},
            }
        )
        for path in ("/api/v1/namespaces/shop/secrets", "/api/v1/secrets"):
            found.cluster.add_list(path)
        found.node("n1")
        registry.accounts["alice"] = "right-password"
        registry.push("app", "1")
        registry.push("app", "1.1")
        registry.push("private/app", "1")
        yield found
