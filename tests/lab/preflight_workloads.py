# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hundred workloads as charts are rendered, most of them sound, with a known fault in each of a few."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.lab.image_pull_lab.registries import Accounts

Manifest = dict[str, Any]
NAMESPACES = ("shop", "pay", "web")
TOTAL = 300
BASIC, TOKEN = "basic.reg.test", "token.reg.test"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC = (
    "registry.reg.test/app/ok:1",
    "registry.reg.test/app/ok:2",
    "registry.reg.test/app/web:1.0.1",
    "registry.reg.test/app/multi:1",
    "nginx:1.27",
    "redis",
    "docker.io/bitnami/redis:7.2",
    "quay.io/prometheus/node-exporter:v1.8.0",
    "ghcr.io/open/tool:1",
    "registry.k8s.io/pause:3.10.1",
)
KINDS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicaSet",
    "Pod",
    "ReplicationController",
)
_VERSIONS = {"Job": "batch/v1", "CronJob": "batch/v1", "Pod": "v1", "ReplicationController": "v1"}


@dataclass(frozen=True)
class Planted:
    """A fault: the workload's name, its manifests, and the causes that are a true answer."""

    name: str
    causes: tuple[str, ...]
    objects: tuple[Manifest, ...]


def workload(kind: str, namespace: str, name: str, spec: Manifest) -> Manifest:
    """A workload of a kind around the spec of a pod."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    selector = {"matchLabels": labels}
    body: Manifest = {
        "Pod": spec,
        "Job": {"template": template},
        "CronJob": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        "ReplicationController": {"selector": labels, "template": template},
        "StatefulSet": {"serviceName": name, "selector": selector, "template": template},
    }.get(kind, {"selector": selector, "template": template})
    version = _VERSIONS.get(kind, "apps/v1")
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": body,
    }


def pod_spec(image: str, *secrets: str, **more: Any) -> Manifest:
    """The spec of a pod that sleeps. It always pulls, so that it does not matter what the nodes hold already."""
    container = {"name": "app", "image": image, "command": ["/bin/sleep", "3600"]}
    container["imagePullPolicy"] = more.pop("policy", "Always")
    named = {"imagePullSecrets": [{"name": one} for one in secrets]} if secrets else {}
    return {"containers": [container], "restartPolicy": "Always", **named, **more}


def pull_secret(namespace: str, name: str, host: str, user: str, password: str, **changes: Any) -> Manifest:
    """A Secret of the type for registries."""
    content = json.dumps({"auths": {host: {"username": user, "password": password}}})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(content.encode()).decode()},
        **changes,
    }


def sound(accounts: Accounts) -> Iterator[Manifest]:
    """Secrets, ServiceAccounts and workloads with which nothing is wrong."""
    for namespace in NAMESPACES:
        yield pull_secret(namespace, "regcred", BASIC, accounts.member, accounts.member_password)
        yield pull_secret(namespace, "tokencred", TOKEN, accounts.member, accounts.member_password)
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "puller", "namespace": namespace},
            "imagePullSecrets": [{"name": "tokencred"}],
        }
    for number in range(TOTAL - len(planted(accounts))):
        namespace, kind = NAMESPACES[number % len(NAMESPACES)], KINDS[number % len(KINDS)]
        spec = pod_spec(PUBLIC[number % len(PUBLIC)])
        if number % 7 == 0:
            spec = pod_spec(f"{BASIC}/acme/app:1", "regcred")
        elif number % 11 == 0:
            spec = pod_spec(f"{TOKEN}/acme/app:1", serviceAccountName="puller")
        elif number % 13 == 0:
            spec["initContainers"] = [{"name": "migrate", "image": "registry.reg.test/app/web:1.1.0"}]
        yield workload(kind, namespace, f"sound-{number}", spec)


def planted(accounts: Accounts) -> list[Planted]:
    """The faults, each in a workload of its own."""
    denied = ("auth_missing", "repository_not_found_or_private")
    guess = "not-the-password"
    found: list[Planted] = []

    def plant(
        name: str, causes: str | tuple[str, ...], spec: Manifest, *beside: Manifest, kind: str = "Deployment"
    ) -> None:
        causes = (causes,) if isinstance(causes, str) else causes
        found.append(Planted(name, causes, (*beside, workload(kind, "shop", name, spec))))

    def secret(name: str, host: str, user: str, password: str, **changes: Any) -> Manifest:
        return pull_secret("shop", name, host, user, password, **changes)

    plant("wrong-tag", "tag_not_found", pod_spec("registry.reg.test/app/web:1.0.2"))
    plant("wrong-tag-hub", "tag_not_found", pod_spec("nginx:1.99"), kind="StatefulSet")
    plant("typo-hub", ("repository_not_found_or_private", "repository_not_found"), pod_spec("ngnix:latest"))
    plant(
        "no-repository",
        ("repository_not_found", "tag_not_found"),
        pod_spec("registry.reg.test/app/nothing:1"),
    )
    plant("wrong-digest", "tag_not_found", pod_spec(f"registry.reg.test/app/ok@sha256:{'ab' * 32}"))
    plant("no-credential", denied, pod_spec(f"{BASIC}/acme/app:1"), kind="DaemonSet")
    plant("no-credential-hub", denied, pod_spec("docker.io/acme/app:1"))
    plant("no-credential-ecr", denied, pod_spec(f"{ECR}/acme/app:1"))
    plant(
        "wrong-password",
        "auth_invalid",
        pod_spec(f"{BASIC}/acme/app:1", "guessed"),
        secret("guessed", BASIC, accounts.member, guess),
    )
    plant(
        "expired-ecr",
        "auth_invalid",
        pod_spec(f"{ECR}/acme/app:1", "old-ecr"),
        secret("old-ecr", ECR, accounts.ecr_user, accounts.ecr_expired_token),
    )
    plant(
        "no-right",
        ("auth_forbidden", "repository_not_found_or_private"),
        pod_spec("docker.io/acme/app:1", "stranger"),
        secret("stranger", "https://index.docker.io/v1/", accounts.stranger, accounts.stranger_password),
    )
    plant(
        "wrong-key",
        denied,
        pod_spec(f"{BASIC}/acme/app:1", "elsewhere"),
        secret("elsewhere", f"{BASIC}:443", accounts.member, accounts.member_password),
    )
    plant(
        "secret-missing", "secret_missing", pod_spec(f"{BASIC}/acme/app:1", "nobody-made-it"), kind="CronJob"
    )
    plant(
        "secret-opaque",
        "secret_missing",
        pod_spec(f"{BASIC}/acme/app:1", "opaque"),
        secret("opaque", BASIC, accounts.member, accounts.member_password, type="Opaque"),
    )
    plant(
        "secret-malformed",
        "secret_missing",
        pod_spec(f"{BASIC}/acme/app:1", "broken"),
        secret(
            "broken",
            BASIC,
            "x",
            "y",
            data={".dockerconfigjson": base64.b64encode(b'{"auths": {"a": 7}}').decode()},
        ),
    )
    plant("arm-only", "platform_mismatch", pod_spec("registry.reg.test/app/arm:1"))
    plant("no-amd64-in-index", "platform_mismatch", pod_spec("registry.reg.test/app/index:1"))
    plant("windows-only", "platform_mismatch", pod_spec("registry.reg.test/app/windows:1"))
    plant("never", "never_policy", pod_spec("registry.reg.test/app/medium:1", policy="Never"))
    plant("upper-case", "image_name_invalid", pod_spec("registry.reg.test/App/ok:1"), kind="Job")
    plant("certificate-expired", "tls_expired", pod_spec("expired.reg.test/app/ok:1"))
    plant("server-error", "registry_server_error", pod_spec("error-500.reg.test/app/ok:1"))
    sidecar = {"name": "proxy", "image": "registry.reg.test/app/ok:9", "restartPolicy": "Always"}
    plant("sidecar-tag", "tag_not_found", pod_spec("registry.reg.test/app/ok:1", initContainers=[sidecar]))
    volume = {"name": "model", "image": {"reference": "registry.reg.test/app/ok:8"}}
    plant("volume-tag", "tag_not_found", pod_spec("registry.reg.test/app/ok:1", volumes=[volume]), kind="Pod")
    game = workload("Deployment", "shop", "custom-tag", pod_spec("registry.reg.test/app/ok:7"))
    game |= {"apiVersion": "lab.example/v1", "kind": "Game"}
    game["spec"] = {"fleet": {"template": game["spec"]["template"]}}
    found.append(Planted("custom-tag", ("tag_not_found",), (game,)))
    return found


def spec_in(item: Manifest) -> Manifest:
    """The pod spec in a workload of any kind."""
    waiting: list[Any] = [item["spec"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "containers" in value:
                return value
            waiting += value.values()
    raise ValueError(f"no pod in {item['kind']}")


def render(objects: list[Manifest]) -> str:
    """The text as helm prints it: a comment before each document, some of them empty, the last few in a List."""
    parts = [
        f"# Source: shop/templates/{one['kind'].lower()}-{number}.yaml\n{yaml.safe_dump(one)}"
        + ("---\n# Source: shop/templates/optional.yaml\n" if number % 50 == 0 else "")
        for number, one in enumerate(objects[:-10])
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects[-10:]}
    return "---\n".join(["", *parts, yaml.safe_dump(listed)])
