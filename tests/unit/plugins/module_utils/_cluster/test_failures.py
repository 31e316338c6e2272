# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pod and its events: which of its containers have not got their image, and which only look like it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    PodEvents,
    told_event,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.failures import (
    FailureFinder,
    PodState,
    runtime_failure,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import pod_view
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import PullFailure

from tests.unit.plugins.module_utils._cluster.samples import (
    IMAGE,
    NOT_FOUND,
    NOW,
    UID,
    at,
    container,
    ended,
    event,
    pod,
    running,
    waiting,
)

BACK_OFF = f'Back-off pulling image "{IMAGE}"'
PULLING = event("Pulling", f'Pulling image "{IMAGE}"', at(29), count=6)
FAILED = event("Failed", f'Failed to pull image "{IMAGE}": {NOT_FOUND}', at(29), count=6)
FAILED_WORD = event("Failed", "Error: ErrImagePull", at(29), count=6)
BACKED_OFF = event("BackOff", BACK_OFF, at(29), count=20)
ALL = [PULLING, FAILED, FAILED_WORD, BACKED_OFF]


def look(
    found: dict[str, Any],
    *events: dict[str, Any],
    slow_after: int = 300,
    events_known: bool = True,
    pulled_known: bool = True,
) -> PodState:
    told = PodEvents()
    for item in events:
        fact = told_event(item)
        if fact:
            told.add(fact)
    view = pod_view(found)
    finder = FailureFinder(NOW, slow_after, events_known=events_known, pulled_known=pulled_known)
    return finder.look(view, told.of(view.uid, view.static_uid, f"{view.namespace}/{view.name}"))


def only(found: dict[str, Any], *events: dict[str, Any], **options: Any) -> PullFailure:
    failures = look(found, *events, **options).failures
    assert len(failures) == 1, failures
    return failures[0]


def nothing(found: dict[str, Any], *events: dict[str, Any], **options: Any) -> None:
    state = look(found, *events, **options)
    assert not state.failures
    assert not state.needs_pulled


class TestWhatIsTold:
    def test_everything_about_a_plain_failure(self) -> None:
        secrets = {"imagePullSecrets": [{"name": "regcred"}, {}], "serviceAccountName": "builder"}
        owner = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "web-5d9",
            "uid": "rs",
            "controller": True,
        }
        found = pod(
            waiting("ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: {NOT_FOUND}"),
            spec=secrets,
            metadata={"ownerReferences": [owner]},
        )
        failure = only(found, *ALL)
        assert (failure.namespace, failure.pod, failure.pod_uid) == ("shop", "web-1", UID)
        assert (failure.container, failure.container_type, failure.image) == ("app", "main", IMAGE)
        assert (failure.symptom, failure.reason) == ("waiting", "ImagePullBackOff")
        assert failure.message == f"{BACK_OFF}: ErrImagePull: {NOT_FOUND}"
        assert (failure.node, failure.phase, failure.image_pull_policy) == (
            "worker-1",
            "Pending",
            "IfNotPresent",
        )
        assert (failure.since, failure.tries, failure.pod_created_at) == (at(0, 5), 6, at(0))
        assert (failure.pull_secrets, failure.service_account) == (("regcred",), "builder")
        assert failure.owner is not None
        assert (failure.owner.kind, failure.owner.name) == ("ReplicaSet", "web-5d9")
        assert [one.reason for one in failure.events] == ["BackOff", "Failed", "Failed", "Pulling"]
        assert failure.events[1].count == 6

    def test_when_events_have_expired_the_status_tells(self) -> None:
        failure = only(pod(waiting("ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: {NOT_FOUND}")))
        assert (failure.since, failure.tries, failure.events) == (at(0), None, ())

    def test_when_the_status_tells_no_cause_the_events_do(self) -> None:
        """Kubelets before 1.32."""
        failure = only(pod(waiting("ImagePullBackOff", BACK_OFF)), *ALL)
        assert any(NOT_FOUND in one.message for one in failure.events)

    def test_when_the_status_says_nothing_yet_the_events_do(self) -> None:
        """A kubelet that was restarted has forgotten the reason and says ContainerCreating again."""
        failure = only(pod(waiting("ContainerCreating")), *ALL)
        assert (failure.symptom, failure.reason) == ("waiting", "ContainerCreating")

    def test_tries_are_counted_from_failures_when_their_beginning_has_expired(self) -> None:
        assert only(pod(waiting("ErrImagePull", NOT_FOUND)), FAILED).tries == 6

    def test_no_more_events_than_are_of_use(self) -> None:
        many = [event("Failed", f'Failed to pull image "{IMAGE}": {n}', at(n)) for n in range(20)]
        failure = only(pod(waiting("ErrImagePull")), *many)
        assert len(failure.events) == 12
        assert failure.events[-1].message.endswith(": 19")


class TestReasons:
    @pytest.mark.parametrize(
        "reason",
        [
            "ErrImagePull",
            "ImagePullBackOff",
            "ImageInspectError",
            "ErrImageNeverPull",
            "InvalidImageName",
            "RegistryUnavailable",
            "SignatureValidationFailed",
            "ErrImageDecryptionFailed",
        ],
    )
    def test_that_name_an_image(self, reason: str) -> None:
        assert only(pod(waiting(reason, "x"))).reason == reason

    @pytest.mark.parametrize(
        "text",
        ["illegal base64 data at input byte 4", "unexpected end of JSON input", 'invalid character "x"'],
    )
    def test_that_are_raw_error_text(self, text: str) -> None:
        """A pull secret that cannot be parsed, on kubelets from 1.33."""
        failure = only(pod(waiting(text, text)), event("Failed", f"Error: {text}"))
        assert (failure.reason, failure.message) == (text, text)
        assert len(failure.events) == 1

    @pytest.mark.parametrize(
        "reason",
        [
            "CrashLoopBackOff",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
            "PostStartHookError",
            "PreCreateHookError",
            "StartError",
        ],
    )
    def test_of_other_troubles_are_none_of_ours(self, reason: str) -> None:
        nothing(pod(waiting(reason, 'secret "x" not found')))

    def test_a_container_that_cannot_be_made_because_its_image_does_not_unpack(self) -> None:
        message = (
            "failed to create containerd container: error unpacking image: failed to extract layer sha256:1"
        )
        assert only(pod(waiting("CreateContainerError", message))).reason == "CreateContainerError"


class TestContainers:
    def test_of_every_type(self) -> None:
        bad = "ImagePullBackOff"
        found = pod(
            waiting("PodInitializing"),
            init=[container("setup"), container("mesh", restartPolicy="Always")],
            init_statuses=[waiting(bad, name="setup"), waiting(bad, name="mesh")],
            ephemeral=[container("debug")],
            ephemeral_statuses=[waiting(bad, name="debug")],
        )
        failures = look(found).failures
        assert [(one.container, one.container_type) for one in failures] == [
            ("setup", "init"),
            ("mesh", "sidecar"),
            ("debug", "ephemeral"),
        ]

    @pytest.mark.parametrize(
        "first", [running("first"), waiting("CrashLoopBackOff", "back-off 5m0s", "first")]
    )
    def test_the_second_one_of_a_running_pod(self, first: dict[str, Any]) -> None:
        found = pod(first, waiting("ImagePullBackOff", BACK_OFF, "second"), phase="Running")
        assert only(found).container == "second"

    def test_that_was_restarted_and_cannot_be_pulled_again_fails_since_its_end(self) -> None:
        last = {"terminated": {"exitCode": 1, "finishedAt": at(20)}}
        status = waiting("ImagePullBackOff", BACK_OFF, lastState=last, restartCount=3)
        old = event("Failed", f'Failed to pull image "{IMAGE}": old trouble', at(10))
        new = event("Failed", f'Failed to pull image "{IMAGE}": new trouble', at(25), firstTimestamp=at(21))
        failure = only(pod(status, phase="Running"), old, new)
        assert (failure.since, failure.restart_count) == (at(21), 3)
        assert [one.message.rpartition(": ")[2] for one in failure.events] == ["new trouble"]

    def test_whose_restart_waits_although_it_is_the_image_that_is_missing(self) -> None:
        """As after kubectl set image on a pod: the status speaks of crashes, the events of the pull."""
        last = {"terminated": {"exitCode": 137, "finishedAt": at(20)}}
        status = waiting("CrashLoopBackOff", "back-off 20s restarting failed container", lastState=last)
        told = event("Failed", f'Failed to pull image "{IMAGE}": {NOT_FOUND}', at(25), firstTimestamp=at(21))
        failure = only(pod(status, phase="Running"), told)
        assert (failure.reason, failure.message, failure.since) == ("CrashLoopBackOff", "", at(21))

    def test_that_crashes_and_once_failed_to_pull_before_it_last_ran(self) -> None:
        last = {"terminated": {"exitCode": 1, "finishedAt": at(20)}}
        status = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container", lastState=last)
        nothing(
            pod(status, phase="Running"),
            event("Failed", f'Failed to pull image "{IMAGE}": old trouble', at(10)),
        )

    def test_of_a_static_pod_whose_events_carry_the_hash_of_its_manifest(self) -> None:
        found = pod(waiting("ErrImagePull"), metadata={"annotations": {"kubernetes.io/config.hash": "hash"}})
        failure = only(found, event("Failed", f'Failed to pull image "{IMAGE}": x', about={"uid": "hash"}))
        assert len(failure.events) == 1

    @pytest.mark.parametrize("phase", ["Pending", "Running", "Unknown"])
    def test_in_any_phase(self, phase: str) -> None:
        assert only(pod(waiting("ErrImagePull"), phase=phase)).phase == phase


class TestWhatIsNoFailure:
    def test_a_container_that_has_come_up_meanwhile(self) -> None:
        nothing(pod(running(), phase="Running"), *ALL)

    @pytest.mark.parametrize("reason", ["Completed", "Error", ""])
    def test_a_container_that_has_ended(self, reason: str) -> None:
        nothing(pod(ended(reason=reason), phase="Running"), *ALL)

    def test_a_pod_that_has_done_its_work(self) -> None:
        nothing(pod(ended(), phase="Succeeded"), *ALL)

    def test_a_pod_that_is_being_deleted(self) -> None:
        nothing(pod(waiting("ImagePullBackOff"), metadata={"deletionTimestamp": at(29)}), *ALL)

    def test_a_pod_without_a_node(self) -> None:
        nothing(pod(spec={"nodeName": ""}))

    def test_a_namesake_that_was_deleted(self) -> None:
        others = [
            {**one, "involvedObject": {**one["involvedObject"], "uid": "of-the-old-one"}} for one in ALL
        ]
        state = look(pod(waiting("ContainerCreating")), *others)
        assert not state.failures

    def test_an_image_that_the_container_had_before(self) -> None:
        old = event("Failed", 'Failed to pull image "registry.example.com/shop/web:old": not found')
        assert not look(pod(waiting("ContainerCreating")), old).failures

    def test_trouble_of_another_kind_while_it_is_created(self) -> None:
        nothing(pod(waiting("ContainerCreating")), event("Failed", 'Error: configmap "x" not found'))

    def test_events_about_another_container(self) -> None:
        other = event("Failed", f'Failed to pull image "{IMAGE}": x', field="spec.containers{other}")
        assert not look(pod(waiting("ContainerCreating")), other).failures


class TestPullsUnderWay:
    def test_a_young_one_is_counted(self) -> None:
        state = look(pod(waiting("ContainerCreating")), event("Pulling", f'Pulling image "{IMAGE}"', at(27)))
        assert (state.failures, state.pulling_since) == ([], at(27))

    def test_an_old_one_is_reported_with_its_age(self) -> None:
        failure = only(
            pod(waiting("ContainerCreating")), event("Pulling", f'Pulling image "{IMAGE}"', at(20))
        )
        assert (failure.symptom, failure.pulling_seconds, failure.since) == ("pulling", 600, at(20))

    def test_the_threshold_is_the_users(self) -> None:
        pulling = event("Pulling", f'Pulling image "{IMAGE}"', at(29))
        assert only(pod(waiting("ContainerCreating")), pulling, slow_after=60).pulling_seconds == 60
        assert not look(pod(waiting("ContainerCreating")), pulling, slow_after=61).failures

    def test_whether_it_succeeded_is_asked_before_anything_is_said(self) -> None:
        pulling = event("Pulling", f'Pulling image "{IMAGE}"', at(20))
        state = look(pod(waiting("ContainerCreating")), pulling, pulled_known=False)
        assert (state.failures, state.needs_pulled) == ([], True)

    def test_one_that_succeeded_is_none(self) -> None:
        pulled = event("Pulled", f'Successfully pulled image "{IMAGE}" in 3s', at(21))
        state = look(
            pod(waiting("ContainerCreating")), event("Pulling", f'Pulling image "{IMAGE}"', at(20)), pulled
        )
        assert (state.failures, state.pulling_since) == ([], None)

    def test_one_that_failed_before_and_is_tried_again_is_a_failure(self) -> None:
        again = event("Pulling", f'Pulling image "{IMAGE}"', at(29, 30))
        assert only(pod(waiting("ContainerCreating")), FAILED, again).symptom == "waiting"

    def test_one_whose_announcement_has_expired(self) -> None:
        """The sandbox has been up for longer than events live, and the first container has not started."""
        ready = {
            "type": "PodReadyToStartContainers",
            "status": "True",
            "lastTransitionTime": "2026-01-31T07:00:00Z",
        }
        found = pod(waiting("ContainerCreating"), waiting("ContainerCreating", name="b"), conditions=[ready])
        failure = only(found)
        assert (failure.container, failure.symptom, failure.pulling_seconds) == ("app", "pulling", 7200)

    def test_without_events_the_threshold_is_enough(self) -> None:
        ready = {"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": at(20)}
        found = pod(waiting("ContainerCreating"), conditions=[ready])
        assert only(found, events_known=False).pulling_seconds == 600
        assert look(found).stuck_since == at(0)


class TestImageVolumes:
    VOLUME = "registry.example.com/shop/assets:9"

    def found(self, reason: str, message: str) -> dict[str, Any]:
        mounts = [{"name": "assets", "mountPath": "/a"}]
        volumes = [
            {"name": "assets", "image": {"reference": self.VOLUME, "pullPolicy": "Always"}},
            {"name": "tmp"},
        ]
        both = [container("app", volumeMounts=mounts), container("other", volumeMounts=mounts)]
        statuses = (waiting(reason, message), waiting(reason, message, "other"))
        return pod(*statuses, containers=both, spec={"volumes": volumes})

    def test_are_named_by_the_back_off(self) -> None:
        message = f'Back-off pulling image "{self.VOLUME}": ErrImagePull: not found'
        failure = only(self.found("ImagePullBackOff", message))
        assert (failure.container, failure.container_type) == ("assets", "image_volume")
        assert (failure.image, failure.image_pull_policy) == (self.VOLUME, "Always")

    def test_are_named_by_the_event_when_the_runtime_is_quoted(self) -> None:
        told = event("Failed", f'Failed to pull image "{self.VOLUME}": no such host', at(29), field="")
        failure = only(self.found("ErrImagePull", "no such host"), told)
        assert failure.container_type == "image_volume"
        assert [one.reason for one in failure.events] == ["Failed"]

    def test_are_named_by_the_words_of_the_runtime(self) -> None:
        message = f'failed to pull and unpack image "{self.VOLUME}": not found'
        assert only(self.found("ErrImagePull", message)).container == "assets"

    def test_that_cannot_be_mounted(self) -> None:
        message = "ImageVolumeMountFailed: failed to mount"
        assert only(self.found("CreateContainerError", message)).container_type == "image_volume"

    def test_are_not_blamed_for_the_containers_own_image(self) -> None:
        failures = look(self.found("ImagePullBackOff", BACK_OFF)).failures
        assert [(one.container, one.container_type) for one in failures] == [
            ("app", "main"),
            ("other", "main"),
        ]


class TestSandboxes:
    CREATING = waiting("ContainerCreating")

    @staticmethod
    def told(message: str, last: str = at(29)) -> dict[str, Any]:
        return event("FailedCreatePodSandBox", f"Failed to create pod sandbox: {message}", last, field="")

    def test_whose_image_cannot_be_had(self) -> None:
        message = (
            'rpc error: code = Unknown desc = failed to get sandbox image "r.example/pause:9": not found'
        )
        failure = only(pod(self.CREATING), self.told(message))
        assert (failure.container, failure.container_type, failure.symptom) == ("", "sandbox", "sandbox")
        assert (failure.image, failure.reason, failure.since) == (
            "r.example/pause:9",
            "FailedCreatePodSandBox",
            at(0, 5),
        )

    @pytest.mark.parametrize(
        "message",
        [
            "rpc error: code = Unavailable desc = connection error: dial unix /run/containerd/containerd.sock: refused",
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "rpc error: code = Unknown desc = failed to create containerd container: mkdir x: no space left on device",
        ],
    )
    def test_whose_runtime_fails(self, message: str) -> None:
        failure = only(pod(self.CREATING), self.told(message))
        assert (failure.symptom, failure.image, failure.message) == (
            "runtime",
            "",
            f"Failed to create pod sandbox: {message}",
        )

    @pytest.mark.parametrize(
        "message",
        [
            'failed to setup network for sandbox "1": plugin type="flannel" failed (add): open /run/flannel/subnet.env',
            "rpc error: code = Unknown desc = networkPlugin cni failed to set up pod",
            'failed to set up sandbox container "1" network for pod "x": networkPlugin cni failed',
        ],
    )
    def test_without_a_network_are_none_of_ours(self, message: str) -> None:
        nothing(pod(self.CREATING), self.told(message))

    def test_that_came_up_after_all(self) -> None:
        ready = {"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": at(29)}
        nothing(pod(self.CREATING, conditions=[ready]), self.told("context deadline exceeded", at(28)))
        nothing(pod(running(), phase="Running"), self.told("context deadline exceeded"))

    def test_that_came_up_and_then_the_image_failed(self) -> None:
        failure = only(
            pod(waiting("ErrImagePull", NOT_FOUND)), self.told("context deadline exceeded", at(1)), FAILED
        )
        assert failure.symptom == "waiting"

    def test_a_pod_of_which_nobody_says_anything_is_stuck(self) -> None:
        state = look(pod(containers=[container()], status={"containerStatuses": []}))
        assert (state.failures, state.stuck_since) == ([], at(0))

    def test_one_whose_sandbox_has_run_for_hours_pulls_since_its_announcement_has_expired(self) -> None:
        ready = {
            "type": "PodReadyToStartContainers",
            "status": "True",
            "lastTransitionTime": "2026-01-31T06:30:00Z",
        }
        created = pod(containers=[container()], status={"containerStatuses": []}, conditions=[ready])
        created["metadata"]["creationTimestamp"] = "2026-01-31T06:30:00Z"
        (failure,) = look(created).failures
        assert (failure.symptom, failure.container) == ("pulling", "app")

    @pytest.mark.parametrize("reason", ["FailedMount", "FailedAttachVolume", "NetworkNotReady"])
    def test_unless_something_else_holds_it_up(self, reason: str) -> None:
        state = look(
            pod(self.CREATING), event(reason, 'MountVolume.SetUp failed: configmap "x" not found', field="")
        )
        assert (state.failures, state.stuck_since) == ([], None)

    @pytest.mark.parametrize(
        "status",
        [
            waiting("CrashLoopBackOff", "back-off 5m0s", "setup"),
            waiting("CreateContainerConfigError", 'secret "x" not found', "setup"),
            ended("setup", "Error", 1),
        ],
        ids=["crashes", "cannot be created", "has failed"],
    )
    def test_or_an_init_container_does(self, status: dict[str, Any]) -> None:
        found = pod(waiting("PodInitializing"), init=[container("setup")], init_statuses=[status])
        state = look(found)
        assert (state.failures, state.stuck_since) == ([], None)

    def test_and_its_node_may_explain_it(self) -> None:
        view = pod_view(pod(containers=[container()], status={"containerStatuses": []}))
        failure = runtime_failure(view, "KubeletNotReady", "container runtime is down", at(10))
        assert (failure.symptom, failure.reason, failure.since) == ("runtime", "KubeletNotReady", at(10))


class TestPodsThatAreOver:
    DISK = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 5Mi. "

    def evicted(self, message: str, minute: int = 10) -> dict[str, Any]:
        gone = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": at(minute)}
        return pod(
            ended(reason="Error", code=137),
            phase="Failed",
            conditions=[gone],
            status={"reason": "Evicted", "message": message},
        )

    @pytest.mark.parametrize(
        "message",
        [DISK, "The node was low on resource: inodes. ", "The node had condition: [DiskPressure]. "],
    )
    def test_evicted_for_want_of_disk(self, message: str) -> None:
        failure = only(self.evicted(message))
        assert (failure.symptom, failure.reason, failure.since) == ("evicted", "Evicted", at(10))
        assert (failure.container, failure.message) == ("", message)

    @pytest.mark.parametrize(
        "message",
        [
            "The node was low on resource: memory. ",
            "The node had condition: [MemoryPressure]. ",
            "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
            'Usage of EmptyDir volume "x" exceeds the limit "1Gi". ',
        ],
    )
    def test_evicted_for_other_reasons(self, message: str) -> None:
        nothing(self.evicted(message))

    def test_evicted_long_ago(self) -> None:
        found = self.evicted(self.DISK)
        found["status"]["conditions"][-1]["lastTransitionTime"] = "2026-01-29T08:00:00Z"
        nothing(found)

    def test_that_ran_out_of_time_waiting_for_their_image(self) -> None:
        """The kubelet overwrites the waiting reason then; a container that had its image has an imageID."""
        unknown = {**ended(reason="ContainerStatusUnknown", code=137), "imageID": ""}
        found = pod(unknown, ended("other"), phase="Failed", status={"reason": "DeadlineExceeded"})
        failure = only(found, *ALL)
        assert (failure.phase, failure.reason, failure.message) == ("Failed", "DeadlineExceeded", "")
        nothing(found)

    def test_that_failed_by_themselves(self) -> None:
        nothing(pod(ended(reason="Error", code=1), phase="Failed"), *ALL)
