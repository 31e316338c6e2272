# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile, broken and huge texts."""

from __future__ import annotations

import random

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import CAUSES, classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.classification import (
    Classification,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.prepare import (
    ANALYSED,
    prepare,
)

from tools.accuracy import load

MESSAGES = [entry["message"] for name in ("pull_messages.yaml", "more_messages.yaml") for entry in load(name)]
DIRTY = [
    "\x00",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\u202e",
    "\ud800",
    "\udcff",
    "\ufeff",
    "\r\n",
    "\t",
    "{{ 7*7 }}",
]


def is_sound(answer: Classification) -> bool:
    texts = [answer.quote, answer.host or "", answer.image or ""]
    return (
        answer.cause in CAUSES
        and set(answer.alternatives) <= set(CAUSES)
        and (answer.unknown_reason is not None) == (answer.cause == "unknown")
        and len(answer.quote) <= 300
        and all(text.isprintable() for text in texts)
        and all(is_sound(part) for part in answer.parts)
    )


@pytest.mark.parametrize("seed", range(40))
def test_any_piece_of_any_message_gives_a_sound_answer(seed: int) -> None:
    chance = random.Random(seed)
    for dummy in range(25):
        pieces = []
        for dummy_piece in range(chance.randint(1, 3)):
            message = chance.choice(MESSAGES)
            start = chance.randrange(len(message))
            pieces.append(message[start : start + chance.randint(0, 400)])
            pieces.append(chance.choice(DIRTY) if chance.random() < 0.5 else "")
        text = "".join(pieces)
        answer = classify(text, chance.choice([None, "ErrImagePull", "", "no such \x1b[0m reason"]))
        assert is_sound(answer), text
        assert classify("".join(pieces) + "", None) == classify(text, None)


@pytest.mark.parametrize("dirt", DIRTY)
def test_dirt_in_a_name_is_not_passed_on(dirt: str) -> None:
    answer = classify(
        f'Failed to pull image "r.example/{dirt}a:1": dial tcp: lookup r{dirt}.example: no such host'
    )
    assert answer.cause == "dns_failure"
    assert is_sound(answer)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "[failed " * 125_000,
        "(Mirrors also failed: [" * 40_000,
        'err="\\' * 200_000,
        'error="' * 150_000,
        "lookup a." * 110_000,
        'image "' * 140_000,
        "\x1b]" * 500_000,
        "https://" * 120_000,
        "failed to extract layer " * 40_000,
        "if this private registry supports only http or https with an unknown ca --insecure-registry "
        * 10_000,
    ],
    ids=lambda text: text[:12],
)
def test_only_a_bounded_part_of_a_huge_text_is_looked_at(text: str) -> None:
    assert len(prepare(text).text) <= ANALYSED + 10 <= 16_000
    assert is_sound(classify(text))


def test_the_end_of_a_huge_text_counts_as_its_beginning_does() -> None:
    assert classify("x " * 500_000 + "no space left on device").cause == "disk_full"
    assert classify("no space left on device" + " x" * 500_000).cause == "disk_full"
