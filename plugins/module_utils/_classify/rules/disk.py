# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Space on the node: bytes, inodes, quotas."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "disk.full",
        Cause.DISK_FULL,
        Confidence.CONFIRMED,
        Hop.DISK,
        (
            "no space left on device",
            "disk quota exceeded",
            "not enough space on the disk",
            "there is not enough space",
            "enospc",
            "disk full",
            "out of disk space",
            "no free space",
            "insufficient disk space",
            "not enough free space",
            "insufficient free disk space",
            "free data blocks which is less than minimum required",
            "thin pool is running out of",
            "free metadata blocks which is less than minimum",
        ),
        "ENOSPC or EDQUOT; bytes and inodes exhausted give the same text (errno(3), Windows error 0x70)",
    ),
    Rule(
        "disk.pressure",
        Cause.DISK_FULL,
        Confidence.CONFIRMED,
        Hop.DISK,
        (
            "low on resource: imagefs",
            "low on resource: nodefs",
            "low on resource: containerfs",
            "low on resource: ephemeral-storage",
            "low on resource: inodes",
            "attempting to reclaim ephemeral-storage",
            "attempting to reclaim imagefs",
            "attempting to reclaim nodefs",
            "attempting to reclaim inodes",
            "diskpressure",
            "disk-pressure",
        ),
        "the kubelet evicts or refuses pods because of disk pressure (pkg/kubelet/eviction)",
    ),
    Rule(
        "disk.image_gc",
        Cause.DISK_FULL,
        Confidence.LIKELY,
        Hop.DISK,
        (
            "garbage collect required amount of images",
            "failed to free sufficient space by deleting unused images",
            "freediskspacefailed",
            "imagegcfailed",
            "image garbage collection failed",
        ),
        "the kubelet's image garbage collection could not free what it needs (pkg/kubelet/images)",
        unless=("invalid capacity 0",),
    ),
)
