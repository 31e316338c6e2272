# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry's words without the credential that it was given: a hostile one may say it back to us."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    Challenge,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply

MARK = "<redacted>"
_SHORTEST = 4


def scrub_reply(reply: Reply, login: Login | None) -> None:
    """Take the credential out of a refusal before anything is quoted of it: a cut could leave half a password."""
    if login is None or reply.status < 300:
        return
    for secret in _secrets(login):
        reply.body = reply.body.replace(secret.encode(), MARK.encode())
    reply.challenges = tuple(_without(field, login) for field in reply.challenges)
    reply.headers = {name: _without(value, login) for name, value in reply.headers.items()}


def _secrets(login: Login) -> list[str]:
    pair = b64encode(f"{login.username}:{login.password}".encode()).decode()
    return [text for text in (pair, pair.rstrip("="), login.password) if len(text) >= _SHORTEST]


def _without(text: str, login: Login) -> str:
    for secret in _secrets(login):
        text = text.replace(secret, MARK)
    return text


def scrubbed(answer: RegistryAnswer, login: Login | None) -> RegistryAnswer:
    """Return ``answer`` with the password, plain or in Basic's encoding, taken out of what the registry said."""
    if login is None:
        return answer

    def clean(text: str) -> str:
        return _without(text, login)

    challenge = answer.challenge
    if challenge is not None:
        challenge = Challenge(
            *(clean(part) for part in (challenge.scheme, challenge.realm, challenge.service)),
            *(clean(part) for part in (challenge.scope, challenge.error)),
        )
    return replace(
        answer,
        text=clean(answer.text),
        token_text=clean(answer.token_text),
        code=clean(answer.code),
        media_type=clean(answer.media_type),
        challenge=challenge,
        hosts=tuple(replace(host, host=clean(host.host)) for host in answer.hosts),
    )
