# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts of containers to verdicts of workloads, and all of them to the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    NOT_CHECKED,
    WOULD_NOT_PULL,
    WOULD_PULL,
    ClusterFact,
    ContainerVerdict,
    Gap,
    NotChecked,
    PreflightReport,
    Scope,
    Stats,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.findings import (
    findings_of,
    names_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.fitting import fit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.judging import Place
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import ApiObject
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import Outcome
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.room import Rooms
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import Workload

SCHEMA_VERSION = 1
_WORST_FIRST = (WOULD_NOT_PULL, NOT_CHECKED, WOULD_PULL)


@dataclass(slots=True)
class Judged:
    """A workload with the verdicts and outcomes of its containers, in their order."""

    workload: Workload
    containers: list[ContainerVerdict]
    outcomes: list[Outcome]
    place: Place


@dataclass(slots=True)
class Seen:
    """What the run saw beside the workloads, and what it cost."""

    cluster: ClusterFact
    namespaces: tuple[str, ...] = ()
    labels: str = ""
    error: str | None = None
    problems: list[str] = field(default_factory=list)
    skipped: int = 0
    unread_templates: list[tuple[ApiObject, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    nodes_why_not: str = ""
    known_names: set[str] = field(default_factory=set)
    no_cluster: bool = False
    api_requests: int = 0
    registry_requests: int = 0
    took: float = 0.0


def sum_up(judged: Sequence[Judged], seen: Seen, rooms: Rooms, factor: float) -> PreflightReport:
    """Return the report."""
    for one in judged:
        one.containers = fit(one.containers, one.place.nodes, rooms.of, factor)
    workloads = [_workload(one, bool(seen.nodes_why_not)) for one in judged]
    pairs = [(verdict, one.outcomes) for verdict, one in zip(workloads, judged, strict=True)]
    verdicts = {workload.verdict for workload in workloads}
    left_open = any(each.verdict == NOT_CHECKED for workload in workloads for each in workload.containers)
    problems = list(seen.problems)
    if not judged and not problems and not seen.error:
        problems.append("no workload was found in what was given")
    unread = any(gap.unread for gap in seen.gaps)
    whole = not (
        seen.error or unread or problems or seen.unread_templates or left_open or NOT_CHECKED in verdicts
    )
    verdict = "failing" if WOULD_NOT_PULL in verdicts else "healthy" if whole else "unknown"
    ordered = sorted(workloads, key=lambda one: _WORST_FIRST.index(one.verdict))
    return PreflightReport(
        schema_version=SCHEMA_VERSION,
        kind="preflight",
        cluster=seen.cluster,
        scope=Scope(namespaces=seen.namespaces, label_selector=seen.labels or None, complete=whole),
        observed_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        verdict=verdict,
        findings=findings_of(pairs, seen.cluster.uid or seen.cluster.server, _names(judged, seen)),
        checklist=(),
        not_checked=tuple(_not_checked(seen, rooms, judged)),
        stats=Stats(seen.api_requests, seen.registry_requests, {"preflight": round(seen.took, 3)}),
        error=seen.error,
        workloads=tuple(ordered),
        problems=tuple(problems),
    )


def _names(judged: Sequence[Judged], seen: Seen) -> set[str]:
    """Return the names of images that are there: those of this run, of the nodes, and those that the caller knows."""
    fine = [each.image for one in judged for each in one.containers if each.verdict == WOULD_PULL]
    return {*seen.known_names, *(names_of(image)[1] for image in dict.fromkeys(fine))}


def _workload(one: Judged, nodes_unknown: bool) -> WorkloadVerdict:
    worst = min(one.containers, key=lambda each: _WORST_FIRST.index(each.verdict), default=None)
    workload = one.workload
    return WorkloadVerdict(
        kind=workload.kind,
        namespace=workload.namespace,
        name=workload.name,
        verdict=worst.verdict if worst is not None else NOT_CHECKED,
        summary=f"{worst.name}: {worst.summary}" if worst is not None else "no containers were found in it",
        api_version=workload.api_version,
        origin=workload.origin,
        document=workload.document,
        nodes=None if nodes_unknown else len(one.place.nodes),
        containers=tuple(one.containers),
    )


def _not_checked(seen: Seen, rooms: Rooms, judged: Sequence[Judged]) -> list[NotChecked]:
    found = [NotChecked(gap.check, gap.why, gap.conclusion_lost) for gap in seen.gaps]
    for one, path in seen.unread_templates:
        where = f" ({one.origin}, document {one.document})" if one.document else ""
        found.append(
            NotChecked(
                f"{one.title}{where}",
                f"its pod template at {path} was not read: name kind and path (pod_templates)",
                "whether its images would be pulled",
            )
        )
    if seen.nodes_why_not and judged:
        found.append(
            NotChecked(
                "the nodes", seen.nodes_why_not, "where pods may run, and for which platforms images must be"
            )
        )
    if rooms.why_not and judged and not seen.nodes_why_not:
        found.append(
            NotChecked("room on the image file systems", rooms.why_not, "whether the images fit on the nodes")
        )
    if seen.skipped:
        found.append(
            NotChecked(
                f"{seen.skipped} documents", "they are no objects of Kubernetes (no kind or apiVersion)", ""
            )
        )
    return found
