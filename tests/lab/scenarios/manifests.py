# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests, short enough to read: only what a scenario is about is said, the rest is what every pod needs."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.scenarios.declare import LABEL, OLDEST, Failure, Manifest, Scenario

#: The lab makes up its registry accounts anew each time; these stand for them until the objects are created.
MEMBER, MEMBER_PASSWORD = "@member@", "@member_password@"
STRANGER, STRANGER_PASSWORD = "@stranger@", "@stranger_password@"
ECR_USER, ECR_TOKEN, ECR_EXPIRED_TOKEN = "@ecr_user@", "@ecr_token@", "@ecr_expired_token@"
EXPIRED_TOKEN = "@expired_token@"

HEALTHY = "registry.reg.test/app/ok:1"
SLEEP = ["/bin/sleep", "3600"]
CUSTOM_GROUP = "lab.example"
CUSTOM_GROUP_VERSION = f"{CUSTOM_GROUP}/v1"


def container(image: str, name: str = "app", **fields: Any) -> Manifest:
    """A container that sleeps, should it ever get its image."""
    return {"name": name, "image": image, "command": SLEEP, **fields}


def pod_spec(
    image: str | None = None,
    *,
    containers: list[Manifest] | None = None,
    pull_secrets: tuple[str, ...] = (),
    node: str | None = None,
    **fields: Any,
) -> Manifest:
    """The spec of a pod with one container ``app`` of that image, or with the containers given."""
    spec: Manifest = {
        "containers": containers or [container(image or HEALTHY)],
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    if pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in pull_secrets]
    if node:
        spec["nodeSelector"] = {"kubernetes.io/hostname": node}
        spec["tolerations"] = [{"operator": "Exists"}]
    return {**spec, **fields}


def pod(name: str, image: str | None = None, *, scenario: str | None = None, **spec: Any) -> Manifest:
    """A bare pod, of the scenario of the same name unless another is named."""
    return _object("v1", "Pod", name, labels={LABEL: scenario or name}, spec=pod_spec(image, **spec))


def bare(
    name: str,
    shows: str,
    image: str,
    cause: str,
    *,
    objects: tuple[Manifest, ...] = (),
    pull_secrets: tuple[str, ...] = (),
    node: str | None = None,
    pull_policy: str | None = None,
    since: str = OLDEST,
    **failure: Any,
) -> Scenario:
    """The commonest scenario: one bare pod whose one container cannot get that image."""
    policy = {"imagePullPolicy": pull_policy} if pull_policy else {}
    made = pod(name, containers=[container(image, **policy)], pull_secrets=pull_secrets, node=node)
    return Scenario(name, shows, (*objects, made), (Failure(cause, **failure),), node=node, since=since)


def template(scenario: str, image: str | None = None, **spec: Any) -> Manifest:
    """The pod template of a workload that belongs to the scenario."""
    return {"metadata": {"labels": {LABEL: scenario}}, "spec": pod_spec(image, **spec)}


def deployment(name: str, image: str | None = None, *, replicas: int = 1, **spec: Any) -> Manifest:
    """A Deployment that keeps its old pods until new ones are ready."""
    return _object(
        "apps/v1",
        "Deployment",
        name,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": {LABEL: name}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template(name, image, **spec),
        },
    )


def stateful_set(name: str, image: str | None = None, *, replicas: int = 1, **spec: Any) -> Manifest:
    """A StatefulSet without volumes."""
    return _object(
        "apps/v1",
        "StatefulSet",
        name,
        spec={
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {LABEL: name}},
            "template": template(name, image, **spec),
        },
    )


def daemon_set(name: str, image: str | None = None, **spec: Any) -> Manifest:
    """A DaemonSet on the lab's ordinary nodes."""
    return _object(
        "apps/v1",
        "DaemonSet",
        name,
        spec={"selector": {"matchLabels": {LABEL: name}}, "template": template(name, image, **spec)},
    )


def replica_set(
    name: str, image: str | None = None, *, owner: Manifest | None = None, **spec: Any
) -> Manifest:
    """A ReplicaSet, owned by ``owner`` (an object that stands before it in the scenario)."""
    made = _object(
        "apps/v1",
        "ReplicaSet",
        name,
        spec={
            "replicas": 1,
            "selector": {"matchLabels": {LABEL: name}},
            "template": template(name, image, **spec),
        },
    )
    if owner is not None:
        made["metadata"]["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "controller": True,
            }
        ]
    return made


def job(name: str, image: str | None = None, **spec: Any) -> Manifest:
    """A Job whose pod is not started again."""
    spec.setdefault("restartPolicy", "Never")
    return _object(
        "batch/v1", "Job", name, spec={"backoffLimit": 0, "template": template(name, image, **spec)}
    )


def cron_job(name: str, image: str | None = None, **spec: Any) -> Manifest:
    """A CronJob that is due every minute, one Job at a time."""
    return _object(
        "batch/v1",
        "CronJob",
        name,
        spec={
            "schedule": "* * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": job(name, image, **spec)["spec"]},
        },
    )


def pull_secret(name: str, registry: str, username: str, password: str) -> Manifest:
    """A pull Secret for one registry."""
    return docker_config(name, {"auths": {registry: {"username": username, "password": password}}})


def docker_config(name: str, config: Any) -> Manifest:
    """A pull Secret with this configuration, which need not make sense."""
    return secret(name, "kubernetes.io/dockerconfigjson", {".dockerconfigjson": json.dumps(config)})


def secret(name: str, kind: str, values: dict[str, str]) -> Manifest:
    """A Secret of that type."""
    return _object("v1", "Secret", name, type=kind, stringData=values)


def service_account(name: str, pull_secrets: tuple[str, ...]) -> Manifest:
    """A ServiceAccount that lends its pull secrets to pods which name none."""
    return _object("v1", "ServiceAccount", name, imagePullSecrets=[{"name": entry} for entry in pull_secrets])


def custom_kind(kind: str) -> Manifest:
    """A CustomResourceDefinition of that kind, without a schema to speak of."""
    plural, group = f"{kind.lower()}s", CUSTOM_GROUP
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return _object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{group}",
        spec={
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    )


def custom_object(kind: str, name: str) -> Manifest:
    """An object of a kind of custom_kind()."""
    return _object(CUSTOM_GROUP_VERSION, kind, name)


def image_of(kind: str, name: str, image: str, container_name: str = "app") -> dict[str, Any]:
    """The arguments of a Patch that gives a workload another image, as ``kubectl set image`` does."""
    containers = {"containers": [{"name": container_name, "image": image}]}
    body = {"spec": containers} if kind == "Pod" else {"spec": {"template": {"spec": containers}}}
    return {"kind": kind, "name": name, "body": body}


def _object(
    api_version: str, kind: str, name: str, labels: dict[str, str] | None = None, **rest: Any
) -> Manifest:
    metadata: Manifest = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
