# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault for one resolver, proxy or rule: which containers a fault that was seen on some nodes explains."""

from __future__ import annotations

from collections import defaultdict

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.attribution import (
    Attribution,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import (
    CATALOGUE,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NodeFault,
)

Group = tuple[str, str, tuple[str, str, str]]
"""Cause, pool, and what the fault is on each of its nodes."""


def blamed_by_look(judgements: list[Judgement], facts: Facts) -> dict[int, Attribution]:
    """Return, by index, which containers fail by a fault of their nodes that was seen there.

    The same fault on several nodes of a pool is one. Nodes of the pool that nobody looked at are counted to it where
    their pods fail alike.
    """
    groups: dict[Group, list[int]] = defaultdict(list)
    for index, judgement in enumerate(judgements):
        fault = judgement.seen
        by_host = CATALOGUE[judgement.cause].subject != SubjectKind.NODE
        if fault is not None and by_host and fault.is_of_the_node:
            groups[str(judgement.cause), _pool(judgement.failure.node, facts), fault.key].append(index)
    _add_those_alike(judgements, facts, groups)
    found: dict[int, Attribution] = {}
    for group, indexes in sorted(groups.items()):
        members = [judgements[index] for index in indexes]
        found.update(dict.fromkeys(indexes, _attribution(group, members)))
    return found


def _pool(node: str, facts: Facts) -> str:
    known = facts.nodes.get(node)
    return known.pool if known is not None else ""


def _add_those_alike(judgements: list[Judgement], facts: Facts, groups: dict[Group, list[int]]) -> None:
    """Count to a fault what fails alike on nodes of its pool that nobody looked at."""
    by_symptom: dict[tuple[str, str, str], set[Group]] = defaultdict(set)
    for group, indexes in groups.items():
        for index in indexes:
            by_symptom[group[0], group[1], judgements[index].host].add(group)
    for index, judgement in enumerate(judgements):
        node = judgement.failure.node
        view = facts.vantages.of(node)
        if not node or judgement.seen is not None or (view is not None and view.reached):
            continue
        alike = by_symptom.get((str(judgement.cause), _pool(node, facts), judgement.host), set())
        if len(alike) == 1:
            groups[next(iter(alike))].append(index)


def _attribution(group: Group, members: list[Judgement]) -> Attribution:
    _cause, pool, key = group
    faults: dict[str, NodeFault] = {}
    for member in members:
        if member.seen is not None:
            faults.setdefault(member.failure.node, member.seen)
    nodes = tuple(sorted({member.failure.node for member in members}))
    # A node's faults towards two hosts are two; what is wrong whatever the host is one.
    unit = " ".join(part for part in (pool or nodes[0], key[1]) if part)
    if not pool and len(nodes) > 1:
        unit = " ".join(part for part in key if part)
    reached = sorted({name for fault in faults.values() for name in fault.compared})
    return Attribution(unit, nodes, tuple(reached), tuple(faults[name] for name in sorted(faults)))
