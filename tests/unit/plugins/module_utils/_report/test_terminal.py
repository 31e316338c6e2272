# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on the terminal. The expected texts lie in tests/data/reports and are written anew by

UPDATE_REPORTS=1 pytest tests/unit/plugins/module_utils/_report/test_terminal.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    Origin,
    parse_report,
    render_json,
    render_terminal,
)

from tests.unit.evidence import NAMES, failing, folder_of, judged, no_such_host, not_found

EXPECTED = Path(__file__).resolve().parents[4] / "data" / "reports"


def printed(report, **arguments) -> str:
    return "".join(f"{line.text}\n" for line in render_terminal(report, **arguments))


@pytest.mark.parametrize("name", NAMES)
def test_reads_as_expected(name: str, tmp_path: Path) -> None:
    text = printed(
        diagnose(folder_of(name, tmp_path / "run")), origin=Origin(report_path="reports/report.json")
    )
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE_REPORTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_prose_keeps_to_the_width_and_commands_stay_whole(name: str, width: int, tmp_path: Path) -> None:
    report = diagnose(folder_of(name, tmp_path / "run"))
    commands = {fix.command for finding in report.findings for fix in finding.fixes}
    for line in render_terminal(report, width):
        text = line.text.strip()
        longest = max(map(len, text.split()), default=0)
        assert len(line.text) <= width or text in commands or longest > width - 15, text


def test_nothing_that_a_terminal_would_act_upon_comes_through(tmp_path: Path) -> None:
    text = printed(diagnose(folder_of("hostile-texts", tmp_path / "run")))
    assert all(line.isprintable() for line in text.splitlines())
    assert not [line for line in text.splitlines() if line.startswith("TASK")]


def test_a_report_that_somebody_tampered_with_is_cleaned_again(tmp_path: Path) -> None:
    content = (
        render_json(judged(tmp_path / "run", failing(not_found("x.example/y:1"), "x.example/y:1")))
        .replace(b"skopeo list-tags", b"skopeo \\u001b[2J list-tags\\r\\n")
        .replace(b"Tag not found", b"Tag \\u202e not found\\n\\nTASK [fake]")
    )
    text = printed(parse_report(content, "report.json"))
    assert "list-tags" in text
    assert all(line.isprintable() for line in text.splitlines())
    assert not [line for line in text.splitlines() if line.startswith("TASK")]


def test_the_answer_comes_first(tmp_path: Path) -> None:
    assert printed(judged(tmp_path / "run")).startswith("ALL IMAGES ARE THERE in cluster prod\n")


def test_a_recorded_snapshot_is_called_one(tmp_path: Path) -> None:
    text = printed(judged(tmp_path / "run"), origin=Origin(snapshot="/home/me/case.evidence.tar.gz"))
    said = (
        "Judged from the snapshot /home/me/case.evidence.tar.gz, recorded at 2026-01-31T12:00:00Z; "
        "no cluster was asked."
    )
    assert said in " ".join(text.split())
    assert "Looked at" not in text


def test_many_findings_take_one_line_each_after_the_first_ten(tmp_path: Path) -> None:
    images = [f"registry.example.com/x/y{n:02}:1" for n in range(25)]
    report = judged(tmp_path / "run", *(failing(not_found(i), i, pod=f"p{n}") for n, i in enumerate(images)))
    lines = printed(report).splitlines()
    assert "25. Tag not found: registry.example.com/x/y24:1 [likely], 1 pod" in lines
    assert sum(1 for line in lines if line.startswith("   Hit ")) == 10
    assert sum(1 for line in printed(report, max_findings=3).splitlines() if line.startswith("   Hit ")) == 3


def test_an_unreadable_cluster_does_not_look_well(tmp_path: Path) -> None:
    text = printed(judged(tmp_path / "run", error="the API server answers nothing"))
    assert text.startswith("NOT KNOWN")
    assert "the API server answers nothing" in text


def test_colours_are_names_and_never_escapes(tmp_path: Path) -> None:
    image = "registry.example.com/typo:1"
    lines = render_terminal(
        judged(tmp_path / "run", failing(no_such_host(image, "registry.example.com"), image))
    )
    assert {line.color for line in lines} >= {"red", "cyan", "yellow", None}
    assert not any("\x1b" in line.text for line in lines)


def test_several_findings_are_all_named_before_the_first_is_told(tmp_path: Path) -> None:
    images = [f"registry.example.com/shop/{name}:1" for name in ("web", "cart", "search", "mail")]
    report = judged(
        tmp_path / "run", *(failing(not_found(image), image, pod=f"pod-{image}") for image in images)
    )
    text = printed(report, max_findings=2)
    listed, _gap, told = text.partition("   Hit ")
    assert all(f"Tag not found: {image}" in listed for image in images)
    assert told.count("   Hit ") == 1
    assert "2 findings more" in told


def test_the_same_words_in_several_containers_are_quoted_once(tmp_path: Path) -> None:
    image = "registry.example.com/shop/web:1"
    said = "dial tcp: lookup registry.example.com on 10.0.0.2:53: read udp 10.1.0.4:{port}->10.0.0.2:53: i/o timeout"
    texts = [said.format(port=port) for port in (40001, 40002)]
    texts.append(f'Back-off pulling image "{image}": ErrImagePull: {texts[0]}')
    report = judged(
        tmp_path / "run", *(failing(text, image, pod=f"web-{number}") for number, text in enumerate(texts))
    )
    assert printed(report).count("i/o timeout") == 1
