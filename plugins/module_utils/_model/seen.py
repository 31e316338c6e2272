# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the looking stages saw; they write it into the evidence folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record


@dataclass(frozen=True, slots=True)
class ClusterFact(Record):
    """The cluster that was asked. ``uid`` is the UID of the namespace kube-system, the usual stand-in for one.

    ``context`` is the kubeconfig context that was used, null where there was none: commands that are proposed name it.
    """

    name: str
    server: str
    uid: str | None = None
    version: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Scope(Record):
    """What was asked for; an empty ``namespaces`` means all of them.

    ``slow_after`` is the number of seconds after which a pull without a result counts as slow.
    """

    namespaces: tuple[str, ...] = ()
    label_selector: str | None = None
    field_selector: str | None = None
    pod: str | None = None
    complete: bool = True
    slow_after: int = 300


@dataclass(frozen=True, slots=True)
class Gap(Record):
    """Something that was not looked at: the check, why not, and the conclusion that is lost by it.

    ``steps`` are the numbers of the production checklist that are concerned; ``unread`` marks a gap
    through which a failing pod could have been missed.
    """

    check: str
    why: str
    conclusion_lost: str
    steps: tuple[int, ...] = ()
    unread: bool = False


@dataclass(frozen=True, slots=True)
class AccessFact(Record):
    """One right that was asked for with a SelfSubjectAccessReview; ``allowed`` is null where the review failed."""

    verb: str
    resource: str
    allowed: bool | None
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    needed_for: str = ""
    conclusion_lost: str = ""
    optional: bool = False
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EventFact(Record):
    """One event about a pod or node; series and aggregated events keep their count and both ends."""

    reason: str
    message: str
    type: str = ""
    first_at: str | None = None
    last_at: str | None = None
    count: int = 1
    component: str = ""
    host: str = ""
    field_path: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRef(Record):
    """An object that owns a pod, directly or through others."""

    kind: str
    name: str
    api_version: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class PullFailure(Record):
    """One container (or image volume, or sandbox) that has not got its image, as the API tells it.

    ``container_type`` is ``init``, ``sidecar``, ``main``, ``ephemeral``, ``image_volume`` or ``sandbox``.
    ``symptom`` says how it shows:

    * ``waiting``: the container status carries a waiting reason about images (or raw error text);
    * ``pulling``: a ``Pulling`` event without a result, ``pulling_seconds`` ago;
    * ``sandbox``: only ``FailedCreatePodSandBox`` events, the image being the sandbox (pause) image or not known;
    * ``runtime``: the pod does not start and the node or its runtime is down, hung or out of space;
    * ``evicted``: the node threw the pod out for want of image space.

    ``reason`` and ``message`` are the status texts, unchanged but for redaction. ``tries`` counts pulls that
    were begun, null when no event is left to tell.
    """

    namespace: str
    pod: str
    pod_uid: str
    container: str
    container_type: str
    image: str
    symptom: str
    reason: str = ""
    message: str = ""
    image_pull_policy: str = ""
    phase: str = ""
    node: str = ""
    pod_created_at: str | None = None
    since: str | None = None
    tries: int | None = None
    pulling_seconds: int | None = None
    restart_count: int = 0
    service_account: str = ""
    pull_secrets: tuple[str, ...] = ()
    owner: OwnerRef | None = None
    owner_path: tuple[OwnerRef, ...] = ()
    events: tuple[EventFact, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionFact(Record):
    """One condition of a node, with the time of its last change."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str | None = None


@dataclass(frozen=True, slots=True)
class NodeFact(Record):
    """A node as the API knows it. ``pool`` is the node pool by the usual cloud labels, empty where there is none.

    ``machine_id`` and ``boot_id`` are what its kubelet read there when it started (``status.nodeInfo``).
    """

    name: str
    uid: str = ""
    created_at: str | None = None
    architecture: str = ""
    os: str = ""
    kubelet_version: str = ""
    runtime_version: str = ""
    pool: str = ""
    machine_id: str = ""
    boot_id: str = ""
    addresses: tuple[str, ...] = ()
    unschedulable: bool = False
    conditions: tuple[ConditionFact, ...] = ()
    taints: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    events: tuple[EventFact, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionFact(Record):
    """One revision of a workload: a ReplicaSet or ControllerRevision. ``images`` maps container to image."""

    revision: int
    name: str
    created_at: str | None = None
    images: dict[str, str] = dataclasses.field(default_factory=dict)
    ready: int | None = None


@dataclass(frozen=True, slots=True)
class WorkloadFact(Record):
    """The top owner of failing pods with its counts, its present revision and the one before it."""

    namespace: str
    kind: str
    name: str
    uid: str = ""
    api_version: str = ""
    created_at: str | None = None
    desired: int | None = None
    ready: int | None = None
    updated: int | None = None
    paused: bool = False
    current: RevisionFact | None = None
    previous: RevisionFact | None = None


@dataclass(frozen=True, slots=True)
class SecretFact(Record):
    """A pull secret by its metadata; its values are never asked for.

    ``state`` is ``present``, ``absent``, ``forbidden`` or ``unreadable``.
    """

    namespace: str
    name: str
    state: str
    type: str = ""
    keys: int | None = None
    created_at: str | None = None
    changed_at: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAccountFact(Record):
    """A ServiceAccount of failing pods; ``state`` as in SecretFact."""

    namespace: str
    name: str
    state: str
    pull_secrets: tuple[str, ...] = ()
    created_at: str | None = None
    changed_at: str | None = None


@dataclass(frozen=True, slots=True)
class ImageInUse(Record):
    """An image that runs, or lies on a node, in this cluster: evidence for a suggestion. ``count`` is on how many."""

    image: str
    count: int = 1
