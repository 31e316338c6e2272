# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries answered and what became of credentials, as items of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    ABOUT_LOGIN,
    NETWORK,
    OFFERED,
    WOULD_FIT,
    Outcome,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.reading import (
    label,
    real_platforms,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    Evidence,
    RateLimit,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
    quotation,
)

CONTROLLER = "controller"
MOST = 3
"""Answers, and checks of credentials, that one container brings."""
_HOPS = {"token": Hop.TOKEN_SERVICE, **{str(hop): hop for hop in Hop}}
_WHY_NOT = {
    "missing": "pull secret {secret} does not exist",
    "wrong_type": "the kubelet passes pull secret {secret} over: {why}",
    "malformed": "pull secret {secret} cannot be parsed, so nothing is pulled for this pod: {why}",
    "not_matching": "pull secret {secret} has no entry for {image}{nearest}",
    "forbidden": "Secret {secret} could not be read: {why}",
    "unlinked": "Secret {secret} has an entry for {image}, but the pods do not get it: {why}",
    "linked_late": (
        "Secret {secret} has an entry for {image}, and ServiceAccount {account} names it now; the pod was created "
        "before and does not get it"
    ),
    "elsewhere": "Secret {secret} has an entry for {image}, but stands in another namespace",
}


def hop_of(answer: RegistryAnswer | None) -> Hop | None:
    """Return the hop at which an answer failed, in the words of the report."""
    return _HOPS.get(answer.hop) if answer is not None else None


def testimony(outcome: Outcome, at: str | None, *, supports: bool) -> tuple[Evidence, ...]:
    """Return the answers and the checks that bear on this outcome, the deciding one first."""
    answers = answers_as_evidence(outcome, supports=supports)
    if outcome.cause not in ABOUT_LOGIN | {Cause.SECRET_MISSING}:
        return answers
    return (*answers, *checks_as_evidence(outcome, at, supports))


def answers_as_evidence(outcome: Outcome, *, supports: bool) -> tuple[Evidence, ...]:
    """Return what the registry answered, the deciding answer first."""
    first = (outcome.answer,) if outcome.answer is not None else ()
    answers = list(dict.fromkeys((*first, *outcome.attempts)))[:MOST]
    return tuple(_answer(answer, supports) for answer in answers)


def checks_as_evidence(outcome: Outcome, at: str | None, supports: bool) -> tuple[Evidence, ...]:
    """Return what is known of the credentials: why they are not offered, or that they have expired."""
    first = (outcome.check,) if outcome.check is not None else ()
    behind = [check for check in outcome.checks if check.state not in WOULD_FIT]
    checks = [check for check in dict.fromkeys((*first, *behind, *outcome.ways)) if is_telling(check)]
    found = [
        Evidence(
            "credential",
            CONTROLLER,
            at,
            printable(check_fact(check)),
            "",
            supports,
        )
        for check in checks[:MOST]
    ]
    if outcome.check is not None and outcome.check.state == OFFERED and outcome.check.expired:
        fact = printable(f"the credential of {label(outcome.check)} expired{_at(outcome.check)}")
        found.insert(0, Evidence("credential", CONTROLLER, at, fact, "", supports))
    if not any(check.state in (OFFERED, "forbidden") for check in outcome.checks) and outcome.check is None:
        none = "no credential at all is offered for this image, as far as can be seen from here"
        found.append(Evidence("credential", CONTROLLER, at, none, "", supports))
    return tuple(found)


def check_fact(check: CredentialCheck) -> str:
    """Return one sentence on why a credential is not offered."""
    ref = check.credential
    near = f"; the nearest is {check.nearest_key}" if check.nearest_key else ""
    return _WHY_NOT[check.state].format(
        secret=f"{ref.namespace}/{ref.secret}" if ref is not None else "(no name)",
        image=check.image,
        why=check.why or (f"its type is {check.type}" if check.type else "no more is known"),
        nearest=near + (f" ({check.why})" if check.why else ""),
        account=f"{check.namespace}/{check.service_account or 'default'}",
    )


def is_telling(check: CredentialCheck) -> bool:
    """Tell whether a check says why a credential is not offered."""
    return check.state in _WHY_NOT


def _at(check: CredentialCheck) -> str:
    return f" at {check.expires_at}" if check.expires_at else ""


def _answer(answer: RegistryAnswer, supports: bool) -> Evidence:
    text = answer.token_text if answer.hop == "token" and answer.token_text else answer.text
    return Evidence(
        "registry", CONTROLLER, answer.at or None, printable(answer_fact(answer)), quotation(text), supports
    )


def answer_fact(answer: RegistryAnswer) -> str:
    """Return one sentence on what a registry answered to whom."""
    whom = _whom(answer)
    if answer.outcome == FOUND:
        return f"{answer.registry} gives {answer.image} to {whom}{_what(answer)}"
    if answer.cause in NETWORK and not answer.status:
        host = next((seen.host for seen in answer.hosts if seen.role == answer.hop), answer.registry)
        return f"the controller cannot ask {host}: {_words(answer.cause)}"
    if answer.cause == Cause.PLATFORM_MISMATCH:
        return f"{answer.registry} has {answer.image}{_what(answer) or ', for other platforms'}"
    if answer.status == 200:
        return f"{answer.registry} sends {answer.image} to {whom}, and it is no good: {_words(answer.cause)}"
    if answer.hop == "token" and answer.token_status:
        host = next((seen.host for seen in answer.hosts if seen.role == "token"), "the token service")
        service = f"the token service of {answer.registry}"
        service += f", {host}," if host not in (answer.registry, "the token service") else ""
        return f"{service} answers {whom} with {answer.token_status}"
    status = f"{answer.status or ''} {answer.code}".strip() or _words(answer.cause)
    return f"{answer.registry} answers {whom} with {status}"


def _whom(answer: RegistryAnswer) -> str:
    ref = answer.credential
    if ref is None:
        return "a pull without a login"
    user = f"user {ref.username}" if ref.username else "the login"
    return f"{user} of {ref.namespace}/{ref.secret}" if ref.secret else user


def _what(answer: RegistryAnswer) -> str:
    names = platform_names(answer)
    platforms = f", for {enumeration(names, 4)}" if names else ""
    return f"{platforms}{f', {size(answer.size_bytes)}' if answer.size_bytes else ''}"


def platform_names(answer: RegistryAnswer) -> list[str]:
    """Return ``linux/arm64`` and the like, each once."""
    names = (
        "/".join(part for part in (one.os, one.architecture, one.variant) if part)
        for one in real_platforms(answer)
    )
    return list(dict.fromkeys(names))


def size(count: int) -> str:
    """Return ``812 MB compressed``."""
    amount, unit = (count / 1e9, "GB") if count >= 1e9 else (count / 1e6, "MB")
    return f"{amount:.{1 if amount < 10 else 0}f} {unit} compressed"


def limit_words(limit: RateLimit) -> str:
    """Return ``3 of 100 pulls in 6 h left``; empty where the registry tells nothing."""
    if limit.remaining is None:
        return ""
    of = f" of {limit.limit}" if limit.limit is not None else ""
    hours = f" in {limit.window_seconds / 3600:g} h" if limit.window_seconds else ""
    resets = f", reset at {limit.resets_at}" if limit.resets_at else ""
    source = f" (counted for {limit.source})" if limit.source else ""
    return f"{limit.remaining}{of} {plural(2, 'pull').removeprefix('2 ')}{hours} left{resets}{source}"


def _words(cause: str) -> str:
    return cause.replace("_", " ")


def limits(answers: Iterable[RegistryAnswer]) -> Iterator[tuple[str, RateLimit]]:
    """Yield the limits that registries tell, with the registry, the lowest of each."""
    lowest: dict[str, RateLimit] = {}
    for answer in answers:
        limit = answer.rate_limit
        if limit is None or limit.remaining is None:
            continue
        known = lowest.get(answer.registry)
        if known is None or limit.remaining < (known.remaining or 0):
            lowest[answer.registry] = limit
    yield from sorted(lowest.items(), key=lambda item: item[0])
