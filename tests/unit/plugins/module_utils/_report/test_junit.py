# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML: what each verdict becomes, and that hostile text stays text."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    ContainerVerdict,
    NotChecked,
    PreflightReport,
    Scope,
    Stats,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import render_junit

from tests.unit.evidence import failing, judged, not_found

HOSTILE = "a\x1b[2Jb\x00\u202e]]><!-- & \"'\ufffe"


def report(*verdicts: str, name: str = "web") -> PreflightReport:
    workloads = tuple(
        WorkloadVerdict(
            "Deployment",
            "shop",
            f"{name}-{number}",
            verdict,
            f"{name} is so",
            origin="chart.yaml",
            document=1,
            containers=(
                ContainerVerdict(
                    name, "main", f"{name}:1", "Always", verdict, f"{name} is so", "tag_not_found"
                ),
            ),
        )
        for number, verdict in enumerate(verdicts)
    )
    return PreflightReport(
        1,
        "preflight",
        ClusterFact("prod", ""),
        Scope(),
        "2026-01-31T08:00:00Z",
        "failing",
        (),
        (),
        (),
        Stats(),
        workloads=workloads,
    )


def parsed(found: PreflightReport) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(found))


def test_a_run_that_did_not_see_everything_is_not_green() -> None:
    unread = NotChecked(
        "the deployments in namespace shop", "no right to list them", "whether they would pull"
    )
    found = dataclasses.replace(report("would_pull"), verdict="unknown", not_checked=(unread,))
    root = parsed(found)
    assert (root.get("tests"), root.get("errors")) == ("2", "1")
    assert "the deployments in namespace shop: no right to list them" in ElementTree.tostring(root, "unicode")
    assert parsed(dataclasses.replace(found, verdict="healthy")).get("errors") == "0"


def test_each_verdict_is_a_case(tmp_path: Path) -> None:
    root = parsed(report("would_not_pull", "not_checked", "would_pull"))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == (
        "testsuites",
        "3",
        "1",
        "1",
    )
    (suite,) = root
    assert (suite.get("name"), suite.get("timestamp")) == ("shop", "2026-01-31T08:00:00")
    kinds = [[child.tag for child in case if child.tag != "system-out"] for case in suite]
    assert kinds == [["failure"], ["error"], []]
    assert suite[0].get("classname") == "shop.Deployment"
    assert suite[0].get("file") == "chart.yaml"
    assert suite[0][0].get("type") == "tag_not_found"
    assert "web is so" in str(suite[0][0].text)


def test_hostile_text_stays_text() -> None:
    content = render_junit(report("would_not_pull", name=HOSTILE))
    root = ElementTree.fromstring(content)
    assert b"\x1b" not in content
    assert "<!-- &" in str(root[0][0].get("name"))


@pytest.mark.parametrize("lost", ["error", "problems"])
def test_what_could_not_be_read_is_a_case_too(lost: str) -> None:
    change = {"error": "refused"} if lost == "error" else {"problems": ("refused",)}
    root = parsed(dataclasses.replace(report(), **change))
    assert (root.get("tests"), root.get("errors")) == ("1", "1")


def test_a_diagnosis_has_a_case_for_each_finding(tmp_path: Path) -> None:
    found = judged(tmp_path / "run", failing(not_found("x.example/y:1"), "x.example/y:1"))
    root = ElementTree.fromstring(render_junit(found))
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
