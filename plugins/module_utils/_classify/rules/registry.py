# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a registry that is not well, or is no registry."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "registry.shut_down",
        Cause.REPOSITORY_NOT_FOUND,
        Confidence.LIKELY,
        Hop.REGISTRY,
        ("container registry is deprecated and shutting down", "registry has been shut down"),
        "gcr.io answers 412 for projects that were not migrated to Artifact Registry",
        alternatives=(Cause.REGISTRY_SERVER_ERROR,),
    ),
    Rule(
        "registry.server_error",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.CONFIRMED,
        Hop.REGISTRY,
        (
            "500 internal server error",
            "501 not implemented",
            "502 bad gateway",
            "502 proxy error",
            "503 service",
            "503 backend",
            "504 gateway",
            "url>: 5",
            'url>": 5',
            "status code 5",
            "status code: 5",
            "statuscode: 5",
            "status: 5",
            "parsing http 5",
            "http code: 5",
            "when fetching blob 5",
        ),
        "the registry, its token service or what stands in front answered with a status of 500 and more",
        pattern=r"\b5\d\d (?:internal server error|not implemented|bad gateway|proxy error|service|backend|gateway)"
        r"|(?:http status|status ?code|status|http code)\W{1,2}(?:<[a-z-]*url>\W{1,2})?5\d\d\b"
        r"|parsing http 5\d\d|<[a-z-]*url>\W{1,3}5\d\d\b|when fetching blob 5\d\d\b",
    ),
    Rule(
        "registry.unavailable",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.LIKELY,
        Hop.REGISTRY,
        (
            "service unavailable",
            "service temporarily unavailable",
            "bad gateway",
            "gateway time-out",
            "gateway timeout",
            "registry not enabled",
            "internal server error",
            "internal error occurred",
            "unknown: unknown error",
            "unknown error: unknown error",
            "unknown: internal",
            "error from registry: unknown",
        ),
        "the registry says itself that it is not well (code UNAVAILABLE or UNKNOWN, or the text of a 5xx)",
        unless=("code 500) server error", "(internal server error: 500)"),
    ),
    Rule(
        "registry.token_answer",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.LIKELY,
        Hop.TOKEN_SERVICE,
        (
            "unable to decode token response",
            "did not include a token in the response",
            "no realm specified for token auth challenge",
            "missing realm in bearer auth challenge",
            "invalid token auth challenge realm",
            "failed to find supported auth scheme",
            "decoding bearer token",
            "no supported grant type",
        ),
        "the token service's challenge or answer is none that the specification knows",
        alternatives=(Cause.PROXY_ERROR, Cause.AUTH_INVALID),
    ),
    Rule(
        "registry.bad_request",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.POSSIBLE,
        Hop.REGISTRY,
        ("400 bad request", "parsing http 400", "status code 400", "statuscode: 400", "http status: 400"),
        "HTTP status 400: the registry, or what stands in front, does not understand a request that others do;"
        " nginx also where plain HTTP reaches a TLS port, or where it wants a client certificate and gets none",
        alternatives=(Cause.HTTP_HTTPS_MISMATCH, Cause.AUTH_MISSING, Cause.PROXY_ERROR, Cause.AUTH_INVALID),
    ),
    Rule(
        "registry.no_registry",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.POSSIBLE,
        Hop.REGISTRY,
        (
            "looking for beginning of value",
            "no error details found in http response body",
            "malformed http",
            "transport connection broken",
            "stopped after 10 redirects",
            "unexpected status resolving reader",
            "not a valid registry",
            "does not support v2",
            "invalid registry endpoint",
        ),
        "the answer is not that of a registry: a web page, a proxy, a captive portal or another service",
        unless=("http 401", "http 403", "http 404"),
        alternatives=(Cause.PROXY_ERROR, Cause.HTTP_HTTPS_MISMATCH),
    ),
)
