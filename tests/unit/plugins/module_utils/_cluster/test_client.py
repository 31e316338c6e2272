# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that meets every way in which an API server, or what stands before it, fails to answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import client as client_module
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED_PAGES,
    STORED,
    Client,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import (
    Credentials,
    TokenFile,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.refusals import NoTable

from tests.unit.plugins.module_utils._cluster.api_server import (
    SILENCE,
    Answer,
    ApiServer,
    as_json,
    cut,
    page,
    refusal,
    zipped,
)

Make = Callable[..., Client]
PODS = "/api/v1/pods"
TABLE_COLUMNS = [{"name": "Name"}, {"name": "Ready"}, {"name": "Status"}, {"name": "Restarts"}]


def names(client: Client, **options: object) -> list[str]:
    return client.read_list(PODS, "the pods", lambda pod: pod["name"], **options).items  # type: ignore[arg-type]


def pods(*wanted: str) -> list[dict[str, str]]:
    return [{"name": name} for name in wanted]


def table(*rows: list[object], token: str = "", columns: object = None) -> Answer:
    shown = TABLE_COLUMNS if columns is None else columns
    body = {"kind": "Table", "metadata": {"continue": token}, "columnDefinitions": shown}
    return as_json({**body, "rows": [{"cells": row, "object": None} for row in rows]})


class TestLists:
    def test_pages_are_followed_to_the_end(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a", "b"), token="second"), page(*pods("c")))
        assert names(client(), origin=STORED) == ["a", "b", "c"]
        assert [request.query.get("continue") for request in server.requests] == [None, "second"]
        assert all(request.query["limit"] == "500" for request in server.requests)

    def test_the_version_is_asked_for_on_the_first_page_alone(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a"), token="more"), page(*pods("b")))
        names(client(), origin=CACHED_PAGES)
        first, second = server.requests
        assert (first.query["resourceVersion"], first.query["resourceVersionMatch"]) == ("1", "NotOlderThan")
        assert not {"resourceVersion", "resourceVersionMatch"} & set(second.query)

    def test_items_that_are_not_kept_are_counted(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a", "b", "c")))
        found = client().read_list(PODS, "the pods", lambda pod: pod["name"] if pod["name"] == "b" else None)
        assert (found.items, found.seen, found.torn) == (["b"], 3, False)

    def test_a_compressed_list(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, zipped({"metadata": {}, "items": pods("a")}))
        assert names(client()) == ["a"]

    def test_bytes_that_are_no_utf8_do_not_stop_the_reading(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, Answer(b'{"metadata": {}, "items": [{"name": "a\xff\xfe"}, {"name": "b"}]}'))
        assert names(client()) == ["a\ufffd\ufffd", "b"]

    @pytest.mark.parametrize("body", ["{}", '{"items": []}', '{"kind": "PodList", "metadata": []}'])
    def test_what_is_no_list_never_passes_for_an_empty_one(
        self, server: ApiServer, client: Make, body: str
    ) -> None:
        server.on(PODS, Answer(body.encode()))
        with pytest.raises(errors.BadAnswer, match="no list"):
            names(client())


class TestExpiredLists:
    def test_the_token_that_the_server_offers_is_taken(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a"), token="old"), refusal(410, "too old", token="new"), page(*pods("b")))
        found = client().read_list(PODS, "the pods", lambda pod: pod["name"])
        assert (found.items, found.torn) == (["a", "b"], True)
        assert server.requests[-1].query["continue"] == "new"

    def test_without_one_the_list_is_begun_again(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a"), token="old"), refusal(410), page(*pods("a", "b")))
        found = client().read_list(PODS, "the pods", lambda pod: pod["name"])
        assert (found.items, found.torn) == (["a", "a", "b"], True)

    def test_not_for_ever(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods("a"), token="old"), refusal(410))
        with pytest.raises(errors.Gone):
            names(client())
        assert len(server.requests) < 10


class TestTables:
    def read(self, client: Client) -> list[tuple[object, ...]]:
        return client.read_table(PODS, "the pods", ("Name", "Status"), lambda cells: cells).items

    def test_columns_are_found_by_name(self, server: ApiServer, client: Make) -> None:
        columns = [{"name": "New"}, {"name": "Status"}, {"name": "Name"}]
        server.on(
            PODS,
            table([0, "Running", "a"], token="2", columns=columns),
            table([0, "Pending", "b"], columns=columns),
        )
        assert self.read(client()) == [("a", "Running"), ("b", "Pending")]
        assert server.requests[0].headers["Accept"] == "application/json;as=Table;v=v1;g=meta.k8s.io"
        assert server.requests[0].query["includeObject"] == "None"

    @pytest.mark.parametrize(
        "answer",
        [
            page(*pods("a")),
            table(["a"], columns=[{"name": "Name"}]),
            table(["a"], columns=[]),
            refusal(406, "only the following media types are accepted"),
        ],
        ids=["plain list", "column missing", "no columns", "not acceptable"],
    )
    def test_a_server_without_this_table_says_so(
        self, server: ApiServer, client: Make, answer: Answer
    ) -> None:
        server.on(PODS, answer)
        with pytest.raises(NoTable):
            self.read(client())


class TestTroubleThatPasses:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_is_waited_for(self, server: ApiServer, client: Make, pauses: list[float], status: int) -> None:
        server.on(PODS, refusal(status), refusal(status), page(*pods("a")))
        assert names(client()) == ["a"]
        assert len(pauses) == 2
        assert all(0 < pause <= 1 for pause in pauses)

    def test_for_as_long_as_the_server_asks(
        self, server: ApiServer, client: Make, pauses: list[float]
    ) -> None:
        server.on(PODS, refusal(429, Retry_After="3"), page(*pods("a")))
        assert names(client()) == ["a"]
        assert 3 <= pauses[0] <= 3.5

    def test_but_not_for_longer_than_there_is_time(
        self, server: ApiServer, client: Make, pauses: list[float]
    ) -> None:
        server.on(PODS, refusal(429, Retry_After="15"), page(*pods("a")))
        with pytest.raises(errors.Throttled):
            names(client(deadline=5))
        assert (len(server.requests), pauses) == (1, [])

    def test_a_page_that_breaks_off_is_read_again_and_counts_once(
        self, server: ApiServer, client: Make
    ) -> None:
        whole = page(*pods("b", "c")).body
        server.on(PODS, page(*pods("a"), token="2"), cut(whole, len(whole) - 10), Answer(whole))
        found = client().read_list(PODS, "the pods", lambda pod: pod["name"])
        assert (found.items, found.seen) == (["a", "b", "c"], 3)

    def test_json_that_ends_too_early_is_read_again(self, server: ApiServer, client: Make) -> None:
        whole = page(*pods("a")).body
        server.on(PODS, Answer(whole[:-2]), Answer(whole))
        assert names(client()) == ["a"]


class TestTroubleThatStays:
    @pytest.mark.parametrize(
        ("answer", "error", "words"),
        [
            (refusal(429), errors.Throttled, "429"),
            (refusal(429, Retry_After="3600"), errors.Throttled, "wait for 3600 s"),
            (refusal(500, "etcd has no leader"), errors.ServerFailed, "HTTP 500.*etcd has no leader"),
            (Answer(b"<html>oops</html>", 502, "text/html"), errors.ServerFailed, "HTTP 502"),
            (refusal(401), errors.Unauthorized, "context 'lab' .401.*log in again"),
            (
                refusal(403, 'pods is forbidden: User "u"'),
                errors.Forbidden,
                'the pods: pods is forbidden: User "u"',
            ),
            (refusal(404), errors.NotFound, "not found: the pods"),
            (refusal(400, "bad selector"), errors.BadAnswer, "HTTP 400.*bad selector"),
            (
                Answer(b"<html>log in</html>", content_type="text/html"),
                errors.BadAnswer,
                "text/html, not JSON",
            ),
            (Answer(b"<html>log in</html>"), errors.BadAnswer, "not JSON"),
            (Answer(b'["surprise"]'), errors.BadAnswer, "not JSON"),
            (Answer(b'{"metadata": {}, "items": [{"name" "a"}]}'), errors.Unreachable, "cut off"),
            (
                Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}),
                errors.BadAnswer,
                "Content-Encoding",
            ),
            (
                Answer(b"", 302, headers={"Location": "https://login.example/?token=x"}),
                errors.BadAnswer,
                "HTTP 302",
            ),
        ],
    )
    def test_is_told_in_one_line(
        self, server: ApiServer, client: Make, answer: Answer, error: type[errors.ClusterError], words: str
    ) -> None:
        server.on(PODS, answer)
        with pytest.raises(error, match=words) as raised:
            names(client())
        assert raised.value.message.isprintable()
        assert "token=x" not in raised.value.message
        assert len(server.requests) <= 4

    def test_a_connection_that_breaks_every_time(self, server: ApiServer, client: Make) -> None:
        whole = page(*pods("a")).body
        server.on(PODS, cut(whole, 20))
        with pytest.raises(errors.Unreachable, match="broke while reading the pods"):
            names(client())
        assert len(server.requests) == 3

    def test_a_server_that_hangs_costs_two_timeouts(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, SILENCE)
        with pytest.raises(errors.Unreachable, match="no answer from"):
            names(client(request_timeout=0.1))
        assert len(server.requests) == 2

    def test_the_deadline_ends_everything(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, SILENCE)
        hurried = client(deadline=0.1)
        with pytest.raises(errors.Unreachable):
            names(hurried)
        with pytest.raises(errors.OutOfTime, match="deadline of 0 s passed while reading the nodes"):
            hurried.get("/api/v1/nodes", "the nodes")
        assert len(server.requests) == 1

    def test_an_answer_without_end_is_not_read_to_its_end(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page(*pods(*["x" * 50] * 1000)))
        with pytest.raises(errors.BadAnswer, match="larger than"):
            names(client(largest=10_000))

    def test_a_closed_port(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(errors.Unreachable, match=f"connection refused by the API server {url}"):
            names(Client(Connection(url, Credentials())))

    def test_a_name_that_does_not_resolve(self) -> None:
        with pytest.raises(errors.Unreachable, match="does not resolve"):
            names(Client(Connection("https://no-such-host.invalid:6443", Credentials())))

    def test_hostile_words_of_a_server_stay_one_printable_line(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, refusal(403, "\x1b[2Jall well\nVERDICT: healthy\x07" + "y" * 100_000))
        with pytest.raises(errors.Forbidden) as raised:
            names(client())
        assert raised.value.message.isprintable()
        assert len(raised.value.message) < 1000


class TestCredentials:
    def test_are_sent_with_every_request(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, page())
        names(client())
        assert server.requests[0].headers["Authorization"] == "Bearer t"

    def test_are_fetched_again_once_when_they_are_refused(self, server: ApiServer, tmp_path: object) -> None:
        path = f"{tmp_path}/token"
        with open(path, "w") as stream:
            stream.write("old\n")
        credentials = TokenFile(path)
        with open(path, "w") as stream:
            stream.write("new\n")
        server.on(
            PODS, lambda asked: page() if asked.headers["Authorization"] == "Bearer new" else refusal(401)
        )
        assert names(Client(Connection(server.url, credentials))) == []
        assert len(server.requests) == 2

    def test_that_did_not_change_are_not_tried_again(self, server: ApiServer, client: Make) -> None:
        server.on(PODS, refusal(401))
        with pytest.raises(errors.Unauthorized):
            names(client())
        assert len(server.requests) == 1

    def test_impersonation_sends_each_group(self, server: ApiServer) -> None:
        server.on(PODS, lambda asked: page())
        connection = Connection(
            server.url, Credentials(), headers=[("Impersonate-User", "u"), ("Impersonate-Group", "g")]
        )
        names(Client(connection))
        assert server.requests[0].headers["Impersonate-User"] == "u"
        assert server.requests[0].headers["Impersonate-Group"] == "g"


def test_connections_are_used_again(server: ApiServer, client: Make) -> None:
    server.on(PODS, page(*pods("a")), zipped({"metadata": {}}), refusal(404), page())
    asking = client()
    for _turn in range(2):
        names(asking)
    with pytest.raises(errors.NotFound):
        names(asking)
    names(asking)
    assert server.connections == 1


def test_requests_are_counted_tries_included(server: ApiServer, client: Make) -> None:
    server.on(PODS, refusal(500), page())
    asking = client()
    names(asking)
    assert asking.requests == 2


def test_a_review_is_posted(server: ApiServer, client: Make) -> None:
    server.on("/review", lambda asked: as_json({"said": json.loads(asked.body)}))
    assert client().post("/review", {"a": 1}, "a review") == {"said": {"a": 1}}
    assert server.requests[0].headers["Content-Type"] == "application/json"


def test_names_cannot_leave_their_place_in_a_path() -> None:
    assert (
        client_module.namespaced("/api/v1", "a/../b", "pods", "x?y")
        == "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy"
    )
