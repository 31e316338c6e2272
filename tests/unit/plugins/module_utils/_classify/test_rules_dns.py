# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name resolution."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        "dial tcp: lookup registry.nx.test on 10.96.0.10:53: no such host",
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example on 10.96.0.10:53: server misbehaving",
        "dns_failure",
    ),
    (
        (
            "dial tcp: lookup registry.example on 10.96.0.10:53: read udp "
            "10.0.0.4:33333->10.96.0.10:53: i/o timeout"
        ),
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example: Temporary failure in name resolution",
        "dns_failure",
    ),
    (
        ("dial tcp: lookup reg on [fd00::a]:53: dial udp [fd00::a]:53: connect: network is unreachable"),
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example: getaddrinfow: No such host is known.",
        "dns_failure",
    ),
    (
        (
            "dial tcp: lookup registry.example: getaddrinfow: This is usually a temporary "
            "error during hostname resolution and means that the local server did not receive "
            "a response from an authoritative server."
        ),
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example on 10.0.0.1:53: cannot unmarshal DNS message",
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example on 10.0.0.1:53: no answer from DNS server",
        "dns_failure",
    ),
    (
        "dial tcp: lookup registry.example: device or resource busy",
        "dns_failure",
    ),
    (
        "curl: (6) Could not resolve host: registry.example",
        "dns_failure",
    ),
    (
        "Name or service not known",
        "dns_failure",
    ),
]

NEAR_MISSES = [
    (
        (
            "Docker registry lookup failed: Get https://r.example/v2/: dial tcp 10.0.0.1:443: "
            "connect: connection refused"
        ),
        "dns_failure",
    ),
    (
        ('Failed to pull image "reg.example/tools/lookup:1": reg.example/tools/lookup:1: not found'),
        "dns_failure",
    ),
    (
        "failed to lookup digest: content store closed",
        "dns_failure",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
