# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How registries are reached, and what is asked of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login


class SettingsInvalid(ValueError):
    """An option that cannot be used; the message is one line for its user."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How registries are reached.

    ``ca_file`` and ``ca_pem`` are trusted beside the system's authorities. ``proxy`` is an ``http://`` or ``https://``
    URL, ``no_proxy`` holds names, domains, addresses and networks as the variable NO_PROXY does. ``plain_http`` names
    hosts (``HOST`` or ``HOST:PORT``) that are spoken to without TLS; loopback is nothing special. ``mirrors`` gives,
    for a registry's name as references write it, URLs that are asked first, without a credential.

    ``timeout`` is for one request, from the connection to the last byte; ``question_timeout`` for all requests of one
    question, ``deadline`` for all questions of one call: seconds each. ``per_host`` questions to one registry run at a
    time. ``clock`` gives
    seconds since the epoch.
    """

    ca_file: str | None = None
    ca_pem: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = field(default=None, repr=False)
    no_proxy: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timeout: float = 10.0
    question_timeout: float = 30.0
    deadline: float = 60.0
    per_host: int = 8
    validate_certs: bool = True
    vantage: str = "controller"
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Question:
    """One image, asked for with one login (None: anonymously), for platforms (none: whichever there are)."""

    image: str
    login: Login | None = None
    platforms: tuple[Platform, ...] = ()
