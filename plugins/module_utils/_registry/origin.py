# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a request goes: scheme, host and port, and which of these are out of bounds or behind the proxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

DOCKER_HUB_API = "registry-1.docker.io"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_DOCKER_HUB_NAMES = frozenset({"docker.io", "index.docker.io"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case, an IPv6 address without brackets) and port."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """As in a URL: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Without a path."""
        return f"{self.scheme}://{self.netloc}"


@lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """Return the origin of an absolute URL; raises ValueError where it is none of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("no URL of http or https")
    if not parts.hostname.isascii() or not parts.hostname.isprintable() or " " in parts.hostname:
        raise ValueError("no host name")
    return Origin(parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])


def registry_origin(registry: str, plain_http: Iterable[str]) -> Origin:
    """Return where the API of the registry that references call ``registry`` is."""
    host = DOCKER_HUB_API if registry in _DOCKER_HUB_NAMES else registry
    scheme = "http" if is_plain(registry, plain_http) or is_plain(host, plain_http) else "https"
    return origin_of(f"{scheme}://{host}")


def is_plain(netloc: str, plain_http: Iterable[str]) -> bool:
    """Whether a host, with its port or any, is configured for plain HTTP."""
    host = urlsplit(f"//{netloc}").hostname or ""
    return any(entry.lower() in (netloc.lower(), host) for entry in plain_http)


def is_local(address: str) -> bool:
    """Whether an address can only be this machine's own, or one that no registry names (cloud metadata)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return found.is_loopback or found.is_link_local or found.is_unspecified


def bypasses_proxy(origin: Origin, no_proxy: Iterable[str]) -> bool:
    """Whether NO_PROXY exempts a host, by the rules of Go's golang.org/x/net/http/httpproxy.

    ``example.com`` and ``.example.com`` match its subdomains, the former itself too; addresses and networks match
    addresses; a port narrows an entry; ``*`` matches all. localhost and loopback are always exempt.
    """
    if origin.host == "localhost" or _loopback(origin.host):
        return True
    for entry in no_proxy:
        wanted = entry.strip().lower()
        if wanted == "*" or (wanted and _exempts(wanted, origin)):
            return True
    return False


def _exempts(wanted: str, origin: Origin) -> bool:
    try:
        return ipaddress.ip_address(origin.host) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        pass
    name, colon, port = wanted.rpartition(":")
    if colon and port.isdigit() and not name.endswith(":"):
        if int(port) != origin.port:
            return False
        wanted = name.strip("[]")
    wanted = wanted.removeprefix("*")
    return origin.host.endswith(wanted) if wanted.startswith(".") else _same_or_below(origin.host, wanted)


def _same_or_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
