# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account must be allowed for a shell on a node, asked for before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.access import ask_review
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)

ROLE = "docs/rbac/image-pull-node-access.yaml"


@dataclass(frozen=True, slots=True)
class Need:
    """One right in the namespace of the pods."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""

    @property
    def title(self) -> str:
        """How ``kubectl auth can-i`` is asked for it."""
        return f"{self.verb} {self.resource}{f'/{self.subresource}' if self.subresource else ''}"


NEEDED = (
    Need("create", "jobs", "batch"),
    Need("list", "jobs", "batch"),
    Need("delete", "jobs", "batch"),
    Need("list", "pods"),
    # Older API servers take a web socket for a get, from 1.35 on a create is wanted as well.
    Need("get", "pods", subresource="exec"),
    Need("create", "pods", subresource="exec"),
)
"""Without any of these nothing is made: what cannot be entered, or not be taken away again, is of no use."""


def missing(client: Client, namespace: str) -> list[Need]:
    """Return the rights of ``NEEDED`` that the account lacks; those that the server does not tell about are not among
    them. Raises ClusterError when the server cannot be spoken to at all."""

    def lacks(need: Need) -> bool:
        try:
            allowed = ask_review(client, need.verb, need.group, need.resource, namespace, need.subresource)
        except (errors.Forbidden, errors.NotFound, errors.ServerFailed):
            return False
        return not allowed

    return [need for need, absent in zip(NEEDED, map_in_parallel(lacks, NEEDED), strict=True) if absent]
