# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the looking stages saw, indexed for judging."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import (
    REGISTRY,
    Answers,
    answers_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    registry_host,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    OF_ONE_NODE,
    Vantages,
    vantages_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    ClusterFact,
    Gap,
    NodeFact,
    PullFailure,
    Scope,
    SecretFact,
    ServiceAccountFact,
    Stats,
    WorkloadFact,
)

TRIAGE = "triage"
ACCESS = "access"


@dataclass(frozen=True)
class Facts:
    """Everything that was seen, each thing once.

    ``complete`` tells whether triage came to its end, ``scope.complete`` whether it has also read everything in
    which a failing pod could be.
    """

    cluster: ClusterFact
    scope: Scope
    observed_at: str
    complete: bool
    error: str | None = None
    failures: tuple[PullFailure, ...] = ()
    nodes: Mapping[str, NodeFact] = field(default_factory=dict)
    workloads: Mapping[tuple[str, str, str], WorkloadFact] = field(default_factory=dict)
    secrets: Mapping[tuple[str, str], SecretFact] = field(default_factory=dict)
    accounts: Mapping[tuple[str, str], ServiceAccountFact] = field(default_factory=dict)
    images_in_use: Mapping[str, int] = field(default_factory=dict)
    access: tuple[AccessFact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    stats: Stats = field(default_factory=Stats)
    stages: frozenset[str] = frozenset()
    hosts_on_node: Mapping[str, frozenset[str]] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    vantages: Vantages = field(default_factory=Vantages)

    @functools.cached_property
    def failing_images(self) -> frozenset[str]:
        """The images that fail now, as the runtime resolves them."""
        return frozenset(canonical(failure.image) for failure in self.failures if failure.image)

    @functools.cached_property
    def repositories_in_use(self) -> frozenset[str]:
        """The repositories of which an image runs or lies in this cluster, those that fail now left out."""
        held = {*self.images_in_use, *(image for node in self.nodes.values() for image in node.images)}
        return frozenset(
            repository_name(image) for image in held if canonical(image) not in self.failing_images
        )

    @property
    def cluster_key(self) -> str:
        """What tells this cluster from others in the id of a finding."""
        return self.cluster.uid or self.cluster.server or self.cluster.name

    def workload_of(self, failure: PullFailure) -> WorkloadFact | None:
        """Return the top owner of a failing pod, where it was read."""
        if failure.owner is None:
            return None
        return self.workloads.get((failure.namespace, failure.owner.kind, failure.owner.name))

    def node_of(self, failure: PullFailure) -> NodeFact | None:
        """Return the node of a failing pod, where it was read."""
        return self.nodes.get(failure.node)

    def pool_or_node(self, node: str) -> str:
        """Return the node pool, which survives the replacement of a node, or the node's name where it has none."""
        found = self.nodes.get(node)
        return found.pool if found and found.pool else node


def facts_from_folder(folder: EvidenceFolder) -> Facts:
    """Return what lies in ``folder``. A triage stage that is missing or was cut off gives incomplete facts."""
    stages = {name: stage for name in folder.stages() if (stage := folder.read_stage(name)) is not None}
    triage = stages.get(TRIAGE)
    cluster = next((stage.cluster for stage in _by_weight(stages) if stage.cluster), None)
    cluster = cluster or ClusterFact(name=folder.about.cluster, server="")
    if triage is None:
        error = "the evidence has no triage stage: no pod was looked at"
        access = stages.get(ACCESS)
        if access is not None and access.error:
            error = access.error
        scope = dataclasses.replace(access.scope if access else Scope(), complete=False)
        observed_at = access.observed_at if access else folder.about.created_at
        return _facts(
            stages, cluster=cluster, scope=scope, observed_at=observed_at, complete=False, error=error
        )
    return _facts(
        stages,
        cluster=cluster,
        scope=dataclasses.replace(triage.scope, complete=_everything_read(triage)),
        observed_at=triage.observed_at,
        complete=triage.complete,
        error=triage.error,
    )


def facts_from_records(
    failures: Iterable[PullFailure],
    *,
    cluster: ClusterFact,
    scope: Scope,
    observed_at: str,
    gaps: Iterable[Gap] = (),
) -> Facts:
    """Return facts about a plain list of failures, without an evidence folder."""
    return Facts(
        cluster=cluster,
        scope=scope,
        observed_at=observed_at,
        complete=scope.complete,
        failures=_each_container_once(failures),
        gaps=tuple(gaps),
        stages=frozenset({TRIAGE}),
    )


def _everything_read(triage: Stage) -> bool:
    return triage.scope.complete and triage.complete and not any(gap.unread for gap in triage.of("gap"))


def _by_weight(stages: Mapping[str, Stage]) -> list[Stage]:
    """The stages, triage first: what it says about the cluster counts most."""
    return sorted(stages.values(), key=lambda stage: (stage.name != TRIAGE, stage.name))


def _facts(stages: Mapping[str, Stage], **about: Any) -> Facts:
    records: dict[str, list[Any]] = defaultdict(list)
    for stage in _by_weight(stages):
        for kind in stage.records:
            records[kind].extend(stage.of(kind))
    in_use: dict[str, int] = defaultdict(int)
    for use in records["image_in_use"]:
        in_use[use.image] += use.count
    nodes = {node.name: node for node in records["node"]}
    answers = answers_of(stages.get(REGISTRY))
    return Facts(
        failures=_each_container_once(records["pull_failure"]),
        nodes=nodes,
        workloads={(item.namespace, item.kind, item.name): item for item in records["workload"]},
        secrets={(item.namespace, item.name): item for item in records["secret"]},
        accounts={(item.namespace, item.name): item for item in records["service_account"]},
        images_in_use=dict(sorted(in_use.items())),
        access=tuple(records["access"]),
        gaps=tuple(records["gap"]),
        stats=Stats(
            api_requests=sum(stage.api_requests for stage in stages.values()),
            registry_requests=answers.requests,
            seconds=_seconds(stages),
        ),
        stages=frozenset(stages),
        answers=answers,
        vantages=vantages_of(stages),
        hosts_on_node={
            name: frozenset(host for host in map(registry_host, node.images) if host)
            for name, node in nodes.items()
        },
        **about,
    )


def _seconds(stages: Mapping[str, Stage]) -> dict[str, float]:
    """What each stage took; the looks at single nodes go on side by side, so the longest of them counts."""
    found: dict[str, float] = {}
    for name in sorted(stages):
        shown = name.partition("_")[0] + "_looks" if OF_ONE_NODE.match(name) else name
        found[shown] = max(found.get(shown, 0.0), stages[name].seconds)
    return found


def _each_container_once(failures: Iterable[PullFailure]) -> tuple[PullFailure, ...]:
    found: dict[tuple[str, ...], PullFailure] = {}
    for failure in failures:
        key = (failure.namespace, failure.pod, failure.pod_uid, failure.container_type, failure.container)
        found.setdefault(key, failure)
    return tuple(found[key] for key in sorted(found))
