# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from it; the judging stage writes it into the report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.seen import (
    ClusterFact,
    OwnerRef,
    Scope,
)


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
    """The whole answer, as ``report.json`` holds it. ``impact`` counts a workload once that several findings hit."""

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
    impact: Impact | None = None
