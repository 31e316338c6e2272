# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options of the modules: names, aliases and environment variables of ``kubernetes.core``.

They follow ``kubernetes.core.k8s_auth_options`` (kubernetes.core 6.6), so that module defaults, AWX credentials and
habits carry over; ``persist_config`` is not taken, because nothing here writes to a kubeconfig.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NAMES = (
    "kubeconfig",
    "context",
    "host",
    "api_key",
    "username",
    "password",
    "validate_certs",
    "ca_cert",
    "client_cert",
    "client_key",
    "proxy",
    "no_proxy",
    "proxy_headers",
    "impersonate_user",
    "impersonate_groups",
)
"""The options that every module of the action group takes."""


@dataclass(slots=True)
class ConnectionOptions:
    """What the user said about the cluster; None or empty where nothing was said."""

    kubeconfig: str | dict[str, Any] | None = None
    context: str | None = None
    host: str | None = None
    api_key: str | None = None
    username: str | None = None
    password: str | None = None
    validate_certs: bool | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    no_proxy: str | None = None
    proxy_headers: dict[str, Any] | None = None
    impersonate_user: str | None = None
    impersonate_groups: list[str] = field(default_factory=list)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ConnectionOptions:
        """Return the options among ``params``, which may hold others too; empty texts count as not given."""
        return cls(**{name: params[name] for name in NAMES if params.get(name) not in (None, "", [])})


_SECRET_FIELDS = frozenset(
    {"token", "password", "client-key-data", "id-token", "access-token", "refresh-token", "client-secret"}
)


def secrets_of(kubeconfig: Any) -> set[str]:
    """Return the secret texts in an inline kubeconfig, so that they can be kept out of every output.

    These are tokens, passwords and private keys by the names of the kubeconfig format, and the values of the
    environment that is given to an exec plugin.
    """
    found: set[str] = set()
    if isinstance(kubeconfig, Mapping):
        for key, value in kubeconfig.items():
            if key in _SECRET_FIELDS and isinstance(value, str):
                found.add(value)
            elif key == "env" and isinstance(value, list):
                found.update(str(entry.get("value")) for entry in value if isinstance(entry, Mapping))
            else:
                found |= secrets_of(value)
    elif isinstance(kubeconfig, list):
        for item in kubeconfig:
            found |= secrets_of(item)
    return found - {""}
