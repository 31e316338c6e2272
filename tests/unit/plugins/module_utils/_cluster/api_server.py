# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that says what a test tells it to say, well-formed or not, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Union
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """One answer. ``length`` overrules the Content-Length; ``reset`` breaks the connection after the body."""

    body: bytes = b"{}"
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    reset: bool = False
    silent: bool = False


Reply = Union[Answer, Callable[[Request], Answer]]


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    """A well-formed answer."""
    return Answer(
        json.dumps(value).encode(), status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def refusal(status: int, message: str = "no", token: str = "", **headers: str) -> Answer:
    """What the API server sends with an error."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "message": message,
        "metadata": {"continue": token} if token else {},
    }
    return as_json(body, status, **headers)


def page(*items: Any, token: str = "", kind: str = "PodList") -> Answer:
    """One page of a list."""
    return as_json({"kind": kind, "apiVersion": "v1", "metadata": {"continue": token}, "items": list(items)})


def cut(body: bytes, at: int) -> Answer:
    """An answer whose connection is reset in the middle."""
    return Answer(body[:at], length=len(body), reset=True)


def zipped(value: Any) -> Answer:
    """A compressed answer."""
    return Answer(gzip.compress(json.dumps(value).encode()), headers={"Content-Encoding": "gzip"})


SILENCE = Answer(silent=True)


class ApiServer:
    """Answers by path: each path has a row of answers, the last of which is repeated."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.url = ""
        self.released = threading.Event()
        self._replies: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *replies: Reply) -> None:
        """Say ``replies`` when ``path`` is asked for, one after the other."""
        self._replies[path] = list(replies)

    def asked(self, path: str) -> list[Request]:
        """The requests for ``path``."""
        return [request for request in self.requests if request.path == path]

    def reply(self, request: Request) -> Answer:
        """The next answer for a request."""
        with self._lock:
            self.requests.append(request)
            row = self._replies.get(request.path)
            if not row:
                return refusal(404, f"nothing at {request.path}")
            reply = row.pop(0) if len(row) > 1 else row[0]
        return reply if isinstance(reply, Answer) else reply(request)


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, parts.path, query, dict(self.headers), body)
            self._send(server.reply(request))

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

        def _send(self, answer: Answer) -> None:
            if answer.silent:
                server.released.wait(30)
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header(
                "Content-Length", str(len(answer.body) if answer.length is None else answer.length)
            )
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()
            if answer.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def log_message(self, *dummy: object) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def api_server(context: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    """Give a server that listens on loopback until the block ends; with ``context`` it speaks TLS."""
    served = ApiServer()

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *dummy: object) -> None:
            """A client that goes away is part of the tests."""

    with Quiet(("127.0.0.1", 0), _handler(served)) as listener:
        if context:
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
        served.url = f"{'https' if context else 'http'}://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield served
        finally:
            served.released.set()
            listener.shutdown()
            thread.join()
