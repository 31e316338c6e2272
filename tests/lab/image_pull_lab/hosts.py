# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the lab's DNS: public registries by their real names, and registries with one fault each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .network import SERVICES_IP

#: Where nobody but the company may look, on every registry that has accounts.
PRIVATE_ORGANISATION = "acme"
ECR_ACCOUNT = "123456789012"
ECR = f"{ECR_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class TokenService:
    """How a registry's token server behaves (registries differ in what they say to whom)."""

    host: str
    path: str
    service: str
    #: Answer to a scope that may not be read: a token without access, or a status with an error body.
    denied_status: int = 200
    denied_code: str = "DENIED"
    denied_message: str = "requested access to the resource is denied"
    wrong_password_status: int = 401
    wrong_password_body: str = '{"details":"incorrect username or password"}'
    #: Whether anything at all can be read without an account.
    anonymous: bool = True

    @property
    def realm(self) -> str:
        return f"https://{self.host}{self.path}"


@dataclass(frozen=True)
class Site:
    """One body of images, served by one registry process, under one or more public names."""

    name: str
    hosts: tuple[str, ...]
    token: TokenService | None = None
    #: "ecr": Basic with the user AWS, checked in front of the registry.
    front: str | None = None


def _errors(code: str, message: str) -> str:
    return f'{{"errors":[{{"code":"{code}","message":"{message}"}}]}}'


HUB_TOKEN = TokenService("auth.docker.io", "/token", "registry.docker.io")
QUAY_TOKEN = TokenService(
    "quay.io",
    "/v2/auth",
    "quay.io",
    wrong_password_body=_errors("UNAUTHORIZED", "Invalid Username or Password"),
)
GHCR_TOKEN = TokenService(
    "ghcr.io",
    "/token",
    "ghcr.io",
    denied_status=403,
    wrong_password_status=403,
    wrong_password_body=_errors(
        "DENIED", "unauthenticated: User cannot be authenticated with the token provided."
    ),
)
GITLAB_TOKEN = TokenService(
    "gitlab.com",
    "/jwt/auth",
    "container_registry",
    denied_status=403,
    denied_message="access forbidden",
    wrong_password_body=_errors("UNAUTHORIZED", "HTTP Basic: Access denied."),
)
GOOGLE_TOKEN = TokenService(
    "us-docker.pkg.dev",
    "/v2/token",
    "us-docker.pkg.dev",
    denied_status=403,
    denied_message="Unauthenticated request. Unauthenticated requests do not have permission "
    "'artifactregistry.repositories.downloadArtifacts' on resource (or it may not exist)",
    wrong_password_body=_errors("UNAUTHORIZED", "authentication failed"),
)
ACR_TOKEN = TokenService(
    "acme.azurecr.io",
    "/oauth2/token",
    "acme.azurecr.io",
    denied_status=401,
    denied_code="UNAUTHORIZED",
    denied_message="authentication required, visit https://aka.ms/acr/authorization for more information.",
    wrong_password_body=_errors(
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
    ),
    anonymous=False,
)
COMPANY_TOKEN = TokenService(
    "auth.reg.test",
    "/token",
    "token.reg.test",
    wrong_password_body=_errors("UNAUTHORIZED", "authentication required"),
)

SITES = (
    Site("hub", ("registry-1.docker.io", "index.docker.io"), HUB_TOKEN),
    Site("quay", ("quay.io",), QUAY_TOKEN),
    Site("ghcr", ("ghcr.io",), GHCR_TOKEN),
    Site("gitlab", ("registry.gitlab.com",), GITLAB_TOKEN),
    Site("google", ("us-docker.pkg.dev", "gcr.io"), GOOGLE_TOKEN),
    Site("acr", ("acme.azurecr.io",), ACR_TOKEN),
    Site("ecr", (ECR,), front="ecr"),
    Site("open", ("registry.k8s.io", "mcr.microsoft.com", "public.ecr.aws")),
)
#: The company's own registry: one body of images behind all reg.test names.
COMPANY = "company"

TOKEN_SERVICES = (*(site.token for site in SITES if site.token), COMPANY_TOKEN)


def _public_addresses() -> dict[str, str]:
    names = [host for site in SITES for host in site.hosts]
    names += [service.host for service in TOKEN_SERVICES if service.host != COMPANY_TOKEN.host]
    return {name: f"10.99.0.{100 + number}" for number, name in enumerate(dict.fromkeys(names))}


#: Public name ─► its address in the lab.
PUBLIC = _public_addresses()

#: Company names with an address of their own, because what is wrong with them is below HTTP.
SPECIAL = {
    "refused.reg.test": "10.99.0.11",
    "old-tls.reg.test": "10.99.0.12",
    "http-on-443.reg.test": "10.99.0.13",
    "closes.reg.test": "10.99.0.14",
    "hangs.reg.test": "10.99.0.15",
    "not-tls.reg.test": "10.99.0.16",
    "cut.reg.test": "10.99.0.17",
    "stall.reg.test": "10.99.0.18",
    "reset.reg.test": "10.99.0.19",
}

#: Domains whose every name leads into trouble (see network.py for the networks).
TROUBLE = {
    "blackhole.test": "10.99.9.5",
    "rejected.test": "10.99.8.5",
    "reset.test": "10.99.7.5",
    "no-host.test": "10.99.0.77",
}
V6_ONLY = "v6-only.test"
DNS_REFUSED = "dns-refused.test"

#: Names of proxies and their ports, see proxies.py.
PROXY_HOST = "proxy.reg.test"
PROXY_OPEN, PROXY_AUTH, PROXY_DENIED = 3127, 3128, 3129


def services_addresses() -> list[str]:
    return [*PUBLIC.values(), *SPECIAL.values()]


def dnsmasq_config(company_names: Sequence[str]) -> str:
    """Names of the lab resolve, one domain is answered with REFUSED, everything else does not exist."""
    lines = [
        "no-resolv",
        "no-hosts",
        "keep-in-foreground",
        "user=root",
        f"listen-address={SERVICES_IP}",
        "bind-interfaces",
        "local=/#/",
        f"server=/{DNS_REFUSED}/#",
        f"address=/{V6_ONLY}/2001:db8::1",
    ]
    lines += [f"address=/{name}/{SERVICES_IP}" for name in company_names if name not in SPECIAL]
    for table in (PUBLIC, SPECIAL, TROUBLE):
        lines += [f"address=/{name}/{address}" for name, address in table.items()]
    return "\n".join(lines) + "\n"
