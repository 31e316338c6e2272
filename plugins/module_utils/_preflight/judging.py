# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a container would get its image: the outcome of its pull against its policy and the nodes it may run on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    NOT_CHECKED,
    WOULD_NOT_PULL,
    WOULD_PULL,
    ContainerVerdict,
    Platform,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import NodeView
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    DENIALS,
    FAILED,
    FOUND,
    Outcome,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import (
    ContainerAsk,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import (
    fits,
    shown,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, plural

_VERIFIES = (1, 35)
"""From this kubelet on, an image that lies there is only used with a credential that it was pulled with before
(``KubeletEnsureSecretPulledImages``, Kubernetes documentation "Images")."""


@dataclass(slots=True)
class Held:
    """On which nodes an image lies already."""

    there: list[NodeView] = field(default_factory=list)
    absent: list[NodeView] = field(default_factory=list)
    unclear: list[NodeView] = field(default_factory=list)


class Place:
    """Where pods may run: their nodes, or (where they cannot be read) the platforms that the user says they have.

    ``why_not`` says in one line why nodes are not known; ``needed`` are the platforms that an image must offer. One
    object serves all pods that demand the same.
    """

    def __init__(
        self, nodes: Sequence[NodeView] = (), platforms: tuple[Platform, ...] = (), why_not: str = ""
    ) -> None:
        self.nodes = nodes
        self.why_not = why_not
        self.needed = tuple(dict.fromkeys(node.platform for node in nodes)) or platforms
        self._held: dict[str, Held] = {}

    def held(self, canonical: str) -> Held:
        """Return on which of the nodes an image lies, by its canonical name."""
        if canonical not in self._held:
            held = self._held[canonical] = Held()
            for node in self.nodes:
                there = node.holds(canonical)
                (held.there if there else held.unclear if there is None else held.absent).append(node)
        return self._held[canonical]


def judge_container(ask: ContainerAsk, outcome: Outcome, place: Place) -> ContainerVerdict:
    """Return the verdict for one container."""
    try:
        canonical = parse_image_ref(ask.image).canonical
    except ImageRefError as error:
        return _verdict(ask, WOULD_NOT_PULL, str(error), "image_name_invalid", "confirmed")
    held = place.held(canonical)
    if ask.policy == "Never":
        return _never(ask, held, place)
    here = ask.policy == "IfNotPresent" and bool(place.nodes) and len(held.there) == len(place.nodes)
    if here and not (outcome.state == FAILED and _would_be_verified(outcome, held)):
        return _already_there(ask, outcome, held)
    if outcome.state == FOUND:
        return _on_its_platforms(ask, outcome, place, held)
    verdict = WOULD_NOT_PULL if outcome.state == FAILED else NOT_CHECKED
    notes = list(outcome.notes)
    if ask.policy == "IfNotPresent" and held.there:
        notes.append(
            f"it lies on {len(held.there)} of {plural(len(place.nodes), 'node')} that may run this pod"
        )
    left = (outcome.summary,) if verdict == NOT_CHECKED else ()
    return dataclasses.replace(
        _verdict(ask, verdict, outcome.summary, outcome.cause, outcome.confidence),
        notes=tuple(notes),
        not_checked=left,
    )


def _verdict(
    ask: ContainerAsk, verdict: str, summary: str, cause: str | None = None, confidence: str | None = None
) -> ContainerVerdict:
    return ContainerVerdict(ask.name, ask.type, ask.image, ask.policy, verdict, summary, cause, confidence)


def _would_be_verified(outcome: Outcome, held: Held) -> bool:
    return outcome.cause in (*DENIALS, "secret_missing") and any(
        node.kubelet >= _VERIFIES for node in held.there
    )


def _never(ask: ContainerAsk, held: Held, place: Place) -> ContainerVerdict:
    if not place.nodes:
        left = (
            f"policy Never, and where the image lies is not known: {place.why_not or 'no node fits this pod'}"
        )
        return dataclasses.replace(_verdict(ask, NOT_CHECKED, left), not_checked=(left,))
    total = plural(len(place.nodes), "node")
    if held.absent:
        confidence = "confirmed" if len(held.absent) == len(place.nodes) else "likely"
        where = f"{len(held.absent)} of {total} that may run this pod: {enumeration(_names(held.absent))}"
        summary = f"policy Never, and the image is absent from {where}"
        return _verdict(ask, WOULD_NOT_PULL, summary, "never_policy", confidence)
    if held.unclear:
        left = f"policy Never, and {enumeration(_names(held.unclear))} do not report all their images"
        return dataclasses.replace(_verdict(ask, NOT_CHECKED, left), not_checked=(left,))
    return _verdict(ask, WOULD_PULL, f"policy Never, and the image lies on all of {total}")


def _already_there(ask: ContainerAsk, outcome: Outcome, held: Held) -> ContainerVerdict:
    summary = f"lies on all {plural(len(held.there), 'node')} that may run this pod: nothing is pulled"
    notes = list(outcome.notes)
    if outcome.state != FOUND:
        notes.append(f"a new node could not be sure to get it: {outcome.summary}")
    return dataclasses.replace(_verdict(ask, WOULD_PULL, summary), notes=tuple(notes), **_facts(outcome))


def _facts(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    if answer is None or outcome.state != FOUND:
        return {}
    return {
        "digest": answer.digest,
        "size_bytes": answer.size_bytes,
        "platforms": answer.platforms,
        "credential": outcome.credential,
    }


def _on_its_platforms(ask: ContainerAsk, outcome: Outcome, place: Place, held: Held) -> ContainerVerdict:
    """The registry gives it: is it there for every platform that it may run on?"""
    answer = outcome.answer
    offered = answer.platforms if answer is not None else ()
    base = dataclasses.replace(
        _verdict(ask, WOULD_PULL, outcome.summary), notes=outcome.notes, **_facts(outcome)
    )
    pulling, needed = place.nodes, place.needed
    if ask.policy == "IfNotPresent" and held.there:
        pulling = [*held.absent, *held.unclear]
        needed = tuple(dict.fromkeys(node.platform for node in pulling)) or place.needed
    if not needed:
        why = place.why_not or "there is no node that this pod may be scheduled to"
        return _open(base, f"platform: {why}")
    if not offered:
        return _open(base, "platform: the registry did not tell for which platforms the image is")
    missing = [one for one in needed if not any(fits(one, other) for other in offered)]
    if not missing:
        return base
    index = answer is not None and bool(answer.children)
    return _wrong_platform(base, missing, needed, pulling, offered, index)


def _open(base: ContainerVerdict, left: str) -> ContainerVerdict:
    return dataclasses.replace(
        base, verdict=NOT_CHECKED, summary=f"{base.summary}; {left}", not_checked=(*base.not_checked, left)
    )


def _wrong_platform(
    base: ContainerVerdict,
    missing: Sequence[Platform],
    needed: Sequence[Platform],
    nodes: Sequence[NodeView],
    offered: Sequence[Platform],
    index: bool,
) -> ContainerVerdict:
    hit = Counter(shown(node.platform) for node in nodes if node.platform in missing)
    where = ", ".join(f"{plural(count, 'node')} with {name}" for name, count in sorted(hit.items()))
    summary = (
        f"the image is for {enumeration([shown(one) for one in offered], 6)} only, but the pod may be "
        f"scheduled to {where or enumeration([shown(one) for one in missing])}"
    )
    if len(offered) == 1 and not index:
        summary += "; it is in no index, so it would be pulled all the same, and could not run"
    confidence = "confirmed" if len(missing) == len(needed) else "likely"
    return dataclasses.replace(
        base, verdict=WOULD_NOT_PULL, summary=summary, cause="platform_mismatch", confidence=confidence
    )


def _names(nodes: Sequence[NodeView]) -> list[str]:
    return [node.name for node in nodes]
