# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question that a person asks: these images, with the credentials of this pod, ServiceAccount or these Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import pod_view
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.secrets import (
    read_service_accounts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ServiceAccountFact

DEFAULT_NAMESPACE = "default"
DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pulls to look at, and the ServiceAccounts that were read for them."""

    pulls: list[PodPull]
    accounts: list[ServiceAccountFact]


def wanted(client: Client, params: Mapping[str, Any]) -> Wanted:
    """Return what the options ask for. Raises ClusterError where the pod or ServiceAccount cannot be read."""
    namespace = params.get("namespace") or DEFAULT_NAMESPACE
    images = tuple(params.get("images") or ())
    if params.get("pod"):
        return _of_pod(client, namespace, params["pod"], images)
    if params.get("secrets") is not None:
        return Wanted([PodPull(namespace, image, tuple(params["secrets"])) for image in images], [])
    name = params.get("service_account") or DEFAULT_ACCOUNT
    (account,) = read_service_accounts(client, [(namespace, name)])
    if account.state == "absent":
        raise errors.NotFound(f"not found: the ServiceAccount {namespace}/{name}")
    if account.state != "present":
        raise errors.Forbidden(
            f"the ServiceAccount {namespace}/{name} cannot be read ({account.state}): name the Secrets instead"
        )
    secrets = tuple(one for one in account.pull_secrets if one)
    return Wanted([PodPull(namespace, image, secrets, name) for image in images], [account])


def _of_pod(client: Client, namespace: str, name: str, images: tuple[str, ...]) -> Wanted:
    before, slash, after = name.partition("/")
    if slash:
        namespace, name = before, after
    path = namespaced("/api/v1", namespace, "pods", name)
    pod = pod_view(client.get(path, f"the pod {namespace}/{name}"))
    named = [view.image for view in pod.containers] + [volume.image for volume in pod.volumes]
    chosen = images or tuple(dict.fromkeys(filter(None, named)))
    return Wanted(
        [
            PodPull(namespace, image, pod.pull_secrets, pod.service_account, pod.created_at)
            for image in chosen
        ],
        [],
    )
