# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several credentials and several refusals: which of them decides, and when none may."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    Looked,
    Outcome,
    outcome_of,
)

HOST = "registry.test"
IMAGE = f"{HOST}/shop/web:1"


def check(secret: str, state: str = "offered", **more: Any) -> CredentialCheck:
    return CredentialCheck(
        "shop", IMAGE, state, credential=CredentialRef("shop", secret, HOST, secret), **more
    )


def answer(secret: str, cause: str, **more: Any) -> RegistryAnswer:
    facts = {"outcome": "failed", "cause": cause, "certain": True, **more}
    ref = CredentialRef("shop", secret, HOST, secret) if secret else None
    return RegistryAnswer(
        IMAGE, HOST, "shop/web", "controller", "", facts.pop("outcome"), credential=ref, **facts
    )


def come_of(checks: list[CredentialCheck], answers: list[RegistryAnswer], *providers: str) -> Outcome:
    looked = Looked(PodPull("shop", IMAGE), tuple(checks), {one.credential: one for one in answers})
    return outcome_of(looked, frozenset(providers))


@pytest.mark.parametrize(
    ("causes", "state", "cause"),
    [
        (("auth_invalid", "tag_not_found"), "failed", "tag_not_found"),
        (("auth_invalid", "repository_not_found"), "failed", "repository_not_found"),
        (("auth_invalid", "auth_forbidden"), "failed", "auth_forbidden"),
        (("auth_invalid", "timeout"), "open", None),
        (("auth_forbidden", "rate_limited"), "open", None),
    ],
)
def test_the_credential_that_came_farthest_decides(
    causes: tuple[str, str], state: str, cause: str | None
) -> None:
    names = ("first", "second")
    answers = [answer(name, cause) for name, cause in zip(names, causes, strict=True)]
    found = come_of([check(name) for name in names], answers)
    assert (found.state, found.cause) == (state, cause)


def test_a_secret_that_may_not_be_read_may_be_the_right_one() -> None:
    checks = [check("wrong"), check("unread", "forbidden")]
    found = come_of(checks, [answer("wrong", "auth_invalid"), answer("", "", outcome="found")])
    assert found.state == "open"
    assert "shop/unread may not be read" in found.summary
    assert come_of(checks, [answer("wrong", "tag_not_found")]).state == "failed"


def test_so_may_what_the_nodes_of_a_cloud_bring() -> None:
    refused = [answer("stale", "auth_invalid", registry_kind="ecr")]
    assert come_of([check("stale")], refused, "aws").state == "open"
    assert come_of([check("stale")], refused, "gce").cause == "auth_invalid"


def test_an_expired_credential_is_not_to_blame_where_another_is_accepted_without_right() -> None:
    checks = [check("old", expired=True, expires_at="2026-01-01T00:00:00Z"), check("good")]
    found = come_of(checks, [answer("old", "auth_invalid"), answer("good", "auth_forbidden")])
    assert found.cause == "auth_forbidden"
