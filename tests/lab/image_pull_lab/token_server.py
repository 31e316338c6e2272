# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts and tokens: a token server as the distribution specification describes it, with the manners of many."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .products import (
    EXPIRED,
    MEMBER,
    NOBODY,
    STRANGER,
    WRONG,
    Answer,
    Grant,
    Product,
    Request,
    replied,
)
from .token_services import TokenService, compact

ISSUER = "image-pull-lab"


def sign(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, claims: dict[str, Any]) -> str:
    """A JSON Web Token with ES256 (RFC 7518, 3.4), the certificate in its x5c header."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
    text = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return (text + b"." + _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class Accounts:
    """Who somebody is, by user name and password.

    ``accounts`` are those of registries.Accounts. Whoever brings the expired token is EXPIRED, whatever the name.
    """

    def __init__(self, accounts: Mapping[str, str]) -> None:
        self._a = accounts

    def caller(self, user: str, password: str, service: TokenService | None) -> str:
        """MEMBER, STRANGER, EXPIRED, or WRONG; with a service its further names of the member count."""
        if user == self._a["ecr_user"]:
            tokens = {"ecr_token": MEMBER, "ecr_expired_token": EXPIRED, "stranger_password": STRANGER}
            return self._by_password(password, tokens)
        if _same(password, self._a["expired_token"]):
            return EXPIRED
        # Each registry may be given users of its own, members and strangers: ci-harbor, guest-harbor …
        if user == self._a["stranger"] or user.startswith("guest-"):
            return self._by_password(password, {"stranger_password": STRANGER})
        more = service.also_member if service else ()
        if user == self._a["member"] or user in more or user.startswith("ci-"):
            return self._by_password(password, {"member_password": MEMBER})
        return WRONG

    def _by_password(self, password: str, callers: Mapping[str, str]) -> str:
        return next((who for name, who in callers.items() if _same(password, self._a[name])), WRONG)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class TokenDesk:
    """Issues tokens and knows what each opens, as long as the process runs."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self._grants: dict[str, Grant] = {}

    def opened_by(self, token: str) -> Grant | None:
        return self._grants.get(token)

    def answer(
        self, service: TokenService, audience: str, product: Product, request: Request
    ) -> tuple[Answer, str]:
        """GET …?service=S&scope=repository:NAME:pull, and the token that was issued, if one was.

        ``audience`` is the service that the distribution registry behind the product was told to expect.
        """
        if request.method == "POST":
            return Answer(service.post, "{}"), ""
        scopes = [part for scope in request.query.get("scope", []) for part in scope.split(" ")]
        wanted = [name for scope in scopes if (name := _repository(scope))]
        caller = request.caller
        if caller in (EXPIRED, WRONG):
            if not (service.forgives and wanted):
                refusal = service.expired if caller == EXPIRED and service.expired else service.wrong_password
                return replied(refusal), ""
            wanted = []
        granted = frozenset(name for name in wanted if product.may_read(caller, name))
        refusal = service.denied if caller == NOBODY else service.denied_account
        nothing = wanted and not granted
        if (nothing or (caller == NOBODY and not service.anonymous)) and refusal.status != 200:
            return replied(refusal), ""
        return self._issued(service, audience, Grant(service, caller, granted))

    def _issued(self, service: TokenService, audience: str, grant: Grant) -> tuple[Answer, str]:
        now = int(time.time())
        access = [
            {"type": "repository", "name": name, "actions": ["pull"]} for name in sorted(grant.repositories)
        ]
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": "" if grant.caller == NOBODY else grant.caller,
            "aud": audience,
            "access": access,
            "jti": secrets.token_hex(8),
        }
        claims |= {"iat": now, "nbf": now - 10, "exp": now + service.expires_in}
        token = sign(self._key, self._certificate, claims)
        self._grants[token] = grant
        body: dict[str, Any] = dict.fromkeys(service.fields, token)
        if "access_token" in service.fields and service.expires_in:
            body["expires_in"] = service.expires_in
        return Answer(200, compact(body)), token


def _repository(scope: str) -> str:
    """The repository that a scope asks to pull from; empty for other scopes."""
    kind, dummy, rest = scope.partition(":")
    name, dummy, actions = rest.rpartition(":")
    return name if kind.startswith("repository") and "pull" in actions.split(",") else ""
