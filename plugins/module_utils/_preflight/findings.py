# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts to findings: one fault is one finding, however many containers it stops."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    WOULD_NOT_PULL,
    Alternative,
    BlastRadius,
    ContainerVerdict,
    CredentialCheck,
    Evidence,
    Finding,
    FindingPod,
    Impact,
    OwnerRef,
    RegistryAnswer,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight import wording
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    Outcome,
    name_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.nearness import near_names
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import quotation

_OF_HOST = frozenset({"registry_server_error", "tls_expired", "tls_name_mismatch"})
_OF_SECRET = frozenset({"secret_missing", "auth_invalid"})
_MOST_EVIDENCE = 8
_CONFIDENCES = ("confirmed", "likely", "possible")


@dataclass(slots=True)
class _Fault:
    cause: str
    subject: str
    hits: list[tuple[WorkloadVerdict, ContainerVerdict, Outcome]] = field(default_factory=list)


def findings_of(
    judged: Sequence[tuple[WorkloadVerdict, Sequence[Outcome]]], cluster_uid: str, known: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Return the findings, those that stop most workloads first.

    ``judged`` holds each workload's verdict with the outcomes of its containers, in their order. ``known`` are names
    (``docker.io/library/nginx``) that a mistyped one may stand for.
    """
    faults: dict[tuple[str, str], _Fault] = {}
    for workload, outcomes in judged:
        for container, outcome in zip(workload.containers, outcomes, strict=True):
            if container.verdict == WOULD_NOT_PULL and container.cause:
                subject = _subject(container.cause, workload, container, outcome)
                fault = faults.setdefault((container.cause, subject), _Fault(container.cause, subject))
                fault.hits.append((workload, container, outcome))
    there = sorted(set(known))
    found = [_with_near_names(_finding(fault, cluster_uid), there) for fault in faults.values()]
    return tuple(sorted(found, key=lambda one: (-one.blast_radius.workloads, one.cause, one.title)))


def _with_near_names(finding: Finding, known: Sequence[str]) -> Finding:
    """Add names near to one that the registry does not know; whether it exists is for the reader to see."""
    if not finding.cause.startswith("repository_not_found"):
        return finding
    near = near_names(names_of(finding.images[0])[1], known)
    told = tuple(f"the name {name} is near" for name in near)
    return dataclasses.replace(finding, suggestions=(*finding.suggestions, *told))


def _subject(cause: str, workload: WorkloadVerdict, container: ContainerVerdict, outcome: Outcome) -> str:
    host, name, canonical = names_of(container.image)
    if cause in _OF_HOST:
        return host
    if cause in _OF_SECRET and outcome.secrets:
        return f"{host} {' '.join(outcome.secrets)}"
    if cause in ("auth_missing", "auth_forbidden", "repository_not_found", "repository_not_found_or_private"):
        return " ".join((name, workload.namespace if cause.startswith("auth") else "", *outcome.secrets))
    return canonical


def names_of(image: str) -> tuple[str, str, str]:
    """Return registry host, name without tag, and canonical form of an image; its text where it is invalid."""
    try:
        found = parse_image_ref(image)
    except ImageRefError:
        return "", image, image
    return found.registry, found.name, found.canonical


def finding_id(cluster_uid: str, cause: str, subject: str) -> str:
    """Return the same 16 digits for the same fault in every run."""
    return hashlib.sha256("\0".join((cluster_uid, cause, subject)).encode()).hexdigest()[:16]


def _finding(fault: _Fault, cluster_uid: str) -> Finding:
    workload, container, outcome = fault.hits[0]
    answer = outcome.answer
    host, name, _canonical = names_of(container.image)
    images = tuple(dict.fromkeys(hit.image for _workload, hit, _outcome in fault.hits))
    secrets = tuple(dict.fromkeys(one for _workload, _hit, each in fault.hits for one in each.secrets))
    confidences = {hit.confidence or "possible" for _workload, hit, _outcome in fault.hits}
    said = answer if answer is not None and answer.cause == fault.cause else None
    return Finding(
        id=finding_id(cluster_uid, fault.cause, fault.subject),
        cause=fault.cause,
        hop=wording.hop(fault.cause, said.hop if said is not None else ""),
        confidence=next(one for one in _CONFIDENCES if one in confidences),
        title=wording.title(fault.cause, image=container.image, name=name, host=host, secrets=secrets),
        summary=container.summary,
        images=images,
        registry_hosts=(host,) if host else (),
        nodes=(),
        secrets=secrets,
        pods=tuple(_pod(one, hit) for one, hit, _outcome in fault.hits),
        impact=Impact(0, 0, 0, 0, 0),
        blast_radius=_radius(fault, images),
        evidence=_evidence(fault),
        alternatives=tuple(
            Alternative(one, said.settle_by or "the registry's answer fits it as well")
            for one in said.alternatives
        )
        if said is not None
        else (),
        suggestions=outcome.suggestions,
        changes=(),
        fixes=wording.fixes(
            fault.cause, image=container.image, host=host, namespace=workload.namespace, secrets=secrets
        ),
        do_not=wording.DO_NOT.get(fault.cause, ()),
    )


def _pod(workload: WorkloadVerdict, container: ContainerVerdict) -> FindingPod:
    """Return the container as the report names one; its pod is not made yet, so the workload stands for it."""
    return FindingPod(
        namespace=workload.namespace,
        name=workload.name,
        uid="",
        container=container.name,
        container_type=container.type,
        owner=OwnerRef(workload.kind, workload.name, workload.api_version),
        node="",
        image=container.image,
        reason="",
        since=None,
    )


def _radius(fault: _Fault, images: Sequence[str]) -> BlastRadius:
    workloads = {(one.kind, one.namespace, one.name) for one, _hit, _outcome in fault.hits}
    namespaces = {namespace for _kind, namespace, _name in workloads}
    return BlastRadius(
        pods=0, workloads=len(workloads), namespaces=len(namespaces), nodes=0, images=len(images)
    )


def _evidence(fault: _Fault) -> tuple[Evidence, ...]:
    found: dict[Evidence, None] = {}
    for _workload, container, outcome in fault.hits:
        for check in outcome.checks:
            if check.state not in ("not_visible", "elsewhere"):
                found.setdefault(_of_check(check))
        for answer in outcome.answers:
            found.setdefault(of_answer(answer, answer.cause == fault.cause or answer is outcome.answer))
        if fault.cause in ("platform_mismatch", "never_policy", "disk_full"):
            found.setdefault(Evidence("node", "api", None, container.summary))
        if fault.cause == "image_name_invalid":
            found.setdefault(Evidence("config", "api", None, container.summary))
        if len(found) >= _MOST_EVIDENCE:
            break
    return tuple(found)[:_MOST_EVIDENCE]


def _of_check(check: CredentialCheck) -> Evidence:
    key = f", key {check.credential.key}" if check.credential and check.credential.key else ""
    state = check.state.replace("_", " ")
    why = f": {check.why}" if check.why else ""
    return Evidence(
        "credential", "api", None, f"Secret {name_of(check)}{key} is {state} for {check.image}{why}"
    )


def of_answer(answer: RegistryAnswer, supports: bool) -> Evidence:
    """Return a registry's answer as evidence."""
    ref = answer.credential
    who = f"with {ref.namespace}/{ref.secret}" if ref is not None and ref.secret else "without a credential"
    status = f", status {answer.status}" if answer.status else ""
    what = "found" if answer.outcome == "found" else (answer.cause or answer.outcome).replace("_", " ")
    return Evidence(
        "registry",
        "controller",
        answer.at or None,
        f"{answer.registry} asked for {answer.image} {who}: {what}{status}",
        quotation(answer.text or answer.token_text),
        supports,
    )
