# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action node_choice, called as the task executor calls it: who is looked at, how, and what is said of the rest."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.action.node_choice import ActionModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ConditionFact, NodeFact

from tests.unit.evidence import failing, write_evidence

UNRESOLVED = 'failed to do request: Head "https://r.example/v2/": dial tcp: lookup r.example: no such host'
READY = (ConditionFact("Ready", "True"),)


def evidence(place: Path, *nodes: str, healthy: tuple[str, ...] = ()) -> str:
    failures = [
        failing(UNRESOLVED, "r.example/shop/web:1", pod=f"web-{number}", pod_uid=f"u{number}", node=node)
        for number, node in enumerate(nodes)
    ]
    facts = [
        NodeFact(name, os="linux", pool=name[:1], conditions=READY, addresses=(f"10.0.0.{number}", name))
        for number, name in enumerate([*nodes, *healthy], start=1)
    ]
    write_evidence(place, [*failures, *facts])
    return str(place)


def choose(
    path: str, task_vars: dict[str, Any] | None = None, check_mode: bool = False, **arguments: Any
) -> dict[str, Any]:
    task = SimpleNamespace(
        args={"evidence_dir": path, **arguments}, action="kube_runbooks.image_pull.node_choice",
        async_val=0, check_mode=check_mode, diff=False,
    )
    action = ActionModule(
        task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), SimpleNamespace(), None, None, None
    )
    known = {"inventory_hostname": "eu", "ansible_play_hosts": ["eu"], "ansible_play_hosts_all": ["eu"]}
    return action.run(task_vars={**known, **(task_vars or {})})


def why_of(result: dict[str, Any]) -> list[str]:
    """Why chosen nodes are not looked at."""
    return [gap["why"] for gap in result["not_checked"] if gap["check"].startswith("from ")]


def test_a_failing_node_and_a_healthy_one_are_reached_by_their_addresses(tmp_path: Path) -> None:
    result = choose(evidence(tmp_path / "e", "a1", healthy=("a2",)), node_access="ssh")
    assert [(host["name"], host["role"], host["way"], host["address"]) for host in result["hosts"]] == [
        ("eu/a1", "failing", "ssh", "10.0.0.1"),
        ("eu/a2", "control", "ssh", "10.0.0.2"),
    ]
    assert result["not_checked"] == []
    assert result["changed"] is False


def test_a_host_of_the_inventory_lends_its_connection(tmp_path: Path) -> None:
    path = evidence(tmp_path / "e", "a1", "b1")
    result = choose(path, {"groups": {"all": ["eu", "a1.example.com"]}})
    assert [(host["node"], host["lender"]) for host in result["hosts"]] == [("a1", "a1.example.com")]
    assert "image_pull_node_access" in why_of(result)[0]
    assert result["nodes"] == ["a1", "b1"]


def test_the_choice_is_part_of_the_evidence(tmp_path: Path) -> None:
    path = evidence(tmp_path / "e", "a1")
    choose(path, node_access="none")
    stage = EvidenceFolder.open(path).read_stage("nodes")
    assert stage is not None
    assert [(one.node, one.way, one.why) for one in stage.of("node_choice")] == [
        ("a1", "", "image_pull_node_access is none")
    ]
    assert stage.of("gap")[0].steps == (6, 7, 8)


def test_pods_are_named_apart_and_not_made_in_check_mode(tmp_path: Path) -> None:
    result = choose(evidence(tmp_path / "e", "a1"), node_access="pod")
    assert result["pod_nodes"] == ["a1"]
    assert result["hosts"][0]["address"] == "a1"
    checked = choose(evidence(tmp_path / "f", "a1"), node_access="pod", check_mode=True)
    assert checked["pod_nodes"] == checked["hosts"] == []
    assert why_of(checked) == ["check mode makes no pod on a node"]


@pytest.mark.parametrize(("limit", "chosen"), [("eu", 0), ("eu:image_pull_nodes", 1), (None, 1)])
def test_a_limit_that_would_leave_the_nodes_out_in_silence_is_said(
    tmp_path: Path, limit: str | None, chosen: int
) -> None:
    result = choose(evidence(tmp_path / "e", "a1"), {"ansible_limit": limit}, node_access="ssh")
    assert len(result["hosts"]) == chosen
    assert all("--limit 'eu:image_pull_nodes'" in why for why in why_of(result))


def test_a_name_that_is_no_name_becomes_no_host(tmp_path: Path) -> None:
    result = choose(evidence(tmp_path / "e", "{{ lookup('pipe', 'id') }}"), node_access="ssh")
    assert result["hosts"] == result["nodes"] == []
    assert why_of(result) == ["its name is no name of a node"]


def test_the_time_that_is_left_decides_how_many_and_the_rest_is_said(tmp_path: Path) -> None:
    names = [f"{pool}1" for pool in "abcdefgh"]
    known = {"ansible_forks": 2}
    began = time.time() - 25
    result = choose(evidence(tmp_path / "e", *names), known, node_access="ssh", deadline=60, started=began)
    assert [host["seconds"] for host in result["hosts"]] == [10.0] * 4
    assert why_of(result) == ["the deadline (60 s) leaves time for 4 nodes"]
    late = choose(evidence(tmp_path / "f", *names), known, node_access="ssh", started=time.time() - 59)
    assert late["hosts"] == []
    short = choose(evidence(tmp_path / "g", "a1"), known, node_access="ssh", started=time.time() - 50)
    assert 3 <= short["hosts"][0]["seconds"] <= 4.1


def test_clusters_of_a_play_share_its_forks(tmp_path: Path) -> None:
    known = {"ansible_forks": 4, "ansible_play_hosts": ["eu", "us"]}
    names = [f"{pool}1" for pool in "abcdefgh"]
    result = choose(evidence(tmp_path / "e", *names), known, node_access="ssh", deadline=40)
    assert len(result["hosts"]) == 4


def test_a_pod_lives_until_the_last_wave_of_nodes_has_been_pulled_on(tmp_path: Path) -> None:
    names = [f"{pool}1" for pool in "abc"]
    known = {"ansible_forks": 2}
    arguments = {"node_access": "pod", "deadline": 60}
    assert choose(evidence(tmp_path / "e", *names), known, **arguments)["pod_seconds"] == 120
    pulling = choose(evidence(tmp_path / "f", *names), known, **arguments, extra_seconds=100)
    assert pulling["pod_seconds"] == 120 + 2 * 100


def test_many_clusters_and_few_forks_still_keep_to_the_deadline(tmp_path: Path) -> None:
    clusters = [f"c{number}" for number in range(20)]
    total = 0
    for name in clusters[:12]:
        known = {"inventory_hostname": name, "ansible_play_hosts": clusters, "ansible_forks": 5}
        result = choose(evidence(tmp_path / name, "a1", healthy=("a2",)), known, node_access="ssh", deadline=60)
        total += len(result["hosts"])
    # Three waves of five nodes, whatever cluster they are of; the other clusters are told that there was no time.
    assert total == 12
    last = {"inventory_hostname": "c19", "ansible_play_hosts": clusters, "ansible_forks": 5}
    result = choose(evidence(tmp_path / "c19", "a1"), last, node_access="ssh", deadline=60)
    assert (result["hosts"], why_of(result)) == ([], ["the deadline (60 s) leaves no time to look from nodes"])
