# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells on real nodes through the API server: made, kept, refused, ended; and what a killed run leaves."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import (
    making,
    naming,
    objects,
    refusals,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import MOUNTS

from tests.lab.accounts import account
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.shells import Shells, documents, warm, without

NODE_ACCESS, KUBELETS = "image-pull-node-access.yaml", "image-pull-kubelet-reader.yaml"


@pytest.fixture(scope="module", autouse=True)
def images(lab: Lab) -> None:
    warm(lab, "node1", "node2")


@pytest.fixture
def shells(lab: Lab) -> Iterator[Shells]:
    made = Shells(lab)
    yield made
    made.clear()


def space(lab: Lab, name: str, labels: dict[str, str] | None = None) -> str:
    lab.api.create_namespace(name, labels)
    return name


def limit(lab: Lab, namespace: str, spec: dict[str, object]) -> None:
    """A quota in force."""
    path = f"/api/v1/namespaces/{namespace}/resourcequotas"
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": spec}
    if not lab.api.request("GET", path)["items"]:
        lab.api.request("POST", path, body)
    lab.api.wait(lambda: lab.api.request("GET", f"{path}/none")["status"].get("hard"), "the quota in force")


class TestMaking:
    def test_a_shell_is_made_once_kept_and_ended(self, shells: Shells) -> None:
        first = shells.make("node1", "node2")
        assert (first["changed"], first["ready"], first["not_checked"]) == (True, ["node1", "node2"], [])
        assert first["diff"]["after"] == "shell on node node1\nshell on node node2\n"
        again = shells.make("node1", "node2")
        assert again["changed"] is False
        assert [pod["pod"] for pod in again["pods"]] == [pod["pod"] for pod in first["pods"]]
        ended = shells.end()
        assert (ended["changed"], ended["left"]) == (True, [])
        assert shells.objects() == []
        assert shells.end()["changed"] is False

    def test_the_sandbox_image_will_do(self, shells: Shells) -> None:
        assert "/pause:" in shells.one()["image"]

    def test_check_mode_makes_and_deletes_nothing(self, shells: Shells) -> None:
        found = shells.make("node1", "no-such-node", check=True)
        assert (found["changed"], found["planned"], found["refused"]) == (True, ["node1"], ["no-such-node"])
        assert shells.objects() == []
        shells.make("node1")
        before = shells.objects()
        assert shells.end(check=True)["changed"] is True
        assert shells.objects() == before

    def test_runs_do_not_touch_each_other(self, lab: Lab, shells: Shells) -> None:
        other = Shells(lab)
        try:
            assert shells.make("node1")["ready"] == other.make("node1")["ready"] == ["node1"]
            shells.end()
            assert other.make("node1")["changed"] is False
        finally:
            other.clear()

    def test_a_shell_that_is_about_to_end_is_made_anew(self, shells: Shells) -> None:
        before = shells.one(seconds=60)
        after = shells.make("node1", seconds=3600)
        assert after["changed"] is True
        assert after["pods"][0]["pod"] != before["pod"]

    def test_every_taint_is_tolerated_and_cordons_do_not_matter(self, lab: Lab, shells: Shells) -> None:
        taints = [
            {"key": "dedicated", "value": "x", "effect": effect} for effect in ("NoSchedule", "NoExecute")
        ]
        lab.api.patch("Node", "node2", {"spec": {"taints": taints, "unschedulable": True}})
        try:
            assert shells.one("node2")["state"] == "ready"
        finally:
            lab.api.patch("Node", "node2", {"spec": {"taints": None, "unschedulable": None}})

    def test_the_evidence_says_who_has_one_and_who_refused(self, shells: Shells, tmp_path: Path) -> None:
        folder = tmp_path / "evidence"
        shells.make("node1", "no-such-node", evidence_dir=str(folder))
        stage = EvidenceFolder.open(str(folder)).read_stage("access_pods")
        assert stage is not None
        assert stage.complete
        assert [(pod.node, pod.state, pod.refused_by) for pod in stage.of("access_pod")] == [
            ("node1", "ready", ""),
            ("no-such-node", "refused", "node"),
        ]
        (gap,) = stage.of("gap")
        assert gap.check.startswith("no-such-node: ")


class TestRefusals:
    def test_pod_security(self, lab: Lab, shells: Shells) -> None:
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        found = shells.one(namespace=space(lab, "shells-baseline", labels))
        assert found["refused_by"] == "pod_security"
        assert 'violates PodSecurity "baseline' in found["why"]
        assert shells.objects(namespace="shells-baseline") == []

    def test_pod_security_as_events_tell_it(self, lab: Lab, shells: Shells, tmp_path: Path) -> None:
        """Without the right to a dry run the Job is made, and its pods are refused."""
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        namespace = space(lab, "shells-baseline", labels)
        roles = without(documents(NODE_ACCESS), "pods", "create")
        for role in roles:
            if role["kind"] == "Role":
                role["metadata"]["namespace"] = namespace
        config = account(lab, tmp_path, roles)
        found = shells.one(namespace=namespace, kubeconfig=str(config))
        assert found["refused_by"] == "pod_security"
        lab.api.wait(lambda: not shells.objects(namespace=namespace), "the end of the Job")

    def test_a_quota(self, lab: Lab, shells: Shells) -> None:
        namespace = space(lab, "shells-quota")
        limit(lab, namespace, {"hard": {"pods": "0"}})
        found = shells.one(namespace=namespace)
        assert found["refused_by"] == "quota"
        assert "exceeded quota: none" in found["why"]

    def test_a_quota_for_critical_pods_alone_costs_the_priority(self, lab: Lab, shells: Shells) -> None:
        namespace = space(lab, "shells-quota-critical")
        scope = {"operator": "In", "scopeName": "PriorityClass", "values": ["system-node-critical"]}
        limit(lab, namespace, {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [scope]}})
        found = shells.one(namespace=namespace)
        assert found["state"] == "ready"
        assert "without the priority system-node-critical" in found["why"]

    def test_a_policy(self, lab: Lab, shells: Shells) -> None:
        namespace = space(lab, "shells-policy", {"shells": "denied"})
        base = "/apis/admissionregistration.k8s.io/v1"
        policy = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "no-host-pid"},
            "spec": {
                "matchConstraints": {
                    "resourceRules": [
                        {
                            "apiGroups": [""],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE"],
                            "resources": ["pods"],
                        }
                    ]
                },
                "validations": [
                    {"expression": "!has(object.spec.hostPID)", "message": "hostPID is not for us \x1b[31m"}
                ],
            },
        }
        binding = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "no-host-pid"},
            "spec": {
                "policyName": "no-host-pid",
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": {"matchLabels": {"shells": "denied"}}},
            },
        }
        lab.api.request("POST", f"{base}/validatingadmissionpolicies", policy)
        lab.api.request("POST", f"{base}/validatingadmissionpolicybindings", binding)
        try:
            lab.api.wait(
                lambda: shells.make("node1", namespace=namespace, check=True)["refused"],
                "the policy in force",
            )
            found = shells.one(namespace=namespace)
            assert found["refused_by"] == "policy"
            assert "hostPID is not for us" in found["why"]
            assert "\x1b" not in found["why"]
        finally:
            lab.api.request("DELETE", f"{base}/validatingadmissionpolicybindings/no-host-pid")
            lab.api.request("DELETE", f"{base}/validatingadmissionpolicies/no-host-pid")

    def test_an_image_that_is_not_there_is_not_pulled(self, lab: Lab, shells: Shells) -> None:
        found = shells.one(image="registry.reg.test/app/web:1.0.0")
        assert found["refused_by"] == "no_image"
        assert "ErrImageNeverPull" in found["why"]
        assert "app/web" not in lab.node("node1").ssh("ctr -n k8s.io images ls -q").stdout

    def test_a_node_without_any_image_gets_no_pod(self, lab: Lab, shells: Shells) -> None:
        lab.add_node("bare")
        try:
            assert shells.one("bare")["refused_by"] == "no_image"
            assert lab.node("bare").ssh("ctr -n k8s.io images ls -q").stdout == ""
        finally:
            lab.remove_node("bare")

    def test_a_folder_that_the_node_lacks_is_done_without_and_not_made(
        self, lab: Lab, shells: Shells, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lacking = (*MOUNTS, "lib128")
        monkeypatch.setattr(refusals, "MOUNTS", lacking)
        monkeypatch.setattr(making, "Shell", functools.partial(making.Shell, mounts=lacking))
        assert shells.one()["state"] == "ready"
        assert lab.node("node1").ssh("test -e /lib128", check=False).returncode == 1

    def test_a_stopped_runtime(self, lab: Lab, shells: Shells) -> None:
        node = lab.node("node2")
        node.ssh("systemctl stop containerd")
        try:
            lab.api.wait(lambda: ready(lab, "node2") == "False", "the node not ready", 90)
            found = shells.one("node2", wait=5.0)
            assert found["refused_by"] == "runtime"
            assert "runtime" in found["why"]
            assert shells.objects() == []
        finally:
            node.ssh("systemctl start containerd")
            lab.wait_for_nodes(["node2"])

    def test_a_runtime_that_has_just_stopped_leaves_no_pod_behind(self, lab: Lab, shells: Shells) -> None:
        """The node is still said to be ready."""
        node = lab.node("node2")
        node.ssh("systemctl stop containerd")
        try:
            found = shells.one("node2", wait=8.0)
            assert found["refused_by"] in ("runtime", "kubelet")
            assert shells.end(wait=15.0)["left"] == []
            assert shells.objects() == []
        finally:
            node.ssh("systemctl start containerd")
            lab.wait_for_nodes(["node2"])

    @pytest.mark.long
    def test_a_hung_runtime_leaves_neither_pod_nor_container(self, lab: Lab, shells: Shells) -> None:
        node = lab.node("node2")
        node.ssh("systemctl kill -s STOP containerd")
        try:
            assert shells.one("node2", wait=6.0)["refused_by"] == "runtime"
            assert shells.end(wait=15.0)["left"] == []
            assert shells.objects() == []
        finally:
            node.ssh("systemctl kill -s CONT containerd")
        lab.wait_for_nodes(["node2"])
        lab.api.wait(lambda: not sandboxes(lab, "node2"), "the end of what the runtime began late", 90)


def ended(lab: Lab, run: str) -> bool:
    jobs = lab.api.list("Job", "kube-system", labelSelector=naming.selector(run))
    return all(objects.has_ended(job) for job in jobs)


def sandboxes(lab: Lab, node: str) -> str:
    """Containers and sandboxes of our Jobs on a node."""
    listing = "for c in $(ctr -n k8s.io containers ls -q); do ctr -n k8s.io containers info $c; done"
    return lab.node(node).ssh(f"{listing} | grep -o 'image-pull-node-[0-9a-f]*' | sort -u").stdout


def ready(lab: Lab, node: str) -> str:
    conditions = lab.api.get("Node", node)["status"]["conditions"]
    return next(one["status"] for one in conditions if one["type"] == "Ready")


def pressure(lab: Lab, node: str) -> bool:
    conditions = lab.api.get("Node", node)["status"]["conditions"]
    return any(one["type"] == "DiskPressure" and one["status"] == "True" for one in conditions)


@pytest.mark.long
def test_disk_pressure_does_not_matter(lab: Lab, shells: Shells) -> None:
    settings = NodeSettings(containerd_storage="96m", kubelet={"evictionHard": {"imagefs.available": "50%"}})
    lab.add_node("press", settings)
    try:
        warm(lab, "press")
        lab.node("press").ssh("fallocate -l 60M /var/lib/containerd/fill")
        lab.api.wait(lambda: pressure(lab, "press"), "disk pressure", 60)
        assert shells.one("press")["state"] == "ready"
    finally:
        shells.end()
        lab.api.delete("Pod", "warm-press", "default", grace_seconds=0)
        lab.remove_node("press")


class TestEnding:
    @pytest.mark.long
    def test_a_run_that_nobody_ends_leaves_nothing_beyond_its_deadline(
        self, lab: Lab, shells: Shells
    ) -> None:
        shells.make("node1", seconds=30, ttl=1)
        lab.api.wait(lambda: not shells.objects(), "the end of Job and pod by themselves", 60)

    @pytest.mark.long
    def test_sweeping_takes_what_ended_runs_left_and_nothing_else(self, lab: Lab, shells: Shells) -> None:
        other = Shells(lab)
        try:
            other.make("node1", seconds=30, ttl=3600)
            shells.make("node1")
            lab.api.wait(lambda: ended(lab, other.run), "the end of the Job by its deadline", 60)
            assert Shells(lab).end(sweep=True)["changed"] is True
            lab.api.wait(lambda: not other.objects(), "the end of what was left")
            assert shells.make("node1")["changed"] is False
        finally:
            other.clear()


class TestRights:
    def test_the_documented_ones_suffice(self, lab: Lab, shells: Shells, tmp_path: Path) -> None:
        config = str(account(lab, tmp_path, documents(NODE_ACCESS)))
        found = shells.make("node1", kubeconfig=config)
        assert (found["ready"], found["notes"], found["error"]) == (["node1"], [], None)
        ended = shells.end(kubeconfig=config)
        assert (ended["changed"], ended["left"], ended["error"]) == (True, [], None)

    @pytest.mark.parametrize(
        ("resource", "verb"),
        [
            ("jobs", "create"),
            ("jobs", "list"),
            ("jobs", "delete"),
            ("pods/exec", "get"),
            ("pods/exec", "create"),
        ],
    )
    def test_one_that_is_missing_is_named_and_nothing_is_made(
        self, lab: Lab, shells: Shells, tmp_path: Path, resource: str, verb: str
    ) -> None:
        config = account(lab, tmp_path, without(documents(NODE_ACCESS), resource, verb))
        found = shells.one(kubeconfig=str(config))
        assert found["refused_by"] == "rights"
        assert f"{verb} {resource}" in found["why"]
        assert "docs/rbac/image-pull-node-access.yaml" in found["why"]
        assert shells.objects() == []

    @pytest.mark.parametrize(
        ("resource", "verb"), [("nodes", "get"), ("pods", "create"), ("pods", "delete"), ("events", "list")]
    )
    def test_without_some_it_works_all_the_same(
        self, lab: Lab, shells: Shells, tmp_path: Path, resource: str, verb: str
    ) -> None:
        config = account(lab, tmp_path, without(documents(NODE_ACCESS), resource, verb))
        assert shells.one(kubeconfig=str(config))["state"] == "ready"

    def test_a_namespace_that_does_not_exist(self, shells: Shells) -> None:
        found = shells.make("node1", namespace="no-such-namespace")
        assert found["error"] == "there is no namespace no-such-namespace"
        assert found["complete"] is False


class TestKubelets:
    def test_tell_of_their_disks_and_settings(self, lab: Lab, shells: Shells, tmp_path: Path) -> None:
        config = str(account(lab, tmp_path, documents(KUBELETS)))
        # The others that a lab may have by now are sick on purpose.
        found = shells.info("node1", "node2", kubeconfig=config)
        assert found["summary"]["read"] == len(found["nodes"]) == 2
        (node,) = [one for one in found["nodes"] if one["name"] == "node1"]
        kubelet = node["kubelet"]
        assert kubelet["image_fs_bytes_total"] > kubelet["image_fs_bytes_free"] > 0
        assert kubelet["image_fs_inodes_total"] > kubelet["image_fs_inodes_free"] > 0
        assert (kubelet["pull_qps"], kubelet["image_gc_high_percent"]) == (100.0, 85)
        assert node["runtime_version"].startswith("containerd://")

    def test_that_may_not_be_asked_cost_only_what_they_know(
        self, lab: Lab, shells: Shells, tmp_path: Path
    ) -> None:
        config = account(lab, tmp_path, without(documents(KUBELETS), "nodes/proxy", "get"))
        folder = tmp_path / "evidence"
        found = shells.info("node1", kubeconfig=str(config), evidence_dir=str(folder))
        assert (found["error"], found["summary"]["forbidden"]) == (None, 1)
        stage = EvidenceFolder.open(str(folder)).read_stage("kubelets")
        assert stage is not None
        (fact,), (gap,) = stage.of("kubelet"), stage.of("gap")
        assert (fact.state, fact.version[:2], fact.cached_images > 0) == ("forbidden", "v1", True)
        assert "nodes/proxy" in gap.why
        assert gap.steps == (6,)

    def test_that_do_not_answer_cost_their_time_out(self, lab: Lab, shells: Shells) -> None:
        node = lab.node("node2")
        node.ssh("systemctl kill -s STOP kubelet")
        try:
            found = shells.info("node1", "node2", kubelet_timeout=2.0)
            states = {one["name"]: one["kubelet"]["state"] for one in found["nodes"]}
            assert states == {"node1": "read", "node2": "unreachable"}
        finally:
            node.ssh("systemctl kill -s CONT kubelet")
            lab.wait_for_nodes(["node2"])
