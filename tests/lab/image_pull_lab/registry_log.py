# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked which registry for what, and with which kind of credential, but never the credential.

nginx sends a line for each request to a port of loopback; here the credential becomes a short hash, before anything
reaches a disk.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

FILE = "requests.jsonl"
#: Parameters that are written down; a password or a signature is in none of these.
_HARMLESS = {"service", "scope", "account", "client_id", "n", "last", "offline_token", "mark", "ns"}

NGINX_FORMAT = (
    "log_format requests escape=json '{"
    '"at":$msec,"host":"$host","port":$server_port,"tls":"$https","method":"$request_method",'
    '"uri":"$request_uri","status":$status,"authorization":"$http_authorization","body":"$request_body",'
    '"agent":"$http_user_agent","source":"$remote_addr","issued":"$upstream_http_x_lab_issued"'
    "}';"
)


@dataclass(frozen=True)
class RegistryRequest:
    """One request that a registry, a token service or a blob host has got.

    ``authorization`` is the scheme in lower case (``basic``, ``bearer``, ``form`` for a token service's OAuth form),
    empty where no credential came. ``credential`` and ``issued`` (the token that was given out) are hashes as
    credential_hash() and token_hash() make them. ``source`` is the client's address, ``at`` seconds since 1970.
    """

    at: float
    host: str
    port: int
    tls: bool
    method: str
    path: str
    query: str
    status: int
    authorization: str
    credential: str
    issued: str
    agent: str
    source: str


def credential_hash(user: str, password: str) -> str:
    """What stands in the log for a user name and a password, however they came."""
    return token_hash(f"{user}:{password}")


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def read(file: Path) -> list[RegistryRequest]:
    """All requests so far, in the order in which they ended."""
    if not file.exists():
        return []
    return [RegistryRequest(**json.loads(line)) for line in file.read_text().splitlines()]


class Writer:
    """Takes nginx's lines (syslog over UDP, RFC 3164) and writes what may be kept of them."""

    def __init__(self, port: int, file: Path) -> None:
        self._file = file
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        self._socket.bind(("127.0.0.1", port))

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self._file.open("a") as out:
            for line in self._lines():
                try:
                    out.write(json.dumps(asdict(_kept(json.loads(line)))) + "\n")
                except (ValueError, KeyError) as error:
                    # Without the line, which may hold a password.
                    print(f"a request that cannot be written down: {type(error).__name__}", flush=True)
                out.flush()

    def _lines(self) -> Iterator[str]:
        while True:
            text = self._socket.recv(65535).decode(errors="replace")
            yield text[text.index("{") :]


def _kept(line: dict[str, Any]) -> RegistryRequest:
    parts = urlsplit(line["uri"])
    scheme, credential = _credential(line)
    return RegistryRequest(
        at=line["at"],
        host=line["host"],
        port=line["port"],
        tls=line["tls"] == "on",
        method=line["method"],
        path=parts.path,
        query=urlencode([(key, value) for key, value in parse_qsl(parts.query) if key in _HARMLESS]),
        status=line["status"],
        authorization=scheme,
        credential=credential,
        issued=line["issued"],
        agent=line["agent"],
        source=line["source"],
    )


def _credential(line: dict[str, Any]) -> tuple[str, str]:
    """Scheme and hash."""
    scheme, dummy, value = line["authorization"].partition(" ")
    if scheme.lower() == "basic":
        try:
            return "basic", token_hash(base64.b64decode(value).decode())
        except ValueError:
            return "basic", token_hash(value)
    if scheme:
        return scheme.lower(), token_hash(value)
    form = parse_qs(line["body"])
    if "password" in form:
        return "form", credential_hash(form.get("username", [""])[0], form["password"][0])
    if "refresh_token" in form:
        return "form", token_hash(form["refresh_token"][0])
    return "", ""
