# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hosted registries refuse. Sources: their documentation and source code, and answers recorded in public issues."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import (
    Refusal,
    Verdict,
    absent_repository,
    absent_tag,
    blocked_by_address,
    forbidden,
    hidden,
    missing,
    rejected,
    tag_or_repository,
)


def docker_hub(refusal: Refusal) -> Verdict | None:
    """Docker Hub hides absent repositories; those of ``library/`` are public, so one that is hidden is absent."""
    if refusal.stage == "token" and refusal.status == 401 and not refusal.anonymous:
        if refusal.says("insufficient scope"):
            return forbidden(refusal)
        return rejected(note="the access token has expired" if refusal.says("expired") else "")
    if refusal.status == 401 and refusal.stage == "manifest":
        own = (refusal.username or "").lower() == refusal.namespace
        # Others call their service registry.docker.io as well, after an old example of distribution's documentation.
        if refusal.namespace == "library" and products.by_host(refusal.registry) == products.DOCKER_HUB:
            return absent_repository(refusal, "all official images are public, and this is none")
        if own:
            return Verdict(
                "repository_not_found",
                certain=False,
                alternatives=("auth_forbidden",),
                settle_by="log in with a token that may read private repositories: others do not see the account's own",
                accepted=True,
            )
        return hidden(refusal, accepted=True if refusal.username is not None else None)
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        # An account is told that of its own repositories too which are not there.
        return absent_tag(refusal) if refusal.anonymous else tag_or_repository(refusal)
    return None


def ecr(refusal: Refusal) -> Verdict | None:
    """Amazon ECR: nothing without a credential; an expired token is 403."""
    if refusal.says("token has expired"):
        return rejected(note="an ECR token is good for 12 hours")
    if refusal.says("is not authorized to perform"):
        return forbidden(refusal)
    if refusal.says("security token included in the request"):
        return rejected()
    if refusal.status in (401, 403) and refusal.anonymous:
        return missing()
    if refusal.status in (400, 401):
        return rejected()
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        # A repository of a pull-through cache comes into being with its first image.
        return tag_or_repository(refusal)
    return None


def ecr_public(refusal: Refusal) -> Verdict | None:
    """Amazon ECR Public: public images are refused to a stale credential."""
    if refusal.says("token has expired", "security token included in the request"):
        return rejected(note="public images can be pulled without a credential, but not with a stale one")
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        return absent_tag(refusal)
    return None


def google(refusal: Refusal) -> Verdict | None:
    """Artifact Registry and gcr.io: a missing right and a missing repository look alike."""
    if refusal.status == 412:
        note = (
            "Container Registry was shut down in 2025, and this project was not migrated to Artifact Registry"
        )
        return absent_repository(refusal, note)
    if refusal.status == 403 and refusal.html:
        return blocked_by_address("Google refuses this address, or its country")
    if refusal.says("not found or deleted"):
        return absent_repository(refusal, "the project is not there")
    if refusal.status == 401 and not refusal.anonymous:
        return rejected()
    if refusal.status in (401, 403) and refusal.anonymous:
        return hidden(refusal)
    if refusal.status == 403:
        return forbidden(refusal, certain=False)
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        return absent_tag(refusal)
    return None


def acr(refusal: Refusal) -> Verdict | None:
    """Azure Container Registry: one 401 for everything, 403 for its firewall."""
    if refusal.status == 403 and refusal.says("not allowed access", "aka.ms/acr/firewall"):
        return blocked_by_address("the network rules of the registry do not allow this address")
    if refusal.says("not registered with aad", "aadsts"):
        return rejected()
    if refusal.status == 401 and refusal.anonymous:
        return missing(certain=False)
    if refusal.status == 401 and refusal.stage == "token":
        return rejected(certain=False, ask_login=True)
    if refusal.status == 401:
        return hidden(refusal, ask_login=True)
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        return absent_tag(refusal)
    return None


def ghcr(refusal: Refusal) -> Verdict | None:
    """GitHub's registry: the token service refuses, with words that tell why."""
    if refusal.says("does not match expected scopes"):
        return forbidden(refusal)
    if refusal.says("cannot be authenticated", "unauthenticated"):
        return missing() if refusal.anonymous else rejected()
    if refusal.says("permission_denied"):
        return forbidden(refusal, certain=False)
    if refusal.status in (401, 403) and refusal.anonymous:
        return hidden(refusal)
    if refusal.status in (401, 403) and refusal.stage == "token":
        return hidden(refusal, ask_login=True)
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        return tag_or_repository(refusal)
    return None


def gitlab(refusal: Refusal) -> Verdict | None:
    """GitLab: anonymous refusals come from the token service, others from the registry."""
    if refusal.code == "UNAVAILABLE" or refusal.says("registry not enabled"):
        return Verdict("registry_server_error", note="the registry of this GitLab is switched off")
    if refusal.stage == "token" and refusal.status == 401 and not refusal.anonymous:
        return rejected()
    if refusal.status == 403 and not refusal.code:
        return Verdict(
            "rate_limited",
            certain=False,
            alternatives=("auth_forbidden",),
            settle_by="ask again in an hour, or from another address: GitLab bans addresses after failed logins",
            note="GitLab bans an address for some time after many failed logins",
        )
    if refusal.status in (401, 403):
        return hidden(refusal, accepted=None if refusal.anonymous else True)
    return None


def quay(refusal: Refusal) -> Verdict | None:
    """Quay: wrong credentials at the token service, hidden repositories at the registry."""
    if refusal.status == 405:
        return Verdict(
            "auth_forbidden",
            certain=False,
            alternatives=("registry_server_error",),
            settle_by="ask Quay's support why the namespace is disabled",
            note=f"Quay answers this where the namespace {refusal.namespace} is disabled",
        )
    if refusal.code == "TAG_EXPIRED":
        return absent_tag(
            refusal, "the tag was there and was deleted or has expired; Quay's time machine may have it"
        )
    if refusal.stage == "token" and refusal.status == 401 and not refusal.anonymous:
        return rejected()
    if refusal.status == 401:
        own = (refusal.username or "").partition("+")[0] == refusal.namespace
        if own and refusal.stage == "manifest":
            return forbidden(refusal, certain=False)
        return hidden(refusal, accepted=None if refusal.anonymous else True)
    if refusal.status == 404 and refusal.code == "MANIFEST_UNKNOWN":
        return absent_tag(refusal)
    return None


def red_hat(refusal: Refusal) -> Verdict | None:
    """registry.redhat.io wants a login for everything, registry.access.redhat.com for nothing."""
    if refusal.status == 401 and refusal.anonymous:
        return missing()
    if refusal.status == 401 and refusal.stage == "token":
        return rejected()
    return None


def kubernetes(refusal: Refusal) -> Verdict | None:
    """registry.k8s.io redirects everything, and refuses addresses of some countries with a web page."""
    if refusal.status == 403:
        return blocked_by_address("the registry, or where it redirects to, refuses this address")
    return None
