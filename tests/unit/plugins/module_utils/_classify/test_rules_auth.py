# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            "pull access denied, repository does not exist or may require authorization: "
            "authorization failed: no basic auth credentials"
        ),
        "auth_missing",
    ),
    (
        (
            "denied: Unauthenticated request. Unauthenticated requests do not have permission "
            '"artifactregistry.repositories.downloadArtifacts" on resource '
            '"projects/p/locations/l/repositories/r" (or it may not exist)'
        ),
        "auth_missing",
    ),
    (
        (
            "unauthorized: Please login to the Red Hat Registry using your Customer Portal "
            "credentials. Further instructions can be found here: "
            "https://access.redhat.com/RegistryAuthentication"
        ),
        "auth_missing",
    ),
    (
        (
            "unauthorized: authentication required, visit https://aka.ms/acr/authorization for "
            "more information."
        ),
        "auth_missing",
    ),
    (
        ("unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 401 Unauthorized"),
        "auth_missing",
    ),
    (
        (
            "failed to authorize: failed to fetch anonymous token: unexpected status from GET "
            "request to https://r.azurecr.io/oauth2/token?scope=x&service=y: 401 Unauthorized"
        ),
        "auth_missing",
    ),
    (
        ("UNAUTHORIZED: authentication required; [map[Action:pull Class: Name:a Type:repository]]"),
        "auth_missing",
    ),
    (
        "unauthorized: incorrect username or password",
        "auth_invalid",
    ),
    (
        ("unable to retrieve auth token: invalid username/password: unauthorized: authentication required"),
        "auth_invalid",
    ),
    (
        "denied: Your authorization token has expired. Reauthenticate and try again.",
        "auth_invalid",
    ),
    (
        (
            "pull access denied for 1.dkr.ecr.eu-west-1.amazonaws.com/a, repository does not "
            "exist or may require 'docker login': denied: Your authorization token has "
            "expired. Reauthenticate and try again."
        ),
        "auth_invalid",
    ),
    (
        "unauthorized: personal access token is expired",
        "auth_invalid",
    ),
    (
        (
            "unauthorized: HTTP Basic: Access denied. If a password was provided for Git "
            "authentication, the password was incorrect"
        ),
        "auth_invalid",
    ),
    (
        "unauthorized: Invalid Username or Password",
        "auth_invalid",
    ),
    (
        "unauthorized: Could not find robot with username: a+b and supplied password.",
        "auth_invalid",
    ),
    (
        (
            "failed to authorize: failed to fetch oauth token: unexpected status from POST "
            "request to https://auth.docker.io/token: 401 Unauthorized"
        ),
        "auth_invalid",
    ),
    (
        "UNAUTHORIZED: authentication failed",
        "auth_invalid",
    ),
    (
        "not authenticated: No valid credential was supplied.",
        "auth_invalid",
    ),
    (
        (
            "pull access denied, repository does not exist or may require authorization: "
            "server message: invalid_token: authorization failed"
        ),
        "auth_invalid",
    ),
    (
        "unknown: Bad Credentials",
        "auth_invalid",
    ),
    (
        (
            "denied: User: arn:aws:sts::1:assumed-role/n/i is not authorized to perform: "
            "ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:1:repository/a because no "
            "resource-based policy allows the ecr:BatchGetImage action"
        ),
        "auth_forbidden",
    ),
    (
        "denied: permission_denied: read_package",
        "auth_forbidden",
    ),
    (
        (
            'denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on '
            'resource "projects/p" (or it may not exist)'
        ),
        "auth_forbidden",
    ),
    (
        (
            "denied: client with IP '1.2.3.4' is not allowed access. Refer "
            "https://aka.ms/acr/firewall to grant access."
        ),
        "auth_forbidden",
    ),
    (
        ("unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 403 Forbidden"),
        "auth_forbidden",
    ),
    (
        "reading manifest 1 in registry.gitlab.com/g/p: denied: access forbidden",
        "auth_forbidden",
    ),
    (
        (
            "reading manifest 1 in quay.io/o/a: unauthorized: access to the requested resource "
            "is not authorized"
        ),
        "repository_not_found_or_private",
    ),
    (
        (
            "pull access denied for o/a, repository does not exist or may require 'docker "
            "login': denied: requested access to the resource is denied"
        ),
        "repository_not_found_or_private",
    ),
    (
        (
            "pull access denied, repository does not exist or may require authorization: "
            "server message: insufficient_scope: authorization failed"
        ),
        "repository_not_found_or_private",
    ),
    (
        'Head "https://ghcr.io/v2/o/a/manifests/1": denied: denied',
        "repository_not_found_or_private",
    ),
    (
        'Head "https://ghcr.io/v2/o/a/manifests/1": denied',
        "repository_not_found_or_private",
    ),
    (
        (
            "unauthorized: unauthorized to access repository: p/a, action: pull: unauthorized "
            "to access repository: p/a, action: pull"
        ),
        "auth_forbidden",
    ),
    (
        "failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token: 403 Forbidden",
        "auth_forbidden",
    ),
    ("Error response from daemon: denied: this registry is closed", "auth_forbidden"),
    ("unexpected status code 451 Unavailable For Legal Reasons", "auth_forbidden"),
    ("Requesting bearer token: received unexpected HTTP status: 405 Method Not Allowed", "auth_forbidden"),
]

NEAR_MISSES = [
    (
        "lchown /etc/shadow: permission denied",
        "auth_forbidden",
    ),
    (
        'pods "a" is forbidden: error looking up service account default/x',
        "auth_forbidden",
    ),
    (
        (
            "image pull failed for a:1, this may be because there are no credentials on this "
            "request.  details: (API error (500): Get https://r/v2/: dial tcp 10.0.0.1:443: "
            "connect: no route to host)"
        ),
        "auth_missing",
    ),
    (
        (
            'Failed to pull image "reg.example/auth/unauthorized:401": '
            "reg.example/auth/unauthorized:401: not found"
        ),
        "auth_missing",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
