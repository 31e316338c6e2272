# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.image_pull_lab.errors import LabUnavailable
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.scenarios.scene import Scene, prepare, version_under_test


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder; and what needs all scenarios comes last.

    The scenarios' nodes, and their pods that try again and again, would be in the other tests' way.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.lab)
    late = {item.path for item in items if "scene" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in late)


@pytest.fixture(scope="session")
def kubernetes() -> str:
    """The minor version under test."""
    return version_under_test()


@pytest.fixture(scope="session")
def lab(kubernetes: str) -> Iterator[Lab]:
    """A lab of this run alone, down at the end; with ``IMAGE_PULL_LAB=NAME`` the one of that name, which stays up."""
    name = os.environ.get("IMAGE_PULL_LAB")
    if name:
        yield Lab.attach(name)
        return
    try:
        made = Lab.up(kubernetes, name=f"test-{os.getpid()}", owner=os.getpid())
    except LabUnavailable as reason:
        pytest.skip(f"no lab on this machine: {reason}")
    with made:
        yield made


@pytest.fixture(scope="session")
def scene(lab: Lab, kubernetes: str) -> Scene:
    """The lab with all scenarios of that version in place."""
    return prepare(lab, kubernetes)
