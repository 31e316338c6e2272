# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Few nodes are chosen for a look, and the right ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import facts_from_folder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.where_to_look import (
    Choice,
    choose_nodes,
    nodes_to_look_at,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConditionFact,
    NodeFact,
    PullFailure,
    Record,
)

from tests.unit.evidence import failing, no_such_host, not_found, refused, write_evidence

HOST = "registry.example.com"
IMAGE = f"{HOST}/shop/web:1"
OTHER = "quay.io/acme/app:1"


def node(name: str, pool: str = "a", ready: str = "True", **fields: Any) -> NodeFact:
    return NodeFact(name, pool=pool, os="linux", conditions=(ConditionFact("Ready", ready),), **fields)


def lost(on: str, count: int = 1, image: str = IMAGE) -> list[PullFailure]:
    return [
        failing(
            no_such_host(image, image.partition("/")[0]), image, node=on, pod=f"{on}-{image[:4]}-{number}"
        )
        for number in range(count)
    ]


def chosen(place: Path, records: list[Record], most: int = 3, **options: Any) -> Choice:
    return choose_nodes(facts_from_folder(write_evidence(place, records)), most, **options)


def roles(choice: Choice) -> list[tuple[str, str]]:
    return [(wanted.node, wanted.role) for wanted in choice.wanted]


def test_the_worst_nodes_of_a_fault_and_a_healthy_one_that_holds_an_image_of_the_registry(
    tmp_path: Path,
) -> None:
    nodes = [node(f"n{number}") for number in range(6)]
    nodes[4] = replace(nodes[4], images=(f"{HOST}/other:2",))
    failures = [*lost("n0"), *lost("n1", 3), *lost("n2", 2)]
    choice = chosen(tmp_path / "run", [*nodes, *failures], 2)
    assert roles(choice) == [("n1", "failing"), ("n4", "control"), ("n2", "failing")]
    assert choice.wanted[0].faults == (f"dns_failure {HOST}",)
    assert [wanted.weight for wanted in choice.wanted] == [3, 6, 2]
    assert "1 more node of pool a (n0)" in choice.left_out[0].check
    assert "image_pull_max_nodes" in choice.left_out[0].why


def test_three_hundred_nodes_with_one_fault_give_four_looks(tmp_path: Path) -> None:
    records: list[Record] = [node(f"n{number:03}") for number in range(301)]
    for number in range(300):
        records += lost(f"n{number:03}")
    choice = chosen(tmp_path / "run", records)
    assert roles(choice) == [
        ("n000", "failing"),
        ("n300", "control"),
        ("n001", "failing"),
        ("n002", "failing"),
    ]
    assert "297 more nodes" in choice.left_out[0].check


def test_each_pool_is_looked_at_for_itself(tmp_path: Path) -> None:
    records = [node("a1"), node("a2"), node("b1", "b"), node("b2", "b"), *lost("a1", 2), *lost("b1")]
    assert roles(chosen(tmp_path / "run", records)) == [
        ("a1", "failing"),
        ("a2", "control"),
        ("b1", "failing"),
        ("b2", "control"),
    ]


def test_a_second_fault_takes_the_nodes_that_are_looked_at_anyway(tmp_path: Path) -> None:
    nodes = [node(f"n{number}") for number in range(5)]
    failures = [*lost("n1", 3), *lost("n0", image=OTHER), *lost("n1", image=OTHER)]
    choice = chosen(tmp_path / "run", [*nodes, *failures], 1)
    assert [wanted for wanted in roles(choice) if wanted[1] == "failing"] == [("n1", "failing")]
    assert choice.wanted[0].faults == (f"dns_failure {HOST}", "dns_failure quay.io")


def test_a_wrong_tag_is_no_matter_for_a_node_unless_it_is_pulled_by_hand(tmp_path: Path) -> None:
    records = [node("n1"), node("n2"), failing(not_found(IMAGE), IMAGE, node="n1")]
    assert chosen(tmp_path / "run", records) == Choice()
    assert roles(chosen(tmp_path / "all", records, every_fault=True)) == [
        ("n1", "failing"),
        ("n2", "control"),
    ]


def test_a_node_that_holds_no_image_at_all_has_shown_nothing_and_is_the_last_choice(tmp_path: Path) -> None:
    records = [node("n1"), node("n2"), node("n3", images=("registry.k8s.io/pause:3.9",)), *lost("n1")]
    assert roles(chosen(tmp_path / "run", records)) == [("n1", "failing"), ("n3", "control")]


def test_a_node_that_is_not_ready_is_no_control_and_its_absence_is_said(tmp_path: Path) -> None:
    choice = chosen(tmp_path / "run", [node("n1"), node("n2", ready="Unknown"), *lost("n1")])
    assert roles(choice) == [("n1", "failing")]
    assert "to compare with" in choice.left_out[0].check


def test_windows_nodes_are_left_out_and_named(tmp_path: Path) -> None:
    records = [replace(node("win"), os="windows"), node("n2"), *lost("win")]
    choice = chosen(tmp_path / "run", records)
    assert choice.wanted == ()
    assert "win" in choice.left_out[0].check


def test_no_node_is_chosen_where_none_is_allowed(tmp_path: Path) -> None:
    choice = chosen(tmp_path / "run", [node("n1"), node("n2"), *lost("n1")], 0)
    assert choice.wanted == ()
    assert len(choice.left_out) == 1


def test_what_a_pod_of_no_node_fails_with_gives_nothing_to_look_at(tmp_path: Path) -> None:
    assert chosen(tmp_path / "run", [node("n1"), *lost("")]) == Choice()


def test_the_choice_does_not_depend_on_the_order_of_the_evidence(tmp_path: Path) -> None:
    records = [*(node(f"n{number}") for number in range(9)), *lost("n5"), *lost("n3"), *lost("n4")]
    records.append(failing(refused(OTHER, "quay.io"), OTHER, node="n7", pod="q"))
    one = write_evidence(tmp_path / "one", records)
    two = write_evidence(tmp_path / "two", records[::-1])
    assert nodes_to_look_at(facts_from_folder(one), 2) == nodes_to_look_at(facts_from_folder(two), 2)
