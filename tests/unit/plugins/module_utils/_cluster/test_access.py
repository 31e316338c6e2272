# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rights: each is asked for by itself, and each missing one is said with what is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.access import (
    RIGHTS,
    needed,
    review,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client

from tests.unit.plugins.module_utils._cluster.api_server import Answer, ApiServer, Request, as_json, refusal

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RBAC = Path(__file__).resolve().parents[5] / "docs" / "rbac"


def allow(*resources: str) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        wanted = json.loads(request.body)["spec"]["resourceAttributes"]
        return as_json({"status": {"allowed": wanted["resource"] in resources}}, 201)

    return answer


def test_every_right_is_asked_for(server: ApiServer, client: Callable[..., Client]) -> None:
    server.on(REVIEWS, allow("pods", "events"))
    facts = review(client(), ())
    asked = [json.loads(one.body)["spec"]["resourceAttributes"] for one in server.requests]
    assert sorted((one["verb"], one["resource"]) for one in asked) == sorted(
        (one.verb, one.resource) for one in facts
    )
    assert {one.resource for one in facts if one.allowed} == {"pods", "events"}
    assert {one.resource for one in facts if not one.optional} == {"pods", "events"}
    assert all(one.conclusion_lost and one.needed_for and one.steps for one in facts)


def test_in_each_namespace_but_for_what_has_none(server: ApiServer, client: Callable[..., Client]) -> None:
    server.on(REVIEWS, allow("pods"))
    facts = review(client(), ("shop", "pay"))
    assert [one.namespace for one in facts if one.resource == "pods"] == ["shop", "pay"]
    assert [one.namespace for one in facts if one.resource == "nodes"] == [""]


def test_a_review_that_fails_leaves_the_right_open(server: ApiServer, client: Callable[..., Client]) -> None:
    def answer(request: Request) -> Answer:
        return refusal(403) if b'"nodes"' in request.body else allow("pods")(request)

    server.on(REVIEWS, answer)
    allowed = {one.resource: one.allowed for one in review(client(), ())}
    assert (allowed["pods"], allowed["nodes"], allowed["events"]) == (True, None, False)


def test_when_no_review_can_be_had_that_is_an_error(server: ApiServer, client: Callable[..., Client]) -> None:
    server.on(REVIEWS, refusal(403, "no reviews here"))
    with pytest.raises(errors.Forbidden, match="no reviews here"):
        review(client(), ())


def granted(*names: str) -> set[tuple[str, str, str]]:
    """What the roles of these manifests grant together: group, resource, verb."""
    found: set[tuple[str, str, str]] = set()
    for name in names:
        for role in yaml.safe_load_all((RBAC / name).read_text(encoding="utf-8")):
            for rule in role["rules"]:
                groups: list[Any] = rule["apiGroups"]
                found |= {(g, r, v) for g in groups for r in rule["resources"] for v in rule["verbs"]}
    return found


def wanted(*namespaces: str) -> set[tuple[str, str, str]]:
    return {(one.group, one.resource, one.verb) for one in needed(namespaces)}


def test_the_cluster_role_that_is_documented_suffices_and_changes_nothing() -> None:
    grants = granted("image-pull-reader.yaml")
    assert wanted() - grants == {("", "secrets", "get")}
    assert wanted() - grants <= granted("image-pull-secret-reader.yaml")
    assert {verb for _group, _resource, verb in grants} <= {"get", "list"}


def test_the_role_for_one_namespace_lacks_only_what_has_none() -> None:
    grants = granted("image-pull-reader-namespace.yaml", "image-pull-secret-reader-namespace.yaml")
    missing = {resource for _group, resource, _verb in wanted("shop") - grants}
    assert missing == {right.resource for right in RIGHTS if right.cluster_wide}
