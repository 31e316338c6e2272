# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubelet's words and the registry's answer, weighed against each other.

Where the words leave room, the answer decides. Where both are exact and differ, the kubelet's words stay: it is the
one that pulls, perhaps through a mirror, from another address, or before something was mended; but they are less sure
then, and both stand in the evidence. What the controller meets on its own way is no fault of the node's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.credentials import warnings
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    ABOUT_LOGIN,
    NETWORK,
    Outcome,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.reading import (
    label,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.testimony import (
    answer_fact,
    answers_as_evidence,
    check_fact,
    checks_as_evidence,
    hop_of,
    is_telling,
    platform_names,
    testimony,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Alternative, Evidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

_BY_THE_WAY = NETWORK | {Cause.PULL_SLOW, Cause.MIRROR_FAILURE, Cause.RATE_LIMITED}
"""What depends on who asks and from where: another vantage neither proves nor disproves it."""
_BY_THE_REGISTRY = ABOUT_LOGIN | {
    Cause.UNKNOWN,
    Cause.SECRET_MISSING,
    Cause.TAG_NOT_FOUND,
    Cause.REPOSITORY_NOT_FOUND,
    Cause.PLATFORM_MISMATCH,
    Cause.MANIFEST_INVALID,
    Cause.SIGNATURE_POLICY,
    Cause.REGISTRY_SERVER_ERROR,
}
_IN_TRANSFER = frozenset({Hop.BLOB, Hop.UNPACK})
_OF_CONTENTS = ("httpReadSeeker", "failed to copy", "/blobs/", "writing blob", "reading blob")
_BEFORE_ASKING = frozenset({Cause.SECRET_MISSING, Cause.AUTH_MISSING})
# What exact words may still mean: registries answer alike for several of these, and runtimes shorten what they say.
_ROOM: dict[Cause, frozenset[Cause]] = {
    Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE: ABOUT_LOGIN
    | {Cause.REPOSITORY_NOT_FOUND, Cause.SECRET_MISSING, Cause.TAG_NOT_FOUND},
    Cause.AUTH_MISSING: frozenset({Cause.SECRET_MISSING, Cause.REPOSITORY_NOT_FOUND}),
    Cause.AUTH_FORBIDDEN: frozenset(
        {
            Cause.AUTH_INVALID,
            Cause.AUTH_MISSING,
            Cause.SECRET_MISSING,
            Cause.REPOSITORY_NOT_FOUND,
            Cause.SIGNATURE_POLICY,
        }
    ),
    Cause.TAG_NOT_FOUND: frozenset({Cause.REPOSITORY_NOT_FOUND}),
    Cause.REPOSITORY_NOT_FOUND: ABOUT_LOGIN | {Cause.SECRET_MISSING},
}
_LESS_SURE = {
    Confidence.CONFIRMED: Confidence.LIKELY,
    Confidence.LIKELY: Confidence.POSSIBLE,
    Confidence.POSSIBLE: Confidence.POSSIBLE,
}
_MENDED = (
    "the registry gives the image to the controller now: seems mended, then the pod gets it at its next try, "
    "at most 5 minutes after the last"
)


def weigh_answers(said: Judgement, judgement: Judgement, outcome: Outcome | None, facts: Facts) -> Judgement:
    """Return the judgement with the registry's answers taken into account.

    ``said`` is what the texts alone say, ``judgement`` the same with what the metadata of the pod's Secrets adds.
    """
    if outcome is None:
        return judgement
    judgement = replace(judgement, outcome=outcome)
    said = replace(said, outcome=outcome)
    if outcome.result == Result.PULLS and _is_about_contents(said):
        return judgement
    if said.cause in _BY_THE_WAY:
        return _beside_the_way(judgement, outcome)
    if said.cause not in _BY_THE_REGISTRY:
        return _besides(judgement, outcome)
    if outcome.result == Result.NOT_ASKED:
        return _not_asked(judgement, outcome, facts)
    if outcome.result == Result.UNREACHABLE:
        return _unreachable(judgement, outcome)
    if outcome.result == Result.PULLS:
        return _pulls(said, outcome, facts)
    return _fails(said, judgement, outcome, facts)


def _is_about_contents(said: Judgement) -> bool:
    """Tell whether the node had the manifest already; nobody else has fetched the contents."""
    text = said.statement.text if said.statement is not None else ""
    return (
        said.hop in _IN_TRANSFER
        or said.cause == Cause.MANIFEST_INVALID
        or any(words in text for words in _OF_CONTENTS)
    )


def _fails(said: Judgement, judgement: Judgement, outcome: Outcome, facts: Facts) -> Judgement:
    at = facts.answers.observed_at
    if outcome.cause == Cause.RATE_LIMITED and said.cause != Cause.UNKNOWN:
        return _besides(judgement, outcome)
    if _adds_nothing(said, outcome):
        return judgement.with_evidence(*testimony(outcome, at, supports=True)).with_alternatives(
            *outcome.alternatives
        )
    if outcome.cause != said.cause and not _leaves_room(said, outcome):
        return _contradicted(said, outcome, facts)
    sure = Confidence.CONFIRMED if outcome.sure else Confidence.LIKELY
    if outcome.cause == said.cause and not outcome.sure:
        sure = said.confidence
    if outcome.cause == Cause.RATE_LIMITED:
        sure = Confidence.LIKELY
    if outcome.cause == Cause.AUTH_MISSING and said.cause == outcome.cause and not outcome.sure:
        sure = said.confidence
    warned = warnings(said, supports=outcome.cause == Cause.SECRET_MISSING)
    evidence = (*testimony(outcome, at, supports=True), *warned)
    turned = said.with_cause(outcome.cause, sure, *evidence, note=_note(outcome))
    doubts = () if outcome.sure else outcome.alternatives
    kept = () if outcome.sure else said.alternatives
    turned = replace(
        turned,
        hop=Hop.CREDENTIALS if outcome.cause in _BEFORE_ASKING else hop_of(outcome.answer) or turned.hop,
        host=_host(said, outcome),
        alternatives=kept,
        secrets=_secrets(said, outcome),
    )
    return turned.with_alternatives(*doubts)


def _adds_nothing(said: Judgement, outcome: Outcome) -> bool:
    """Tell whether the registry leaves open what the kubelet's words narrow down."""
    answer = outcome.answer
    known = answer is not None and answer.credential_accepted
    return (
        outcome.cause == Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE
        and not outcome.sure
        and said.cause not in (Cause.UNKNOWN, outcome.cause)
        and not (known and said.confidence != Confidence.CONFIRMED)
    )


def _leaves_room(said: Judgement, outcome: Outcome) -> bool:
    if said.cause == Cause.UNKNOWN or said.confidence != Confidence.CONFIRMED:
        return True
    if outcome.cause in _ROOM.get(said.cause, frozenset()) or _is_same_answer(said, outcome):
        return True
    return any(alternative.cause == outcome.cause for alternative in said.alternatives)


def _is_same_answer(said: Judgement, outcome: Outcome) -> bool:
    """Tell whether node and controller have met the same status: what comes with it tells more than a runtime."""
    text = said.statement.text if said.statement is not None else ""
    answer = outcome.answer
    met = {answer.status, answer.token_status} - {None, 200} if answer is not None else set()
    return any(re.search(rf"(?<![\w.-]){status}(?![\w-])", text[:20000]) for status in met)


def _note(outcome: Outcome) -> str:
    """What the reader must know beside the cause: why there is no credential, which platforms there are."""
    parts = [outcome.why] if outcome.why else []
    check = outcome.check
    if check is not None and is_telling(check):
        parts.append(check_fact(check))
    elif check is not None and check.why and outcome.cause in ABOUT_LOGIN:
        parts.append(f"{label(check)}: {check.why}")
    elif outcome.cause in (Cause.AUTH_MISSING, Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE) and check is None:
        parts.append("no credential was offered at all")
    if outcome.cause == Cause.PLATFORM_MISMATCH and outcome.answer is not None:
        names = platform_names(outcome.answer)
        if names:
            parts.append(f"the image exists for {enumeration(names, 6)}")
    if not outcome.sure and outcome.settle_by:
        parts.append(f"what would settle it: {outcome.settle_by}")
    return printable("; ".join(parts), 500)


def _host(said: Judgement, outcome: Outcome) -> str:
    return normal_host(registry_host(said.image)) or said.host


def _secrets(said: Judgement, outcome: Outcome) -> tuple[str, ...]:
    check = outcome.check
    if outcome.cause not in ABOUT_LOGIN | {Cause.SECRET_MISSING} or check is None:
        return ()
    # A Secret that fits and is not named is a way out and not at fault.
    return outcome.secrets if check.state not in ("unlinked", "elsewhere", "linked_late") else ()


def _contradicted(said: Judgement, outcome: Outcome, facts: Facts) -> Judgement:
    """The kubelet's exact words and the registry's answer exclude each other: both are kept."""
    against = testimony(outcome, facts.answers.observed_at, supports=False)
    told = answer_fact(outcome.answer) if outcome.answer is not None else ""
    told = told or (
        check_fact(outcome.check) if outcome.check is not None else "the controller sees it so now"
    )
    note = "the controller meets another answer than the node: " + told
    lowered = said.with_cause(
        said.cause, _LESS_SURE[said.confidence], *against, note=printable(_join(said.note, note), 500)
    )
    other = Alternative(str(outcome.cause), printable(f"{told}; the kubelet's words say otherwise"))
    named = lowered.concerning(outcome.secrets) if said.cause in ABOUT_LOGIN else lowered
    return named.with_alternatives(other)


def _pulls(said: Judgement, outcome: Outcome, facts: Facts) -> Judgement:
    """The registry gives the image, with the very credentials: mended, or the node has it otherwise."""
    evidence = answers_as_evidence(outcome, supports=False)
    note = _MENDED
    edited = _edited_since(said, outcome, facts)
    if edited:
        note = f"{edited}, after the last try; {_MENDED}"
    elif said.cause != Cause.UNKNOWN:
        note += "; else the node asks a mirror, has a credential of its own, or comes from another address"
    if said.cause == Cause.UNKNOWN:
        return said.with_cause(said.cause, said.confidence, *evidence, note=_join(said.note, note))
    lowered = said.with_cause(
        said.cause, _LESS_SURE[said.confidence], *evidence, note=_join(said.note, note)
    ).concerning(outcome.secrets if said.cause in ABOUT_LOGIN | {Cause.SECRET_MISSING} else ())
    mirror = Alternative(
        str(Cause.MIRROR_FAILURE), "the registry itself gives the image; a mirror that the node asks may not"
    )
    return lowered.with_alternatives(mirror)


def _edited_since(said: Judgement, outcome: Outcome, facts: Facts) -> str:
    """Whether the Secret that works now was written to after the kubelet's last word."""
    ref = outcome.check.credential if outcome.check is not None else None
    secret = facts.secrets.get((ref.namespace, ref.secret)) if ref is not None else None
    last = (said.statement.at if said.statement else None) or said.failure.since
    if secret is None or not secret.changed_at or not last or secret.changed_at <= last:
        return ""
    return f"pull secret {secret.namespace}/{secret.name} was edited at {secret.changed_at}"


def _unreachable(judgement: Judgement, outcome: Outcome) -> Judgement:
    """The controller's own way is broken, which says nothing about the node's; unless the registry itself bars it."""
    if outcome.answer is not None and outcome.answer.status and judgement.cause in ABOUT_LOGIN:
        note = "a rule about addresses refuses the controller as well, whatever the credential"
        sure = outcome.sure and _is_same_answer(judgement, outcome)
        turned = judgement.with_cause(
            outcome.cause,
            Confidence.CONFIRMED if sure else Confidence.LIKELY,
            *answers_as_evidence(outcome, supports=True),
            note=note,
        )
        other = Alternative(str(judgement.cause), "the node may be refused for another reason")
        return replace(turned, hop=hop_of(outcome.answer)).with_alternatives(other)
    if judgement.cause != Cause.UNKNOWN:
        return judgement
    doubt = "the controller cannot reach the registry for this reason; what the node meets is not known"
    return judgement.with_evidence(*answers_as_evidence(outcome, supports=False)).with_alternatives(
        Alternative(str(outcome.cause), doubt)
    )


def _not_asked(judgement: Judgement, outcome: Outcome, facts: Facts) -> Judgement:
    at = facts.answers.observed_at
    evidence: tuple[Evidence, ...] = ()
    if judgement.cause in ABOUT_LOGIN | {Cause.SECRET_MISSING}:
        evidence = checks_as_evidence(outcome, at, supports=True)
    if outcome.public and judgement.cause in ABOUT_LOGIN:
        note = "the image is given without a login, so a credential that is offered breaks the pull"
        turned = judgement.with_cause(
            Cause.AUTH_INVALID,
            Confidence.LIKELY,
            *answers_as_evidence(outcome, supports=True),
            *evidence,
            note=note,
        )
        return turned.with_alternatives(Alternative(str(judgement.cause), ""))
    return judgement.with_evidence(*answers_as_evidence(outcome, supports=True), *evidence)


def _beside_the_way(judgement: Judgement, outcome: Outcome) -> Judgement:
    """What another vantage adds to trouble on the way: the same trouble, or a registry that answers."""
    if outcome.result == Result.NOT_ASKED:
        return judgement
    same = outcome.cause == judgement.cause and outcome.result != Result.PULLS
    evidence = answers_as_evidence(outcome, supports=same or outcome.result == Result.UNREACHABLE)
    judgement = judgement.with_evidence(*evidence[:1])
    if same:
        return replace(judgement, confidence=Confidence.CONFIRMED)
    if outcome.result == Result.UNREACHABLE:
        return judgement.with_alternatives(
            Alternative(str(outcome.cause), "this is how it shows from the controller")
        )
    if judgement.cause == Cause.RATE_LIMITED:
        note = "the controller is not limited: limits count for an address or an account"
    elif judgement.cause == Cause.PULL_SLOW:
        note = "the registry answers the controller"
    else:
        note = (
            f"{registry_host(judgement.image)} answers the controller, so it is the node's way there that is "
            "broken, or it was mended and the pod gets its image at its next try"
        )
    judgement = replace(judgement, note=_join(judgement.note, note))
    if outcome.result == Result.FAILS and outcome.sure and outcome.cause != judgement.cause:
        after = Alternative(str(outcome.cause), "it would fail for this reason once the way is open")
        judgement = judgement.with_alternatives(after)
    return judgement


def _besides(judgement: Judgement, outcome: Outcome) -> Judgement:
    """Another thing is at fault; what the registry says comes on top of it."""
    if outcome.result != Result.FAILS or not outcome.sure or outcome.answer is None:
        return judgement
    if outcome.answer.outcome == FOUND:
        return judgement
    if outcome.cause == judgement.cause:
        return judgement.with_evidence(*answers_as_evidence(outcome, supports=True)[:1])
    doubt = Alternative(str(outcome.cause), "the registry says so; the pull failed for another reason first")
    return judgement.with_evidence(*answers_as_evidence(outcome, supports=False)[:1]).with_alternatives(doubt)


def _join(*notes: str) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))
