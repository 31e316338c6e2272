# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault as those see it who write about it: its containers, workloads, hosts, nodes, in a settled order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import registry_host
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import PullFailure, WorkloadFact


@dataclass(frozen=True, slots=True)
class Workload:
    """A top owner of failing pods, or a pod without an owner (kind ``Pod``), with its failing containers."""

    namespace: str
    kind: str
    name: str
    fact: WorkloadFact | None
    failures: tuple[PullFailure, ...]

    @property
    def label(self) -> str:
        """``Deployment shop/web``."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may have been meant: ``image`` instead of ``instead_of``, and the evidence for it in ``text``."""

    instead_of: str
    image: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One fault, for those who write its evidence, fixes and suggestions.

    All lists are without repetition; images and hosts with the most frequent first. ``blamed_nodes`` are the nodes
    that are at fault themselves.
    """

    cause: Cause
    facts: Facts
    members: tuple[Judgement, ...]
    workloads: tuple[Workload, ...]
    images: tuple[str, ...]
    hosts: tuple[str, ...]
    registries: tuple[str, ...]
    nodes: tuple[str, ...]
    secrets: tuple[str, ...]
    blamed_nodes: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def since(self) -> str | None:
        """When the first of the containers began to fail, where that is known."""
        return min((m.failure.since for m in self.members if m.failure.since), default=None)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that are hit, sorted."""
        return tuple(sorted({member.failure.namespace for member in self.members}))

    @property
    def entry_is_known(self) -> bool:
        """Tell whether the Secrets were read, so that the entry that is wrong, or missing, is named already."""
        checks = [member.outcome.check for member in self.members if member.outcome is not None]
        return any(check is not None and check.state in ("offered", "not_matching") for check in checks)

    @property
    def is_sandbox(self) -> bool:
        """Tell whether this is about the sandbox (pause) image, which every pod of a node needs."""
        return all(member.failure.symptom == "sandbox" for member in self.members)


def build_case(
    cause: Cause, members: Iterable[Judgement], facts: Facts, blamed_nodes: tuple[str, ...] = ()
) -> Case:
    """Return the case of these containers."""
    members = tuple(members)
    return Case(
        cause=cause,
        facts=facts,
        members=members,
        workloads=_workloads(members, facts),
        images=_frequent(member.image for member in members),
        hosts=_frequent(member.host for member in members),
        registries=_frequent(registry_host(member.image) for member in members),
        nodes=tuple(sorted({member.failure.node for member in members} - {""})),
        secrets=tuple(sorted({secret for member in members for secret in member.secrets})),
        blamed_nodes=blamed_nodes,
    )


def _frequent(names: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(name for name in names if name)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _workloads(members: tuple[Judgement, ...], facts: Facts) -> tuple[Workload, ...]:
    found: dict[tuple[str, str, str], list[PullFailure]] = {}
    for member in members:
        failure = member.failure
        owner = failure.owner
        key = (
            (failure.namespace, owner.kind, owner.name) if owner else (failure.namespace, "Pod", failure.pod)
        )
        found.setdefault(key, []).append(failure)
    return tuple(
        Workload(key[0], key[1], key[2], facts.workloads.get(key), tuple(failures))
        for key, failures in sorted(found.items())
    )
