# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client asks for, in which order, and what it tells of the answers."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import content
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Question

from tests.unit.plugins.module_utils._registry.conftest import ALICE, Ask
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, error

AMD64, ARM64, S390X = Platform("linux", "amd64"), Platform("linux", "arm64"), Platform("linux", "s390x")


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

    def test_a_mirror_that_wants_a_credential_gets_none(self, server: Server, other: Server) -> None:
        server.image("shop/web", "1")
        other.on("*", error(401, "UNAUTHORIZED", "who?", 'Basic realm="mirror"'))
        client = Client(_plain(server, other, mirrors={server.netloc: (other.url,)}))
        answer = client.ask([Question(f"{server.netloc}/shop/web:1", ALICE)])[0]
        assert (answer.outcome, answer.endpoint, len(other.seen)) == ("found", server.url, 1)
        assert not any(seen.authorization for seen in other.seen)

    def test_what_the_mirror_lacks_the_registry_has(self, server: Server) -> None:
        server.image("shop/web", "1")
        client = Client(_plain(server, mirrors={server.netloc: ("http://127.0.0.1:1",)}))
        answer = client.ask([Question(f"{server.netloc}/shop/web:1")])[0]
        assert (answer.outcome, answer.endpoint) == ("found", server.url)
        assert "mirror http://127.0.0.1:1: 127.0.0.1 refuses connections" in answer.text
        assert [host.role for host in answer.hosts] == ["mirror", "registry"]


def _plain(*servers: Server, **options: object) -> object:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

    plain = tuple(server.netloc for server in servers)
    return Settings(timeout=5.0, deadline=20.0, plain_http=plain, **options)  # type: ignore[arg-type]
