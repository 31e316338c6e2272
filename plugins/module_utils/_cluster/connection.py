# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the API server is and how it is spoken to: options, kubeconfig or service account, turned into one value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import credentials as who
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ConfigInvalid
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.kubeconfig import (
    default_source,
    load_profile,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(slots=True)
class Connection:
    """One API server and one account. ``context`` is the kubeconfig context, None where there is none."""

    server: str
    credentials: who.Credentials
    context: str | None = None
    verify: bool = True
    ca_file: str | None = None
    ca_data: bytes = b""
    tls_server_name: str | None = None
    proxy: str | None = None
    proxy_headers: dict[str, str] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What to call this cluster where nobody gave it a name: its context, else its host."""
        return self.context or self.server.split("://", 1)[-1].split("/", 1)[0]


def connect(options: ConnectionOptions, environ: Mapping[str, str] | None = None) -> Connection:
    """Return the connection that ``options`` describe, without speaking to the server.

    With ``host`` and credentials the options suffice; otherwise the kubeconfig they name; otherwise the service
    account of the pod this runs in; otherwise the default kubeconfig. Single options overrule what was found.
    Raises ConfigInvalid.
    """
    environ = os.environ if environ is None else environ
    connection = _base(options, environ)
    _overrule(connection, options)
    if not connection.server.startswith(("https://", "http://")):
        raise ConfigInvalid(
            f"'{connection.server}' is no address of an API server: https://HOST:PORT is wanted"
        )
    connection.server = connection.server.rstrip("/")
    _set_proxy(connection, options, environ)
    return connection


def _base(options: ConnectionOptions, environ: Mapping[str, str]) -> Connection:
    own = (
        options.api_key
        or (options.username and options.password)
        or (options.client_cert and options.client_key)
    )
    if options.host and own:
        return Connection(options.host, who.Credentials())
    named = options.kubeconfig or options.context
    if not named and environ.get("KUBERNETES_SERVICE_HOST") and os.path.exists(f"{SERVICE_ACCOUNT}/token"):
        return _in_cluster(environ)
    source = options.kubeconfig or default_source(environ)
    if options.host and not named and not _exists(source):
        return Connection(options.host, who.Credentials())
    return _from_kubeconfig(source, options, environ)


def _exists(source: str | dict[str, Any]) -> bool:
    return isinstance(source, dict) or any(
        os.path.exists(os.path.expanduser(path)) for path in source.split(os.pathsep) if path
    )


def _in_cluster(environ: Mapping[str, str]) -> Connection:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    address = f"[{host}]" if ":" in host else host
    return Connection(
        f"https://{address}:{port}",
        who.TokenFile(f"{SERVICE_ACCOUNT}/token"),
        ca_file=f"{SERVICE_ACCOUNT}/ca.crt",
    )


def _from_kubeconfig(
    source: str | dict[str, Any], options: ConnectionOptions, environ: Mapping[str, str]
) -> Connection:
    profile = load_profile(source, options.context)
    cluster = profile.cluster
    if not cluster.get("server"):
        raise ConfigInvalid(f"the cluster of context '{profile.context}' has no server")
    return Connection(
        server=str(cluster["server"]),
        credentials=who.credentials_of(profile, source, environ),
        context=profile.context,
        verify=not cluster.get("insecure-skip-tls-verify"),
        ca_file=None
        if cluster.get("certificate-authority-data")
        else profile.cluster_path("certificate-authority"),
        ca_data=who.data_or_file(cluster, "certificate-authority", None),
        tls_server_name=cluster.get("tls-server-name"),
        proxy=cluster.get("proxy-url"),
    )


def _overrule(connection: Connection, options: ConnectionOptions) -> None:
    if options.host:
        connection.server = options.host
    if options.api_key:
        connection.credentials = who.Credentials(
            f"Bearer {options.api_key}", connection.credentials.certificate
        )
    elif options.username:
        authorization = who.basic(options.username, options.password or "")
        connection.credentials = who.Credentials(authorization, connection.credentials.certificate)
    if options.client_cert:
        key_file = options.client_key or options.client_cert
        connection.credentials.certificate = who.ClientCertificate(options.client_cert, key_file)
    if options.ca_cert:
        connection.ca_file, connection.ca_data = options.ca_cert, b""
    if options.validate_certs is not None:
        connection.verify = options.validate_certs
    if options.impersonate_user:
        connection.headers.append(("Impersonate-User", options.impersonate_user))
    elif options.impersonate_groups:
        raise ConfigInvalid("impersonate_groups needs impersonate_user: the API server takes no groups alone")
    connection.headers += [("Impersonate-Group", group) for group in options.impersonate_groups]


def _set_proxy(connection: Connection, options: ConnectionOptions, environ: Mapping[str, str]) -> None:
    scheme, _sep, rest = connection.server.partition("://")
    host = rest.split("/", 1)[0].rpartition("@")[2]
    from_environment = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY")
    exceptions = options.no_proxy or environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    proxy = options.proxy or connection.proxy or from_environment
    connection.proxy = None if not proxy or _bypasses(host, exceptions) else proxy
    if options.proxy_headers:
        basic_auth, proxy_auth = (
            options.proxy_headers.get("basic_auth"),
            options.proxy_headers.get("proxy_basic_auth"),
        )
        if proxy_auth:
            connection.proxy_headers["Proxy-Authorization"] = who.basic(*_pair(proxy_auth))
        if basic_auth:
            connection.proxy_headers["Authorization"] = who.basic(*_pair(basic_auth))
        if options.proxy_headers.get("user_agent"):
            connection.proxy_headers["User-Agent"] = str(options.proxy_headers["user_agent"])


def _pair(text: str) -> tuple[str, str]:
    name, _sep, password = text.partition(":")
    return name, password


def _bypasses(host_and_port: str, exceptions: str) -> bool:
    """Return whether NO_PROXY covers the host: names, suffixes, addresses, networks, ``*`` (as curl and Go do)."""
    host = (
        host_and_port.rsplit(":", 1)[0].strip("[]").lower() if ":" in host_and_port else host_and_port.lower()
    )
    is_address = ":" in host or host.replace(".", "").isdigit()
    for entry in (part.strip().lower() for part in exceptions.split(",")):
        name = entry.removeprefix("*").lstrip(".")
        if entry == "*" or (name and (host == name or (not is_address and host.endswith(f".{name}")))):
            return True
        if "/" in entry:
            import ipaddress

            try:
                if ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False):
                    return True
            except ValueError:
                continue
    return False
