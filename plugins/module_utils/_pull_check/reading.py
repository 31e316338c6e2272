# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull Secrets with their values, read as late as possible and by name; kept in memory and nowhere else."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Iterable
from typing import Any, TypeAlias

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Reads,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import (
    FORBIDDEN,
    MISSING,
    PullSecret,
)

KEYS = (".dockerconfigjson", ".dockercfg")
TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
MOST_BYTES = 32 * 1024 * 1024
"""Of all Secrets together, as base64; a Secret has at most 1 MiB, a pull Secret some hundred bytes."""
MOST_LISTED = 50
"""Secrets of one namespace, or of one name in all namespaces, that are looked at beside those that are named."""

MOST_LISTS = 20
"""Such lists that are asked for in all."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")

Found: TypeAlias = "PullSecret | str"
Key = tuple[str, str]


class SecretReader:
    """Reads Secrets, each once. What cannot be read is a text: ``missing``, ``forbidden``, or why."""

    def __init__(self, client: Reads) -> None:
        self._client = client
        self._found: dict[Key, Found] = {}
        self._listed: dict[str, list[PullSecret] | str] = {}
        self._bytes_left = MOST_BYTES
        self._lock = threading.Lock()
        self._listing = threading.Lock()

    def read(self, wanted: Iterable[Key]) -> None:
        """Read the Secrets (namespace, name) that are not read yet."""
        new = sorted(set(wanted) - self._found.keys())
        self._found.update(zip(new, map_in_parallel(self._read_one, new), strict=True))

    def get(self, namespace: str, name: str) -> Found:
        """Return a Secret that was read."""
        return self._found.get((namespace, name), "not read")

    def list_namespace(self, namespace: str) -> list[PullSecret] | str:
        """Return the pull Secrets of a namespace, bounded; a text says why not."""
        path = namespaced("/api/v1", namespace, "secrets")
        what = f"the pull Secrets of namespace {namespace}"
        return self._list(path, what, [f"type={kind}" for kind in TYPES])

    def list_named(self, name: str) -> list[PullSecret] | str:
        """Return the pull Secrets of one name in all namespaces, bounded; a text says why not."""
        if not _NAME.match(name):
            return []
        path = namespaced("/api/v1", "", "secrets")
        what = f"the Secrets of all namespaces with the name {name}"
        return self._list(path, what, [f"metadata.name={name},type={kind}" for kind in TYPES])

    def _list(self, path: str, what: str, selectors: list[str]) -> list[PullSecret] | str:
        key = f"{path} {selectors}"
        with self._listing:
            if key not in self._listed:
                self._listed[key] = self._ask_for(path, what, selectors)
            return self._listed[key]

    def _ask_for(self, path: str, what: str, selectors: list[str]) -> list[PullSecret] | str:
        if len(self._listed) >= MOST_LISTS:
            return f"not asked for {what}: {MOST_LISTS} such lists were read"
        try:
            found = [one for selector in selectors for one in self._page(path, what, selector)]
            return list({(one.namespace, one.name): one for one in found}.values())
        except errors.ClusterError as error:
            return error.message

    def _page(self, path: str, what: str, selector: str) -> list[PullSecret]:
        params = {"fieldSelector": selector, "limit": str(MOST_LISTED)}
        items = objects(self._client.get(path, what, params=params).get("items"))
        found = []
        for item in items[:MOST_LISTED]:
            secret = self._secret(item)
            if isinstance(secret, PullSecret):
                found.append(secret)
        return found

    def _read_one(self, key: Key) -> Found:
        namespace, name = key
        try:
            path = namespaced("/api/v1", namespace, "secrets", name)
            return self._secret(self._client.get(path, f"the Secret {namespace}/{name}"), key)
        except errors.NotFound:
            return MISSING
        except errors.Forbidden:
            return FORBIDDEN
        except errors.ClusterError as error:
            return error.message

    def _secret(self, answer: dict[str, Any], key: Key | None = None) -> Found:
        metadata, data = mapping(answer.get("metadata")), mapping(answer.get("data"))
        encoded = {one: data[one] for one in KEYS if isinstance(data.get(one), str)}
        size = sum(map(len, encoded.values()))
        with self._lock:
            if size > self._bytes_left:
                return "not read: the pull Secrets together are too large"
            self._bytes_left -= size
        try:
            values = {one: base64.b64decode(value, validate=True) for one, value in encoded.items()}
        except (binascii.Error, ValueError):
            return "not readable: the API server answered with something that is no Secret"
        namespace, name = key or (text(metadata.get("namespace")), text(metadata.get("name")))
        return PullSecret(namespace, name, text(answer.get("type")), values)
