# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits of registries."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "limits.rate",
        Cause.RATE_LIMITED,
        Confidence.CONFIRMED,
        Hop.REGISTRY,
        (
            "toomanyrequests",
            "too_many_request",
            "too many requests",
            "rate limit",
            "ratelimit",
            "rate-limit",
            "rate exceeded",
            "throttlingexception",
            "requests per minute",
            "quota exceeded for quota metric",
            "status code 429",
            "status code: 429",
            "statuscode: 429",
            "http status: 429",
            "http 429",
            "too many failed login attempts",
        ),
        "HTTP 429 or the code TOOMANYREQUESTS: Docker Hub's pull limit, ECR's Rate exceeded, quotas of others",
        unless=("client rate limiter", "rate limiter wait"),
    ),
    Rule(
        "limits.rate_status",
        Cause.RATE_LIMITED,
        Confidence.CONFIRMED,
        Hop.REGISTRY,
        ("429",),
        "HTTP status 429",
        pattern=r"(?:status|code|http|error|: |when fetching blob)\W{0,3}(?:code\W{0,2})?429\b(?!\d|\.\d)",
        unless=("port 429",),
    ),
)
