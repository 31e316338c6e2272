# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole report of a run that asked the registries: checklist, gaps, one finding for one fault, the archive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceFolder,
    pack,
    unpacked,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    NodeFact,
    RateLimit,
    Record,
    Report,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import render_json

from tests.unit.evidence import judged, not_found
from tests.unit.plugins.module_utils._diagnosis.asked import IMAGE, answer, check, pod, ref, report_on

ROOT = Path(__file__).resolve().parents[5]
DENIED = "pull access denied, repository does not exist or may require authorization"
AMBIGUOUS = answer("repository_not_found_or_private", to=ref(), certain=False, credential_accepted=True)


def step(report: Report, number: int) -> tuple[str, str]:
    found = report.checklist[number - 1]
    return found.status, found.detail


def statuses(report: Report) -> list[str]:
    return [report.checklist[number - 1].status for number in (3, 4, 5)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([check(), answer(to=ref())], ["passed", "passed", "passed"]),
        ([check(), answer("tag_not_found", to=ref(), status=404)], ["failed", "passed", "passed"]),
        ([check(), answer("auth_invalid", to=ref())], ["not_checked", "failed", "passed"]),
        ([check(), answer("auth_invalid", to=ref()), answer()], ["passed", "failed", "passed"]),
        ([check("missing"), answer("auth_missing")], ["not_checked", "failed", "passed"]),
        ([check("forbidden"), answer("auth_missing")], ["not_checked", "not_checked", "passed"]),
        ([check(), AMBIGUOUS], ["failed", "not_checked", "passed"]),
        (
            [check(), answer("dns_failure", to=ref(), hop="dns", status=None)],
            ["not_checked", "not_checked", "not_checked"],
        ),
        ([check(), answer("rate_limited", to=ref(), status=429)], ["not_checked", "not_checked", "failed"]),
    ],
    ids=[
        "all well now",
        "no such tag",
        "credential refused",
        "public all the same",
        "secret missing",
        "secrets forbidden",
        "not told",
        "not reached",
        "limited",
    ],
)
def test_the_answers_decide_the_steps_of_image_credential_and_limit(
    tmp_path: Path, asked: list[Record], expected: list[str]
) -> None:
    assert statuses(report_on(tmp_path, [pod(DENIED if asked[1] is AMBIGUOUS else "")], asked)) == expected


def test_a_step_says_what_was_seen(tmp_path: Path) -> None:
    limit = RateLimit(100, 87, 21600, "192.0.2.1")
    public = "docker.io/library/nginx:1"
    failures: list[Record] = [pod(""), pod("", public, pod="web-2", pull_secrets=())]
    asked = [check(), answer(to=ref()), answer(image=public, rate_limit=limit)]
    report = report_on(tmp_path, failures, asked)
    assert step(report, 3) == ("passed", "2 images are there, for the platforms of the nodes")
    assert step(report, 4) == ("passed", "1 credential accepted, 1 image needs no login")
    assert step(report, 5) == (
        "passed",
        "docker.io: 87 of 100 pulls in 6 h left (counted for 192.0.2.1), as the controller is counted",
    )


def test_a_limit_that_is_used_up_fails_its_step_before_anybody_is_refused(tmp_path: Path) -> None:
    used_up = answer(to=ref(), rate_limit=RateLimit(100, 0, 21600))
    assert step(report_on(tmp_path, [pod("")], [check(), used_up]), 5)[0] == "failed"


def test_one_image_that_was_not_asked_for_keeps_the_step_open(tmp_path: Path) -> None:
    other = pod("", "ghcr.io/acme/other:1", pod="web-2")
    report = report_on(tmp_path, [pod(""), other], [check(), answer(to=ref())])
    assert step(report, 3) == (
        "not_checked",
        "1 of 2 images seen; ghcr.io was not asked with the pods' credentials",
    )


def test_nothing_is_claimed_where_nothing_fails(tmp_path: Path) -> None:
    report = report_on(tmp_path, [], [])
    assert report.verdict == "healthy"
    assert statuses(report) == ["not_checked"] * 3


@pytest.mark.parametrize("number", [3, 4, 5])
def test_a_gap_of_the_stage_keeps_its_step_open(tmp_path: Path, number: int) -> None:
    gap = Gap(
        "images in their registries", "1 image of 2 could not be asked for in time", "whether", (number,)
    )
    report = report_on(tmp_path, [pod("")], [check(), answer(to=ref()), gap])
    assert step(report, number)[0] == "not_checked"
    assert "in time" in step(report, number)[1]
    assert "images in their registries" in [item.check for item in report.not_checked]


def test_a_stage_that_failed_passes_nothing_and_says_why(tmp_path: Path) -> None:
    report = report_on(
        tmp_path, [pod("")], [check(), answer(to=ref())], error="the deadline of the run is over"
    )
    assert statuses(report) == ["not_checked"] * 3
    assert "the deadline of the run is over" in [item.why for item in report.not_checked]


def test_a_run_that_did_not_ask_says_so_and_one_that_did_does_not(tmp_path: Path) -> None:
    without = judged(tmp_path / "without", pod(""))
    with_it = report_on(tmp_path / "with", [pod("")], [check(), answer(to=ref())])
    assert "this run did not ask the registry" in [item.why for item in without.not_checked]
    assert "registry" not in [item.check for item in with_it.not_checked]


def test_requests_to_registries_are_counted(tmp_path: Path) -> None:
    asked = [check(), answer("auth_invalid", to=ref()), answer(requests=3)]
    assert report_on(tmp_path, [pod("")], asked).stats.registry_requests == 5


def test_one_bad_secret_for_many_images_is_one_finding(tmp_path: Path) -> None:
    images = [f"quay.io/acme/app{number}:1" for number in range(5)]
    failures: list[Record] = [pod(DENIED, image, pod=f"web-{image}") for image in images]
    asked = [
        item for image in images for item in (check(image=image), answer("auth_invalid", image, to=ref()))
    ]
    report = report_on(tmp_path, failures, asked)
    assert [(found.cause, len(found.pods)) for found in report.findings] == [("auth_invalid", 5)]


def test_one_host_that_is_down_is_one_finding(tmp_path: Path) -> None:
    words = "received unexpected HTTP status: 503 Service Unavailable"
    images = [f"quay.io/acme/app{number}:1" for number in range(5)]
    failures: list[Record] = [pod(words, image, pod=f"web-{image}") for image in images]
    asked = [
        item
        for image in images
        for item in (check(image=image), answer("registry_server_error", image, to=ref(), status=503))
    ]
    report = report_on(tmp_path, failures, asked)
    assert [(found.cause, found.confidence) for found in report.findings] == [
        ("registry_server_error", "confirmed")
    ]


def test_a_finding_keeps_its_id_when_the_registry_says_the_same(tmp_path: Path) -> None:
    before = judged(tmp_path / "before", pod(not_found(IMAGE)))
    after = report_on(
        tmp_path / "after", [pod(not_found(IMAGE))], [check(), answer("tag_not_found", to=ref(), status=404)]
    )
    assert before.findings[0].id == after.findings[0].id


def test_an_archive_gives_the_same_report(tmp_path: Path) -> None:
    node = NodeFact("node-1", architecture="amd64", os="linux")
    tags = TagList("quay.io", "acme/app", "1", near=("v1",), total=3)
    asked = [check(), answer("tag_not_found", to=ref(), status=404, text="manifest unknown"), tags]
    live = report_on(tmp_path, [pod(DENIED), node], asked)
    archive = tmp_path / "case.evidence.tar.gz"
    pack(EvidenceFolder.open(str(tmp_path)), str(archive))
    with unpacked(str(archive)) as folder:
        assert diagnose(folder) == live


@pytest.mark.parametrize(
    "asked",
    [
        [check(), answer("auth_invalid", to=ref(), text="x" * 9000), answer()],
        [check("not_matching", nearest_key="quay.io:443", why="another port"), answer("auth_missing")],
        [check(), answer(to=ref())],
    ],
)
def test_the_report_keeps_to_its_schema(tmp_path: Path, asked: list[Any]) -> None:
    schema = json.loads((ROOT / "docs/report.schema.json").read_text(encoding="utf-8"))
    report = report_on(tmp_path, [pod(DENIED)], asked)
    jsonschema.validate(json.loads(render_json(report)), schema)
