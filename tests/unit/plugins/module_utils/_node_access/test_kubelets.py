# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kubelets tell through the API server, many at a time; and what it costs when they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import NodeChoice, Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.kubelet import (
    of_configuration,
    of_summary,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.pull_info import (
    node_pull_info,
)

from tests.unit.plugins.module_utils._cluster.api_server import (
    SILENCE,
    Answer,
    ApiServer,
    Request,
    api_server,
    as_json,
    page,
    refusal,
)

SUMMARY = {
    "node": {
        "fs": {"availableBytes": 5, "inodesFree": 6},
        "runtime": {
            "imageFs": {
                "capacityBytes": 100,
                "availableBytes": 40,
                "usedBytes": 30,
                "inodes": 10,
                "inodesFree": 0,
            }
        },
    }
}
CONFIGURATION = {
    "kubeletconfig": {
        "imageGCHighThresholdPercent": 85,
        "imageGCLowThresholdPercent": 80,
        "evictionHard": {"imagefs.available": "15%"},
        "serializeImagePulls": True,
        "registryPullQPS": 5,
        "registryBurst": 10,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
    }
}


class Kubelets:
    """Nodes behind an API server; ``answers`` are what their kubelets say by the end of the path."""

    def __init__(self, server: ApiServer, count: int) -> None:
        self.server = server
        self.answers: dict[str, Answer] = {"summary": as_json(SUMMARY), "configz": as_json(CONFIGURATION)}
        self.nodes: list[dict[str, Any]] = [
            {"metadata": {"name": f"n{number}"}, "status": {"images": [{"names": ["a:1"], "sizeBytes": 7}]}}
            for number in range(count)
        ]
        server.reply = self._reply

    @property
    def asked(self) -> int:
        return sum("/proxy/" in request.path for request in self.server.requests)

    def _reply(self, request: Request) -> Answer:
        self.server.requests.append(request)
        if request.path == "/api/v1/nodes":
            return page(*self.nodes, kind="NodeList")
        if "/proxy/" in request.path:
            return self.answers[request.path.rpartition("/")[2]]
        name = request.path.rpartition("/")[2]
        found = [node for node in self.nodes if node["metadata"]["name"] == name]
        return as_json(found[0]) if found else refusal(404)

    def info(self, **options: Any) -> dict[str, Any]:
        given = {
            "host": self.server.url,
            "api_key": "t",
            "request_timeout": 20.0,
            "deadline": 20.0,
            "kubelet_timeout": 5.0,
            "evidence_dir": None,
            "cluster": None,
            "nodes": [],
        }
        return node_pull_info({**given, **options})


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as served:
        yield served


def test_disks_and_settings(server: ApiServer) -> None:
    (node,) = Kubelets(server, 1).info()["nodes"]
    told = node["kubelet"]
    assert (told["state"], told["image_fs_bytes_free"], told["image_fs_inodes_free"]) == ("read", 40, 0)
    assert (told["pull_qps"], told["pull_burst"], told["serialize_pulls"]) == (5.0, 10, True)
    assert (told["cached_images"], told["cached_bytes"]) == (1, 7)


def test_the_chosen_nodes_alone_are_asked(server: ApiServer, tmp_path: Path) -> None:
    folder = EvidenceFolder.create(str(tmp_path / "e"), cluster="c")
    with folder.stage("nodes", vantage="controller", scope=Scope()) as stage:
        stage.write(NodeChoice("n1", "failing"))
        stage.write(NodeChoice("n2", "control"))
    kubelets = Kubelets(server, 4)
    found = kubelets.info(evidence_dir=folder.path)
    assert found["nodes"] == []
    written = folder.read_stage("kubelets")
    assert written is not None
    assert [fact.node for fact in written.of("kubelet")] == ["n1", "n2"]


def test_without_any_choice_none_is_asked(server: ApiServer, tmp_path: Path) -> None:
    folder = EvidenceFolder.create(str(tmp_path / "e"), cluster="c")
    with folder.stage("nodes", vantage="controller", scope=Scope()):
        pass
    kubelets = Kubelets(server, 4)
    assert kubelets.info(evidence_dir=folder.path)["summary"]["nodes"] == 0
    assert not server.requests


def test_a_right_that_is_lacking_is_not_asked_for_300_times(server: ApiServer) -> None:
    kubelets = Kubelets(server, 300)
    kubelets.answers = {"summary": refusal(403, "cannot get resource nodes/proxy")}
    found = kubelets.info()
    assert found["summary"] == {"nodes": 300, "forbidden": 300, "read": 0, "partly": 0, "unreachable": 0}
    assert kubelets.asked < 40
    (gap,) = found["not_checked"]
    assert (gap["check"], gap["steps"]) == ("what the kubelets of 300 nodes tell", [6])


def test_300_kubelets_that_are_silent_are_not_all_waited_for(server: ApiServer) -> None:
    kubelets = Kubelets(server, 300)
    kubelets.answers = {"summary": SILENCE}
    found = kubelets.info(kubelet_timeout=0.2, deadline=1.5)
    assert found["summary"]["unreachable"] == 300
    assert found["error"] is None
    assert kubelets.asked < 300


def test_kubelets_that_do_not_report_are_not_asked(server: ApiServer) -> None:
    kubelets = Kubelets(server, 1)
    kubelets.nodes[0]["status"]["conditions"] = [
        {"type": "Ready", "status": "Unknown", "message": "stopped posting"}
    ]
    (node,) = kubelets.info()["nodes"]
    assert (node["kubelet"]["state"], kubelets.asked) == ("unreachable", 0)


def test_one_page_of_two(server: ApiServer) -> None:
    kubelets = Kubelets(server, 1)
    kubelets.answers["configz"] = refusal(404, "no such page")
    found = kubelets.info()
    assert found["nodes"][0]["kubelet"]["state"] == "partly"
    assert found["nodes"][0]["kubelet"]["image_fs_bytes_free"] == 40
    assert "n0: what its kubelet tells" in found["not_checked"][0]["check"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"node": 5, "kubeletconfig": [1]}',
        b"\xff\xfe",
        b'{"node": {"fs": {"availableBytes": -5}}}',
    ],
)
def test_nonsense_gives_no_facts_and_no_error(server: ApiServer, body: bytes) -> None:
    kubelets = Kubelets(server, 1)
    kubelets.answers = {"summary": Answer(body), "configz": Answer(body)}
    found = kubelets.info()
    assert found["error"] is None
    assert found["nodes"][0]["kubelet"]["node_fs_bytes_free"] is None


def test_a_page_without_end_is_cut_off(server: ApiServer) -> None:
    kubelets = Kubelets(server, 1)
    kubelets.answers = {"summary": Answer(b'{"node": "' + b"x" * (9 << 20) + b'"}')}
    (node,) = kubelets.info()["nodes"]
    assert "larger than 8 MiB" in node["kubelet"]["why"]


def test_values_of_other_types_are_left_out() -> None:
    assert (
        of_summary({"node": {"fs": {"availableBytes": "5", "inodesFree": True}}})["node_fs_bytes_free"]
        is None
    )
    read = of_configuration({"kubeletconfig": {"registryPullQPS": True, "evictionHard": {"a\x1b[1m": 5}}})
    assert (read["pull_qps"], read["eviction_hard"]) == (None, {"a": ""})
