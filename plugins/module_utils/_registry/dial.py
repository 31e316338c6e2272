# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line to a host: name, TCP, proxy, TLS. Each step that fails is named."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import selectors
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CertificateFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import errors, tls
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.certificate import (
    certificate_fact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.names import Names
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    Origin,
    bypasses_proxy,
    is_local,
    origin_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Settings,
    SettingsInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import (
    Deadline,
    Watchdog,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import quotation

_STAGGER_SECONDS = 0.3
_LONGEST_PROXY_ANSWER = 16_384


@dataclass(slots=True)
class Line:
    """A connection, what lies beneath it for the watchdog, and what was seen on the way."""

    sock: Any
    beneath: socket.socket
    addresses: tuple[str, ...]
    certificate: CertificateFact | None = None


class Dialer:
    """Opens lines, through the proxy where one is set."""

    def __init__(self, settings: Settings, watchdog: Watchdog) -> None:
        self.names = Names()
        self.proxy = _proxy_origin(settings.proxy)
        self._authorization = _proxy_authorization(settings.proxy)
        self._settings = settings
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        if settings.ca_file or settings.ca_pem or settings.client_cert:
            # A file that cannot be used is said now, and not for each host.
            self._context()
        self._watchdog = watchdog

    def proxy_for(self, origin: Origin) -> Origin | None:
        """Return the proxy that stands before ``origin``, if one does."""
        if self.proxy is None or bypasses_proxy(origin, self._settings.no_proxy):
            return None
        return self.proxy

    @property
    def proxy_headers(self) -> dict[str, str]:
        """What the proxy wants to know of us."""
        return {"Proxy-Authorization": self._authorization} if self._authorization else {}

    def _context(self, verified: bool = True) -> ssl.SSLContext:
        """The system's authorities take a while to be read: not before they are needed, and once."""
        with self._lock:
            if verified not in self._contexts:
                self._contexts[verified] = (
                    tls.tls_context(self._settings) if verified else tls.unverified_context()
                )
            return self._contexts[verified]

    def check_reach(self, origin: Origin, deadline: Deadline) -> tuple[str, ...]:
        """Return the addresses of a host that a registry named; raises Stopped where it is on loopback or link-local.

        Behind a proxy a name that only the proxy can resolve passes: it is the proxy that connects.
        """
        try:
            addresses = self.names.addresses(origin.host, deadline)
        except Stopped:
            if self.proxy_for(origin) is None:
                raise
            return ()
        if any(is_local(address) for address in addresses):
            raise Stopped(
                errors.REGISTRY,
                "registry_server_error",
                f"the registry sends us to {origin.netloc}, an address on loopback or link-local, which is refused",
            )
        return addresses

    def open(self, origin: Origin, deadline: Deadline) -> Line:
        """Return a line to ``origin``, its certificate verified; raises Stopped."""
        try:
            return self._open(origin, deadline)
        except ssl.SSLError as error:
            raise self._no_tls(origin, deadline, error) from None

    def look(self, origin: Origin, deadline: Deadline) -> CertificateFact | None:
        """Return the certificate that ``origin`` shows, untrusted ones too: a handshake, and not a byte more."""
        with contextlib.suppress(Stopped, OSError, ValueError):
            line = self._open(origin, deadline, verified=False)
            line.sock.close()
            return line.certificate
        return None

    def _open(self, origin: Origin, deadline: Deadline, verified: bool = True) -> Line:
        proxy = self.proxy_for(origin)
        if proxy is None:
            addresses = self.names.addresses(origin.host, deadline)
            sock: Any = connect_any(origin, addresses, deadline)
        else:
            addresses, sock = self._through(proxy, origin, deadline)
        line = Line(sock, sock, addresses)
        if origin.scheme == "https":
            try:
                self._handshake(line, origin, deadline, self._context(verified))
            except BaseException:
                sock.close()
                raise
        return line

    def _handshake(self, line: Line, origin: Origin, deadline: Deadline, context: ssl.SSLContext) -> None:
        line.sock.settimeout(deadline.left)
        try:
            if isinstance(line.sock, ssl.SSLSocket):
                from urllib3.util.ssltransport import SSLTransport

                with self._watchdog.watching(line.beneath, deadline):
                    line.sock = SSLTransport(line.sock, context, server_hostname=origin.host)
            else:
                # The deadline of a handshake in the ssl module is for the whole of it.
                line.sock = context.wrap_socket(line.sock, server_hostname=origin.host)
                line.beneath = line.sock
        except ssl.SSLError as error:
            if deadline.passed:
                raise slow(errors.TLS, f"the TLS handshake with {origin.netloc}", deadline) from None
            raise error
        except TimeoutError:
            raise slow(errors.TLS, f"the TLS handshake with {origin.netloc}", deadline) from None
        except OSError as error:
            raise Stopped(
                errors.TLS,
                "network_unreachable",
                f"{origin.netloc} breaks off the TLS handshake: {_told(error)}",
                certain=False,
                alternatives=("http_https_mismatch", "proxy_error"),
                settle_by="ask from another network: a firewall that filters by host name ends handshakes like this",
                lasting=True,
            ) from None
        trusted = context.verify_mode != ssl.CERT_NONE or None
        line.certificate = certificate_fact(origin.netloc, line.sock.getpeercert(True), trusted)

    def _no_tls(self, origin: Origin, deadline: Deadline, error: ssl.SSLError) -> Stopped:
        if tls.speaks_no_tls(error) or (tls.may_speak_no_tls(error) and self._speaks_http(origin, deadline)):
            return Stopped(
                errors.TLS,
                "http_https_mismatch",
                f"{origin.netloc} speaks plain HTTP where HTTPS is expected",
                lasting=True,
            )
        certificate = None
        if isinstance(error, ssl.SSLCertVerificationError):
            certificate = self.look(origin, deadline)
            if certificate is not None:
                certificate = _with_problem(certificate, error.verify_message)
        return tls.refused(origin.netloc, error, certificate)

    def _speaks_http(self, origin: Origin, deadline: Deadline) -> bool:
        plain = Origin("http", origin.host, origin.port)
        with contextlib.suppress(Stopped, OSError):
            line = self._open(plain, deadline)
            with line.sock, self._watchdog.watching(line.beneath, deadline):
                line.sock.sendall(f"HEAD /v2/ HTTP/1.1\r\nHost: {origin.netloc}\r\n\r\n".encode())
                return bool(line.sock.recv(16).startswith(b"HTTP/"))
        return False

    def _through(self, proxy: Origin, origin: Origin, deadline: Deadline) -> tuple[tuple[str, ...], Any]:
        """Connect to the proxy; for TLS ask it for a tunnel. A plain request is sent to the proxy as it is."""
        try:
            addresses = self.names.addresses(proxy.host, deadline)
            sock: Any = connect_any(proxy, addresses, deadline)
            if proxy.scheme == "https":
                line = Line(sock, sock, addresses)
                self._handshake(line, proxy, deadline, self._context())
                sock = line.sock
        except ssl.SSLError as error:
            stopped = tls.refused(proxy.netloc, error, None)
            raise _at_proxy(proxy, stopped) from None
        except Stopped as stopped:
            raise _at_proxy(proxy, stopped) from None
        if origin.scheme == "https":
            try:
                self._tunnel(sock, proxy, origin, deadline)
            except BaseException:
                sock.close()
                raise
        return (), sock

    def _tunnel(self, sock: Any, proxy: Origin, origin: Origin, deadline: Deadline) -> None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        head = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
        head += [f"{name}: {value}" for name, value in self.proxy_headers.items()]
        answer = b""
        try:
            with self._watchdog.watching(sock, deadline):
                sock.settimeout(deadline.left)
                sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
                # Byte by byte: what follows the empty line belongs to the other end.
                while not answer.endswith(b"\r\n\r\n") and len(answer) < _LONGEST_PROXY_ANSWER:
                    byte = sock.recv(1)
                    if not byte:
                        break
                    answer += byte
        except OSError:
            pass
        words = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        if len(words) > 1 and words[0].startswith("HTTP/") and words[1].startswith("2"):
            return
        raise _no_tunnel(proxy, origin, words, deadline)


def connect_any(origin: Origin, addresses: tuple[str, ...], deadline: Deadline) -> socket.socket:
    """Return a socket to whichever address answers first, each tried a little after the one before (RFC 8305)."""
    waiting, failures = list(addresses), list[int]()
    with selectors.DefaultSelector() as selector:
        next_try = 0.0
        try:
            while waiting or selector.get_map():
                if deadline.passed:
                    raise slow(errors.TCP, f"the connection to {origin.netloc}", deadline)
                if waiting and time.monotonic() >= next_try:
                    _begin(selector, waiting.pop(0), origin.port, failures)
                    next_try = time.monotonic() + _STAGGER_SECONDS
                pause = max(next_try - time.monotonic(), 0) if waiting else deadline.left
                for key, dummy in selector.select(min(pause, deadline.left)):
                    sock: socket.socket = key.fileobj  # type: ignore[assignment]
                    selector.unregister(sock)
                    failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not failed:
                        sock.setblocking(True)
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        return sock
                    sock.close()
                    failures.append(failed)
                    next_try = 0.0
        finally:
            for key in list(selector.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]
    raise _no_connection(origin, failures)


def _begin(selector: selectors.BaseSelector, address: str, port: int, failures: list[int]) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        failures.append(error.errno or errno.EIO)
        return
    sock.setblocking(False)
    result = sock.connect_ex((address, port))
    if result in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        selector.register(sock, selectors.EVENT_WRITE)
    else:
        sock.close()
        failures.append(result)


def slow(hop: str, what: str, deadline: Deadline) -> Stopped:
    """Return what it means that ``what`` took longer than it may."""
    text = f"{what} was not done within {deadline.seconds:.3g} s"
    return Stopped(hop, "timeout", text, lasting=hop in (errors.TCP, errors.TLS), out_of_time=True)


def _no_connection(origin: Origin, failures: list[int]) -> Stopped:
    failed = failures[0] if failures else errno.EHOSTUNREACH
    if failed == errno.ETIMEDOUT:
        text = f"no answer from {origin.netloc} to TCP"
        return Stopped(errors.TCP, "timeout", text, lasting=True)
    if failed == errno.ECONNREFUSED:
        text = f"{origin.host} refuses connections to port {origin.port}"
    else:
        text = f"no connection to {origin.netloc}: {os.strerror(failed).lower()}"
    return Stopped(errors.TCP, "network_unreachable", text, lasting=True)


def _no_tunnel(proxy: Origin, origin: Origin, words: list[str], deadline: Deadline) -> Stopped:
    if deadline.passed:
        return slow(errors.PROXY, f"the tunnel of the proxy {proxy.netloc} to {origin.netloc}", deadline)
    status, reason = (words[1], quotation(" ".join(words[1:]))) if len(words) > 1 else ("", "no answer")
    what = {
        "407": "wants a user name and password that it accepts",
        "403": "does not allow it",
        "405": "does not allow it",
    }.get(status, "cannot reach it")
    if not status:
        what = "breaks off"
    text = f"the proxy {proxy.netloc} was asked for {origin.netloc} and {what} ({reason})"
    return Stopped(errors.PROXY, "proxy_error", text, lasting=True)


def _at_proxy(proxy: Origin, stopped: Stopped) -> Stopped:
    text = f"the proxy {proxy.netloc} cannot be used: {stopped.text}"
    return Stopped(errors.PROXY, "proxy_error", text, lasting=True, out_of_time=stopped.out_of_time)


def _proxy_origin(proxy: str | None) -> Origin | None:
    if not proxy:
        return None
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        return origin_of(url)
    except ValueError:
        shown = url.rpartition("@")[2].partition("://")[2] or "the given text"
        raise SettingsInvalid(
            f"{shown} is no proxy: http://HOST:PORT or https://HOST:PORT is wanted"
        ) from None


def _proxy_authorization(proxy: str | None) -> str:
    parts = urlsplit(proxy if proxy and "://" in proxy else f"http://{proxy or ''}")
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _with_problem(certificate: CertificateFact, problem: str) -> CertificateFact:
    from dataclasses import replace

    return replace(certificate, trusted=False, problem=problem)


def _told(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
