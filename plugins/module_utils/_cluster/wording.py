# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a kubelet say about whether a container lacks its image (not why: that is judged elsewhere).

Sources: pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go, pkg/kubelet/eviction/helpers.go and
cri-api/pkg/errors of Kubernetes 1.21 to 1.36.
"""

from __future__ import annotations

import re

IMAGE_REASONS = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "ImageVolumeMountFailed",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)

CREATING_REASONS = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Waiting reasons of a container whose image may be on its way."""

RESTARTING = "CrashLoopBackOff"
"""The waiting reason of a container that ended; from then on its image may not be had any more."""

_IMAGE_WORD = re.compile(r"image|pull|registry|signature", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+\Z")
_UNPACKING = re.compile(
    r"^ImageVolumeMountFailed|unpacking image|failed to (?:extract|unpack) |image \"?[^\"]*\"?: not found"
    r"|failed to get image from ",
)
IMAGE_VOLUME_MOUNT = "ImageVolumeMountFailed"

_DISK_EVICTION = re.compile(
    r"low on resource: \[?(?:ephemeral-storage|inodes|imagefs|nodefs|containerfs)|had condition: \[[^\]]*DiskPressure"
)
_SANDBOX_IMAGE = re.compile(r"sandbox image|pull(?:ing)? image|inspect image|ImagePull", re.IGNORECASE)
_POD_NETWORK = re.compile(
    r"network for sandbox|networkplugin|plugin type=|\bcni\b|network plugin|NetworkReady=false|network is not ready",
    re.IGNORECASE,
)


def lacks_image(reason: str, message: str) -> bool:
    """Return whether a waiting reason says that the container cannot get its image.

    Besides the known words that is: raw error text where a word should be, which kubelets from 1.33 show when a pull
    secret cannot be parsed (the text is then reason and message both); a word of a future kubelet that names an
    image; and a container that could not be created because its image could not be unpacked.
    """
    if reason in IMAGE_REASONS:
        return True
    if reason in CREATING_REASONS:
        return False
    if not _WORD.match(reason):
        return True
    if reason == "CreateContainerError":
        return bool(_UNPACKING.search(message))
    return bool(_IMAGE_WORD.search(reason))


def evicted_for_disk(reason: str, message: str) -> bool:
    """Return whether a pod was thrown out because its node runs out of disk: bytes or inodes.

    A pod that exceeds a limit of its own is evicted too; that says nothing about the room for images.
    """
    return reason == "Evicted" and bool(_DISK_EVICTION.search(message))


def sandbox_symptom(message: str) -> str | None:
    """Return ``sandbox`` when the text of FailedCreatePodSandBox is about an image, ``runtime`` when the runtime
    itself fails, None when it is the pod network, which has nothing to do with images."""
    if _SANDBOX_IMAGE.search(message):
        return "sandbox"
    if _POD_NETWORK.search(message):
        return None
    return "runtime"
