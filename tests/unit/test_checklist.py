# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist says the same in the report, in the documentation, and in the tags of the roles."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import (
    diagnose_facts,
    facts_from_records,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ClusterFact, Scope

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/checklist.md").read_text(encoding="utf-8")


def documented_tags() -> list[str]:
    return re.findall(r"^Tag `([a-z_]+)`\.", PAGE, re.MULTILINE)


def test_the_page_has_the_steps_of_the_report_in_its_order() -> None:
    facts = facts_from_records(
        [], cluster=ClusterFact(name="c", server=""), scope=Scope(), observed_at="2026-01-31T08:00:00Z"
    )
    reported = [f"{step.step}. {step.title}" for step in diagnose_facts(facts).checklist]
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == reported


def test_the_report_task_answers_to_the_tag_of_every_step() -> None:
    tasks = yaml.safe_load((ROOT / "roles/report/tasks/main.yml").read_text(encoding="utf-8"))
    report = next(task for task in tasks if "kube_runbooks.image_pull.report" in task)
    assert [tag for tag in report["tags"] if tag != "always"] == documented_tags()


def test_every_step_has_commands_to_do_it_by_hand() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert len(sections) == len(documented_tags()) == 10
    assert all("```sh\n" in section for section in sections)
