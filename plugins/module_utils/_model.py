# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nouns of the collection: what was seen, and what follows from it.

The first half is written by the looking stages into the evidence folder, the second half is
written by the judging stage into the report. All of them are plain, immutable values with
``to_dict`` and ``from_dict``; times are RFC 3339 texts in UTC as Kubernetes prints them
(``2026-01-31T08:00:00Z``), so that they compare as texts.

This module imports nothing else of the collection.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from dataclasses import dataclass
from typing import Any, Callable, Mapping, TypeVar, Union

R = TypeVar("R", bound="Record")


class Record:
    """Base of everything that is written to a file: a dataclass that turns into JSON and back."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, every field present, in the order of the class."""
        return {name: _plain(getattr(self, name)) for name in _field_names(type(self))}

    def to_compact_dict(self) -> dict[str, Any]:
        """Return plain JSON values without the fields that have their default; ``from_dict`` restores the same value."""
        pairs = ((name, getattr(self, name), default) for name, default in _defaults(type(self)))
        return {name: _compact(value) for name, value, default in pairs if value != default}

    @classmethod
    def from_dict(cls: type[R], data: Mapping[str, Any]) -> R:
        """Return the value that ``data`` describes.

        Unknown keys are ignored, because fields may be added within a schema version.
        Raises ``ValueError`` naming class and field when one is missing or has another shape.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"{cls.__name__}: expected an object, got {type(data).__name__}")
        values = {}
        for name, read in _readers(cls):
            if name in data:
                try:
                    values[name] = read(data[name])
                except ValueError as error:
                    raise ValueError(f"{cls.__name__}.{name}: {error}") from None
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None


@functools.cache
def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


@functools.cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    found = []
    for field in dataclasses.fields(cls):
        factory = field.default_factory
        found.append((field.name, field.default if factory is dataclasses.MISSING else factory()))
    return tuple(found)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _compact(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_compact_dict()
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    return value


@functools.cache
def _readers(cls: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(cls)
    return tuple((name, _reader(hints[name])) for name in _field_names(cls))


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(argument for argument in arguments if argument is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(item(entry) for entry in _expect(list, value))
    if origin is dict:
        return lambda value: dict(_expect(dict, value))
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict
    if hint is Any:
        return lambda value: value
    return functools.partial(_expect, hint)


def _expect(kind: type, value: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


# What the looking stages saw


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
    """A node as the API knows it. ``pool`` is the node pool by the usual cloud labels, empty where there is none."""

    name: str
    uid: str = ""
    created_at: str | None = None
    architecture: str = ""
    os: str = ""
    kubelet_version: str = ""
    runtime_version: str = ""
    pool: str = ""
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


# What follows from it


@dataclass(frozen=True, slots=True)
class FindingPod(Record):
    """A container that a finding explains."""

    namespace: str
    name: str
    uid: str
    container: str
    container_type: str
    owner: OwnerRef | None
    node: str
    image: str
    reason: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Impact(Record):
    """What the fault does to the workloads: counts of workloads, and their replicas summed up."""

    down: int
    degraded: int
    rollout_blocked: int
    ready: int
    desired: int


@dataclass(frozen=True, slots=True)
class BlastRadius(Record):
    """How far a fault reaches, in counts."""

    pods: int
    workloads: int
    namespaces: int
    nodes: int
    images: int


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """One thing that was seen. ``source`` and ``vantage`` take the values of the report schema."""

    source: str
    vantage: str
    at: str | None
    fact: str
    quote: str = ""
    supports: bool = True


@dataclass(frozen=True, slots=True)
class Alternative(Record):
    """Another cause that would explain the same, and why it is less likely."""

    cause: str
    why_less_likely: str


@dataclass(frozen=True, slots=True)
class Fix(Record):
    """One way to mend it: a command to paste, or a playbook with variables. ``risk`` is low, medium or high."""

    title: str
    command: str = ""
    playbook: str = ""
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    risk: str = "low"
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One fault, with everything that it explains."""

    id: str
    cause: str
    hop: str | None
    confidence: str
    title: str
    summary: str
    images: tuple[str, ...]
    registry_hosts: tuple[str, ...]
    nodes: tuple[str, ...]
    secrets: tuple[str, ...]
    pods: tuple[FindingPod, ...]
    impact: Impact
    blast_radius: BlastRadius
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Alternative, ...]
    suggestions: tuple[str, ...]
    changes: tuple[str, ...]
    fixes: tuple[Fix, ...]
    do_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChecklistStep(Record):
    """One step of the production checklist; ``status`` is ``passed``, ``failed`` or ``not_checked``."""

    step: int
    title: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class NotChecked(Record):
    """A gap as the report prints it."""

    check: str
    why: str
    conclusion_lost: str


@dataclass(frozen=True, slots=True)
class Stats(Record):
    """What the looking cost: requests and, for each stage, seconds."""

    api_requests: int = 0
    registry_requests: int = 0
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report(Record):
    """The whole answer, as ``report.json`` holds it."""

    schema_version: int
    kind: str
    cluster: ClusterFact
    scope: Scope
    observed_at: str
    verdict: str
    findings: tuple[Finding, ...]
    checklist: tuple[ChecklistStep, ...]
    not_checked: tuple[NotChecked, ...]
    stats: Stats
    error: str | None = None
