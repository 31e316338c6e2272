# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a data-only API server with pods as a cluster would show them.

Nothing runs these pods: the objects are written with the status and the events that a kubelet 1.34
with containerd 1.7 reports, so that reading and judging can be measured without nodes.
"""

from __future__ import annotations

import http.client
import json
import queue
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

NODES = 20
NAMESPACES = 40
PODS_PER_FAULT = 5
SIDECAR_IMAGE = "registry.example.com/mesh/proxy:1.20"
RUNNING_POD_WITH_FAILING_CONTAINER = "half-started"

_PULL = 'failed to pull and unpack image "{image}": '
_RESOLVE = _PULL + 'failed to resolve reference "{image}": '
NOT_FOUND = "rpc error: code = NotFound desc = " + _RESOLVE + "{image}: not found"
UNAUTHORIZED = _RESOLVE + (
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
    "https://auth.example.com/token?scope=repository%3Ateam%3Apull: 401 Unauthorized"
)
NO_SUCH_HOST = _RESOLVE + (
    'failed to do request: Head "https://{host}/v2/team/manifests/v1": dial tcp: lookup {host} on 10.0.0.10:53: '
    "no such host"
)
RATE_LIMITED = _PULL + (
    "failed to copy: httpReadSeeker: failed open: unexpected status code https://{host}/v2/team/manifests/v1: "
    "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."
)
CAUSES = (NOT_FOUND, UNAUTHORIZED, NO_SUCH_HOST, RATE_LIMITED)


@dataclass(frozen=True)
class Server:
    """Where to write: the address of the API server, a bearer token, and a CA file."""

    url: str
    token: str
    ca_file: str


@dataclass(frozen=True)
class Size:
    """How much to write. ``images`` is the number of different images among the failing pods."""

    pods: int
    failing: int
    images: int


Step = tuple[str, str, dict[str, Any]]


class Writer:
    """Sends jobs (lists of requests that depend on each other) over several connections."""

    def __init__(self, server: Server, connections: int = 16) -> None:
        self._server = server
        self._jobs: queue.Queue[list[Step] | None] = queue.Queue(maxsize=connections * 8)
        self._errors: list[str] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for dummy in range(connections)]
        for thread in self._threads:
            thread.start()

    def send(self, job: list[Step]) -> None:
        """Queue one job."""
        self._jobs.put(job)

    def settle(self) -> None:
        """Wait for all jobs so far; raises RuntimeError with the first refusal."""
        self._jobs.join()
        if self._errors:
            raise RuntimeError(self._errors[0])

    def close(self) -> None:
        """Settle and end the threads."""
        self.settle()
        for dummy in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        address = urlsplit(self._server.url)
        context = ssl.create_default_context(cafile=self._server.ca_file)
        connection = http.client.HTTPSConnection(address.hostname or "", address.port or 443, context=context)
        while (job := self._jobs.get()) is not None:
            try:
                self._run(connection, job)
            except (OSError, http.client.HTTPException, ValueError, KeyError, RuntimeError) as error:
                self._errors.append(f"{job[0][:2]}: {error}")
                connection.close()
            finally:
                self._jobs.task_done()
        self._jobs.task_done()
        connection.close()

    def _run(self, connection: http.client.HTTPSConnection, job: list[Step]) -> None:
        uids: dict[str, str] = {}
        for method, path, body in job:
            content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
            headers = {"Authorization": f"Bearer {self._server.token}", "Content-Type": content_type}
            connection.request(method, path, _with_uids(json.dumps(body), uids), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status == 409:
                continue
            if response.status >= 300:
                raise RuntimeError(f"HTTP {response.status}: {answer.get('message')}")
            uids[f"{answer['kind']}/{answer['metadata']['name']}"] = answer["metadata"]["uid"]


def _with_uids(body: str, uids: dict[str, str]) -> bytes:
    for key, uid in uids.items():
        body = body.replace(f"UID({key})", uid)
    return body.encode()


def fill(server: Server, size: Size, now: datetime | None = None) -> None:
    """Write namespaces, nodes, workloads, pods and events; objects that exist already are left as they are."""
    moment = now or datetime.now(UTC)
    writer = Writer(server)
    for job in _ground(moment):
        writer.send(job)
    writer.settle()
    for job in _workloads(size, moment):
        writer.send(job)
    writer.send(_half_started(moment))
    writer.close()


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ground(moment: datetime) -> Iterator[list[Step]]:
    for index in range(NAMESPACES):
        name = f"team-{index}"
        yield [
            ("POST", "/api/v1/namespaces", {"metadata": {"name": name}}),
            ("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}}),
        ]
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "lastTransitionTime": _stamp(moment),
    }
    images = [{"names": [f"registry.example.com/base/{index}:1"], "sizeBytes": 10**8} for index in range(40)]
    versions = dict.fromkeys(
        ("bootID", "kernelVersion", "kubeProxyVersion", "machineID", "osImage", "systemUUID"), ""
    )
    info = {
        **versions,
        "architecture": "amd64",
        "operatingSystem": "linux",
        "containerRuntimeVersion": "containerd://1.7.24",
        "kubeletVersion": "v1.34.2",
    }
    for index in range(NODES):
        name = f"node-{index}"
        status = {"conditions": [condition], "images": images, "nodeInfo": info}
        yield [
            (
                "POST",
                "/api/v1/nodes",
                {"metadata": {"name": name, "labels": {"kubernetes.io/arch": "amd64"}}},
            ),
            ("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}),
        ]


def _workloads(size: Size, moment: datetime) -> Iterator[list[Step]]:
    index = 0
    while index < size.pods:
        failing = index < size.failing
        replicas = min(PODS_PER_FAULT if failing else 20, (size.failing if failing else size.pods) - index)
        workload = index // PODS_PER_FAULT if failing else index // 20
        image = (
            _failing_image(workload % size.images)
            if failing
            else f"registry.example.com/ok/service{workload % 300}:1"
        )
        yield from _deployment(
            ("bad" if failing else "good") + f"-{workload}", workload, image, replicas, failing, moment
        )
        index += replicas


def _failing_image(index: int) -> str:
    return f"r{index % 8}.example.com/team/app{index}:v1"


def _deployment(
    name: str, workload: int, image: str, replicas: int, failing: bool, moment: datetime
) -> Iterator[list[Step]]:
    namespace = f"team-{workload % NAMESPACES}"
    apps = f"/apis/apps/v1/namespaces/{namespace}"
    labels = {"app": name}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": image}]},
        },
    }
    replica_set = f"{name}-5d9c7b6f8d"
    revision = {"deployment.kubernetes.io/revision": "2"}
    parts: list[Step] = [
        ("POST", f"{apps}/deployments", {"metadata": {"name": name}, "spec": {"replicas": replicas, **spec}}),
        (
            "POST",
            f"{apps}/replicasets",
            {
                "metadata": {
                    "name": replica_set,
                    "annotations": revision,
                    "ownerReferences": [_owner("Deployment", name)],
                },
                "spec": {"replicas": replicas, **spec},
            },
        ),
    ]
    for index in range(replicas):
        node = f"node-{(workload * 7 + index) % NODES}"
        pod = f"{replica_set}-{index:05d}"
        parts += _pod(
            namespace, pod, node, image, _owner("ReplicaSet", replica_set), failing, workload, moment
        )
    yield parts


def _owner(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": name,
        "uid": f"UID({kind}/{name})",
        "controller": True,
    }


def _pod(
    namespace: str,
    name: str,
    node: str,
    image: str,
    owner: dict[str, Any],
    failing: bool,
    fault: int,
    moment: datetime,
) -> list[Step]:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    container = {
        "name": "app",
        "image": image,
        "env": [{"name": f"SETTING_{index}", "value": "v" * 40} for index in range(8)],
        "resources": {"requests": {"cpu": "10m", "memory": "10Mi"}},
    }
    body = {
        "metadata": {
            "name": name,
            "annotations": {"example.com/note": "x" * 200},
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": node, "containers": [container, {"name": "proxy", "image": SIDECAR_IMAGE}]},
    }
    host = image.split("/", 1)[0]
    message = CAUSES[fault % len(CAUSES)].format(image=image, host=host)
    since = _stamp(moment - timedelta(minutes=12))
    app = _waiting(image, message) if failing else _running("app", image, since)
    status = {
        "phase": "Pending" if failing else "Running",
        "hostIP": "10.0.0.1",
        "startTime": since,
        "conditions": [
            {"type": "Ready", "status": "False" if failing else "True", "lastTransitionTime": since}
        ],
        "containerStatuses": [app, _running("proxy", SIDECAR_IMAGE, since)],
    }
    events = (
        _failing_events(image, message)
        if failing
        else [("Pulled", "Normal", f'Container image "{image}" already present on machine', 1)]
    )
    return [
        ("POST", pods, body),
        ("PATCH", f"{pods}/{name}/status", {"status": status}),
        *[_event(namespace, name, node, "app", index, event, moment) for index, event in enumerate(events)],
    ]


def _waiting(image: str, message: str) -> dict[str, Any]:
    waiting = {
        "reason": "ImagePullBackOff",
        "message": f'Back-off pulling image "{image}": ErrImagePull: {message}',
    }
    return {
        **_status("app", image),
        "imageID": "",
        "ready": False,
        "started": False,
        "state": {"waiting": waiting},
    }


def _running(name: str, image: str, since: str) -> dict[str, Any]:
    digest = f"{image}@sha256:{'0' * 64}"
    return {
        **_status(name, image),
        "imageID": digest,
        "ready": True,
        "started": True,
        "state": {"running": {"startedAt": since}},
    }


def _status(name: str, image: str) -> dict[str, Any]:
    return {"name": name, "image": image, "restartCount": 0}


def _failing_events(image: str, message: str) -> list[tuple[str, str, str, int]]:
    return [
        ("Pulling", "Normal", f'Pulling image "{image}"', 6),
        ("Failed", "Warning", f'Failed to pull image "{image}": {message}'[:1023], 6),
        ("Failed", "Warning", "Error: ErrImagePull", 6),
        ("BackOff", "Normal", f'Back-off pulling image "{image}"', 30),
    ]


def _event(
    namespace: str,
    pod: str,
    node: str,
    container: str,
    index: int,
    event: tuple[str, str, str, int],
    moment: datetime,
) -> Step:
    reason, kind, message, count = event
    return (
        "POST",
        f"/api/v1/namespaces/{namespace}/events",
        {
            "metadata": {"name": f"{pod}.{index}"},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": namespace,
                "name": pod,
                "uid": f"UID(Pod/{pod})",
                "fieldPath": f"spec.containers{{{container}}}",
            },
            "reason": reason,
            "message": message,
            "type": kind,
            "count": count,
            "firstTimestamp": _stamp(moment - timedelta(minutes=11)),
            "lastTimestamp": _stamp(moment - timedelta(seconds=40)),
            "source": {"component": "kubelet", "host": node},
        },
    )


def _half_started(moment: datetime) -> list[Step]:
    """A Running pod whose first container is well and whose second cannot get its image."""
    namespace, name, node = "team-0", RUNNING_POD_WITH_FAILING_CONTAINER, "node-0"
    pods = f"/api/v1/namespaces/{namespace}/pods"
    image = "r0.example.com/team/second:gone"
    message = NOT_FOUND.format(image=image)
    since = _stamp(moment - timedelta(hours=3))
    waiting = {**_waiting(image, message), "name": "second"}
    status = {
        "phase": "Running",
        "startTime": since,
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": since}],
        "containerStatuses": [_running("first", "registry.example.com/ok/service1:1", since), waiting],
    }
    containers = [
        {"name": "first", "image": "registry.example.com/ok/service1:1"},
        {"name": "second", "image": image},
    ]
    return [
        ("POST", pods, {"metadata": {"name": name}, "spec": {"nodeName": node, "containers": containers}}),
        ("PATCH", f"{pods}/{name}/status", {"status": status}),
        *[
            _event(namespace, name, node, "second", index, event, moment)
            for index, event in enumerate(_failing_events(image, message))
        ],
    ]
