# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diagnose.yml asks the registries: what it finds, what it leaves alone, and that no password ever comes out."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, Stage

from tests.plays.runbook import ROOT, Run, ansible, diagnose, snapshot
from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._cluster.samples import pod, waiting
from tests.unit.plugins.module_utils._credentials.secrets_of_tests import PASSWORD, auth
from tests.unit.plugins.module_utils._pull_check.mini_registry import MiniRegistry, mini_registry

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
DEFAULT = yaml.safe_load((ROOT / "roles/registry/defaults/main.yml").read_text(encoding="utf-8"))
MODULE = "kube_runbooks.image_pull.pull_credential_info"


class Scene:
    """A cluster with one pod that cannot get its image, the registry of that image, and runs against both."""

    def __init__(self, cluster: MiniCluster, registry: MiniRegistry, folder: Path) -> None:
        self.cluster = cluster
        self.registry = registry
        self.folder = folder
        self.image = registry.image("team/app")
        message = f'Back-off pulling image "{self.image}": ErrImagePull: unauthorized'
        failing = pod(waiting("ImagePullBackOff", message))
        failing["spec"]["containers"][0]["image"] = self.image
        failing["spec"]["imagePullSecrets"] = [{"name": "regcred"}]
        failing["spec"]["serviceAccountName"] = "default"
        cluster.pods.append(failing)
        cluster.add(REVIEWS, status={"allowed": True})
        cluster.add("/api/v1/namespaces/shop/serviceaccounts/default", metadata={"name": "default"})
        registry.users["bot"] = PASSWORD
        registry.rights["bot"] = {"team/app"}
        registry.tags["team/app"] = ["1"]

    def secret(self, username: str, name: str = "regcred") -> None:
        content = json.dumps({"auths": {self.registry.host: auth(username)}}).encode()
        self.cluster.add(
            f"/api/v1/namespaces/shop/secrets/{name}",
            metadata={"name": name, "namespace": "shop"},
            type="kubernetes.io/dockerconfigjson",
            data={".dockerconfigjson": base64.b64encode(content).decode()},
        )

    def options(self) -> dict[str, Any]:
        return {
            "server": self.cluster.server.url,
            "api_key": "t",
            "plain_http": self.registry.host,
            "registry_checks": DEFAULT["image_pull_registry_checks"],
        }

    def diagnose(self, *arguments: str, **variables: Any) -> Run:
        evidence = {} if "--check" in arguments else {"evidence_dir": str(self.folder / "evidence")}
        return diagnose(self.folder, arguments=arguments, **{**self.options(), **evidence, **variables})

    @property
    def stage(self) -> Stage:
        found = EvidenceFolder.open(str(self.folder / "evidence/localhost")).read_stage("registry")
        assert found is not None
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with api_server() as server, mini_registry() as registry:
        yield Scene(MiniCluster(server), registry, tmp_path)


def test_a_rejected_credential_is_tried_and_no_password_comes_out_anywhere(scene: Scene) -> None:
    scene.secret("stranger")
    run = scene.diagnose("-vvv")
    assert run.code == 0, run.output
    (answer,) = [one for one in scene.stage.of("registry_answer") if one.credential]
    assert (answer.credential.username, answer.credential_accepted) == ("stranger", False)
    assert "stranger" in scene.registry.users_seen
    secrets = (PASSWORD, auth("stranger")["auth"], base64.b64encode(PASSWORD.encode()).decode())
    assert not [one for one in secrets if one in run.output]
    for path in run.files():
        content = path.read_bytes().decode("utf-8", "replace")
        assert not [one for one in secrets if one in content], path


def test_a_good_credential_is_found_good(scene: Scene) -> None:
    scene.secret("bot")
    run = scene.diagnose()
    assert run.code == 0, run.output
    assert [one.outcome for one in scene.stage.of("registry_answer")] == ["found"]
    assert [one.state for one in scene.stage.of("credential")] == ["offered", "not_visible"]


def test_without_the_right_to_read_secrets_the_run_goes_on_and_says_what_it_costs(scene: Scene) -> None:
    scene.cluster.forbidden.append("/secrets")
    run = scene.diagnose()
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"
    assert [one.credential for one in scene.stage.of("registry_answer")] == [None]
    told = " ".join(one["why"] for one in run.report["not_checked"])
    assert "no right to get" in told


def test_switched_off_no_registry_is_asked_and_no_value_of_a_secret_read(scene: Scene) -> None:
    scene.secret("bot")
    run = scene.diagnose(registry_checks=False)
    assert run.code == 0, run.output
    assert scene.registry.asked == []
    tables = [
        "as=Table" in request.headers["Accept"]
        for request in scene.cluster.server.requests
        if request.path.endswith("/secrets/regcred")
    ]
    assert tables == [True]


def test_check_mode_asks_as_well_for_asking_changes_nothing(scene: Scene) -> None:
    scene.secret("bot")
    run = scene.diagnose("--check")
    assert run.code == 0, run.output
    assert scene.registry.asked


def test_tags_choose_the_stage(scene: Scene) -> None:
    run = scene.diagnose("--tags", "node")
    assert run.code == 0, run.output
    assert scene.registry.asked == []


def test_an_archive_gives_the_same_report_without_any_network(scene: Scene) -> None:
    scene.secret("stranger")
    packed = snapshot(scene.folder / "packing", snapshot_dir=str(scene.folder / "packed"), **scene.options())
    assert packed.code == 0, packed.output
    archive = scene.folder / "packed/localhost.evidence.tar.gz"
    with tarfile.open(archive) as tar:
        assert "evidence/registry.jsonl" in tar.getnames()
    asked = len(scene.registry.asked), len(scene.cluster.server.requests)
    run = diagnose(scene.folder / "judging", snapshot=str(archive))
    assert run.code == 0, run.output
    assert run.report["verdict"] == "failing"
    assert (len(scene.registry.asked), len(scene.cluster.server.requests)) == asked


class TestModule:
    def ask(self, scene: Scene, *arguments: str, **options: Any) -> tuple[Run, dict[str, Any]]:
        wanted = {
            "host": scene.cluster.server.url,
            "api_key": "t",
            "plain_http": [scene.registry.host],
            "deadline": 20,
            **options,
        }
        run = ansible(MODULE, scene.folder, wanted, arguments)
        text = run.plain_output
        return run, json.loads(text[text.index("=> {") + 3 : text.rindex("}") + 1]) if "=> {" in text else {}

    def test_tells_each_credential_of_a_pod_in_order(self, scene: Scene) -> None:
        scene.secret("stranger")
        scene.cluster.add("/api/v1/namespaces/shop/pods/web-1", **scene.cluster.pods[0])
        run, found = self.ask(scene, "-vvv", pod="shop/web-1")
        assert run.code == 0, run.output
        (image,) = found["images"]
        assert (image["image"], image["would_pull"]) == (scene.image, False)
        first = image["credentials"][0]
        assert (first["state"], first["secret"], first["username"]) == ("offered", "regcred", "stranger")
        assert first["registry"]["verdict"] == "rejected"
        assert PASSWORD not in run.output

    def test_tells_whether_a_secret_is_good_for_an_image(self, scene: Scene) -> None:
        scene.secret("bot", "other")
        _run, found = self.ask(scene, image=scene.image, namespace="shop", secrets=["other"])
        assert found["images"][0]["would_pull"] is True
        assert found["images"][0]["credentials"][0]["registry"]["verdict"] == "accepted"
        assert found["answers"][0]["outcome"] == "found"

    def test_a_service_account_counts_as_for_a_new_pod(self, scene: Scene) -> None:
        scene.secret("bot")
        path = "/api/v1/namespaces/shop/serviceaccounts/builder"
        scene.cluster.add(path, metadata={"name": "builder"}, imagePullSecrets=[{"name": "regcred"}])
        _run, found = self.ask(scene, images=[scene.image], namespace="shop", service_account="builder")
        assert found["images"][0]["pull_secrets"] == ["regcred"]
        assert found["images"][0]["would_pull"] is True

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"pod": "shop/nowhere"}, "not found: the pod shop/nowhere"),
            ({"images": ["a"], "service_account": "nobody"}, "not found: the ServiceAccount default/nobody"),
            ({"images": ["a"], "namespace": "Shop!"}, "is no name of an object"),
            ({"pod": "a/b/c"}, "NAMESPACE/NAME is wanted"),
            ({}, "one of images, pod and evidence_dir is needed"),
            ({"pod": "a", "secrets": ["b"]}, "mutually exclusive"),
        ],
    )
    def test_what_cannot_be_done_is_one_line(self, scene: Scene, options: dict[str, Any], words: str) -> None:
        run, found = self.ask(scene, **options)
        assert run.code == 2
        assert words in found["msg"]
        assert "Traceback" not in run.output
