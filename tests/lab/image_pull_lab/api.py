# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client for the lab's API server: JSON in, JSON out, and waiting for things."""

from __future__ import annotations

import builtins
import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .errors import LabError

Json = dict[str, Any]

#: Kind ─► (API path, plural, namespaced): what tests create.
RESOURCES: dict[str, tuple[str, str, bool]] = {
    "Namespace": ("/api/v1", "namespaces", False),
    "Node": ("/api/v1", "nodes", False),
    "Pod": ("/api/v1", "pods", True),
    "Secret": ("/api/v1", "secrets", True),
    "ConfigMap": ("/api/v1", "configmaps", True),
    "Service": ("/api/v1", "services", True),
    "ServiceAccount": ("/api/v1", "serviceaccounts", True),
    "Event": ("/api/v1", "events", True),
    "ReplicationController": ("/api/v1", "replicationcontrollers", True),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims", True),
    "Deployment": ("/apis/apps/v1", "deployments", True),
    "ReplicaSet": ("/apis/apps/v1", "replicasets", True),
    "StatefulSet": ("/apis/apps/v1", "statefulsets", True),
    "DaemonSet": ("/apis/apps/v1", "daemonsets", True),
    "ControllerRevision": ("/apis/apps/v1", "controllerrevisions", True),
    "Job": ("/apis/batch/v1", "jobs", True),
    "CronJob": ("/apis/batch/v1", "cronjobs", True),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "CustomResourceDefinition": ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "RuntimeClass": ("/apis/node.k8s.io/v1", "runtimeclasses", False),
}


class ApiError(LabError):
    """The API server said no."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status


class Api:
    """One user's view of the API server."""

    def __init__(self, server: str, ca_file: Path, token: str) -> None:
        self.server = server
        self._context = ssl.create_default_context(cafile=str(ca_file))
        self._token = token

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        timeout: float = 30,
    ) -> Any:
        """The decoded answer (text where it is not JSON); ApiError for every status from 400 on."""
        parts = urlsplit(self.server)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=self._context, timeout=timeout
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"{method} {path} at {self.server}: {error}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(method, path, response.status, _message(text))
        return json.loads(text) if text[:1] in ("{", "[") else text

    def path(self, kind: str, namespace: str | None = None, name: str | None = None) -> str:
        """The API path of a kind, of all namespaces when none is given."""
        base, plural, namespaced = RESOURCES[kind]
        middle = f"/namespaces/{quote(namespace)}" if namespaced and namespace else ""
        return f"{base}{middle}/{plural}" + (f"/{quote(name)}" if name else "")

    def get(self, kind: str, name: str, namespace: str | None = None) -> Json:
        return self.request("GET", self.path(kind, namespace, name))

    def list(self, kind: str, namespace: str | None = None, **query: str) -> builtins.list[Json]:
        """Items, e.g. list("Pod", "shop", labelSelector="app=web")."""
        suffix = "?" + urlencode(query) if query else ""
        return self.request("GET", self.path(kind, namespace) + suffix)["items"]

    def create(self, manifest: Mapping[str, Any], namespace: str | None = None) -> Json:
        """Creates the object; the namespace is the manifest's own, else the given one, else "default"."""
        return self.request("POST", self.path(manifest["kind"], _namespace(manifest, namespace)), manifest)

    def apply(self, *manifests: Mapping[str, Any], namespace: str | None = None) -> None:
        """Creates each object, or merges the manifest into the one that exists."""
        for manifest in manifests:
            try:
                self.create(manifest, namespace)
            except ApiError as error:
                if error.status != 409:
                    raise
                self.patch(
                    manifest["kind"],
                    manifest["metadata"]["name"],
                    dict(manifest),
                    _namespace(manifest, namespace),
                )

    def patch(
        self, kind: str, name: str, patch: object, namespace: str | None = None, *, subresource: str = ""
    ) -> Json:
        """A merge patch, e.g. patch("Pod", "web", {"metadata": {"labels": {"a": "b"}}}, "shop")."""
        suffix = f"/{subresource}" if subresource else ""
        return self.request(
            "PATCH",
            self.path(kind, namespace, name) + suffix,
            patch,
            content_type="application/merge-patch+json",
        )

    def delete(
        self, kind: str, name: str, namespace: str | None = None, *, grace_seconds: int | None = None
    ) -> None:
        """Deletes the object; one that does not exist is fine."""
        options: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            self.request("DELETE", self.path(kind, namespace, name), options)
        except ApiError as error:
            if error.status != 404:
                raise

    def delete_namespace(self, name: str, *, seconds: float = 60) -> None:
        """Deletes a namespace and waits until its pods are gone, or whoever looks next still sees them."""
        self.delete("Namespace", name)
        for pod in self.list("Pod", name):
            self.delete("Pod", pod["metadata"]["name"], name, grace_seconds=0)
        self.wait(lambda: not self.list("Pod", name), f"the end of all pods in {name}", seconds)

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """A namespace in which pods can be created: its default ServiceAccount and root CA exist."""
        self.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
        )

        def furnished() -> bool:
            try:
                self.get("ServiceAccount", "default", name)
                self.get("ConfigMap", "kube-root-ca.crt", name)
            except ApiError as error:
                if error.status == 404:
                    return False
                raise
            return True

        self.wait(furnished, f"the default ServiceAccount of namespace {name}", 30)

    def events(self, namespace: str, pod: str) -> builtins.list[Json]:
        """Core events about one pod, oldest first."""
        found = self.list(
            "Event", namespace, fieldSelector=f"involvedObject.kind=Pod,involvedObject.name={pod}"
        )
        return sorted(found, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")

    def wait(self, check: Callable[[], object], what: str, seconds: float = 60) -> Any:
        """The first true value of check(), polled; LabError after that many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            value = check()
            if value:
                return value
            if time.monotonic() > deadline:
                raise LabError(f"{what}: not within {seconds:.0f} seconds")
            time.sleep(0.1)

    def wait_for_pod(
        self, namespace: str, name: str, phases: Sequence[str] = ("Running",), seconds: float = 60
    ) -> Json:
        """The pod once its phase is one of these."""
        last: Json = {}

        def reached() -> Json | None:
            last.clear()
            last.update(self.get("Pod", name, namespace))
            return last if last.get("status", {}).get("phase") in phases else None

        try:
            return self.wait(reached, f"pod {namespace}/{name} {'/'.join(phases)}", seconds)
        except LabError as error:
            reasons = ", ".join(waiting_reasons(last)) or last.get("status", {}).get("phase", "no status")
            raise LabError(f"{error}; last seen: {reasons}") from None

    def wait_for_reason(self, namespace: str, name: str, reasons: Sequence[str], seconds: float = 60) -> Json:
        """The pod once a container of it waits for one of these reasons, e.g. ImagePullBackOff."""

        def waiting() -> Json | None:
            pod = self.get("Pod", name, namespace)
            return pod if set(waiting_reasons(pod)) & set(reasons) else None

        return self.wait(waiting, f"pod {namespace}/{name} waiting with {'/'.join(reasons)}", seconds)


def waiting_reasons(pod: Mapping[str, Any]) -> list[str]:
    """Why its containers wait (init, main, ephemeral), e.g. ["ErrImagePull"]."""
    status = pod.get("status", {})
    groups = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    states = [entry.get("state", {}) for group in groups for entry in status.get(group) or []]
    return [state["waiting"]["reason"] for state in states if "reason" in state.get("waiting", {})]


def _namespace(manifest: Mapping[str, Any], namespace: str | None) -> str | None:
    if not RESOURCES[manifest["kind"]][2]:
        return None
    return manifest["metadata"].get("namespace") or namespace or "default"


def _message(text: str) -> str:
    try:
        return str(json.loads(text).get("message", text))
    except (ValueError, AttributeError):
        return text[:500]
