# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published figures hold."""

from __future__ import annotations

import pytest

from tools import accuracy


@pytest.mark.parametrize("name", accuracy.SETS)
def test_the_rules_keep_the_promised_accuracy(name: str) -> None:
    verdicts = accuracy.judge(accuracy.load(name))
    missed = [(verdict.id, verdict.expected, verdict.given) for verdict in verdicts if not verdict.right]
    assert accuracy.below_promise(verdicts) is None, missed


def test_the_page_is_current() -> None:
    assert accuracy.main(["--check"]) == 0


@pytest.mark.parametrize("name", accuracy.SETS)
def test_every_message_has_its_label_and_its_source(name: str) -> None:
    entries = accuracy.load(name)
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert {entry["expected"], *entry["also"]} <= set(accuracy.CAUSES), entry["id"]
        assert entry["source"], entry["id"]


@pytest.mark.parametrize(
    ("given", "right", "wrong"),
    [
        ("dns_failure", True, False),
        ("timeout", True, False),
        ("unknown", False, False),
        ("disk_full", False, True),
    ],
)
def test_unknown_is_neither_right_nor_wrong(given: str, right: bool, wrong: bool) -> None:
    verdict = accuracy.Verdict("x", "dns_failure", ("timeout",), given)
    assert (verdict.right, verdict.wrong) == (right, wrong)


def test_figures_below_the_promise_are_noticed() -> None:
    good = [accuracy.Verdict(str(index), "timeout", (), "timeout") for index in range(97)]
    wrong = [accuracy.Verdict(str(index), "timeout", (), "disk_full") for index in range(2)]
    unknown = [accuracy.Verdict(str(index), "timeout", (), "unknown") for index in range(3)]
    assert "right" in str(accuracy.below_promise(good + unknown))
    assert "wrong" in str(accuracy.below_promise(good + wrong))
    assert accuracy.below_promise(good) is None
