# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes go out once: what may have been carried out is not sent again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client

from tests.unit.plugins.module_utils._cluster.api_server import Answer, ApiServer, as_json, refusal

Make = Callable[..., Client]
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
BROKEN = Answer(b"{", length=100, reset=True)


@pytest.mark.parametrize("reply", [refusal(500), refusal(503, Retry_After="1"), BROKEN])
def test_a_create_that_may_have_been_carried_out_is_not_sent_again(
    server: ApiServer, client: Make, reply: Answer
) -> None:
    server.on(JOBS, reply, as_json({}))
    with pytest.raises(errors.ClusterError):
        client().create(JOBS, {"kind": "Job"}, "the Job a")
    assert len(server.asked(JOBS)) == 1


def test_a_create_that_the_server_did_not_begin_with_is(server: ApiServer, client: Make) -> None:
    server.on(JOBS, refusal(429, Retry_After="1"), as_json({"kind": "Job"}))
    assert client().create(JOBS, {"kind": "Job"}, "the Job a") == {"kind": "Job"}
    assert [request.method for request in server.asked(JOBS)] == ["POST", "POST"]


def test_a_dry_run_says_so(server: ApiServer, client: Make) -> None:
    server.on(JOBS, as_json({}))
    client().create(JOBS, {"kind": "Job"}, "the Job a", dry_run=True)
    assert server.requests[0].query == {"dryRun": "All"}


def test_a_name_that_is_taken_is_a_conflict(server: ApiServer, client: Make) -> None:
    server.on(JOBS, refusal(409, 'jobs.batch "a" already exists'))
    with pytest.raises(errors.Conflict, match="already exists"):
        client().create(JOBS, {}, "the Job a")


def test_what_may_not_be_created_is_named_and_the_servers_words_are_kept(
    server: ApiServer, client: Make
) -> None:
    words = 'pods "a" is forbidden: violates PodSecurity "baseline:latest": ' + "long " * 120
    server.on(JOBS, refusal(403, words))
    with pytest.raises(errors.Forbidden, match="no right to create the Job a") as caught:
        client().create(JOBS, {}, "the Job a")
    assert caught.value.said == words.strip()


def test_a_patch_merges(server: ApiServer, client: Make) -> None:
    server.on(f"{JOBS}/a", as_json({"kind": "Job"}))
    client().patch(f"{JOBS}/a", {"spec": {"suspend": True}}, "the Job a")
    (request,) = server.requests
    assert (request.method, request.headers["Content-Type"]) == ("PATCH", "application/merge-patch+json")
    assert json.loads(request.body) == {"spec": {"suspend": True}}


class TestDelete:
    def test_names_the_very_object_and_what_becomes_of_what_it_owns(
        self, server: ApiServer, client: Make
    ) -> None:
        server.on(f"{JOBS}/a", as_json({}))
        assert client().delete(f"{JOBS}/a", "the Job a", uid="u-1")
        (request,) = server.requests
        body = json.loads(request.body)
        assert (request.method, body["propagationPolicy"]) == ("DELETE", "Background")
        assert body["preconditions"] == {"uid": "u-1"}

    def test_of_what_is_gone_is_no_error(self, server: ApiServer, client: Make) -> None:
        assert client().delete(f"{JOBS}/a", "the Job a") is False

    def test_is_sent_again_because_twice_is_harmless(self, server: ApiServer, client: Make) -> None:
        server.on(f"{JOBS}/a", refusal(500), as_json({}))
        assert client().delete(f"{JOBS}/a", "the Job a")

    def test_without_the_right_says_so(self, server: ApiServer, client: Make) -> None:
        server.on(f"{JOBS}/a", refusal(403, "no"))
        with pytest.raises(errors.Forbidden, match="no right to delete the Job a"):
            client().delete(f"{JOBS}/a", "the Job a")


def test_asking_once_is_once(server: ApiServer, client: Make) -> None:
    server.on("/api/v1/nodes/a/proxy/configz", refusal(502), as_json({}))
    with pytest.raises(errors.ServerFailed):
        client().get_once("/api/v1/nodes/a/proxy/configz", "the configuration of kubelet a")
    assert len(server.requests) == 1
