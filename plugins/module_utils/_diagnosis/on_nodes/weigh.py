# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes show, weighed against the words of the kubelet and the answers of the registry.

Words that fit what the node shows are confirmed by it. Weak ones give way to it. Exact ones that say another thing
stay; but where the node meets no trouble at all they are less sure: it may have been mended since.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Cause,
    Classification,
    Confidence,
    Hop,
    classify,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import (
    beside,
    names,
    words,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NETWORK_WORDS,
    WEAK_WORDS,
    NodeFault,
    sentence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    Ladder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.met import (
    FALLBACK,
    Met,
    is_weak,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    config_faults,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    ABOUT_LOGIN,
    OFFERED,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Alternative, PullFailure

_NOT_THERE = frozenset({Cause.TAG_NOT_FOUND, Cause.REPOSITORY_NOT_FOUND})
_OF_CREDENTIALS = ABOUT_LOGIN | {Cause.UNKNOWN}
_BEFORE_CONTENT = frozenset({Hop.DNS, Hop.TCP, Hop.PROXY, Hop.TLS, Hop.REGISTRY, Hop.MANIFEST})


class Witness:
    """Weighs what was seen on nodes; each text is read once, however many pods there are."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._ladder = Ladder(facts)
        self._met = Met(facts, self._ladder)
        self._texts: dict[str, Classification] = {}

    def weigh(self, judgement: Judgement) -> Judgement:
        """Return the judgement with what its node shows taken into account."""
        view = self._facts.vantages.of(judgement.failure.node)
        if view is None or not judgement.failure.node:
            return judgement
        judgement = beside.kubelet(judgement, view)
        if not view.reached:
            weak = is_weak(judgement) or judgement.cause == Cause.DISK_FULL
            full = beside.full_by_kubelet(judgement, view) if weak else None
            return full or beside.without_a_look(judgement, view)
        provider = self._provider(judgement, view)
        if provider is not None:
            return provider
        judgement = self._hear(judgement, view)
        fault, sure = self._choose(judgement, view)
        if fault is not None:
            mirror = _as_mirror(judgement, fault)
            fault = fault if mirror is fault else self._met.beside_mirror(mirror, view)
            return self._tried(_found(judgement, fault, sure), view)
        judgement = self._behind_a_file(judgement, view)
        judgement = self._late_names(judgement, view)
        judgement = beside.slow(judgement, view)
        judgement = self._tried(judgement, view)
        return beside.nothing_else(beside.contradicted(judgement, view), view)

    def read(self, text: str) -> Classification:
        """Classify a text of a node, each once."""
        if text not in self._texts:
            self._texts[text] = classify(text, None)
        return self._texts[text]

    def _provider(self, judgement: Judgement, view: NodeView) -> Judgement | None:
        """A credential provider that fails shows in the kubelet's log alone; the pull then lacks its login."""
        if judgement.cause not in _OF_CREDENTIALS:
            return None
        said = words.provider_words(view, judgement.image, self.read)
        if said is None:
            return None
        outcome = judgement.outcome
        if outcome is not None and outcome.check is not None and outcome.check.state == OFFERED:
            doubt = Alternative(
                str(Cause.CREDENTIAL_PROVIDER_FAILURE),
                "the node's credential provider fails too, but a Secret of the pod is offered and refused",
            )
            return judgement.with_evidence(said.evidence).with_alternatives(doubt)
        note = f"on {view.name} the kubelet's credential provider fails, so it pulls without that login"
        turned = judgement.with_cause(
            Cause.CREDENTIAL_PROVIDER_FAILURE, Confidence.CONFIRMED, said.evidence, note=note
        )
        return replace(
            turned,
            hop=Hop.CREDENTIALS,
            host=normal_host(registry_host(judgement.image)),
            secrets=(),
            alternatives=(),
        )

    def _hear(self, judgement: Judgement, view: NodeView) -> Judgement:
        """Where the API has no words (any more), the newest of the runtime's log decide, or those of a pull by hand."""
        if not is_weak(judgement):
            return judgement
        sandbox = not judgement.failure.image or judgement.failure.symptom in ("sandbox", "runtime")
        said = words.newest_words(
            view, judgement.image, self.read, sandbox=sandbox, after=_begun(judgement.failure)
        )
        if said is None or (judgement.cause != Cause.UNKNOWN and said.classification.cause in WEAK_WORDS):
            said = words.trial_words(view, judgement.image, self.read)
            trial = view.trial_of(judgement.image)
            said = None if trial is not None and words.is_of_the_client(view, trial) else said
        if said is None or said.classification.cause == Cause.UNKNOWN:
            return judgement
        found = said.classification
        turned = judgement.with_cause(found.cause, found.confidence, said.evidence, note=_heard(view))
        others = tuple(Alternative(str(cause), "") for cause in found.alternatives if cause != found.cause)
        turned = replace(turned, hop=found.hop, host=said.host or judgement.host, alternatives=others)
        return turned if judgement.image else replace(turned, classification=found)

    def _choose(self, judgement: Judgement, view: NodeView) -> tuple[NodeFault | None, bool]:
        """The fault that the words fit; or, for weak words, the first that must break the pull, or that may."""
        faults = list(self._met.of(judgement, view))
        fitting = [fault for fault in faults if judgement.cause in fault.fits]
        if fitting:
            named = [fault for fault in fitting if fault.host == normal_host(judgement.host)]
            return _merged((named or fitting)[0], fitting), True
        on_way = judgement.cause in NETWORK_WORDS and judgement.confidence != Confidence.CONFIRMED
        usable = [
            fault
            for fault in faults
            if is_weak(judgement) or (on_way and fault.sure and fault.cause in NETWORK_WORDS)
        ]
        sure = [fault for fault in usable if fault.sure]
        if sure:
            return sure[0], True
        # What the runtime's files say of a host's trust tells more than a handshake of another make.
        likely = [
            fault
            for fault in usable
            if fault.kind != "runtime_restarted"
            and (fault.hop != Hop.TLS or fault.kind.startswith("config_"))
        ]
        return (likely[0], self._is_logged(likely[0], view)) if likely else (None, False)

    def _is_logged(self, fault: NodeFault, view: NodeView) -> bool:
        """Tell whether the runtime was heard to pass this mirror over."""
        return fault.kind == "mirror" and any(words.mirror_lines(view, frozenset({fault.host}), self.read))

    def _behind_a_file(self, judgement: Judgement, view: NodeView) -> Judgement:
        """Words that another cause hides behind, because of how the runtime is told to ask."""
        registry = registry_host(judgement.image)
        outcome = judgement.outcome
        if judgement.cause == Cause.TLS_UNTRUSTED:
            for fault in config_faults(view, registry, judgement.cause):
                if fault.kind == FALLBACK:
                    return beside.hidden(judgement, view, fault, outcome)
        if judgement.cause in _NOT_THERE and outcome is not None and outcome.result == Result.PULLS:
            mirrors = [one for one in view.endpoints_of(registry) if one.role == "mirror"]
            origin = [one for one in self._met.network(view) if one.host == normal_host(registry)]
            # A mirror that serves may be meant to be all there is, unless others get to the registry from their nodes.
            closed = origin and (origin[0].compared or not self._met.is_served(view, registry))
            if mirrors and closed:
                return _found(judgement, origin[0], origin[0].sure)
            if mirrors:
                return beside.lacking_mirror(judgement, view, mirrors[0])
        return judgement

    def _late_names(self, judgement: Judgement, view: NodeView) -> Judgement:
        """Where a time ran out, a resolver that answers late may have used it up; it has answered, though."""
        late = [one for one in self._met.of(judgement, view) if one.kind == names.SLOW]
        if judgement.cause != Cause.TIMEOUT or not late:
            return judgement
        doubt = Alternative(
            str(late[0].cause), f"{sentence(late[:1])}; yet it answers, and the words name no lookup"
        )
        return judgement.with_evidence(*late[0].evidence[:1]).with_alternatives(doubt)

    def _tried(self, judgement: Judgement, view: NodeView) -> Judgement:
        """What a pull by hand adds, there and on a node to compare with."""
        judgement = self._tried_beside(judgement, view)
        if judgement.seen is None or not judgement.seen.sure:
            success = words.trial_success(view, judgement.image)
            if success is not None:
                return beside.pulled(judgement, view, success)
        said = words.trial_words(view, judgement.image, self.read)
        if said is None or said.evidence in judgement.circumstances:
            return judgement
        return beside.failed_by_hand(judgement, view, said)

    def _tried_beside(self, judgement: Judgement, view: NodeView) -> Judgement:
        for other in self._ladder.beside(view):
            proof = words.trial_elsewhere(other, judgement.image)
            if proof is None:
                continue
            judgement = judgement.with_evidence(proof)
            fault = judgement.seen
            trial = other.trial_of(judgement.image)
            by_manifest = trial is not None and words.fetched_nothing(trial)
            shows = not by_manifest or (fault is not None and fault.hop in _BEFORE_CONTENT)
            if fault is not None and shows and not fault.compared and not fault.worse:
                judgement = replace(judgement, seen=replace(fault, compared=(other.name,)))
            return judgement
        return judgement


def _begun(failure: PullFailure) -> str:
    """When the pull began that goes on; what the log says of tries before it is over and done with."""
    if failure.symptom != "pulling":
        return ""
    return next((event.last_at or "" for event in reversed(failure.events) if event.reason == "Pulling"), "")


def _heard(view: NodeView) -> str:
    return f"the status and the events say no more; it is {view.name} itself that tells"


def _merged(fault: NodeFault, fitting: list[NodeFault]) -> NodeFault:
    """A file that is wrong and the handshake that shows it are one: the file is the reason, the handshake the proof."""
    if not fault.kind.startswith("config_"):
        return fault
    shown = next((one for one in fitting if one.cause == fault.cause and one.kind != fault.kind), None)
    if shown is None:
        return fault
    return replace(
        fault,
        evidence=(*fault.evidence, *shown.evidence),
        fixes=(*fault.fixes, *shown.fixes),
        compared=shown.compared,
        worse=shown.worse,
        controller=shown.controller,
    )


def _as_mirror(judgement: Judgement, fault: NodeFault) -> NodeFault:
    """A host that is asked for the manifest instead of the registry is a mirror, whatever is known of the files."""
    registry = normal_host(registry_host(judgement.image))
    text = judgement.statement.text[:20000] if judgement.statement is not None else ""
    asked = (
        re.search(rf"https?://{re.escape(fault.host)}(?::443)?/v2/[^\s\"]*/manifests/", text)
        if fault.host
        else None
    )
    if asked is None or fault.wide or fault.host == registry or fault.hop in (Hop.MIRROR, Hop.PROXY):
        return fault
    return replace(
        fault,
        kind="mirror",
        cause=Cause.MIRROR_FAILURE,
        hop=Hop.MIRROR,
        cannot=f"use {fault.host} in place of {registry}",
        keeps=frozenset(),
        registry=registry,
    )


def _found(judgement: Judgement, fault: NodeFault, sure: bool) -> Judgement:
    """Turn the judgement to what the node shows, or confirm it by that."""
    kept = judgement.cause in fault.keeps
    turned = judgement.with_cause(
        judgement.cause if kept else fault.cause,
        Confidence.CONFIRMED if sure else Confidence.LIKELY,
        *fault.evidence,
    )
    doubts: tuple[Alternative, ...] = ()
    if not sure:
        doubts = judgement.alternatives
    elif judgement.cause not in WEAK_WORDS and judgement.cause not in fault.fits:
        doubts = (
            Alternative(str(judgement.cause), "the kubelet's words; the node now meets another fault first"),
        )
    return replace(
        turned,
        hop=fault.hop,
        host=fault.host or judgement.host,
        alternatives=(),
        note="",
        seen=fault,
        secrets=(),
    ).with_alternatives(*doubts)
