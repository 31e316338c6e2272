# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command in a container through the API server: the exec subresource over a web socket.

Each message begins with the number of its channel: 0 what the command reads, 1 and 2 what it prints, 3 how it ended, as
a Status object (k8s.io/apimachinery, pkg/util/remotecommand: ``v4.channel.k8s.io``, ``v5.channel.k8s.io``). What a v4
command reads has no end, so the command itself has to know how much there is.
"""

from __future__ import annotations

import json
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import namespaced
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import tls_context
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _STATUS = range(4)
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_PIECE = 1 << 16
_SWITCHED = 101
_PING_AFTER, _LOST_AFTER = 10.0, 30.0
_LONGEST_STATUS = 1 << 16


class ExecError(Exception):
    """No command could be run, or its end is not known; one printable line. ``status`` is that of HTTP, 0 for none.

    ``gone``: the pod or its container is not there (any more).
    """

    def __init__(self, message: str, status: int = 0, gone: bool = False) -> None:
        self.message = printable(message, 600)
        self.status = status
        self.gone = gone
        super().__init__(self.message)


class Readable(Protocol):
    """What a command is fed from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Target:
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until the server answers and the command begins, for the whole command, and most bytes printed."""

    first: float = 10.0
    whole: float = 600.0
    most_bytes: int = 64 << 20


@dataclass(slots=True)
class Outcome:
    """What a command gave; ``stdout`` is empty where it was handed on as it came."""

    code: int
    stdout: bytes
    stderr: bytes


def execute(
    connection: Connection,
    target: Target,
    command: Sequence[str],
    stdin: Readable | None,
    mark: bytes,
    limits: Limits,
    sink: Callable[[bytes], object] | None = None,
) -> Outcome:
    """Run ``command``, feed it ``stdin``, and return what came of it.

    The command prints ``mark`` first, which says that it has begun and is taken off again. ``sink`` takes what it
    prints instead of the outcome. Raises ExecError.
    """
    socket = _open(connection, target, command, stdin is not None, limits.first)
    try:
        return _Session(socket, stdin, mark, limits, sink).run()
    finally:
        socket.shutdown()


def _open(connection: Connection, target: Target, command: Sequence[str], reads: bool, seconds: float) -> Any:
    try:
        import websocket
    except ImportError:
        raise ExecError(
            "the Python package websocket-client is not installed for this interpreter; kubernetes brings it"
        ) from None
    what = f"the pod {target.namespace}/{target.pod}"
    tls: dict[str, Any] = {}
    if connection.server.startswith("https://"):
        tls["context"] = tls_context(connection)
        if connection.tls_server_name:
            tls["server_hostname"] = connection.tls_server_name
    try:
        socket = websocket.create_connection(
            _address(connection.server, target, command, reads),
            timeout=seconds,
            header=_headers(connection),
            subprotocols=list(PROTOCOLS),
            sslopt=tls,
            suppress_origin=True,
            redirect_limit=0,
            **_proxy(connection),
        )
    except websocket.WebSocketBadStatusException as error:
        raise _refused(error, what) from None
    except websocket.WebSocketTimeoutException:
        raise ExecError(f"no answer from {connection.server} within {seconds:.0f} s for {what}") from None
    except (websocket.WebSocketException, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ExecError(f"no connection to {connection.server} for {what}: {reason}") from None
    if socket.getstatus() != _SWITCHED or socket.getsubprotocol() not in PROTOCOLS:
        socket.shutdown()
        raise ExecError(
            f"{connection.server} does not switch to a web socket for {what} (HTTP {socket.getstatus()}): "
            "is something between that does not let them through?"
        )
    return socket


def _address(server: str, target: Target, command: Sequence[str], reads: bool) -> str:
    path = namespaced("/api/v1", target.namespace, "pods", target.pod)
    query = [("container", target.container), ("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if reads else []
    query += [("command", word) for word in command]
    return f"ws{server.removeprefix('http')}{path}/exec?{urlencode(query)}"


def _headers(connection: Connection) -> list[str]:
    fields = [f"{name}: {value}" for name, value in connection.headers]
    if connection.credentials.authorization:
        fields.append(f"Authorization: {connection.credentials.authorization}")
    return [*fields, "User-Agent: kube_runbooks.image_pull"]


def _proxy(connection: Connection) -> dict[str, Any]:
    """Return the options for the proxy; the environment's has been considered where the connection was made."""
    if not connection.proxy:
        # Without a proxy's name the library would read the environment.
        return {"http_proxy_host": "no-host.invalid", "http_proxy_port": 1, "http_no_proxy": ["*"]}
    parts = urlsplit(connection.proxy)
    if parts.scheme not in ("http", "socks4", "socks4a", "socks5", "socks5h"):
        raise ExecError(f"web sockets do not go through a proxy with {parts.scheme}://: name an http:// one")
    default = 1080 if parts.scheme.startswith("socks") else 80
    found: dict[str, Any] = {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or default,
        "proxy_type": parts.scheme,
        # A list that is not empty keeps the environment's from being read.
        "http_no_proxy": ["no-host.invalid"],
    }
    user = _proxy_user(connection)
    return {**found, "http_proxy_auth": user} if user else found


def _proxy_user(connection: Connection) -> tuple[str, str] | None:
    from base64 import b64decode
    from urllib.parse import unquote

    kind, _blank, value = connection.proxy_headers.get("Proxy-Authorization", "").partition(" ")
    if kind == "Basic":
        name, _colon, password = b64decode(value).decode(errors="replace").partition(":")
        return name, password
    parts = urlsplit(connection.proxy or "")
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def _refused(error: Any, what: str) -> ExecError:
    status = int(error.status_code)
    words = ""
    try:
        words = str(json.loads(error.resp_body or b"{}").get("message") or "")
    except (ValueError, AttributeError):
        words = "a page, not an API answer"
    if status == 401:
        return ExecError("the API server does not accept the credentials (401): expired? log in again", 401)
    if status == 403:
        return ExecError(f"forbidden: no right to enter {what} (pods/exec, get and create): {words}", 403)
    return ExecError(f"cannot enter {what} (HTTP {status}): {words}", status, gone=status == 404)


class _Session:
    """One command over an open web socket. Reads and writes take turns, so that neither side waits for the other."""

    def __init__(
        self,
        socket: Any,
        stdin: Readable | None,
        mark: bytes,
        limits: Limits,
        sink: Callable[[bytes], object] | None,
    ) -> None:
        from websocket import ABNF

        self._frame = ABNF.create_frame
        self._socket = socket
        self._stdin = stdin
        self._mark = mark
        self._limits = limits
        self._sink = sink
        self._began = self._heard = self._pinged = time.monotonic()
        self._outbox = b""
        self._begun = False
        self._head = b""
        self._printed = 0
        self._out: list[bytes] = []
        self._err: list[bytes] = []
        self._status = b""
        self._message = b""

    def run(self) -> Outcome:
        """Return what the command gave; raises ExecError."""
        from ssl import SSLError

        from websocket import WebSocketException

        try:
            while not self._turn():
                pass
        except (WebSocketException, SSLError, OSError) as error:
            if not self._status:
                reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
                raise ExecError(f"the connection broke while the command ran: {reason}") from None
        return self._outcome()

    def _turn(self) -> bool:
        """Read or write what can be; return whether the other side has ended."""
        plain = self._socket.sock
        now = time.monotonic()
        self._check_time(now)
        if not self._outbox and self._stdin is not None:
            self._fill()
        waiting = bool(getattr(plain, "pending", int)())
        readable, writable, _none = select.select(
            [plain], [plain] if self._outbox else [], [], 0 if waiting else 0.5
        )
        if writable:
            self._write(plain)
        return bool((waiting or readable) and self._read())

    def _check_time(self, now: float) -> None:
        passed = now - self._began
        if not self._begun and passed > self._limits.first:
            raise ExecError(
                f"the command did not begin within {self._limits.first:.0f} s: does the kubelet hang?"
            )
        if passed > self._limits.whole:
            raise ExecError(f"the command did not end within {self._limits.whole:.0f} s")
        if now - self._heard > _LOST_AFTER:
            raise ExecError(f"nothing was heard for {_LOST_AFTER:.0f} s: the connection is lost")
        if now - self._heard > _PING_AFTER and now - self._pinged > _PING_AFTER:
            self._pinged = now
            self._outbox += self._frame(b"", _PING).format()

    def _fill(self) -> None:
        piece = self._stdin.read(_PIECE) if self._stdin else b""
        if piece:
            self._outbox += self._frame(bytes([_STDIN]) + piece, _BINARY).format()
        else:
            self._stdin = None

    def _write(self, plain: Any) -> None:
        from ssl import SSLWantReadError, SSLWantWriteError

        plain.settimeout(0)
        try:
            sent = plain.send(self._outbox)
            self._outbox = self._outbox[sent:]
        except (SSLWantReadError, SSLWantWriteError, BlockingIOError):
            return
        finally:
            plain.settimeout(self._limits.first)

    def _read(self) -> bool:
        frame = self._socket.recv_frame()
        self._heard = time.monotonic()
        if frame.opcode == _PING:
            self._outbox += self._frame(frame.data, _PONG).format()
        elif frame.opcode in (_TEXT, _BINARY, _CONTINUED):
            data = frame.data if isinstance(frame.data, bytes) else frame.data.encode()
            self._message = self._message + data if frame.opcode == _CONTINUED else data
            if frame.fin:
                self._take(self._message[:1], self._message[1:])
        return bool(frame.opcode == _CLOSE or self._status)

    def _take(self, channel: bytes, data: bytes) -> None:
        if channel == bytes([_STATUS]):
            self._status += data[:_LONGEST_STATUS]
        elif channel == bytes([_STDOUT]) and data:
            self._printed_out(data)
        elif channel == bytes([_STDERR]) and data:
            self._count(data)
            self._err.append(data)

    def _printed_out(self, data: bytes) -> None:
        if not self._begun:
            self._head += data
            if len(self._head) < len(self._mark):
                return
            if not self._head.startswith(self._mark):
                raise ExecError(f"no shell of the node answered: {self._head[:200].decode(errors='replace')}")
            self._begun = True
            data = self._head[len(self._mark) :]
        if self._sink:
            self._sink(data)
        else:
            self._count(data)
            self._out.append(data)

    def _count(self, data: bytes) -> None:
        self._printed += len(data)
        if self._printed > self._limits.most_bytes:
            raise ExecError(f"the command printed more than {self._limits.most_bytes >> 20} MiB")

    def _outcome(self) -> Outcome:
        code, words = _ended(self._status)
        errors = b"".join(self._err)
        if code is None or not self._begun:
            told = words
            if not self._begun:
                told = told or self._head.decode(errors="replace") or errors.decode(errors="replace")
            gone = "not found" in words or "not running" in words
            raise ExecError(told or "the connection closed before the command ended", gone=gone)
        return Outcome(code, b"".join(self._out), errors)


def _ended(status: bytes) -> tuple[int | None, str]:
    """Return exit code and words of a Status object; the code is None where it tells of no end."""
    try:
        found = json.loads(status)
        if found.get("status") == "Success":
            return 0, ""
        words = str(found.get("message") or "")
        if found.get("reason") != "NonZeroExitCode":
            return None, words
        causes = (found.get("details") or {}).get("causes") or []
        return next((int(one["message"]) for one in causes if one.get("reason") == "ExitCode"), None), words
    except (ValueError, AttributeError, KeyError, TypeError):
        return None, ""
