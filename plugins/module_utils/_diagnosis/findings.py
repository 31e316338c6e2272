# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a fault to the finding that the report shows."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, build_case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import (
    CATALOGUE,
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.changes import changes_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.faults import Fault
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.entries import (
    wait_for_retry,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.node import (
    cordon,
    look_at_sandbox_image,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.impact import (
    blast_radius_of,
    impact_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    trouble_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.telling import (
    fixes_on_nodes,
    sentences,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.proof import evidence_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.suggestions import (
    InUse,
    suggest,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    Evidence,
    Finding,
    FindingPod,
    Fix,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

FIXES = 12
ALTERNATIVES = 4
_RANK = {Confidence.CONFIRMED: 0, Confidence.LIKELY: 1, Confidence.POSSIBLE: 2}
_AMBIGUOUS = {
    Cause.REPOSITORY_NOT_FOUND: "the registry gives the same answer if there is no such repository",
    Cause.AUTH_MISSING: "the registry gives the same answer if the repository is private and no credential was offered",
    Cause.AUTH_FORBIDDEN: "the registry gives the same answer if the credential has no right to this repository",
    Cause.AUTH_INVALID: "the registry gives the same answer if the credential is wrong or has expired",
}


def build_finding(fault: Fault, facts: Facts, in_use: InUse) -> Finding:
    """Return the finding for one fault, complete and in a settled order."""
    blamed = fault.attribution.nodes if fault.attribution else ()
    if not blamed and (CATALOGUE[fault.cause].subject == SubjectKind.NODE or _is_of_sandboxes(fault)):
        blamed = tuple(sorted({member.failure.node for member in fault.members} - {""}))
    case = build_case(fault.cause, fault.members, facts, blamed)
    if fault.attribution is None:  # names that others pull well are not in doubt
        case = dataclasses.replace(case, suggestions=suggest(case, in_use))
    entry = CATALOGUE[fault.cause]
    return Finding(
        id=finding_id(facts.cluster_key, fault),
        cause=str(fault.cause),
        hop=_hop(fault.members),
        confidence=str(_confidence(fault.members)),
        title=_title(entry, fault, case),
        summary=_summary(entry, fault, case),
        images=_listed(case.images),
        registry_hosts=_listed(sorted({*case.registries, *(host for host in case.hosts)})),
        nodes=_listed(case.nodes),
        secrets=_listed(case.secrets),
        pods=tuple(_pod(member) for member in case.members),
        impact=impact_of(case),
        blast_radius=blast_radius_of(case),
        evidence=evidence_of(case, *_attribution(fault, facts), *_node_evidence(case)),
        alternatives=_alternatives(fault),
        suggestions=tuple(dict.fromkeys(suggestion.text for suggestion in case.suggestions)),
        changes=changes_of(case),
        fixes=_fixes(entry, case),
        do_not=_do_not(entry, case),
    )


def _is_of_sandboxes(fault: Fault) -> bool:
    return all(member.failure.symptom == "sandbox" for member in fault.members)


def finding_id(cluster: str, fault: Fault) -> str:
    """Return 16 hexadecimal digits: the same for the same cluster, cause and subject, whatever the pods are called."""
    text = "\n".join((cluster, str(fault.cause), str(fault.subject.kind), fault.subject.name))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def damage(finding: Finding) -> tuple[int | str, ...]:
    """Return what findings are sorted by: most damage first."""
    impact = finding.impact
    return (
        finding.confidence == Confidence.POSSIBLE and finding.cause == Cause.PULL_SLOW,
        -impact.down,
        -impact.degraded,
        -impact.rollout_blocked,
        -finding.blast_radius.pods,
        finding.title,
        finding.id,
    )


def _title(entry: Entry, fault: Fault, case: Case) -> str:
    nodes = fault.attribution.nodes if fault.attribution else case.nodes
    fallback = "an image whose name is not known"
    values = {
        "image": enumeration([printable(image) for image in case.images], 1) or fallback,
        "repository": enumeration(
            list(dict.fromkeys(printable(repository_name(image)) for image in case.images)), 1
        )
        or fallback,
        "host": enumeration([printable(host) for host in case.hosts], 2) or "the registry",
        "node": enumeration([printable(node) for node in nodes], 2) or "an unknown node",
        "secret": enumeration([printable(secret) for secret in case.secrets], 2)
        or f"in namespace {enumeration(case.namespaces, 2)}",
    }
    title = _nodes_own_title(fault, case) or _pattern(entry, fault, case).format(**values)
    if case.is_sandbox and case.members:
        title += f" (the sandbox image of {values['node']}: no pod can start there)"
    return printable(title, 300)


def _pattern(entry: Entry, fault: Fault, case: Case) -> str:
    stands_before = bool(case.hosts) and not set(case.hosts) & set(case.registries)
    if entry.title_between and stands_before:
        between = entry.title_between
        own = _on_node(f"On {{node}} alone: {between[0].lower()}{between[1:]}", fault)
        return own or between
    return _on_node(entry.title_on_node, fault) or entry.title


def _on_node(pattern: str, fault: Fault) -> str:
    """The title of a fault of a node: ``alone`` only where others were seen to get on."""
    if fault.attribution is None:
        return ""
    return pattern if fault.attribution.reached_from else pattern.replace(" alone", "", 1)


def _nodes_own_title(fault: Fault, case: Case) -> str:
    """What the node's condition says, where no container of the fault says more."""
    if len(case.blamed_nodes) != 1 or case.is_sandbox:
        return ""
    if any(member.classification and member.classification.cause == fault.cause for member in fault.members):
        return ""
    node = case.facts.nodes.get(case.blamed_nodes[0])
    trouble = trouble_of(node) if node else None
    return trouble.title if trouble is not None and trouble.cause == fault.cause else ""


def _summary(entry: Entry, fault: Fault, case: Case) -> str:
    told = sentences(fault.members)
    # It begins with the name of a node, which keeps its small letter.
    parts = [f"{text}." for text in told]
    if not told:  # what a cause means in general says less than what is wrong there
        parts.append(entry.explanation)
    notes = {member.note for member in case.members if member.note}
    parts.extend(_sentence(note) for note in sorted(notes)[:3])
    if case.is_sandbox:
        parts.append(
            "It is about the sandbox (pause) image, which the runtime of the node needs for every pod; "
            "its name is set in the runtime's configuration, not in the pod."
        )
    if fault.attribution and not fault.attribution.faults:
        parts.append(_sentence(fault.attribution.because) + " So the node is suspected, not the host.")
    joined = sum(1 for member in case.members if member.joined)
    if joined:
        reasons = sorted({member.joined for member in case.members if member.joined} - notes)
        because = f": {'; '.join(reasons[:2])}" if reasons else ""
        parts.append(f"{plural(joined, 'container')} without a telling message counted in{because}.")
    return printable(" ".join(parts), 1500)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def _confidence(members: Iterable[Judgement]) -> Confidence:
    """The best that any container of the fault gives: one proof is enough for all."""
    return min((member.confidence for member in members), key=lambda confidence: _RANK[confidence])


def _hop(members: Iterable[Judgement]) -> str | None:
    ranked = sorted(
        (_RANK[member.confidence], str(member.hop)) for member in members if member.hop is not None
    )
    return ranked[0][1] if ranked else None


def _listed(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(printable(name) for name in names if name))


def _pod(member: Judgement) -> FindingPod:
    failure = member.failure
    return FindingPod(
        namespace=failure.namespace,
        name=failure.pod,
        uid=failure.pod_uid,
        container=failure.container,
        container_type=failure.container_type,
        owner=failure.owner,
        node=failure.node,
        image=failure.image,
        reason=printable(failure.reason or _reason_of_symptom(failure.symptom), 300),
        since=failure.since,
    )


def _reason_of_symptom(symptom: str) -> str:
    return {"sandbox": "FailedCreatePodSandBox", "pulling": "Pulling", "evicted": "Evicted"}.get(symptom, "")


def _attribution(fault: Fault, facts: Facts) -> tuple[Evidence, ...]:
    if fault.attribution is None or fault.attribution.faults:
        return ()
    return (Evidence("node", "api", facts.observed_at, fault.attribution.because),)


def _node_evidence(case: Case) -> tuple[Evidence, ...]:
    """What the nodes at fault say about themselves."""
    found: list[Evidence] = []
    for name in case.blamed_nodes[:3]:
        node = case.facts.nodes.get(name)
        trouble = trouble_of(node) if node else None
        if trouble is not None:
            found.extend(trouble.evidence)
    return tuple(found)


def _alternatives(fault: Fault) -> tuple[Alternative, ...]:
    counts: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for member in fault.members:
        for alternative in member.alternatives:
            if alternative.cause != fault.cause:
                counts[alternative.cause] = counts.get(alternative.cause, 0) + 1
                reasons[alternative.cause] = reasons.get(alternative.cause) or alternative.why_less_likely
    order = sorted(counts, key=lambda name: -counts[name])
    return tuple(
        Alternative(name, printable(reasons[name] or _why_less_likely(fault.cause, Cause(name))))
        for name in order[:ALTERNATIVES]
    )


def _why_less_likely(cause: Cause, alternative: Cause) -> str:
    if cause == Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE and alternative in _AMBIGUOUS:
        return _AMBIGUOUS[alternative]
    return f"then {CATALOGUE[alternative].sign}"


def _fixes(entry: Entry, case: Case) -> tuple[Fix, ...]:
    found: dict[str, Fix] = {}
    for builder in (
        wait_for_retry,
        look_at_sandbox_image,
        *((cordon,) if case.is_sandbox else ()),
        fixes_on_nodes,
        *entry.fixes,
    ):
        for fix in builder(case):
            found.setdefault(fix.command or fix.title, fix)
    return tuple(found.values())[:FIXES]


def _do_not(entry: Entry, case: Case) -> tuple[str, ...]:
    warnings = list(entry.do_not)
    sets = [workload.label for workload in case.workloads if workload.kind == "StatefulSet"]
    if sets:
        warnings.append(
            f"Do not delete healthy pods of {printable(enumeration(sets, 2))}: "
            "they would not come back before the image can be pulled."
        )
    return tuple(warnings)
