# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Risks as the report tells them."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.inventory import Running
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.risks import Risk, Use
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    AuditFinding,
    BlastRadius,
    Evidence,
    FindingPod,
    ImageState,
    Impact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight import wording
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.findings import (
    finding_id,
    of_answer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import FAILED, FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

_MOST_EVIDENCE = 6
_WORST_FIRST = ("not_pullable", "not_checked", "pullable")


def finding_of(risk: Risk, cluster_uid: str) -> AuditFinding:
    """Return the finding that stands for a risk and everybody whom it concerns."""
    containers = [one for use in risk.uses for one in use.containers]
    images = tuple(dict.fromkeys(use.image for use in risk.uses))
    answer = risk.uses[0].outcome.answer
    fails = risk.risk in ("image_gone", "credential_invalid", "not_pullable")
    return AuditFinding(
        id=finding_id(cluster_uid, f"{risk.risk} {risk.cause}", risk.subject),
        cause=risk.cause,
        hop=wording.hop(risk.cause, answer.hop if answer is not None and fails else ""),
        confidence=risk.confidence,
        title=risk.title,
        summary=risk.summary,
        images=images,
        registry_hosts=risk.hosts,
        nodes=tuple(sorted({one.node for one in containers if one.node}))[:100],
        secrets=risk.secrets,
        pods=tuple(_pod(one) for one in containers),
        impact=Impact(0, 0, 0, 0, 0),
        blast_radius=_radius(containers, images),
        evidence=_evidence(risk),
        alternatives=tuple(
            Alternative(one, answer.settle_by or "the registry's answer fits it as well")
            for one in answer.alternatives
        )
        if answer is not None and fails
        else (),
        suggestions=tuple(
            dict.fromkeys(one for use in risk.uses if fails for one in use.outcome.suggestions)
        ),
        changes=(),
        fixes=risk.fixes,
        do_not=(),
        risk=risk.risk,
        by=risk.by,
    )


def _pod(one: Running) -> FindingPod:
    return FindingPod(
        namespace=one.namespace,
        name=one.pod,
        uid=one.uid,
        container=one.container,
        container_type=one.type,
        owner=one.owner,
        node=one.node,
        image=one.image,
        reason="",
        since=None,
    )


def _radius(containers: Sequence[Running], images: Sequence[str]) -> BlastRadius:
    return BlastRadius(
        pods=len({(one.namespace, one.pod, one.uid) for one in containers}),
        workloads=len(
            {
                (one.namespace, one.owner.kind, one.owner.name)
                if one.owner
                else (one.namespace, "Pod", one.pod)
                for one in containers
            }
        ),
        namespaces=len({one.namespace for one in containers}),
        nodes=len({one.node for one in containers if one.node}),
        images=len(images),
    )


def _evidence(risk: Risk) -> tuple[Evidence, ...]:
    found: dict[Evidence, None] = {}
    if risk.risk in ("cached_on_one_node", "tag_moved", "rate_limit"):
        found.setdefault(Evidence("node", "api", None, risk.summary))
    if risk.risk == "credential_expiring":
        found.setdefault(Evidence("credential", "api", None, f"{risk.title}: {risk.summary}"))
    if risk.risk == "registry_shut_down":
        found.setdefault(Evidence("config", "controller", None, risk.summary))
    for use in risk.uses:
        for answer in use.outcome.answers:
            found.setdefault(of_answer(answer, supports=True))
        if len(found) >= _MOST_EVIDENCE:
            break
    return tuple(found)[:_MOST_EVIDENCE]


def image_state(image: str, uses: Sequence[Use], risks: tuple[str, ...]) -> ImageState:
    """Return what is known of one image, however many kinds of pods use it: the worst of it."""
    worst = min(uses, key=lambda use: _WORST_FIRST.index(_status(use)))
    containers = [one for use in uses for one in use.containers]
    answer = worst.outcome.answer
    return ImageState(
        image=image,
        status=_status(worst),
        summary=("policy Never: it is never pulled" if worst.never_pulled else worst.outcome.summary)
        + (f" (risks: {enumeration(risks, 9)})" if risks else ""),
        pods=len({(one.namespace, one.pod, one.uid) for one in containers}),
        namespaces=tuple(sorted({one.namespace for one in containers}))[:50],
        nodes=worst.nodes,
        running=tuple(sorted({one.digest for one in containers if one.digest})),
        digest=answer.digest if answer is not None else "",
        risks=risks,
    )


def _status(use: Use) -> str:
    # What is never pulled need not be there to be pulled.
    if use.never_pulled or use.outcome.state == FOUND:
        return "pullable"
    return "not_pullable" if use.outcome.state == FAILED else "not_checked"
