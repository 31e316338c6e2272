# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program between nginx and the distribution registries: products, their token services, the log of requests.

    python -m image_pull_lab.front CONFIG.json

Listens on loopback of the services' namespace. CONFIG: ports, key and certificate files, the storage folder and the
port of each site's registry, accounts.
"""

from __future__ import annotations

import base64
import http.server
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import hosts, registry_log, token_services
from .images import Store
from .products import NOBODY, WRONG, Answer, Product, Request
from .token_server import Accounts, TokenDesk
from .token_services import TokenService
from .zoo import PRODUCTS


class Front:
    """Everything that an answer depends on."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        key = serialization.load_pem_private_key(Path(config["key"]).read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._desk = TokenDesk(key, x509.load_pem_x509_certificate(Path(config["certificate"]).read_bytes()))
        self._accounts = Accounts(config["accounts"])
        self._audiences: dict[str, str] = {}
        stores = {name: Store(Path(config["stores"]) / name) for name in config["ports"]}
        self.products: dict[str, Product] = {}
        #: Token service ─► the product whose rights count, and what its distribution registry expects.
        self._issues_for: dict[TokenService, tuple[Product, str]] = {}
        for host, (kind, service) in PRODUCTS.items():
            site = hosts.site_of(host)
            name = site.name if site else hosts.COMPANY
            product = kind(stores[name], config["ports"][name], service)
            self.products[host] = product
            if service:
                expected = site.token.service if site and site.token else service.service
                self._issues_for.setdefault(service, (product, expected))
        for service in (token_services.COMPANY, token_services.COMPANY_3):
            company = Product(stores[hosts.COMPANY], config["ports"][hosts.COMPANY], service)
            self._issues_for[service] = (company, service.service)

    def answer(self, request: Request, authorization: str) -> tuple[Answer, str]:
        """The answer, and the token that it gives out, if any."""
        services = [one for one in token_services.ALL if (one.host, one.path) == (request.host, request.path)]
        if services:
            asked_for = request.query.get("service", [""])[0]
            service = next((one for one in services if one.service == asked_for), services[0])
            product, audience = self._issues_for[service]
            known = self._recognised(request, authorization, service)
            return self._desk.answer(service, audience, product, known)
        product = self.products[request.host]
        return product.answer(self._recognised(request, authorization, product.token)), ""

    def _recognised(self, request: Request, authorization: str, service: TokenService | None) -> Request:
        """The request with what its Authorization header says of its sender."""
        scheme, dummy, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            grant = self._desk.opened_by(value)
            return replace(request, grant=grant, caller=NOBODY if grant else WRONG)
        if scheme.lower() != "basic":
            return replace(request, caller=WRONG if scheme else NOBODY)
        try:
            user, dummy, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return replace(request, caller=WRONG)
        return replace(request, caller=self._accounts.caller(user, password, service))


class Handler(http.server.BaseHTTPRequestHandler):
    """Speaks HTTP to nginx."""

    protocol_version = "HTTP/1.1"
    front: Front

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        host = self.headers.get("Host", "").partition(":")[0].lower()
        source = self.headers.get("X-Real-IP", "")
        request = Request(self.command, host, parts.path, parse_qs(parts.query), source)
        answer, issued = self.front.answer(request, self.headers.get("Authorization", ""))
        content = answer.body.encode()
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(content)))
        if issued:
            self.send_header("X-Lab-Issued", registry_log.token_hash(issued))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """nginx keeps the log."""


class Server(http.server.ThreadingHTTPServer):
    """Many nodes come at once."""

    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text())
    registry_log.Writer(config["log_port"], Path(config["log"])).start()
    Handler.front = Front(config)
    Server(("127.0.0.1", config["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
