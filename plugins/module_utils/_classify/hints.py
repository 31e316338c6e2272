# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gRPC status and the reason say where the message itself says nothing."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.classification import (
    Classification,
)

_CODES = {
    "canceled": (Cause.CANCELLED, Confidence.POSSIBLE, None, (Cause.TIMEOUT,)),
    "deadlineexceeded": (Cause.TIMEOUT, Confidence.LIKELY, Hop.REGISTRY, (Cause.RUNTIME_ERROR,)),
    "notfound": (
        Cause.TAG_NOT_FOUND,
        Confidence.POSSIBLE,
        Hop.MANIFEST,
        (Cause.REPOSITORY_NOT_FOUND, Cause.RUNTIME_ERROR),
    ),
    "unauthenticated": (Cause.AUTH_MISSING, Confidence.POSSIBLE, Hop.REGISTRY, (Cause.AUTH_INVALID,)),
    "permissiondenied": (Cause.AUTH_FORBIDDEN, Confidence.POSSIBLE, Hop.REGISTRY, (Cause.AUTH_INVALID,)),
    "unimplemented": (Cause.RUNTIME_ERROR, Confidence.LIKELY, Hop.RUNTIME, (Cause.MANIFEST_INVALID,)),
    "unavailable": (Cause.RUNTIME_ERROR, Confidence.POSSIBLE, Hop.RUNTIME, (Cause.REGISTRY_SERVER_ERROR,)),
}
_REASONS = {
    "ErrImageNeverPull": (Cause.NEVER_POLICY, Confidence.CONFIRMED, Hop.KUBELET, ()),
    "InvalidImageName": (Cause.IMAGE_NAME_INVALID, Confidence.CONFIRMED, Hop.REFERENCE, ()),
    "SignatureValidationFailed": (Cause.SIGNATURE_POLICY, Confidence.CONFIRMED, Hop.POLICY, ()),
    "FailedToRetrieveImagePullSecret": (
        Cause.SECRET_MISSING,
        Confidence.LIKELY,
        Hop.CREDENTIALS,
        (Cause.AUTH_MISSING,),
    ),
    "ImageInspectError": (
        Cause.IMAGE_INSPECT_ERROR,
        Confidence.LIKELY,
        Hop.RUNTIME,
        (Cause.RUNTIME_ERROR,),
    ),
    "InspectFailed": (
        Cause.IMAGE_INSPECT_ERROR,
        Confidence.LIKELY,
        Hop.RUNTIME,
        (Cause.RUNTIME_ERROR, Cause.IMAGE_NAME_INVALID),
    ),
    "ImageVolumeMountFailed": (Cause.RUNTIME_ERROR, Confidence.LIKELY, Hop.RUNTIME, ()),
    "RegistryUnavailable": (
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.POSSIBLE,
        Hop.REGISTRY,
        (Cause.NETWORK_UNREACHABLE, Cause.DNS_FAILURE, Cause.TIMEOUT),
    ),
    "ImageGCFailed": (Cause.DISK_FULL, Confidence.LIKELY, Hop.DISK, ()),
    "FreeDiskSpaceFailed": (Cause.DISK_FULL, Confidence.LIKELY, Hop.DISK, ()),
}
_WHY = "the reason that the kubelet gives; its message names no cause"


def by_code(code: str | None) -> Classification | None:
    """What a gRPC status code other than Unknown means for a pull (kubelet 1.28 and later drop Unknown)."""
    found = _CODES.get(code or "")
    if found is None:
        return None
    cause, confidence, hop, alternatives = found
    return Classification(
        cause,
        confidence,
        alternatives,
        hop=hop,
        matched=f"grpc.{code}",
        why="only the gRPC status of the runtime's answer tells something",
    )


def by_reason(reason: str | None, text: str, matched: str | None) -> Classification | None:
    """What a waiting or event reason means by itself (pkg/kubelet/images, pkg/kubelet/events, cri-api)."""
    found = _REASONS.get((reason or "").strip())
    if found is None or (matched or "").startswith("no_pull."):
        return None
    cause, confidence, hop, alternatives = found
    return Classification(
        cause, confidence, alternatives, hop=hop, matched=f"reason.{(reason or '').strip()}", why=_WHY
    )
