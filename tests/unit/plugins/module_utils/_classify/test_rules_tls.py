# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            "tls: failed to verify certificate: x509: certificate has expired or is not yet "
            "valid: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z"
        ),
        "tls_expired",
    ),
    (
        (
            "x509: certificate has expired or is not yet valid: current time "
            "1970-01-01T00:05:00Z is before 2025-01-01T00:00:00Z"
        ),
        "tls_expired",
    ),
    (
        "remote error: tls: expired certificate",
        "tls_expired",
    ),
    (
        ("x509: certificate is valid for registry.other.example, *.other.example, not registry.example"),
        "tls_name_mismatch",
    ),
    (
        ("x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs"),
        "tls_name_mismatch",
    ),
    (
        "x509: certificate relies on legacy Common Name field, use SANs instead",
        "tls_name_mismatch",
    ),
    (
        "x509: certificate is valid for 101 names, but none matched registry.example",
        "tls_name_mismatch",
    ),
    (
        "remote error: tls: unrecognized name",
        "tls_name_mismatch",
    ),
    (
        (
            'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: '
            'verification error" while trying to verify candidate authority certificate "Corp '
            'CA")'
        ),
        "tls_untrusted",
    ),
    (
        "x509: certificate is not authorized to sign other certificates",
        "tls_untrusted",
    ),
    (
        "x509: certificate specifies an incompatible key usage",
        "tls_untrusted",
    ),
    (
        "x509: cannot verify signature: insecure algorithm SHA1-RSA",
        "tls_untrusted",
    ),
    (
        "x509: negative serial number",
        "tls_untrusted",
    ),
    (
        "remote error: tls: certificate required",
        "tls_untrusted",
    ),
    (
        "remote error: tls: bad certificate",
        "tls_untrusted",
    ),
    (
        "SSL certificate problem: self signed certificate in certificate chain",
        "tls_untrusted",
    ),
    (
        "remote error: tls: handshake failure",
        "tls_untrusted",
    ),
    (
        "remote error: tls: protocol version not supported",
        "tls_untrusted",
    ),
    (
        "tls: server selected unsupported protocol version 301",
        "tls_untrusted",
    ),
    (
        "remote error: tls: internal error",
        "tls_untrusted",
    ),
    (
        'unable to load CA cert "/etc/containerd/certs.d/reg/ca.crt"',
        "tls_untrusted",
    ),
    (
        "missing client certificate client.cert for key client.key",
        "tls_untrusted",
    ),
    (
        "http: server gave HTTP response to HTTPS client",
        "http_https_mismatch",
    ),
    (
        "tls: first record does not look like a TLS handshake",
        "http_https_mismatch",
    ),
    (
        "tls: oversized record received with length 20527",
        "http_https_mismatch",
    ),
    (
        (
            'Get "http://reg:443/v2/": net/http: HTTP/1.x transport connection broken: '
            'malformed HTTP response "\\x15\\x03\\x01\\x00\\x02\\x02"'
        ),
        "http_https_mismatch",
    ),
    (
        ("unexpected status code 400 Bad Request: Client sent an HTTP request to an HTTPS server."),
        "http_https_mismatch",
    ),
    (
        "400 The plain HTTP request was sent to HTTPS port",
        "http_https_mismatch",
    ),
    (
        "SSL routines:ssl3_get_record:wrong version number",
        "http_https_mismatch",
    ),
]

NEAR_MISSES = [
    (
        "net/http: TLS handshake timeout",
        "tls_untrusted",
    ),
    (
        (
            "invalid registry endpoint https://r:5000/v0/: dial tcp 10.0.0.1:5000: connection "
            "refused. If this private registry supports only HTTP or HTTPS with an unknown CA "
            "certificate, please add `--insecure-registry r:5000` to the daemon's arguments. "
            "In the case of HTTPS, if you have access to the registry's CA certificate, no "
            "need for the flag; simply place the CA certificate at "
            "/etc/docker/certs.d/r:5000/ca.crt"
        ),
        "tls_untrusted",
    ),
    (
        (
            'Failed to pull image "quay.io/x509/certificate-exporter:1": '
            "quay.io/x509/certificate-exporter:1: not found"
        ),
        "tls_untrusted",
    ),
    (
        "open /usr/lib/ssl/certs/a: no space left on device",
        "tls_untrusted",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
