# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WWW-Authenticate as registries really write it."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Challenge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.challenge import (
    best_challenge,
    parse_challenges,
)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            Challenge(
                "bearer", "https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull,push"
            ),
        ),
        (
            'Bearer realm="https://gcr.io/v2/token",service=gcr.io',
            Challenge("bearer", "https://gcr.io/v2/token", "gcr.io"),
        ),
        (
            'BASIC realm="Sonatype Nexus Repository Manager"',
            Challenge("basic", "Sonatype Nexus Repository Manager"),
        ),
        ('Basic realm="a, \\"b\\""', Challenge("basic", 'a, "b"')),
        (
            'Bearer realm = "https://x/t" , error="e"',
            Challenge("bearer", "https://x/t", error="e"),
        ),
        ("Bearer realm=https://x/t?a=b,service=s", Challenge("bearer", "https://x/t?a=b", "s")),
        ('Bearer realm="https://x/t', Challenge("bearer", "https://x/t")),
        ('Bearer realm="https://x/\x1b[2Jt"', Challenge("bearer", "https://x/t")),
    ],
)
def test_one_challenge(field: str, expected: Challenge) -> None:
    assert parse_challenges([field]) == (expected,)


@pytest.mark.parametrize(
    "fields",
    [
        ['Basic realm="x", Bearer realm="https://x/t",service="s"'],
        ['Basic realm="x"', 'Bearer realm="https://x/t",service="s"'],
        ['Bearer realm="https://x/t",service="s", Basic realm="x"'],
        ["Negotiate", 'Bearer realm="https://x/t",service="s"'],
    ],
)
def test_of_several_the_runtime_answers_bearer(fields: list[str]) -> None:
    assert best_challenge(fields) == Challenge("bearer", "https://x/t", "s")


def test_bearer_without_a_realm_is_worth_less_than_basic() -> None:
    found = best_challenge(["Bearer", 'Basic realm="x"'])
    assert found is not None
    assert found.scheme == "basic"


@pytest.mark.parametrize(
    "field", ["", ",,,", "=", '"', "\x00", "\\" * 9000, 'a="' + '\\"' * 9000, "a " * 9000, "=," * 9000]
)
def test_nonsense_names_no_token_service(field: str) -> None:
    found = best_challenge([field])
    assert found is None or (found.scheme not in ("basic", "bearer") and not found.realm)
