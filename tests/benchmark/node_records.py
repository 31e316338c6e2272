# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many nodes that cannot reach a registry, as records in an API server that has no nodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.benchmark.fill import Server, Step, Writer
from tests.lab.image_pull_lab import Lab

BLACK_HOLE = "registry.blackhole.test"
IMAGE = f"{BLACK_HOLE}/shop/web:1"
NAMESPACE = "shop"
WELL = 5
_FAILED = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": failed to do request: '
    f'Head "https://{BLACK_HOLE}/v2/shop/web/manifests/1": dial tcp 10.99.9.5:443: i/o timeout'
)


@dataclass(frozen=True)
class Names:
    """The nodes whose pods fail, and those that have none."""

    failing: tuple[str, ...]
    well: tuple[str, ...]


def records(lab: Lab, number: int) -> Names:
    """Writes that many nodes with a failing pod each, and some without; returns their names."""
    names = Names(
        tuple(f"hit-{position:03}" for position in range(number)),
        tuple(f"well-{position:03}" for position in range(WELL)),
    )
    writer = Writer(Server(lab.server, lab.token("admin"), str(lab.ca_file)))
    writer.send(
        [
            ("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}),
            ("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": "default"}}),
        ]
    )
    writer.settle()
    for name in (*names.failing, *names.well):
        writer.send(_node(name))
    for name in names.failing:
        writer.send(_pod(f"web-{name}", name))
    writer.close()
    return names


def _node(name: str) -> list[Step]:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": _now()}
    unknown = (
        "bootID",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "osImage",
        "systemUUID",
    )
    info = {
        "architecture": "amd64",
        "operatingSystem": "linux",
        "containerRuntimeVersion": "containerd://1.7.24",
    }
    status = {
        "conditions": [ready],
        "addresses": [{"type": "Hostname", "address": name}],
        "nodeInfo": {**dict.fromkeys(unknown, ""), **info},
    }
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
    return [
        ("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": metadata}),
        ("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}),
    ]


def _pod(name: str, node: str) -> list[Step]:
    container = {"name": "app", "image": IMAGE}
    spec = {"nodeName": node, "containers": [container], "tolerations": [{"operator": "Exists"}]}
    waiting = {
        "reason": "ImagePullBackOff",
        "message": f'Back-off pulling image "{IMAGE}": ErrImagePull: {_FAILED}',
    }
    entry = {
        "name": "app",
        "image": IMAGE,
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": waiting},
    }
    status: dict[str, Any] = {"phase": "Pending", "startTime": _now(), "containerStatuses": [entry]}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    return [
        ("POST", path, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}),
        ("PATCH", f"{path}/{name}/status", {"status": status}),
    ]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
