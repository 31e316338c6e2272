# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name resolution."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "dns.lookup",
        Cause.DNS_FAILURE,
        Confidence.CONFIRMED,
        Hop.DNS,
        ("lookup ",),
        "Go's resolver failed at this host name, whatever stands behind it (net.DNSError)",
        pattern=r"dial (?:tcp|udp)\S*:? lookup \S"
        r"|\blookup (?:<host>|[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)\.?(?: on \S+)?:",
    ),
    Rule(
        "dns.no_such_host",
        Cause.DNS_FAILURE,
        Confidence.CONFIRMED,
        Hop.DNS,
        (
            "no such host",
            "server misbehaving",
            "name or service not known",
            "could not resolve host",
            "couldn't resolve host",
            "cannot resolve host",
            "no servers could be reached",
            "cannot unmarshal dns message",
            "no answer from dns server",
            "getaddrinfo",
            "nodename nor servname provided",
            "name resolution",
            "name does not resolve",
            "unknown host",
            "nxdomain",
            "servfail",
        ),
        "the host's name does not resolve on the node",
    ),
)
