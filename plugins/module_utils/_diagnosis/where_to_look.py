# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are worth a look of their own: few for each suspected fault and node pool, and a healthy one beside.

What is suspected comes from judging what was seen so far; a wrong tag is no matter for a node, a name that does not
resolve is. However many nodes a fault hits, a few of them and one that is well tell what there is to tell.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.faults import find_faults
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.clouds import (
    nodes_log_in,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judge import judge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    condition,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    ABOUT_LOGIN,
    NETWORK,
    OFFERED,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, NodeFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

FAILING = "failing"
CONTROL = "control"
_OF_THE_NODE = frozenset(
    {
        Cause.DISK_FULL,
        Cause.RUNTIME_ERROR,
        Cause.IMAGE_INSPECT_ERROR,
        Cause.CANCELLED,
        Cause.PULL_QPS_EXCEEDED,
    }
)
"""What is suspected of the node itself, whatever the registry."""
_SEEN_FROM_NODES = (
    NETWORK
    | _OF_THE_NODE
    | {
        Cause.PULL_SLOW,
        Cause.MIRROR_FAILURE,
        Cause.REGISTRY_SERVER_ERROR,
        Cause.CREDENTIAL_PROVIDER_FAILURE,
        Cause.DIGEST_MISMATCH,
        Cause.SHORT_NAME,
        Cause.SIGNATURE_POLICY,
        Cause.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A node that is to be looked at. ``role`` is ``failing`` or ``control``, as in ``NodeChoice``.

    ``faults`` are what is suspected there (``dns_failure registry.example``); for a control node those that it is
    free of. ``weight`` counts the containers that fail by them on this node, on a control node those of the pool.
    """

    node: str
    role: str
    pool: str
    faults: tuple[str, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The nodes to look at, most telling first, and what is left out."""

    wanted: tuple[Wanted, ...] = ()
    left_out: tuple[Gap, ...] = ()


@dataclass(slots=True)
class _Suspect:
    """One suspected fault in one node pool: how many containers it hits on which node."""

    label: str
    registry: str
    pool: str
    hits: Counter[str] = field(default_factory=Counter)

    @property
    def containers(self) -> int:
        return self.hits.total()


@dataclass(slots=True)
class _Seat:
    """A node while the choice goes on. Who is chosen for a fault fails, whatever else it is a control for."""

    node: str
    pool: str
    faults: list[str] = field(default_factory=list)
    control_of: list[str] = field(default_factory=list)
    weight: int = 0
    control_weight: int = 0

    def wanted(self) -> Wanted:
        role, faults = (FAILING, self.faults) if self.faults else (CONTROL, self.control_of)
        return Wanted(self.node, role, self.pool, tuple(faults), self.weight or self.control_weight)


def nodes_to_look_at(facts: Facts, max_nodes: int, *, every_fault: bool = False) -> list[Wanted]:
    """Return the nodes that are worth a look, as :func:`choose_nodes` does, without what is left out."""
    return list(choose_nodes(facts, max_nodes, every_fault=every_fault).wanted)


def choose_nodes(facts: Facts, max_nodes: int, *, every_fault: bool = False) -> Choice:
    """Return which nodes to look at: for each suspected fault and node pool at most ``max_nodes`` that fail by it.

    One node of the same pool that is ready and free of the fault comes with them, one on which an image of that
    registry lies if there is such a one. Only faults are counted that show on a node, ``every_fault`` counts all (for
    a pull by hand). The order is that of use: the most harmful fault's worst node first, its control beside it.
    """
    suspects = _suspects(facts, every_fault)
    seats: dict[str, _Seat] = {}
    left_out: list[Gap] = []
    failing = {failure.node for failure in facts.failures}
    rounds: dict[int, list[str]] = defaultdict(list)
    for suspect in suspects:
        chosen, gaps = _chosen(suspect, facts, seats, max(max_nodes, 0))
        left_out += gaps
        for position, name in enumerate(chosen):
            seat = seats.setdefault(name, _Seat(name, suspect.pool))
            seat.faults.append(suspect.label)
            seat.weight += suspect.hits[name]
            rounds[position].append(name)
        control = _control(suspect, facts, seats, failing) if chosen else None
        if control is not None:
            seat = seats.setdefault(control, _Seat(control, suspect.pool))
            seat.control_of.append(suspect.label)
            seat.control_weight += suspect.containers
            rounds[0].append(control)
        elif chosen:
            left_out.append(_no_control(suspect))
    order = dict.fromkeys(name for position in sorted(rounds) for name in rounds[position])
    return Choice(tuple(seats[name].wanted() for name in order), tuple(left_out))


def _chosen(
    suspect: _Suspect, facts: Facts, seats: dict[str, _Seat], most: int
) -> tuple[list[str], list[Gap]]:
    """The failing nodes of one fault, those before others that are looked at anyway; and what is left out."""
    names = [name for name in suspect.hits if not _is_windows(facts.nodes.get(name))]
    if not names:
        return [], [_windows(suspect)]
    chosen = sorted(names, key=lambda name: (name not in seats, -suspect.hits[name], name))[:most]
    chosen.sort(key=lambda name: (-suspect.hits[name], name))
    return chosen, list(_beyond(suspect, sorted(set(suspect.hits) - set(chosen)), most))


def _suspects(facts: Facts, every_fault: bool) -> list[_Suspect]:
    """The suspected faults by pool, the most harmful first."""
    found: dict[tuple[str, str], _Suspect] = {}
    for fault in find_faults(judge(facts), facts):
        for member in fault.members:
            node = member.failure.node
            if not node or not (every_fault or shows_on_nodes(member)):
                continue
            registry = registry_host(member.image)
            host = "" if member.cause in _OF_THE_NODE else member.host or registry
            label = printable(f"{member.cause} {host}".strip(), 200)
            known = facts.nodes.get(node)
            pool = known.pool if known is not None else ""
            suspect = found.setdefault((label, pool), _Suspect(label, registry, pool))
            suspect.hits[node] += 1
    return sorted(found.values(), key=lambda one: (-one.containers, -len(one.hits), one.label, one.pool))


def shows_on_nodes(judgement: Judgement) -> bool:
    """Tell whether a node can help to find, or to prove, this cause."""
    if judgement.cause in _SEEN_FROM_NODES:
        return True
    if judgement.outcome is not None and judgement.outcome.result == Result.PULLS:
        return True  # The controller gets it: the node asks somebody else, or has another login.
    if _lacks_login_of_node(judgement):
        return True
    if judgement.confidence == Confidence.CONFIRMED:
        return False
    others = {other.cause for other in judgement.alternatives}
    by_mirror = judgement.host not in ("", normal_host(registry_host(judgement.image)))
    return Cause.CREDENTIAL_PROVIDER_FAILURE in others or (by_mirror and Cause.MIRROR_FAILURE in others)


def _lacks_login_of_node(judgement: Judgement) -> bool:
    """Tell whether a pull had no credential at all, from a registry to which nodes log in by themselves.

    Why a node did not, its kubelet's log alone tells.
    """
    outcome = judgement.outcome
    if judgement.cause not in ABOUT_LOGIN or not nodes_log_in(registry_host(judgement.image)):
        return False
    if outcome is None:
        return not judgement.failure.pull_secrets
    offered = outcome.check is not None and outcome.check.state == OFFERED
    return not offered and all(answer.credential is None for answer in outcome.attempts)


def _is_windows(node: NodeFact | None) -> bool:
    return node is not None and node.os.lower() == "windows"


def _control(suspect: _Suspect, facts: Facts, seats: dict[str, _Seat], failing: set[str]) -> str | None:
    """The healthy node of the pool that compares best; one that is looked at anyway before another.

    A node without any image may be ready and yet start no pod: it has shown nothing so far.
    """

    def rank(node: NodeFact) -> tuple[bool, bool, bool, bool, int, str]:
        holds = suspect.registry in facts.hosts_on_node.get(node.name, frozenset())
        fails = node.name in failing
        return not holds, fails, not node.images, node.name not in seats, -len(node.images), node.name

    healthy = [
        node
        for node in facts.nodes.values()
        if node.pool == suspect.pool
        and node.name not in suspect.hits
        and _is_ready(node)
        and not _is_windows(node)
    ]
    best = min(healthy, key=rank, default=None)
    return best.name if best is not None else None


def _is_ready(node: NodeFact) -> bool:
    ready = condition(node, "Ready")
    return ready is not None and ready.status == "True"


def _of_pool(pool: str) -> str:
    return f" of pool {pool}" if pool else ""


def _beyond(suspect: _Suspect, names: list[str], most: int) -> Iterator[Gap]:
    if names:
        yield Gap(
            check=printable(
                f"{suspect.label}: {plural(len(names), 'more node')}{_of_pool(suspect.pool)} ({enumeration(names)})"
            ),
            why=f"image_pull_max_nodes: for each fault and pool no more than {plural(most, 'failing node')}",
            conclusion_lost="whether these nodes fail in the same way as those that were looked at",
            steps=(6, 7, 8, 9),
        )


def _no_control(suspect: _Suspect) -> Gap:
    return Gap(
        check=printable(f"{suspect.label}: a healthy node{_of_pool(suspect.pool)} to compare with"),
        why="no other node there is ready and free of this fault, as far as nodes were read",
        conclusion_lost="whether the fault is of these nodes or of what all of them share",
    )


def _windows(suspect: _Suspect) -> Gap:
    return Gap(
        check=printable(
            f"{suspect.label}: nodes{_of_pool(suspect.pool)} ({enumeration(sorted(suspect.hits))})"
        ),
        why="they run Windows, and the probe is a POSIX shell script",
        conclusion_lost="disk, network, runtime and logs as these nodes see them",
        steps=(6, 7, 8, 9),
    )
