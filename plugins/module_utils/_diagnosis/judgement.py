# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer for one container, before containers are brought together into findings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Cause,
    Classification,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NodeFault,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import Outcome
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.statements import (
    Decision,
    Statement,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    Evidence,
    PullFailure,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The root cause of one container.

    ``host`` is the host that failed where a message names it, else the registry of the image. ``secrets`` are the
    pull secrets concerned, as ``NAMESPACE/NAME``. ``circumstances`` is evidence beside the deciding text.
    ``joined`` says why this container was counted to a fault that its own texts do not name. ``outcome`` is what the
    registry's answers come to, None where nobody was asked; ``seen`` what was found wrong on its node, None where
    nobody looked or nothing was.
    """

    failure: PullFailure
    cause: Cause
    confidence: Confidence
    hop: Hop | None = None
    host: str = ""
    statement: Statement | None = None
    classification: Classification | None = None
    alternatives: tuple[Alternative, ...] = ()
    secrets: tuple[str, ...] = ()
    circumstances: tuple[Evidence, ...] = ()
    note: str = ""
    joined: str = ""
    outcome: Outcome | None = None
    seen: NodeFault | None = None

    @property
    def image(self) -> str:
        """The image that is wanted; for a sandbox the one that the message names, where the pod cannot know it."""
        return self.failure.image or (self.classification.image if self.classification else "") or ""

    def with_cause(
        self, cause: Cause, confidence: Confidence, *circumstances: Evidence, note: str = ""
    ) -> Judgement:
        """Return this judgement turned to another cause by circumstances."""
        return replace(
            self,
            cause=cause,
            confidence=confidence,
            hop=self.hop if cause == self.cause else None,
            circumstances=self.circumstances + circumstances,
            note=note or self.note,
        )

    def concerning(self, secrets: tuple[str, ...]) -> Judgement:
        """Return this judgement with the pull secrets that it is about."""
        return replace(self, secrets=secrets)

    def with_evidence(self, *circumstances: Evidence) -> Judgement:
        """Return this judgement with more evidence beside its text."""
        return replace(self, circumstances=self.circumstances + circumstances)

    def with_alternatives(self, *alternatives: Alternative) -> Judgement:
        """Return this judgement with these alternatives in front of those it has; its own cause is never one."""
        found: dict[str, Alternative] = {}
        for alternative in (*alternatives, *self.alternatives):
            if alternative.cause != self.cause:
                found.setdefault(alternative.cause, alternative)
        return replace(self, alternatives=tuple(found.values()))


# They concern the registry of the image, even where its token service was the one that answered.
_OF_THE_REGISTRY = frozenset(
    {
        Cause.AUTH_MISSING,
        Cause.AUTH_INVALID,
        Cause.AUTH_FORBIDDEN,
        Cause.SECRET_MISSING,
        Cause.CREDENTIAL_PROVIDER_FAILURE,
        Cause.RATE_LIMITED,
    }
)


def judgement_from_text(failure: PullFailure, decision: Decision) -> Judgement:
    """Return what the texts alone say."""
    said = decision.classification
    image = failure.image or said.image or ""
    host = _host(said, image)
    judgement = Judgement(
        failure=failure,
        cause=said.cause,
        confidence=said.confidence,
        hop=said.hop,
        host=host,
        statement=decision.statement,
        classification=said,
        alternatives=tuple(Alternative(str(cause), "") for cause in said.alternatives if cause != said.cause),
        note=said.unknown_reason or "",
    )
    registry = normal_host(registry_host(image))
    if said.hop in (Hop.REGISTRY, Hop.MANIFEST) and registry and host not in ("", registry):
        asked = f"{host} is not the registry of {image}: the runtime is told to ask it for {registry}"
        judgement = judgement.with_alternatives(Alternative(str(Cause.MIRROR_FAILURE), asked))
    return judgement


def _host(said: Classification, image: str) -> str:
    registry = registry_host(image)
    if not said.host or (registry and said.cause in _OF_THE_REGISTRY and said.hop != Hop.MIRROR):
        return registry
    return normal_host(said.host)
