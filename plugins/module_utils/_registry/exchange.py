# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and their replies: kept connections, redirects, limits on time and size."""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CertificateFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.dial import (
    Dialer,
    Line,
    slow,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    Origin,
    origin_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import (
    Deadline,
    Watchdog,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._version import COLLECTION_VERSION

try:
    import urllib3
    from urllib3.connection import HTTPConnection
except ImportError:
    # Said by whoever asks a registry. To be imported without it is what ansible-test wants of every file.
    urllib3 = None
    HTTPConnection = object

LARGEST_BODY = 4 << 20
"""The largest manifest that registries take (distribution: maxBlobUpload for manifests, 4 MiB)."""
LARGEST_REFUSAL = 64 << 10
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 16
_TRIES = 3


@dataclass(slots=True)
class Reach:
    """What was seen of a host when the connection was made."""

    addresses: tuple[str, ...] = ()
    certificate: CertificateFact | None = None


class _Connection(HTTPConnection):
    """A connection of urllib3 whose line, with TLS and proxy, our dialer lays."""

    def __init__(
        self, *arguments: Any, dial: Callable[[], Line], now: threading.local, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._dial = dial
        self._now = now
        self._line: Line | None = None

    def connect(self) -> None:
        """Lay the line; raises Stopped, which urllib3 lets pass."""
        self._lay()

    def _lay(self) -> Line:
        self._line = line = self._dial()
        self.sock = line.sock
        return line

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request under the watch of its deadline."""
        self._now.fresh = self.sock is None
        line = self._line if self.sock is not None else None
        if line is None:
            line = self._lay()
        self._now.stack.enter_context(self._now.watchdog.watching(line.beneath, self._now.deadline))
        super().request(*arguments, **options)


class Transport:
    """Connections to all hosts, shared by threads."""

    def __init__(self, settings: Settings) -> None:
        if urllib3 is None:
            raise ImportError("urllib3 is missing", name="urllib3")
        self._settings = settings
        self._watchdog = Watchdog()
        self.dialer = Dialer(settings, self._watchdog)
        self._now = threading.local()
        self._lock = threading.Lock()
        self._pools: dict[Origin, urllib3.HTTPConnectionPool] = {}
        self._dead: dict[Origin, Stopped] = {}
        self._replied: set[Origin] = set()
        self.reached: dict[Origin, Reach] = {}
        self.requests = 0

    def follow(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        within: Deadline,
        *,
        limit: int = LARGEST_BODY,
        hop: str = errors.REGISTRY,
        trust: Origin | None = None,
        first_only: bool = False,
    ) -> Reply:
        """Send a request and follow its redirects; ``Authorization`` goes to the first origin alone.

        ``trust`` is the registry that was asked for: other hosts must not lead to loopback or link-local addresses,
        unless it lies there itself. ``first_only`` returns a redirect to another origin as it is.
        """
        first, seen = origin_of(url), set()
        deadline = Deadline(self._settings.timeout, within)
        hosts: list[tuple[Origin, tuple[str, ...]]] = []
        for dummy in range(MOST_REDIRECTS + 1):
            origin = origin_of(url)
            if origin != first:
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            if trust is not None and origin != trust:
                self.check_reach(origin, trust, deadline)
            reply = self.send(method, url, headers, deadline, limit, hop)
            hosts.append((origin, self.reached.get(origin, Reach()).addresses))
            reply.hosts = hosts
            target = _target(reply)
            if not target:
                return reply
            if first_only and _origin_or_none(target) != first:
                return reply
            if target in seen or _origin_or_none(target) is None:
                break
            seen.add(target)
            url = target
        text = f"{first.netloc} answers with redirects that lead nowhere (the last to {urlsplit(url).netloc})"
        raise Stopped(hop, "registry_server_error", text)

    def post(
        self, url: str, form: list[tuple[str, str]], within: Deadline, limit: int, trust: Origin
    ) -> Reply:
        """Post a form to a token service; a redirect is returned as it is, because the form holds a password."""
        origin, deadline = origin_of(url), Deadline(self._settings.timeout, within)
        if origin != trust:
            self.check_reach(origin, trust, deadline)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", url, headers, deadline, limit, errors.TOKEN, urlencode(form).encode())

    def check_reach(self, origin: Origin, trust: Origin, deadline: Deadline) -> None:
        """Refuse a host on loopback or link-local, unless the registry ``trust`` lies there too."""
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
            is_local,
        )

        with contextlib.suppress(Stopped):
            if any(is_local(address) for address in self.dialer.names.addresses(trust.host, deadline)):
                return
        self.dialer.check_reach(origin, deadline)

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        deadline: Deadline,
        limit: int,
        hop: str,
        content: bytes | None = None,
    ) -> Reply:
        """Send one request; raises Stopped where no complete reply comes back in time."""
        origin = origin_of(url)
        if origin in self._dead:
            raise replace(self._dead[origin])
        headers = {
            "Host": origin.netloc,
            "User-Agent": f"kube_runbooks.image_pull/{COLLECTION_VERSION}",
            "Accept-Encoding": "identity",
            **headers,
        }
        for tried in range(_TRIES):
            try:
                return self._exchange(method, url, origin, headers, deadline, limit, content)
            except Stopped as stopped:
                if stopped.lasting and not (stopped.out_of_time and deadline.shortened):
                    self._dead[origin] = stopped
                raise
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if deadline.passed:
                    raise self._silent(origin, hop, deadline) from None
                if getattr(self._now, "fresh", True) or tried + 1 == _TRIES:
                    raise self._broken(origin, hop, error, deadline) from None
                # The server closed a kept connection while nobody used it: that says nothing about the question.
        raise AssertionError("unreachable")

    def _exchange(
        self,
        method: str,
        url: str,
        origin: Origin,
        headers: dict[str, str],
        deadline: Deadline,
        limit: int,
        content: bytes | None,
    ) -> Reply:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if origin.scheme == "http" and self.dialer.proxy_for(origin):
            target = origin.url + target
            headers = {**headers, **self.dialer.proxy_headers}
        with self._lock:
            self.requests += 1
        self._now.requests = getattr(self._now, "requests", 0) + 1
        with contextlib.ExitStack() as stack:
            self._now.stack, self._now.deadline, self._now.watchdog = stack, deadline, self._watchdog
            self._now.fresh = True
            response = self._pool(origin).request(
                method,
                target,
                body=content,
                headers=headers,
                timeout=urllib3.Timeout(total=deadline.left),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
            stack.callback(response.close)
            self._replied.add(origin)
            limit = limit if response.status < 300 else min(limit, LARGEST_REFUSAL)
            body = b"" if method == "HEAD" else _body(response, limit, origin)
            response.release_conn()
            if deadline.passed:
                # The watchdog's end of the stream can look like an honest one.
                raise TimeoutError
        return Reply(
            method,
            url,
            origin,
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            tuple(response.headers.getlist("WWW-Authenticate")),
            body,
        )

    def _broken(self, origin: Origin, hop: str, error: Exception, deadline: Deadline) -> Stopped:
        if origin.scheme == "http" and origin not in self._replied:
            secure = Origin("https", origin.host, origin.port)
            if self.dialer.look(secure, deadline) is not None:
                text = f"{origin.netloc} speaks TLS where plain HTTP is expected"
                return Stopped(errors.TLS, "http_https_mismatch", text)
        return _broken(origin, hop, error)

    def _silent(self, origin: Origin, hop: str, deadline: Deadline) -> Stopped:
        stopped = slow(hop, f"the answer of {origin.netloc}", deadline)
        if origin not in self._replied and not deadline.shortened:
            # It takes connections and never said a word: the next question need not wait as long.
            self._dead[origin] = stopped
        return stopped

    @property
    def requests_of_thread(self) -> int:
        """How many requests this thread has sent."""
        return int(getattr(self._now, "requests", 0))

    def _pool(self, origin: Origin) -> urllib3.HTTPConnectionPool:
        with self._lock:
            pool = self._pools.get(origin)
            if pool is None:
                pool = urllib3.HTTPConnectionPool(
                    origin.host,
                    origin.port,
                    maxsize=self._settings.per_host + 1,
                    dial=lambda: self._dial(origin),
                    now=self._now,
                )
                pool.ConnectionCls = _Connection
                self._pools[origin] = pool
            return pool

    def _dial(self, origin: Origin) -> Line:
        line = self.dialer.open(origin, self._now.deadline)
        self.reached[origin] = Reach(line.addresses, line.certificate)
        return line


def _target(reply: Reply) -> str:
    location = reply.headers.get("location", "")
    if reply.status not in REDIRECTS or not location:
        return ""
    try:
        return urljoin(reply.url, location)
    except ValueError:
        return location


def _origin_or_none(url: str) -> Origin | None:
    try:
        return origin_of(url)
    except ValueError:
        return None


def _body(response: Any, limit: int, origin: Origin) -> bytes:
    """Return the body, of a refusal its beginning; raises Stopped where a good answer is longer than ``limit``."""
    chunks, size = list[bytes](), 0
    while size <= limit:
        chunk = response.read(min(_CHUNK, limit + 1 - size), decode_content=False)
        if not chunk:
            return _decoded(b"".join(chunks), response.headers.get("Content-Encoding", ""), limit, origin)
        chunks.append(chunk)
        size += len(chunk)
    response.close()
    if response.status < 300:
        raise _too_large(origin, limit)
    return b"".join(chunks)[:limit]


def _decoded(body: bytes, encoding: str, limit: int, origin: Origin) -> bytes:
    """Unpack what was compressed although we asked for it plain, and no more of it than ``limit``."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        text = f"{origin.netloc} answers with the encoding {encoding[:20]}, which was not asked for"
        raise Stopped(errors.MANIFEST, "manifest_invalid", text)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        text = f"the answer of {origin.netloc} is not what its Content-Encoding says"
        raise Stopped(errors.MANIFEST, "manifest_invalid", text) from None
    if len(plain) > limit:
        raise _too_large(origin, limit)
    return plain


def _too_large(origin: Origin, limit: int) -> Stopped:
    text = f"the answer of {origin.netloc} is longer than {limit >> 20} MiB, which none is; it was not read further"
    return Stopped(errors.MANIFEST, "manifest_invalid", text)


def _broken(origin: Origin, hop: str, error: Exception) -> Stopped:
    text = str(error).lower()
    if "got more than" in text or "line too long" in text or "linetoolong" in repr(error).lower():
        return Stopped(
            hop, "registry_server_error", f"{origin.netloc} answers with a header that is too long to be one"
        )
    if "badstatusline" in repr(error).lower() or "bad status line" in text:
        return Stopped(hop, "registry_server_error", f"{origin.netloc} does not answer in HTTP")
    what = "ends in the middle" if "incompleteread" in repr(error).lower() else "breaks off"
    return Stopped(
        hop,
        "network_unreachable",
        f"the answer of {origin.netloc} {what}: the connection was closed",
        certain=False,
        alternatives=("registry_server_error",),
        settle_by="ask again: a fault that stays is the server's or of what stands before it",
    )
