# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges are answered once for all questions, and as few times as can be."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Question

from tests.unit.plugins.module_utils._registry.conftest import ALICE, Ask
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, as_json, error


def token_service(server: Server, on: Server, **users: str) -> str:
    """A token service at ``server`` whose tokens ``on`` takes for what it protects; returns the challenge."""

    def token(seen: Seen) -> Say:
        if seen.user:
            name, dummy, password = seen.user.partition(":")
            if users.get(name) != password:
                return error(401, "UNAUTHORIZED", "incorrect username or password")
        return as_json({"token": f"for-{seen.user.partition(':')[0] or 'anybody'}", "expires_in": 300})

    server.on("/token", token)
    return f'Bearer realm="{server.url}/token",service="{on.netloc}"'


class TestTokens:
    def test_a_healthy_image_takes_three_requests_and_the_next_one_two(
        self, server: Server, other: Server
    ) -> None:
        for name in ("shop/web", "shop/api"):
            server.index(name, "1", amd64=server.image(name, "a"))
            _bearer(server, name, token_service(other, server, alice=ALICE.password), "Bearer for-alice")
        client = Client(_plain(server, other))
        client._registry(server.netloc).blobs_seen = True
        first, second = (
            client.ask([Question(f"{server.netloc}/{name}:1", ALICE)])[0] for name in ("shop/web", "shop/api")
        )
        assert (first.outcome, first.requests, first.credential_accepted) == ("found", 3, True)
        assert (second.outcome, second.requests) == ("found", 2)
        assert [seen.query["scope"] for seen in other.seen] == [
            ["repository:shop/web:pull"],
            ["repository:shop/api:pull"],
        ]
        assert {host.role: host.host for host in first.hosts} == {
            "registry": server.netloc,
            "token": other.netloc,
        }

    def test_anonymous_tokens_carry_no_credential(self, server: Server, other: Server) -> None:
        server.image("shop/web", "1")
        _bearer(server, "shop/web", token_service(other, server), "Bearer for-anybody")
        answer = Client(_plain(server, other)).ask([Question(f"{server.netloc}/shop/web:1")])[0]
        assert (answer.outcome, answer.credential_accepted, answer.token_status) == ("found", None, 200)
        assert not any(seen.authorization for seen in other.seen)

    def test_further_scopes_of_the_challenge_are_asked_for(self, server: Server, other: Server) -> None:
        server.image("shop/web", "1")
        challenge = token_service(other, server) + ',scope="repository:user/image:pull aws"'
        _bearer(server, "shop/web", challenge, "Bearer for-anybody")
        Client(_plain(server, other)).ask([Question(f"{server.netloc}/shop/web:1")])
        assert other.seen[0].query["scope"] == ["repository:shop/web:pull", "aws"]

    def test_a_realm_for_each_repository(self, server: Server, other: Server) -> None:
        for name in ("one", "two"):
            server.image(name, "1")
            other.on(f"/{name}/token", as_json({"token": f"for-{name}"}))
            _bearer(
                server, name, f'Bearer realm="{other.url}/{name}/token",service="x"', f"Bearer for-{name}"
            )
        client = Client(_plain(server, other))
        answers = [client.ask([Question(f"{server.netloc}/{name}:1")])[0] for name in ("one", "two")]
        assert [answer.outcome for answer in answers] == ["found", "found"]

    def test_a_token_that_ran_out_is_renewed_once(self, server: Server, other: Server) -> None:
        server.image("shop/web", "1")
        tokens = iter(["old", "new"])
        good = {"old"}
        other.on("/token", lambda _seen: as_json({"token": next(tokens), "expires_in": 300}))
        challenge = f'Bearer realm="{other.url}/token",service="x",error="invalid_token"'
        path = "/v2/shop/web/manifests/1"
        server.protect(path, challenge, accept=lambda sent: sent.removeprefix("Bearer ") in good)
        client = Client(_plain(server, other))
        assert client.ask([Question(f"{server.netloc}/shop/web:1")])[0].outcome == "found"
        good.clear()
        good.add("new")
        assert client.ask([Question(f"{server.netloc}/shop/web:1")])[0].outcome == "found"

    def test_a_rejected_login_is_not_tried_a_second_time(self, server: Server, other: Server) -> None:
        challenge = f'Bearer realm="{other.url}/token",service="registry.docker.io"'
        other.on("/token", Say(401, b'{"details":"incorrect username or password"}'))
        server.on("*", error(401, "UNAUTHORIZED", "authentication required", challenge))
        client = Client(_plain(server, other))
        answers = client.ask([Question(f"{server.netloc}/shop/{name}:1", ALICE) for name in "abcdef"])
        assert {(answer.cause, answer.certain, answer.hop) for answer in answers} == {
            ("auth_invalid", True, "token")
        }
        assert {answer.credential_accepted for answer in answers} == {False}
        assert len(other.seen) == 1

    def test_a_form_is_posted_where_the_service_does_not_take_get(
        self, server: Server, other: Server
    ) -> None:
        server.image("shop/web", "1")

        def token(seen: Seen) -> Say:
            if seen.method == "GET":
                return Say(405)
            return as_json({"access_token": "for-alice"}) if b"open-sesame-1" in seen.body else Say(401)

        other.on("/token", token)
        _bearer(server, "shop/web", f'Bearer realm="{other.url}/token",service="x"', "Bearer for-alice")
        answer = Client(_plain(server, other)).ask([Question(f"{server.netloc}/shop/web:1", ALICE)])[0]
        assert (answer.outcome, answer.credential_accepted) == ("found", True)


class TestHarbor:
    """Bearer for who brings nothing, Basic for who brings too little; its token service refuses nobody a token."""

    @pytest.mark.parametrize(
        ("login", "cause", "accepted"),
        [(ALICE, "auth_forbidden", True), (Login("alice", "wrong"), "auth_invalid", False)],
    )
    def test_a_token_without_a_scope_tells_a_wrong_password_from_a_missing_right(
        self, server: Server, other: Server, login: Login, cause: str, accepted: bool
    ) -> None:
        def token(seen: Seen) -> Say:
            good = seen.user == "alice:open-sesame-1" or "scope" in seen.query
            return as_json({"token": "empty"}) if good else Say(401)

        def manifest(seen: Seen) -> Say:
            if not seen.authorization:
                bearer = f'Bearer realm="{other.url}/service/token",service="harbor-registry"'
                return error(401, "UNAUTHORIZED", "unauthorized", bearer)
            text = "unauthorized to access repository: shop/web, action: pull"
            return error(401, "UNAUTHORIZED", f"{text}: {text}", 'Basic realm="harbor"')

        other.on("/service/token", token)
        server.on("*", manifest)
        names = [f"{server.netloc}/shop/{name}:1" for name in ("web", "api", "app")]
        answers = Client(_plain(server, other)).ask([Question(name, login) for name in names])
        assert {(answer.cause, answer.certain) for answer in answers} == {(cause, True)}
        assert len([seen for seen in other.seen if "scope" not in seen.query]) == 1
        answer = answers[0]
        assert (answer.registry_kind, answer.cause, answer.certain) == ("harbor", cause, True)
        assert answer.credential_accepted is accepted
        assert answer.challenge is not None
        assert answer.challenge.scheme == "bearer"
        assert not any(seen.user for seen in server.seen)


class TestBasic:
    def test_user_and_password_are_asked_for_once(self, server: Server) -> None:
        for name in ("shop/web", "shop/api"):
            server.image(name, "1")
            for path in [path for path in server._handlers if f"/{name}/" in path]:
                server.protect(path, 'BASIC realm="Company"', accept=lambda sent: sent.startswith("Basic "))
        client = Client(_plain(server))
        names = [f"{server.netloc}/shop/{name}:1" for name in ("web", "api")]
        answers = [client.ask([Question(name, ALICE)])[0] for name in names]
        assert [(answer.outcome, answer.requests) for answer in answers] == [("found", 3), ("found", 2)]
        assert {seen.user for seen in server.seen[1:]} == {"alice:open-sesame-1"}

    def test_a_rejected_login_is_not_sent_a_second_time(self, server: Server) -> None:
        server.on("*", error(401, "UNAUTHORIZED", "authentication required", 'Basic realm="Company"'))
        answers = Client(_plain(server)).ask(
            [Question(f"{server.netloc}/shop/{name}:1", ALICE) for name in "abcdef"]
        )
        assert {(answer.cause, answer.credential_accepted) for answer in answers} == {("auth_invalid", False)}
        assert len([seen for seen in server.seen if seen.user]) == 1

    @pytest.mark.parametrize(
        ("login", "cause", "accepted"),
        [(None, "auth_missing", None), (Login("alice", "wrong"), "auth_invalid", False)],
    )
    def test_without_or_with_a_wrong_password(
        self, server: Server, ask: Ask, login: Login | None, cause: str, accepted: bool | None
    ) -> None:
        server.on("*", error(401, "UNAUTHORIZED", "authentication required", 'Basic realm="Company"'))
        answer = ask(login=login)
        assert (answer.cause, answer.certain, answer.credential_accepted) == (cause, True, accepted)
        assert answer.challenge is not None
        assert (answer.challenge.scheme, answer.challenge.realm) == ("basic", "Company")


def _bearer(server: Server, name: str, challenge: str, wanted: str) -> None:
    for path in [path for path in server._handlers if f"/{name}/" in path]:
        server.protect(path, challenge, accept=lambda sent: sent == wanted)


def _plain(*servers: Server, **options: object) -> object:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

    plain = tuple(server.netloc for server in servers)
    return Settings(timeout=5.0, deadline=20.0, plain_http=plain, **options)  # type: ignore[arg-type]
