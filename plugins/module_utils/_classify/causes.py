# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed vocabulary that a classification is written in: causes, confidences, hops."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Every cause that a pull failure can be given. The values are part of the public contract."""

    IMAGE_NAME_INVALID = "image_name_invalid"
    TAG_NOT_FOUND = "tag_not_found"
    REPOSITORY_NOT_FOUND = "repository_not_found"
    REPOSITORY_NOT_FOUND_OR_PRIVATE = "repository_not_found_or_private"
    AUTH_MISSING = "auth_missing"
    AUTH_INVALID = "auth_invalid"
    AUTH_FORBIDDEN = "auth_forbidden"
    SECRET_MISSING = "secret_missing"
    CREDENTIAL_PROVIDER_FAILURE = "credential_provider_failure"
    RATE_LIMITED = "rate_limited"
    PULL_QPS_EXCEEDED = "pull_qps_exceeded"
    DNS_FAILURE = "dns_failure"
    NETWORK_UNREACHABLE = "network_unreachable"
    TIMEOUT = "timeout"
    PULL_SLOW = "pull_slow"
    PROXY_ERROR = "proxy_error"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_NAME_MISMATCH = "tls_name_mismatch"
    TLS_EXPIRED = "tls_expired"
    HTTP_HTTPS_MISMATCH = "http_https_mismatch"
    REGISTRY_SERVER_ERROR = "registry_server_error"
    MIRROR_FAILURE = "mirror_failure"
    PLATFORM_MISMATCH = "platform_mismatch"
    MANIFEST_INVALID = "manifest_invalid"
    DIGEST_MISMATCH = "digest_mismatch"
    DISK_FULL = "disk_full"
    RUNTIME_ERROR = "runtime_error"
    IMAGE_INSPECT_ERROR = "image_inspect_error"
    NEVER_POLICY = "never_policy"
    SIGNATURE_POLICY = "signature_policy"
    SHORT_NAME = "short_name"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


CAUSES: tuple[str, ...] = tuple(str(cause) for cause in Cause)
"""All cause names, in the order of the contract."""


class Confidence(StrEnum):
    """How sure an answer is.

    confirmed: the words admit no other cause. likely: they fit this one best.
    possible: this is one of several.
    """

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Hop(StrEnum):
    """The step of a pull at which it failed, in the order in which a pull meets them."""

    REFERENCE = "reference"
    KUBELET = "kubelet"
    CREDENTIALS = "credentials"
    POLICY = "policy"
    DNS = "dns"
    TCP = "tcp"
    PROXY = "proxy"
    TLS = "tls"
    MIRROR = "mirror"
    TOKEN_SERVICE = "token_service"
    REGISTRY = "registry"
    MANIFEST = "manifest"
    BLOB = "blob"
    UNPACK = "unpack"
    DISK = "disk"
    RUNTIME = "runtime"
