# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures and policies."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            "SignatureValidationFailed: Source image rejected: Signature for identity "
            '"reg.example/a:1" is not accepted'
        ),
        "signature_policy",
    ),
    (
        (
            "Source image rejected: None of the signatures were accepted, reasons: Invalid GPG "
            "signature: gpgme.Signature{}"
        ),
        "signature_policy",
    ),
    (
        (
            "copying system image from manifest list: Source image rejected: Any signatures "
            "for image docker://a are rejected by policy."
        ),
        "signature_policy",
    ),
    (
        (
            "Source image rejected: A signature was required, but no signature exists (1 "
            "non-sigstore signatures, 0 sigstore non-signature attachments)"
        ),
        "signature_policy",
    ),
    (
        "Error: SignatureValidationFailed",
        "signature_policy",
    ),
    (
        (
            "Error: remote trust data does not exist for docker.io/x/y: notary.docker.io does "
            "not have trust data for docker.io/x/y"
        ),
        "signature_policy",
    ),
    (
        (
            "image verifier policy blocked pull of docker.io/library/nginx:1 with digest "
            "sha256:1 for reason: not signed"
        ),
        "signature_policy",
    ),
    (
        (
            "unexpected status from HEAD request to https://harbor.example/v2/a/b/manifests/1: "
            "412 Precondition Failed: PROJECTPOLICYVIOLATION: current image with 3 "
            "vulnerabilities cannot be pulled due to configured policy in 'Prevent images with "
            'vulnerability severity of "High" or higher from running.\''
        ),
        "signature_policy",
    ),
    (
        (
            "denied: Artifact download request rejected: docker/app/1/manifest.json was not "
            "downloaded due to the download blocking policy configured in Xray for docker."
        ),
        "signature_policy",
    ),
    (
        (
            "initializing source docker://evil.example/a:1: registry evil.example is blocked "
            "in /etc/containers/registries.conf or /etc/containers/registries.conf.d"
        ),
        "signature_policy",
    ),
]

NEAR_MISSES = [
    (
        (
            "Error: error contacting notary server: dial tcp: lookup notary.docker.io on "
            "10.0.0.2:53: no such host"
        ),
        "signature_policy",
    ),
    (
        ('Failed to pull image "docker.io/sigstore/cosign:v2": docker.io/sigstore/cosign:v2: not found'),
        "signature_policy",
    ),
    (
        "manifest unverified: manifest failed signature verification",
        "signature_policy",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
