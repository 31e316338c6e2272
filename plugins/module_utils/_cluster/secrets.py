# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull secrets and service accounts that failing pods name; never the values of a secret."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    TABLE,
    Client,
    Reads,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    moment,
    number,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    SecretFact,
    ServiceAccountFact,
)


def read_secrets(client: Client, wanted: list[tuple[str, str]]) -> list[SecretFact]:
    """Return the secrets (namespace, name) as a table shows them: type, number of keys, times. Values never travel."""
    return map_in_parallel(lambda key: _secret(client, *key), wanted)


def _secret(client: Client, namespace: str, name: str) -> SecretFact:
    what = f"the Secret {namespace}/{name}"
    try:
        # The plain object is refused as an answer: it would hold the values.
        answer = client.get(
            namespaced("/api/v1", namespace, "secrets", name),
            what,
            accept=TABLE,
            params={"includeObject": "Metadata"},
        )
    except errors.NotFound:
        return SecretFact(namespace, name, "absent")
    except errors.Forbidden as error:
        return SecretFact(namespace, name, "forbidden", detail=error.message)
    except errors.ClusterError as error:
        return SecretFact(namespace, name, "unreadable", detail=error.message)
    rows = objects(answer.get("rows"))
    columns = [text(column.get("name")) for column in objects(answer.get("columnDefinitions"))]
    if answer.get("kind") != "Table" or not rows or "Type" not in columns:
        return SecretFact(namespace, name, "unreadable", detail=f"the API server gives no table of {what}")
    cells = dict(zip(columns, rows[0].get("cells") or (), strict=False))
    metadata = mapping(mapping(rows[0].get("object")).get("metadata"))
    return SecretFact(
        namespace=namespace,
        name=name,
        state="present",
        type=text(cells.get("Type")),
        keys=number(cells.get("Data")),
        created_at=moment(metadata.get("creationTimestamp")),
        changed_at=_changed(metadata),
    )


def read_service_accounts(client: Reads, wanted: list[tuple[str, str]]) -> list[ServiceAccountFact]:
    """Return the service accounts (namespace, name)."""
    return map_in_parallel(lambda key: _account(client, *key), wanted)


def _account(client: Reads, namespace: str, name: str) -> ServiceAccountFact:
    path = namespaced("/api/v1", namespace, "serviceaccounts", name)
    try:
        answer = client.get(path, f"the ServiceAccount {namespace}/{name}")
    except errors.NotFound:
        return ServiceAccountFact(namespace, name, "absent")
    except errors.Forbidden:
        return ServiceAccountFact(namespace, name, "forbidden")
    except errors.ClusterError:
        return ServiceAccountFact(namespace, name, "unreadable")
    metadata = mapping(answer.get("metadata"))
    return ServiceAccountFact(
        namespace=namespace,
        name=name,
        state="present",
        pull_secrets=tuple(text(one.get("name")) for one in objects(answer.get("imagePullSecrets"))),
        created_at=moment(metadata.get("creationTimestamp")),
        changed_at=_changed(metadata),
    )


def _changed(metadata: dict[str, Any]) -> str | None:
    """Return when an object was last written to: the newest time of ``managedFields``, as far as the server tells."""
    times = [at for entry in objects(metadata.get("managedFields")) if (at := moment(entry.get("time")))]
    return max(times, default=None)
