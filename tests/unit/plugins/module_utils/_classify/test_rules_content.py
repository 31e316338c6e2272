# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Platforms, digests, manifests."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        ('failed to pull and unpack image "reg.example/a:1": no match for platform in manifest: not found'),
        "platform_mismatch",
    ),
    (
        "no matching manifest for windows/amd64 10.0.17763 in the manifest list entries",
        "platform_mismatch",
    ),
    (
        "no matching manifest for unknown in the manifest list entries",
        "platform_mismatch",
    ),
    (
        (
            "choosing an image from manifest list docker://reg.example/a:1: no image found in "
            'image index for architecture "arm64", variant "v8", OS "linux"'
        ),
        "platform_mismatch",
    ),
    (
        ('image operating system "linux" cannot be used on this platform: operating system is not supported'),
        "platform_mismatch",
    ),
    (
        "a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host",
        "platform_mismatch",
    ),
    (
        (
            "hcs::CreateComputeSystem x: The container operating system does not match the "
            "host operating system."
        ),
        "platform_mismatch",
    ),
    (
        'cannot download image with operating system "linux" when requesting "windows"',
        "platform_mismatch",
    ),
    (
        (
            "image with reference a:1 was found but does not match the specified platform: "
            "wanted linux/amd64, actual: linux/arm64"
        ),
        "platform_mismatch",
    ),
    (
        "no child with platform linux/s390x in index reg.example/a:1",
        "platform_mismatch",
    ),
    (
        (
            'failed commit on ref "layer-sha256:aa": unexpected commit digest sha256:bb, '
            "expected sha256:aa: failed precondition"
        ),
        "digest_mismatch",
    ),
    (
        (
            'failed commit on ref "layer-sha256:aa": "layer-sha256:aa" failed size validation: '
            "10 != 20: failed precondition"
        ),
        "digest_mismatch",
    ),
    (
        "unexpected commit size 12, expected 13: failed precondition",
        "digest_mismatch",
    ),
    (
        "image verification failed for digest sha256:aa",
        "digest_mismatch",
    ),
    (
        "writing blob: Digest did not match, expected sha256:aa, got sha256:bb",
        "digest_mismatch",
    ),
    (
        "Download config.json digest sha256:aa does not match expected sha256:bb",
        "digest_mismatch",
    ),
    (
        'wrong diff id "sha256:aa" calculated on extraction "sha256:bb", desc "sha256:cc"',
        "digest_mismatch",
    ),
    (
        'failed to unpack image on snapshotter devmapper: wrong diff id calculated on extraction "sha256:aa"',
        "digest_mismatch",
    ),
    (
        'error unpacking image: wrong diff id calculated on extraction "sha256:********"',
        "digest_mismatch",
    ),
    (
        'writing blob: layer 0 (blob "sha256:aa") does not match config\'s DiffID "sha256:bb"',
        "digest_mismatch",
    ),
    (
        "failed to extract layer sha256:aa: archive/tar: invalid tar header: unknown",
        "manifest_invalid",
    ),
    (
        "failed to extract layer sha256:aa: gzip: invalid checksum: unknown",
        "manifest_invalid",
    ),
    (
        (
            "failed to unpack image on snapshotter overlayfs: unexpected media type text/html "
            "for sha256:aa: not found"
        ),
        "manifest_invalid",
    ),
    (
        "error pulling image configuration: download failed after attempts=1: unknown blob",
        "manifest_invalid",
    ),
    (
        "failed to register layer: unexpected EOF",
        "digest_mismatch",
    ),
    (
        "Manifest does not match provided manifest digest sha256:aa",
        "digest_mismatch",
    ),
    (
        ('manifest digest: "sha256:aa" does not match requested digest: "sha256:bb" for "reg.example/a"'),
        "digest_mismatch",
    ),
    (
        (
            "not implemented: media type "
            '"application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer '
            "supported since containerd v2.0, please rebuild the image"
        ),
        "manifest_invalid",
    ),
    (
        (
            "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, "
            "schema 1 support has been removed."
        ),
        "manifest_invalid",
    ),
    (
        "unsupported manifest media type and no default available: text/html",
        "manifest_invalid",
    ),
    (
        'mediaType in manifest should be "application/vnd.oci.image.manifest.v1+json" not ""',
        "manifest_invalid",
    ),
    (
        'Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching',
        "manifest_invalid",
    ),
    (
        'Unimplemented manifest MIME type "text/plain"',
        "manifest_invalid",
    ),
    (
        "number of layers and diffIDs don't match: 3 != 2",
        "manifest_invalid",
    ),
    (
        "mismatched image rootfs and manifest layers",
        "manifest_invalid",
    ),
    (
        "invalid rootfs in image configuration",
        "manifest_invalid",
    ),
    (
        "manifest invalid: manifest invalid",
        "manifest_invalid",
    ),
    (
        "rejecting 10485760 byte manifest for reg.example/a:1: not found",
        "manifest_invalid",
    ),
    (
        ("unable to fetch descriptor (sha256:aa) which reports content size of zero: invalid argument"),
        "manifest_invalid",
    ),
    (
        "blob unknown to registry",
        "manifest_invalid",
    ),
    (
        'unsupported docker v2s2 media type: "application/vnd.docker.ai.gguf.v3"',
        "manifest_invalid",
    ),
    (
        "unexpected status code https://reg.example/v2/a/blobs/sha256:aa: 404 Not Found",
        "manifest_invalid",
    ),
    ("choosing an image from manifest list docker://r.example/a:1: nothing fits", "platform_mismatch"),
]

NEAR_MISSES = [
    (
        (
            "initializing image from source docker://a:1: parsing image configuration: Error "
            "fetching blob: received unexpected HTTP status: 503 Service Unavailable"
        ),
        "manifest_invalid",
    ),
    (
        "manifest unknown: manifest unknown",
        "manifest_invalid",
    ),
    (
        (
            "choosing an image from manifest list docker://a: reading manifest sha256:aa in "
            "reg.example/a: unauthorized: authentication required"
        ),
        "platform_mismatch",
    ),
    (
        'Failed to pull image "reg.example/platform/no-match:1": pull QPS exceeded',
        "platform_mismatch",
    ),
    (
        "exec /bin/app: exec format error",
        "platform_mismatch",
    ),
    (
        "read tcp 10.0.0.1:1->10.0.0.2:443: unexpected EOF",
        "digest_mismatch",
    ),
    (
        "failed to extract layer sha256:aa: write /x: archive/tar: write: no space left on device",
        "manifest_invalid",
    ),
    (
        "unexpected commit digest sha256:aa, expected sha256:bb: failed precondition: archive/tar: invalid tar header",
        "manifest_invalid",
    ),
    (
        "received unexpected HTTP status: 502 Bad Gateway, content-type: text/htmlx",
        "manifest_invalid",
    ),
    (
        "unauthorized: the upload of an unknown blobstore user",
        "manifest_invalid",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause


def test_a_web_page_in_place_of_a_manifest_leaves_room_for_whoever_sent_it() -> None:
    answer = classify("unexpected media type text/html for sha256:aa: not found")
    assert (answer.cause, answer.confidence) == ("manifest_invalid", "likely")
    assert {"proxy_error", "registry_server_error", "mirror_failure"} <= set(answer.alternatives)


def test_bytes_that_passed_their_digest_are_the_image_and_not_the_way() -> None:
    answer = classify("failed to extract layer sha256:aa: archive/tar: invalid tar header: unknown")
    assert (answer.cause, answer.alternatives[0]) == ("manifest_invalid", "digest_mismatch")


def test_another_digest_after_unpacking_may_be_a_wrongly_built_image() -> None:
    answer = classify('wrong diff id calculated on extraction "sha256:aa"')
    assert (answer.cause, answer.confidence) == ("digest_mismatch", "likely")
    assert "manifest_invalid" in answer.alternatives
