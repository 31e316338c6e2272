# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private copy of containerd's hosts.toml that hands a credential to the registry itself, and to nobody else.

containerd sends what stands under ``header`` with every request to that host of the file
(``remotes/docker/config/hosts.go``), so mirrors beside it do not get it. Go's HTTP client drops an Authorization when
it is redirected to another domain (``net/http``, ``shouldCopyHeaderOnRedirect``; a subdomain keeps it, as it does in
containerd's own pulls). Up to 1.7 a file without any ``[host]`` table is ignored, and the ``server`` comes last.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.hosts_toml import (
    HostsError,
    parse,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import HostFolder

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
PLACEHOLDER = "@AUTHORIZATION@"
_HUB = "docker.io"
_HUB_HOSTS = ("registry-1.docker.io", "index.docker.io", "docker.io")


@dataclass(frozen=True, slots=True)
class Origin:
    """The registry itself, as the runtime would ask it."""

    url: str
    ca_files: tuple[str, ...] = ()
    skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class PrivateHosts:
    """A hosts.toml with ``PLACEHOLDER`` where the credential goes, the name of its folder, and the origin.

    ``endpoints`` are the hosts that are tried, in their order. ``origin`` is null where the registry itself is not
    among them: then there is nobody to hand the credential to.
    """

    folder: str
    text: str
    endpoints: tuple[str, ...]
    origin: Origin | None


def private_hosts(registry: str, found: HostFolder | None, major: int) -> PrivateHosts:
    """Return the copy for ``registry`` of the folder that the runtime reads for it (None: there is none)."""
    tables = _tables(found, major)
    hosts: dict[str, dict[str, Any]] = tables.pop("host", {})
    server = str(tables.get("server") or "")
    own = _HUB_HOSTS if registry == _HUB else (registry,)
    default = _default(registry)
    if major < 2 and not hosts:
        hosts = {server or default: {key: value for key, value in tables.items() if key != "server"}}
    if not server or _host(server) in own:
        _authorize(tables)
    for url, table in hosts.items():
        if _host(url) in own:
            _authorize(table)
    ends = [*((url, table) for url, table in hosts.items()), (server or default, tables)]
    first = next(((url, table) for url, table in ends if _host(url) in own), None)
    return PrivateHosts(
        folder=registry,
        text=_written(tables, hosts),
        endpoints=tuple(dict.fromkeys(_with_scheme(url) for url, _table in ends)),
        origin=_origin(*first) if first else None,
    )


def _default(registry: str) -> str:
    if registry == _HUB:
        return "https://registry-1.docker.io"
    name = registry.rpartition(":")[0] or registry
    return f"{'http' if name in ('localhost', '127.0.0.1', '[::1]') else 'https'}://{registry}"


def _host(url: str) -> str:
    try:
        return urlsplit(_with_scheme(url)).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _with_scheme(url: str) -> str:
    return url if url.startswith("http") else f"https://{url}"


def _tables(found: HostFolder | None, major: int) -> dict[str, Any]:
    """Return the file's content with absolute paths; where it does not decode, the certificate files instead."""
    if found is None:
        return {}
    if found.toml:
        try:
            parse(found.toml, found.path, major)
            data = tomllib.loads(found.toml)
        except (HostsError, tomllib.TOMLDecodeError):
            pass
        else:
            for table in (data, *data.get("host", {}).values()):
                _make_absolute(table, found.path)
            return data
    return _of_certificates(found)


def _of_certificates(found: HostFolder) -> dict[str, Any]:
    """Docker's layout: ``*.crt`` are CAs, ``NAME.cert`` with ``NAME.key`` client certificates."""
    names = sorted(found.certificates)
    data: dict[str, Any] = {}
    if authorities := [name for name in names if name.endswith(".crt")]:
        data["ca"] = [posixpath.join(found.path, name) for name in authorities]
    pairs = [name for name in names if name.endswith(".cert") and f"{name[:-5]}.key" in names]
    if pairs:
        data["client"] = [
            [posixpath.join(found.path, f"{name[:-5]}{end}") for end in (".cert", ".key")] for name in pairs
        ]
    return data


def _make_absolute(table: dict[str, Any], folder: str) -> None:
    def absolute(value: Any) -> Any:
        if isinstance(value, str):
            return posixpath.join(folder, value)
        return [absolute(one) for one in value] if isinstance(value, list) else value

    for key in ("ca", "client"):
        if key in table:
            table[key] = absolute(table[key])


def _authorize(table: dict[str, Any]) -> None:
    """Add the header, unless the file has one of its own: then that is what the runtime sends, too."""
    headers = dict(table.get("header") or {})
    if not any(name.lower() == "authorization" for name in headers):
        headers["Authorization"] = PLACEHOLDER
    table["header"] = headers


def _origin(url: str, table: dict[str, Any]) -> Origin:
    authorities = table.get("ca") or []
    if isinstance(authorities, str):
        authorities = [authorities]
    parts = urlsplit(_with_scheme(url))
    return Origin(f"{parts.scheme}://{parts.netloc}", tuple(authorities), table.get("skip_verify") is True)


def _written(tables: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> str:
    lines = [*_values(tables)]
    if header := tables.get("header"):
        lines += ["[header]", *_values(header)]
    for url, table in hosts.items():
        lines += [f"[host.{_text(url)}]", *_values(table)]
        if header := table.get("header"):
            lines += [f"[host.{_text(url)}.header]", *_values(header)]
    return "\n".join(lines) + "\n"


def _values(table: dict[str, Any]) -> Iterable[str]:
    for key, value in table.items():
        if isinstance(value, str | bool | int | list):
            yield f"{key if _BARE.match(key) else _text(key)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(text: str) -> str:
    """A JSON string is a basic string of TOML, where characters beyond the basic plane are not escaped in pairs."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
