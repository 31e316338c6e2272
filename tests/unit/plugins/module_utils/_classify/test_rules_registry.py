# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that are not well."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        "received unexpected HTTP status: 502 Bad Gateway",
        "registry_server_error",
    ),
    (
        (
            "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 500 "
            "Internal Server Error"
        ),
        "registry_server_error",
    ),
    (
        ("pulling from host r.example failed with status code [manifests 1]: 503 Service Unavailable"),
        "registry_server_error",
    ),
    (
        "GET https://r.example/v2/a/manifests/1: unexpected status code 504 Gateway Timeout",
        "registry_server_error",
    ),
    (
        (
            "failed to authorize: failed to fetch anonymous token: unexpected status from GET "
            "request to https://auth.example/token?service=r: 503 Service Unavailable"
        ),
        "registry_server_error",
    ),
    (
        "Error response from daemon: unknown: unknown error",
        "registry_server_error",
    ),
    (
        'reading manifest 1 in r.example/a: StatusCode: 522, ""',
        "registry_server_error",
    ),
    (
        "unexpected status from GET request to https://r.example/v2/a/blobs/sha256:aa: 520 ",
        "registry_server_error",
    ),
    (
        (
            "Error response from daemon: unable to decode token response: invalid character "
            "'<' looking for beginning of value"
        ),
        "registry_server_error",
    ),
    (
        "authorization server did not include a token in the response",
        "registry_server_error",
    ),
    (
        ("Error parsing HTTP response: invalid character '<' looking for beginning of value: \"<html>\""),
        "registry_server_error",
    ),
    (
        "unavailable: service unavailable",
        "registry_server_error",
    ),
    (
        "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 400 Bad Request",
        "registry_server_error",
    ),
    (
        "Error reading blob sha256:aa: Invalid status code returned when fetching blob 504",
        "registry_server_error",
    ),
]

NEAR_MISSES = [
    (
        "Error reading blob sha256:aa: Invalid status code returned when fetching blob 403",
        "registry_server_error",
    ),
    (
        "Error reading blob sha256:aa: Invalid status code returned when fetching blob 429",
        "registry_server_error",
    ),
    (
        "Error reading blob sha256:aa: Invalid status code returned when fetching blob 401",
        "registry_server_error",
    ),
    (
        (
            '(HTTP code 500) server error - Head "https://r.example/v2/a/manifests/1": denied: '
            "access forbidden"
        ),
        "registry_server_error",
    ),
    (
        "API error (500): Get https://r.example/v2/a/manifests/1: no basic auth credentials",
        "registry_server_error",
    ),
    (
        "read 500 bytes, expected 512: unexpected EOF",
        "registry_server_error",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause


def test_a_400_may_be_plain_http_at_a_tls_port_or_a_missing_client_certificate() -> None:
    answer = classify(
        "pulling from host r.example failed with status code [manifests 1.0.0]: 400 Bad Request"
    )
    assert (answer.cause, answer.confidence) == ("registry_server_error", "possible")
    assert answer.alternatives[:2] == ("http_https_mismatch", "auth_missing")
