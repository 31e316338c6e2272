# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of failing pods tried at a registry: a real client of each kind against servers on loopback."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import (
    Looked,
    PullChecker,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.rows import rows
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._credentials.secrets_of_tests import PASSWORD, auth
from tests.unit.plugins.module_utils._pull_check.mini_registry import MiniRegistry, mini_registry

MADE = "2026-01-31T08:00:00Z"


class Scene:
    """A cluster and a registry."""

    def __init__(self, cluster: MiniCluster, registry: MiniRegistry) -> None:
        self.cluster = cluster
        self.registry = registry
        self.client = Client(Connection(cluster.server.url, Credentials("Bearer t")))
        self.account("default")

    def account(self, name: str, *secrets: str) -> None:
        path = f"/api/v1/namespaces/shop/serviceaccounts/{name}"
        self.cluster.add(path, metadata={"name": name}, imagePullSecrets=[{"name": one} for one in secrets])

    def secret(self, name: str, auths: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
        content = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
        value = {
            "metadata": {"name": name, "namespace": namespace},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": content},
        }
        self.cluster.add(f"/api/v1/namespaces/{namespace}/secrets/{name}", **value)
        return value

    def user(self, name: str, *repositories: str, password: str = PASSWORD) -> dict[str, Any]:
        """Make a user with rights; return its entry for a Secret."""
        self.registry.users[name] = password
        self.registry.rights[name] = set(repositories)
        return auth(name)

    def look(self, *pulls: PodPull, **options: Any) -> Looked:
        settings = Settings(plain_http=(self.registry.host,), timeout=5.0)
        return PullChecker(self.client, RegistryClient(settings), now=MADE, **options).look(pulls)

    def pull(self, *secrets: str, repository: str = "team/app", tag: str = "1") -> PodPull:
        return PodPull("shop", self.registry.image(repository, tag), secrets, "default", MADE)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with api_server() as server, mini_registry() as registry:
        registry.tags["team/app"] = ["1", "1.0.1"]
        yield Scene(MiniCluster(server), registry)


def outcomes(looked: Looked) -> list[tuple[str, str, str]]:
    """User, outcome and cause of each answer."""
    return [
        (answer.credential.username if answer.credential else "", answer.outcome, answer.cause)
        for answer in looked.answers
    ]


def test_credentials_are_tried_in_order_until_one_gets_the_image(scene: Scene) -> None:
    host = scene.registry.host
    scene.secret("a", {host: auth("stranger")})
    scene.secret("b", {f"{host}/team": scene.user("nobody"), host: scene.user("bot", "team/app")})
    scene.secret("c", {"*.0.0.1:1": auth("never")})
    looked = scene.look(scene.pull("a", "b", "c"))
    assert [one[:2] for one in outcomes(looked)] == [
        ("nobody", "failed"),
        ("stranger", "failed"),
        ("bot", "found"),
    ]
    assert [user for user in scene.registry.users_seen if user] == ["nobody", "stranger", "bot"]
    assert looked.answers[0].credential_accepted is True
    assert looked.answers[0].cause == "auth_forbidden"
    assert looked.answers[1].credential_accepted is False
    assert looked.gaps == []


def test_where_a_wrong_credential_spoils_a_public_image_the_anonymous_answer_shows_it(scene: Scene) -> None:
    scene.registry.token_service = True
    scene.registry.rights[""] = {"team/app"}
    scene.secret("a", {scene.registry.host: auth("stranger")})
    assert [one[:2] for one in outcomes(scene.look(scene.pull("a")))] == [
        ("stranger", "failed"),
        ("", "found"),
    ]


def test_a_credential_that_is_right_is_not_followed_by_an_anonymous_question(scene: Scene) -> None:
    scene.secret("a", {scene.registry.host: scene.user("bot", "team/app")})
    assert outcomes(scene.look(scene.pull("a"))) == [("bot", "found", "")]


def test_the_same_image_with_the_same_credential_is_asked_for_once(scene: Scene) -> None:
    entry = scene.user("bot", "team/app")
    scene.secret("a", {scene.registry.host: entry})
    scene.secret("b", {scene.registry.host: entry})
    first = len(scene.registry.asked), scene.look(scene.pull("a"))
    asked = len(scene.registry.asked) - first[0]
    looked = scene.look(scene.pull("a"), scene.pull("a"), scene.pull("b"))
    assert len(scene.registry.asked) == 2 * asked
    assert [one.credential.secret for one in looked.answers if one.credential] == ["a", "b"]


def test_a_broken_secret_blocks_and_the_registry_is_asked_without_it(scene: Scene) -> None:
    scene.secret("good", {scene.registry.host: scene.user("bot", "team/app")})
    scene.secret("bad", {"other.example": {"auth": "!"}})
    looked = scene.look(scene.pull("good", "bad"), look_around=False)
    assert [one.state for one in looked.checks] == ["blocked", "malformed", "not_visible"]
    assert [one[0] for one in outcomes(looked)] == [""]


def test_secrets_that_may_not_be_read_cost_a_gap_and_no_more(scene: Scene) -> None:
    scene.cluster.forbidden.append("/secrets")
    looked = scene.look(scene.pull("a"))
    assert [one.state for one in looked.checks] == ["forbidden", "not_visible"]
    assert [answer.credential for answer in looked.answers] == [None]
    assert [gap.check for gap in looked.gaps] == [
        "other pull Secrets that would fit",
        "credentials of the pull Secrets",
    ]
    assert "no right to get 1 Secret: shop/a" in looked.gaps[1].why


def test_a_fitting_secret_that_nobody_names_is_found_and_proven(scene: Scene) -> None:
    unnamed = scene.secret("unnamed", {scene.registry.host: scene.user("bot", "team/app")})
    scene.cluster.add_list("/api/v1/namespaces/shop/secrets", unnamed)
    looked = scene.look(scene.pull())
    assert [one.state for one in looked.checks] == ["unlinked", "not_visible"]
    assert outcomes(looked)[-1] == ("bot", "found", "")


def test_a_secret_that_the_service_account_names_too_late_is_told(scene: Scene) -> None:
    scene.account("default", "late")
    scene.secret("late", {scene.registry.host: scene.user("bot", "team/app")})
    looked = scene.look(scene.pull())
    assert [one.state for one in looked.checks] == ["linked_late", "not_visible"]
    assert outcomes(looked)[-1] == ("bot", "found", "")


def test_a_missing_secret_is_looked_for_in_other_namespaces(scene: Scene) -> None:
    elsewhere = scene.secret("regcred", {scene.registry.host: scene.user("bot", "team/app")}, "other")
    scene.cluster.add_list("/api/v1/namespaces/shop/secrets")
    scene.cluster.add_list("/api/v1/secrets", elsewhere)
    looked = scene.look(scene.pull("regcred"))
    assert [one.state for one in looked.checks] == ["missing", "elsewhere", "not_visible"]
    asked = [request for request in scene.cluster.server.requests if request.path == "/api/v1/secrets"]
    assert all("metadata.name=regcred" in request.query["fieldSelector"] for request in asked)
    assert all(request.query["limit"] == "50" for request in asked)


def test_nothing_is_listed_where_the_credentials_do(scene: Scene) -> None:
    scene.secret("a", {scene.registry.host: scene.user("bot", "team/app")})
    scene.look(scene.pull("a"))
    assert not any(path.endswith("/secrets") for path in scene.cluster.paths)


def test_near_tags_are_read_with_the_credential_that_is_accepted(scene: Scene) -> None:
    scene.secret("a", {scene.registry.host: scene.user("bot", "team/app")})
    looked = scene.look(scene.pull("a", tag="1.0.2"))
    assert looked.answers[0].cause == "tag_not_found"
    (tags,) = looked.tags
    assert "1.0.1" in tags.near


def test_a_credential_without_a_user_name_is_sent_as_none(scene: Scene) -> None:
    scene.registry.rights[""] = {"team/app"}
    scene.secret("a", {scene.registry.host: {"auth": base64.b64encode(f":{PASSWORD}".encode()).decode()}})
    looked = scene.look(scene.pull("a"))
    assert [answer.outcome for answer in looked.answers] == ["found"]
    assert scene.registry.users_seen == [""]


def test_no_password_comes_out_even_where_the_registry_says_it_back(scene: Scene) -> None:
    scene.secret("a", {scene.registry.host: auth("stranger")})
    original = scene.registry.answer

    def echoing(path: str, authorization: str) -> tuple[int, bytes, str]:
        status, body, kind = original(path, authorization)
        if authorization and status == 401:
            said = f"wrong password {PASSWORD} ({authorization})"
            body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": said}]}).encode()
        return status, body, kind

    scene.registry.answer = echoing  # type: ignore[method-assign]
    looked = scene.look(scene.pull("a"))
    everything = repr(looked) + json.dumps([one.to_dict() for part in looked for one in part])
    assert "wrong password" in everything
    assert PASSWORD not in everything
    assert auth("stranger")["auth"] not in everything


def test_a_password_goes_to_no_other_host(scene: Scene) -> None:
    with mini_registry() as other:
        scene.secret("a", {scene.registry.host: scene.user("bot", "team/app"), "*": auth("star")})
        scene.look(scene.pull("a"), PodPull("shop", other.image("team/app"), ("a",), "default", MADE))
        assert all(user == "" for user, _path in other.asked)


def test_what_there_was_no_time_for_is_a_gap(scene: Scene) -> None:
    looked = scene.look(scene.pull("a"), seconds=0.0)
    assert looked.answers == []
    assert "1 image of 1 could not be asked for in time" in looked.gaps[0].why


def test_who_looks_in_portions_has_the_time_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = PullChecker(
        scene.client, RegistryClient(Settings(plain_http=(scene.registry.host,))), seconds=30.0
    )
    assert checker.look([scene.pull("a")]).answers
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 31.0)
    assert checker.look([scene.pull("b")]).answers == []


@pytest.mark.parametrize(
    ("secrets", "known"), [(("good", "hidden"), True), (("bad", "hidden"), None), (("hidden",), None)]
)
def test_whether_it_would_be_pulled_is_not_known_where_a_secret_may_not_be_read(
    scene: Scene, secrets: tuple[str, ...], known: bool | None
) -> None:
    scene.secret("good", {scene.registry.host: scene.user("alice", "team/app")})
    scene.secret("bad", {scene.registry.host: auth("nobody")})
    scene.cluster.forbidden.append("/secrets/hidden")
    pull = scene.pull(*secrets)
    assert rows([pull], scene.look(pull))[0]["would_pull"] is known


def test_a_bad_reference_is_not_asked_for(scene: Scene) -> None:
    looked = scene.look(PodPull("shop", "Not/Valid:1:2", ("a",), "default", MADE))
    assert looked == Looked([], [], [], [])


def test_an_answer_that_is_no_secret_is_said_to_be_unreadable(scene: Scene) -> None:
    scene.cluster.add("/api/v1/namespaces/shop/secrets/a", data={".dockerconfigjson": "no base64"}, type="x")
    looked = scene.look(scene.pull("a"), look_around=False)
    assert looked.checks[0].state == "forbidden"
    assert "something that is no Secret" in looked.checks[0].why


def test_a_crowd_of_credentials_does_not_storm_a_registry(scene: Scene) -> None:
    scene.secret("a", {f"{scene.registry.host}/{'team/app'[:n]}": auth(f"u{n}") for n in range(1, 9)})
    scene.secret("b", {scene.registry.host: auth("u9"), f"{scene.registry.host}/": auth("u10")})
    scene.secret("c", {scene.registry.host: auth("u11"), f"http://{scene.registry.host}": auth("u12")})
    looked = scene.look(scene.pull("a", "b", "c"), look_around=False)
    assert len({user for user, _path in scene.registry.asked if user}) == 10
    assert [gap.why for gap in looked.gaps] == [
        "1 image would be tried with more than 10 credentials; 10 were tried"
    ]
