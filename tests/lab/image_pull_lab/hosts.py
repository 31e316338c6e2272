# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the lab's DNS: public registries by their real names, and registries with one fault each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import token_services
from .network import SERVICES_IP
from .token_services import TokenService

ECR_ACCOUNT = "123456789012"
ECR = f"{ECR_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class Site:
    """One body of images, served by one registry process, under one or more public names."""

    name: str
    hosts: tuple[str, ...]
    #: The token service whose tokens the registry process itself checks; None: only the front before it does.
    token: TokenService | None = None


SITES = (
    Site("hub", ("registry-1.docker.io", "index.docker.io"), token_services.HUB),
    Site("quay", ("quay.io",), token_services.QUAY),
    Site("ghcr", ("ghcr.io",), token_services.GHCR),
    Site("gitlab", ("registry.gitlab.com",), token_services.GITLAB),
    Site("google", ("us-docker.pkg.dev", "gcr.io"), token_services.GOOGLE),
    Site("acr", ("acme.azurecr.io", "open.azurecr.io", "walled.azurecr.io"), token_services.ACR),
    Site("ecr", (ECR,)),
    Site(
        "open",
        (
            "registry.k8s.io",
            "mcr.microsoft.com",
            "public.ecr.aws",
            "europe-west4-docker.pkg.dev",
            "registry.redhat.io",
            "registry.access.redhat.com",
        ),
    ),
)
#: The company's own registry: one body of images behind all reg.test names.
COMPANY = "company"

KUBERNETES_BLOBS = "prod-registry-k8s-io-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com"
#: Where the public registries send clients for blobs: host ─► site.
BLOB_HOSTS = {
    "production.cloudflare.docker.com": "hub",
    "cdn01.quay.io": "quay",
    "pkg-containers.githubusercontent.com": "ghcr",
    "cdn.registry.gitlab-static.net": "gitlab",
    "storage.googleapis.com": "google",
    "acme.westeurope.data.azurecr.io": "acr",
    "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com": "ecr",
    KUBERNETES_BLOBS: "open",
    "d1qsjq9pzbk1k6.cloudfront.net": "open",
    "cdn02.quay.io": "open",
}


def site_of(host: str) -> Site | None:
    """The site behind a public name; None for the company's."""
    return next((site for site in SITES if host in site.hosts), None)


def _public_addresses() -> dict[str, str]:
    names = [host for site in SITES for host in site.hosts]
    names += [service.host for service in token_services.ALL if not service.host.endswith(".reg.test")]
    names += BLOB_HOSTS
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
PROXY_OPEN, PROXY_AUTH, PROXY_DENIED, PROXY_PUBLIC = 3127, 3128, 3129, 3130


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
