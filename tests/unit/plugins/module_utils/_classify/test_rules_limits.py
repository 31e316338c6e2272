# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits of registries."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            "toomanyrequests: You have reached your unauthenticated pull rate limit. "
            "https://www.docker.com/increase-rate-limit"
        ),
        "rate_limited",
    ),
    (
        (
            "Error response from daemon: toomanyrequests: too many failed login attempts for "
            "username or IP address"
        ),
        "rate_limited",
    ),
    (
        (
            'failed to resolve reference "docker.io/library/redis:7": unexpected status from '
            "HEAD request to https://registry-1.docker.io/v2/library/redis/manifests/7: 429 "
            "Too Many Requests"
        ),
        "rate_limited",
    ),
    (
        (
            "pulling from host registry-1.docker.io failed with status code [manifests 7]: 429 "
            "Too Many Requests"
        ),
        "rate_limited",
    ),
    (
        "reading manifest 7 in docker.io/library/redis: too many requests to registry",
        "rate_limited",
    ),
    (
        "TOOMANYREQUESTS: retry-after: 880.092us, allowed: 44000/minute",
        "rate_limited",
    ),
    (
        (
            "denied: Quota exceeded for quota metric 'Requests per project per region' and "
            "limit 'Requests per project per region per minute per region' of service "
            "'artifactregistry.googleapis.com'"
        ),
        "rate_limited",
    ),
    (
        "received unexpected HTTP status: 429 Too Many Requests",
        "rate_limited",
    ),
    (
        "Requesting bearer token: received unexpected HTTP status: 429",
        "rate_limited",
    ),
    (
        "ThrottlingException: Rate exceeded",
        "rate_limited",
    ),
    (
        "TOO_MANY_REQUEST: upstream rate limit reached",
        "rate_limited",
    ),
    ("registry returned error 429", "rate_limited"),
    ('reading manifest 1 in r.example/a: StatusCode: 429, "slow down"', "rate_limited"),
]

NEAR_MISSES = [
    (
        "dial tcp 10.0.0.1:429: connect: connection refused",
        "rate_limited",
    ),
    (
        "client rate limiter Wait returned an error: context deadline exceeded",
        "rate_limited",
    ),
    (
        (
            'Failed to pull image "reg.example/team/ratelimiter:429": '
            "reg.example/team/ratelimiter:429: not found"
        ),
        "rate_limited",
    ),
    (
        "Container app was using 4290Ki, which exceeds its request of 0",
        "rate_limited",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
