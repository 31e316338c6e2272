# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The production checklist: what was looked at, and what came out of it.

A step passes only when all that it promises was looked at. What nobody was asked about is not checked, and says
so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import registry_steps
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.look import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Look,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    condition,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import (
    steps as node_steps,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ChecklistStep, Finding
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

_NO_REGISTRY = "this run did not ask the registry"
_NO_NODE = "this run did not look from the nodes"


def checklist_of(
    facts: Facts, findings: Sequence[Finding], judgements: Sequence[Judgement] = ()
) -> tuple[ChecklistStep, ...]:
    """Return the ten steps in their order."""
    steps = []
    for number, (title, look) in enumerate(_STEPS, start=1):
        failing = [finding for finding in findings if _step_of(finding) == number]
        if facts.answers.asked and number in registry_steps.STEPS:
            found = registry_steps.look_at(number, facts, judgements)
        else:
            found = look(facts, findings)
        if facts.vantages.asked and number in node_steps.STEPS:
            found = node_steps.look_at(number, facts, found)
        if number > 1 and failing:
            sees = found.status == PASSED and number in registry_steps.STEPS
            besides = f"; from the controller: {found.detail}" if sees else ""
            besides += node_steps.taken(facts) if number in node_steps.STEPS else ""
            found = Look(FAILED, _failed(failing) + besides)
        elif found.status == PASSED:
            found = _with_gaps(found, facts, number)
        steps.append(ChecklistStep(number, title, found.status, printable(found.detail)))
    return tuple(steps)


def _step_of(finding: Finding) -> int:
    """The step that finds a cause; one that is not known fails none: the look into it stays open."""
    cause = Cause(finding.cause)
    return 0 if cause == Cause.UNKNOWN else CATALOGUE[cause].step


def _failed(findings: Sequence[Finding]) -> str:
    titles = [finding.title for finding in findings]
    return enumeration(titles, 2)


def _with_gaps(found: Look, facts: Facts, number: int) -> Look:
    made_up = facts.vantages.of_kubelets if facts.vantages.looked_at else ()
    gaps = [gap for gap in facts.gaps if number in gap.steps and gap not in made_up]
    if not gaps:
        return found
    return Look(NOT_CHECKED, f"{enumeration([gap.check for gap in gaps], 2)}: {gaps[0].why}")


def _pods(facts: Facts, findings: Sequence[Finding]) -> Look:
    unread = [gap for gap in facts.gaps if gap.unread]
    containers = sum(len(finding.pods) for finding in findings)
    where = _where(facts)
    rest = "" if facts.complete and not unread else "; not everything could be read"
    if containers:
        pods = len({(pod.namespace, pod.name, pod.uid) for finding in findings for pod in finding.pods})
        of_pods = "" if facts.scope.pod else f" of {plural(pods, 'pod')}"
        return Look(FAILED, f"{plural(containers, 'container')}{of_pods} {where} without an image{rest}")
    if facts.error and not facts.complete:
        return Look(NOT_CHECKED, facts.error)
    if rest:
        return Look(NOT_CHECKED, unread[0].why if unread else "not everything could be read")
    return Look(PASSED, f"every container {where} has its image")


def _where(facts: Facts) -> str:
    scope = facts.scope
    if scope.pod:
        return f"of {scope.pod}"
    where = f"in {enumeration(scope.namespaces)}" if scope.namespaces else "in all namespaces"
    selectors = [text for text in (scope.label_selector, scope.field_selector) if text]
    return f"{where} with {enumeration(selectors)}" if selectors else where


def _describe(facts: Facts, findings: Sequence[Finding]) -> Look:
    unknown = [finding for finding in findings if finding.cause == Cause.UNKNOWN]
    if unknown:
        return Look(
            NOT_CHECKED, f"no telling message for {enumeration([finding.title for finding in unknown], 2)}"
        )
    if findings:
        silent = sum(1 for failure in facts.failures if not failure.message and not failure.events)
        if not silent:
            return Look(PASSED, "references parse, and every failing container says why")
        who = plural(silent, "container is", "containers are")
        return Look(PASSED, f"references parse; {who} silent, but the node or other containers tell why")
    if not facts.complete:
        return Look(NOT_CHECKED, facts.error or "not everything could be read")
    return Look(PASSED, "no failing container to describe")


def _image(facts: Facts, findings: Sequence[Finding]) -> Look:
    return Look(NOT_CHECKED, _NO_REGISTRY)


def _credentials(facts: Facts, findings: Sequence[Finding]) -> Look:
    named = {(f.namespace, name) for f in facts.failures for name in f.pull_secrets}
    read = [
        facts.secrets[key] for key in named if key in facts.secrets and facts.secrets[key].state == "present"
    ]
    if named:
        seen = f"{len(read)} of {plural(len(named), 'pull secret')} seen to exist"
        return Look(NOT_CHECKED, f"{seen}; {_NO_REGISTRY} whether it accepts them")
    return Look(NOT_CHECKED, f"{_NO_REGISTRY} for a login")


def _limits(facts: Facts, findings: Sequence[Finding]) -> Look:
    return Look(
        NOT_CHECKED, f"no message names a limit; {_NO_REGISTRY} what is left" if findings else _NO_REGISTRY
    )


def _node(facts: Facts, findings: Sequence[Finding]) -> Look:
    if not facts.nodes:
        return Look(NOT_CHECKED, "no node was read")
    bad = []
    for name, node in sorted(facts.nodes.items()):
        for found in node.conditions:
            wrong = found.status != "True" if found.type == "Ready" else found.status == "True"
            if wrong and found.type in (
                "Ready",
                "DiskPressure",
                "PIDPressure",
                "MemoryPressure",
                "NetworkUnavailable",
            ):
                bad.append(f"{name}: {found.type}={found.status}")
    if bad:
        return Look(FAILED, enumeration(bad))
    judged = [node for node in facts.nodes.values() if condition(node, "Ready") is not None]
    detail = (
        f"{plural(len(judged), 'node')} ready, without pressure; free bytes and inodes were not looked at"
    )
    return Look(NOT_CHECKED, detail)


def _network(facts: Facts, findings: Sequence[Finding]) -> Look:
    return Look(NOT_CHECKED, _NO_NODE)


def _runtime(facts: Facts, findings: Sequence[Finding]) -> Look:
    return Look(NOT_CHECKED, f"{_NO_NODE}: configuration and logs of the runtime were not read")


def _manual_pull(facts: Facts, findings: Sequence[Finding]) -> Look:
    return Look(NOT_CHECKED, "nothing was pulled by hand")


def _fix(facts: Facts, findings: Sequence[Finding]) -> Look:
    fixes = sum(1 for finding in findings if finding.fixes)
    if findings:
        return Look(
            NOT_CHECKED,
            f"fixes are proposed for {fixes} of {plural(len(findings), 'finding')}; none was applied",
        )
    return Look(NOT_CHECKED, "nothing to mend was found")


_STEPS: tuple[tuple[str, Callable[[Facts, Sequence[Finding]], Look]], ...] = (
    ("Which pods fail", _pods),
    ("Image reference, pull secrets, exact errors", _describe),
    ("The image exists: name, tag, platform", _image),
    ("Credentials: present, right type, accepted", _credentials),
    ("Rate limits", _limits),
    ("The node: ready, no pressure, room for images", _node),
    ("The node's network: DNS, firewall, proxy, TLS", _network),
    ("The runtime: configuration, mirrors, logs", _runtime),
    ("The manual pull on the node", _manual_pull),
    ("The fix, and the proof that it worked", _fix),
)
