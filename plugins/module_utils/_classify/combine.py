# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several errors to one answer."""

from __future__ import annotations

import dataclasses

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.classification import (
    Classification,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.split import Part, Role

# How far a pull got when it failed with this. The kubelet tries one credential after another
# (kuberuntime_image.go) until one succeeds: the attempt that got furthest shows what still is in the way
# once a credential is accepted. A refused credential beside it is an alternative.
_PROGRESS = {
    Cause.UNKNOWN: 0,
    Cause.CANCELLED: 1,
    Cause.PULL_QPS_EXCEEDED: 2,
    Cause.DNS_FAILURE: 3,
    Cause.PROXY_ERROR: 4,
    Cause.NETWORK_UNREACHABLE: 5,
    Cause.TIMEOUT: 6,
    Cause.HTTP_HTTPS_MISMATCH: 7,
    Cause.TLS_EXPIRED: 7,
    Cause.TLS_NAME_MISMATCH: 7,
    Cause.TLS_UNTRUSTED: 7,
    Cause.REGISTRY_SERVER_ERROR: 8,
    Cause.MIRROR_FAILURE: 9,
    Cause.CREDENTIAL_PROVIDER_FAILURE: 10,
    Cause.SECRET_MISSING: 10,
    Cause.AUTH_MISSING: 11,
    Cause.AUTH_INVALID: 12,
    Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE: 13,
    Cause.AUTH_FORBIDDEN: 14,
    Cause.RATE_LIMITED: 15,
    Cause.REPOSITORY_NOT_FOUND: 16,
    Cause.TAG_NOT_FOUND: 17,
    Cause.PLATFORM_MISMATCH: 18,
    Cause.MANIFEST_INVALID: 19,
    Cause.SIGNATURE_POLICY: 20,
    Cause.DIGEST_MISMATCH: 21,
    Cause.RUNTIME_ERROR: 22,
    Cause.DISK_FULL: 23,
}
_BEFORE_ANY_PULL = 30
_BARE_401 = ("auth.status_401", "auth.required")

# The origin was not reached at all: on a node that is meant to use its mirror, the mirror is what fails.
_ORIGIN_OUT_OF_REACH = frozenset(
    {
        Cause.DNS_FAILURE,
        Cause.NETWORK_UNREACHABLE,
        Cause.TIMEOUT,
        Cause.CANCELLED,
        Cause.UNKNOWN,
        Cause.SIGNATURE_POLICY,
    }
)


def combine(parts: tuple[Part, ...], answers: list[Classification], image: str | None) -> Classification:
    """The decisive answer, with the others as ``parts`` and their causes as alternatives."""
    if parts[0].role is Role.MIRROR:
        decisive = _among_mirrors(parts, answers)
        image = image or next((part.reference for part in parts if part.role is Role.ORIGIN), None)
    elif any(part.role is Role.ARTIFACT for part in parts):
        # CRI-O asks for an artifact only after the image failed, and mostly fails alike.
        decisive = next((answer for answer in answers if answer.cause is not Cause.UNKNOWN), answers[0])
    else:
        answers = [_with_credentials(answer) for answer in answers]
        decisive = max(answers, key=_progress)
    others = [answer.cause for answer in answers if answer.cause not in (decisive.cause, Cause.UNKNOWN)]
    alternatives = tuple(dict.fromkeys((*others, *decisive.alternatives)))
    confidence = decisive.confidence
    if others and confidence is Confidence.CONFIRMED:
        confidence = Confidence.LIKELY
    return dataclasses.replace(
        decisive,
        image=image or decisive.image,
        confidence=confidence,
        alternatives=tuple(cause for cause in alternatives if cause is not decisive.cause),
        parts=tuple(answers),
    )


def _with_credentials(answer: Classification) -> Classification:
    """The answer for one of several attempts, each of which was made with a credential.

    The kubelet never adds an anonymous attempt to those with credentials, so a bare 401 among several is a
    credential that was refused.
    """
    if answer.matched not in _BARE_401:
        return answer
    return dataclasses.replace(
        answer,
        cause=Cause.AUTH_INVALID,
        alternatives=(
            Cause.AUTH_MISSING,
            *(cause for cause in answer.alternatives if cause is not Cause.AUTH_INVALID),
        ),
    )


def _progress(answer: Classification) -> int:
    return _PROGRESS.get(answer.cause, _BEFORE_ANY_PULL)


def _among_mirrors(parts: tuple[Part, ...], answers: list[Classification]) -> Classification:
    """The origin decides where it answered; where it could not be asked, the mirror is what failed."""
    mirrors = [answer for part, answer in zip(parts, answers, strict=True) if part.role is Role.MIRROR]
    origin = next(
        (answer for part, answer in zip(parts, answers, strict=True) if part.role is Role.ORIGIN), None
    )
    if origin is not None and origin.cause not in _ORIGIN_OUT_OF_REACH:
        return dataclasses.replace(
            origin, alternatives=tuple(dict.fromkeys((*origin.alternatives, Cause.MIRROR_FAILURE)))
        )
    failed = max(mirrors, key=_progress)
    return dataclasses.replace(
        failed,
        cause=Cause.MIRROR_FAILURE,
        confidence=Confidence.LIKELY,
        alternatives=tuple(
            cause
            for cause in dict.fromkeys((failed.cause, *failed.alternatives))
            if cause not in (Cause.MIRROR_FAILURE, Cause.UNKNOWN)
        ),
        hop=Hop.MIRROR,
        matched=failed.matched or "combine.mirror",
        why="the configured mirrors failed and the origin could not be used: " + (failed.why or "see parts"),
        unknown_reason=None,
    )
