# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry host's folder of containerd: hosts.toml, else Docker's layout of certificate files.

Source: containerd ``core/remotes/docker/config/hosts.go`` (1.6, 1.7: ``remotes/docker/config/hosts.go``) and
``docs/hosts.md``. What follows from it:

* the hosts are tried in the order of the file, ``server`` (else the registry itself) last;
* a file that does not decode is left aside, with the log line ``failed to decode hosts.toml`` as its only trace;
  so is, up to 1.7, a file without any ``[host]`` table (``invalid `host` tree``);
* ``ca``, ``client`` and ``skip_verify`` of a ``[host]`` are that host's alone; those at the top are the server's;
* a ``ca`` that cannot be read fails every pull of that registry.

containerd up to 1.7 parses with go-toml v1, later ones with v2, and here Python's tomllib (TOML 1.0) does: they differ
in corners (v1 knows TOML 0.5 only), which real files do not visit.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import parse_toml

_CAPABILITIES = frozenset({"pull", "resolve", "push"})
_TABLE = re.compile(
    r"""^[ \t]*\[[ \t]*host[ \t]*\.[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))""", re.MULTILINE
)
_LONGEST = 300


class HostsError(ValueError):
    """The file does not decode: containerd leaves it aside."""


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One host of a file, or its server (``is_server``). ``url`` is empty where the registry itself is meant."""

    url: str
    is_server: bool = False
    capabilities: frozenset[str] = _CAPABILITIES
    ca_files: tuple[str, ...] = ()
    client_files: tuple[str, ...] = ()
    skip_verify: bool | None = None
    headers: tuple[str, ...] = ()
    override_path: bool = False
    dial_timeout: str = ""

    @property
    def has_tls(self) -> bool:
        return bool(self.ca_files or self.client_files) or self.skip_verify is not None

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc if self.url else ""

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme if self.url else ""


def parse(text: str, folder: str, major: int) -> list[HostEntry]:
    """Return the hosts of a hosts.toml in the order in which they are tried, its server last.

    ``folder`` is what relative paths begin at, ``major`` containerd's version (1 or 2). Raises HostsError.
    """
    try:
        data = parse_toml(text)
    except ValueError as error:
        raise HostsError(str(error)) from None
    hosts = data.get("host")
    if major < 2 and not isinstance(hosts, dict):
        raise HostsError("it has no [host] table, which containerd wants up to 1.7 (invalid `host` tree)")
    if hosts is not None and not isinstance(hosts, dict):
        raise HostsError("host is no table")
    tables = {name: _table(value) for name, value in (hosts or {}).items()}
    names = list(tables) if major < 2 else _in_order(text, tables)
    entries = [_entry(name, tables[name], folder) for name in names]
    server = data.get("server", "")
    if not isinstance(server, str):
        raise HostsError("server is no string")
    return [*entries, _entry(server, data, folder, is_server=True)]


def _in_order(text: str, tables: dict[str, Any]) -> list[str]:
    """containerd 2 reads the order from the headers of tables alone, and tries a host again that comes up again."""
    names: list[str] = []
    for match in _TABLE.finditer(text):
        quoted, literal, bare = match.groups()
        name = bare or literal or _unescaped(quoted)
        if name in tables and (not names or names[-1] != name):
            names.append(name)
    return names


def _unescaped(text: str | None) -> str:
    if not text or "\\" not in text:
        return text or ""
    try:
        return str(tomllib.loads(f'x = "{text}"')["x"])
    except tomllib.TOMLDecodeError:
        return text


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise HostsError("a host is no table")
    return value


def _entry(server: str, table: dict[str, Any], folder: str, is_server: bool = False) -> HostEntry:
    override = _typed(table, "override_path", bool, False)
    return HostEntry(
        url=_url(server, override),
        is_server=is_server,
        capabilities=_capabilities(table),
        ca_files=_paths(table.get("ca"), "ca", folder),
        client_files=_client(table.get("client"), folder),
        skip_verify=_typed(table, "skip_verify", bool, None),
        headers=_headers(table),
        override_path=override,
        dial_timeout=_typed(table, "dial_timeout", str, ""),
    )


def _typed(table: dict[str, Any], key: str, kind: type, default: Any) -> Any:
    value = table.get(key, default)
    if value is not default and not isinstance(value, kind):
        raise HostsError(f"{key} is no {'boolean' if kind is bool else 'string'}")
    return value


def _url(server: str, override_path: bool) -> str:
    """The root of the API: containerd adds ``/v2`` to a path that does not end so, unless it is told not to."""
    if not server:
        return ""
    if not server.startswith("http"):
        server = f"https://{server}"
    try:
        parts = urlsplit(server)
        host = parts.netloc
    except ValueError as error:
        raise HostsError(f"{server[:_LONGEST]}: {error}") from None
    path = parts.path
    if path:
        path = posixpath.normpath(path)
        path = "/" + path.lstrip("/") if path.startswith("//") else path
        if not override_path and not path.endswith("/v2"):
            path = f"{path.rstrip('/')}/v2"
    elif not override_path:
        path = "/v2"
    host = host.rpartition("@")[2]
    return f"{parts.scheme}://{host}{path}"


def _capabilities(table: dict[str, Any]) -> frozenset[str]:
    listed = table.get("capabilities") or []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise HostsError("capabilities is no list of strings")
    named = {one.lower() for one in listed}
    unknown = sorted(named - _CAPABILITIES - {"referrers"})
    if unknown:
        raise HostsError(f"unknown capability {unknown[0][:80]}")
    return frozenset(named) if named else _CAPABILITIES


def _paths(value: Any, key: str, folder: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise HostsError(f"{key} is neither a path nor a list of paths")
    return tuple(posixpath.join(folder, one) for one in value)


def _client(value: Any, folder: str) -> tuple[str, ...]:
    if value is None or isinstance(value, str):
        return _paths(value, "client", folder)
    if not isinstance(value, list):
        raise HostsError("client is neither a path nor a list")
    found: list[str] = []
    for one in value:
        if isinstance(one, list) and len(one) != 2:
            raise HostsError("a pair of client has not two paths")
        found.extend(_paths(one, "client", folder))
    return tuple(found)


def _headers(table: dict[str, Any]) -> tuple[str, ...]:
    headers = table.get("header")
    if headers is None:
        return ()
    if not isinstance(headers, dict):
        raise HostsError("header is no table")
    for value in headers.values():
        strings = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (isinstance(value, str) or strings):
            raise HostsError("a header is neither a string nor a list of strings")
    return tuple(headers)
