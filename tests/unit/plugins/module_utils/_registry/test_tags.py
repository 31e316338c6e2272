# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tags are near, and lists of tags that do not end."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.nearness import (
    near_names,
    near_tags,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings

from tests.unit.plugins.module_utils._registry.conftest import ALICE
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, as_json, error


@pytest.mark.parametrize(
    ("wanted", "tags", "near"),
    [
        ("v1.2", ["1.2", "1.3", "latest"], ["1.2", "1.3"]),
        ("1.2", ["v1.2", "1.2.0", "2.0"], ["1.2.0", "v1.2", "2.0"]),
        ("1.2", ["1.2.1", "1.2.9", "1.2.9-alpine", "1.10"], ["1.2.9", "1.2.1", "1.2.9-alpine", "1.10"]),
        ("1.7.4", ["1.7.2", "1.7.3", "1.6.4", "2.7.4"], ["1.7.3", "1.7.2", "1.6.4", "2.7.4"]),
        ("1.25-alpin", ["1.25-alpine", "1.25", "1.24-alpine"], ["1.25-alpine", "1.25", "1.24-alpine"]),
        ("20240131", ["20240130", "20231201", "1.2", "2025-01-01"], ["20240130", "20231201", "2025-01-01"]),
        ("nightly-2024-01-31", ["nightly-2024-02-01", "nightly"], ["nightly-2024-02-01"]),
        ("3f9a1bc", ["3f9a1bc7d20e", "3f9a1bd", "sha-3f9a1bc", "1.0"], ["3f9a1bc7d20e", "sha-3f9a1bc"]),
        ("stabel", ["stable", "edge", "latest"], ["stable"]),
        ("main", ["main-arm64", "mian", "develop"], ["main-arm64", "mian"]),
        ("latest", ["1.0", "2.0", "lates"], ["lates"]),
        ("1.0", ["latest"], []),
        ("production", [], []),
    ],
)
def test_near_tags(wanted: str, tags: list[str], near: list[str]) -> None:
    assert list(near_tags(wanted, tags)) == near


def test_near_names() -> None:
    names = ["shop/web", "shop/api", "team/wbe", "store/web", "shop/wep2"]
    assert near_names("shop/wbe", names) == ("shop/web", "team/wbe")


def test_of_a_hundred_thousand_tags_the_nearest_are_told() -> None:
    tags = [f"{number // 1000}.{number // 10 % 100}.{number % 10}-build{number}" for number in range(100_000)]
    found = near_tags("42.7.3", tags)
    assert len(found) == 6
    assert found == near_tags("42.7.3", [tag for tag in tags if tag.startswith("42.")])


def client(*servers: Server) -> Client:
    return Client(Settings(timeout=5.0, plain_http=tuple(server.netloc for server in servers)))


def test_pages_are_followed(server: Server) -> None:
    pages = {"": (["1.0"], '</v2/web/tags/list?last=1.0&n=1>; rel="next"'), "1.0": (["1.1"], "")}

    def page(seen: Seen) -> Say:
        tags, link = pages[seen.query.get("last", [""])[0]]
        return as_json({"name": "web", "tags": tags}, Link=link)

    server.on("/v2/web/tags/list", page)
    found = client(server).near_tags(f"{server.netloc}/web:1.2")
    assert (found.near, found.total, found.complete) == (("1.1", "1.0"), 2, True)


def test_a_next_page_on_another_host_is_not_asked_for(server: Server, other: Server) -> None:
    server.on("*", as_json({"tags": ["1.0"]}, Link=f'<{other.url}/v2/web/tags/list?n=1>; rel="next"'))
    found = client(server, other).near_tags(f"{server.netloc}/web:1.1", ALICE)
    assert (found.complete, found.near, other.seen) == (False, ("1.0",), [])


@pytest.mark.parametrize("link", ["<?n=1000>; rel=next", "<?last={n}>; rel=next", "<http://[::1>; rel=next"])
def test_pages_without_end(server: Server, link: str) -> None:
    count = iter(range(10_000))
    server.on("*", lambda _seen: as_json({"tags": ["1.0"]}, Link=link.replace("{n}", str(next(count)))))
    found = client(server).near_tags(f"{server.netloc}/web:1.1")
    assert found.complete is False
    assert len(server.seen) <= 100


def test_a_hundred_thousand_and_more_tags_in_one_answer(server: Server) -> None:
    body = json.dumps({"tags": [f"1.0.{number}" for number in range(100_001)]}).encode()
    server.on("*", Say(200, body))
    found = client(server).near_tags(f"{server.netloc}/web:1.1")
    assert (found.total, found.complete) == (100_000, False)


def test_names_that_are_none_are_left_out(server: Server) -> None:
    server.on("*", as_json({"tags": ["1.0", "\x1b[2J", "x" * 999, 7, None, {"a": 1}, "../../x", "1.1"]}))
    found = client(server).near_tags(f"{server.netloc}/web:1.2")
    assert found.near == ("1.1", "1.0")


def test_a_smaller_page_where_a_thousand_are_too_many(server: Server) -> None:
    server.on("*", lambda seen: as_json({"tags": ["1"]}) if seen.query["n"] == ["100"] else Say(405))
    assert client(server).near_tags(f"{server.netloc}/web:2").total == 1


def test_repositories_that_are_near_where_there_is_none(server: Server) -> None:
    server.on("/v2/shop/wbe/tags/list", error(404, "NAME_UNKNOWN", "repository name not known to registry"))
    server.on("/v2/_catalog", as_json({"repositories": ["shop/web", "shop/api"]}))
    found = client(server).near_tags(f"{server.netloc}/shop/wbe:1")
    assert found.near_repositories == ("shop/web",)
    assert found.why_not == "repository name not known to registry"


def test_a_list_that_may_not_be_read(server: Server) -> None:
    server.on("*", error(403, "DENIED", "no"))
    found = client(server).near_tags(f"{server.netloc}/shop/web:1")
    assert (found.near, found.complete, found.why_not) == ((), False, "no")
