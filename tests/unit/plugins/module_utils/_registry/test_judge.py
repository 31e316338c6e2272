# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of each product into a cause, and no further than they reach."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Challenge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.judge import (
    judge,
    with_login,
    with_tags,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import Origin
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.products import (
    by_host,
    by_manner,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import Refusal

NOBODY, ALICE = None, "alice"
TOKEN, MANIFEST = "token", "manifest"


def refusal(
    kind: str, user: str | None, stage: str, status: int, code: str = "", text: str = "", **more: Any
) -> Refusal:
    facts = {"registry": "registry.test", "repository": "acme/app", **more}
    return Refusal(kind=kind, stage=stage, status=status, code=code, text=text, username=user, **facts)


@pytest.mark.parametrize(
    ("said", "cause", "certain"),
    [
        # Docker Hub
        (("docker_hub", NOBODY, MANIFEST, 401, "UNAUTHORIZED"), "repository_not_found_or_private", False),
        (("docker_hub", ALICE, MANIFEST, 401, "UNAUTHORIZED"), "repository_not_found_or_private", False),
        (("docker_hub", ALICE, TOKEN, 401, "", "incorrect username or password"), "auth_invalid", True),
        (("docker_hub", ALICE, TOKEN, 401, "", "personal access token is expired"), "auth_invalid", True),
        (
            ("docker_hub", ALICE, TOKEN, 401, "", "access token has insufficient scopes"),
            "auth_forbidden",
            True,
        ),
        (("docker_hub", NOBODY, MANIFEST, 404, "MANIFEST_UNKNOWN"), "tag_not_found", True),
        (("docker_hub", NOBODY, MANIFEST, 429, "TOOMANYREQUESTS"), "rate_limited", True),
        (("docker_hub", NOBODY, MANIFEST, 503), "registry_server_error", True),
        # ECR
        (("ecr", NOBODY, MANIFEST, 401, "", "Not Authorized"), "auth_missing", True),
        (
            ("ecr", "AWS", MANIFEST, 403, "DENIED", "Your authorization token has expired."),
            "auth_invalid",
            True,
        ),
        (
            ("ecr", "AWS", MANIFEST, 400, "DENIED", "The security token included in the request is invalid"),
            "auth_invalid",
            True,
        ),
        (
            (
                "ecr",
                "AWS",
                MANIFEST,
                403,
                "DENIED",
                "User: arn is not authorized to perform: ecr:BatchGetImage on resource",
            ),
            "auth_forbidden",
            True,
        ),
        (("ecr", "AWS", MANIFEST, 404, "NAME_UNKNOWN"), "repository_not_found", True),
        (("ecr", "AWS", MANIFEST, 404, "MANIFEST_UNKNOWN"), "tag_not_found", False),
        (("ecr", "AWS", MANIFEST, 429, "TOOMANYREQUESTS", "Rate exceeded"), "rate_limited", True),
        (
            ("ecr_public", "AWS", MANIFEST, 403, "DENIED", "Your authorization token has expired."),
            "auth_invalid",
            True,
        ),
        (("ecr_public", NOBODY, MANIFEST, 404, "NAME_UNKNOWN"), "repository_not_found", True),
        # Google
        (
            ("artifact_registry", NOBODY, MANIFEST, 403, "DENIED", "Unauthenticated request."),
            "repository_not_found_or_private",
            False,
        ),
        (
            ("artifact_registry", ALICE, MANIFEST, 401, "UNAUTHORIZED", "authentication failed"),
            "auth_invalid",
            True,
        ),
        (
            (
                "artifact_registry",
                ALICE,
                MANIFEST,
                403,
                "DENIED",
                'Permission "x" denied (or it may not exist)',
            ),
            "auth_forbidden",
            False,
        ),
        (("artifact_registry", ALICE, MANIFEST, 404, "NAME_UNKNOWN"), "repository_not_found", True),
        (("artifact_registry", NOBODY, TOKEN, 403, "DENIED"), "repository_not_found_or_private", False),
        (
            ("gcr", NOBODY, MANIFEST, 412, "", "Container Registry is deprecated and shutting down"),
            "repository_not_found",
            True,
        ),
        (
            ("gcr", NOBODY, MANIFEST, 404, "NAME_UNKNOWN", "Project 'project:p' not found or deleted."),
            "repository_not_found",
            True,
        ),
        # ACR
        (("acr", NOBODY, MANIFEST, 401, "UNAUTHORIZED"), "auth_missing", False),
        (("acr", ALICE, TOKEN, 401, "UNAUTHORIZED"), "auth_invalid", False),
        (("acr", ALICE, TOKEN, 401, "", "Application not registered with AAD"), "auth_invalid", True),
        (
            ("acr", ALICE, MANIFEST, 403, "DENIED", "client with IP '192.0.2.1' is not allowed access."),
            "network_unreachable",
            True,
        ),
        (("acr", ALICE, MANIFEST, 404, "MANIFEST_UNKNOWN"), "tag_not_found", True),
        # GHCR
        (
            ("ghcr", NOBODY, TOKEN, 403, "DENIED", "requested access to the resource is denied"),
            "repository_not_found_or_private",
            False,
        ),
        (
            (
                "ghcr",
                ALICE,
                TOKEN,
                403,
                "DENIED",
                "unauthenticated: User cannot be authenticated with the token provided.",
            ),
            "auth_invalid",
            True,
        ),
        (
            ("ghcr", ALICE, MANIFEST, 403, "DENIED", "permission_denied: read_package"),
            "auth_forbidden",
            False,
        ),
        (
            (
                "ghcr",
                ALICE,
                MANIFEST,
                403,
                "DENIED",
                "permission_denied: The token provided does not match expected scopes.",
            ),
            "auth_forbidden",
            True,
        ),
        # GitLab
        (
            ("gitlab", NOBODY, TOKEN, 403, "DENIED", "access forbidden"),
            "repository_not_found_or_private",
            False,
        ),
        (("gitlab", ALICE, TOKEN, 401, "", "HTTP Basic: Access denied."), "auth_invalid", True),
        (("gitlab", ALICE, MANIFEST, 401, "UNAUTHORIZED"), "repository_not_found_or_private", False),
        (("gitlab", ALICE, TOKEN, 404, "UNAVAILABLE", "registry not enabled"), "registry_server_error", True),
        (("gitlab", NOBODY, TOKEN, 403), "rate_limited", False),
        # Quay and Red Hat
        (("quay", NOBODY, MANIFEST, 401, "UNAUTHORIZED"), "repository_not_found_or_private", False),
        (("quay", ALICE, TOKEN, 401, "UNAUTHORIZED", "Invalid Username or Password"), "auth_invalid", True),
        (("quay", "acme+robot", MANIFEST, 401, "UNAUTHORIZED"), "auth_forbidden", False),
        (("quay", ALICE, TOKEN, 405, "DENIED"), "auth_forbidden", False),
        (("quay", NOBODY, MANIFEST, 404, "TAG_EXPIRED"), "tag_not_found", True),
        (
            ("quay", NOBODY, MANIFEST, 400, "NAME_INVALID", "Nested repositories are not supported."),
            "repository_not_found",
            True,
        ),
        (("redhat", NOBODY, TOKEN, 401), "auth_missing", True),
        (("redhat", ALICE, TOKEN, 401), "auth_invalid", True),
        # Harbor
        (
            ("harbor", ALICE, MANIFEST, 401, "UNAUTHORIZED", "project acme not found"),
            "repository_not_found",
            True,
        ),
        (
            ("harbor", ALICE, MANIFEST, 401, "UNAUTHORIZED", "unauthorized to access repository: acme/app"),
            "auth_forbidden",
            False,
        ),
        (
            ("harbor", NOBODY, MANIFEST, 401, "UNAUTHORIZED", "unauthorized to access repository"),
            "auth_missing",
            False,
        ),
        (
            ("harbor", ALICE, MANIFEST, 404, "NOT_FOUND", "repository acme/app not found"),
            "repository_not_found",
            True,
        ),
        (
            ("harbor", ALICE, MANIFEST, 404, "NOT_FOUND", "artifact acme/app:1 not found"),
            "tag_not_found",
            False,
        ),
        (("harbor", ALICE, MANIFEST, 412, "PROJECTPOLICYVIOLATION"), "signature_policy", True),
        (("harbor", ALICE, MANIFEST, 429, "TOO_MANY_REQUEST"), "rate_limited", True),
        # Artifactory and Nexus
        (("artifactory", NOBODY, TOKEN, 401, "", "Authentication is required"), "auth_missing", True),
        (("artifactory", ALICE, TOKEN, 401, "", "Bad Credentials"), "auth_invalid", True),
        (("artifactory", ALICE, MANIFEST, 403), "auth_forbidden", False),
        (
            ("artifactory", ALICE, MANIFEST, 403, "DENIED", "Artifact download request rejected: x"),
            "signature_policy",
            True,
        ),
        (("artifactory", ALICE, MANIFEST, 404, "MANIFEST_UNKNOWN"), "tag_not_found", False),
        (("nexus", NOBODY, MANIFEST, 401, "UNAUTHORIZED"), "auth_missing", False),
        (("nexus", ALICE, MANIFEST, 401, "UNAUTHORIZED"), "auth_invalid", False),
        (("nexus", ALICE, MANIFEST, 404, "MANIFEST_UNKNOWN"), "tag_not_found", False),
        # distribution, and what says nothing of itself
        (("distribution", NOBODY, MANIFEST, 401, "UNAUTHORIZED"), "repository_not_found_or_private", False),
        (("distribution", NOBODY, MANIFEST, 404, "NAME_UNKNOWN"), "repository_not_found", True),
        (("distribution", NOBODY, MANIFEST, 500, "UNKNOWN"), "registry_server_error", False),
        (("distribution", NOBODY, MANIFEST, 400), "registry_server_error", False),
        (("unknown", ALICE, TOKEN, 401), "auth_invalid", False),
        (("unknown", ALICE, MANIFEST, 403, "DENIED", "no"), "auth_forbidden", False),
        (("unknown", NOBODY, MANIFEST, 418), "registry_server_error", False),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_what_a_refusal_means(said: tuple[Any, ...], cause: str, certain: bool) -> None:
    verdict = judge(refusal(*said))
    assert (verdict.cause, verdict.certain) == (cause, certain)
    assert bool(verdict.alternatives) is not certain
    assert bool(verdict.settle_by) is not certain


def test_docker_hub_tells_accounts_of_a_tag_where_the_repository_is_missing() -> None:
    said = refusal("docker_hub", ALICE, MANIFEST, 404, "MANIFEST_UNKNOWN")
    assert judge(said).ask_tags
    assert with_tags(said, judge(said), 404, "NAME_UNKNOWN").cause == "repository_not_found"


def test_official_images_are_public_so_a_hidden_one_is_absent() -> None:
    verdict = judge(
        refusal("docker_hub", NOBODY, MANIFEST, 401, registry="docker.io", repository="library/ngnix")
    )
    assert (verdict.cause, verdict.certain, verdict.exists) == ("repository_not_found", True, False)


def test_a_private_registry_that_calls_itself_docker_hub_may_hide_a_repository_of_that_name() -> None:
    verdict = judge(refusal("docker_hub", ALICE, MANIFEST, 401, repository="library/app"))
    assert (verdict.cause, verdict.certain) == ("repository_not_found_or_private", False)


def test_an_owner_sees_its_own_repositories_unless_its_token_is_for_public_ones() -> None:
    verdict = judge(refusal("docker_hub", "Acme", MANIFEST, 401))
    assert (verdict.cause, verdict.certain) == ("repository_not_found", False)
    assert verdict.alternatives == ("auth_forbidden",)


@pytest.mark.parametrize("kind", ["registry_k8s_io", "artifact_registry", "gcr"])
def test_a_web_page_of_google_refuses_the_address(kind: str) -> None:
    text = "Your client does not have permission to get URL /v2/ from this server."
    assert judge(refusal(kind, NOBODY, MANIFEST, 403, "", text, html=True)).cause == "network_unreachable"


@pytest.mark.parametrize(("user", "cause"), [(NOBODY, "auth_missing"), (ALICE, "auth_invalid")])
def test_with_htpasswd_a_refusal_is_the_credential(user: str | None, cause: str) -> None:
    verdict = judge(refusal("distribution", user, MANIFEST, 401, "UNAUTHORIZED", basic=True))
    assert (verdict.cause, verdict.certain) == (cause, True)


@pytest.mark.parametrize("kind", ["artifactory", "nexus", "unknown"])
def test_an_empty_list_of_tags_proves_no_repository_where_absent_ones_have_it_too(kind: str) -> None:
    said = refusal(kind, NOBODY, MANIFEST, 404, "MANIFEST_UNKNOWN")
    before = judge(said)
    assert with_tags(said, before, 200, "", has_tags=False) == before


def test_a_web_page_instead_of_a_404_is_no_registry() -> None:
    assert "not a registry" in judge(refusal("unknown", NOBODY, MANIFEST, 404, html=True)).note
    assert "interface" in judge(refusal("nexus", NOBODY, MANIFEST, 404, html=True)).note


@pytest.mark.parametrize(
    ("kind", "status", "code", "cause", "certain"),
    [
        ("distribution", 200, "", "tag_not_found", True),
        ("distribution", 404, "NAME_UNKNOWN", "repository_not_found", True),
        ("artifactory", 200, "", "tag_not_found", True),
        ("artifactory", 404, "NAME_UNKNOWN", "repository_not_found", False),
        ("unknown", 404, "", "tag_not_found", False),
        ("distribution", 401, "UNAUTHORIZED", "tag_not_found", False),
    ],
)
def test_the_list_of_tags_tells_tag_from_repository(
    kind: str, status: int, code: str, cause: str, certain: bool
) -> None:
    said = refusal(kind, NOBODY, MANIFEST, 404, "MANIFEST_UNKNOWN")
    verdict = with_tags(said, judge(said), status, code)
    assert (verdict.cause, verdict.certain) == (cause, certain)


@pytest.mark.parametrize(
    ("kind", "status", "cause", "certain", "accepted"),
    [
        ("harbor", 401, "auth_invalid", True, False),
        ("harbor", 200, "auth_forbidden", True, True),
        ("acr", 401, "auth_invalid", True, False),
        ("acr", 200, "repository_not_found_or_private", False, True),
        ("acr", 503, "auth_invalid", False, None),
    ],
)
def test_a_token_without_a_scope_tells_whether_the_credential_is_good(
    kind: str, status: int, cause: str, certain: bool, accepted: bool | None
) -> None:
    stage = MANIFEST if kind == "harbor" else TOKEN
    said = refusal(kind, ALICE, stage, 401, "UNAUTHORIZED", "unauthorized to access repository: acme/app")
    verdict = judge(said)
    assert verdict.ask_login
    verdict = with_login(said, verdict, status)
    assert (verdict.cause, verdict.certain, verdict.accepted) == (cause, certain, accepted)


@pytest.mark.parametrize(
    ("registry", "kind"),
    [
        ("docker.io", "docker_hub"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "ecr"),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "ecr"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr"),
        ("public.ecr.aws", "ecr_public"),
        ("europe-west4-docker.pkg.dev", "artifact_registry"),
        ("eu.gcr.io", "gcr"),
        ("acme.azurecr.io", "acr"),
        ("acme.westeurope.geo.azurecr.io", "acr"),
        ("ghcr.io", "ghcr"),
        ("registry.gitlab.com", "gitlab"),
        ("quay.io", "quay"),
        ("registry.access.redhat.com", "redhat"),
        ("registry.k8s.io", "registry_k8s_io"),
        ("ghcr.io.evil.test", "unknown"),
        ("registry.example.com:5000", "unknown"),
    ],
)
def test_a_product_by_its_host(registry: str, kind: str) -> None:
    assert by_host(registry) == kind


@pytest.mark.parametrize(
    ("challenge", "headers", "kind"),
    [
        (Challenge("bearer", "https://h/service/token", "harbor-registry"), {}, "harbor"),
        (Challenge("basic", "harbor"), {}, "harbor"),
        (Challenge("bearer", "https://git.test/jwt/auth", "container_registry"), {}, "gitlab"),
        (Challenge("bearer", "https://q.test/v2/auth", "q.test"), {}, "quay"),
        (Challenge("basic", "Artifactory Realm"), {}, "artifactory"),
        (Challenge("bearer", "https://h/v2/token", "h:443"), {"x-jfrog-version": "7"}, "artifactory"),
        (Challenge("basic", "Sonatype Nexus Repository Manager"), {}, "nexus"),
        (Challenge("bearer", "https://h/v2/token", "https://h/v2/token"), {}, "nexus"),
        (Challenge("basic", "company"), {"docker-distribution-api-version": "registry/2.0"}, "distribution"),
        (None, {}, "unknown"),
    ],
)
def test_a_product_by_its_manner(challenge: Challenge | None, headers: dict[str, str], kind: str) -> None:
    reply = Reply("GET", "https://h/v2/", Origin("https", "h", 443), 401, headers)
    assert by_manner(reply, challenge) == kind
