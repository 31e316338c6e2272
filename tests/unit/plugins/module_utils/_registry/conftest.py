# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry on loopback, and a client that may speak plain HTTP to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    Platform,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)

from tests.unit.plugins.module_utils._registry.loopback import Authority, Server, authority, serve

ALICE = Login("alice", "open-sesame-1")

Ask = Callable[..., RegistryAnswer]


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as served:
        yield served


@pytest.fixture
def other() -> Iterator[Server]:
    """Another host: a token service, a blob host, a mirror."""
    with serve() as served:
        yield served


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(Path(tmp_path_factory.mktemp("pki")))


@pytest.fixture
def settings(server: Server) -> Callable[..., Settings]:
    """Settings for the plain-HTTP registry; more options may be given."""

    def make(**options: Any) -> Settings:
        return Settings(**{"timeout": 5.0, "deadline": 20.0, "plain_http": (server.netloc,), **options})

    return make


@pytest.fixture
def ask(server: Server, settings: Callable[..., Settings]) -> Ask:
    """Asks the registry for ``NAME:TAG``."""

    def run(
        name: str = "shop/web:1",
        login: Login | None = None,
        platforms: tuple[Platform, ...] = (),
        **options: Any,
    ) -> RegistryAnswer:
        question = Question(f"{server.netloc}/{name}", login, platforms)
        return Client(settings(**options)).ask([question])[0]

    return run
