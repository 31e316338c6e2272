# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What manifests hold, and where in them pods stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import (
    Manifests,
    read_manifests,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import Text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.templates import (
    TemplatePath,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import (
    collect,
    policy_of,
)

POD: dict[str, Any] = {"containers": [{"name": "app", "image": "app:1"}]}
TEMPLATE = {"spec": POD}


def read(text: str) -> Manifests:
    return read_manifests([Text("in.yaml", text)], "shop")


def of_kind(version: str, kind: str, body: dict[str, Any], *custom: TemplatePath) -> list[str]:
    """The images that an object of a kind asks for, and in brackets what was not read."""
    item = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, **body}
    collected = collect(read(json.dumps(item)).objects, custom)
    images = [container.image for workload in collected.workloads for container in workload.containers]
    return images + [f"[{path}]" for _one, path in collected.unread]


@pytest.mark.parametrize(
    ("version", "kind", "body"),
    [
        ("v1", "Pod", {"spec": POD}),
        ("v1", "ReplicationController", {"spec": {"template": TEMPLATE}}),
        ("v1", "PodTemplate", {"template": TEMPLATE}),
        ("apps/v1", "Deployment", {"spec": {"template": TEMPLATE}}),
        ("apps/v1", "ReplicaSet", {"spec": {"template": TEMPLATE}}),
        ("apps/v1", "StatefulSet", {"spec": {"template": TEMPLATE}}),
        ("apps/v1", "DaemonSet", {"spec": {"template": TEMPLATE}}),
        ("extensions/v1beta1", "Deployment", {"spec": {"template": TEMPLATE}}),
        ("batch/v1", "Job", {"spec": {"template": TEMPLATE}}),
        ("batch/v1", "CronJob", {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}}),
        ("argoproj.io/v1alpha1", "Rollout", {"spec": {"template": TEMPLATE}}),
        ("serving.knative.dev/v1", "Service", {"spec": {"template": TEMPLATE}}),
        (
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            {"spec": {"replicatedJobs": [{"template": {"spec": {"template": TEMPLATE}}}]}},
        ),
    ],
)
def test_every_kind_that_makes_pods(version: str, kind: str, body: dict[str, Any]) -> None:
    assert of_kind(version, kind, body) == ["app:1"]


class TestCustomKinds:
    BODY = {"spec": {"fleets": {"eu": {"template": TEMPLATE}, "us": {"template": TEMPLATE}}}}

    @pytest.mark.parametrize("kind", ["Game", "Game.lab.example"])
    def test_are_read_where_the_user_says(self, kind: str) -> None:
        path = TemplatePath(kind, "spec.fleets.*.template")
        assert of_kind("lab.example/v1", "Game", self.BODY, path) == ["app:1", "app:1"]

    def test_with_a_path_that_leads_nowhere_are_told(self) -> None:
        assert of_kind("lab.example/v1", "Game", self.BODY, TemplatePath("Game", "spec.template")) == [
            "[spec.template]"
        ]

    def test_that_nobody_told_us_about_are_told(self) -> None:
        assert of_kind("lab.example/v1", "Game", self.BODY) == [
            "[spec.fleets.eu.template]",
            "[spec.fleets.us.template]",
        ]

    def test_a_definition_of_a_kind_is_no_pod(self) -> None:
        body = {"spec": {"containers": [{"name": "a", "image": "b"}]}}
        assert of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", body) == []

    def test_the_kind_of_another_group_is_another_kind(self) -> None:
        assert of_kind("v1", "Service", {"spec": {"ports": []}}) == []


class TestContainers:
    def test_of_all_types(self) -> None:
        spec = {
            "initContainers": [
                {"name": "migrate", "image": "migrate:1"},
                {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
            ],
            "containers": [{"name": "app", "image": "app:1"}],
            "ephemeralContainers": [{"name": "debug", "image": "debug:1"}],
            "volumes": [
                {"name": "model", "image": {"reference": "model:1", "pullPolicy": "Never"}},
                {"name": "tmp"},
            ],
        }
        item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec}
        (workload,) = collect(read(yaml.safe_dump(item)).objects, []).workloads
        assert [(one.name, one.type, one.policy) for one in workload.containers] == [
            ("migrate", "init", "IfNotPresent"),
            ("proxy", "sidecar", "IfNotPresent"),
            ("app", "main", "IfNotPresent"),
            ("debug", "ephemeral", "IfNotPresent"),
            ("model", "image_volume", "Never"),
        ]

    @pytest.mark.parametrize(
        ("image", "policy"),
        [
            ("app", "Always"),
            ("app:latest", "Always"),
            ("app:1", "IfNotPresent"),
            ("host:5000/app", "Always"),
            (f"app@sha256:{'0' * 64}", "IfNotPresent"),
            (f"app:latest@sha256:{'0' * 64}", "Always"),
        ],
    )
    def test_the_policy_that_the_api_server_fills_in(self, image: str, policy: str) -> None:
        assert policy_of(image, "") == policy
        assert policy_of(image, "Never") == "Never"

    def test_a_pod_without_any_is_a_problem(self) -> None:
        item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": []}}
        collected = collect(read(json.dumps(item)).objects, [])
        assert [str(one) for one in collected.problems] == [
            "in.yaml: document 1: Pod shop/x has no containers at spec"
        ]


class TestObjects:
    def test_lists_of_lists(self) -> None:
        pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} for name in "abc"]
        inner = {"apiVersion": "v1", "kind": "PodList", "items": pods[1:]}
        outer = {"apiVersion": "v1", "kind": "List", "items": [pods[0], inner]}
        assert [one.name for one in read(json.dumps(outer)).objects] == ["a", "b", "c"]
        assert read(json.dumps({"apiVersion": "v1", "kind": "List", "items": []})).skipped == 0

    def test_what_is_no_object_is_counted(self) -> None:
        found = read("replicas: 1\n---\njust text\n---\n{apiVersion: v1, kind: Pod, metadata: {name: x}}\n")
        assert (found.skipped, [one.name for one in found.objects]) == (2, ["x"])

    def test_a_namespace_of_its_own_and_the_target(self) -> None:
        texts = [
            f"{{apiVersion: v1, kind: Pod, metadata: {one}}}"
            for one in ("{name: a}", "{name: b, namespace: n}")
        ]
        assert [one.title for one in read("\n---\n".join(texts)).objects] == ["Pod shop/a", "Pod n/b"]

    def test_secrets_as_the_api_server_would_store_them(self) -> None:
        text = """
            {apiVersion: v1, kind: Secret, metadata: {name: s}, type: t, data: {a: b2xk, b: b2xk}, stringData: {b: new}}
            ---
            {apiVersion: v1, kind: ServiceAccount, metadata: {name: sa}, imagePullSecrets: [{name: s}]}
        """.replace("            ", "")
        found = read(text)
        secret = found.secrets["shop", "s"]
        assert (secret.type, dict(secret.data)) == ("t", {"a": b"old", "b": b"new"})
        assert found.accounts["shop", "sa"].pull_secrets == ("s",)
        assert "new" not in repr(found)

    def test_a_secret_that_is_no_base64_is_a_problem_that_quotes_nothing(self) -> None:
        found = read("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: 'hunter22!'}}")
        assert [str(one) for one in found.problems] == [
            "in.yaml: document 1: Secret shop/s: the value of a key is not base64"
        ]

    def test_the_later_of_two_secrets_counts(self) -> None:
        text = "\n---\n".join(
            f"{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{a: {value}}}}}"
            for value in ("x", "y")
        )
        assert dict(read(text).secrets["shop", "s"].data) == {"a": b"y"}

    @pytest.mark.parametrize(
        "text",
        [
            "kind: 1\napiVersion: []\n",
            "[[[]]]",
            "42",
            "kind: List\nitems: 7\n",
            "{metadata: null, kind: Pod, apiVersion: v1, spec: []}",
        ],
    )
    def test_odd_shapes_harm_nobody(self, text: str) -> None:
        found = read(text)
        assert collect(found.objects, []).workloads == []
