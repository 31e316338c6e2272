# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks images and says when the last one of each host was answered: python ask_registries.py CA PLAN.json.

PLAN is a list of images. Prints seconds by host, and how many were found, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)

USER, PASSWORD = "robot", "bench-password"


class Timed(Client):
    """A client that notes when each answer came."""

    times: dict[str, float] = {}
    began = 0.0

    @classmethod
    def _place(cls, job: Any, answer: Any, answers: Any) -> None:  # type: ignore[override]
        Client._place(job, answer, answers)
        cls.times[answer.registry] = time.monotonic() - cls.began


def main() -> None:
    """Ask for everything at once."""
    images = json.loads(Path(sys.argv[2]).read_text())
    client = Timed(Settings(ca_file=sys.argv[1], timeout=3.0, deadline=30.0))
    Timed.began = time.monotonic()
    login = Login(USER, PASSWORD)
    answers = client.ask([Question(image, login) for image in images])
    found = sum(answer.outcome == "found" for answer in answers)
    print(json.dumps({"seconds": Timed.times, "found": found}))


if __name__ == "__main__":
    main()
