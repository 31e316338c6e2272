# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS as the container runtimes speak it, and what its failures mean."""

from __future__ import annotations

import ssl

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CertificateFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import TLS, Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Settings,
    SettingsInvalid,
)

# The peer did not speak TLS at all (names of OpenSSL's reasons, versions 1.1.1 to 3.5).
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})
_NO_TLS_MAYBE = frozenset({"RECORD_LAYER_FAILURE", "UNEXPECTED_MESSAGE"})
# X509_V_ERR_* of OpenSSL.
_NOT_YET_VALID, _EXPIRED, _NAME, _ADDRESS = 9, 10, 62, 64


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return the TLS settings for registries; raises SettingsInvalid where a file cannot be used.

    Python 3.13 refuses certificates that the runtimes accept (a CA without keyUsage): that extra strictness is taken
    back, so that the verdict is the runtimes' and not the interpreter's.
    """
    context = ssl.create_default_context()
    try:
        if settings.ca_file:
            context.load_verify_locations(cafile=settings.ca_file)
        if settings.ca_pem:
            context.load_verify_locations(cadata=settings.ca_pem)
    except (OSError, ValueError) as error:
        where = settings.ca_file if settings.ca_file else "the given PEM text"
        raise SettingsInvalid(f"cannot use the CA certificate {where}: {_told(error)}") from None
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.client_cert:
        _client_certificate(context, settings.client_cert, settings.client_key)
    return context


def unverified_context() -> ssl.SSLContext:
    """Return TLS settings for a look at a certificate: nothing is ever sent through them, no client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    def no_passphrase() -> str:
        raise ValueError("the key is protected by a passphrase")

    try:
        context.load_cert_chain(certificate, key, no_passphrase)
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"cannot use the client certificate {certificate}: {_told(error)}") from None


def _told(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)


def speaks_no_tls(error: ssl.SSLError) -> bool:
    """Whether the peer's first bytes were no TLS: plain HTTP, most likely."""
    return error.reason in _NO_TLS


def may_speak_no_tls(error: ssl.SSLError) -> bool:
    """Whether that is possible: newer versions of OpenSSL say less."""
    return error.reason in _NO_TLS | _NO_TLS_MAYBE


def refused(host: str, error: ssl.SSLError, certificate: CertificateFact | None) -> Stopped:
    """Return what a failed handshake with ``host`` means."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _no_handshake(host, error)
    code = error.verify_code
    names = f" (it is for {', '.join(certificate.names[:4])})" if certificate and certificate.names else ""
    if code in (_NAME, _ADDRESS) or "mismatch" in str(error):
        cause, text = "tls_name_mismatch", f"the certificate of {host} is for other names{names}"
    elif code == _EXPIRED:
        when = f" on {certificate.not_after}" if certificate and certificate.not_after else ""
        cause, text = "tls_expired", f"the certificate of {host} expired{when}"
    elif code == _NOT_YET_VALID:
        when = f" before {certificate.not_before}" if certificate and certificate.not_before else " yet"
        cause, text = "tls_expired", f"the certificate of {host} is not valid{when}: check the clock"
    else:
        by = f", which is signed by {certificate.issuer}" if certificate and certificate.issuer else ""
        cause, text = (
            "tls_untrusted",
            f"the certificate of {host}{by}, is not trusted: {error.verify_message}",
        )
    return Stopped(TLS, cause, text, lasting=True, certificate=certificate)


def _no_handshake(host: str, error: ssl.SSLError) -> Stopped:
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if "certificate required" in reason or "handshake failure" in reason or "bad certificate" in reason:
        return Stopped(
            TLS,
            "tls_untrusted",
            f"{host} ends the TLS handshake: {reason}; it may want a client certificate",
            certain=False,
            settle_by="ask with the client certificate of the nodes (certs.d of the runtime)",
            lasting=True,
        )
    return Stopped(
        TLS,
        "network_unreachable",
        f"{host} ends the TLS handshake: {reason}",
        certain=False,
        alternatives=("tls_untrusted", "proxy_error"),
        settle_by="look at what stands between (firewall, TLS-inspecting proxy), and ask from another network",
        lasting=True,
    )
