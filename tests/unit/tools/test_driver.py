# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver behind ``make test``: what it selects, and how it counts."""

from __future__ import annotations

import pytest

from tools import test as driver


def outcome(name: str, status: str, detail: str = "") -> driver.Outcome:
    return driver.Outcome(driver.Part(name, "group", ("true",)), status, detail, 1.0)


def test_a_group_selects_its_parts_and_a_name_one() -> None:
    available = driver.parts()
    assert {part.group for part in driver.select(["lint"], available)} == {"lint"}
    assert [part.name for part in driver.select(["unit"], available)] == ["unit"]
    assert driver.select([], available) == [part for part in available if not part.by_name]
    assert [part.name for part in driver.select(["long"], available)] == ["long"]


def test_an_unknown_part_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no part or group named spelling; there are: .*unit"):
        driver.select(["spelling"], driver.parts())


def test_the_last_line_counts_parts_and_one_failure_decides() -> None:
    lines: list[str] = []
    outcomes = [outcome("unit", "passed"), outcome("lab", "skipped", "needs root"), outcome("mypy", "failed")]
    assert driver.summary(outcomes, lines.append) == 1
    assert lines[-1] == "1 passed, 1 failed, 1 skipped"
    assert any(line.startswith("lab ") and line.endswith("needs root") for line in lines)
    assert driver.summary(outcomes[:2], lines.append) == 0


def test_a_part_that_fails_is_a_result_and_does_not_end_the_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert driver.run(driver.Part("no", "group", ("false",)), None).status == "failed"
    assert driver.run(driver.Part("gone", "group", ("there-is-no-such-program",)), None).status == "failed"
    assert driver.run(driver.Part("yes", "group", ("true",)), None).status == "passed"
