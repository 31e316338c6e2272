# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the nodes looked at: the true cause, confirmed, with its node and hop; over SSH, and through pods alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import inventory
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.node_faults import SETS, Machine, NodeFault, all_faults
from tests.lab.node_faults.judgement import Report, findings_about, misses, not_checked
from tests.lab.node_faults.scene import Scene, in_place
from tests.lab.scenarios.declare import LABEL
from tests.lab.scenarios.scene import SLOW_AFTER, VIEWER, grant
from tests.plays.runbook import Run, diagnose

#: Nodes with faults that one run looks at, all of them on the two processors that have to run everything else, too.
AT_A_TIME = 3
DEADLINE = 120
WAYS = ("ssh", "pod")
FAULTS = [
    pytest.param(name, machine, fault, id=fault.name)
    for name, machines in SETS.items()
    for machine in machines
    for fault in machine.faults
]


@dataclass(frozen=True)
class Looked:
    """What diagnose.yml said of a set of faults: by the way to the nodes and the node; and all nodes of the lab."""

    reports: dict[str, dict[str, Report]]
    nodes: list[str]


@pytest.fixture(scope="module")
def looks(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], Looked]:
    """A set by its name, when it is first asked for: in place, looked at as tests ask for, and away again."""
    grant(lab, VIEWER)
    pods = any("through_a_pod" in item.name for item in request.session.items)
    ways = WAYS if pods else WAYS[:1]

    @functools.cache
    def tried(name: str) -> Looked | Exception:
        folder = tmp_path_factory.mktemp(name)
        try:
            with in_place(lab, name) as scene:
                reports = {way: dict(reports_of(scene, way, folder / way)) for way in ways}
                return Looked(reports, [node.name for node in lab.nodes])
        except Exception as error:  # noqa: BLE001 - told by each test of the set, instead of tried again by each
            return error

    def of(name: str) -> Looked:
        result = tried(name)
        if isinstance(result, Exception):
            raise result
        return result

    return of


def reports_of(scene: Scene, way: str, folder: Path) -> Iterator[tuple[str, Report]]:
    """A report for each node of the scene, a few of them from one run."""
    for begin in range(0, len(scene.machines), AT_A_TIME):
        machines = scene.machines[begin : begin + AT_A_TIME]
        run = look(scene, way, folder / str(begin), machines)
        for machine in machines:
            yield machine.name, run.report


def look(scene: Scene, way: str, folder: Path, machines: Sequence[Machine]) -> Run:
    """diagnose.yml from within the lab's network, whose registries the controller then reaches as the nodes should."""
    lab = scene.lab
    faults = ",".join(fault.name for machine in machines for fault in machine.faults)
    folder.mkdir(parents=True)
    # The controller is well: it knows the company's CA, as most nodes do.
    trusted = folder / "ca.pem"
    trusted.write_text(lab.registry_ca.read_text() + lab.company_ca.read_text())
    arguments = []
    if way == "ssh":
        hosts = inventory.write(folder / "inventory.json", lab.nodes, inside=True)
        arguments = ["--inventory", str(hosts)]
    run = diagnose(
        folder,
        kubeconfig=lab.kubeconfig(VIEWER if way == "ssh" else "admin", inside=True),
        before=lab.inside(),
        arguments=arguments,
        namespaces=[scene.space],
        label_selector=f"{LABEL} in ({faults})",
        slow_after=SLOW_AFTER,
        registry_checks=True,
        registry_ca_file=str(trusted),
        max_nodes=AT_A_TIME,
        deadline=DEADLINE,
        node_access="auto" if way == "ssh" else "pod",
        evidence_dir=str(folder / "evidence"),
    )
    assert run.code == 0, run.output[-5000:]
    return run


@pytest.mark.parametrize(("name", "machine", "fault"), FAULTS)
def test_the_true_cause_is_confirmed_over_ssh(
    name: str, machine: Machine, fault: NodeFault, looks: Callable[[str], Looked]
) -> None:
    looked = looks(name)
    assert misses(looked.reports["ssh"][machine.name], machine, fault, looked.nodes) == []


@pytest.mark.long
@pytest.mark.parametrize(("name", "machine", "fault"), FAULTS)
def test_through_a_pod_it_is_the_same_finding_where_one_can_start(
    name: str, machine: Machine, fault: NodeFault, looks: Callable[[str], Looked]
) -> None:
    looked = looks(name)
    report = looked.reports["pod"][machine.name]
    if machine.pod == "starts" or not fault.found:
        assert misses(report, machine, fault, looked.nodes) == []
    if machine.pod == "starts":
        by_pod, by_ssh = (
            findings_about(looked.reports[way][machine.name], fault)[0] for way in ("pod", "ssh")
        )
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


def test_the_readme_lists_every_fault() -> None:
    readme = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    assert [fault.name for dummy_machine, fault in all_faults() if f"| `{fault.name}` |" not in readme] == []
