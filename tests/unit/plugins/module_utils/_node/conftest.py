# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells, folders of tools that stand for poor nodes, and a CA."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.shells import SHELLS

Tools = Callable[..., str]


@pytest.fixture(params=sorted(SHELLS))
def shell(request: pytest.FixtureRequest) -> str:
    """Each shell that is here."""
    return request.param


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Return a function that makes a folder with just these tools of this machine (or scripts, by their text)."""

    def make(names: Iterable[str] = (), **scripts: str) -> str:
        folder = tmp_path / "tools"
        folder.mkdir(exist_ok=True)
        for name in names:
            if found := shutil.which(name):
                (folder / name).symlink_to(found)
        for name, text in scripts.items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
        return str(folder)

    return make


@pytest.fixture
def busybox_tools(tmp_path: Path) -> str:
    """A folder with the applets of busybox and nothing else, as the PATH of a node that has only it."""
    program = shutil.which("busybox")
    if program is None:
        pytest.skip("busybox is not installed")
    folder = tmp_path / "busybox"
    folder.mkdir()
    for name in subprocess.run(
        [program, "--list"], capture_output=True, text=True, check=True
    ).stdout.split():
        (folder / name).symlink_to(program)
    return str(folder)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> pki.Authority:
    """A CA of the test's own."""
    return pki.Authority(tmp_path_factory.mktemp("pki"), "ca", "test CA")
