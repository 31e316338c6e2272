# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods and events as the API shows them, with only what a test is about written out."""

from __future__ import annotations

from typing import Any

NOW = "2026-01-31T09:00:00Z"
UID = "11111111-aaaa-bbbb-cccc-000000000001"
IMAGE = "registry.example.com/shop/web:1.7.3"
NOT_FOUND = f'rpc error: code = NotFound desc = failed to pull and unpack image "{IMAGE}": {IMAGE}: not found'


def at(minutes: int, seconds: int = 0) -> str:
    """A time that many minutes after half past eight; NOW is minute 30."""
    return f"2026-01-31T08:{30 + minutes:02d}:{seconds:02d}Z" if minutes < 30 else NOW


def waiting(reason: str, message: str = "", name: str = "app", **more: Any) -> dict[str, Any]:
    """The status of a container that waits."""
    state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return {
        "name": name,
        "ready": False,
        "restartCount": 0,
        "image": IMAGE,
        "imageID": "",
        "state": state,
        **more,
    }


def running(name: str = "app") -> dict[str, Any]:
    """The status of a container that runs."""
    state = {"running": {"startedAt": at(0)}}
    return {
        "name": name,
        "ready": True,
        "started": True,
        "restartCount": 0,
        "image": IMAGE,
        "imageID": "sha256:1",
        "state": state,
    }


def ended(name: str = "app", reason: str = "Completed", code: int = 0) -> dict[str, Any]:
    """The status of a container that has ended."""
    state = {"terminated": {"reason": reason, "exitCode": code, "finishedAt": at(1)}}
    return {
        "name": name,
        "ready": False,
        "restartCount": 0,
        "image": IMAGE,
        "imageID": "sha256:1",
        "state": state,
    }


def container(name: str = "app", image: str = IMAGE, **more: Any) -> dict[str, Any]:
    """A container of a pod's specification."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", **more}


def pod(*statuses: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A pod on worker-1, scheduled at half past eight; ``parts`` overrule single fields.

    ``init``, ``ephemeral`` and their ``..._statuses`` fill those sections, ``status`` and ``spec`` whatever else.
    """
    name = parts.get("name", "web-1")
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(0)}
    return {
        "metadata": {
            "namespace": parts.get("namespace", "shop"),
            "name": name,
            "uid": parts.get("uid", UID),
            "creationTimestamp": at(0),
            **parts.get("metadata", {}),
        },
        "spec": {
            "nodeName": "worker-1",
            "serviceAccountName": "default",
            "containers": parts.get(
                "containers", [container(status["name"]) for status in statuses] or [container()]
            ),
            "initContainers": parts.get("init", []),
            "ephemeralContainers": parts.get("ephemeral", []),
            **parts.get("spec", {}),
        },
        "status": {
            "phase": parts.get("phase", "Pending"),
            "startTime": at(0),
            "conditions": [scheduled, *parts.get("conditions", [])],
            "containerStatuses": list(statuses),
            "initContainerStatuses": parts.get("init_statuses", []),
            "ephemeralContainerStatuses": parts.get("ephemeral_statuses", []),
            **parts.get("status", {}),
        },
    }


def event(
    reason: str, message: str, last: str = at(29), *, field: str = "spec.containers{app}", **more: Any
) -> dict[str, Any]:
    """An event of a kubelet about that pod."""
    about = {"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": UID, "fieldPath": field}
    return {
        "metadata": {
            "name": f"web-1.{abs(hash((reason, message, last, field)))}",
            "creationTimestamp": at(0, 5),
        },
        "involvedObject": {**about, **more.pop("about", {})},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": 1,
        "firstTimestamp": at(0, 5),
        "lastTimestamp": last,
        "source": {"component": "kubelet", "host": "worker-1"},
        **more,
    }
