# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads of a look: for each image, each credential in order, and what the registry said to it."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.checker import Looked

_SAID = (
    "outcome",
    "hop",
    "cause",
    "certain",
    "status",
    "code",
    "text",
    "token_status",
    "token_text",
    "settle_by",
)


def rows(pulls: list[PodPull], looked: Looked) -> list[dict[str, Any]]:
    """Return one row for each pull: the credentials in order, the anonymous answer, and whether it would be pulled."""
    answers = {(answer.image, answer.credential): answer for answer in looked.answers}
    return [_row(pull, _checks_of(pull, looked.checks), answers) for pull in pulls]


def _checks_of(pull: PodPull, checks: list[CredentialCheck]) -> list[CredentialCheck]:
    key = (pull.namespace, pull.image, pull.pull_secrets, pull.service_account)
    return [one for one in checks if (one.namespace, one.image, one.pull_secrets, one.service_account) == key]


def _row(
    pull: PodPull,
    checks: list[CredentialCheck],
    answers: dict[tuple[str, CredentialRef | None], RegistryAnswer],
) -> dict[str, Any]:
    anonymous = answers.get((pull.image, None))
    offered = [one for one in checks if one.state == "offered"]
    malformed = next((one for one in checks if one.state == "malformed"), None)
    asked = [answers.get((pull.image, one.credential)) for one in offered]
    would = False if malformed else _would_pull(asked or [anonymous])
    if not malformed and any(one.state == "forbidden" for one in checks) and (not asked or would is False):
        # One that could not be read may be the right one, and keeps the kubelet from pulling anonymously.
        would = None
    return {
        "image": pull.image,
        "namespace": pull.namespace,
        "service_account": pull.service_account,
        "pull_secrets": list(pull.pull_secrets),
        "would_pull": would,
        "blocked_by": malformed.credential.secret if malformed and malformed.credential else None,
        "credentials": [_credential(one, answers.get((pull.image, one.credential))) for one in checks],
        "anonymous": _said(anonymous) if anonymous else None,
    }


def _would_pull(answers: list[RegistryAnswer | None]) -> bool | None:
    """Return whether one of the answers has the image; None where that is not known."""
    outcomes = [answer.outcome if answer else "not_asked" for answer in answers]
    if "found" in outcomes:
        return True
    return None if "not_asked" in outcomes else False


def _credential(check: CredentialCheck, answer: RegistryAnswer | None) -> dict[str, Any]:
    ref = check.credential
    return {
        "state": check.state,
        "position": check.position,
        "secret": ref.secret if ref else None,
        "namespace": ref.namespace if ref else None,
        "key": ref.key or None if ref else None,
        "username": ref.username or None if ref else None,
        "type": check.type or None,
        "why": check.why or None,
        "nearest_key": check.nearest_key or None,
        "expires_at": check.expires_at,
        "expired": check.expired,
        "registry": {"verdict": verdict(answer), **_said(answer)} if ref and answer else None,
    }


def verdict(answer: RegistryAnswer) -> str:
    """Return what the registry made of a credential: accepted, rejected, accepted_without_right or unknown."""
    if answer.outcome == "found":
        return "accepted"
    if answer.credential_accepted is False:
        return "rejected"
    if answer.credential_accepted:
        return "accepted_without_right" if answer.cause == "auth_forbidden" else "accepted"
    return "unknown"


def _said(answer: RegistryAnswer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in _SAID}
