# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry's words without the credential that it was given: a hostile one may say it back to us.

Only what the registry said is cleaned. What we said ourselves, the image's name above all, stays as it is: a password
that is a word of it would otherwise part the answer from its question.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import fields, replace
from typing import Any, TypeVar

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    Challenge,
    HostSeen,
    Platform,
    RateLimit,
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply

MARK = "<redacted>"
_SHORTEST = 4
"""A shorter password would take apart ordinary words, and tells nothing by being in one."""
_ORDINARY = frozenset({"linux", "windows", "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64"})
"""Words of platforms, which tell nothing of a password that is one of them."""

Said = TypeVar("Said", Challenge, HostSeen, Platform, RateLimit)


def scrub_reply(reply: Reply, login: Login | None) -> None:
    """Take the credential out of a refusal before anything is quoted of it: a cut could leave half a password."""
    if login is None or reply.status < 300:
        return
    secrets = _secrets(login)
    for secret in secrets:
        reply.body = reply.body.replace(secret.encode(), MARK.encode())
    reply.challenges = tuple(_clean(field, secrets) for field in reply.challenges)
    reply.headers = {name: _clean(value, secrets) for name, value in reply.headers.items()}


def scrubbed(answer: RegistryAnswer, login: Login | None) -> RegistryAnswer:
    """Return ``answer`` with the password, plain or in Basic's encoding, taken out of what the registry said."""
    if login is None:
        return answer
    secrets = _secrets(login)
    return replace(
        answer,
        text=_clean(answer.text, secrets),
        token_text=_clean(answer.token_text, secrets),
        code=_clean(answer.code, secrets),
        media_type=_clean(answer.media_type, secrets),
        challenge=_each(answer.challenge, secrets) if answer.challenge is not None else None,
        rate_limit=_each(answer.rate_limit, secrets) if answer.rate_limit is not None else None,
        hosts=tuple(_each(host, secrets) if host.role != "registry" else host for host in answer.hosts),
        platforms=tuple(_each(platform, secrets) for platform in answer.platforms),
    )


def scrubbed_tags(tags: TagList, login: Login | None) -> TagList:
    """Return ``tags`` without names that hold the password, and without it in ``why_not``."""
    if login is None:
        return tags
    secrets = _secrets(login)
    return replace(
        tags,
        near=tuple(name for name in tags.near if _clean(name, secrets) == name),
        near_repositories=tuple(name for name in tags.near_repositories if _clean(name, secrets) == name),
        why_not=_clean(tags.why_not, secrets),
    )


def _secrets(login: Login) -> tuple[str, ...]:
    pair = b64encode(f"{login.username}:{login.password}".encode()).decode()
    return tuple(text for text in (pair, pair.rstrip("="), login.password) if len(text) >= _SHORTEST)


def _clean(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MARK)
    return text


def _each(said: Said, secrets: tuple[str, ...]) -> Said:
    texts: dict[str, Any] = {field.name: getattr(said, field.name) for field in fields(said)}
    cleaned: dict[str, Any] = {
        name: _clean(text, secrets)
        for name, text in texts.items()
        if isinstance(text, str) and text not in _ORDINARY
    }
    return replace(said, **cleaned)
