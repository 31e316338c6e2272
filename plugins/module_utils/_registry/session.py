# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one registry for one repository: challenges are answered, with the login or anonymously."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    Challenge,
    HostSeen,
    RateLimit,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.challenge import (
    best_challenge,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.content import ACCEPT
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import (
    LARGEST_BODY,
    Transport,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.gate import Gates
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.limits import rate_limit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import Origin
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.scrub import scrub_reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.token import (
    Tokens,
    basic,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

if TYPE_CHECKING:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import Refusal

_MOST_CHALLENGES = 3
# Where a 401 to user name and password can have nothing to do with the repository.
_REJECTS_FOR_GOOD = frozenset({products.DISTRIBUTION, products.ECR, products.ARTIFACTORY, products.UNKNOWN})


@dataclass(slots=True)
class Registry:
    """What is known of one registry, shared by all questions to it.

    ``ns`` is the registry that this one is a mirror of, as containerd tells it in its requests.
    """

    name: str
    origin: Origin
    kind: str = products.UNKNOWN
    challenge: Challenge | None = None
    counts: bool = False
    ns: str = ""
    blob_hosts: tuple[HostSeen, ...] = ()
    blobs_seen: bool = False
    logins: Gates[Reply] = field(default_factory=Gates)
    first: threading.Lock = field(default_factory=threading.Lock)
    answered: threading.Event = field(default_factory=threading.Event)

    def learn(self, reply: Reply, challenge: Challenge | None) -> None:
        """Remember what a reply of the registry tells of it."""
        if self.kind in (products.UNKNOWN, products.DISTRIBUTION):
            found = products.by_manner(reply, challenge)
            self.kind = found if found != products.UNKNOWN else self.kind
        if "ratelimit-limit" in reply.headers or self.kind == products.DOCKER_HUB:
            self.counts = True


class Session:
    """One question's way through a registry; afterwards its fields tell what was seen.

    ``stage`` is ``token`` where the last reply is the token service's refusal; ``used_login`` whether the credential
    was sent, ``verified`` whether somebody looked at it before the last good reply.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        registry: Registry,
        repository: str,
        login: Login | None,
        within: Deadline,
        clock: Callable[[], float],
    ) -> None:
        self.registry = registry
        self.repository = repository
        self.login = login
        self.within = within
        self.scope: tuple[str, ...] | None = None
        self.stage = "manifest"
        self.challenge: Challenge | None = None
        self.token_reply: Reply | None = None
        self.used_login = False
        self.verified = False
        self.limit: RateLimit | None = None
        self.clock_difference: int | None = None
        self.hosts: dict[tuple[str, str], HostSeen] = {}
        self._stale = False
        self._transport = transport
        self._tokens = tokens
        self._clock = clock

    def fetch(self, method: str, path: str, *, limit: int = LARGEST_BODY, stay: bool = False) -> Reply:
        """Send a request below ``/v2/REPOSITORY/`` (or to an absolute path), and again with what the registry asks for.

        Returns the last reply, which may be a refusal of registry or token service; raises Stopped where none came.
        ``stay`` returns a redirect to another host as it is.
        """
        registry = self.registry
        # The first question finds out what the registry asks for; the others need not all be refused once.
        if not registry.answered.is_set() and not registry.first.acquire(blocking=False):
            registry.answered.wait(self.within.left)
        try:
            return self._fetch(method, path, limit, stay)
        finally:
            registry.answered.set()

    def token_without_scope(self) -> int | None:
        """Return the status of what ``docker login`` asks for: a token for nothing but the user name and password."""
        if self.login is None or self.challenge is None or self.challenge.scheme != "bearer":
            return None
        answer = self._tokens.get(
            self.challenge, self.registry.origin, (), self.login, self.registry.kind, self.within
        )
        return answer.reply.status

    def refusal(self, reply: Reply) -> Refusal:
        """Return what ``reply`` refuses, in the words that a verdict needs."""
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import (
            Refusal,
        )

        code, text = reply.words()
        now = best_challenge(reply.challenges)
        error = now.error if now else ""
        challenge = now or self.challenge
        return Refusal(
            kind=self.registry.kind,
            registry=self.registry.name,
            repository=self.repository,
            stage=self.stage,
            status=reply.status,
            code=code.upper(),
            text=text,
            username=self.login.username if self.login else None,
            basic=bool(challenge and challenge.scheme == "basic"),
            insufficient=error == "insufficient_scope",
            invalid_token=error == "invalid_token",
            html="html" in reply.header("content-type"),
        )

    def saw(self, role: str, origin: Origin, addresses: tuple[str, ...] = ()) -> None:
        """Note a host that a pull of this image touches."""
        known = self.hosts.get((role, origin.netloc))
        if known is None or (addresses and not known.addresses):
            self.hosts[role, origin.netloc] = HostSeen(role, origin.netloc, addresses)

    def _fetch(self, method: str, path: str, limit: int, stay: bool) -> Reply:
        query = f"{'&' if '?' in path else '?'}ns={self.registry.ns}" if self.registry.ns else ""
        whole = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        url = f"{self.registry.origin.url}{whole}{query}"
        answered: list[Challenge] = []
        challenge = self.registry.challenge
        while True:
            headers = {"Accept": ACCEPT}
            self.stage = "manifest"
            if challenge is not None:
                answered.append(challenge)
                authorization, refused = self._authorize(challenge)
                if refused is not None:
                    self.stage = "token"
                    return refused
                if authorization:
                    headers["Authorization"] = authorization
            reply = self._offer(partial(self._send, method, url, headers, limit, stay), headers)
            # What a host behind a redirect asks for is not answered: the credential is not for that host.
            found = best_challenge(reply.challenges) if reply.status == 401 and self._is_own(reply) else None
            if (
                found is None
                or len(answered) >= _MOST_CHALLENGES
                or not self._worth_answering(found, answered, headers)
            ):
                return reply
            challenge = found
            self.registry.challenge = found
            self.registry.answered.set()

    def _offer(self, send: Callable[[], Reply], headers: dict[str, str]) -> Reply:
        """Send user name and password the first time alone, and not again where they are rejected for good."""
        if self.login is None or not headers.get("Authorization", "").startswith("Basic "):
            return send()
        gate = self.registry.logins.of((self.login.username, self.login.password))
        return gate.through(
            send, lambda reply: reply.status == 401 and self.registry.kind in _REJECTS_FOR_GOOD
        )

    def _send(self, method: str, url: str, headers: dict[str, str], limit: int, stay: bool) -> Reply:
        role = "mirror" if self.registry.ns else "registry"
        self.saw(role, self.registry.origin)
        proxy = self._transport.dialer.proxy_for(self.registry.origin)
        if proxy is not None:
            self.saw("proxy", proxy)
        reply = self._transport.follow(
            method, url, headers, self.within, limit=limit, trust=self.registry.origin, first_only=stay
        )
        scrub_reply(reply, self.login)
        for origin, addresses in reply.hosts:
            self.saw(role, origin, addresses)
        challenge = best_challenge(reply.challenges) if self._is_own(reply) else None
        if challenge is not None and (self.challenge is None or challenge.scheme == self.challenge.scheme):
            # Harbor asks for Bearer, and for Basic once it has refused what it was brought.
            self.challenge = challenge
        self.registry.learn(reply, challenge or self.registry.challenge)
        self.limit = rate_limit(reply, self._clock()) or self.limit
        if self.clock_difference is None:
            self.clock_difference = reply.clock_difference(self._clock())
        if reply.status == 200 and "Authorization" in headers and self.login is not None:
            self.verified = self.registry.kind != products.HARBOR or self.verified
        return reply

    def _is_own(self, reply: Reply) -> bool:
        return reply.origin == self.registry.origin

    def _worth_answering(self, found: Challenge, answered: list[Challenge], headers: dict[str, str]) -> bool:
        if found.scheme == "basic":
            return self.login is not None and "Authorization" not in headers
        if found.scheme != "bearer" or not found.realm:
            return False
        sent = headers.get("Authorization", "")
        if found.error == "invalid_token" and sent.startswith("Bearer ") and self._stale:
            self._tokens.forget(sent.removeprefix("Bearer "))
            self._stale = False
            return True
        return all((found.realm, found.service) != (known.realm, known.service) for known in answered)

    def _authorize(self, challenge: Challenge) -> tuple[str, Reply | None]:
        """Return the header value for a challenge, or the refusal of the token service."""
        self.challenge = challenge if self.challenge is None else self.challenge
        if challenge.scheme == "basic":
            self.used_login = self.login is not None
            return (basic(self.login) if self.login else ""), None
        if challenge.scheme != "bearer" or not challenge.realm:
            return "", None
        answer = self._tokens.get(
            challenge,
            self.registry.origin,
            self._scope(challenge),
            self.login,
            self.registry.kind,
            self.within,
        )
        self._stale = not answer.fresh
        self.used_login = self.login is not None
        self.token_reply = answer.reply
        for origin, addresses in answer.reply.hosts:
            self.saw("token", origin, addresses)
        if self.clock_difference is None and answer.fresh:
            self.clock_difference = answer.reply.clock_difference(self._clock())
        if not answer.token:
            return "", answer.reply
        return f"Bearer {answer.token}", None

    def _scope(self, challenge: Challenge) -> tuple[str, ...]:
        """The repository, and what else the challenge asks for, as containerd does (``aws`` on ECR Public)."""
        if self.scope is not None:
            return self.scope
        others = [part for part in challenge.scope.split(" ") if part and not part.startswith("repository:")]
        return (f"repository:{self.repository}:pull", *others[:4])
