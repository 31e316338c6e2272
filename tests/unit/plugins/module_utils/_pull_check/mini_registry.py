# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry on loopback, with Basic authentication or a token service: who may see what, and who asked how."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONFIG = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers"}}).encode()
CONFIG_DIGEST = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": CONFIG_DIGEST,
            "size": len(CONFIG),
        },
        "layers": [],
    }
).encode()


class MiniRegistry:
    """``users`` maps names to passwords, ``rights`` a user ("" for nobody) to the repositories it may pull."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.rights: dict[str, set[str]] = {}
        self.tags: dict[str, list[str]] = {}
        self.token_service = False
        self.asked: list[tuple[str, str]] = []
        self.host = ""

    def image(self, repository: str, tag: str = "1") -> str:
        """Return the reference of an image here."""
        return f"{self.host}/{repository}:{tag}"

    def challenge(self) -> str:
        """Return what a 401 asks for."""
        if self.token_service:
            return f'Bearer realm="http://{self.host}/token",service="mini"'
        return 'Basic realm="mini"'

    @property
    def users_seen(self) -> list[str]:
        """The users, in the order in which they came, each run of requests once; "" for nobody."""
        seen: list[str] = []
        for user, _path in self.asked:
            if not seen or seen[-1] != user:
                seen.append(user)
        return seen

    def answer(self, path: str, authorization: str) -> tuple[int, bytes, str]:
        """Return status, body and media type."""
        if self.token_service and path != "/token":
            if not authorization.startswith("Bearer "):
                return 401, _error("UNAUTHORIZED", "authentication required"), ""
            user = authorization.removeprefix("Bearer for-")
            password = self.users.get(user, "")
        else:
            user, password = _credential(authorization)
        self.asked.append((user, path))
        if user and self.users.get(user) != password:
            return 401, _error("UNAUTHORIZED", "authentication required"), ""
        if path == "/token":
            return 200, json.dumps({"token": f"for-{user}"}).encode(), ""
        repository, _slash, rest = path.removeprefix("/v2/").partition(
            "/manifests/" if "/manifests/" in path else "/tags/" if "/tags/" in path else "/blobs/"
        )
        if path == "/v2/":
            return (
                (200, b"{}", "") if user or self.rights.get("") else (401, _error("UNAUTHORIZED", "no"), "")
            )
        if repository not in self.rights.get(user, set()):
            code = (403, "DENIED") if user else (401, "UNAUTHORIZED")
            return code[0], _error(code[1], "requested access to the resource is denied"), ""
        if "/tags/" in path:
            return 200, json.dumps({"name": repository, "tags": self.tags.get(repository, [])}).encode(), ""
        if "/blobs/" in path:
            return 200, CONFIG, "application/octet-stream"
        if rest in self.tags.get(repository, []) or rest.startswith("sha256:"):
            return 200, MANIFEST, MANIFEST_TYPE
        return 404, _error("MANIFEST_UNKNOWN", "manifest unknown"), ""


@contextlib.contextmanager
def mini_registry() -> Iterator[MiniRegistry]:
    """Give a registry that runs as long as the block."""
    registry = MiniRegistry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body, kind = registry.answer(
                self.path.partition("?")[0], self.headers.get("Authorization", "")
            )
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", registry.challenge())
            if kind == MANIFEST_TYPE:
                digest = hashlib.sha256(body).hexdigest()
                self.send_header("Docker-Content-Digest", f"sha256:{digest}")
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *dummy: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    registry.host = f"127.0.0.1:{server.server_port}"
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()


def _credential(authorization: str) -> tuple[str, str]:
    if not authorization.startswith("Basic "):
        return "", ""
    user, _colon, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    return user, password


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
