# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that answer each request after a while, as real ones do from afar: python slow_registries.py FOLDER.

TLS, bearer tokens with a password, an index or a single image in turn. Writes what a client needs to know as JSON to
its standard output, then serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import ipaddress
import json
import ssl
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS, IMAGES, LATENCY = 8, 200, 0.1
USER, PASSWORD = "robot", "bench-password"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


class Contents:
    """Every repository holds the same: a single image under ``single``, an index under ``index``."""

    def __init__(self) -> None:
        self.manifests: dict[str, tuple[bytes, str, str]] = {}
        self.config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
        config = {"mediaType": CONFIG, "digest": _digest(self.config), "size": len(self.config)}
        layer = {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": _digest(b""),
            "size": 9,
        }
        single = self._add(
            "single", {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        )
        entries = [
            {
                "mediaType": MANIFEST,
                "digest": single,
                "size": 9,
                "platform": {"os": "linux", "architecture": name},
            }
            for name in ("amd64", "arm64")
        ]
        self._add("index", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def _add(self, tag: str, value: dict[str, object]) -> str:
        body = json.dumps(value).encode()
        entry = (body, str(value["mediaType"]), _digest(body))
        self.manifests[tag] = self.manifests[entry[2]] = entry
        return entry[2]


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """One host."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.requests = 0
        self.netloc = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, target, dummy = lines[0].split(" ", 2)
                fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                raw = next((line[15:] for line in lines if line.lower().startswith("authorization: ")), "")
                await asyncio.sleep(LATENCY)
                self.requests += 1
                writer.write(self._answer(method, target, raw))
                await writer.drain()
                if fields.get("connection") == "close":
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    def _answer(self, method: str, target: str, authorization: str) -> bytes:
        parts = urlsplit(target)
        if parts.path == "/token":
            wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if authorization != wanted:
                return _http(method, 401, b"{}")
            scope = parse_qs(parts.query).get("scope", [""])[0]
            return _http(method, 200, json.dumps({"token": scope.split(":")[1] if scope else "t"}).encode())
        if not authorization.startswith("Bearer "):
            name = parts.path.removeprefix("/v2/").rpartition("/")[0].rpartition("/")[0]
            challenge = f'Bearer realm="https://{self.netloc}/token",service="bench"'
            challenge += f',scope="repository:{name}:pull"' if name else ""
            return _http(method, 401, b"{}", f"WWW-Authenticate: {challenge}\r\n")
        last = parts.path.rpartition("/")[2]
        if "/manifests/" in parts.path and last in self.contents.manifests:
            body, kind, digest = self.contents.manifests[last]
            return _http(method, 200, body, f"Docker-Content-Digest: {digest}\r\n", kind)
        if "/blobs/" in parts.path:
            return _http(method, 200, self.contents.config, content_type="application/octet-stream")
        return _http(method, 200 if parts.path == "/v2/" else 404, b"{}")


def _http(
    method: str, status: int, body: bytes, more: str = "", content_type: str = "application/json"
) -> bytes:
    head = f"HTTP/1.1 {status} x\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + (b"" if method == "HEAD" else body)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    found = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca, pair = folder / "ca.pem", folder / "pair.pem"
    ca.write_bytes(found.public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pair.write_bytes(ca.read_bytes() + key.private_bytes(serialization.Encoding.PEM, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return ca, context


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    ca, context = certificate(folder)
    contents, hosts = Contents(), []
    for dummy in range(HOSTS):
        registry = Registry(contents)
        server = await asyncio.start_server(registry.serve, "127.0.0.1", 0, ssl=context, backlog=256)
        registry.netloc = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        hosts.append(registry)
    print(json.dumps({"ca": str(ca), "hosts": [registry.netloc for registry in hosts]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(sum(registry.requests for registry in hosts), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
