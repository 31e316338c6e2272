# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries on loopback that say what a test tells them to say, with TLS or without, and note who sent them what."""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.content import (
    OCI_INDEX,
    OCI_MANIFEST,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")

    @property
    def user(self) -> str:
        """User name and password of Basic."""
        scheme, dummy, value = self.authorization.partition(" ")
        return base64.b64decode(value).decode() if scheme == "Basic" else ""


@dataclass(frozen=True)
class Say:
    """One answer. ``raw`` is written to the connection as it is, instead of everything else."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    challenges: tuple[str, ...] = ()
    raw: Callable[[Any], None] | None = None


Handler = Callable[[Seen], Say]


def as_json(value: Any, status: int = 200, **headers: str) -> Say:
    return Say(
        status, json.dumps(value).encode(), {key.replace("_", "-"): text for key, text in headers.items()}
    )


def error(status: int, code: str, message: str, *challenges: str) -> Say:
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()
    return Say(status, body, {"Content-Type": "application/json"}, challenges)


class Server:
    """Answers by path; what is not there is MANIFEST_UNKNOWN."""

    def __init__(self, host: str, port: int, scheme: str) -> None:
        self.netloc = f"{host}:{port}"
        self.url = f"{scheme}://{self.netloc}"
        self.seen: list[Seen] = []
        self.stop = threading.Event()
        self._handlers: dict[str, Handler] = {}

    def on(self, path: str, answer: Say | Handler) -> None:
        self._handlers[path] = answer if callable(answer) else lambda _seen: answer

    def asked(self, part: str = "") -> list[Seen]:
        return [seen for seen in self.seen if part in seen.path]

    def answer(self, seen: Seen) -> Say:
        self.seen.append(seen)
        for path in (seen.path, "*"):
            if path in self._handlers:
                return self._handlers[path](seen)
        return error(404, "MANIFEST_UNKNOWN", "manifest unknown")

    def protect(self, path: str, *challenges: str, accept: Callable[[str], bool]) -> None:
        """Ask for authorization before what is at ``path``."""
        inner = self._handlers[path]

        def guard(seen: Seen) -> Say:
            if accept(seen.authorization):
                return inner(seen)
            return error(401, "UNAUTHORIZED", "authentication required", *challenges)

        self._handlers[path] = guard

    def image(self, name: str, tag: str, architecture: str = "amd64", os: str = "linux", **more: str) -> str:
        """Put an image there; returns its digest."""
        config = json.dumps({"os": os, "architecture": architecture, **more}).encode()
        digest = self.blob(name, config)
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 4096}
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "size": len(config),
                "digest": digest,
            },
            "layers": [{**layer, "digest": f"sha256:{'0' * 64}"}],
        }
        return self.manifest(name, tag, manifest, OCI_MANIFEST)

    def index(self, name: str, tag: str, **digests: str) -> str:
        """Put an index there; the keywords are architectures."""
        entries = [
            {
                "mediaType": OCI_MANIFEST,
                "digest": digest,
                "size": 1,
                "platform": {"os": "linux", "architecture": key},
            }
            for key, digest in digests.items()
        ]
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        return self.manifest(name, tag, value, OCI_INDEX)

    def manifest(self, name: str, tag: str, value: Any, media_type: str) -> str:
        body = json.dumps(value).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        headers = {
            "Content-Type": media_type,
            "Docker-Content-Digest": digest,
            "Docker-Distribution-Api-Version": "registry/2.0",
        }
        for reference in (tag, digest):
            self.on(f"/v2/{name}/manifests/{reference}", Say(200, body, headers))
        return digest

    def blob(self, name: str, content: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.on(f"/v2/{name}/blobs/{digest}", Say(200, content))
        return digest


@contextlib.contextmanager
def serve(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server on a free port."""

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One write for each answer, or the kernel waits for acknowledgements in between.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            said = server.answer(Seen(self.command, parts.path, parse_qs(parts.query), headers, body))
            if said.raw is not None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    said.raw(self.connection)
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            for challenge in said.challenges:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = handle_any  # noqa: N815

        def log_message(self, *_arguments: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def get_request(self) -> Any:
            connection, address = super().get_request()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            return connection, address

        def handle_error(self, *_arguments: Any) -> None:
            pass

    http = Quiet((host, 0), Requests)
    server = Server(host, http.server_address[1], "https" if context else "http")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        http.shutdown()
        http.server_close()


@dataclass(frozen=True)
class Authority:
    """A CA whose certificates servers show."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def context(self, *names: str, days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
        """A server's TLS settings, with a certificate for ``names`` valid between two days from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(names[0], key, self, names, days)
        path = self.folder / f"{names[0]}-{id(key)}.pem"
        path.write_bytes(_pem(certificate) + _key_pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def authority(folder: Path, name: str = "Test CA") -> Authority:
    """A CA of its own, without keyUsage, as many companies have it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(name, key, None, (), (-1, 30))
    (folder / "ca.pem").write_bytes(_pem(certificate))
    return Authority(folder, certificate, key)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: Authority | None,
    names: tuple[str, ...],
    days: tuple[int, int],
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(entry) for entry in names]), critical=False
        )
    return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
