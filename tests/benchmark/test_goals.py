# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The goals of speed and memory, as a test: pytest -m bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark import nodes, registries, run
from tests.lab.image_pull_lab import LabUnavailable, places

pytestmark = pytest.mark.bench


@pytest.mark.parametrize(
    "words", [["--chain"], ["--pods", "50000", "--repeat", "3"]], ids=["10,000 pods", "50,000 pods"]
)
def test_the_goals_are_met(words: list[str], pytestconfig: pytest.Config) -> None:
    core = Path(pytestconfig.rootpath) / ".tests" / "kubernetes-core"
    if core.is_dir():
        words = [*words, "--kubernetes-core", str(core)]
    try:
        lines = run.run(run.parse(words))
    except LabUnavailable as reason:
        pytest.skip(f"no API server here: {reason}")
    print(f"\n{run.table(lines)}")
    assert [line.title for line in lines if line.met is False] == []


def test_the_goals_of_asking_registries_are_met() -> None:
    crane = sorted((places.cache_dir() / "bin").glob("crane-*/crane"))
    words = ["--crane", str(crane[-1])] if crane else []
    lines = registries.run(registries.parse(words))
    print(f"\n{run.table(lines)}")
    assert [line.title for line in lines if line.met is False] == []


def test_the_goals_of_looking_from_nodes_are_met() -> None:
    try:
        lines = nodes.run(nodes.parse([]))
    except LabUnavailable as reason:
        pytest.skip(f"no nodes here: {reason}")
    print(f"\n{run.table(lines)}")
    assert [line.title for line in lines if line.met is False] == []
