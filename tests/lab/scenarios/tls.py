# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and protocols that the runtime does not accept."""

from __future__ import annotations

from tests.lab.scenarios.manifests import bare

SCENARIOS = (
    bare(
        "tls-unknown-ca",
        "a certificate of the company's own CA",
        "untrusted.reg.test/app/web:1.0.0",
        "tls_untrusted",
        confidence="confirmed",
        host="untrusted.reg.test",
        hop="tls",
    ),
    bare(
        "tls-self-signed",
        "a certificate that vouches for itself",
        "self-signed.reg.test/app/web:1.0.0",
        "tls_untrusted",
        confidence="confirmed",
        host="self-signed.reg.test",
    ),
    bare(
        "tls-missing-intermediate",
        "a server that does not send its intermediate certificate",
        "missing-intermediate.reg.test/app/web:1.0.0",
        "tls_untrusted",
        confidence="confirmed",
    ),
    bare(
        "tls-expired",
        "a certificate that has expired",
        "expired.reg.test/app/web:1.0.0",
        "tls_expired",
        confidence="confirmed",
        host="expired.reg.test",
    ),
    bare(
        "tls-not-yet-valid",
        "a certificate of tomorrow, or a clock of yesterday",
        "future.reg.test/app/web:1.0.0",
        "tls_expired",
        confidence="confirmed",
    ),
    bare(
        "tls-wrong-name",
        "a certificate for another host",
        "mismatch.reg.test/app/web:1.0.0",
        "tls_name_mismatch",
        confidence="confirmed",
        host="mismatch.reg.test",
    ),
    bare(
        "tls-common-name-only",
        "a certificate without subject alternative names",
        "common-name-only.reg.test/app/web:1.0.0",
        "tls_name_mismatch",
        confidence="confirmed",
    ),
    bare(
        "tls-client-certificate",
        "a registry that wants a client certificate, and calls a request without one a bad request",
        "client-cert.reg.test/app/web:1.0.0",
        "registry_server_error",
        also=("auth_missing", "http_https_mismatch", "unknown"),
        truth="auth_missing",
        confidence="possible",
    ),
    bare(
        "tls-too-old",
        "a server that speaks TLS 1.1 only, for which there is no cause of its own",
        "old-tls.reg.test/app/web:1.0.0",
        "tls_untrusted",
        also=("unknown", "http_https_mismatch"),
        confidence="possible",
    ),
    bare(
        "tls-ca-file-missing",
        "a hosts.toml that names a CA file which is not there",
        "missing-ca-file.reg.test/app/web:1.0.0",
        "tls_untrusted",
        also=("runtime_error",),
    ),
    bare(
        "tls-bad-hosts-toml",
        "a hosts.toml that does not parse and is passed over without a word",
        "bad-toml.reg.test/app/web:1.0.0",
        "tls_untrusted",
    ),
    bare(
        "tls-token-service",
        "a token service with an untrusted certificate",
        "token-untrusted.reg.test/app/web:1.0.0",
        "tls_untrusted",
        host="untrusted.reg.test",
    ),
    bare(
        "http-behind-https",
        "a registry without TLS on port 443",
        "http-on-443.reg.test/app/web:1.0.0",
        "http_https_mismatch",
        confidence="confirmed",
        host="http-on-443.reg.test",
    ),
    bare(
        "https-behind-http",
        "a hosts.toml that says http:// for a registry with TLS",
        "plain-to-tls.reg.test:443/app/web:1.0.0",
        "http_https_mismatch",
        also=("registry_server_error",),
        truth="http_https_mismatch",
        confidence="possible",
    ),
    bare(
        "not-tls",
        "an SSH server where a registry was expected",
        "not-tls.reg.test/app/web:1.0.0",
        "http_https_mismatch",
    ),
)
