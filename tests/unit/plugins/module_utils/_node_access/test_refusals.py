# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who refused a pod, by the words of API servers and kubelets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import (
    Settings,
    job,
    pod_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.refusals import (
    OTHER_IMAGE,
    WITHOUT_MOUNT,
    WITHOUT_PRIORITY,
    of_error,
    of_events,
    of_node,
    of_pod,
    of_words,
)

SETTINGS = Settings("kube-system", "run-1", 600, 60)
WORDS = [
    (
        'pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged (container "shell" must not …)',
        "pod_security",
        "",
    ),
    (
        'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
        "quota",
        WITHOUT_PRIORITY,
    ),
    ('pods "x" is forbidden: failed quota: q: must specify limits.cpu', "quota", WITHOUT_PRIORITY),
    (
        'pods "x" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [system-node-critical]}]',
        "quota",
        WITHOUT_PRIORITY,
    ),
    (
        'pods "x" is forbidden: no PriorityClass with name system-node-critical was found',
        "policy",
        WITHOUT_PRIORITY,
    ),
    ('admission webhook "validate.kyverno.svc-fail" denied the request: no host namespaces', "policy", ""),
    ('Internal error occurred: failed calling webhook "v.example": connection refused', "policy", ""),
    (
        "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
        "policy",
        "",
    ),
    (
        'pods "x" is forbidden: unable to validate against any security context constraint: [...]',
        "policy",
        "",
    ),
    ('pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 512Mi', "policy", ""),
    (
        'jobs.batch is forbidden: User "u" cannot create resource "jobs" in API group "batch" in the namespace "n"',
        "rights",
        "",
    ),
]


@pytest.mark.parametrize(("words", "by", "remedy"), WORDS, ids=[words[:60] for words, _by, _remedy in WORDS])
def test_what_the_api_server_says(words: str, by: str, remedy: str) -> None:
    found = of_words(words, critical=True)
    assert (found.by, found.remedy) == (by, remedy)
    assert of_words(words, critical=False).remedy == ""


def test_trouble_with_the_api_server_itself_is_no_refusal() -> None:
    for error in (
        errors.Unreachable("x"),
        errors.ServerFailed("x"),
        errors.Throttled("x"),
        errors.NotFound("x"),
    ):
        assert of_error(error, critical=True) is None
    assert of_error(errors.Forbidden("x"), critical=True) is not None


def node(
    status: str = "True", message: str = "", labels: dict[str, str] | None = None, os: str = "linux"
) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "message": message, "reason": "R"}
    return {
        "metadata": {"labels": labels or {}},
        "status": {"conditions": [condition], "nodeInfo": {"operatingSystem": os}},
    }


class TestNodes:
    def test_that_can_have_a_shell(self) -> None:
        assert of_node(node()) is None
        assert of_node({}) is None

    def test_without_a_pod_network_can_as_well(self) -> None:
        message = "container runtime network not ready: NetworkReady=false cni plugin not initialized"
        assert of_node(node("False", message)) is None

    @pytest.mark.parametrize(
        ("found", "by"),
        [
            (node("Unknown", "Kubelet stopped posting node status."), "kubelet"),
            (node("False", "[container runtime is down, PLEG is not healthy]"), "runtime"),
            (node(os="windows"), "node"),
            (node(labels={"eks.amazonaws.com/compute-type": "fargate"}), "node"),
            (node(labels={"type": "virtual-kubelet"}), "node"),
        ],
    )
    def test_that_cannot(self, found: dict[str, Any], by: str) -> None:
        refusal = of_node(found)
        assert refusal is not None
        assert refusal.by == by


def pod(phase: str = "Pending", reason: str = "", **state: Any) -> dict[str, Any]:
    return {
        "status": {"phase": phase, "reason": reason, "containerStatuses": [{"state": state}] if state else []}
    }


class TestPods:
    def test_that_may_still_run(self) -> None:
        assert of_pod(pod()) is None
        assert of_pod(pod(waiting={"reason": "ContainerCreating"})) is None
        assert of_pod(pod("Running", running={})) is None

    @pytest.mark.parametrize(
        ("found", "by", "remedy"),
        [
            (pod(waiting={"reason": "ErrImageNeverPull", "message": "not present"}), "no_image", OTHER_IMAGE),
            (pod(waiting={"reason": "CreateContainerError", "message": "x"}), "runtime", OTHER_IMAGE),
            (
                pod("Failed", terminated={"reason": "StartError", "message": "exec: /bin/sleep"}),
                "runtime",
                "",
            ),
            (pod("Failed", "Evicted"), "kubelet", ""),
            (pod("Failed", "OutOfpods"), "kubelet", ""),
            (pod("Failed", "DeadlineExceeded", terminated={"reason": "Error"}), "time", ""),
        ],
    )
    def test_that_will_not(self, found: dict[str, Any], by: str, remedy: str) -> None:
        refusal = of_pod(found)
        assert refusal is not None
        assert (refusal.by, refusal.remedy) == (by, remedy)

    def test_words_of_a_hostile_kubelet_become_one_printable_line(self) -> None:
        refusal = of_pod(pod(waiting={"reason": "ErrImageNeverPull", "message": "a\n\x1b[2Jb" + "x" * 9000}))
        assert refusal is not None
        assert "\n" not in refusal.why
        assert "\x1b" not in refusal.why
        assert len(refusal.why) <= 500


class TestEvents:
    def test_a_folder_that_is_not_there(self) -> None:
        message = 'MountVolume.SetUp failed for volume "lib64" : hostPath type check failed: /lib64 is not a directory'
        found = of_events([{"reason": "FailedMount", "message": message}], critical=True)
        assert found is not None
        assert (found.remedy, found.mount) == (WITHOUT_MOUNT, "lib64")

    def test_a_runtime_that_makes_no_sandbox(self) -> None:
        found = of_events([{"reason": "FailedCreatePodSandBox", "message": "rpc error"}], critical=True)
        assert found is not None
        assert found.by == "runtime"

    def test_the_latest_counts_and_others_say_nothing(self) -> None:
        events = [
            {"reason": "FailedMount", "message": "x"},
            {"reason": "FailedCreate", "message": "exceeded quota: q"},
            {"reason": "Pulled", "message": "x"},
        ]
        found = of_events(events, critical=False)
        assert found is not None
        assert found.by == "quota"
        assert of_events([{"reason": "Scheduled"}, {}], critical=True) is None


class TestManifest:
    """What a Job may and may not do, whatever else changes."""

    def test_it_ends_and_vanishes_by_itself(self) -> None:
        made = job(SETTINGS, "node1", "i:1")
        spec, pod_spec = made["spec"], made["spec"]["template"]["spec"]
        assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"], spec["backoffLimit"]) == (
            600,
            60,
            0,
        )
        assert (pod_spec["activeDeadlineSeconds"], pod_spec["restartPolicy"]) == (600, "Never")
        assert pod_spec["containers"][0]["command"] == ["/bin/sleep", "600"]

    def test_it_pulls_nothing_makes_nothing_on_the_node_and_displaces_nobody(self) -> None:
        spec = job(SETTINGS, "node1", "i:1")["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        assert container["imagePullPolicy"] == "Never"
        assert {volume["hostPath"]["type"] for volume in spec["volumes"]} == {"Directory"}
        assert all(mount["readOnly"] for mount in container["volumeMounts"])
        assert set(container["resources"]["requests"].values()) == {"0"}
        assert spec["automountServiceAccountToken"] is False

    def test_names_and_labels_are_valid_however_long_the_node_is_called(self) -> None:
        made = job(SETTINGS, "n" * 253, "i:1", attempt=9)
        assert len(made["metadata"]["name"]) <= 52
        assert all(len(value) <= 63 for value in made["metadata"]["labels"].values())

    def test_runs_and_nodes_have_names_of_their_own(self) -> None:
        other = Settings("kube-system", "run-2", 600, 60)
        names = {
            job(one, node, "i:1")["metadata"]["name"] for one in (SETTINGS, other) for node in ("a", "b")
        }
        assert len(names) == 4

    def test_the_pod_of_the_dry_run_is_the_one_that_the_job_makes(self) -> None:
        made = job(SETTINGS, "node1", "i:1", mounts=("usr",), critical=False)
        pod_there = pod_of(made)
        assert pod_there["spec"] == made["spec"]["template"]["spec"]
        assert "priorityClassName" not in pod_there["spec"]
        assert pod_there["metadata"]["namespace"] == "kube-system"
