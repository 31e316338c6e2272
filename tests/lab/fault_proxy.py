# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's real API server behind something that spoils chosen answers, as networks and load balancers do."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.lab.image_pull_lab.lab import Lab
from tests.plays.bad_servers import kubeconfig

PAGE = 20


@dataclass
class Request:
    """A request on its way: what is asked, and how often that was asked before."""

    path: str
    query: dict[str, list[str]]
    number: int

    @property
    def first_page(self) -> bool:
        return "continue" not in self.query


@dataclass
class Fault:
    """What happens to a request that ``when`` holds for; ``times`` limits how often."""

    when: Callable[[Request], bool]
    status: int | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    #: Send this share of the answer, then reset the connection.
    cut_at: float | None = None
    hang: bool = False
    times: int = 1_000_000


class FaultProxy:
    """Plain HTTP on loopback in front of the API server; lists come in pages of PAGE, so that there are several."""

    def __init__(self, lab: Lab, *faults: Fault) -> None:
        self._faults = list(faults)
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()
        self._upstream = urlsplit(lab.server)
        self._context = ssl.create_default_context(cafile=str(lab.ca_file))
        self.requests: list[str] = []
        self.released = threading.Event()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Passes one request on, spoiled or not."""
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        with self._lock:
            self._asked[parts.path] = self._asked.get(parts.path, 0) + 1
            request = Request(parts.path, query, self._asked[parts.path])
            self.requests.append(handler.path)
            fault = self._fault(request)
        if fault and fault.hang:
            self.released.wait(120)
            return
        if fault and fault.status:
            self._send(handler, fault.status, _status(fault.status, fault.message).encode(), fault.headers)
            return
        if "limit" in query:
            query["limit"] = [str(PAGE)]
        status, content_type, content = self._ask(handler, f"{parts.path}?{urlencode(query, doseq=True)}")
        if fault and fault.cut_at is not None:
            self._cut(handler, content, fault.cut_at)
            return
        self._send(handler, status, content, {"Content-Type": content_type})

    def _fault(self, request: Request) -> Fault | None:
        for fault in self._faults:
            if fault.times > 0 and fault.when(request):
                fault.times -= 1
                return fault
        return None

    def _ask(self, handler: http.server.BaseHTTPRequestHandler, path: str) -> tuple[int, str, bytes]:
        connection = http.client.HTTPSConnection(
            self._upstream.hostname or "", self._upstream.port, context=self._context, timeout=60
        )
        length = int(handler.headers.get("Content-Length") or 0)
        names = ("Authorization", "Accept", "Content-Type")
        headers = {name: handler.headers[name] for name in names if handler.headers[name]}
        try:
            connection.request(handler.command, path, handler.rfile.read(length) if length else None, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", "application/json"), response.read()
        finally:
            connection.close()

    @staticmethod
    def _send(
        handler: http.server.BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]
    ) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    @staticmethod
    def _cut(handler: http.server.BaseHTTPRequestHandler, content: bytes, share: float) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: int(len(content) * share)])
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close()


@contextlib.contextmanager
def spoiled(lab: Lab, folder: Path, user: str, *faults: Fault) -> Iterator[tuple[Path, FaultProxy]]:
    """Gives a kubeconfig that leads through the proxy, and the proxy."""
    proxy = FaultProxy(lab, *faults)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                proxy.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *dummy: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield kubeconfig(folder / "config", url, token=lab.token(user)), proxy
        finally:
            proxy.released.set()
            server.shutdown()


def _status(code: int, message: str) -> str:
    reasons = {
        410: "Expired",
        429: "TooManyRequests",
        403: "Forbidden",
        404: "NotFound",
        500: "InternalError",
    }
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
    return json.dumps({**body, "reason": reasons.get(code, "Unknown")})
