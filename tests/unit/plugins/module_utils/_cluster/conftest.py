# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that says what a test tells it, and a client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import refusals
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials

from tests.unit.plugins.module_utils._cluster.api_server import ApiServer, api_server


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as served:
        yield served


@pytest.fixture
def client(server: ApiServer) -> Callable[..., Client]:
    """Makes a client; ``request_timeout`` and ``deadline`` may be given."""

    def make(**options: float) -> Client:
        return Client(Connection(server.url, Credentials("Bearer t"), context="lab"), **options)

    return make


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are noted and not waited for."""
    noted: list[float] = []
    monkeypatch.setattr(refusals.time, "sleep", noted.append)
    return noted
