# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the events have gone: an hour after a fault they are all gone, as the API server keeps them no longer.

Runs as the last of the lab's tests, because it deletes what the others look at.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab.scenarios.judgement import about
from tests.lab.scenarios.scene import Scene
from tests.plays.runbook import diagnose

SUBJECTS = ("names", "tls")


def test_without_events_it_is_still_not_healthy(scene: Scene, kubernetes: str, tmp_path: Path) -> None:
    """From 1.32 the container status keeps the cause; before, nothing is left to tell it."""
    for subject in SUBJECTS:
        path = scene.lab.api.path("Event", subject)
        scene.lab.api.request("DELETE", path)
    run = diagnose(tmp_path, kubeconfig=scene.viewer, namespaces=SUBJECTS)
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"
    keeps_cause = tuple(map(int, kubernetes.split("."))) >= (1, 32)
    for scenario in scene.scenarios:
        if scenario.namespace in SUBJECTS:
            fair = (*scenario.failures[0].fair_causes, *(() if keeps_cause else ("unknown",)))
            for pod in scene.seen.of(scenario):
                found = about(run.report["findings"], pod, scenario.failures[0])
                assert len(found) == 1, scenario.name
                assert found[0]["cause"] in fair, scenario.name
