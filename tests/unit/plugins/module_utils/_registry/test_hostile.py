# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that mean harm, or are broken: each ends soon, with a clear cause, and little memory."""

from __future__ import annotations

import contextlib
import gzip
import json
import resource
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import content

from tests.unit.plugins.module_utils._registry.conftest import ALICE, Ask
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, as_json, error

Write = Callable[[Any], None]


def endlessly(head: bytes, chunk: bytes) -> Write:
    def write(connection: Any) -> None:
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(chunk)

    return write


def dripping(text: bytes, server: Server) -> Write:
    """One byte every twentieth of a second, faster than any time-out of a socket."""

    def write(connection: Any) -> None:
        for number in range(2000):
            connection.sendall(text[number : number + 1] or b"x")
            if server.stop.wait(0.05):
                return

    return write


def test_a_size_beyond_any_number_counts_for_nothing(server: Server, ask: Ask) -> None:
    digest = f"sha256:{'0' * 64}"
    layers = [{"digest": digest, "size": 10**400}, {"digest": digest, "size": 700}]
    manifest = {"schemaVersion": 2, "config": {"digest": digest}, "layers": layers}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    child = server.manifest("shop/web", "child", manifest, media_type)
    server.index("shop/web", "1", amd64=child)
    assert ask(platforms=(Platform("linux", "amd64"),)).size_bytes == 700


def test_a_body_without_end_is_not_read_to_its_end(server: Server, ask: Ask) -> None:
    server.on("*", Say(raw=endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = ask()
    assert (answer.outcome, answer.cause) == ("failed", "manifest_invalid")
    assert "longer than 4 MiB" in answer.text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{", b"HTTP/1.1 "],
)
def test_one_byte_at_a_time_ends_with_the_time_of_the_request(
    server: Server, ask: Ask, beginning: bytes
) -> None:
    server.on("*", Say(raw=dripping(beginning, server)))
    answer = ask(timeout=0.6)
    assert (answer.outcome, answer.cause, answer.hop) == ("failed", "timeout", "registry")


def test_a_server_that_never_answers_is_waited_for_once(server: Server, ask: Ask) -> None:
    server.on("*", Say(raw=lambda _connection: server.stop.wait(20) and None))
    answer = ask(timeout=0.3)
    assert (answer.cause, answer.hop) == ("timeout", "registry")
    assert answer.text == f"the answer of {server.netloc} was not done within 0.3 s"


@pytest.mark.parametrize(
    "target", ["/v2/shop/web/manifests/1", "/a", "http://127.0.0.1:1/", "ftp://x/", "//", "http://[::1"]
)
def test_redirects_that_lead_nowhere(server: Server, ask: Ask, target: str) -> None:
    server.on("*", Say(307, b"", {"Location": target}))
    answer = ask()
    assert answer.outcome == "failed"
    assert answer.cause in ("registry_server_error", "network_unreachable")
    assert len(server.seen) <= 6


def test_redirects_without_end(server: Server, ask: Ask) -> None:
    server.on("*", lambda seen: Say(307, b"", {"Location": f"{seen.path}x"}))
    assert "redirects" in ask().text
    assert len(server.seen) == 6


def test_a_bomb_is_not_unpacked(server: Server, ask: Ask) -> None:
    bomb = gzip.compress(b"0" * (64 << 20), 1)
    server.on("*", Say(200, bomb, {"Content-Encoding": "gzip"}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert ask().cause == "manifest_invalid"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_an_honest_proxy_that_compresses_is_understood(server: Server, ask: Ask) -> None:
    server.index("shop/web", "1")
    said = server._handlers["/v2/shop/web/manifests/1"](Seen("GET", "", {}, {}))
    server.on("*", Say(200, gzip.compress(said.body), {**said.headers, "Content-Encoding": "gzip"}))
    assert ask().outcome == "found"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
def test_a_header_without_measure(server: Server, ask: Ask, head: bytes) -> None:
    server.on("*", Say(raw=lambda connection: connection.sendall(head)))
    answer = ask()
    assert (answer.outcome, answer.cause, answer.hop) == ("failed", "registry_server_error", "registry")
    assert "header" in answer.text


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b""])
def test_a_manifest_that_is_no_object(server: Server, ask: Ask, body: bytes) -> None:
    server.on("*", Say(200, body, {"Content-Type": content.OCI_MANIFEST}))
    answer = ask()
    assert (answer.hop, answer.cause) == ("manifest", "manifest_invalid")


@pytest.mark.parametrize(
    "value", [{}, {"config": 1, "layers": []}, {"config": {"digest": "../../x"}, "layers": []}]
)
def test_a_manifest_with_parts_missing(server: Server, ask: Ask, value: Any) -> None:
    server.manifest("shop/web", "1", value, content.OCI_MANIFEST)
    assert ask().cause == "manifest_invalid"


def test_a_manifest_that_is_not_what_its_digest_says(server: Server, ask: Ask) -> None:
    digest = server.image("shop/web", "1")
    server.on(f"/v2/shop/web/manifests/{digest}", Say(200, b'{"schemaVersion": 2, "manifests": []}'))
    answer = ask(f"shop/web@{digest}")
    assert (answer.cause, answer.certain, answer.hop) == ("digest_mismatch", True, "manifest")
    assert digest in answer.text


def test_a_web_page_instead_of_a_manifest(server: Server, ask: Ask) -> None:
    server.on("*", Say(200, b"<html><script>alert(1)</script>Sign in</html>", {"Content-Type": "text/html"}))
    answer = ask()
    assert (answer.hop, answer.cause, answer.certain) == ("registry", "registry_server_error", False)


def test_control_characters_of_a_message_do_not_reach_the_terminal(server: Server, ask: Ask) -> None:
    server.on(
        "*",
        error(403, "DENIED\x1b]0;x\x07", "\x1b[2Jno\r\nway\u202e {{ lookup('pipe', 'id') }}" + "y" * 9999),
    )
    answer = ask()
    assert answer.text.startswith("no way? {{ lookup")
    assert (answer.code, len(answer.text) <= 300) == ("DENIED", True)
    assert answer.text.isprintable()


def test_a_registry_that_says_the_password_back(server: Server, ask: Ask) -> None:
    def echo(seen: Seen) -> Say:
        if not seen.user:
            return error(401, "UNAUTHORIZED", "who?", 'Basic realm="x"')
        return error(401, seen.user, f"{seen.user} {seen.authorization}", f'Basic realm="{seen.user}"')

    server.on("*", echo)
    answer = json.dumps(ask(login=ALICE).to_dict())
    assert "open-sesame" not in answer
    assert "YWxpY2U6b3Blbi1zZXNhbWUtMQ" not in answer


def test_nor_does_a_cut_leave_half_of_it(server: Server, ask: Ask) -> None:
    padding = "x" * 286
    server.on("*", lambda seen: error(401, "U", f"{padding}{seen.user}", 'Basic realm="x"'))
    assert "open" not in ask(login=ALICE).text


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"{}",
        b'{"token": ""}',
        b'{"token": ["x"]}',
        b'{"token": "a\\r\\nX-Evil: 1"}',
        b'{"token": "\\u2028"}',
        b"<html>",
        b"[" * 90_000,
    ],
)
def test_a_token_that_is_none(server: Server, other: Server, ask: Ask, token: bytes) -> None:
    other.on("/token", Say(200, token))
    server.on("*", error(401, "UNAUTHORIZED", "no", f'Bearer realm="{other.url}/token"'))
    answer = ask()
    assert (answer.outcome, answer.hop, answer.cause) == ("failed", "token", "registry_server_error")


def test_lifetimes_of_tokens_are_not_believed(server: Server, other: Server, ask: Ask) -> None:
    server.image("shop/web", "1")
    other.on("/token", as_json({"token": "t", "expires_in": 10**30}))
    path = "/v2/shop/web/manifests/1"
    server.protect(path, f'Bearer realm="{other.url}/token"', accept=lambda sent: sent == "Bearer t")
    assert ask().outcome == "found"


def test_a_challenge_that_changes_with_each_answer_ends(server: Server, other: Server, ask: Ask) -> None:
    other.on("*", as_json({"token": "t"}))
    count = iter(range(1000))
    server.on(
        "*", lambda _seen: error(401, "UNAUTHORIZED", "no", f'Bearer realm="{other.url}/{next(count)}"')
    )
    assert ask().outcome == "failed"
    assert len(other.seen) <= 3


@pytest.mark.parametrize(
    "realm", ["", "file:///etc/passwd", "https://", "not a url", "http://[::1", "https://a b/"]
)
def test_a_realm_that_is_no_address(server: Server, ask: Ask, realm: str) -> None:
    server.on("*", error(401, "UNAUTHORIZED", "no", f'Bearer realm="{realm}"'))
    assert ask(login=ALICE).outcome == "failed"


def test_a_connection_that_breaks_off(server: Server, ask: Ask) -> None:
    server.on(
        "*", Say(raw=lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
    )
    answer = ask()
    assert (answer.hop, answer.cause, answer.certain) == ("registry", "network_unreachable", False)
    assert "ends in the middle" in answer.text
