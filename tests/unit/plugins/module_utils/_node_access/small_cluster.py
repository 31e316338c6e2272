# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server on loopback that keeps Jobs and makes their pods, to bring about what real ones seldom do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials

from tests.unit.plugins.module_utils._cluster.api_server import (
    Answer,
    ApiServer,
    Request,
    as_json,
    page,
    refusal,
)

Json = dict[str, Any]
JOBS, PODS, EVENTS = (
    f"{prefix}/namespaces/kube-system/{kind}"
    for prefix, kind in (("/apis/batch/v1", "jobs"), ("/api/v1", "pods"), ("/api/v1", "events"))
)
RUNNING: Json = {
    "phase": "Running",
    "startTime": "2026-01-31T08:00:00Z",
    "containerStatuses": [{"state": {"running": {}}, "containerID": "c"}],
}
NEVER: Json = {
    "phase": "Pending",
    "containerStatuses": [{"state": {"waiting": {"reason": "ErrImageNeverPull"}}}],
}


class SmallCluster:
    """Nodes with images; ``status_of`` says what becomes of the pod of a Job, None for no pod."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.jobs: dict[str, Json] = {}
        self.deleted: list[str] = []
        self.events: list[Json] = []
        self.nodes: dict[str, Json] = {}
        self.admission: Callable[[Request], Answer] = lambda request: as_json(json.loads(request.body))
        self.creation: Callable[[Request], Answer | None] = lambda _request: None
        self.status_of: Callable[[Json], Json | None] = lambda _job: RUNNING
        server.reply = self._reply

    def client(self, deadline: float = 60.0) -> Client:
        return Client(Connection(self.server.url, Credentials("Bearer t")), deadline=deadline)

    def node(self, name: str, *images: str, ready: str = "True", pods: str = "110") -> None:
        self.nodes[name] = {
            "metadata": {"name": name},
            "status": {
                "allocatable": {"pods": pods},
                "conditions": [{"type": "Ready", "status": ready, "message": "m"}],
                "images": [{"names": [image], "sizeBytes": 9 + index} for index, image in enumerate(images)],
            },
        }

    @property
    def made(self) -> list[Json]:
        """The bodies of the Jobs that were asked for."""
        return [
            json.loads(one.body) for one in self.server.requests if (one.method, one.path) == ("POST", JOBS)
        ]

    def _reply(self, request: Request) -> Answer:
        self.server.requests.append(request)
        found = re.fullmatch(r"/api/v1/nodes/([^/]+)", request.path)
        if found:
            return as_json(self.nodes[found[1]]) if found[1] in self.nodes else refusal(404)
        if request.path in (PODS, "/api/v1/pods"):
            return self.admission(request) if request.method == "POST" else page(*self._pods())
        if request.path == EVENTS:
            return page(*self.events)
        if request.path == JOBS:
            return self._create(request) if request.method == "POST" else page(*self.jobs.values())
        name = request.path.rpartition("/")[2]
        if request.path.startswith(f"{JOBS}/") and name in self.jobs:
            if request.method == "DELETE":
                self.deleted.append(name)
                del self.jobs[name]
                return as_json({})
            return as_json(self.jobs[name])
        return refusal(404, f"nothing at {request.path}")

    def _create(self, request: Request) -> Answer:
        body = json.loads(request.body)
        name = body["metadata"]["name"]
        answer = self.creation(request)
        if answer and answer.status != 503:
            return answer
        if name in self.jobs:
            return refusal(409, "already exists")
        body["metadata"]["uid"] = f"uid-of-{name}"
        self.jobs[name] = body
        return answer or as_json(body)

    def _pods(self) -> list[Json]:
        pods = []
        for name, job in self.jobs.items():
            status = self.status_of(job)
            if status is not None:
                owner = {"kind": "Job", "uid": f"uid-of-{name}"}
                metadata = {
                    **job["spec"]["template"]["metadata"],
                    "name": f"{name}-x",
                    "uid": f"uid-of-pod-{name}",
                    "ownerReferences": [owner],
                }
                pods.append({"metadata": metadata, "spec": job["spec"]["template"]["spec"], "status": status})
        return pods
