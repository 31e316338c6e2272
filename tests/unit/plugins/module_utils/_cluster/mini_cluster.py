# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of an API server that reading pull failures touches: lists with selectors, tables, objects, refusals.

What a real server does with the same requests is tested against a real one (tests/benchmark, tests/lab); this one makes
states of a cluster that are hard to come by.
"""

from __future__ import annotations

import re
from typing import Any

from tests.unit.plugins.module_utils._cluster.api_server import Answer, ApiServer, Request, as_json, refusal

Object = dict[str, Any]
_LIST = re.compile(r"/api/v1(?:/namespaces/(?P<namespace>[^/]+))?/(?P<kind>pods|events|nodes)\Z")


class MiniCluster:
    """Objects by path, pods, events and nodes as lists; ``forbidden``: words of paths that are refused."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.pods: list[Object] = []
        self.events: list[Object] = []
        self.nodes: list[Object] = []
        self.objects: dict[str, Object] = {}
        self.forbidden: list[str] = []
        self.tables = True
        self.add("/version", gitVersion="v1.34.2")
        for name in ("kube-system", "shop", "pay"):
            self.add(f"/api/v1/namespaces/{name}", metadata={"name": name, "uid": f"uid-of-{name}"})
        server.reply = self._reply  # type: ignore[method-assign]

    def add(self, path: str, **content: Any) -> None:
        """Put an object, or a whole list, at ``path``."""
        self.objects[path] = content

    def add_list(self, path: str, *items: Object) -> None:
        """Put a list at ``path``."""
        self.objects[path] = {"metadata": {}, "items": list(items)}

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.server.requests]

    def _reply(self, request: Request) -> Answer:
        self.server.requests.append(request)
        if any(word == f"={request.path}" or word in request.path for word in self.forbidden):
            return refusal(403, f'cannot read {request.path}: User "u" may not')
        match = _LIST.match(request.path)
        if match:
            return self._list(request, match["kind"], match["namespace"])
        if request.path in self.objects:
            return as_json(self.objects[request.path])
        return refusal(404, f"{request.path} not found")

    def _list(self, request: Request, kind: str, namespace: str | None) -> Answer:
        items = [item for item in getattr(self, kind) if namespace in (None, _namespace(item))]
        for term in filter(None, request.query.get("fieldSelector", "").split(",")):
            field, unequal, value = re.split(r"(!?=)", term, maxsplit=1)
            items = [item for item in items if (_field(item, field) == value) == (unequal == "=")]
        for term in filter(None, request.query.get("labelSelector", "").split(",")):
            name, _equal, value = term.partition("=")
            items = [item for item in items if item["metadata"].get("labels", {}).get(name) == value]
        if "as=Table" not in request.headers["Accept"]:
            return as_json({"kind": "List", "metadata": {}, "items": items})
        if not self.tables:
            return refusal(406)
        columns = [{"name": name} for name in ("Name", "Ready", "Status", "Restarts", "Age")]
        rows = [
            {"cells": [item["metadata"]["name"], *_row(item), "0", "5m"], "object": None} for item in items
        ]
        return as_json({"kind": "Table", "metadata": {}, "columnDefinitions": columns, "rows": rows})


def _namespace(item: Object) -> str:
    return str(
        item["metadata"].get("namespace") or item.get("involvedObject", {}).get("namespace") or "default"
    )


def _field(item: Object, path: str) -> str:
    value: Any = item
    for key in path.split("."):
        value = value.get(key, "") if isinstance(value, dict) else ""
    return str(value)


def _row(pod: Object) -> tuple[str, str]:
    """Ready and Status as kubectl prints them (pkg/printers/internalversion, printPod), without its finer points."""
    statuses = pod["status"].get("containerStatuses", [])
    word = pod["status"].get("reason") or pod["status"]["phase"]
    for status in reversed(statuses):
        ((_state, detail),) = status["state"].items()
        word = detail.get("reason") or word
    if pod["metadata"].get("deletionTimestamp"):
        word = "Terminating"
    ready = sum(bool(status["ready"]) for status in statuses)
    return f"{ready}/{len(pod['spec']['containers'])}", word
