# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable that the documentation, the survey or a playbook names is one that a role takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Variables of the playbooks themselves, what the roles set, the groups that they make, and the collection's own name.
OTHERS = {
    *("hosts", "snapshot_dir", "summary", "evidence", "run_dir", "run", "run_id", "started", "diagnosis", "packed"),
    *("preflight", "audit", "clusters", "nodes", "one"),
    *("node", "node_choice", "node_cluster", "node_hosts", "node_lender", "node_look", "node_pods", "node_seconds"),
    *("node_way",),
}
PLACES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "roles").glob("*/README.md")),
    *sorted((ROOT / "roles").glob("*/tasks/*.yml")),
    *sorted((ROOT / "playbooks").glob("*.yml")),
    *sorted((ROOT / "awx").glob("*.yml")),
    ROOT / "tests/runner/env/extravars",
    ROOT / "Makefile",
]


def taken() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update(entry["options"])
    return found


@pytest.mark.parametrize("path", PLACES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_variables_that_exist_are_named(path: Path) -> None:
    named = set(re.findall(r"\bimage_pull_([a-z_]*[a-z])\b", path.read_text(encoding="utf-8")))
    known = {name.removeprefix("image_pull_") for name in taken()} | OTHERS
    assert named <= known, f"{sorted(named - known)} in {path.name}"


def test_a_default_of_a_role_is_the_documented_one() -> None:
    for role in ("triage", "registry", "nodes", "report", "preflight", "audit"):
        defaults = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text(encoding="utf-8"))
        spec = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
        options = spec["argument_specs"]["main"]["options"]
        assert defaults == {name: option["default"] for name, option in options.items() if "default" in option}


def test_the_survey_offers_the_choices_of_the_role() -> None:
    survey = yaml.safe_load((ROOT / "awx/survey.yml").read_text(encoding="utf-8"))
    for question in survey["spec"]:
        assert question.get("choices") == taken()[question["variable"]].get("choices")
