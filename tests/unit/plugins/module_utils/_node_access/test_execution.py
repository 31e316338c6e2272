# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command over a web socket, with a server on loopback that ends it in every way; real ones are in tests/lab."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import execution
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.execution import (
    ExecError,
    Limits,
    Outcome,
    Target,
    execute,
)

pytest.importorskip("websocket")
Speak = Callable[[socket.socket], None]
Run = Callable[..., Outcome]
SUCCESS = b'\x03{"status": "Success"}'
MARK = b"mark:"


def frame(data: bytes, opcode: int = 2, fin: bool = True) -> bytes:
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    return bytes([(0x80 if fin else 0) | opcode]) + size + data


def failure(code: str) -> bytes:
    causes = [{"reason": "ExitCode", "message": code}]
    body = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return b"\x03" + json.dumps(body).encode()


def unreadable(message: str) -> bytes:
    return b"\x03" + json.dumps({"status": "Failure", "reason": "InternalError", "message": message}).encode()


def switched(request: bytes) -> bytes:
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
    assert key
    accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


class Server:
    """Answers one handshake, then says what a test wants."""

    def __init__(self) -> None:
        self.request = b""
        self.answer: bytes | None = None
        self.speak: Speak = lambda _peer: None

    def serve(self, listener: socket.socket) -> None:
        peer, _address = listener.accept()
        with peer, contextlib.suppress(OSError):
            peer.settimeout(10)
            while b"\r\n\r\n" not in self.request:
                self.request += peer.recv(4096)
            peer.sendall(self.answer or switched(self.request))
            if not self.answer:
                self.speak(peer)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def run(server: Server) -> Iterator[Run]:
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
    thread.start()
    api = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", Credentials("Bearer s3cr3t"))

    def execute_there(stdin: bytes | None = None, proxy: str | None = None, **limits: Any) -> Outcome:
        api.proxy = proxy
        source = None if stdin is None else io.BytesIO(stdin)
        return execute(api, Target("ns", "p", "shell"), ["sh", "-c", "a b"], source, MARK, Limits(**limits))

    yield execute_there
    listener.close()
    thread.join(10)


def says(*parts: bytes) -> Speak:
    return lambda peer: peer.sendall(b"".join(parts))


def test_the_credential_is_sent_as_a_header_and_not_in_the_address(server: Server, run: Run) -> None:
    server.speak = says(frame(b"\x01mark:"), frame(SUCCESS))
    run()
    first, _break, fields = server.request.partition(b"\r\n")
    assert first == (
        b"GET /api/v1/namespaces/ns/pods/p/exec?container=shell&stdout=true&stderr=true"
        b"&command=sh&command=-c&command=a+b HTTP/1.1"
    )
    assert b"Authorization: Bearer s3cr3t" in fields


def test_output_in_pieces_and_fragments(server: Server, run: Run) -> None:
    fragments = frame(b"\x01one ", fin=False) + frame(b"two", opcode=0)
    server.speak = says(
        frame(b"\x01ma"), frame(b"\x01rk:"), fragments, frame(b"\x02err"), frame(b"\x01"), frame(failure("3"))
    )
    assert run() == Outcome(3, b"one two", b"err")


def test_pings_are_answered(server: Server, run: Run) -> None:
    heard: list[bytes] = []

    def speak(peer: socket.socket) -> None:
        peer.sendall(frame(b"\x01mark:") + frame(b"are you there", opcode=9))
        heard.append(peer.recv(100))
        peer.sendall(frame(SUCCESS))

    server.speak = speak
    assert run().code == 0
    assert heard[0][0] == 0x8A


@pytest.mark.parametrize("ending", [b"", frame(b"", opcode=8), frame(b"\x03not json") + frame(b"", opcode=8)])
def test_a_connection_that_ends_without_a_result_is_no_success(
    server: Server, run: Run, ending: bytes
) -> None:
    server.speak = says(frame(b"\x01mark:half of the out"), ending)
    with pytest.raises(ExecError, match=r"broke while|closed before"):
        run()


def test_a_command_that_never_began_is_no_result(server: Server, run: Run) -> None:
    server.speak = says(frame(b"\x02sh: nsenter: not found"), frame(failure("127")))
    with pytest.raises(ExecError, match="nsenter: not found"):
        run()


def test_something_else_that_answers_is_no_result(server: Server, run: Run) -> None:
    server.speak = says(frame(b"\x01welcome to the image's own shell"), frame(SUCCESS))
    with pytest.raises(ExecError, match="no shell of the node answered"):
        run()


def test_a_container_that_is_gone_may_be_looked_for_again(server: Server, run: Run) -> None:
    server.speak = says(frame(unreadable('container not found ("shell")')))
    with pytest.raises(ExecError, match="container not found") as caught:
        run()
    assert caught.value.gone


def test_a_kubelet_that_is_silent_costs_the_first_limit(server: Server, run: Run) -> None:
    def speak(peer: socket.socket) -> None:
        peer.recv(1)

    server.speak = speak
    with pytest.raises(ExecError, match="does the kubelet hang"):
        run(first=0.2)


def test_a_command_without_end_costs_the_whole_limit(server: Server, run: Run) -> None:
    def speak(peer: socket.socket) -> None:
        peer.sendall(frame(b"\x01mark:"))
        peer.recv(1)

    server.speak = speak
    with pytest.raises(ExecError, match="did not end"):
        run(first=5.0, whole=0.2)


def test_a_peer_that_is_not_heard_any_more_is_lost(
    server: Server, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "_PING_AFTER", 0.1)
    monkeypatch.setattr(execution, "_LOST_AFTER", 0.3)

    def speak(peer: socket.socket) -> None:
        peer.sendall(frame(b"\x01mark:"))
        while peer.recv(100):
            pass

    server.speak = speak
    with pytest.raises(ExecError, match="the connection is lost"):
        run()


def test_both_sides_may_speak_at_once(server: Server, run: Run) -> None:
    """Neither waits for the other to read: megabytes go both ways over one connection."""

    def speak(peer: socket.socket) -> None:
        peer.sendall(frame(b"\x01mark:"))
        for dummy in range(200):
            peer.sendall(frame(b"\x01" + b"x" * 20_000))
        got = 0
        while got < 3_000_000:
            got += len(peer.recv(1 << 16))
        peer.sendall(frame(SUCCESS))

    server.speak = speak
    assert len(run(b"y" * 3_000_000, whole=30.0).stdout) == 4_000_000


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, b'{"message": "User u cannot"}', "pods/exec, get and create"),
        (401, b"{}", "does not accept the credentials"),
        (404, b'{"message": "pods p not found"}', "404"),
        (502, b"<html>", "a page, not an API answer"),
        (302, b"", "no connection to http://127.0.0.1"),
    ],
)
def test_a_server_that_refuses(server: Server, run: Run, status: int, body: bytes, words: str) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: {len(body)}\r\n\r\n"
    server.answer = head.encode() + body
    with pytest.raises(ExecError) as caught:
        run()
    assert words in caught.value.message
    assert "s3cr3t" not in caught.value.message


class Proxy:
    """An HTTP proxy for one connection; it keeps what it was asked."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        peer, _address = self._listener.accept()
        while b"\r\n\r\n" not in self.asked:
            self.asked += peer.recv(4096)
        host, _colon, port = self.asked.split()[1].decode().partition(":")
        beyond = socket.create_connection((host, int(port)))
        peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self._pass_on, args=(peer, beyond), daemon=True).start()
        self._pass_on(beyond, peer)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                target.sendall(data)

    def close(self) -> None:
        self._listener.close()


class TestProxies:
    @pytest.fixture
    def proxy(self) -> Iterator[Proxy]:
        made = Proxy()
        yield made
        made.close()

    def test_a_proxy_is_asked_for_a_tunnel_and_gets_its_own_login_only(
        self, server: Server, run: Run, proxy: Proxy
    ) -> None:
        server.speak = says(frame(b"\x01mark:"), frame(SUCCESS))
        assert run(proxy=f"http://me:pass%20word@127.0.0.1:{proxy.port}").code == 0
        assert proxy.asked.startswith(b"CONNECT 127.0.0.1:")
        assert base64.b64encode(b"me:pass word") in proxy.asked
        assert b"s3cr3t" not in proxy.asked

    def test_the_environment_does_not_overrule_what_was_settled(
        self, server: Server, run: Run, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        server.speak = says(frame(b"\x01mark:"), frame(SUCCESS))
        assert run().code == 0

    def test_no_proxy_of_the_environment_does_not_either(
        self, server: Server, run: Run, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        server.speak = says(frame(b"\x01mark:"), frame(SUCCESS))
        run(proxy=f"http://127.0.0.1:{proxy.port}")
        assert proxy.asked

    def test_a_proxy_that_web_sockets_cannot_use_is_named(self, run: Run, server: Server) -> None:
        server.answer = b"HTTP/1.1 500 X\r\n\r\n"
        with pytest.raises(ExecError, match="do not go through a proxy with https://"):
            run(proxy="https://127.0.0.1:1")
        with pytest.raises(ExecError):
            run()
