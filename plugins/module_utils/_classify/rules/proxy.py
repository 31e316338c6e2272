# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forward proxies between the node and the registry."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "proxy.connect",
        Cause.PROXY_ERROR,
        Confidence.CONFIRMED,
        Hop.PROXY,
        ("proxyconnect", "socks connect", "error connecting to proxy", "proxy connection refused"),
        "Go's transport could not reach or talk to the proxy of the runtime's environment (net/http)",
        alternatives=(),
    ),
    Rule(
        "proxy.authentication",
        Cause.PROXY_ERROR,
        Confidence.CONFIRMED,
        Hop.PROXY,
        (
            "proxy authentication required",
            "proxyauthenticationrequired",
            "407 proxy",
            "status code 407",
            "authenticationrequired: proxy",
        ),
        "the proxy wants a user and password (HTTP 407; RFC 9110, 15.5.8)",
    ),
    Rule(
        "proxy.refused_connect",
        Cause.PROXY_ERROR,
        Confidence.LIKELY,
        Hop.PROXY,
        (
            ": forbidden",
            ": bad gateway",
            ": service unavailable",
            ": gateway timeout",
            ": gateway time-out",
            ": method not allowed",
            ": internal server error",
            ": not allowed",
            ": access denied",
            ": host not found",
            ": server hangup",
        ),
        "the answer to CONNECT was no 200: Go prints the bare reason phrase behind the URL (net/http"
        " transport.go), where a registry's answer has its number or its code in front",
        pattern=r"(?:get|head|post|put)\W{1,3}<[a-z-]*url>\W{1,3}"
        r"(?:forbidden|bad gateway|service unavailable|gateway time-?out|method not allowed"
        r"|internal server error|host not found|server hangup|access denied|not allowed)"
        r"(?: by [^:]*)?[\W\d]*(?:$|,? (?:failed|rpc|error|initializing|reading|pinging)\b)",
        alternatives=(Cause.AUTH_FORBIDDEN, Cause.REGISTRY_SERVER_ERROR),
    ),
    Rule(
        "proxy.page",
        Cause.PROXY_ERROR,
        Confidence.LIKELY,
        Hop.PROXY,
        (
            "squid",
            "zscaler",
            "bluecoat",
            "blue coat",
            "fortigate",
            "fortiguard",
            "websense",
            "forcepoint",
            "mcafee web gateway",
            "web filter",
            "err_access_denied",
            "cache access denied",
            "palo alto",
            "umbrella",
            "captive portal",
        ),
        "the answer is the page of a forward proxy or web filter and not of a registry",
        pattern=r"<html|<!doctype|<head|<title|err_access_denied|cache access denied|web ?filter|blocked|"
        r"response body|zscaler",
        page=True,
    ),
)
