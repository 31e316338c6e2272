# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a fault hurts: workloads that are down, degraded or stuck in a rollout, and how far it reaches."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import canonical
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import BlastRadius, Impact

_NO_REPLICA = frozenset({"ephemeral"})
"""An ephemeral container that cannot start takes nothing from its pod."""


def impact_of(case: Case) -> Impact:
    """Return the counts. A workload of which nothing was read is counted in none of them."""
    down = degraded = blocked = ready_total = desired_total = 0
    for workload in case.workloads:
        counts = replicas(workload)
        if counts is None:
            continue
        ready, desired = counts
        ready_total += ready
        desired_total += desired
        if ready == 0 and desired > 0:
            down += 1
            continue
        degraded += ready < desired
        blocked += is_rollout_blocked(workload)
    return Impact(down, degraded, blocked, ready_total, desired_total)


def replicas(workload: Workload) -> tuple[int, int] | None:
    """Return how many replicas are ready and how many should be; None where this was not read.

    A pod without an owner counts as one replica: a running one of which one container fails is not ready either.
    """
    if all(failure.container_type in _NO_REPLICA for failure in workload.failures):
        return None
    if workload.kind == "Pod":
        return 0, 1
    fact = workload.fact
    if fact is None or fact.desired is None:
        return None
    return fact.ready or 0, fact.desired


def is_rollout_blocked(workload: Workload) -> bool:
    """Tell whether older pods still serve while the new revision cannot start."""
    fact = workload.fact
    if fact is None or fact.previous is None or not fact.desired:
        return False
    fresh = fact.updated if fact.updated is not None else 0
    started = fact.current.ready if fact.current is not None and fact.current.ready is not None else None
    return fresh < fact.desired or (started is not None and started < min(fresh, fact.desired))


def blast_radius_of(case: Case) -> BlastRadius:
    """Return how many different pods, workloads, namespaces, nodes and images are hit."""
    return BlastRadius(
        pods=len({(m.failure.namespace, m.failure.pod, m.failure.pod_uid) for m in case.members}),
        workloads=len(case.workloads),
        namespaces=len(case.namespaces),
        nodes=len(case.nodes),
        images=len({canonical(image) for image in case.images}),
    )
