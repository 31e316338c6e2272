# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is asked, by the evidence of the stages before."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    HostSeen,
    NodeChoice,
    NodeFact,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    MOST_HOSTS,
    MOST_IMAGES,
    HostAsked,
    ImageAsked,
    hosts_of,
    question_from_evidence,
)

from tests.unit.evidence import failing, write_evidence

RAW = "failed to pull"


def fail(image: str, node: str, **fields: Any) -> Any:
    return failing(RAW, image, pod=f"p-{image}-{node}", node=node, **fields)


def answered(image: str, *hosts: tuple[str, str], size: int | None = None) -> RegistryAnswer:
    return RegistryAnswer(
        image=image,
        registry="r.example",
        repository="app",
        vantage="controller",
        at="2026-01-31T12:00:00Z",
        outcome="found",
        size_bytes=size,
        hosts=tuple(HostSeen(role, host) for role, host in hosts),
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def asked(place: Path, node: str) -> Any:
    return question_from_evidence(EvidenceFolder.open(str(place)), node)


def test_a_failing_node_is_asked_about_its_own_images_with_their_sizes_hosts_and_time(place: Path) -> None:
    write_evidence(
        place,
        [
            fail("r.example/app:1", "n1", since="2026-01-31T11:00:00Z"),
            fail("nginx", "n1", since="2026-01-31T10:00:00Z"),
            fail("other.example/app:1", "n2"),
            NodeFact("n1", runtime_version="containerd://1.6.20"),
        ],
    )
    hosts = [
        ("registry", "r.example"),
        ("token", "auth.example:8443"),
        ("blob", "cdn.example"),
        ("proxy", "p:3128"),
    ]
    write_evidence(
        place,
        [answered("r.example/app:1", *hosts), answered("docker.io/library/nginx:latest", size=70)],
        stage="registry",
    )
    question = asked(place, "n1")
    assert question.images == (ImageAsked("r.example/app:1"), ImageAsked("nginx", 70))
    assert question.hosts == (
        HostAsked("r.example", "registry"),
        HostAsked("registry-1.docker.io", "registry"),
        HostAsked("auth.example:8443", "token"),
        HostAsked("cdn.example", "blob"),
    )
    assert question.since == "2026-01-31T10:00:00Z"
    assert question.runtime == "containerd://1.6.20"
    assert question.left_out == ()


def test_a_control_node_is_asked_what_the_nodes_of_its_faults_are_asked(place: Path) -> None:
    write_evidence(place, [fail("a.example/x:1", "n1"), fail("b.example/y:1", "n2")])
    write_evidence(
        place,
        [
            NodeChoice("n1", "failing", "pool", ("dns_failure a.example",)),
            NodeChoice("n2", "failing", "pool", ("timeout b.example",)),
            NodeChoice("n3", "control", "pool", ("timeout b.example",)),
            NodeChoice("n4", "control", "pool"),
            NodeChoice("n5", "control", "elsewhere"),
        ],
        stage="nodes",
    )
    assert [one.image for one in asked(place, "n3").images] == ["b.example/y:1"]
    assert [one.image for one in asked(place, "n4").images] == ["a.example/x:1", "b.example/y:1"]
    assert asked(place, "n5").images == ()


def test_a_node_that_nobody_knows_is_asked_about_no_image(place: Path) -> None:
    write_evidence(place, [fail("a.example/x:1", "n1")])
    question = asked(place, "n9")
    assert (question.images, question.hosts, question.since) == ((), (), None)


def test_what_does_not_fit_is_said(place: Path) -> None:
    images = [f"r{number}.example/x:1" for number in range(MOST_HOSTS + 6)]
    write_evidence(place, [fail(image, "n1") for image in images])
    write_evidence(place, [answered(image) for image in images], stage="registry")
    question = asked(place, "n1")
    assert (len(question.images), len(question.hosts)) == (MOST_IMAGES, MOST_HOSTS)
    assert [gap.check for gap in question.left_out] == [
        f"n1: {MOST_HOSTS + 6 - MOST_IMAGES} more images",
        "n1: 6 more hosts",
    ]


@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        ({"outcome": "found"}, False),
        ({"outcome": "failed", "hop": "manifest"}, False),
        ({"outcome": "failed", "hop": "token"}, False),
        ({"outcome": "failed", "hop": "tcp"}, True),
        ({"outcome": "not_asked"}, True),
    ],
)
def test_hosts_that_the_controller_has_not_met_are_not_vouched_for(
    place: Path, fields: dict[str, str], unknown: bool
) -> None:
    write_evidence(place, [fail("r.example/x:1", "n1")])
    write_evidence(place, [dataclasses.replace(answered("r.example/x:1"), **fields)], stage="registry")
    checks = [gap.check for gap in asked(place, "n1").left_out]
    assert checks == (["n1: token service and download hosts of r.example"] if unknown else [])


def test_what_is_no_reference_is_asked_of_nobody(place: Path) -> None:
    write_evidence(place, [fail("]: t", "n1"), fail("{{ 7*7 }}", "n1"), fail("a.example/x:1", "n1")])
    assert [one.image for one in asked(place, "n1").images] == ["a.example/x:1"]


def test_an_image_that_is_no_reference_has_no_host() -> None:
    assert hosts_of(["shop/UPPER:1", "{{ 7*7 }}", ""]) == []
    assert hosts_of(["reg.example:5000/x"]) == [HostAsked("reg.example:5000", "registry")]
