# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster this is."""

from __future__ import annotations

import contextlib

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping, text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ClusterFact


def read_identity(client: Client, name: str) -> ClusterFact:
    """Return name, address, UID and version of the cluster; what the account may not read is left out.

    Raises ClusterError when the server cannot be spoken to at all, or does not know us.
    """
    version = uid = None
    with contextlib.suppress(errors.Forbidden, errors.NotFound):
        version = text(client.get("/version", "its version").get("gitVersion")) or None
    with contextlib.suppress(errors.Forbidden, errors.NotFound):
        found = client.get("/api/v1/namespaces/kube-system", "the namespace kube-system")
        uid = text(mapping(found.get("metadata")).get("uid")) or None
    connection = client.connection
    return ClusterFact(
        name=name or connection.name,
        server=connection.server,
        uid=uid,
        version=version,
        context=connection.context,
    )
