# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Job behind a node's shell: a pod that may do everything on its node, for a stated time, and then vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.naming import (
    NODE_NAME,
    job_name,
    labels,
)

CONTAINER = "shell"
PRIORITY = "system-node-critical"
MOUNTS = ("usr", "lib", "lib64", "bin", "sbin")
"""Folders of the node that lie over those of the image, so that any image will do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all shells of a run have in common; times in seconds."""

    namespace: str
    run: str
    seconds: int
    ttl: int


def job(
    settings: Settings,
    node: str,
    image: str,
    attempt: int = 1,
    mounts: Sequence[str] = MOUNTS,
    critical: bool = True,
) -> dict[str, Any]:
    """Return the Job for a shell on ``node`` that runs ``image``, which is never pulled.

    It ends by itself in four ways: its command, the pod's and the Job's deadlines, and its time to live after that; so
    one of kubelet and controller-manager is enough.
    """
    marks = labels(settings.run, node)
    notes = {NODE_NAME: node}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(settings.run, node, attempt),
            "namespace": settings.namespace,
            "labels": marks,
            "annotations": notes,
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": settings.seconds,
            "ttlSecondsAfterFinished": settings.ttl,
            "template": {
                "metadata": {"labels": marks, "annotations": notes},
                "spec": _pod_spec(settings, node, image, mounts, critical),
            },
        },
    }


def pod_of(job_object: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that a Job would make, for asking the API server whether it would be admitted."""
    template = job_object["spec"]["template"]
    metadata = job_object["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **template["metadata"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
        },
        "spec": template["spec"],
    }


def _pod_spec(
    settings: Settings, node: str, image: str, mounts: Sequence[str], critical: bool
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "nodeName": node,
        "hostPID": True,
        "hostNetwork": True,
        "dnsPolicy": "Default",
        "restartPolicy": "Never",
        "activeDeadlineSeconds": settings.seconds,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        "containers": [_container(settings, image, mounts)],
        # With a type that is checked, so that a folder that is not there is never made on the node.
        "volumes": [{"name": name, "hostPath": {"path": f"/{name}", "type": "Directory"}} for name in mounts],
    }
    if critical:
        spec["priorityClassName"] = PRIORITY
    return spec


def _container(settings: Settings, image: str, mounts: Sequence[str]) -> dict[str, Any]:
    return {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "Never",
        "command": ["/bin/sleep", str(settings.seconds)],
        # Nothing is requested: a critical pod that does not fit makes the kubelet throw out another one.
        "resources": {
            "requests": {"cpu": "0", "memory": "0"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
        # The sandbox image runs as a user without rights.
        "securityContext": {
            "privileged": True,
            "runAsUser": 0,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": name, "mountPath": f"/{name}", "readOnly": True} for name in mounts],
    }
