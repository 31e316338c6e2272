# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refusal into a verdict: the product's own manner first, then what is common to all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import (
    clouds,
    products,
    servers,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import (
    Refusal,
    Verdict,
    absent_repository,
    absent_tag,
    hidden,
    judge_in_general,
    rejected,
)

_MANNERS: dict[str, Callable[[Refusal], Verdict | None]] = {
    products.DOCKER_HUB: clouds.docker_hub,
    products.ECR: clouds.ecr,
    products.ECR_PUBLIC: clouds.ecr_public,
    products.ARTIFACT_REGISTRY: clouds.google,
    products.GCR: clouds.google,
    products.ACR: clouds.acr,
    products.GHCR: clouds.ghcr,
    products.GITLAB: clouds.gitlab,
    products.QUAY: clouds.quay,
    products.RED_HAT: clouds.red_hat,
    products.KUBERNETES: clouds.kubernetes,
    products.HARBOR: servers.harbor,
    products.ARTIFACTORY: servers.artifactory,
    products.NEXUS: servers.nexus,
    products.DISTRIBUTION: servers.distribution,
}


def judge(refusal: Refusal) -> Verdict:
    """Return what a refusal means for the product at hand."""
    if refusal.status == 400 and refusal.says("https port", "to an https server"):
        # nginx and Go's net/http say so themselves.
        return Verdict("http_https_mismatch", note="it speaks TLS where plain HTTP is expected")
    own = None
    if refusal.status != 429 and refusal.status < 500:
        manner = _MANNERS.get(refusal.kind)
        own = manner(refusal) if manner is not None else None
    return own or judge_in_general(refusal)


# Which answer with an empty list of tags for a repository that they do not hold.
_EMPTY_FOR_ABSENT = frozenset({products.ARTIFACTORY, products.NEXUS, products.UNKNOWN})


def with_tags(
    refusal: Refusal, verdict: Verdict, status: int, code: str, *, has_tags: bool = True
) -> Verdict:
    """Return the verdict once the list of tags was asked for, which answered ``status`` and ``code``.

    ``has_tags`` is false where the list is empty, which some products give for what they do not know.
    """
    if status == 200:
        known = has_tags or refusal.kind not in _EMPTY_FOR_ABSENT
        return absent_tag(refusal, verdict.note) if known else verdict
    if status == 404 and refusal.kind not in (products.ARTIFACTORY, products.UNKNOWN):
        return absent_repository(refusal, verdict.note)
    if status == 404 and code == "NAME_UNKNOWN":
        certain = refusal.kind != products.ARTIFACTORY
        return replace(
            absent_repository(refusal, verdict.note),
            certain=certain,
            exists=False if certain else None,
            alternatives=() if certain else ("tag_not_found",),
            settle_by="" if certain else verdict.settle_by,
        )
    return verdict


def with_login(refusal: Refusal, verdict: Verdict, status: int) -> Verdict:
    """Return the verdict once a token without a scope was asked for with the credential."""
    if status == 401:
        return rejected()
    if status != 200:
        return verdict
    if refusal.kind == products.HARBOR:
        return replace(verdict, certain=True, alternatives=(), settle_by="", accepted=True)
    return hidden(refusal, accepted=True)
