# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as it would be once the manifests are applied: their Secrets and ServiceAccounts before the live ones."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import JSON, Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import Manifests

_ONE = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/(?P<kind>secrets|serviceaccounts)/(?P<name>[^/]+)\Z"
)
_LIST = re.compile(r"/api/v1(?:/namespaces/(?P<namespace>[^/]+))?/secrets\Z")


class AppliedCluster:
    """Answers for Secrets and ServiceAccounts of the manifests, and hands on every other question to the cluster.

    Without a cluster all else is Forbidden: it is not known whether it is there. Reads as
    ``_cluster.client.Client`` does, and raises the same errors.
    """

    def __init__(self, client: Client | None, manifests: Manifests) -> None:
        self._client = client
        self._manifests = manifests

    def get(
        self, path: str, what: str, accept: str = JSON, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return an object or a list, as the client does."""
        one = _ONE.match(path)
        if one:
            own = self._own(one["kind"], one["namespace"], one["name"])
            if own is not None:
                return own
        if self._client is None:
            raise errors.Forbidden(f"{what}: no cluster was asked")
        answer = self._client.get(path, what, accept, params)
        listed = _LIST.match(path)
        return self._without_replaced(answer) if listed else answer

    def _own(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        metadata = {"namespace": namespace, "name": name}
        if kind == "secrets":
            secret = self._manifests.secrets.get((namespace, name))
            if secret is None:
                return None
            data = {key: base64.b64encode(value).decode() for key, value in secret.data.items()}
            return {"kind": "Secret", "metadata": metadata, "type": secret.type, "data": data}
        account = self._manifests.accounts.get((namespace, name))
        if account is None:
            return None
        names = [{"name": one} for one in account.pull_secrets]
        return {"kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": names}

    def _without_replaced(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Drop live Secrets that a manifest replaces: what they hold will be gone."""
        items = answer.get("items")
        if not isinstance(items, list):
            return answer
        kept = [item for item in items if _key(item) not in self._manifests.secrets]
        return {**answer, "items": kept}


def _key(item: Any) -> tuple[str, str]:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    found = metadata if isinstance(metadata, dict) else {}
    return str(found.get("namespace", "")), str(found.get("name", ""))
