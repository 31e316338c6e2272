# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that lie in the node: its disk, its runtime."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.entry import (
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes import network, node

NO_RM = "Do not remove files under the runtime's folder by hand: its records would no longer fit its content."

NODE: tuple[Entry, ...] = (
    Entry(
        cause=Cause.DISK_FULL,
        subject=SubjectKind.NODE,
        step=6,
        title="No space for images on {node}",
        explanation=(
            "Bytes or inodes of the file system that holds the images are used up. Both give the same words, so look "
            "at both."
        ),
        sign="the message would say 'no space left on device'",
        fixes=(node.cordon, node.look_at_disk, node.prune_images),
        do_not=(
            NO_RM,
            "Do not delete the pods to move them on before the node is cordoned: they come back to it.",
        ),
    ),
    Entry(
        cause=Cause.RUNTIME_ERROR,
        subject=SubjectKind.NODE,
        step=8,
        title="Container runtime of {node} fails",
        explanation=(
            "The runtime (containerd, docker, CRI-O) or the kubelet itself is down, hung, or fails in its own store; "
            "the image and its registry are not the reason."
        ),
        sign="the message would name the runtime's socket, store or snapshotter",
        fixes=(node.cordon, node.describe_node, node.look_at_runtime, node.restart_runtime),
        do_not=(
            NO_RM,
            "Do not force-delete pods of a node that does not report: their containers may still run.",
        ),
    ),
    Entry(
        cause=Cause.IMAGE_INSPECT_ERROR,
        subject=SubjectKind.NODE,
        step=8,
        title="The runtime of {node} cannot inspect an image",
        explanation=(
            "Before any pull the kubelet asks the runtime whether it has the image, and this question fails: the "
            "runtime is down, or its image store is damaged."
        ),
        sign="the kubelet would report ImageInspectError",
        fixes=(node.look_at_runtime, node.cordon, node.restart_runtime),
        do_not=(NO_RM,),
    ),
    Entry(
        cause=Cause.CANCELLED,
        subject=SubjectKind.NODE,
        step=8,
        title="Pulls were cancelled on {node}",
        explanation=(
            "Somebody else ended the pull: the kubelet or the runtime was stopped or restarted, or the runtime saw no "
            "progress and gave up. It is tried again by itself."
        ),
        sign="the message would say 'context canceled'",
        fixes=(node.look_at_runtime, network.connect),
    ),
)
