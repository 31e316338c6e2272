# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who said no to a pod, and in which words: the API server, a policy, the kubelet, the runtime."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import (
    MOUNTS,
    PRIORITY,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

OTHER_IMAGE, WITHOUT_PRIORITY, WITHOUT_MOUNT = "image", "priority", "mount"
_LONGEST = 500
_TYPE_CHECK = re.compile(r"hostPath type check failed: /([a-z0-9]+) is not a directory")
_RUNTIME_DOWN = re.compile(
    r"container runtime (?:is down|status check)|PLEG is not healthy|runtime service", re.I
)
_NO_FULL_KUBELET = {"eks.amazonaws.com/compute-type": "fargate", "type": "virtual-kubelet"}
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"violates PodSecurity"), "pod_security"),
    (re.compile(r"security context constraint|PodSecurityPolicy"), "policy"),
    (re.compile(r"exceeded quota|failed quota|insufficient quota|ResourceQuota"), "quota"),
    (
        re.compile(r"admission webhook|calling webhook|ValidatingAdmissionPolicy|denied (?:the )?request"),
        "policy",
    ),
    (re.compile(r'User "[^"]*" cannot|cannot (?:create|get|list|delete) resource'), "rights"),
)
_NO_IMAGE = frozenset(
    {"ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "ErrImagePull", "ImagePullBackOff"}
)
_NOT_CREATED = frozenset({"CreateContainerError", "CreateContainerConfigError", "RunContainerError"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who refused and why. ``remedy`` says what may help: another image, no priority, a mount less (``mount``)."""

    by: str
    why: str
    remedy: str = ""
    mount: str = ""


def of_words(words: str, critical: bool) -> Refusal:
    """Return what the words of the API server mean that did not admit a pod, or of an event that tells so.

    Sources: pod-security-admission, resourcequota and webhook admission of kube-apiserver 1.31 to 1.36.
    """
    by = next((who for pattern, who in _WORDS if pattern.search(words)), "policy")
    # A quota may hold for critical pods alone (GKE has one outside kube-system), and so may a webhook.
    helps = critical and (by == "quota" or PRIORITY in words or "priorityClass" in words)
    return Refusal(by, printable(words, _LONGEST), WITHOUT_PRIORITY if helps else "")


def of_error(error: errors.ClusterError, critical: bool) -> Refusal | None:
    """Return the refusal that an answer to a create is, None when it is trouble with the API server itself."""
    failed_webhook = isinstance(error, errors.ServerFailed) and "webhook" in error.said
    if isinstance(error, (errors.Forbidden, errors.BadAnswer)) or failed_webhook:
        return of_words(error.said or error.message, critical)
    return None


def of_node(node: dict[str, Any]) -> Refusal | None:
    """Return why no shell can be had on a node, as far as its object tells; no pod is made there then."""
    metadata, status = mapping(node.get("metadata")), mapping(node.get("status"))
    if mapping(status.get("nodeInfo")).get("operatingSystem") == "windows":
        return Refusal("node", "it is a Windows node, which has no sh")
    labels = mapping(metadata.get("labels"))
    if any(labels.get(label) == value for label, value in _NO_FULL_KUBELET.items()):
        return Refusal(
            "node", "it has no machine of its own (a virtual node), privileged pods do not run there"
        )
    ready = next((one for one in objects(status.get("conditions")) if one.get("type") == "Ready"), {})
    words = printable(text(ready.get("message")) or text(ready.get("reason")), _LONGEST)
    if ready.get("status") == "Unknown":
        return Refusal("kubelet", f"the kubelet does not report: {words}")
    if ready.get("status") == "False" and _RUNTIME_DOWN.search(words):
        return Refusal("runtime", words)
    return None


def of_pod(pod: dict[str, Any]) -> Refusal | None:
    """Return why a pod will not run, None while it may."""
    status = mapping(pod.get("status"))
    for one in objects(status.get("containerStatuses")):
        state = mapping(one.get("state"))
        waiting, ended = mapping(state.get("waiting")), mapping(state.get("terminated"))
        reason = text(waiting.get("reason"))
        if reason in _NO_IMAGE:
            return Refusal("no_image", _said(reason, waiting), OTHER_IMAGE)
        if reason in _NOT_CREATED:
            return Refusal("runtime", _said(reason, waiting), OTHER_IMAGE)
        if ended and text(status.get("reason")) != "DeadlineExceeded":
            return Refusal("runtime", f"its container ended: {_said(text(ended.get('reason')), ended)}")
    if status.get("phase") in ("Failed", "Succeeded"):
        reason = text(status.get("reason"))
        by = "time" if reason == "DeadlineExceeded" else "kubelet"
        return Refusal(by, _said(reason or "it has ended", status))
    return None


def of_events(events: Iterable[dict[str, Any]], critical: bool) -> Refusal | None:
    """Return what the events about a Job or a pod that does not start tell; the latest of them counts."""
    for event in reversed(list(events)):
        reason, words = text(event.get("reason")), text(event.get("message"))
        if reason == "FailedCreate":
            return of_words(words, critical)
        if reason in ("FailedMount", "FailedAttachVolume"):
            lacking = _TYPE_CHECK.search(words)
            if lacking and lacking[1] in MOUNTS:
                return Refusal("kubelet", printable(words, _LONGEST), WITHOUT_MOUNT, lacking[1])
            return Refusal("kubelet", f"{reason}: {printable(words, _LONGEST)}")
        if reason in ("FailedCreatePodSandBox", "FailedCreatePodContainer", "FailedSync"):
            return Refusal("runtime", f"{reason}: {printable(words, _LONGEST)}")
    return None


def _said(reason: str, told: dict[str, Any]) -> str:
    message = text(told.get("message"))
    return printable(f"{reason}: {message}" if message and message != reason else reason, _LONGEST)
