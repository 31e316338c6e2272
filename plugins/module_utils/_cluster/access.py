# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second question to a cluster: what may this account read, and what is lost by what it may not."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import AccessFact

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Right:
    """One right that looking needs; ``cluster_wide`` where the resource has no namespace."""

    verbs: tuple[str, ...]
    group: str
    resource: str
    needed_for: str
    conclusion_lost: str
    steps: tuple[int, ...]
    optional: bool = True
    cluster_wide: bool = False


_CHAIN_LOST = "which workload is hit and how badly, and the revision that ran before"

RIGHTS = (
    Right(
        ("list",),
        "",
        "pods",
        "finding the pods that fail",
        "everything: no failing pod can be found",
        (1, 2),
        optional=False,
    ),
    Right(
        ("list",),
        "",
        "events",
        "the exact errors of kubelet and runtime",
        "exact errors on kubelets before 1.32, sandbox and ephemeral container failures, slow pulls, tries",
        (1, 2),
        optional=False,
    ),
    Right(
        ("list",),
        "",
        "nodes",
        "readiness, pressure, architecture and versions of nodes",
        "node pressure, wrong platform, faults that follow a node, names of images that are similar to a mistyped one",
        (3, 6),
        cluster_wide=True,
    ),
    Right(
        ("get",),
        "",
        "namespaces",
        "telling a mistyped namespace from a quiet one",
        "mistyped namespaces",
        (1,),
        cluster_wide=True,
    ),
    Right(
        ("get",),
        "",
        "secrets",
        "the pull secrets that failing pods name: their type and age, and their credentials for the registry",
        "whether a pull secret is there, of the right type, changed lately, and accepted by its registry",
        (4,),
    ),
    Right(
        ("get",),
        "",
        "serviceaccounts",
        "pull secrets that a service account brings",
        "whether a pull secret is linked to the service account",
        (4,),
    ),
    Right(("get", "list"), "apps", "replicasets", "owners and revisions of pods", _CHAIN_LOST, (1, 10)),
    Right(("get", "list"), "apps", "deployments", "owners of pods", _CHAIN_LOST, (1, 10)),
    Right(("get", "list"), "apps", "statefulsets", "owners of pods", _CHAIN_LOST, (1, 10)),
    Right(("get", "list"), "apps", "daemonsets", "owners of pods", _CHAIN_LOST, (1, 10)),
    Right(
        ("list",),
        "apps",
        "controllerrevisions",
        "earlier revisions of StatefulSets and DaemonSets",
        _CHAIN_LOST,
        (10,),
    ),
    Right(("get", "list"), "batch", "jobs", "owners of pods", _CHAIN_LOST, (1, 10)),
    Right(("get", "list"), "batch", "cronjobs", "owners of pods", _CHAIN_LOST, (1, 10)),
)
"""What ``triage`` reads. ``docs/rbac`` grants exactly this."""


def needed(namespaces: tuple[str, ...]) -> list[AccessFact]:
    """Return the rights that are needed for ``namespaces`` (empty: all), not asked for yet."""
    return [
        AccessFact(
            verb=verb,
            resource=right.resource,
            allowed=None,
            group=right.group,
            namespace=namespace,
            needed_for=right.needed_for,
            conclusion_lost=right.conclusion_lost,
            optional=right.optional,
            steps=right.steps,
        )
        for right in RIGHTS
        for namespace in (("",) if right.cluster_wide else namespaces or ("",))
        for verb in right.verbs
    ]


def ask_review(
    client: Client, verb: str, group: str, resource: str, namespace: str = "", subresource: str = ""
) -> bool:
    """Return whether this account has one right; raises ClusterError."""
    attributes = {
        "verb": verb,
        "group": group,
        "resource": resource,
        **({"subresource": subresource} if subresource else {}),
        **({"namespace": namespace} if namespace else {}),
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = client.post(_REVIEWS, body, f"the right to {verb} {resource}")
    return mapping(answer.get("status")).get("allowed") is True


def review(client: Client, namespaces: tuple[str, ...]) -> list[AccessFact]:
    """Ask the server about each right with a SelfSubjectAccessReview, which changes nothing.

    ``allowed`` stays None where the review itself failed. Raises ClusterError when no review could be had at all.
    """
    failed: list[errors.ClusterError] = []

    def ask(fact: AccessFact) -> AccessFact:
        try:
            allowed = ask_review(client, fact.verb, fact.group, fact.resource, fact.namespace)
        except errors.ClusterError as error:
            failed.append(error)
            return fact
        return dataclasses.replace(fact, allowed=allowed)

    facts = map_in_parallel(ask, needed(namespaces))
    if failed and all(fact.allowed is None for fact in facts):
        raise failed[0]
    return facts
