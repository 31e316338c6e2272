# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token server as the distribution specification describes it, with the manners of several registries.

    python -m image_pull_lab.token_server CONFIG.json

Behind TLS (nginx); listens on loopback of the services' namespace. CONFIG: port, key and certificate files, the
storage folder of each service, users, the private organisation. Facts on the answers: hosts.py.
"""

from __future__ import annotations

import base64
import hmac
import http.server
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from . import hosts
from .images import Store

ISSUER = "image-pull-lab"
SERVICES = {service.service: service for service in hosts.TOKEN_SERVICES}


def sign(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, claims: dict[str, Any]) -> str:
    """A JSON Web Token with ES256 (RFC 7518, 3.4), the certificate in its x5c header."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
    text = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return (text + b"." + _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class Rights:
    """Who may read what: members everything, others what exists and is not the private organisation's."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._passwords: dict[str, str] = config["users"]
        self._members: list[str] = config["members"]
        self._stores = {service: Store(Path(folder)) for service, folder in config["stores"].items()}

    def known(self, user: str, password: str) -> bool:
        return hmac.compare_digest(self._passwords.get(user, "").encode(), password.encode()) and bool(
            password
        )

    def may_read(self, service: hosts.TokenService, user: str | None, repository: str) -> bool:
        if user in self._members:
            return True
        if user is None and not service.anonymous:
            return False
        private = repository.split("/")[0] == hosts.PRIVATE_ORGANISATION or not service.anonymous
        return not private and self._stores[service.service].has_repository(repository)


class Handler(http.server.BaseHTTPRequestHandler):
    """GET …?service=S&scope=repository:NAME:pull, with or without Basic credentials."""

    protocol_version = "HTTP/1.1"
    rights: Rights
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def do_POST(self) -> None:
        # Clients fall back to GET where the OAuth form is not supported (404).
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(404, "{}")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        service = SERVICES.get(query.get("service", [""])[0])
        if service is None:
            self._answer(400, _error("UNSUPPORTED", "no such service"))
            return
        user = None
        if self.headers.get("Authorization", "").startswith("Basic "):
            user = self._user()
            if user is None:
                self._answer(service.wrong_password_status, service.wrong_password_body)
                return
        wanted = [part for scope in query.get("scope", []) for part in scope.split(" ")]
        granted = [self._granted(service, user, part) for part in wanted]
        if wanted and not any(granted) and service.denied_status != 200:
            self._answer(service.denied_status, _error(service.denied_code, service.denied_message))
            return
        self._answer(200, json.dumps(self._token(service, user, [entry for entry in granted if entry])))

    def _user(self) -> str | None:
        try:
            text = base64.b64decode(self.headers["Authorization"][6:], validate=True).decode()
        except ValueError:
            return None
        user, dummy, password = text.partition(":")
        return user if self.rights.known(user, password) else None

    def _granted(self, service: hosts.TokenService, user: str | None, scope: str) -> dict[str, Any] | None:
        kind, dummy, rest = scope.partition(":")
        name, dummy, actions = rest.rpartition(":")
        if kind != "repository" or not self.rights.may_read(service, user, name):
            return None
        return {
            "type": kind,
            "name": name,
            "actions": [action for action in actions.split(",") if action == "pull"],
        }

    def _token(
        self, service: hosts.TokenService, user: str | None, access: list[dict[str, Any]]
    ) -> dict[str, Any]:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": user or "",
            "aud": service.service,
            "access": access,
            "jti": str(now),
        }
        claims |= {"iat": now, "nbf": now - 10, "exp": now + 300}
        token = sign(self.key, self.certificate, claims)
        return {"token": token, "access_token": token, "expires_in": 300}

    def _answer(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        # The request line only: credentials are in headers, which are not logged.
        sys.stderr.write(format % args + "\n")


def _error(code: str, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": None}]})


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text())
    key = serialization.load_pem_private_key(Path(config["key"]).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    Handler.key = key
    Handler.certificate = x509.load_pem_x509_certificate(Path(config["certificate"]).read_bytes())
    Handler.rights = Rights(config)
    http.server.ThreadingHTTPServer(("127.0.0.1", config["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
