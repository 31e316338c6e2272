# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters inside real templates: found by name, and their results never evaluated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        answer: "{{ message | kube_runbooks.image_pull.classify_pull_error }}"
      vars:
        message: !unsafe >-
          Failed to pull image "r.example/{{6*7}}:1": dial tcp: lookup r.example: no such host
          {{ lookup('ansible.builtin.file', '/etc/hostname') }}
    - ansible.builtin.copy:
        content: "{{ {'answer': answer, 'image': answer.image, 'quote': answer.quote, 'ref': ref} | to_json }}"
        dest: "{{ result_file }}"
        mode: "0600"
      vars:
        ref: "{{ 'r.example:5000/a' | kube_runbooks.image_pull.parse_image_ref }}"
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("play")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    target = folder / "result.json"
    subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local",
         "-e", f"ansible_python_interpreter={sys.executable}", "-e", f"result_file={target}", str(folder / "play.yml")],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_LOCAL_TEMP": str(folder)},
    )  # fmt: skip
    return json.loads(target.read_text(encoding="utf-8"))


def test_a_template_in_a_message_stays_text(result: dict[str, object]) -> None:
    assert result["image"] == "r.example/{{6*7}}:1"
    assert "{{ lookup(" in str(result["quote"])


def test_both_filters_are_found_by_their_full_names(result: dict[str, object]) -> None:
    assert result["answer"]["cause"] == "dns_failure"  # type: ignore[index]
    assert result["ref"]["registry"] == "r.example:5000"  # type: ignore[index]
