# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry on loopback: some images, some of them private, and a note of every request."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass
class Registry:
    """Content by path below ``/v2/``; ``accounts`` may read what stands under ``private/``."""

    host: str = ""
    content: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    def push(
        self, name: str, tag: str, *, architectures: tuple[str, ...] = ("amd64",), size: int = 1000
    ) -> str:
        """Put an image there, an index where it has several architectures; return its digest."""
        manifests = []
        for architecture in architectures:
            config = self._put(name, "blobs", CONFIG, {"os": "linux", "architecture": architecture})
            layer = {
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": _digest(b"x"),
                "size": size,
            }
            manifest = {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": config, "size": 2},
                "layers": [layer],
            }
            digest = self._put(name, "manifests", MANIFEST, manifest)
            platform = {"os": "linux", "architecture": architecture}
            manifests.append({"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": platform})
        top = manifests[0]["digest"]
        if len(architectures) > 1:
            top = self._put(
                name, "manifests", INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
            )
        self.content[f"{name}/manifests/{tag}"] = self.content[f"{name}/manifests/{top}"]
        return str(top)

    def _put(self, name: str, kind: str, media_type: str, value: dict[str, Any]) -> str:
        body = json.dumps(value).encode()
        self.content[f"{name}/{kind}/{_digest(body)}"] = (media_type, body)
        return _digest(body)

    def asked_for(self, word: str) -> list[tuple[str, str, str]]:
        """The requests (method, path, user) whose path holds ``word``."""
        return [one for one in self.requests if word in one[1]]


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removeprefix("/v2/")
            pair = base64.b64decode(
                self.headers.get("Authorization", "").removeprefix("Basic ") or b":"
            ).decode()
            user, _colon, password = pair.partition(":")
            registry.requests.append((self.command, self.path, user))
            known = bool(user) and registry.accounts.get(user) == password
            if name.startswith("private/") and not known:
                headers = {"WWW-Authenticate": 'Basic realm="test"'}
                self._send(
                    401, "application/json", _error("UNAUTHORIZED", "authentication required"), headers
                )
            elif name in registry.content:
                media_type, body = registry.content[name]
                self._send(200, media_type, body, {"Docker-Content-Digest": _digest(body)})
            elif name == "":
                self._send(200, "application/json", b"{}", {})
            elif name.endswith("/tags/list"):
                self._tags(name.removesuffix("/tags/list"))
            else:
                self._send(404, "application/json", _error("MANIFEST_UNKNOWN", "manifest unknown"), {})

        do_HEAD = do_GET  # noqa: N815

        def _tags(self, name: str) -> None:
            start = f"{name}/manifests/"
            tags = [one.removeprefix(start) for one in registry.content if one.startswith(start)]
            tags = [tag for tag in tags if not tag.startswith("sha256:")]
            if tags:
                self._send(200, "application/json", json.dumps({"name": name, "tags": tags}).encode(), {})
            else:
                self._send(
                    404,
                    "application/json",
                    _error("NAME_UNKNOWN", "repository name not known to registry"),
                    {},
                )

        def _send(self, status: int, media_type: str, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *dummy: object) -> None:
            """Say nothing."""

    return Handler


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@contextlib.contextmanager
def loopback_registry() -> Iterator[Registry]:
    """Give a registry that serves until the block ends."""
    registry = Registry()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(registry)) as listener:
        listener.daemon_threads = True
        registry.host = f"127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield registry
        finally:
            listener.shutdown()
            thread.join()
