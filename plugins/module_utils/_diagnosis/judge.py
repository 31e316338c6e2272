# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root cause of one container: its texts, weighed with secrets, the registry's answers and what its node shows."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.credentials import (
    weigh_credentials,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    reference_error,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import (
    Judgement,
    judgement_from_text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    trouble_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.weigh import (
    Witness,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import Outcomes
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.statements import (
    STATUS,
    Reader,
    Statement,
    decide,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.weighing import (
    weigh_answers,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Alternative, Evidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural, printable

_ONLY_BACK_OFF = re.compile(r"(?:Back-off pulling image \"(?:[^\"\\]|\\.)*\")?\s*\Z")


def judge(facts: Facts, read: Reader | None = None) -> list[Judgement]:
    """Return one judgement for each failing container, in the order of ``facts.failures``."""
    read = read or Reader()
    outcomes = Outcomes(facts)
    witness = Witness(facts)
    judgements = []
    for failure in facts.failures:
        said = _weigh_symptom(judgement_from_text(failure, decide(failure, read)), facts)
        judgement = weigh_credentials(said, facts)
        judgement = weigh_answers(said, judgement, outcomes(failure), facts)
        judgement = witness.weigh(_weigh_node(judgement, facts))
        judgements.append(_weigh_reference(judgement))
    return judgements


def _weigh_symptom(judgement: Judgement, facts: Facts) -> Judgement:
    symptom = judgement.failure.symptom
    if judgement.cause != Cause.UNKNOWN:
        return judgement
    if symptom == "pulling":
        return _pulling(judgement, facts)
    if symptom == "runtime":
        return _runtime(judgement, facts)
    if symptom == "evicted":
        note = "the node threw the pod out for want of disk space"
        return judgement.with_cause(Cause.DISK_FULL, Confidence.LIKELY, note=note)
    return replace(judgement, note=_why_unknown(judgement, facts))


def _pulling(judgement: Judgement, facts: Facts) -> Judgement:
    """A pull that has begun and not ended: slow, or towards a host that does not answer and has not timed out yet."""
    failure = judgement.failure
    seconds = failure.pulling_seconds or 0
    slow = seconds >= facts.scope.slow_after
    limit = plural(facts.scope.slow_after, "second")
    note = f"pulling for {age(seconds)}, no result yet"
    note += (
        f" (slow from {limit} on)"
        if slow
        else f"; it counts as slow after {limit}, so this may still end well"
    )
    fact = f"a pull of {failure.image} began {age(seconds)} ago and has given no result"
    begun = next((event.last_at for event in reversed(failure.events) if event.reason == "Pulling"), None)
    turned = judgement.with_cause(
        Cause.PULL_SLOW,
        Confidence.LIKELY if slow else Confidence.POSSIBLE,
        Evidence("event", "api", begun or failure.since, printable(fact)),
        note=note,
    )
    return turned.with_alternatives(
        Alternative(
            str(Cause.TIMEOUT), "a host that does not answer shows no error for half a minute and longer"
        ),
        Alternative(
            str(Cause.NETWORK_UNREACHABLE), "packets that are dropped on the way look the same at first"
        ),
    )


def _runtime(judgement: Judgement, facts: Facts) -> Judgement:
    node = facts.node_of(judgement.failure)
    trouble = trouble_of(node) if node else None
    if trouble is not None:
        return judgement.with_cause(
            trouble.cause, trouble.confidence, *trouble.evidence, note=trouble.summary
        )
    note = "the pod does not start and says no more; its node or container runtime seems to be down or hung"
    return judgement.with_cause(Cause.RUNTIME_ERROR, Confidence.POSSIBLE, note=note)


def _weigh_node(judgement: Judgement, facts: Facts) -> Judgement:
    """Add what the node says about itself, where it bears on the cause."""
    node = facts.node_of(judgement.failure)
    if node is None:
        return judgement
    if judgement.cause == Cause.PLATFORM_MISMATCH and node.architecture:
        fact = f"node {node.name} is {node.os or 'linux'}/{node.architecture}"
        return judgement.with_evidence(Evidence("node", "api", facts.observed_at, printable(fact)))
    if judgement.cause in (Cause.DISK_FULL, Cause.RUNTIME_ERROR) and not judgement.circumstances:
        trouble = trouble_of(node)
        if trouble is not None and trouble.cause == judgement.cause:
            return judgement.with_evidence(*trouble.evidence)
    return judgement


def _weigh_reference(judgement: Judgement) -> Judgement:
    if judgement.cause != Cause.IMAGE_NAME_INVALID:
        return judgement
    error = reference_error(judgement.failure.image)
    if error is None:
        return judgement
    fact = Evidence("config", "api", None, printable(str(error), 400))
    return replace(judgement, hop=judgement.hop or Hop.REFERENCE).with_evidence(fact)


def _why_unknown(judgement: Judgement, facts: Facts) -> str:
    """Say why there is no cause, as far as the circumstances tell."""
    said = judgement.statement
    if said is None or (said.source == STATUS and _is_bare(said)):
        node = facts.node_of(judgement.failure)
        version = f" {node.kubelet_version}" if node and node.kubelet_version else ""
        return (
            f"the status says only that the kubelet{version} waits before its next try, and no event tells why "
            "any more (events are kept for an hour by default; kubelets before 1.32 put the cause nowhere else)"
        )
    return judgement.note or "the message matches no known cause"


def _is_bare(said: Statement) -> bool:
    return said.reason in ("ImagePullBackOff", "ErrImagePull", "") and bool(_ONLY_BACK_OFF.match(said.text))


def age(seconds: int) -> str:
    """Return ``45 s``, ``12 min``, ``3 h 20 min`` or ``2 d 4 h``."""
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
