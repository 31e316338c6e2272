# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential goes to the registry that it is for, or to the token service that this registry names: asserted from
what the servers were sent."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import TagList
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import Transport
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    bypasses_proxy,
    is_local,
    origin_of,
    registry_origin,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.scrub import scrubbed_tags
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

from tests.unit.plugins.module_utils._registry.conftest import ALICE
from tests.unit.plugins.module_utils._registry.loopback import Authority, Say, Server, as_json, error, serve


def ask(server: Server, *plain: Server, **options: object) -> object:
    hosts = tuple(one.netloc for one in (server, *plain))
    client = Client(Settings(timeout=5.0, plain_http=hosts, **options))  # type: ignore[arg-type]
    return client.ask([Question(f"{server.netloc}/shop/web:1", ALICE)])[0]


def test_basic_does_not_follow_a_redirect_to_another_host(server: Server, other: Server) -> None:
    def answer(seen: object) -> Say:
        if not seen.user:  # type: ignore[attr-defined]
            return error(401, "UNAUTHORIZED", "who?", 'Basic realm="x"')
        return Say(307, b"", {"Location": f"{other.url}/stolen"})

    server.on("*", answer)
    ask(server, other)
    assert {seen.path for seen in other.seen} == {"/stolen"}
    assert not any(seen.authorization for seen in other.seen)


def test_nor_does_it_follow_one_of_the_token_service(server: Server, other: Server) -> None:
    server.on("*", error(401, "UNAUTHORIZED", "who?", f'Bearer realm="{server.url}/token"'))
    server.on("/token", Say(302, b"", {"Location": f"{other.url}/stolen"}))
    ask(server, other)
    assert [seen.path for seen in other.seen] == ["/stolen"]
    assert not any(seen.authorization for seen in other.seen)


def test_nor_does_a_posted_form(server: Server, other: Server) -> None:
    server.on("*", error(401, "UNAUTHORIZED", "who?", f'Bearer realm="{server.url}/token"'))
    server.on(
        "/token",
        lambda seen: Say(405) if seen.method == "GET" else Say(307, b"", {"Location": f"{other.url}/stolen"}),
    )
    ask(server, other)
    assert other.seen == []


def test_a_challenge_of_the_host_behind_a_redirect_gets_nothing(server: Server, other: Server) -> None:
    server.on("*", Say(307, b"", {"Location": f"{other.url}/v2/x"}))
    other.on("*", error(401, "UNAUTHORIZED", "who?", 'Basic realm="x"'))
    ask(server, other)
    assert not any(seen.authorization for seen in other.seen)


def test_nor_does_the_token_service_that_such_a_host_names(server: Server, other: Server) -> None:
    server.on("*", Say(307, b"", {"Location": f"{other.url}/v2/x"}))
    other.on("*", error(401, "UNAUTHORIZED", "who?", f'Bearer realm="{other.url}/token",service="x"'))
    other.on("/token", as_json({"token": "t"}))
    ask(server, other)
    assert "/token" not in {seen.path for seen in other.seen}
    assert not any(seen.authorization for seen in other.seen)


def test_a_mirror_gets_none_though_it_is_a_registry_with_a_credential_of_its_own(
    server: Server, other: Server
) -> None:
    for host in (server, other):
        host.on("*", error(401, "UNAUTHORIZED", "who?", 'Basic realm="x"'))
    bob = Login("bob", "open-sesame-2")
    client = Client(
        Settings(timeout=5.0, plain_http=(server.netloc, other.netloc), mirrors={server.netloc: (other.url,)})
    )
    client.ask([Question(f"{server.netloc}/shop/web:1", ALICE), Question(f"{other.netloc}/shop/api:1", bob)])
    assert {seen.user for seen in other.seen} == {"", "bob:open-sesame-2"}
    assert {seen.user for seen in server.seen} == {"", "alice:open-sesame-1"}


def test_blob_hosts_get_no_token(server: Server, other: Server) -> None:
    server.image("shop/web", "1")
    for path in list(server._handlers):
        if "/blobs/" in path:
            server.on(path, Say(307, b"", {"Location": f"{other.url}/cdn"}))
        server.protect(path, 'Basic realm="x"', accept=bool)
    ask(server, other)
    assert [seen.path for seen in other.seen] == ["/cdn"]
    assert not any(seen.authorization for seen in other.seen)


def test_a_token_service_without_tls_gets_nothing_unless_it_is_configured(
    server: Server, other: Server
) -> None:
    server.on("*", error(401, "UNAUTHORIZED", "who?", f'Bearer realm="{other.url}/token"'))
    other.on("/token", as_json({"token": "t"}))
    answer = ask(server)
    assert other.seen == []
    assert (answer.hop, answer.cause, answer.certain) == ("token", "unknown", False)  # type: ignore[attr-defined]
    assert other.netloc in answer.settle_by  # type: ignore[attr-defined]
    ask(server, other)
    assert other.seen[0].user == "alice:open-sesame-1"


def test_a_host_with_an_untrusted_certificate_gets_nothing(server: Server, ca: Authority) -> None:
    with serve(ca.context("127.0.0.1")) as secret:
        secret.on("/token", as_json({"token": "t"}))
        server.on("*", error(401, "UNAUTHORIZED", "who?", f'Bearer realm="{secret.url}/token"'))
        answer = ask(server)
        assert secret.seen == []
    assert answer.cause == "tls_untrusted"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "[::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
    ],
)
def test_a_registry_elsewhere_cannot_send_us_to_loopback_or_link_local(address: str) -> None:
    transport = Transport(Settings())
    registry = origin_of("https://192.0.2.1")
    with pytest.raises(Stopped, match="loopback or link-local"):
        transport.check_reach(origin_of(f"https://{address}/token"), registry, Deadline(5))


def test_nothing_is_sent_to_such_an_address(server: Server) -> None:
    transport = Transport(Settings())
    with pytest.raises(Stopped, match="loopback or link-local"):
        transport.follow("GET", f"{server.url}/token", {}, Deadline(5), trust=origin_of("https://192.0.2.1"))
    assert server.seen == []


def test_one_that_lies_there_itself_can() -> None:
    transport = Transport(Settings())
    transport.check_reach(origin_of("https://127.0.0.1:5"), origin_of("https://127.0.0.1:6"), Deadline(5))


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "fd00::1", "203.0.113.9", "registry.example.com"]
)
def test_private_addresses_are_normal(address: str) -> None:
    assert not is_local(address)


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("registry.example.com:5000", "https://registry.example.com:5000"),
        ("plain.test", "http://plain.test"),
        ("plain.test:5000", "http://plain.test:5000"),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000"),
    ],
)
def test_where_the_api_of_a_registry_is(registry: str, url: str) -> None:
    assert registry_origin(registry, ("plain.test",)).url == url


@pytest.mark.parametrize(
    ("host", "exempt"),
    [
        ("example.com", True),
        ("a.example.com", True),
        ("notexample.com", False),
        ("sub.test", False),
        ("a.sub.test", True),
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("localhost", True),
        ("[::1]", True),
        ("ported.test:8443", True),
        ("ported.test", False),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(host: str, exempt: bool) -> None:
    entries = ("example.com", ".sub.test", "10.1.0.0/16", "ported.test:8443")
    assert bypasses_proxy(origin_of(f"https://{host}"), entries) is exempt


def test_a_password_that_is_a_word_of_the_images_name_leaves_the_name_alone(server: Server) -> None:
    server.on("*", error(401, "UNAUTHORIZED", "no shop for you", 'Basic realm="the shop"'))
    image = f"{server.netloc}/shop/web:1"
    client = Client(Settings(timeout=5.0, plain_http=(server.netloc,)))
    answer = client.ask([Question(image, Login("alice", "shop"))])[0]
    assert (answer.image, answer.repository) == (image, "shop/web")
    assert "shop" not in answer.text
    assert answer.challenge is None or "shop" not in answer.challenge.realm


def test_a_tag_that_holds_the_password_is_not_shown() -> None:
    tags = TagList("r.test", "shop/web", "2", near=("1", "hunter22-1"), why_not="no hunter22 here")
    cleaned = scrubbed_tags(tags, Login("alice", "hunter22"))
    assert cleaned.near == ("1",)
    assert "hunter22" not in cleaned.why_not
