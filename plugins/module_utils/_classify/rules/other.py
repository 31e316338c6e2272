# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of Kubernetes that are no pull failure, or repeat one without its cause."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule


def _nothing(
    rule_id: str, words: tuple[str, ...], nothing: str, pattern: str = "", unless: tuple[str, ...] = ()
) -> Rule:
    return Rule(
        rule_id,
        Cause.UNKNOWN,
        Confidence.POSSIBLE,
        None,
        words,
        why="",
        pattern=pattern,
        unless=unless,
        nothing=nothing,
    )


RULES = (
    _nothing(
        "no_pull.pod_network",
        (
            "setup network for sandbox",
            "set up sandbox container",
            "networkplugin cni",
            "cni plugin not initialized",
            "network plugin is not ready",
            "failed to setup network for pod",
            "failed to teardown pod",
            "error adding pod to cni network",
            "plugin type=",
        ),
        "the pod's network could not be set up: the network plugin is at fault, not the image",
    ),
    _nothing(
        "no_pull.probe",
        ("liveness probe", "readiness probe", "startup probe"),
        "a probe failed in a container that runs: its image was pulled",
    ),
    _nothing(
        "no_pull.scheduling",
        ("nodes are available", "preemption is not helpful", "didn't match pod's node affinity"),
        "the pod is not scheduled yet: nothing has been pulled for it",
    ),
    _nothing(
        "no_pull.restarting",
        ("restarting failed container", "crashloopbackoff"),
        "the container starts and fails: its image was pulled",
    ),
    _nothing(
        "no_pull.start",
        (
            "exec format error",
            "oci runtime create failed",
            "oci runtime exec failed",
            "executable file not found in $path",
            "container has runasnonroot",
            "cannot start container",
            "failed to start container",
        ),
        "the image was pulled; its container does not start (for another platform, or with a wrong command)",
        unless=("credential", "sandbox"),
    ),
    _nothing(
        "no_pull.volume",
        ("mountvolume.", "unable to attach or mount volumes", "failed to attach volume"),
        "a volume could not be mounted: that is no pull",
    ),
    _nothing(
        "no_pull.config",
        ("configmap", "couldn't find key"),
        "a ConfigMap or Secret of the container's own configuration is missing: that is no pull",
        pattern=r'configmap "[^"]*" not found|couldn\'t find key \S+ in (?:secret|configmap)',
    ),
    _nothing(
        "no_pull.pulled",
        ("successfully pulled image", "already present on machine"),
        "the image was pulled",
    ),
    _nothing(
        "no_pull.capacity",
        ("invalid capacity 0 on image filesystem",),
        "kubelets say this while the runtime still starts; it names no cause",
    ),
)

# Looked at last: the same words are the beginning of messages that do name their cause.
LAST = (
    _nothing(
        "repeats.back_off",
        ("back-off pulling image", "trying and failing to pull image", "image can't be pulled"),
        "the kubelet only repeats that it waits before the next try; the cause is in the events of the pod",
        pattern=r"(?:back-off pulling image \W{0,3}<image>|trying and failing to pull image|can't be pulled)"
        r"\W*(?:$|pod=)",
    ),
    _nothing(
        "repeats.reason",
        ("errimagepull", "imagepullbackoff"),
        "only the reason is given; the cause is in the events of the pod",
        pattern=r"^\W*(?:error: |container \S+ in pod \S+ is waiting to start: )?"
        r"(?:errimagepull|imagepullbackoff)\W*$",
    ),
    _nothing(
        "repeats.pulling",
        ("pulling image",),
        "the pull has begun; nothing is said about its end",
        pattern=r'^\W*pulling image "?<?[^ ]*$',
    ),
    _nothing(
        "no_pull.eviction",
        ("ephemeral local storage usage exceeds", "low on resource: memory", "low on resource: pids"),
        "the pod was evicted for another reason than image space",
    ),
)
