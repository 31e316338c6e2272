# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pull comes to by the registry's answers: each credential in the kubelet's order, one login enough.

The kubelet tries the credentials that match one after another until a pull succeeds, and pulls anonymously only
where none matches (pkg/kubelet/images/image_manager.go); an unreadable entry in one of its Secrets stops it before
it asks anybody (pkg/credentialprovider/secrets).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND, is_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.reading import (
    MAY_BE_ABSENT,
    cause_of,
    for_node,
    label,
    surely_absent,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._distance import distance
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    CredentialCheck,
    PullFailure,
    RegistryAnswer,
)

OFFERED = "offered"
UNUSABLE = ("missing", "wrong_type")
"""States of a Secret that the pod names and the kubelet passes over."""
LOGS_IN_BY_NODE = frozenset({"ecr", "artifact_registry", "gcr", "acr"})
"""Registries to which the nodes of their own cloud usually log in by themselves."""

NETWORK = frozenset(
    {
        Cause.DNS_FAILURE,
        Cause.NETWORK_UNREACHABLE,
        Cause.TIMEOUT,
        Cause.PROXY_ERROR,
        Cause.TLS_UNTRUSTED,
        Cause.TLS_NAME_MISMATCH,
        Cause.TLS_EXPIRED,
        Cause.HTTP_HTTPS_MISMATCH,
    }
)
"""What is a matter of the way to the registry, and may differ from one vantage to another."""
ABOUT_LOGIN = frozenset(
    {
        Cause.AUTH_MISSING,
        Cause.AUTH_INVALID,
        Cause.AUTH_FORBIDDEN,
        Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
    }
)
WOULD_FIT = ("linked_late", "unlinked", "elsewhere")
# Of several refusals the one that came farthest tells most.
_FARTHEST = (
    Cause.PLATFORM_MISMATCH,
    Cause.TAG_NOT_FOUND,
    Cause.MANIFEST_INVALID,
    Cause.SIGNATURE_POLICY,
    Cause.DIGEST_MISMATCH,
    Cause.REPOSITORY_NOT_FOUND,
    Cause.RATE_LIMITED,
    Cause.AUTH_FORBIDDEN,
    Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
    Cause.AUTH_INVALID,
    Cause.AUTH_MISSING,
    Cause.REGISTRY_SERVER_ERROR,
)


class Result(StrEnum):
    """What comes of a pull, as the controller sees it."""

    PULLS = "pulls"
    FAILS = "fails"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the registry's answers come to for one pull.

    ``cause`` and ``sure`` say why it fails, or cannot be asked from here. ``answer`` is the answer that decides and
    ``check`` the credential that it is about, each None where there is none; ``alike`` are further credentials that are
    refused for the same cause, ``ways`` those that the pod does not get and that would do, as far as is known;
    ``attempts`` are all answers to the
    credentials that are offered, in order, or the anonymous one. ``public`` tells that the image is given without a
    login. ``why`` is a sentence for the reader, ``settle_by`` what would tell the alternatives apart.
    """

    result: Result
    cause: Cause = Cause.UNKNOWN
    sure: bool = False
    answer: RegistryAnswer | None = None
    check: CredentialCheck | None = None
    alike: tuple[CredentialCheck, ...] = ()
    ways: tuple[CredentialCheck, ...] = ()
    checks: tuple[CredentialCheck, ...] = ()
    attempts: tuple[RegistryAnswer, ...] = ()
    public: bool = False
    alternatives: tuple[Alternative, ...] = ()
    why: str = ""
    settle_by: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The Secrets that this is about, as ``NAMESPACE/NAME``, each once."""
        concerned = (*((self.check,) if self.check is not None else ()), *self.alike)
        refs = [check.credential for check in concerned if check.credential is not None]
        return tuple(dict.fromkeys(f"{ref.namespace}/{ref.secret}" for ref in refs if ref.secret))


class Outcomes:
    """Finds what comes of a pull, each different one once: thousands of containers repeat the same few."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[tuple[object, ...], Outcome | None] = {}

    def __call__(self, failure: PullFailure) -> Outcome | None:
        node = self._facts.node_of(failure)
        platform = (node.os, node.architecture) if node is not None else None
        key = (failure.namespace, failure.image, failure.pull_secrets, failure.service_account, platform)
        if key not in self._known:
            self._known[key] = outcome_of(failure, self._facts)
        return self._known[key]


def outcome_of(failure: PullFailure, facts: Facts) -> Outcome | None:
    """Return what the answers come to for this container; None where nothing was asked about it."""
    checks = facts.answers.checks_of(failure)
    answers = facts.answers.of_image(failure.image) if failure.image else ()
    if not checks and not answers:
        return None
    own = tuple(check for check in checks if _is_own(check, failure))
    malformed = next((check for check in own if check.state == "malformed"), None)
    if malformed is not None:
        return Outcome(Result.FAILS, Cause.SECRET_MISSING, sure=True, check=malformed, checks=checks)
    anonymous = next((answer for answer in answers if answer.credential is None), None)
    anonymous = for_node(anonymous, facts.node_of(failure)) if anonymous is not None else None
    offered = [check for check in checks if check.state == OFFERED]
    if offered:
        found = _with_credentials(failure, facts, offered, anonymous)
        if found.cause in ABOUT_LOGIN and any(check.state == "forbidden" for check in own):
            # The kubelet tries what may not be read here, too.
            found = replace(found, sure=False)
    elif any(check.state == "forbidden" for check in own) or (failure.pull_secrets and not own):
        found = _without_secrets(anonymous)
    else:
        found = _anonymously(failure, facts, own, checks, anonymous)
    return replace(found, checks=checks, ways=_ways(checks, facts))


def _is_own(check: CredentialCheck, failure: PullFailure) -> bool:
    """Tell whether a check is about a Secret that the pod names."""
    ref = check.credential
    return ref is not None and ref.namespace == failure.namespace and ref.secret in failure.pull_secrets


def _with_credentials(
    failure: PullFailure, facts: Facts, offered: list[CredentialCheck], anonymous: RegistryAnswer | None
) -> Outcome:
    given = facts.answers.of_image(failure.image)
    node = facts.node_of(failure)
    tried: list[tuple[CredentialCheck, RegistryAnswer]] = []
    for check in offered:
        answer = next((one for one in given if is_of(check.credential, one)), None)
        if answer is None:
            continue
        answer = for_node(answer, node)
        tried.append((check, answer))
        if answer.outcome == FOUND:
            return Outcome(Result.PULLS, answer=answer, check=check, attempts=_answers(tried))
    public = anonymous is not None and anonymous.outcome == FOUND
    asked = [item for item in tried if item[1].cause]
    if not asked:
        return Outcome(Result.NOT_ASKED, attempts=_answers(tried), public=public, check=offered[0])
    check, answer = min(asked, key=lambda item: _rank(item[1]))
    found = _refused(failure, facts, check, answer, public)
    complete = len(asked) == len(offered)
    rest = [
        (other, _refused(failure, facts, other, refusal, public).cause)
        for other, refusal in asked
        if other is not check
    ]
    others = tuple(
        Alternative(str(cause), f"the answer to {label(other)}")
        for other, cause in rest
        if cause != found.cause
    )
    return replace(
        found,
        sure=found.sure and complete,
        alike=tuple(other for other, cause in rest if cause == found.cause),
        attempts=_answers(tried),
        public=public,
        alternatives=(*found.alternatives, *others),
    )


def _refused(
    failure: PullFailure, facts: Facts, check: CredentialCheck, answer: RegistryAnswer, public: bool
) -> Outcome:
    """What a refusal means that was given to a credential."""
    said = _said(answer, check)
    cause = said.cause
    absent = surely_absent(failure.image, answer)
    if absent and cause in MAY_BE_ABSENT and not check.expired:
        return replace(said, cause=Cause.REPOSITORY_NOT_FOUND, sure=True, why=absent, settle_by="")
    if cause not in ABOUT_LOGIN:
        return said
    who = label(check)
    if public:
        why = f"{failure.image} is given without a login: it is {who} that breaks the pull"
        return replace(said, cause=Cause.AUTH_INVALID, sure=True, alternatives=(), why=why, settle_by="")
    if check.expired:
        since = f" at {check.expires_at}" if check.expires_at else ""
        why = f"the credential of {who} expired{since}"
        return replace(said, cause=Cause.AUTH_INVALID, sure=True, alternatives=(), why=why, settle_by="")
    if cause == Cause.AUTH_INVALID and said.sure:
        return said
    if answer.credential_accepted is False:
        why = f"{who} is refused as such, whatever the repository"
        return replace(said, cause=Cause.AUTH_INVALID, sure=True, alternatives=(), why=why, settle_by="")
    if cause == Cause.AUTH_FORBIDDEN and said.sure:
        return said
    exists = facts.answers.exists(failure.image)
    if answer.credential_accepted and (exists or is_in_use(failure.image, facts)):
        why = f"the registry accepts {who} as such and has the repository"
        if not exists:
            why = f"the registry accepts {who} as such, and this cluster holds images of the repository"
        alternatives = _without(said.alternatives, Cause.AUTH_INVALID)
        return replace(said, cause=Cause.AUTH_FORBIDDEN, sure=exists, why=why, alternatives=alternatives)
    return said


def _without_secrets(anonymous: RegistryAnswer | None) -> Outcome:
    """What the anonymous answer alone tells, where the pod's Secrets may not be read."""
    if anonymous is None:
        return Outcome(Result.NOT_ASKED)
    if anonymous.outcome == FOUND:
        return Outcome(Result.NOT_ASKED, answer=anonymous, attempts=(anonymous,), public=True)
    said = _said(anonymous, None)
    if said.cause in ABOUT_LOGIN:
        return Outcome(Result.NOT_ASKED, answer=anonymous, attempts=(anonymous,))
    return replace(said, attempts=(anonymous,))


def _anonymously(
    failure: PullFailure,
    facts: Facts,
    own: tuple[CredentialCheck, ...],
    checks: tuple[CredentialCheck, ...],
    anonymous: RegistryAnswer | None,
) -> Outcome:
    """No credential is offered: what the registry gives to strangers decides, and why there is none."""
    lacking = _why_none(own, checks, facts)
    if anonymous is None:
        return Outcome(Result.NOT_ASKED, check=lacking)
    if anonymous.outcome == FOUND:
        return Outcome(Result.PULLS, answer=anonymous, attempts=(anonymous,), public=True)
    said = replace(_said(anonymous, None), attempts=(anonymous,))
    absent = surely_absent(failure.image, anonymous)
    if absent and said.cause in MAY_BE_ABSENT:
        return replace(said, cause=Cause.REPOSITORY_NOT_FOUND, sure=True, why=absent, settle_by="")
    if said.cause not in ABOUT_LOGIN:
        return said
    known = facts.answers.exists(failure.image) or (said.cause == Cause.AUTH_MISSING and said.sure)
    wants_login = known or is_in_use(failure.image, facts)
    unusable = lacking is not None and lacking.state in UNUSABLE
    if wants_login:
        proven = any(_tried(check, facts) for check in checks if check.state in WOULD_FIT)
        by_node = anonymous.registry_kind in LOGS_IN_BY_NODE and not unusable and not proven
        return replace(
            said,
            cause=Cause.SECRET_MISSING if unusable else Cause.AUTH_MISSING,
            sure=known and not by_node,
            check=lacking,
            alternatives=(_NODES_OWN,) if by_node else (),
            why=_refused_as_well(lacking, facts),
            settle_by="",
        )
    if lacking is not None:
        doubt = Alternative(
            str(Cause.REPOSITORY_NOT_FOUND), "the registry answers strangers alike if there is none"
        )
        cause = Cause.SECRET_MISSING if unusable else Cause.AUTH_MISSING
        return replace(said, cause=cause, sure=False, check=lacking, alternatives=(doubt,))
    return said


def _refused_as_well(check: CredentialCheck | None, facts: Facts) -> str:
    """What is to be said of a Secret that comes too late and would not help in time either."""
    if check is None or check.state != "linked_late" or _tried(check, facts) is not False:
        return ""
    return f"the registry refuses {label(check)} besides"


def _tried(check: CredentialCheck, facts: Facts) -> bool | None:
    """Tell whether the registry gave the image to a credential that the pod does not get; None where nobody asked."""
    given = [answer for answer in facts.answers.of_image(check.image) if is_of(check.credential, answer)]
    return any(answer.outcome == FOUND for answer in given) if given else None


def _ways(checks: tuple[CredentialCheck, ...], facts: Facts) -> tuple[CredentialCheck, ...]:
    """The credentials that would do: those with nearly the name that is missing, those that the registry was seen to
    take, those that were not tried; never one that it refused."""
    missing = [check.credential.secret for check in checks if check.state == "missing" and check.credential]
    found: list[tuple[bool, bool, int, int, CredentialCheck]] = []
    for check in checks:
        taken = _tried(check, facts) if check.state in WOULD_FIT else False
        if check.state in WOULD_FIT and taken is not False and check.credential is not None:
            name = check.credential.secret
            is_meant = any(distance(name, other, 2) <= 2 for other in missing)
            found.append((not is_meant, not taken, WOULD_FIT.index(check.state), len(found), check))
    return tuple(item[4] for item in sorted(found, key=lambda item: item[:4]))


_NODES_OWN = Alternative(
    str(Cause.CREDENTIAL_PROVIDER_FAILURE),
    "nodes of this cloud usually log in by themselves, which cannot be seen from here",
)


def _why_none(
    own: tuple[CredentialCheck, ...], checks: tuple[CredentialCheck, ...], facts: Facts
) -> CredentialCheck | None:
    """The check that tells best why no credential is offered; None where there is not even one that was meant."""
    for state in ("missing", "wrong_type", "not_matching"):
        found = next((check for check in own if check.state == state), None)
        if found is not None:
            return found
    late = next((check for check in checks if check.state == "linked_late"), None)
    return late or next(iter(_ways(checks, facts)), None)


def _said(answer: RegistryAnswer, check: CredentialCheck | None) -> Outcome:
    cause = cause_of(answer)
    alternatives = tuple(
        Alternative(name, "the registry answers alike")
        for name in answer.alternatives
        if name != cause and name in set(Cause)
    )
    if cause in NETWORK:
        return Outcome(Result.UNREACHABLE, cause, answer.certain, answer, check)
    if cause == Cause.UNKNOWN:
        return Outcome(Result.NOT_ASKED, cause, answer=answer, check=check)
    return Outcome(
        Result.FAILS,
        cause,
        answer.certain,
        answer,
        check,
        alternatives=alternatives,
        settle_by=answer.settle_by,
    )


def _rank(answer: RegistryAnswer) -> tuple[int, bool]:
    cause = cause_of(answer)
    return (_FARTHEST.index(cause) if cause in _FARTHEST else len(_FARTHEST), not answer.credential_accepted)


def is_in_use(image: str, facts: Facts) -> bool:
    """Tell whether this cluster holds another image of the same repository, or ran one before."""
    return repository_name(image) in facts.repositories_in_use


def _without(alternatives: tuple[Alternative, ...], cause: Cause) -> tuple[Alternative, ...]:
    return tuple(one for one in alternatives if one.cause != cause)


def _answers(tried: list[tuple[CredentialCheck, RegistryAnswer]]) -> tuple[RegistryAnswer, ...]:
    return tuple(answer for _check, answer in tried)
