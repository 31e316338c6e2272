# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens (distribution specification, token authentication): fetched once for all questions that need the same."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Challenge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import errors, products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import Transport
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.gate import Gates
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    Origin,
    is_plain,
    origin_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.scrub import scrub_reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

_LARGEST_ANSWER = 256 << 10
_DEFAULT_SECONDS = 60
_LONGEST_SECONDS = 3600
_CLIENT_ID = "kube_runbooks.image_pull"
# Whose token service says 401 for nothing but a wrong user name or password.
_REJECTS_FOR_GOOD = frozenset({products.DOCKER_HUB, products.QUAY, products.GITLAB, products.RED_HAT})


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token service said; ``token`` is empty where it gave none."""

    token: str
    reply: Reply
    good_until: float = 0.0
    fresh: bool = True


def basic(login: Login) -> str:
    """Return the header value for user name and password (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


class Tokens:
    """Asks token services, each question once."""

    def __init__(self, transport: Transport, plain_http: tuple[str, ...]) -> None:
        self._transport = transport
        self._plain_http = plain_http
        self._lock = threading.Lock()
        self._locks: dict[object, threading.Lock] = {}
        self._kept: dict[object, TokenAnswer] = {}
        self._gates: Gates[TokenAnswer] = Gates()

    def get(
        self,
        challenge: Challenge,
        registry: Origin,
        scope: tuple[str, ...],
        login: Login | None,
        kind: str,
        within: Deadline,
    ) -> TokenAnswer:
        """Return the answer of the token service that ``challenge`` names; raises Stopped where there is none.

        A credential goes there over TLS alone, unless the host is configured for plain HTTP, and never twice for a
        user name and password that this service has rejected for good: such tries lock accounts and ban addresses.
        """
        realm = self._checked(challenge, login)
        who = (realm, challenge.service, (login.username, login.password) if login else None)
        key = (*who, scope)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())

        def ask() -> TokenAnswer:
            return self._fetch(realm, challenge.service, scope, login, registry, within)

        def rejected(answer: TokenAnswer) -> bool:
            # Without a scope nothing but user name and password can be at fault.
            return answer.reply.status == 401 and (kind in _REJECTS_FOR_GOOD or not scope)

        with lock:
            kept = self._kept.get(key)
            if kept is not None and time.monotonic() < kept.good_until:
                return replace(kept, fresh=False)
            answer = self._gates.of(who).through(ask, rejected) if login else ask()
            if answer.token:
                self._kept[key] = answer
            return answer

    def forget(self, token: str) -> None:
        """Forget a token that the registry does not take any more."""
        with self._lock:
            self._kept = {key: answer for key, answer in self._kept.items() if answer.token != token}

    def _checked(self, challenge: Challenge, login: Login | None) -> str:
        realm = challenge.realm
        try:
            origin = origin_of(realm)
        except ValueError:
            raise Stopped(
                errors.TOKEN,
                "registry_server_error",
                f"the registry names a token service that is no address: '{realm[:100]}'",
            ) from None
        if login is not None and origin.scheme == "http" and not is_plain(origin.netloc, self._plain_http):
            raise Stopped(
                errors.TOKEN,
                "unknown",
                f"the registry names a token service without TLS ({origin.url}): the credential was not sent there",
                certain=False,
                alternatives=("auth_invalid", "auth_forbidden"),
                settle_by=f"name {origin.netloc} among the hosts for plain HTTP, if that is what it is meant to be",
            )
        return realm

    def _fetch(
        self,
        realm: str,
        service: str,
        scope: tuple[str, ...],
        login: Login | None,
        registry: Origin,
        within: Deadline,
    ) -> TokenAnswer:
        query = [("service", service)] if service else []
        query += [("scope", entry) for entry in scope]
        glue = "&" if urlsplit(realm).query else "?"
        url = realm + (glue + urlencode(query) if query else "")
        headers = {"Authorization": basic(login)} if login else {}
        reply = self._transport.follow(
            "GET", url, headers, within, limit=_LARGEST_ANSWER, hop=errors.TOKEN, trust=registry
        )
        if login is not None and reply.status in (404, 405, 501) and not reply.words()[0]:
            form = [*query, ("grant_type", "password"), ("client_id", _CLIENT_ID)]
            form += [("username", login.username), ("password", login.password)]
            posted = self._transport.post(realm, form, within, _LARGEST_ANSWER, registry)
            reply = posted if posted.status not in (404, 405, 501) else reply
        if reply.status != 200:
            scrub_reply(reply, login)
            return TokenAnswer("", reply)
        answer = _read(reply)
        # It is kept for as long as its token: what nobody reads any more would only fill the memory.
        reply.body, reply.headers = b"", {"date": reply.header("date")}
        return answer


def _read(reply: Reply) -> TokenAnswer:
    where = reply.origin.netloc
    try:
        data = reply.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Stopped(
            errors.TOKEN, "registry_server_error", f"the token service {where} does not answer in JSON"
        )
    token = next((data[key] for key in ("token", "access_token") if data.get(key)), "")
    if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
        raise Stopped(
            errors.TOKEN, "registry_server_error", f"the token service {where} answers without a token"
        )
    seconds = data.get("expires_in")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < _DEFAULT_SECONDS:
        seconds = _DEFAULT_SECONDS
    return TokenAnswer(token, reply, time.monotonic() + 0.9 * min(seconds, _LONGEST_SECONDS))
