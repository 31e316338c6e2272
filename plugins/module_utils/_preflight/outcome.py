# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes of pulling one image with the credentials that a pod has, from what Secrets and registries said."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

FOUND = "found"
FAILED = "failed"
OPEN = "open"

DENIALS = frozenset(
    {
        "auth_missing",
        "auth_invalid",
        "auth_forbidden",
        "repository_not_found_or_private",
        "repository_not_found",
    }
)
"""What a registry may mean when it lacks a credential that it would accept."""

_MAY_BE_EXPIRY = frozenset({"auth_missing", "auth_invalid", "repository_not_found_or_private"})

_SEEN_FROM_HERE = frozenset(
    {
        "",
        "unknown",
        "dns_failure",
        "network_unreachable",
        "timeout",
        "proxy_error",
        "tls_untrusted",
        "http_https_mismatch",
        "rate_limited",
        "cancelled",
    }
)
"""Faults that a node need not share: it has its own name service, network, proxy, authorities, hosts.toml, address."""

_CLOUDS = {
    "ecr": "aws",
    "artifact_registry": "gce",
    "gcr": "gce",
    "acr": "azure",
}
"""Registries for which the nodes of a cloud usually have a credential provider, by the scheme of ``providerID``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a pull: ``found``, ``failed`` (with cause and confidence) or ``open``; ``summary`` says why.

    ``answer`` is the registry's answer that decided, ``secrets`` are those that are to blame (NAMESPACE/NAME).
    """

    state: str
    summary: str
    cause: str | None = None
    confidence: str | None = None
    answer: RegistryAnswer | None = None
    credential: CredentialRef | None = None
    secrets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    answers: tuple[RegistryAnswer, ...] = ()
    checks: tuple[CredentialCheck, ...] = ()


@dataclass(slots=True)
class Looked:
    """What was found out about one pull; ``account_unread`` names a ServiceAccount that may bring further Secrets."""

    pull: PodPull
    checks: tuple[CredentialCheck, ...] = ()
    answers: dict[CredentialRef | None, RegistryAnswer] = field(default_factory=dict)
    tags: TagList | None = None
    account_unread: str = ""


def outcome_of(looked: Looked, providers: frozenset[str] = frozenset()) -> Outcome:
    """Return what comes of a pull; ``providers`` are the clouds of the nodes (``aws``, ``gce``, ``azure``)."""
    decided = _decided(looked, providers)
    offered = {check.credential for check in looked.checks if check.state == "offered"}
    asked = tuple(answer for ref, answer in looked.answers.items() if ref is None or ref in offered)
    return dataclasses.replace(decided, suggestions=_suggestions(looked), answers=asked, checks=looked.checks)


def _decided(looked: Looked, providers: frozenset[str]) -> Outcome:
    checks = looked.checks
    broken = next((check for check in checks if check.state == "malformed"), None)
    if broken is not None:
        return Outcome(
            FAILED,
            f"{_secret(broken)} is malformed ({broken.why}): the kubelet pulls nothing for such a pod",
            "secret_missing",
            "confirmed",
            secrets=_names([broken]),
        )
    offered = [check for check in checks if check.state == "offered"]
    tried = [(check, looked.answers.get(check.credential)) for check in offered]
    for number, (check, answer) in enumerate(tried):
        if answer is not None and is_there(answer):
            return _found(answer, check, [one for one, _answer in tried[:number]], checks)
    anonymous = looked.answers.get(None)
    if offered:
        return _refused(tried, anonymous, looked, providers)
    if anonymous is None:
        return Outcome(OPEN, "the registry was not asked")
    if is_there(anonymous):
        return _found(anonymous, None, [], checks)
    return _without_credential(anonymous, looked, providers)


def is_there(answer: RegistryAnswer) -> bool:
    """Whether the registry gives the image; for which platforms is another question, asked for each pod."""
    return answer.outcome == FOUND or (answer.cause == "platform_mismatch" and bool(answer.platforms))


def _found(
    answer: RegistryAnswer,
    check: CredentialCheck | None,
    before: Sequence[CredentialCheck],
    checks: Sequence[CredentialCheck],
) -> Outcome:
    notes = [f"{_secret(one)} is tried before and not accepted" for one in before]
    notes += [f"{_secret(one)} {_state(one)}" for one in checks if one.state in ("missing", "wrong_type")]
    if check is not None and check.expires_at:
        notes.append(f"the credential in {_secret(check)} expires at {check.expires_at}")
    how = f"with {_secret(check)}" if check is not None else "without a credential"
    ref = check.credential if check is not None else None
    return Outcome(
        FOUND, f"{answer.registry} gives it {how}", answer=answer, credential=ref, notes=tuple(notes)
    )


def _refused(
    tried: list[tuple[CredentialCheck, RegistryAnswer | None]],
    anonymous: RegistryAnswer | None,
    looked: Looked,
    providers: frozenset[str],
) -> Outcome:
    """All credentials were offered in vain; the kubelet never goes on without one then."""
    answers = [answer for _check, answer in tried if answer is not None]
    if len(answers) < len(tried) or any(answer.outcome == "not_asked" for answer in answers):
        why = next((answer.text for answer in answers if answer.outcome == "not_asked"), "") or "not asked"
        return Outcome(OPEN, f"the registry was not asked with every credential: {why}")
    deciding = _farthest(answers)
    secrets = _names([check for check, _answer in tried])
    expired = [check for check, _answer in tried if check.expired]
    blame = f" with the credential of {enumeration(list(secrets))}"
    open_to = _what_else(deciding, looked, providers)
    if open_to:
        said = f"{deciding.registry} refuses the credential of {enumeration(list(secrets))}, and {open_to}"
        return Outcome(OPEN, said, answer=deciding)
    if deciding.cause in _SEEN_FROM_HERE:
        return _failed(deciding, blame, looked)
    if anonymous is not None and is_there(anonymous):
        return Outcome(
            FAILED,
            f"{deciding.registry} refuses the credential of {enumeration(list(secrets))}, though it gives the image "
            "to anybody: the kubelet does not try without it",
            "auth_invalid",
            "confirmed",
            answer=deciding,
            secrets=secrets,
        )
    outcome = _failed(deciding, blame, looked)
    if expired and outcome.state == FAILED and outcome.cause in _MAY_BE_EXPIRY:
        when = ", ".join(f"{_secret(one)} at {one.expires_at}" for one in expired)
        return Outcome(
            FAILED,
            f"the credential has expired: {when}",
            "auth_invalid",
            "confirmed",
            deciding,
            secrets=secrets,
        )
    if outcome.state == FAILED and outcome.cause in DENIALS:
        return Outcome(FAILED, outcome.summary, outcome.cause, outcome.confidence, deciding, secrets=secrets)
    return outcome


def _farthest(answers: Sequence[RegistryAnswer]) -> RegistryAnswer:
    """Return the answer that decides: one that is not known from here, else that to the best credential."""
    order: tuple[Callable[[RegistryAnswer], bool], ...] = (
        lambda one: one.cause in _SEEN_FROM_HERE,
        lambda one: one.cause not in DENIALS,
        _is_absent,
        lambda one: one.cause == "auth_forbidden",
    )
    return next((one for is_it in order for one in answers if is_it(one)), answers[0])


def _is_absent(answer: RegistryAnswer) -> bool:
    return answer.cause == "repository_not_found" and answer.certain


def _what_else(answer: RegistryAnswer, looked: Looked, providers: frozenset[str]) -> str:
    """Return which credential that we do not know may do after a denial; empty where there can be none."""
    if answer.cause not in DENIALS or _is_absent(answer):
        return ""
    unread = [check for check in looked.checks if check.state == "forbidden"]
    if unread:
        return f"{enumeration(list(_names(unread)))} may not be read"
    if _CLOUDS.get(answer.registry_kind) in providers:
        return "the nodes' credential provider, which is asked behind the Secrets, is not visible from here"
    return ""


def _without_credential(answer: RegistryAnswer, looked: Looked, providers: frozenset[str]) -> Outcome:
    if answer.outcome == "not_asked" or answer.cause not in DENIALS or _is_absent(answer):
        return _failed(answer, " without a credential", looked)
    checks = looked.checks
    if looked.account_unread:
        why = f"the ServiceAccount {looked.account_unread} may not be read: it may bring a Secret"
        return Outcome(OPEN, f"{answer.registry} wants a credential, and {why}", answer=answer)
    unreadable = [check for check in checks if check.state == "forbidden"]
    if unreadable:
        names = enumeration(list(_names(unreadable)))
        return Outcome(
            OPEN, f"{answer.registry} wants a credential, and {names} may not be read", answer=answer
        )
    named = [check for check in checks if check.state in ("missing", "wrong_type")]
    if named and answer.cause != "repository_not_found":
        said = "; ".join(f"{_secret(check)} {_state(check)}" for check in named)
        return Outcome(
            FAILED,
            f"{said}, and {answer.registry} wants a credential",
            "secret_missing",
            "confirmed" if answer.cause == "auth_missing" else "likely",
            answer,
            secrets=_names(named),
        )
    if _CLOUDS.get(answer.registry_kind) in providers and answer.cause != "repository_not_found":
        return Outcome(
            OPEN,
            f"{answer.registry} wants a credential; no Secret has one, but the nodes' credential provider may: "
            "not visible from here",
            answer=answer,
        )
    return _failed(answer, " without a credential", looked)


def _failed(answer: RegistryAnswer, how: str, looked: Looked) -> Outcome:
    said = answer.text or answer.token_text or answer.cause
    if answer.outcome == "not_asked":
        return Outcome(OPEN, f"the registry was not asked: {said}", answer=answer)
    if answer.cause in _SEEN_FROM_HERE:
        host = answer.registry or "the registry"
        return Outcome(
            OPEN,
            f"{host} gave no answer to the controller ({answer.cause or 'unknown'}: {said})",
            answer=answer,
        )
    mismatch = [check for check in looked.checks if check.state == "not_matching"]
    why = (
        f"; {_secret(mismatch[0])} does not fit: {mismatch[0].why}"
        if mismatch and answer.cause in DENIALS
        else ""
    )
    return Outcome(
        FAILED,
        f"{_meaning(answer, how)}{why}",
        answer.cause,
        "confirmed" if answer.certain else "likely",
        answer,
        secrets=_names(mismatch) if why else (),
    )


def _meaning(answer: RegistryAnswer, how: str) -> str:
    host, repository = answer.registry, answer.repository
    meanings = {
        "tag_not_found": f"{host} has {repository}, but not {answer.tag or 'this digest'}",
        "repository_not_found": f"{host} has no repository {repository}",
        "repository_not_found_or_private": f"{host} has no {repository}, or denies it{how}",
        "auth_missing": f"{host} wants a credential for {repository}",
        "auth_invalid": f"{host} rejects the pull of {repository}{how}",
        "auth_forbidden": f"{host} accepts the credential, but gives it no right to {repository}",
    }
    said = answer.text or answer.token_text
    return meanings.get(answer.cause, f"{host} cannot deliver {repository}: {said or answer.cause}")


def _suggestions(looked: Looked) -> tuple[str, ...]:
    found: list[str] = []
    if looked.tags is not None and looked.tags.near:
        found.append(f"tags that are there: {', '.join(looked.tags.near[:5])}")
    if looked.tags is not None and looked.tags.near_repositories:
        found.append(f"repositories that are there: {', '.join(looked.tags.near_repositories[:5])}")
    for check in looked.checks:
        if check.state == "unlinked":
            found.append(f"{_secret(check)} fits, but neither pod nor ServiceAccount names it")
        elif check.state == "linked_late":
            found.append(f"{_secret(check)} was linked to the ServiceAccount after the pod was created")
        elif check.state == "elsewhere":
            found.append(f"{_secret(check)} fits, but stands in another namespace")
        elif check.state == "not_matching" and check.nearest_key:
            found.append(f"{_secret(check)}: the key {check.nearest_key} comes nearest")
    return tuple(dict.fromkeys(found))


def _state(check: CredentialCheck) -> str:
    return (
        "does not exist" if check.state == "missing" else f"is of the wrong type ({check.type or 'unknown'})"
    )


def _secret(check: CredentialCheck) -> str:
    return f"Secret {name_of(check)}"


def name_of(check: CredentialCheck) -> str:
    """Return NAMESPACE/NAME of the Secret that a check is about."""
    ref = check.credential or CredentialRef()
    return f"{ref.namespace or check.namespace}/{ref.secret}"


def _names(checks: Sequence[CredentialCheck]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_of(check) for check in checks))
