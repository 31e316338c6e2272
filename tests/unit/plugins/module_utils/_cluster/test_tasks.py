# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a module to its result and to the evidence."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import tasks
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import NotRecorded
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, Stage

from tests.unit.plugins.module_utils._cluster.api_server import ApiServer
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._cluster.samples import IMAGE, NOT_FOUND, event, pod, waiting

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
HOSTILE = "{{ lookup('pipe', 'id') }} \x1b[2J\u202e\n" + "https://r.example/?token=s3cr3t-in-a-url"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def cluster(server: ApiServer) -> MiniCluster:
    found = MiniCluster(server)
    message = f'Back-off pulling image "{IMAGE}": ErrImagePull: {NOT_FOUND} {HOSTILE}'
    found.pods.append(pod(waiting("ImagePullBackOff", message)))
    found.events.append(event("Failed", f'Failed to pull image "{IMAGE}": {NOT_FOUND}'))
    found.add(REVIEWS, status={"allowed": True})
    return found


def params(mini: MiniCluster, **options: Any) -> dict[str, Any]:
    plain = {"host": mini.server.url, "api_key": "t", "request_timeout": 5.0, "deadline": 10.0}
    return {**plain, "slow_after": 300, "max_failures": 500, **options}


@pytest.fixture
def look(cluster: MiniCluster) -> Look:
    return lambda **options: tasks.pull_failure_info(params(cluster, **options))


def stage_of(folder: Path, name: str = "triage") -> Stage:
    stage = EvidenceFolder.open(str(folder)).read_stage(name)
    assert stage is not None
    return stage


class TestInline:
    def test_failures_are_returned(self, look: Look) -> None:
        found = look()
        (failure,) = found["failures"]
        assert (failure["pod"], failure["image"], failure["tries"]) == ("web-1", IMAGE, 1)
        assert (found["complete"], found["error"], found["truncated"]) == (True, None, False)
        assert (found["evidence_dir"], found["evidence_digest"]) == (None, None)
        assert found["summary"]["failing_pods"] == 1

    def test_with_what_a_judge_adds(self, cluster: MiniCluster) -> None:
        found = tasks.pull_failure_info(params(cluster), lambda failure: {"suspected": failure.pod})
        assert found["failures"][0]["suspected"] == "web-1"

    def test_texts_of_the_cluster_are_harmless_and_redacted(self, look: Look) -> None:
        (failure,) = look()["failures"]
        assert failure["message"].isprintable()
        assert "{{ lookup('pipe', 'id') }}" in failure["message"]
        assert "s3cr3t-in-a-url" not in repr(failure)

    def test_more_than_are_wanted(self, cluster: MiniCluster, look: Look) -> None:
        cluster.pods.append(pod(waiting("ErrImagePull"), name="web-2", uid="2"))
        found = look(max_failures=1)
        assert (len(found["failures"]), found["truncated"]) == (1, True)
        assert found["summary"]["failing_pods"] == 2

    def test_gaps_are_returned(self, cluster: MiniCluster, look: Look) -> None:
        cluster.forbidden.append("/events")
        checks = [gap["check"] for gap in look()["not_checked"]]
        assert checks == ["the events of all namespaces", "events about nodes"]


class TestEvidence:
    def test_everything_is_written_and_nothing_returned(self, look: Look, tmp_path: Path) -> None:
        folder = tmp_path / "evidence"
        found = look(evidence_dir=str(folder), cluster="prod")
        assert (found["failures"], found["evidence_dir"]) == ([], str(folder))
        assert found["evidence_digest"] == EvidenceFolder.open(str(folder)).digest()
        stage = stage_of(folder)
        assert (stage.complete, stage.error, stage.api_requests) == (True, None, found["api_requests"])
        assert stage.cluster is not None
        assert (stage.cluster.name, stage.cluster.version) == ("prod", "v1.34.2")
        assert [one.pod for one in stage.of("pull_failure")] == ["web-1"]

    def test_is_private_and_redacted(self, look: Look, tmp_path: Path) -> None:
        folder = tmp_path / "evidence"
        look(evidence_dir=str(folder))
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert "s3cr3t-in-a-url" not in (folder / "triage.jsonl").read_text()

    def test_of_a_cluster_that_is_down_says_so(self, look: Look, tmp_path: Path) -> None:
        folder = tmp_path / "evidence"
        found = look(host="http://127.0.0.1:1", evidence_dir=str(folder), cluster="prod")
        assert (found["complete"], found["summary"], found["scope"]["complete"]) == (False, {}, False)
        stage = stage_of(folder)
        assert (stage.complete, stage.error) == (False, found["error"])
        assert stage.cluster is not None
        assert (stage.cluster.name, stage.cluster.server) == ("prod", "http://127.0.0.1:1")

    def test_of_a_fault_of_our_own_says_so_too(
        self, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "connect", lambda _options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(evidence_dir=str(tmp_path / "evidence"))
        assert stage_of(tmp_path / "evidence").error == "division by zero"

    @pytest.mark.parametrize("down", [False, True], ids=["cluster up", "cluster down"])
    def test_is_never_written_over(self, look: Look, tmp_path: Path, down: bool) -> None:
        """An error that on_error=record does not swallow: there would be no record of it."""
        folder = str(tmp_path / "evidence")
        look(evidence_dir=folder)
        with pytest.raises(NotRecorded, match="never writes over"):
            look(evidence_dir=folder, **({"host": "http://127.0.0.1:1"} if down else {}))

    def test_that_cannot_be_made(self, look: Look, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(NotRecorded, match="cannot make the evidence folder"):
            look(evidence_dir=str(tmp_path / "file" / "evidence"))


class TestQuestions:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"pod": "web-1"}, "NAMESPACE/NAME is wanted"),
            ({"pod": "shop/../x"}, "NAMESPACE/NAME is wanted"),
            ({"pod": "shop/web-1", "namespaces": ["shop"]}, "leave out namespaces"),
            ({"pod": "shop/web-1", "label_selectors": ["a=b"]}, "leave out namespaces and selectors"),
            ({"namespaces": ["../etc"]}, "no name of a namespace"),
            ({"kubeconfig": "/absent", "host": None, "api_key": None}, "no kubeconfig at /absent"),
        ],
    )
    def test_that_are_none_end_in_one_line(self, look: Look, options: dict[str, Any], words: str) -> None:
        found = look(**options)
        assert words in found["error"]
        assert (found["complete"], found["api_requests"]) == (False, 0)

    def test_selectors_are_joined(self, cluster: MiniCluster, look: Look) -> None:
        found = look(label_selectors=["a=b", "c=d"], field_selectors=["metadata.name=x"])
        assert found["scope"]["label_selector"] == "a=b,c=d"
        tables = [one for one in cluster.server.requests if "as=Table" in one.headers["Accept"]]
        assert [(one.query["labelSelector"], one.query["fieldSelector"]) for one in tables] == [
            ("a=b,c=d", "metadata.name=x")
        ]


class TestAccess:
    def test_all_rights(self, cluster: MiniCluster) -> None:
        found = tasks.access_info(params(cluster))
        assert (found["sufficient"], found["missing"], found["complete"]) == (True, [], True)
        assert {one["resource"] for one in found["access"]} >= {"pods", "events", "nodes", "secrets"}

    def test_none(self, cluster: MiniCluster, tmp_path: Path) -> None:
        cluster.add(REVIEWS, status={"allowed": False})
        found = tasks.access_info(params(cluster, evidence_dir=str(tmp_path / "evidence")))
        assert not found["sufficient"]
        assert len(found["missing"]) == len(found["access"])
        assert len(stage_of(tmp_path / "evidence", "access").of("access")) == len(found["access"])

    def test_of_a_cluster_that_is_down(self, cluster: MiniCluster) -> None:
        found = tasks.access_info(params(cluster, host="http://127.0.0.1:1"))
        assert (found["sufficient"], found["complete"]) == (False, False)
        assert "connection refused" in found["error"]
