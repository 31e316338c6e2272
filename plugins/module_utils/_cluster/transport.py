# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange with the API server: TLS, proxy, credentials, time-outs, and what a failure means."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import (
    ClientCertificate,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import (
    BadAnswer,
    ClusterError,
    ConfigInvalid,
    OutOfTime,
    Unreachable,
)

CONNECT_SECONDS = 5.0
CONNECTIONS = 4
LARGEST_BODY = 1 << 30
_CHUNK = 1 << 18


class Deadline:
    """The moment at which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether it is too late."""
        return time.monotonic() >= self._end

    def left(self, what: str) -> float:
        """Return the seconds that are left; raises OutOfTime, naming ``what``, when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutOfTime(
                f"the deadline of {self.seconds:.0f} s passed while reading {what}: "
                "raise it, or narrow the scope (namespaces)"
            )
        return left


class Answer:
    """The answer to one request; ``chunks`` reads its body, ``header`` a header field."""

    def __init__(self, response: Any, transport: Transport, what: str) -> None:
        self.status: int = response.status
        self._response = response
        self._transport = transport
        self._what = what

    def header(self, name: str) -> str:
        """Return a header field, empty when it is not there."""
        return str(self._response.headers.get(name, ""))

    def chunks(self) -> Iterator[bytes]:
        """Give the body piece by piece, decompressed; raises Unreachable, BadAnswer or OutOfTime."""
        size = 0
        with self._transport.failures(self._what):
            for chunk in self._response.stream(_CHUNK, decode_content=True):
                self._transport.deadline.left(self._what)
                size += len(chunk)
                if size > self._transport.largest:
                    raise BadAnswer(
                        f"the answer for {self._what} is larger than {self._transport.largest >> 20} MiB: "
                        "narrow the scope"
                    )
                yield chunk

    def beginning(self, limit: int = 1 << 16) -> bytes:
        """Return the first bytes of the body, as far as they can be had."""
        found = b""
        with contextlib.suppress(ClusterError):
            for chunk in self.chunks():
                found += chunk
                if len(found) >= limit:
                    break
        return found[:limit]

    def close(self) -> None:
        """Drop the connection, unless the body was read to its end and the connection has gone back to the pool."""
        self._response.close()


class Transport:
    """Connections to one API server, shared by threads."""

    def __init__(
        self,
        connection: Connection,
        request_timeout: float,
        deadline: Deadline,
        connections: int = CONNECTIONS,
        largest: int = LARGEST_BODY,
    ) -> None:
        self.connection = connection
        self.largest = largest
        self._connections = connections
        self.deadline = deadline
        self._request_timeout = request_timeout
        self._lock = threading.Lock()
        self._generation = 0
        self._pool = self._new_pool()

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes | None, what: str) -> Answer:
        """Send one request and return its answer, body unread. Raises Unreachable or OutOfTime."""
        import urllib3

        left = self.deadline.left(what)
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(self._request_timeout, left))
        fields = urllib3.HTTPHeaderDict(headers)
        for name, value in self.connection.headers:
            fields.add(name, value)
        if self.connection.credentials.authorization:
            fields["Authorization"] = self.connection.credentials.authorization
        with self.failures(what):
            response = self._pool.request(
                method,
                self.connection.server + path,
                headers=fields,
                body=body,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        return Answer(response, self, what)

    @property
    def generation(self) -> int:
        """How often the credentials were renewed."""
        return self._generation

    def renew(self, generation: int) -> bool:
        """Fetch the credentials again, unless another thread did since ``generation``; return whether to try again."""
        with self._lock:
            if self._generation != generation:
                return True
            if not self.connection.credentials.renew():
                return False
            self._generation += 1
            self._pool = self._new_pool()
            return True

    @contextlib.contextmanager
    def failures(self, what: str) -> Iterator[None]:
        """Turn what urllib3 raises into our errors."""
        from urllib3 import exceptions as failed

        server = self.connection.server
        began = time.monotonic()
        try:
            yield
        except failed.ReadTimeoutError:
            raise Silent(
                f"no answer from {server} within {time.monotonic() - began:.0f} s when asked for {what}: "
                "it hangs or is overloaded"
            ) from None
        except failed.ProxyError as error:
            reason = _reason(error)
            raise Unreachable(
                f"the proxy {_without_user(self.connection.proxy)} does not let us reach {server}: {reason}"
            ) from None
        except failed.NewConnectionError as error:
            # Before its base class, the time-out.
            raise _broken(server, what, error) from None
        except failed.ConnectTimeoutError:
            raise Silent(
                f"no connection to the API server {server} within {time.monotonic() - began:.0f} s: "
                "check address, network, firewall"
            ) from None
        except failed.SSLError as error:
            raise TlsFailed(
                f"TLS to the API server {server} failed: {_reason(error)}. {_tls_advice(error)}"
            ) from None
        except failed.DecodeError:
            raise BadAnswer(
                f"the answer of {server} for {what} is not what its Content-Encoding says"
            ) from None
        except failed.LocationParseError:
            raise ConfigInvalid(
                f"'{server}' is no address of an API server: https://HOST:PORT is wanted"
            ) from None
        except failed.HTTPError as error:
            raise _broken(server, what, error) from None
        except (OSError, ValueError) as error:
            raise _broken(server, what, error) from None

    def _new_pool(self) -> Any:
        try:
            import urllib3
        except ImportError:
            raise ConfigInvalid(
                "the Python package kubernetes is not installed for this interpreter (urllib3 is missing)"
            ) from None
        if not hasattr(urllib3, "HTTPHeaderDict"):
            raise ConfigInvalid(
                f"urllib3 {urllib3.__version__} is too old for this collection: install 2.0 or later"
            )
        options: dict[str, Any] = {"maxsize": self._connections, "block": False}
        if not self.connection.verify:
            # Said once by the module, and not by urllib3 with each request.
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        if self.connection.server.startswith("https://"):
            options["ssl_context"] = tls_context(self.connection)
            if self.connection.tls_server_name:
                options["server_hostname"] = self.connection.tls_server_name
        proxy = self.connection.proxy
        if not proxy:
            return urllib3.PoolManager(**options)
        if proxy.startswith("socks"):
            try:
                from urllib3.contrib.socks import SOCKSProxyManager
            except ImportError:
                raise ConfigInvalid(
                    f"the proxy {_without_user(proxy)} needs the Python package PySocks"
                ) from None
            return SOCKSProxyManager(proxy, **options)
        headers = self.connection.proxy_headers
        try:
            return urllib3.ProxyManager(proxy, proxy_headers=_proxy_headers(proxy, headers), **options)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise ConfigInvalid(f"'{_without_user(proxy)}' is no address of a proxy: {error}") from None


class Silent(Unreachable):
    """Nothing came back in time: each further try costs a whole time-out."""


class TlsFailed(Unreachable):
    """TLS could not be set up: asking again would not help."""


def tls_context(connection: Connection) -> ssl.SSLContext:
    """Return the TLS settings for ``connection``.

    Python 3.13 refuses certificates that the rest of Kubernetes accepts (a CA without keyUsage); that extra strictness
    is taken back, so that a verdict about TLS is the cluster's and not the interpreter's.
    """
    try:
        data = connection.ca_data.decode() if connection.ca_data else None
        context = ssl.create_default_context(cafile=connection.ca_file, cadata=data)
    except (OSError, ValueError) as error:
        source = connection.ca_file or "certificate-authority-data"
        raise ConfigInvalid(
            f"cannot use the CA certificate {source}: {getattr(error, 'strerror', None) or error}"
        ) from None
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not connection.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = connection.credentials.certificate
    if certificate:
        _load_certificate(context, certificate)
    return context


def _load_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    if certificate.cert_file:
        _load_files(context, certificate.cert_file, certificate.key_file)
        return
    import tempfile

    # The ssl module takes files only: private, and gone as soon as they are loaded.
    with tempfile.TemporaryDirectory(prefix="image-pull-") as place:
        cert_file, key_file = os.path.join(place, "cert"), os.path.join(place, "key")
        for path, content in ((cert_file, certificate.cert_data), (key_file, certificate.key_data)):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(content)
        _load_files(context, cert_file, key_file)


def _load_files(context: ssl.SSLContext, cert_file: str, key_file: str | None) -> None:
    def no_passphrase() -> str:
        raise ValueError("the key is protected by a passphrase")

    try:
        context.load_cert_chain(cert_file, key_file, no_passphrase)
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"cannot use the client certificate and key: {error}") from None


def _proxy_headers(proxy: str, headers: dict[str, str]) -> dict[str, str]:
    user = proxy.partition("://")[2].rpartition("@")[0]
    if not user or "Proxy-Authorization" in headers:
        return headers
    from base64 import b64encode
    from urllib.parse import unquote

    return {**headers, "Proxy-Authorization": "Basic " + b64encode(unquote(user).encode()).decode()}


def _without_user(url: str | None) -> str:
    scheme, sep, rest = (url or "").partition("://")
    return f"{scheme}{sep}{rest.rpartition('@')[2]}"


def _reason(error: BaseException) -> str:
    inner = getattr(error, "original_error", None) or (error.args[-1] if error.args else error)
    while isinstance(inner, BaseException) and inner.args and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    return str(getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or inner)


def _tls_advice(error: BaseException) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" not in text:
        return "Is this the address of an API server?"
    if "expired" in text:
        return "Renew the certificate, or check this machine's clock"
    return "Give the cluster's CA (ca_cert or certificate-authority-data), and a host name that its certificate holds"


def _broken(server: str, what: str, error: BaseException) -> Unreachable:
    from urllib3 import exceptions as failed

    text = _reason(error)
    if isinstance(error, failed.NameResolutionError):
        return Unreachable(f"the name of the API server {server} does not resolve: check the address and DNS")
    if "refused" in text.lower():
        return Unreachable(f"connection refused by the API server {server}: is it up, and the address right?")
    if isinstance(error, failed.NewConnectionError):
        return Unreachable(f"no connection to the API server {server}: {text}")
    return Unreachable(f"the connection to the API server {server} broke while reading {what}: {text}")
