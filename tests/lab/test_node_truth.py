# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the nodes looked at: the true cause, confirmed, with its node and hop; over SSH, and through pods alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import inventory
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.node_faults import SETS, Machine, NodeFault, all_faults
from tests.lab.node_faults.judgement import findings_about, misses, not_checked
from tests.lab.node_faults.scene import SPACE, Scene, in_place
from tests.lab.scenarios.scene import SLOW_AFTER, VIEWER, grant
from tests.plays.runbook import Run, diagnose

pytestmark = pytest.mark.lab

#: Everything at once on two processors; what a run is given in life is tested elsewhere.
DEADLINE = 240
WAYS = ("ssh", "pod")
FAULTS = [
    pytest.param(name, machine, fault, id=fault.name)
    for name, machines in SETS.items()
    for machine in machines
    for fault in machine.faults
]


@dataclass(frozen=True)
class Looked:
    """A set of faults in place, and what diagnose.yml said of them, by the way to the nodes."""

    scene: Scene
    runs: dict[str, Run]
    nodes: list[str]


@pytest.fixture(scope="module")
def looks(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Looked]:
    """Each set in its turn: in place, looked at both ways, and away again."""
    grant(lab, VIEWER)
    done = {}
    for name in SETS:
        with in_place(lab, name) as scene:
            folder = tmp_path_factory.mktemp(name)
            nodes = [node.name for node in lab.nodes]
            runs = {way: look(scene, way, folder / way) for way in WAYS}
            done[name] = Looked(scene, runs, nodes)
    return done


def look(scene: Scene, way: str, folder: Path) -> Run:
    """diagnose.yml from within the lab's network, whose registries the controller then reaches as the nodes should."""
    lab = scene.lab
    arguments = ["--forks", "5"]
    if way == "ssh":
        hosts = inventory.write(folder / "inventory.json", lab.nodes, inside=True)
        arguments += ["--inventory", str(hosts)]
    run = diagnose(
        folder,
        kubeconfig=lab.kubeconfig(VIEWER if way == "ssh" else "admin", inside=True),
        before=lab.inside(),
        arguments=arguments,
        namespaces=[SPACE],
        slow_after=SLOW_AFTER,
        registry_checks=True,
        registry_ca_file=str(lab.registry_ca),
        max_nodes=20,
        deadline=DEADLINE,
        node_access="auto" if way == "ssh" else "pod",
    )
    assert run.code == 0, run.output[-5000:]
    return run


@pytest.mark.parametrize(("name", "machine", "fault"), FAULTS)
def test_the_true_cause_is_confirmed_over_ssh(
    name: str, machine: Machine, fault: NodeFault, looks: dict[str, Looked]
) -> None:
    seen = looks[name]
    assert misses(seen.runs["ssh"].report, machine, fault, seen.nodes) == []


@pytest.mark.parametrize(("name", "machine", "fault"), FAULTS)
def test_through_a_pod_it_is_the_same_finding_where_one_can_start(
    name: str, machine: Machine, fault: NodeFault, looks: dict[str, Looked]
) -> None:
    seen = looks[name]
    report = seen.runs["pod"].report
    if machine.pod == "starts" or not fault.found:
        assert misses(report, machine, fault, seen.nodes) == []
    if machine.pod == "starts":
        by_pod, by_ssh = (findings_about(seen.runs[way].report, fault)[0] for way in ("pod", "ssh"))
        assert (by_pod["id"], by_pod["cause"], by_pod["hop"]) == (
            by_ssh["id"],
            by_ssh["cause"],
            by_ssh["hop"],
        )
    elif fault.found:
        assert len(findings_about(report, fault)) == 1
        refused = [entry["why"] for entry in not_checked(report, machine.name) if "shell" in entry["check"]]
        assert refused, "nothing says why no pod could start there"


def test_there_are_faults_enough() -> None:
    faults = all_faults()
    assert len(faults) >= 25
    assert len({fault.name for dummy_machine, fault in faults}) == len(faults)
