# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole preflight against a cluster and a registry that answer on loopback."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import render_json

from tests.unit.plugins.module_utils._preflight.conftest import Manifest, World, naming, pod

SUMMARY = "/api/v1/nodes/n1/proxy/stats/summary"


def account(name: str, *secrets: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"namespace": "shop", "name": name},
        "imagePullSecrets": [{"name": one} for one in secrets],
    }


class TestImages:
    def test_that_are_there(self, world: World) -> None:
        report = world.check(pod(world.image("app:1")))
        assert (report.verdict, report.kind, report.findings) == ("healthy", "preflight", ())
        assert report.workloads[0].containers[0].summary.endswith("gives it without a credential")
        assert report.workloads[0].nodes == 1

    def test_whose_tag_is_not_there(self, world: World) -> None:
        report = world.check(pod(world.image("app:1.2")))
        (finding,) = report.findings
        assert (finding.cause, finding.confidence) == ("tag_not_found", "confirmed")
        assert any("1.1" in one for one in finding.suggestions)
        assert report.verdict == "failing"

    def test_whose_name_is_mistyped(self, world: World) -> None:
        world.registry.push("shop/storefront", "1")
        report = world.check(pod(world.image("shop/storefrnot:1")), pod(world.image("shop/storefront:1")))
        assert report.findings[0].cause == "repository_not_found"
        assert f"the name {world.image('shop/storefront')} is near" in report.findings[0].suggestions

    def test_that_are_no_references(self, world: World) -> None:
        found = world.verdict(pod("Upper/Case:1"))
        assert (found.verdict, found.cause, found.confidence) == (
            "would_not_pull",
            "image_name_invalid",
            "confirmed",
        )

    def test_whose_registry_cannot_be_reached_are_not_checked(self, world: World) -> None:
        report = world.check(pod("127.0.0.1:1/app:1"))
        assert (report.verdict, report.scope.complete) == ("unknown", False)
        assert report.workloads[0].verdict == "not_checked"
        assert "gave no answer to the controller" in report.workloads[0].containers[0].summary

    def test_that_many_name_are_asked_for_once(self, world: World) -> None:
        report = world.check(*[pod(world.image("app:1"), name=f"web-{number}") for number in range(40)])
        assert len(report.workloads) == 40
        asked = [one for one in world.registry.asked_for("/app/manifests/1") if one[0] in ("HEAD", "GET")]
        assert len(asked) <= 2
        assert len(world.registry.requests) <= 4


class TestCredentials:
    IMAGE = "private/app:1"

    def test_none(self, world: World) -> None:
        found = world.verdict(pod(world.image(self.IMAGE)))
        assert (found.verdict, found.cause) == ("would_not_pull", "auth_missing")

    def test_of_the_secret_that_the_pod_names(self, world: World) -> None:
        world.put(world.secret("right", "alice", "right-password"))
        found = world.verdict(pod(world.image(self.IMAGE), **naming("right")))
        assert found.verdict == "would_pull"
        assert found.credential is not None
        assert (found.credential.secret, found.credential.username) == ("right", "alice")

    def test_of_the_service_account(self, world: World) -> None:
        world.put(world.secret("right", "alice", "right-password"), account("builder", "right"))
        assert (
            world.verdict(pod(world.image(self.IMAGE), serviceAccountName="builder")).verdict == "would_pull"
        )

    def test_of_the_service_account_do_not_count_where_the_pod_names_its_own(self, world: World) -> None:
        world.put(world.secret("right", "alice", "right-password"), account("builder", "right"))
        found = world.verdict(pod(world.image(self.IMAGE), serviceAccountName="builder", **naming("other")))
        assert (found.verdict, found.cause) == ("would_not_pull", "secret_missing")
        assert "shop/other does not exist" in found.summary

    def test_in_the_same_manifests(self, world: World) -> None:
        objects = [world.secret("new", "alice", "right-password"), account("default", "new")]
        assert world.check(pod(world.image(self.IMAGE)), *objects).verdict == "healthy"

    def test_in_the_manifests_win_over_those_in_the_cluster(self, world: World) -> None:
        world.put(world.secret("creds", "alice", "old-password"))
        objects = [
            pod(world.image(self.IMAGE), **naming("creds")),
            world.secret("creds", "alice", "right-password"),
        ]
        assert world.check(*objects).verdict == "healthy"
        assert not [path for path in world.cluster.paths if path.endswith("/secrets/creds")]

    def test_that_are_rejected(self, world: World) -> None:
        world.put(world.secret("wrong", "alice", "guessed-password"))
        report = world.check(pod(world.image(self.IMAGE), **naming("wrong")))
        assert [finding.cause for finding in report.findings] == ["auth_invalid"]
        assert report.findings[0].secrets == ("shop/wrong",)
        assert "guessed-password" not in json.dumps(report.to_dict())

    def test_that_are_malformed_stop_everything(self, world: World) -> None:
        broken = world.secret("broken", "x", "y")
        broken["data"][".dockerconfigjson"] = "e30x"
        world.put(broken)
        found = world.verdict(pod(world.image("app:1"), **naming("broken")))
        assert (found.verdict, found.cause, found.confidence) == (
            "would_not_pull",
            "secret_missing",
            "confirmed",
        )

    def test_that_are_missing_harm_no_public_image(self, world: World) -> None:
        found = world.verdict(pod(world.image("app:1"), **naming("gone")))
        assert found.verdict == "would_pull"
        assert found.notes == ("Secret shop/gone does not exist",)

    def test_that_may_not_be_read_leave_it_open(self, world: World) -> None:
        world.cluster.forbidden.append("/secrets")
        report = world.check(pod(world.image(self.IMAGE), **naming("creds")))
        assert report.workloads[0].verdict == "not_checked"
        assert "shop/creds may not be read" in report.workloads[0].summary
        assert any("Secret" in one.why for one in report.not_checked)

    def test_of_a_service_account_that_may_not_be_read_leave_it_open(self, world: World) -> None:
        world.cluster.forbidden.append("/serviceaccounts")
        assert world.verdict(pod(world.image(self.IMAGE))).verdict == "not_checked"
        assert world.verdict(pod(world.image("app:1"))).verdict == "would_pull"

    def test_that_a_nodes_provider_may_have_leave_it_open(self, world: World) -> None:
        """Tried with the decision itself: a stand-in cannot have the name of a cloud's registry here."""
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import RegistryAnswer
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
            Looked,
            outcome_of,
        )

        host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
        answer = RegistryAnswer(
            f"{host}/app:1",
            host,
            "app",
            "controller",
            "",
            "failed",
            registry_kind="ecr",
            cause="auth_missing",
        )
        looked = Looked(PodPull("shop", answer.image), answers={None: answer})
        assert outcome_of(looked, frozenset({"aws"})).state == "open"
        assert outcome_of(looked, frozenset({"gce"})).state == "failed"

    def test_a_service_account_that_is_missing_is_told(self, world: World) -> None:
        found = world.verdict(pod(world.image("app:1"), serviceAccountName="gone"))
        assert found.notes == (
            "the ServiceAccount shop/gone does not exist: no pod can be made until it does",
        )


class TestNodes:
    def test_for_which_there_is_no_image(self, world: World) -> None:
        world.cluster.nodes.clear()
        world.node("arm", "arm64")
        found = world.verdict(pod(world.image("app:1")))
        assert (found.verdict, found.cause, found.confidence) == (
            "would_not_pull",
            "platform_mismatch",
            "confirmed",
        )
        assert found.summary == (
            "the image is for linux/amd64 only, but the pod may be scheduled to 1 node with linux/arm64; "
            "it is in no index, so it would be pulled all the same, and could not run"
        )

    def test_of_which_some_lack_one(self, world: World) -> None:
        world.node("arm", "arm64")
        found = world.verdict(pod(world.image("app:1")))
        assert (found.cause, found.confidence) == ("platform_mismatch", "likely")

    def test_that_a_selector_rules_out_do_not_count(self, world: World) -> None:
        world.node("arm", "arm64")
        selector = {"kubernetes.io/arch": "amd64"}
        assert world.verdict(pod(world.image("app:1"), nodeSelector=selector)).verdict == "would_pull"

    def test_with_an_image_for_each(self, world: World) -> None:
        world.node("arm", "arm64")
        world.registry.push("multi", "1", architectures=("amd64", "arm64"))
        assert world.verdict(pod(world.image("multi:1"))).verdict == "would_pull"

    def test_that_do_not_exist_leave_it_open(self, world: World) -> None:
        found = world.verdict(pod(world.image("app:1"), nodeSelector={"pool": "none"}))
        assert found.verdict == "not_checked"
        assert found.not_checked == ("platform: there is no node that this pod may be scheduled to",)

    def test_that_may_not_be_read_leave_it_open_unless_the_user_tells(self, world: World) -> None:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Platform

        world.cluster.forbidden.append("=/api/v1/nodes")
        assert world.verdict(pod(world.image("app:1"))).verdict == "not_checked"
        known = (Platform("linux", "amd64"),)
        assert world.verdict(pod(world.image("app:1")), platforms=known).verdict == "would_pull"


class TestPolicies:
    def test_never_and_the_image_is_nowhere(self, world: World) -> None:
        found = world.verdict(pod(world.image("app:1"), policy="Never"))
        assert (found.verdict, found.cause, found.confidence) == (
            "would_not_pull",
            "never_policy",
            "confirmed",
        )

    def test_never_and_the_image_is_everywhere(self, world: World) -> None:
        world.cluster.nodes.clear()
        world.node("n1", images=[world.image("gone:1")])
        assert world.verdict(pod(world.image("gone:1"), policy="Never")).verdict == "would_pull"

    def test_never_and_the_image_is_on_some_nodes(self, world: World) -> None:
        world.node("n2", images=[world.image("app:1")])
        found = world.verdict(pod(world.image("app:1"), policy="Never"))
        assert (found.cause, found.confidence) == ("never_policy", "likely")
        assert "1 of 2 nodes" in found.summary

    def test_never_on_a_node_that_does_not_list_all_its_images(self, world: World) -> None:
        world.cluster.nodes.clear()
        world.node("n1", images=[f"other.example/{number}:1" for number in range(50)])
        assert world.verdict(pod(world.image("app:1"), policy="Never")).verdict == "not_checked"

    def test_present_everywhere_need_not_be_pulled(self, world: World) -> None:
        world.cluster.nodes.clear()
        world.node("n1", images=[world.image("gone:1")])
        found = world.verdict(pod(world.image("gone:1")))
        assert found.verdict == "would_pull"
        assert found.notes[0].startswith("a new node could not be sure to get it")

    def test_always_means_present_or_not(self, world: World) -> None:
        world.cluster.nodes.clear()
        world.node("n1", images=[world.image("gone:1")])
        assert world.verdict(pod(world.image("gone:1"), policy="Always")).verdict == "would_not_pull"

    @pytest.mark.parametrize(
        ("version", "verdict"), [("v1.34.2", "would_pull"), ("v1.35.0", "would_not_pull")]
    )
    def test_a_private_image_that_is_present_is_verified_from_1_35_on(
        self, world: World, version: str, verdict: str
    ) -> None:
        world.cluster.nodes.clear()
        world.node("n1", images=[world.image("private/app:1")], version=version)
        assert world.verdict(pod(world.image("private/app:1"))).verdict == verdict


class TestRoom:
    @pytest.fixture(autouse=True)
    def large(self, world: World) -> None:
        world.registry.push("large", "1", size=400_000_000)

    def tell(self, world: World, available: int, capacity: int = 10**12) -> None:
        image_fs = {"availableBytes": available, "capacityBytes": capacity, "inodesFree": 1000}
        world.cluster.add(SUMMARY, node={"runtime": {"imageFs": image_fs}})

    def test_enough(self, world: World) -> None:
        self.tell(world, 2_000_000_000)
        report = world.check(pod(world.image("large:1")))
        assert (report.verdict, report.not_checked) == ("healthy", ())

    def test_not_enough(self, world: World) -> None:
        self.tell(world, 1_000_000_000)
        found = world.verdict(pod(world.image("large:1")))
        assert (found.verdict, found.cause, found.confidence) == ("would_not_pull", "disk_full", "likely")
        assert "about 1.2 GB (compressed size times 3)" in found.summary

    def test_never_enough(self, world: World) -> None:
        self.tell(world, 1_000_000_000, capacity=1_100_000_000)
        assert world.verdict(pod(world.image("large:1"))).confidence == "confirmed"

    def test_another_factor(self, world: World) -> None:
        self.tell(world, 1_000_000_000)
        assert world.verdict(pod(world.image("large:1")), size_factor=2.0).verdict == "would_pull"

    def test_an_image_that_is_there_already_takes_none(self, world: World) -> None:
        self.tell(world, 1_000_000)
        world.cluster.nodes.clear()
        world.node("n1", images=[world.image("large:1")])
        assert world.verdict(pod(world.image("large:1"), policy="Always")).verdict == "would_pull"

    def test_not_enough_on_one_of_two_nodes(self, world: World) -> None:
        self.tell(world, 1_000_000_000)
        world.node("n2")
        roomy = {"runtime": {"imageFs": {"availableBytes": 10**12, "capacityBytes": 10**12}}}
        world.cluster.add(SUMMARY.replace("n1", "n2"), node=roomy)
        found = world.verdict(pod(world.image("large:1")))
        assert found.verdict == "would_pull"
        assert found.notes == ("not enough room on 1 of 2 nodes, n1 for instance",)

    def test_that_may_not_be_asked_for_is_said_and_costs_nothing_else(self, world: World) -> None:
        world.cluster.forbidden.append("/proxy/")
        report = world.check(pod(world.image("large:1")))
        assert report.verdict == "healthy"
        (left,) = report.not_checked
        assert (left.check, left.conclusion_lost) == (
            "room on the image file systems",
            "whether the images fit on the nodes",
        )


class TestInput:
    def test_nothing_in_it_is_no_health(self, world: World) -> None:
        report = world.check({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
        assert (report.verdict, report.problems) == ("unknown", ("no workload was found in what was given",))

    def test_a_kind_that_is_not_known_is_no_health(self, world: World) -> None:
        game = {"apiVersion": "x/v1", "kind": "Game", "metadata": {"name": "g"}, "spec": pod("a:1")["spec"]}
        report = world.check(game, pod(world.image("app:1")))
        assert report.verdict == "unknown"
        assert "pod_templates" in report.not_checked[0].why

    def test_two_of_one_name_are_both_judged(self, world: World) -> None:
        report = world.check(pod(world.image("app:1")), pod(world.image("gone:1")))
        assert [(one.document, one.verdict) for one in report.workloads] == [
            (2, "would_not_pull"),
            (1, "would_pull"),
        ]

    def test_a_cluster_that_cannot_be_read_is_an_error_and_the_images_are_asked_for(
        self, world: World
    ) -> None:
        world.cluster.forbidden.append("/version")
        world.cluster.server.url = "http://127.0.0.1:1"
        report = world.check(pod(world.image("gone:1")))
        assert report.error is not None
        assert "connection refused" in report.error
        assert report.workloads[0].verdict == "would_not_pull"

    def test_without_a_cluster(self, world: World) -> None:
        report = world.check(pod(world.image("private/app:1"), **naming("live")), cluster=False)
        assert report.workloads[0].verdict == "not_checked"
        assert report.error is None
        assert not world.cluster.server.requests


def test_what_runs_already(world: World) -> None:
    web = {
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"template": {"spec": pod(world.image("gone:1"))["spec"]}},
    }
    world.cluster.add_list("/apis/apps/v1/namespaces/shop/deployments", web)
    for path in ("apps/v1/{}/statefulsets", "apps/v1/{}/daemonsets", "apps/v1/{}/replicasets"):
        world.cluster.add_list("/apis/" + path.format("namespaces/shop"))
    for path in ("cronjobs", "jobs"):
        world.cluster.add_list(f"/apis/batch/v1/namespaces/shop/{path}")
    world.cluster.add_list("/api/v1/namespaces/shop/replicationcontrollers")
    controlled = pod(world.image("app:1"), name="web-1")
    owner = {"kind": "ReplicaSet", "name": "web-x", "apiVersion": "apps/v1", "controller": True}
    controlled["metadata"] |= {"namespace": "shop", "ownerReferences": [owner]}
    alone = pod(world.image("app:1"), name="alone")
    alone["metadata"]["namespace"] = "shop"
    of_volcano = pod(world.image("app:1"), name="train-0")
    job = {"kind": "Job", "name": "train", "apiVersion": "batch.volcano.sh/v1alpha1", "controller": True}
    of_volcano["metadata"] |= {"namespace": "shop", "ownerReferences": [job]}
    done = pod(world.image("gone:1"), name="done")
    done["metadata"]["namespace"] = "shop"
    world.cluster.pods += [{**one, "status": {}} for one in (controlled, alone, of_volcano)]
    world.cluster.pods.append({**done, "status": {"phase": "Succeeded"}})
    report = world.check(live=True, namespaces=("shop",))
    assert [(one.kind, one.name, one.verdict) for one in report.workloads] == [
        ("Deployment", "web", "would_not_pull"),
        ("Pod", "alone", "would_pull"),
        ("Pod", "train-0", "would_pull"),
    ]
    assert report.scope.namespaces == ("shop",)
    world.cluster.forbidden.append("/deployments")
    report = world.check(live=True, namespaces=("shop",))
    assert (report.verdict, report.scope.complete, report.error) == ("unknown", False, None)
    assert report.not_checked[0].check == "the deployments in namespace shop"
    world.cluster.forbidden += ["/apis/", "/replicationcontrollers", "/pods"]
    assert world.check(live=True, namespaces=("shop",)).error is not None


def test_the_report_follows_the_schema(world: World) -> None:
    import jsonschema

    from tests.unit.plugins.module_utils._report.test_json_file import SCHEMA

    report = world.check(pod(world.image("gone:1")), pod("x:1:2"), pod(world.image("app:1"), policy="Never"))
    jsonschema.validate(json.loads(render_json(report)), SCHEMA)


def test_a_command_is_proposed_for_sound_names_alone(world: World) -> None:
    def commands(**spec: object) -> list[str]:
        report = world.check(pod(world.image("private/app:1"), **spec))
        return [fix.command for finding in report.findings for fix in finding.fixes if fix.command]

    (command,) = commands(**naming("creds"))
    assert command.startswith("kubectl -n shop create secret generic creds --type=")
    assert commands(**naming("x; rm -rf /")) == []
    assert commands(**naming("--all")) == []
