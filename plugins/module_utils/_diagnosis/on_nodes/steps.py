# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the checklist that a look at the nodes decides: disk, network, runtime, the pull by hand.

A step passes only where all that it promises was looked at on every node that was chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.look import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Look,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.disk import (
    disk_faults,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    OWN,
    NodeFault,
    clean,
    sentence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    GOOD,
    Ladder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.network import (
    network_faults,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    runtime_faults,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.tls import (
    clock_words,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.words import (
    fetched_nothing,
    is_of_the_client,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, plural

_WAYS = {"pod": "through a pod", "node_pod": "through a pod"}
NODE_STEP, NETWORK_STEP, RUNTIME_STEP, PULL_STEP = 6, 7, 8, 9
_NOT_BY_HAND = "nothing was pulled by hand (image_pull_manual_pull)"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a step found on one node: ``bad`` fails it, ``open`` leaves it open; neither passes it.

    ``told`` is worth a word in a step that passes.
    """

    bad: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def look_at(number: int, facts: Facts, before: Look) -> Look:
    """Return what the nodes say for one of these steps; ``before`` is what the API server alone says."""
    chosen = facts.vantages.chosen
    if not chosen:
        why = "nothing that fails shows on a node, so none was looked at"
        if facts.vantages.error:
            why = facts.vantages.error
        return before if before.status == FAILED else Look(NOT_CHECKED, _joined(before, number, why))
    bad = [before.detail] if before.status == FAILED else []
    left: list[str] = []
    told: list[str] = []
    if number == PULL_STEP and not any(trial.outcome == "pulled" for view in chosen for trial in view.trials):
        left.append(_NOT_BY_HAND)
    for view in chosen:
        why = why_not_looked_at(view)
        if why:
            left.append(f"{view.name}: {why}")
            continue
        found = STEPS[number](view, facts)
        bad += found.bad
        left += found.open
        told += found.told
    if bad:
        return Look(FAILED, enumeration(list(dict.fromkeys(bad)), 2) + taken(facts))
    if left:
        return Look(NOT_CHECKED, enumeration(list(dict.fromkeys(left)), 2))
    besides = f"; {enumeration(told, 2)}" if told else ""
    return Look(PASSED, f"{_PASSED[number]}{besides}{taken(facts)}")


def taken(facts: Facts) -> str:
    """Return which nodes were looked at, and in which way."""
    ways: dict[str, list[str]] = {}
    for view in facts.vantages.looked_at:
        chosen = view.choice.way if view.choice is not None else ""
        way = chosen or (view.look.way.rpartition(".")[2] if view.look is not None else "")
        ways.setdefault(_WAYS.get(way, way), []).append(view.name)
    parts = [f"{enumeration(names)} ({clean(way, 30)})" for way, names in sorted(ways.items())]
    return f"; looked at {', '.join(parts)}" if parts else ""


def why_not_looked_at(view: NodeView) -> str:
    """Return why a node that was chosen was not looked at to the end, empty where it was."""
    look, choice = view.look, view.choice
    if look is None and choice is not None and not choice.way:
        return clean(choice.why, 300) or "there is no way to it"
    if look is None:
        return (
            view.error or "chosen, and not looked at: the run was limited to other hosts, or stopped before"
        )
    if not look.reached:
        return clean(look.why, 300) or "no shell answered"
    if not look.complete or view.error:
        return clean(look.why or view.error or "", 300) or "its answer was cut off"
    return ""


def _joined(before: Look, number: int, why: str) -> str:
    return f"{before.detail}; {why}" if number == NODE_STEP and before.detail else why


def _gaps(view: NodeView, number: int) -> tuple[str, ...]:
    return tuple(f"{gap.check}: {gap.why}" for gap in view.gaps if number in gap.steps)


def _doubts(faults: list[NodeFault]) -> list[str]:
    """What may be wrong: it neither fails a step nor lets it pass."""
    return [f"in doubt: {sentence([fault])}" for fault in faults if not fault.sure]


def _node(view: NodeView, facts: Facts) -> _Seen:
    faults = disk_faults(view)
    bad = [sentence([fault]) for fault in faults if fault.sure]
    bad += [f"{view.name}: {clean(room.image, 120)} does not fit" for room in view.rooms if not room.fits]
    store = next((one for one in view.file_systems if one.purpose == "images"), None)
    missing = _doubts(faults)
    if store is None or store.bytes_free is None:
        missing.append(f"{view.name}: free bytes of the image store were not seen")
    elif store.inodes_total is not None and store.inodes_free is None:
        missing.append(f"{view.name}: free inodes of the image store were not seen")
    return _Seen(tuple(bad), (*missing, *_gaps(view, NODE_STEP)))


def _network(view: NodeView, facts: Facts) -> _Seen:
    faults = network_faults(view, Ladder(facts))
    bad = [sentence([fault]) for fault in faults if fault.sure]
    clock = clock_words(view)
    if clock:
        bad.append(clock.replace(OWN, f"{view.name}'s"))
    doubts = _doubts(faults)
    missing = [
        f"{view.name}: {clean(host, 80)} was not tried" for host in _wanted(view, facts) - set(view.hops)
    ]
    if not view.hops:
        missing.append(f"{view.name}: no host was tried")
    broken = {fault.host for fault in faults}
    for host in sorted(set(view.hops) - broken):
        missing += _not_to_the_end(view, host)
    return _Seen(tuple(bad), (*doubts, *sorted(missing), *_gaps(view, NETWORK_STEP)))


def _wanted(view: NodeView, facts: Facts) -> set[str]:
    """The registries of what fails on this node."""
    failing = (one for one in facts.failures if one.node == view.name and one.image)
    return {normal_host(registry_host(one.image)) for one in failing} - {""}


def _not_to_the_end(view: NodeView, host: str) -> Iterator[str]:
    """Say at which hop nothing was tried, unless a later one shows that it is well."""
    hops = view.hops[host]
    if hops[0].role == "proxy" or any(one.hop in ("http", "large") and one.outcome in GOOD for one in hops):
        return
    skipped = next((one for one in hops if one.outcome == "not_checked"), None)
    if skipped is not None:
        yield f"{view.name}: {skipped.hop} {clean(host, 80)}: {clean(skipped.text, 120)}"
    elif not any(one.hop == "http" for one in hops):
        yield f"{view.name}: no answer of {clean(host, 80)} was asked for"


def _runtime(view: NodeView, facts: Facts) -> _Seen:
    faults = runtime_faults(view)
    bad = [sentence([fault]) for fault in faults if fault.sure]
    bad += [
        f"{view.name}: {clean(one.file, 120)}: {clean(one.problem, 120)}"
        for one in view.problems
        if one.certain
    ]
    missing = _doubts(faults)
    if view.runtime is None or not view.runtime.name:
        missing.append(f"{view.name}: no container runtime was found")
    elif not view.runtime.state:
        missing.append(f"{view.name}: whether the runtime runs was not seen")
    told, troubles = _logged(view)
    return _Seen(tuple(bad), (*missing, *troubles, *_gaps(view, RUNTIME_STEP)), told)


def _logged(view: NodeView) -> tuple[tuple[str, ...], list[str]]:
    """The causes that the node's logs name, and those among them that are the runtime's own."""
    counts: Counter[Cause] = Counter()
    for line in view.log_lines:
        cause = classify(line.text, None).cause
        if cause != Cause.UNKNOWN:
            counts[cause] += max(line.count, 1)
    own = [cause for cause in sorted(counts) if CATALOGUE[cause].step == RUNTIME_STEP]
    told = [
        f"the logs of {view.name} name {cause} ({plural(counts[cause], 'time')})" for cause in sorted(counts)
    ]
    return tuple(told), [
        f"{view.name}: its logs name {cause} ({plural(counts[cause], 'time')})" for cause in own
    ]


def _pull(view: NodeView, facts: Facts) -> _Seen:
    wanted = {canonical(one.image) for one in facts.failures if one.node == view.name and one.image}
    tried = {canonical(one.image): one for one in view.trials}
    bad, missing = [], list(_gaps(view, PULL_STEP))
    for image in sorted(wanted - set(tried)):
        missing.append(f"{view.name}: {image}" if tried else _NOT_BY_HAND)
    for image, trial in sorted(tried.items()):
        if trial.outcome == "not_tried":
            missing.append(f"{view.name}: {clean(trial.text, 200) or 'not tried'}")
        elif is_of_the_client(view, trial):
            missing.append(f"{view.name}: its client could not talk to the runtime: {clean(trial.text, 160)}")
        elif trial.outcome != "pulled":
            bad.append(f"{view.name}: {clean(image, 120)}: {clean(trial.text, 160) or trial.outcome}")
        elif fetched_nothing(trial):
            missing.append(f"{view.name}: {clean(image, 120)} lay there already: no layer was fetched")
    return _Seen(tuple(bad), tuple(missing))


STEPS: Mapping[int, Callable[[NodeView, Facts], _Seen]] = {
    NODE_STEP: _node,
    NETWORK_STEP: _network,
    RUNTIME_STEP: _runtime,
    PULL_STEP: _pull,
}
_PASSED = {
    NODE_STEP: "the nodes concerned are ready and have bytes and inodes free",
    NETWORK_STEP: "every host of the pulls answers on every hop",
    RUNTIME_STEP: "the runtimes run, and nothing wrong was found in their files, nor of their own in their logs",
    PULL_STEP: "every image could be pulled by hand",
}
