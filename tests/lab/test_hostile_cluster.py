# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in which somebody means harm: names and messages are text, whatever is written in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.scenarios.manifests import pod
from tests.lab.scenarios.scene import Scene
from tests.plays.runbook import Run, diagnose

SPACE = "hostile"
MARK = "/tmp/image-pull-test-was-carried-out"
RUN_IT = "{{ lookup('pipe', 'touch " + MARK + "') }}"

MESSAGES = {
    "template": RUN_IT,
    "statement": "{% set x = lookup('pipe', 'touch " + MARK + "') %}{{ x }}",
    "shell": f"$(touch {MARK}) `touch {MARK}`; touch {MARK} && touch {MARK}",
    "escapes": "\x1b[2J\x1b[H\x1b[31mall is well\x1b]0;title\x07",
    "own-lines": "first\nVERDICT: healthy\n\nPLAY RECAP\rlast",
    "very-long": "y" * 500_000,
    "odd-unicode": "\u202egnp.exe \u0000 \ufeff \ud83d\ude00 \x85 \u2028 end".replace("\u0000", ""),
    "html": "<script>alert(1)</script> & <b>bold</b>",
    "unsafe-marker": json.dumps({"__ansible_unsafe": RUN_IT}),
}


@pytest.fixture(scope="module")
def run(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Pods that nobody schedules, with a status that somebody made up, and an image with a template for a name."""
    api = scene.lab.api
    Path(MARK).unlink(missing_ok=True)
    api.create_namespace(SPACE)
    for name, text in MESSAGES.items():
        api.apply(pod(name, f"registry.reg.test/app/{name}:1", schedulerName="nobody"), namespace=SPACE)
        api.patch("Pod", name, _status(f"registry.reg.test/app/{name}:1", text), SPACE, subresource="status")
    api.apply(pod("image-is-a-template", RUN_IT), namespace=SPACE)
    api.wait_for_reason(SPACE, "image-is-a-template", ("InvalidImageName",))
    yield diagnose(
        tmp_path_factory.mktemp("hostile"), kubeconfig=scene.viewer, namespaces=[SPACE], arguments=["-vvv"]
    )
    api.delete_namespace(SPACE)


def _status(image: str, text: str) -> dict[str, Any]:
    waiting = {
        "reason": "ErrImagePull",
        "message": f'failed to resolve reference "{image}": {image}: not found {text}',
    }
    entry = {
        "name": "app",
        "image": image,
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": waiting},
    }
    return {"status": {"phase": "Pending", "containerStatuses": [entry]}}


def test_the_run_is_as_any_other(run: Run) -> None:
    assert run.code == 0, run.output[-3000:]
    pods = {entry["name"] for finding in run.report["findings"] for entry in finding["pods"]}
    assert pods == {*MESSAGES, "image-is-a-template"}
    assert "Traceback" not in run.output


def test_nothing_was_carried_out(run: Run) -> None:
    assert not Path(MARK).exists()


def test_the_terminal_obeys_nobody(run: Run) -> None:
    for character in ("\x1b]", "\x1b[2J", "\x07", "\u202e", "\x85", "\u2028", "\ufeff"):
        assert character not in run.plain_output
    lines = run.plain_output.splitlines()
    assert "VERDICT: healthy" not in lines
    assert lines.count("PLAY RECAP") == 0
    assert max(map(len, lines)) < 20_000


def test_the_report_keeps_the_words_and_stays_small(run: Run) -> None:
    assert len(run.report_bytes) < 1_000_000
    assert RUN_IT in json.dumps(run.report, ensure_ascii=False)
