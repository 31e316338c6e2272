# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal means, for registries in general. How each product differs is in ``clouds`` and ``servers``."""

from __future__ import annotations

from dataclasses import dataclass

_NAME_CODES = frozenset({"NAME_UNKNOWN", "NAME_INVALID"})
_MANIFEST_CODES = frozenset({"MANIFEST_UNKNOWN", "TAG_EXPIRED", "MANIFEST_BLOB_UNKNOWN", "TAG_INVALID"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a registry (``stage`` ``manifest``) or its token service (``token``) said.

    ``insufficient`` is true where the challenge adds ``insufficient_scope``. ``basic`` says that the registry takes
    user name and password itself; ``html`` that a web page came instead of an API's answer.
    """

    kind: str
    registry: str
    repository: str
    stage: str
    status: int
    code: str
    text: str
    username: str | None = None
    basic: bool = False
    insufficient: bool = False
    invalid_token: bool = False
    html: bool = False

    @property
    def anonymous(self) -> bool:
        """Whether no credential was offered."""
        return self.username is None

    @property
    def namespace(self) -> str:
        """The first part of the repository's path."""
        return self.repository.partition("/")[0]

    def says(self, *words: str) -> bool:
        """Whether the message holds one of the words."""
        text = self.text.lower()
        return any(word in text for word in words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cause, what is known besides, and which further question would tell more.

    ``accepted``: what it says of the credential itself; ``exists``: of the repository. ``ask_tags``: the list of tags
    tells an absent tag from an absent repository; ``ask_login``: a token without a scope tells whether the credential
    itself is good, as ``docker login`` does. ``note`` is for a person.
    """

    cause: str
    certain: bool = True
    alternatives: tuple[str, ...] = ()
    settle_by: str = ""
    accepted: bool | None = None
    exists: bool | None = None
    ask_tags: bool = False
    ask_login: bool = False
    note: str = ""


def hidden(refusal: Refusal, accepted: bool | None = None, ask_login: bool = False) -> Verdict:
    """The registry answers alike whether the repository is absent or may not be read."""
    if refusal.anonymous:
        return Verdict(
            "repository_not_found_or_private",
            certain=False,
            alternatives=("repository_not_found", "auth_missing"),
            settle_by=f"ask again with a credential that may read {refusal.registry}/{refusal.namespace}",
        )
    return Verdict(
        "repository_not_found_or_private",
        certain=False,
        alternatives=("repository_not_found", "auth_forbidden") + (() if accepted else ("auth_invalid",)),
        settle_by=f"look for {refusal.repository} with an account that owns or administers {refusal.namespace}",
        accepted=accepted,
        ask_login=ask_login,
    )


def forbidden(refusal: Refusal, certain: bool = True) -> Verdict:
    """The credential is good and has no right here; where not ``certain``, the repository may be absent as well."""
    return Verdict(
        "auth_forbidden",
        certain,
        alternatives=() if certain else ("repository_not_found",),
        settle_by=""
        if certain
        else f"look for {refusal.repository} with an account that administers {refusal.registry}",
        accepted=True,
    )


def rejected(certain: bool = True, ask_login: bool = False, note: str = "") -> Verdict:
    """The credential itself is refused: wrong or expired."""
    return Verdict(
        "auth_invalid",
        certain,
        alternatives=() if certain else ("auth_forbidden", "repository_not_found"),
        settle_by="" if certain else "log in with the same user name and password by hand (docker login)",
        accepted=False if certain else None,
        ask_login=ask_login,
        note=note,
    )


def missing(certain: bool = True) -> Verdict:
    """No credential was offered where one is needed."""
    return Verdict(
        "auth_missing",
        certain,
        alternatives=() if certain else ("repository_not_found",),
        settle_by="" if certain else "ask again with a credential for this registry",
    )


def absent_repository(refusal: Refusal, note: str = "") -> Verdict:
    """The repository is not there, and the registry says so."""
    return Verdict("repository_not_found", accepted=_proven(refusal), exists=False, note=note)


def absent_tag(refusal: Refusal, note: str = "") -> Verdict:
    """The repository is there, and tag or digest are not."""
    return Verdict("tag_not_found", accepted=_proven(refusal), exists=True, note=note)


def tag_or_repository(refusal: Refusal) -> Verdict:
    """Tag or repository is not there: the list of tags tells which."""
    return Verdict(
        "tag_not_found",
        certain=False,
        alternatives=("repository_not_found",),
        settle_by=f"list the tags of {refusal.repository} in the registry's own interface",
        accepted=_proven(refusal),
        ask_tags=True,
    )


def blocked_by_address(note: str) -> Verdict:
    """A rule about networks refuses us, whatever the credential."""
    return Verdict("network_unreachable", note=note)


def blocked_by_policy(note: str) -> Verdict:
    """A rule of the registry about vulnerabilities or signatures withholds the image."""
    return Verdict("signature_policy", exists=True, note=note)


def judge_in_general(refusal: Refusal) -> Verdict:
    """What a refusal means where the product says nothing of its own."""
    status = refusal.status
    if status == 429:
        return Verdict("rate_limited")
    if status >= 500:
        return Verdict(
            "registry_server_error",
            certain=not (refusal.kind in ("distribution", "unknown") and refusal.code == "UNKNOWN"),
            alternatives=("rate_limited", "repository_not_found") if refusal.code == "UNKNOWN" else (),
            settle_by="if it is a pull-through cache, ask the registry behind it"
            if refusal.code == "UNKNOWN"
            else "",
        )
    if status == 404:
        return _not_found(refusal)
    if status == 401:
        return _unauthorized(refusal)
    if status == 403:
        return _denied(refusal)
    if refusal.code in _NAME_CODES:
        return absent_repository(refusal)
    return Verdict(
        "registry_server_error",
        certain=False,
        alternatives=("manifest_invalid",) if status in (400, 406, 415) else ("auth_forbidden",),
        settle_by=f"ask those who run {refusal.registry} what HTTP status {status} means there",
    )


def _not_found(refusal: Refusal) -> Verdict:
    if refusal.stage == "token":
        return Verdict(
            "registry_server_error",
            certain=False,
            alternatives=("repository_not_found",),
            settle_by="check the address of the token service in the registry's configuration",
            note="the token service is not where the registry says",
        )
    if refusal.html:
        return Verdict(
            "registry_server_error",
            certain=False,
            alternatives=("repository_not_found",),
            settle_by=f"open https://{refusal.registry}/v2/: a registry answers 200 or 401 there",
            note="a web page answers, not a registry: wrong host name or port",
        )
    if refusal.code in _NAME_CODES:
        return absent_repository(refusal)
    return tag_or_repository(refusal)


def _unauthorized(refusal: Refusal) -> Verdict:
    if refusal.anonymous:
        return missing() if refusal.basic else hidden(refusal)
    if refusal.basic:
        return rejected()
    if refusal.stage == "token":
        return rejected(certain=False, ask_login=True)
    if refusal.invalid_token:
        return Verdict(
            "registry_server_error",
            certain=False,
            alternatives=("auth_invalid",),
            settle_by="compare the clocks of registry and token service, and the key that the registry trusts",
            note="the registry does not accept the token that its own token service just gave",
        )
    return hidden(refusal, accepted=None, ask_login=True)


def _denied(refusal: Refusal) -> Verdict:
    if refusal.html or (not refusal.code and not refusal.text):
        return Verdict(
            "auth_forbidden",
            certain=False,
            alternatives=("network_unreachable", "repository_not_found"),
            settle_by="ask from another network: what stands before the registry may refuse this address",
        )
    if refusal.anonymous:
        return hidden(refusal)
    if refusal.stage == "token":
        return hidden(refusal, ask_login=True)
    return forbidden(refusal, certain=False)


def _proven(refusal: Refusal) -> bool | None:
    """A registry that looks for the image has let the credential in, if it was asked to."""
    return None if refusal.anonymous else True
