# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures, and policies of the node or the registry that forbid an image."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "policy.signature",
        Cause.SIGNATURE_POLICY,
        Confidence.CONFIRMED,
        Hop.POLICY,
        (
            "signaturevalidationfailed",
            "the signature validation failed",
            "source image rejected",
            "is rejected by policy",
            "are rejected by policy",
            "a signature was required",
            "none of the signatures were accepted",
            "signature for identity",
            "invalid gpg signature",
            "invalid signature:",
            "no public keys imported",
            "no matching signatures",
            "image verifier",
            "validate image failed",
            "signatures do not satisf",
            "notation verification",
            "signature verification failed",
            "signature verification failure",
            "no signatures found",
            "remote trust data does not exist",
            "no valid trust data",
            "no trust data for",
            "cosign verification failed",
        ),
        "the runtime's policy.json, an image verifier or content trust refuses the image"
        " (containers/image signature, containerd pkg/imageverifier, docker content trust)",
        unless=("manifest failed signature verification",),
    ),
    Rule(
        "policy.harbor",
        Cause.SIGNATURE_POLICY,
        Confidence.LIKELY,
        Hop.REGISTRY,
        (
            "projectpolicyviolation",
            "due to configured policy in",
            "cannot be pulled due to configured policy",
            "download blocking policy",
            "download request rejected",
            "prevent images with vulnerability",
            "vulnerabilities cannot be pulled",
            "image is not signed",
            "quarantined",
            "412 precondition failed",
            "severity of vulnerability of the image",
            "image policy webhook",
        ),
        "a rule of the registry (vulnerabilities, signatures) blocks the download: Harbor answers 412"
        " PROJECTPOLICYVIOLATION, Artifactory with Xray 403",
        unless=("container registry is deprecated",),
        alternatives=(Cause.AUTH_FORBIDDEN,),
    ),
    Rule(
        "policy.blocked_registry",
        Cause.SIGNATURE_POLICY,
        Confidence.LIKELY,
        Hop.POLICY,
        ("is blocked in",),
        "registries.conf of the node blocks this registry (containers/image sysregistriesv2)",
        pattern=r"registry \S+ is blocked in",
        alternatives=(Cause.MIRROR_FAILURE,),
    ),
)
