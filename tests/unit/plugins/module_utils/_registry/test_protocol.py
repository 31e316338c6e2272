# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client asks for, in which order, and what it tells of the answers."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import (
    Client,
    Question,
    content,
)

from tests.unit.plugins.module_utils._registry.conftest import ALICE, Ask
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, as_json, error

AMD64, ARM64, S390X = Platform("linux", "amd64"), Platform("linux", "arm64"), Platform("linux", "s390x")


def token_service(server: Server, on: Server, **users: str) -> str:
    """A token service at ``server`` whose tokens ``on`` takes for what it protects; returns the challenge."""

    def token(seen: Seen) -> Say:
        if seen.user:
            name, _, password = seen.user.partition(":")
            if users.get(name) != password:
                return error(401, "UNAUTHORIZED", "incorrect username or password")
        return as_json({"token": f"for-{seen.user.partition(':')[0] or 'anybody'}", "expires_in": 300})

    server.on("/token", token)
    return f'Bearer realm="{server.url}/token",service="{on.netloc}"'


class TestFound:
    def test_an_image_for_one_platform_takes_manifest_and_configuration(
        self, server: Server, ask: Ask
    ) -> None:
        digest = server.image("shop/web", "1", "arm64", variant="v8")
        answer = ask()
        assert (answer.outcome, answer.digest, answer.size_bytes) == ("found", digest, 4096)
        assert answer.platforms == (Platform("linux", "arm64", "v8"),)
        assert (answer.requests, answer.repository_exists, answer.media_type) == (
            2,
            True,
            content.OCI_MANIFEST,
        )

    def test_an_index_tells_its_platforms_and_not_its_attestations(self, server: Server, ask: Ask) -> None:
        one = server.image("shop/web", "a")
        entries = [
            {"digest": one, "platform": {"os": "linux", "architecture": "amd64"}},
            {
                "digest": one,
                "platform": {"os": "windows", "architecture": "amd64", "os.version": "10.0.20348.1"},
            },
            {"digest": one, "platform": {"os": "unknown", "architecture": "unknown"}},
        ]
        server.manifest("shop/web", "1", {"schemaVersion": 2, "manifests": entries}, content.OCI_INDEX)
        assert ask().platforms == (AMD64, Platform("windows", "amd64", os_version="10.0.20348.1"))

    def test_the_size_is_that_of_the_platform_that_was_asked_for(self, server: Server, ask: Ask) -> None:
        server.index(
            "shop/web", "1", amd64=server.image("shop/web", "a"), arm64=server.image("shop/web", "b", "arm64")
        )
        assert ask(platforms=(ARM64,)).size_bytes == 4096

    def test_no_platform_that_a_node_could_take(self, server: Server, ask: Ask) -> None:
        server.index("shop/web", "1", amd64=server.image("shop/web", "a"))
        answer = ask(platforms=(S390X, ARM64))
        assert (answer.outcome, answer.cause, answer.certain) == ("failed", "platform_mismatch", True)
        assert answer.text == "the image is there for linux/amd64, not for linux/s390x, linux/arm64"

    def test_a_single_image_for_another_platform_is_pulled_and_does_not_run(
        self, server: Server, ask: Ask
    ) -> None:
        server.image("shop/web", "1")
        answer = ask(platforms=(ARM64,))
        assert answer.outcome == "found"
        assert "cannot run it" in answer.text

    def test_schema_1_is_told_by_its_media_type(self, server: Server, ask: Ask) -> None:
        value = {
            "schemaVersion": 1,
            "name": "shop/web",
            "tag": "1",
            "architecture": "amd64",
            "signatures": [],
        }
        server.manifest("shop/web", "1", value, content.SCHEMA_1_SIGNED)
        answer = ask()
        assert (answer.media_type, answer.platforms) == (content.SCHEMA_1_SIGNED, (AMD64,))
        assert "schema 1" in answer.text

    def test_a_digest_is_asked_for_and_checked(self, server: Server, ask: Ask) -> None:
        digest = server.image("shop/web", "1")
        answer = ask(f"shop/web@{digest}")
        assert (answer.outcome, answer.tag, answer.digest) == ("found", digest, digest)

    def test_an_artifact_that_is_no_image(self, server: Server, ask: Ask) -> None:
        config = {
            "mediaType": "application/vnd.cncf.helm.config.v1+json",
            "digest": f"sha256:{'a' * 64}",
            "size": 2,
        }
        server.manifest(
            "shop/web", "1", {"schemaVersion": 2, "config": config, "layers": []}, content.OCI_MANIFEST
        )
        answer = ask()
        assert (answer.cause, answer.hop) == ("manifest_invalid", "manifest")
        assert "helm" in answer.text

    def test_all_types_are_accepted_and_nothing_compressed(self, server: Server, ask: Ask) -> None:
        server.image("shop/web", "1")
        ask()
        headers = server.seen[0].headers
        assert all(
            kind in headers["accept"] for kind in (content.DOCKER_LIST, content.OCI_INDEX, content.SCHEMA_1)
        )
        assert headers["accept-encoding"] == "identity"
        assert headers["host"] == server.netloc


class TestLimits:
    def test_where_gets_count_a_head_is_enough(self, server: Server, ask: Ask) -> None:
        server.image("shop/web", "1")
        inner = server._handlers["/v2/shop/web/manifests/1"]
        limit = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600"}

        def counted(seen: Seen) -> Say:
            said = inner(seen)
            return Say(200, said.body, {**said.headers, **limit, "Docker-RateLimit-Source": "192.0.2.7"})

        server.on("/v2/shop/web/manifests/1", counted)
        server.on("/v2/shop/api/manifests/1", counted)
        client = Client(_plain(server))
        first = client.ask([Question(f"{server.netloc}/shop/web:1")])[0]
        second = client.ask([Question(f"{server.netloc}/shop/api:1")])[0]
        limits = first.rate_limit
        assert limits is not None
        assert (limits.limit, limits.remaining, limits.window_seconds, limits.source) == (
            100,
            76,
            21600,
            "192.0.2.7",
        )
        assert [seen.method for seen in server.asked("/shop/api/")] == ["HEAD"]
        assert (second.outcome, second.digest) == ("found", first.digest)

    @pytest.mark.parametrize(("remaining", "methods"), [("76", ["HEAD", "GET"]), ("40", ["HEAD"])])
    def test_platforms_cost_one_get_where_there_is_room(
        self, server: Server, remaining: str, methods: list[str]
    ) -> None:
        server.index("shop/web", "1", amd64=server.image("shop/web", "a"))
        inner = server._handlers["/v2/shop/web/manifests/1"]
        limit = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": remaining}
        server.on(
            "/v2/shop/web/manifests/1",
            lambda seen: Say(200, inner(seen).body, {**inner(seen).headers, **limit}),
        )
        client = Client(_plain(server))
        client._registry(server.netloc).counts = True
        client.ask([Question(f"{server.netloc}/shop/web:1", None, (AMD64,))])
        assert [seen.method for seen in server.seen] == methods

    @pytest.mark.parametrize(("login", "certain"), [(None, False), (ALICE, True)])
    def test_a_head_that_succeeds_when_nothing_is_left(
        self, server: Server, login: Login | None, certain: bool
    ) -> None:
        server.image("shop/web", "1")
        path = "/v2/shop/web/manifests/1"
        inner = server._handlers[path]
        limit = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}
        server.on(path, lambda seen: Say(200, inner(seen).body, {**inner(seen).headers, **limit}))
        if login:
            server.protect(path, 'Basic realm="x"', accept=bool)
        client = Client(_plain(server))
        client._registry(server.netloc).counts = True
        answer = client.ask([Question(f"{server.netloc}/shop/web:1", login)])[0]
        assert (answer.outcome, answer.cause, answer.certain) == ("failed", "rate_limited", certain)
        assert "none of the 100 pulls is left" in answer.text

    def test_too_many_requests(self, server: Server, ask: Ask) -> None:
        said = error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
        server.on("*", Say(429, said.body, {"Retry-After": "120"}))
        answer = ask()
        assert (answer.cause, answer.certain, answer.code) == ("rate_limited", True, "TOOMANYREQUESTS")
        assert answer.rate_limit is not None
        assert answer.rate_limit.resets_at is not None

    def test_a_wait_of_thirty_years_is_no_time_to_tell(self, server: Server, ask: Ask) -> None:
        server.on("*", Say(429, b"", {"Retry-After": "999999999"}))
        answer = ask()
        assert (answer.cause, answer.rate_limit) == ("rate_limited", None)


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
        answer = Client(_plain(server, other)).ask([Question(f"{server.netloc}/shop/web:1", login)])[0]
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


class TestBlobs:
    def test_the_host_that_blobs_come_from_is_seen_and_asked(self, server: Server, other: Server) -> None:
        server.image("shop/web", "1")
        config = json.loads(server._handlers["/v2/shop/web/manifests/1"](Seen("GET", "", {}, {})).body)[
            "config"
        ]["digest"]
        body = server._handlers[f"/v2/shop/web/blobs/{config}"](Seen("GET", "", {}, {})).body
        server.on(
            f"/v2/shop/web/blobs/{config}", Say(307, b"", {"Location": f"{other.url}/cdn/x?signature=s3cr3t"})
        )
        other.on("/cdn/x", Say(200, body))
        answer = Client(_plain(server, other)).ask([Question(f"{server.netloc}/shop/web:1")])[0]
        assert (answer.outcome, answer.platforms) == ("found", (AMD64,))
        assert [host.host for host in answer.hosts if host.role == "blob"] == [other.netloc]

    def test_a_blob_host_that_is_down_fails_at_the_blob(self, server: Server) -> None:
        server.index("shop/web", "1", amd64=server.image("shop/web", "a"))
        for path in [path for path in server._handlers if "/blobs/" in path]:
            server.on(path, Say(307, b"", {"Location": "http://127.0.0.1:1/cdn"}))
        answer = Client(_plain(server)).ask([Question(f"{server.netloc}/shop/web:1")])[0]
        assert (answer.outcome, answer.hop, answer.cause) == ("failed", "tcp", "network_unreachable")
        assert ("blob", "127.0.0.1:1") in [(host.role, host.host) for host in answer.hosts]

    def test_a_blob_that_is_missing(self, server: Server, ask: Ask) -> None:
        server.image("shop/web", "1")
        for path in [path for path in server._handlers if "/blobs/" in path]:
            server.on(path, error(404, "BLOB_UNKNOWN", "blob unknown to registry"))
        answer = ask()
        assert (answer.hop, answer.cause) == ("blob", "manifest_invalid")


class TestMirrors:
    def test_a_mirror_is_asked_first_and_without_the_credential(self, server: Server, other: Server) -> None:
        other.image("shop/web", "1")
        client = Client(_plain(server, other, mirrors={server.netloc: (other.url,)}))
        answer = client.ask([Question(f"{server.netloc}/shop/web:1", ALICE)])[0]
        assert (answer.outcome, answer.endpoint, server.seen) == ("found", other.url, [])
        assert other.seen[0].query == {"ns": [server.netloc]}
        assert not any(seen.authorization for seen in other.seen)

    def test_what_the_mirror_lacks_the_registry_has(self, server: Server) -> None:
        server.image("shop/web", "1")
        client = Client(_plain(server, mirrors={server.netloc: ("http://127.0.0.1:1",)}))
        answer = client.ask([Question(f"{server.netloc}/shop/web:1")])[0]
        assert (answer.outcome, answer.endpoint) == ("found", server.url)
        assert "mirror http://127.0.0.1:1: 127.0.0.1 refuses connections" in answer.text
        assert [host.role for host in answer.hosts] == ["mirror", "registry"]


def _bearer(server: Server, name: str, challenge: str, wanted: str) -> None:
    for path in [path for path in server._handlers if f"/{name}/" in path]:
        server.protect(path, challenge, accept=lambda sent: sent == wanted)


def _plain(*servers: Server, **options: object) -> object:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import Settings

    plain = tuple(server.netloc for server in servers)
    return Settings(timeout=5.0, deadline=20.0, plain_http=plain, **options)  # type: ignore[arg-type]
