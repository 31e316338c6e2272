# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of node shells share: the modules' work called in this process, and the roles of docs/rbac."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import naming
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.pull_info import (
    node_pull_info,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.task import node_access

from tests.lab.image_pull_lab.lab import Lab

RBAC = Path(__file__).resolve().parents[2] / "docs/rbac"
IMAGE = "registry.reg.test/app/ok:1"
Json = dict[str, Any]


class Shells:
    """Makes and ends shells on the nodes of a lab, all under one run of this test's own."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.run = f"test-{uuid.uuid4().hex[:8]}"
        self._spaces = {naming.DEFAULT_NAMESPACE}

    def options(self, **given: Any) -> Json:
        """The options of the modules with their defaults."""
        return {
            "kubeconfig": str(self.lab.kubeconfig()),
            "request_timeout": 20.0,
            "deadline": 60.0,
            "evidence_dir": None,
            "cluster": None,
            "on_error": "record",
            "state": "present",
            "nodes": [],
            "namespace": naming.DEFAULT_NAMESPACE,
            "image": None,
            "run_id": self.run,
            "seconds": 600,
            "ttl": 60,
            "wait": 30.0,
            "sweep": False,
            "kubelet_timeout": 5.0,
            **given,
        }

    def make(self, *nodes: str, check: bool = False, **given: Any) -> Json:
        """What the module returns that makes shells."""
        self._spaces.add(given.get("namespace", naming.DEFAULT_NAMESPACE))
        return node_access(self.options(nodes=list(nodes), **given), check)

    def one(self, node: str = "node1", **given: Any) -> Json:
        """The entry of one node."""
        (found,) = self.make(node, **given)["pods"]
        return found

    def end(self, check: bool = False, **given: Any) -> Json:
        """What the module returns that ends them."""
        return node_access(self.options(state="absent", **given), check)

    def info(self, *nodes: str, **given: Any) -> Json:
        """What node_pull_info returns."""
        return node_pull_info(self.options(nodes=list(nodes), **given))

    def objects(self, run: str = "", namespace: str = naming.DEFAULT_NAMESPACE) -> list[str]:
        """Jobs and pods of a run (this one) that are there."""
        query = {"labelSelector": naming.selector(run or self.run)}
        return [
            f"{kind} {one['metadata']['name']}"
            for kind in ("Job", "Pod")
            for one in self.lab.api.list(kind, namespace, **query)
        ]

    def clear(self) -> None:
        """Ends everything of this test."""
        for namespace in self._spaces:
            self.end(namespace=namespace)


def warm(lab: Lab, *nodes: str) -> None:
    """Sees to it that these nodes hold images, and that the API tells so."""
    for node in nodes:
        spec = {"nodeName": node, "tolerations": [{"operator": "Exists"}], "terminationGracePeriodSeconds": 0}
        manifest: Json = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"warm-{node}"},
            "spec": {**spec, "containers": [{"name": "app", "image": IMAGE}]},
        }
        there = {pod["metadata"]["name"] for pod in lab.api.list("Pod", "default")}
        if manifest["metadata"]["name"] not in there:
            lab.api.create(manifest, "default")
    for node in nodes:
        lab.api.wait_for_pod("default", f"warm-{node}")
        lab.api.wait(
            lambda node=node: lab.api.get("Node", node)["status"].get("images"),
            f"the list of images on {node}",
        )


def documents(*names: str) -> list[Json]:
    """The objects in files of docs/rbac."""
    files = [yaml.safe_load((RBAC / name).read_text()) for name in names]
    return [one for file in files for one in (file["items"] if file["kind"] == "List" else [file])]


def without(objects: Sequence[Json], resource: str, verb: str) -> list[Json]:
    """The same roles without one right."""
    found = copy.deepcopy(list(objects))
    for one in found:
        for rule in one["rules"]:
            if resource in rule["resources"]:
                rule["verbs"] = [kept for kept in rule["verbs"] if kept != verb]
        one["rules"] = [rule for rule in one["rules"] if rule["verbs"]]
    return found
