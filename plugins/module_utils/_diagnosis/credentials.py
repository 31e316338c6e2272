# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pull secrets and ServiceAccounts add to a text that speaks of authentication.

A missing pull secret is only a warning to the kubelet: it goes on without it, and the pull may still succeed or
fail for another reason. So a secret is the root cause only where the pull failed for want of a credential.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.statements import (
    secret_warnings,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    Evidence,
    PullFailure,
    SecretFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    printable,
    quotation,
)

PULL_SECRET_TYPES = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
"""Secrets of any other type are skipped by the kubelet without a word (pkg/credentialprovider/secrets)."""

_ABOUT_CREDENTIALS = frozenset(
    {
        Cause.AUTH_MISSING,
        Cause.AUTH_INVALID,
        Cause.AUTH_FORBIDDEN,
        Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
    }
)


@dataclass(frozen=True, slots=True)
class Offered:
    """The pull secrets of one pod, by what is known of them."""

    broken: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    usable: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def weigh_credentials(judgement: Judgement, facts: Facts) -> Judgement:
    """Return the judgement with the pod's pull secrets taken into account."""
    failure = judgement.failure
    if judgement.cause == Cause.SECRET_MISSING:
        return _malformed(judgement, offered(failure, facts))
    if judgement.cause not in _ABOUT_CREDENTIALS:
        return _beside_the_point(judgement, facts)
    secrets = offered(failure, facts)
    judgement = judgement.with_evidence(*secrets.evidence)
    if secrets.broken or secrets.suspected:
        return _with_broken_secret(judgement, secrets)
    if not failure.pull_secrets:
        return _without_secrets(judgement, facts)
    return _with_usable_secrets(judgement, secrets)


def offered(failure: PullFailure, facts: Facts) -> Offered:
    """Sort the pod's pull secrets into broken (absent, wrong type), suspected (only the kubelet says so) and usable."""
    warned = {name for _event, names in secret_warnings(failure) for name in names}
    sorted_names: dict[str, list[str]] = {"broken": [], "suspected": [], "usable": [], "unknown": []}
    evidence = []
    for name in failure.pull_secrets:
        fact = facts.secrets.get((failure.namespace, name))
        label = f"{failure.namespace}/{name}"
        known, text = _state(fact, label)
        if known == "unknown" and name in warned:
            known, text = "suspected", f"the kubelet could not read pull secret {label}"
        sorted_names[known].append(label)
        if text:
            evidence.append(
                Evidence("credential", "api", facts.observed_at, printable(text), supports=known != "usable")
            )
    return Offered(**{kind: tuple(names) for kind, names in sorted_names.items()}, evidence=tuple(evidence))


def _state(fact: SecretFact | None, label: str) -> tuple[str, str]:
    if fact is None or fact.state in ("forbidden", "unreadable"):
        return "unknown", ""
    if fact.state == "absent":
        return "broken", f"pull secret {label} does not exist"
    if fact.type and fact.type not in PULL_SECRET_TYPES:
        return "broken", f"pull secret {label} has type {fact.type}, which the kubelet skips"
    if fact.keys == 0:
        return "broken", f"pull secret {label} is empty"
    return "usable", f"pull secret {label} exists and has the right type; what it holds was not read"


def _with_broken_secret(judgement: Judgement, secrets: Offered) -> Judgement:
    broken = secrets.broken or secrets.suspected
    because = Alternative(
        str(Cause.SECRET_MISSING), f"{enumeration(broken)} cannot be used, but another credential was"
    )
    if judgement.cause in (Cause.AUTH_INVALID, Cause.AUTH_FORBIDDEN) and (
        secrets.usable
        or (judgement.confidence == Confidence.CONFIRMED and judgement.cause == Cause.AUTH_INVALID)
    ):
        return judgement.concerning(secrets.usable).with_alternatives(because)
    sure = (
        judgement.cause != Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE
        and bool(secrets.broken)
        and not (secrets.usable or secrets.suspected or secrets.unknown)
    )
    doubts = (
        Alternative(str(cause), f"{enumeration(broken)} cannot be used, which alone explains the answer")
        for cause in (judgement.cause, *(alternative.cause for alternative in judgement.alternatives))
    )
    turned = judgement.with_cause(
        Cause.SECRET_MISSING,
        Confidence.CONFIRMED if sure else Confidence.LIKELY,
        *warnings(judgement, supports=True),
        note="; ".join(item.fact for item in secrets.evidence if item.supports),
    )
    return turned.concerning(broken).with_alternatives(*doubts)


def _without_secrets(judgement: Judgement, facts: Facts) -> Judgement:
    failure = judgement.failure
    account = facts.accounts.get((failure.namespace, failure.service_account))
    evidence = [_seen(facts, f"failing pods of namespace {failure.namespace} name no pull secret")]
    note = ""
    if account is not None and account.state == "present":
        who = f"ServiceAccount {failure.namespace}/{failure.service_account}"
        if account.pull_secrets:
            names = enumeration(account.pull_secrets)
            text = f"{who} names pull secret {names} now; pods that were created before do not get it"
            evidence.append(_seen(facts, text))
            note = text
        else:
            evidence.append(_seen(facts, f"{who} names no pull secret either"))
    judgement = judgement.with_evidence(*evidence)
    if judgement.cause == Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE and not note:
        return judgement
    if judgement.confidence == Confidence.CONFIRMED:
        return judgement.with_cause(judgement.cause, judgement.confidence, note=note)
    if judgement.cause == Cause.AUTH_MISSING:
        return judgement.with_cause(judgement.cause, Confidence.LIKELY, note=note)
    if _is_about_content(judgement):
        return judgement
    before = judgement.cause
    on_node = "no pull secret was offered; only a credential of the node itself could have been refused"
    turned = judgement.with_cause(Cause.AUTH_MISSING, Confidence.LIKELY, note=note)
    return turned.with_alternatives(
        Alternative(str(before), on_node if before != Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE else "")
    )


def _is_about_content(judgement: Judgement) -> bool:
    """Tell whether it was the store of the contents that refused; such a host asks for no login of its own."""
    said = judgement.classification
    if judgement.hop == Hop.BLOB or said is None or not said.host:
        return judgement.hop == Hop.BLOB
    return judgement.hop != Hop.TOKEN_SERVICE and normal_host(said.host) != registry_host(judgement.image)


def _with_usable_secrets(judgement: Judgement, secrets: Offered) -> Judgement:
    named = judgement.concerning(secrets.usable + secrets.unknown)
    if judgement.cause != Cause.AUTH_MISSING:
        return named
    if judgement.confidence == Confidence.CONFIRMED:
        note = "no credential was offered: none of the pull secrets seems to have one for this registry"
        return named.with_cause(Cause.AUTH_MISSING, Confidence.CONFIRMED, note=note)
    turned = named.with_cause(Cause.AUTH_INVALID, Confidence.POSSIBLE)
    doubt = "possible as well, if no pull secret has a credential for this registry"
    return turned.with_alternatives(Alternative(str(Cause.AUTH_MISSING), doubt))


def _malformed(judgement: Judgement, secrets: Offered) -> Judgement:
    """The kubelet said that a pull secret cannot be used: one that is there, or else the one that is not."""
    named = secrets.usable + secrets.unknown or secrets.broken or secrets.suspected
    evidence = tuple(item for item in secrets.evidence if item.supports) + warnings(judgement, supports=True)
    said = judgement.statement
    if named and said is not None and said.reason == said.text:
        # From 1.33 on the kubelet gives the parser's words as the reason itself, and for nothing else.
        note = f"the kubelet cannot parse what {enumeration(named)} holds"
        judgement = judgement.with_cause(Cause.SECRET_MISSING, Confidence.CONFIRMED, note=note)
    return judgement.with_evidence(*evidence).concerning(named)


def _beside_the_point(judgement: Judgement, facts: Facts) -> Judgement:
    """Keep the kubelet's warning about a secret as evidence that does not explain this failure.

    Where nothing explains it, a secret that cannot be used is one possibility.
    """
    if judgement.cause != Cause.UNKNOWN:
        return judgement.with_evidence(*warnings(judgement, supports=False))
    secrets = offered(judgement.failure, facts)
    suspects = secrets.broken + secrets.suspected
    if not suspects:
        return judgement
    doubt = f"possible: {enumeration(suspects)} cannot be used; the message that would prove it is missing"
    evidence = tuple(item for item in secrets.evidence if item.supports)
    return judgement.with_evidence(*evidence).with_alternatives(Alternative(str(Cause.SECRET_MISSING), doubt))


def warnings(judgement: Judgement, *, supports: bool) -> tuple[Evidence, ...]:
    """Return the kubelet's newest warning that it could not read a pull secret, as evidence for or against."""
    found = secret_warnings(judgement.failure)
    if not found:
        return ()
    event, _names = max(found, key=lambda item: (item[0].last_at or "", item[0].message))
    fact = (
        "the kubelet could not read a pull secret"
        if supports
        else "the kubelet also warns about a pull secret; the pull went on and failed for another reason"
    )
    return (Evidence("event", "api", event.last_at, fact, quotation(event.message), supports),)


def _seen(facts: Facts, text: str) -> Evidence:
    return Evidence("credential", "api", facts.observed_at, printable(text))
