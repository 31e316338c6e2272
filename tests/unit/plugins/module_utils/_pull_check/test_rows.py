# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pull_credential_info says of one image in a namespace: would it pull, and what is not known about that."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import Looked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.rows import rows

IMAGE = "quay.io/acme/app:1"
AT = "2026-01-31T08:00:00Z"
ROBOT = CredentialRef("shop", "regcred", "quay.io", "robot")


def check(state: str) -> CredentialCheck:
    return CredentialCheck("shop", IMAGE, state, ("regcred",), "default", 0, ROBOT)


def answer(outcome: str, credential: CredentialRef | None = None) -> RegistryAnswer:
    return RegistryAnswer(
        IMAGE, "quay.io", "acme/app", "controller", AT, outcome, credential=credential, cause="auth_invalid"
    )


def would_pull(checks: list[CredentialCheck], *answers: RegistryAnswer) -> bool | None:
    pull = PodPull("shop", IMAGE, ("regcred",), "default", AT)
    return rows([pull], Looked(checks, list(answers), [], []))[0]["would_pull"]


@pytest.mark.parametrize(("outcome", "expected"), [("found", True), ("failed", False), ("not_asked", None)])
def test_what_the_registry_says_to_the_credential_decides(outcome: str, expected: bool | None) -> None:
    assert would_pull([check("offered")], answer(outcome, ROBOT)) is expected


@pytest.mark.parametrize("outcome", ["found", "failed"])
def test_a_secret_that_may_not_be_read_leaves_it_open(outcome: str) -> None:
    assert would_pull([check("forbidden")], answer(outcome)) is None


def test_an_accepted_credential_counts_whatever_else_may_not_be_read() -> None:
    assert would_pull([check("offered"), check("forbidden")], answer("found", ROBOT)) is True


def test_a_malformed_secret_stops_every_pull() -> None:
    assert would_pull([check("malformed")], answer("found")) is False
