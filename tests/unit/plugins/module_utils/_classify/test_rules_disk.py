# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Space."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            'failed to pull and unpack image "a": failed to copy: write '
            "/var/lib/containerd/io.containerd.content.v1.content/ingest/1/data: no space left "
            "on device"
        ),
        "disk_full",
    ),
    (
        ("failed to extract layer sha256:1: mkdir /var/lib/containerd/x: disk quota exceeded: unknown"),
        "disk_full",
    ),
    (
        "failed to register layer: write /usr/lib/libx.so: no space left on device",
        "disk_full",
    ),
    (
        (
            'writing blob: storing blob to file "/var/tmp/storage1/2": write '
            "/var/tmp/storage1/2: no space left on device"
        ),
        "disk_full",
    ),
    (
        (
            "The node was low on resource: ephemeral-storage. Threshold quantity: 1, "
            "available: 0. Container c was using 2Ki, request is 0, has larger consumption of "
            "ephemeral-storage."
        ),
        "disk_full",
    ),
    (
        "The node had condition: [DiskPressure]. ",
        "disk_full",
    ),
    (
        (
            "Failed to garbage collect required amount of images. Attempted to free 9 bytes, "
            "but only found 0 bytes eligible to free."
        ),
        "disk_full",
    ),
    (
        ("failed to garbage collect required amount of images. Wanted to free 9 bytes, but freed 0 bytes"),
        "disk_full",
    ),
    (
        (
            "Insufficient free disk space on the node's image filesystem (95% of 10Gi used). "
            "Failed to free sufficient space by deleting unused images (freed 0 bytes)."
        ),
        "disk_full",
    ),
    (
        ("hcsshim::ImportLayer - failed failed in Win32: There is not enough space on the disk. (0x70)"),
        "disk_full",
    ),
    (
        (
            "devmapper: Thin Pool has 1 free data blocks which is less than minimum required "
            "163840 free data blocks."
        ),
        "disk_full",
    ),
    (
        ("failed to create new writer: mkdir /var/lib/containerd/ingest: no space left on device: unknown"),
        "disk_full",
    ),
]

NEAR_MISSES = [
    (
        "The node was low on resource: memory.",
        "disk_full",
    ),
    (
        "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
        "disk_full",
    ),
    (
        "invalid capacity 0 on image filesystem",
        "disk_full",
    ),
    (
        ("0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }"),
        "disk_full",
    ),
    (
        "failed to extract layer sha256:1: open /var/lib/containerd/x: read-only file system",
        "disk_full",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
