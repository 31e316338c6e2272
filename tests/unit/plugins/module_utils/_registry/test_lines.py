# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, TCP, TLS and proxies: each failure is named by its hop, and each certificate is told."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import RegistryAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
    SettingsInvalid,
)

from tests.unit.plugins.module_utils._registry.conftest import ALICE
from tests.unit.plugins.module_utils._registry.loopback import Authority, Say, Server, authority, serve


def ask(host: str, **options: Any) -> RegistryAnswer:
    settings = Settings(**{"timeout": 5.0, "deadline": 20.0, **options})
    return Client(settings).ask([Question(f"{host}/shop/web:1", ALICE)])[0]


class TestTls:
    def test_a_trusted_certificate_is_told(self, ca: Authority) -> None:
        with serve(ca.context("reg.test", "127.0.0.1")) as server:
            server.image("shop/web", "1")
            answer = ask(server.netloc, ca_file=ca.file)
        fact = answer.certificate
        assert answer.outcome == "found"
        assert fact is not None
        assert (fact.subject, fact.issuer, fact.names) == (
            "CN=reg.test",
            "CN=Test CA",
            ("reg.test", "127.0.0.1"),
        )
        assert (fact.trusted, fact.not_after is not None) == (True, True)

    @pytest.mark.parametrize(
        ("names", "days", "trust", "cause", "words"),
        [
            (("127.0.0.1",), (-1, 30), False, "tls_untrusted", "signed by CN=Test CA, is not trusted"),
            (("other.test",), (-1, 30), True, "tls_name_mismatch", "it is for other.test"),
            (("127.0.0.1",), (-9, -2), True, "tls_expired", "expired on 20"),
            (("127.0.0.1",), (2, 30), True, "tls_expired", "check the clock"),
        ],
    )
    def test_what_is_wrong_with_a_certificate(
        self,
        ca: Authority,
        names: tuple[str, ...],
        days: tuple[int, int],
        trust: bool,
        cause: str,
        words: str,
    ) -> None:
        with serve(ca.context(*names, days=days)) as server:
            answer = ask(server.netloc, ca_file=ca.file if trust else None)
            assert server.seen == []
        assert (answer.outcome, answer.hop, answer.cause, answer.certain) == ("failed", "tls", cause, True)
        assert words in answer.text
        assert answer.certificate is not None
        assert (answer.certificate.trusted, answer.certificate.names) == (False, names)

    def test_certificates_need_not_be_verified(self, ca: Authority) -> None:
        with serve(ca.context("127.0.0.1")) as server:
            server.image("shop/web", "1")
            answer = ask(server.netloc, validate_certs=False)
        assert (answer.outcome, answer.certificate and answer.certificate.trusted) == ("found", None)

    def test_plain_http_where_https_is_expected(self, server: Server) -> None:
        answer = ask(server.netloc)
        assert (answer.hop, answer.cause, answer.certain) == ("tls", "http_https_mismatch", True)
        assert not any(seen.authorization for seen in server.seen)

    def test_https_where_plain_http_is_expected(self, ca: Authority) -> None:
        with serve(ca.context("127.0.0.1")) as server:
            answer = ask(server.netloc, plain_http=(server.netloc,))
            assert server.seen == []
        assert (answer.hop, answer.cause, answer.certain) == ("tls", "http_https_mismatch", True)

    @pytest.mark.parametrize(
        "words",
        ["Client sent an HTTP request to an HTTPS server.", "The plain HTTP request was sent to HTTPS port"],
    )
    def test_or_a_server_that_says_so_itself(self, server: Server, words: str) -> None:
        server.on("*", Say(400, words.encode()))
        answer = ask(server.netloc, plain_http=(server.netloc,))
        assert (answer.cause, answer.certain, answer.status) == ("http_https_mismatch", True, 400)

    def test_a_client_certificate_is_shown_to_the_registry(self, ca: Authority, tmp_path: Any) -> None:
        context = ca.context("127.0.0.1")
        context.load_verify_locations(ca.file)
        context.verify_mode = ssl.CERT_REQUIRED
        client = authority(tmp_path / "client")
        del client
        ca.context("client.test")
        pair = max(ca.folder.glob("client.test-*.pem"), key=lambda path: path.stat().st_mtime_ns)
        with serve(context) as server:
            server.image("shop/web", "1")
            assert ask(server.netloc, ca_file=ca.file).outcome == "failed"
            assert ask(server.netloc, ca_file=ca.file, client_cert=str(pair)).outcome == "found"

    @pytest.mark.parametrize("option", ["ca_file", "client_cert"])
    def test_a_file_that_is_not_there_is_said_at_once(self, option: str) -> None:
        with pytest.raises(SettingsInvalid, match="/nowhere: No such file"):
            Client(Settings(**{option: "/nowhere"}))


class TestReach:
    def test_a_name_that_does_not_exist(self) -> None:
        answer = ask("registry.invalid")
        assert (answer.hop, answer.cause, answer.certain) == ("dns", "dns_failure", True)

    def test_a_port_that_nobody_listens_on(self) -> None:
        answer = ask("127.0.0.1:1")
        assert (answer.hop, answer.cause) == ("tcp", "network_unreachable")
        assert answer.text == "127.0.0.1 refuses connections to port 1"

    def test_packets_that_vanish(self) -> None:
        with full_backlog() as port:
            answer = ask(f"127.0.0.1:{port}", timeout=0.3)
        assert (answer.hop, answer.cause) == ("tcp", "timeout")

    def test_a_handshake_that_nobody_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            answer = ask(f"127.0.0.1:{listener.getsockname()[1]}", timeout=0.3)
        assert (answer.hop, answer.cause) == ("tls", "timeout")

    def test_a_peer_that_hangs_up_in_the_handshake(self) -> None:
        with listening(lambda connection: connection.close()) as port:
            answer = ask(f"127.0.0.1:{port}")
        assert (answer.hop, answer.cause, answer.certain) == ("tls", "network_unreachable", False)


class TestProxy:
    def test_tls_goes_through_a_tunnel(self, ca: Authority) -> None:
        with serve(ca.context("registry.invalid")) as server, proxy(server) as (port, heads):
            server.image("shop/web", "1")
            url = f"http://me:p%40ss@127.0.0.1:{port}"
            answer = ask("registry.invalid", ca_file=ca.file, proxy=url)
        assert answer.outcome == "found"
        assert heads[0].startswith("CONNECT registry.invalid:443 HTTP/1.1")
        assert base64.b64encode(b"me:p@ss").decode() in heads[0]
        assert ("proxy", f"127.0.0.1:{port}") in [(host.role, host.host) for host in answer.hosts]

    def test_plain_http_is_handed_to_the_proxy(self, server: Server) -> None:
        server.image("shop/web", "1")
        inner = dict(server._handlers)
        for path, handler in inner.items():
            server.on(f"http://registry.invalid{path}", handler)
        answer = ask("registry.invalid", plain_http=("registry.invalid",), proxy=server.url)
        assert answer.outcome == "found"
        assert server.seen[0].headers["host"] == "registry.invalid"

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("407 Proxy Authentication Required", "wants a user name and password"),
            ("403 Forbidden", "does not allow it"),
            ("502 Bad Gateway", "cannot reach it"),
        ],
    )
    def test_a_proxy_that_refuses(self, server: Server, status: str, words: str) -> None:
        with proxy(server, status) as (port, dummy):
            answer = ask("registry.invalid", proxy=f"http://127.0.0.1:{port}")
        assert (answer.hop, answer.cause, answer.certain) == ("proxy", "proxy_error", True)
        assert words in answer.text

    def test_a_proxy_that_is_down(self) -> None:
        answer = ask("registry.invalid", proxy="http://me:hunter22@127.0.0.1:1")
        assert (answer.hop, answer.cause) == ("proxy", "proxy_error")
        assert "hunter22" not in str(answer.to_dict())

    def test_a_text_that_is_no_proxy(self) -> None:
        with pytest.raises(SettingsInvalid, match="is no proxy") as caught:
            Client(Settings(proxy="ftp://me:hunter22@x"))
        assert "hunter22" not in str(caught.value)

    def test_hosts_that_need_no_proxy(self, server: Server) -> None:
        server.image("shop/web", "1")
        answer = ask(server.netloc, plain_http=(server.netloc,), proxy="http://127.0.0.1:1")
        assert answer.outcome == "found"


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose queue is full: the kernel drops what more comes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for dummy in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.02)
        yield listener.getsockname()[1]


@contextlib.contextmanager
def listening(handle: Callable[[socket.socket], Any]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, dummy = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def proxy(server: Server, status: str = "200 OK") -> Iterator[tuple[int, list[str]]]:
    """A proxy that leads everything to one server; and what it was asked."""
    heads: list[str] = []

    def handle(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            heads.append(head.decode())
            client.sendall(f"HTTP/1.1 {status}\r\nX-Proxy: 1\r\n\r\n".encode())
            if not status.startswith("2"):
                return
            host, dummy, port = server.netloc.rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
                pump(client, upstream)

    with listening(handle) as port:
        yield port, heads


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
