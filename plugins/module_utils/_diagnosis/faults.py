# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From containers to faults: what has one reason becomes one finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.attribution import (
    Attribution,
    attribute_to_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import (
    CATALOGUE,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    trouble_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.blame import (
    blamed_by_look,
)

# On a node that is in trouble itself, these say no more than that the pull did not succeed.
_EXPLAINED_BY_NODE = frozenset({Cause.UNKNOWN, Cause.CANCELLED, Cause.PULL_SLOW, Cause.RUNTIME_ERROR})
_NO_ANSWER_YET = frozenset(
    {
        Cause.TIMEOUT,
        Cause.NETWORK_UNREACHABLE,
        Cause.DNS_FAILURE,
        Cause.PROXY_ERROR,
    }
)
_OF_A_NAMESPACE = frozenset(
    {Cause.AUTH_MISSING, Cause.AUTH_INVALID, Cause.AUTH_FORBIDDEN, Cause.SECRET_MISSING}
)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What is at fault: an image, a repository, a host, a secret (``NAMESPACE/NAME``), or a node or its pool."""

    kind: SubjectKind
    name: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with all the containers that it explains; ``attribution`` says why one node is to blame."""

    cause: Cause
    subject: Subject
    members: tuple[Judgement, ...]
    attribution: Attribution | None = None


def find_faults(judgements: list[Judgement], facts: Facts) -> list[Fault]:
    """Return the faults, each container in exactly one of them."""
    judgements = _join_same_image(judgements)
    judgements = _join_node_trouble(judgements, facts)
    judgements = _join_silent_hosts(judgements)
    blamed = attribute_to_nodes(judgements, facts, blamed_by_look(judgements, facts))
    members: dict[tuple[Cause, Subject], list[Judgement]] = defaultdict(list)
    attributions: dict[tuple[Cause, Subject], Attribution] = {}
    for index, judgement in enumerate(judgements):
        attribution = blamed.get(index)
        if attribution is not None:
            key = (judgement.cause, Subject(SubjectKind.NODE, attribution.unit))
            attributions.setdefault(key, attribution)
        else:
            key = (judgement.cause, subject_of(judgement, facts))
        members[key].append(judgement)
    return [Fault(key[0], key[1], tuple(found), attributions.get(key)) for key, found in members.items()]


def subject_of(judgement: Judgement, facts: Facts) -> Subject:
    """Return what is at fault, from the point of view of one container."""
    kind = CATALOGUE[judgement.cause].subject
    failure = judgement.failure
    if kind == SubjectKind.NODE:
        return Subject(kind, facts.pool_or_node(failure.node))
    if kind == SubjectKind.SECRET:
        if judgement.secrets:
            return Subject(kind, " ".join(sorted(judgement.secrets)))
        if judgement.cause == Cause.SECRET_MISSING:
            return Subject(kind, f"{failure.namespace}/")
        return Subject(SubjectKind.HOST, judgement.host)
    if judgement.cause == Cause.AUTH_MISSING and judgement.secrets and judgement.outcome is not None:
        # Its Secret was read and has no entry for the host: what is at fault is known more closely.
        return Subject(SubjectKind.SECRET, " ".join(sorted(judgement.secrets)))
    if kind == SubjectKind.HOST and judgement.host:
        return Subject(kind, judgement.host)
    name = repository_name(judgement.image) if kind == SubjectKind.REPOSITORY else canonical(judgement.image)
    if failure.symptom == "sandbox":
        # Which sandbox image a node takes is set in the configuration of its runtime, alike in a pool.
        node = facts.nodes.get(failure.node)
        pool = node.pool if node else ""
        name = f"{name} {pool or ('' if name else failure.node)}".strip()
    return Subject(SubjectKind.IMAGE if kind == SubjectKind.HOST else kind, name)


def _join_same_image(judgements: list[Judgement]) -> list[Judgement]:
    """Count a container that says nothing (any more) to the one fault that the same image has elsewhere."""
    known: dict[tuple[str, str], dict[tuple[str, ...], Judgement]] = defaultdict(dict)
    for judgement in judgements:
        if (
            judgement.cause != Cause.UNKNOWN
            and judgement.confidence != Confidence.POSSIBLE
            and judgement.image
        ):
            for place in _places(judgement):
                what = (str(judgement.cause), judgement.host, *judgement.secrets)
                known[canonical(judgement.image), place].setdefault(what, judgement)
    joined = []
    for judgement in judgements:
        if (
            judgement.cause == Cause.UNKNOWN
            and judgement.image
            and judgement.failure.container_type != "sandbox"
        ):
            answers: dict[tuple[str, ...], Judgement] = {}
            for place in ("*", f"ns {judgement.failure.namespace}", f"node {judgement.failure.node}"):
                answers.update(known.get((canonical(judgement.image), place), {}))
            if len(answers) == 1:
                other = next(iter(answers.values()))
                judgement = _joined(judgement, other, "the same image fails elsewhere for this reason")
        joined.append(judgement)
    return joined


def _places(judgement: Judgement) -> Iterable[str]:
    """Where an answer about an image holds for others too: everywhere, in its namespace, or on its node."""
    if judgement.cause in _OF_A_NAMESPACE:
        return (f"ns {judgement.failure.namespace}",)
    if CATALOGUE[judgement.cause].by_node or CATALOGUE[judgement.cause].subject == SubjectKind.NODE:
        return (f"node {judgement.failure.node}",)
    return ("*",)


def _join_node_trouble(judgements: list[Judgement], facts: Facts) -> list[Judgement]:
    """Count containers to the trouble of their node, where their own texts say no more than that it failed."""
    full = {j.failure.node for j in judgements if j.cause == Cause.DISK_FULL and j.failure.node}
    joined = []
    for judgement in judgements:
        node = facts.node_of(judgement.failure)
        weak = judgement.cause in _EXPLAINED_BY_NODE and judgement.confidence != Confidence.CONFIRMED
        trouble = trouble_of(node) if node and weak else None
        if trouble is not None and judgement.cause != trouble.cause:
            turned = judgement.with_cause(trouble.cause, trouble.confidence, *trouble.evidence)
            judgement = replace(turned, alternatives=(), note="", joined=trouble.summary)
        elif weak and judgement.failure.node in full and judgement.cause != Cause.PULL_SLOW:
            turned = judgement.with_cause(Cause.DISK_FULL, Confidence.LIKELY)
            because = "other pulls on this node fail because its disk is full"
            judgement = replace(turned, alternatives=(), note="", joined=because)
        joined.append(judgement)
    return joined


def _join_silent_hosts(judgements: list[Judgement]) -> list[Judgement]:
    """Count a pull without any result yet to the fault of its host, where others have had their error already.

    Others are pulls from the same node, or from two nodes at least: one other node may be alone with its trouble.
    """
    errors: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        if judgement.cause in _NO_ANSWER_YET and judgement.host:
            errors[judgement.host].append(judgement)
    joined = []
    for judgement in judgements:
        # A node that gets through to the host has shown that its pull is slow and nothing else.
        is_open = judgement.confidence != Confidence.CONFIRMED
        if is_open and judgement.cause == Cause.PULL_SLOW and judgement.failure.symptom == "pulling":
            other = _loudest(errors.get(judgement.host, []), judgement.failure.node)
            if other is not None:
                judgement = _joined(judgement, other, "other pulls from this host fail for this reason")
        joined.append(judgement)
    return joined


def _loudest(errors: list[Judgement], node: str) -> Judgement | None:
    """The most frequent error, as this node is concerned."""
    if len({error.failure.node for error in errors}) < 2:
        errors = [error for error in errors if error.failure.node == node]
    counts = Counter(str(error.cause) for error in errors)
    return min(errors, key=lambda error: (-counts[str(error.cause)], str(error.cause)), default=None)


def _joined(judgement: Judgement, other: Judgement, why: str) -> Judgement:
    turned = judgement.with_cause(other.cause, Confidence.LIKELY)
    return replace(
        turned, hop=other.hop, host=other.host, secrets=other.secrets, alternatives=(), note="", joined=why
    )
