# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pod and its events ─► the containers that have not got their image."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    OTHER_OBSTACLES,
    container_of,
    image_of,
    said,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import (
    ContainerView,
    ImageVolume,
    PodView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    earlier,
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.wording import (
    CREATING_REASONS,
    IMAGE_REASONS,
    IMAGE_VOLUME_MOUNT,
    RESTARTING,
    evicted_for_disk,
    lacks_image,
    sandbox_symptom,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact, PullFailure

EVENT_LIFE = 3600
"""Seconds that the API server keeps an event (--event-ttl, default 1h)."""

MOST_EVENTS = 12
"""Events kept with one failure, the newest ones."""

_FAILED = frozenset({"Failed", "InspectFailed", "ErrImageNeverPull", "BackOff"})


@dataclass(slots=True)
class PodState:
    """What was found out about one pod.

    ``pulling_since`` is when a pull began that is younger than ``slow_after``; ``needs_pulled`` is set when only the
    ``Pulled`` events can tell whether a pull still goes on; ``stuck_since`` when the pod does not start and nothing
    that was read so far says why.
    """

    pod: PodView
    failures: list[PullFailure] = field(default_factory=list)
    pulling_since: str | None = None
    needs_pulled: bool = False
    stuck_since: str | None = None


class FailureFinder:
    """Applies the rules to pod after pod. ``now`` is the server's time; ``pulled_known`` when ``Pulled`` was read."""

    def __init__(
        self, now: str, slow_after: int, *, events_known: bool = True, pulled_known: bool = False
    ) -> None:
        self._now = now
        self._slow_after = slow_after
        self._events_known = events_known
        self._pulled_known = pulled_known

    def look(self, pod: PodView, events: list[EventFact]) -> PodState:
        """Return the state of ``pod``, whose own events (not those of a namesake) are ``events``."""
        state = PodState(pod)
        unscheduled = not pod.node and not any(container.state for container in pod.containers)
        if pod.deleted or pod.phase == "Succeeded" or unscheduled:
            return state
        if pod.phase == "Failed":
            self._ended(state, events)
            return state
        for container in pod.containers:
            self._container(state, container, events)
        running = any(container.state == "running" for container in pod.containers)
        if not state.failures and not state.pulling_since and not state.needs_pulled and not running:
            self._sandbox(state, events)
        return state

    def _ended(self, state: PodState, events: list[EventFact]) -> None:
        """A pod that is over counts only while it is news: as long as events, or the time of its end, tell of it."""
        pod = state.pod
        if evicted_for_disk(pod.reason, pod.message):
            told = [event for event in events if event.reason == "Evicted"]
            limit = earlier(self._now, EVENT_LIFE)
            if told or (pod.ended_at or pod.created_at or "") >= limit:
                state.failures.append(_of_pod(pod, "evicted", pod.reason, pod.message, told, pod.ended_at))
        elif pod.reason == "DeadlineExceeded":
            for container in pod.containers:
                mine = _events_of(container, events)
                # The kubelet writes "terminated" over the waiting reason of a container that never was.
                if not container.has_image and any(_tells_failure(event) for event in mine):
                    over = dataclasses.replace(container, reason=pod.reason, message="")
                    self._add(state, over, mine, "waiting")

    def _container(self, state: PodState, container: ContainerView, events: list[EventFact]) -> None:
        if container.state in ("running", "terminated"):
            return
        mine = [
            event
            for event in _events_of(container, events)
            if (event.last_at or "") >= (container.ended_at or "")
        ]
        if container.state == "waiting" and lacks_image(container.reason, container.message):
            volume = _blocking_volume(state.pod, container, events)
            if volume is None:
                self._add(state, container, mine, "waiting")
            elif not any(known.container == volume.name for known in state.failures):
                self._add_volume(state, container, volume, events)
        elif container.reason in CREATING_REASONS:
            self._creating(state, container, mine)
        elif container.reason == RESTARTING and container.ended_at and any(map(_tells_failure, mine)):
            # doBackOff of kuberuntime_manager.go comes before the pull, and hides its failure for minutes.
            self._add(state, dataclasses.replace(container, message=""), mine, "waiting")

    def _creating(self, state: PodState, container: ContainerView, mine: list[EventFact]) -> None:
        pulled = max((event.last_at or "" for event in mine if event.reason == "Pulled"), default="")
        if any(_tells_failure(event) and (event.last_at or "") > pulled for event in mine):
            self._add(state, container, mine, "waiting")
            return
        began = max((event.last_at or "" for event in mine if event.reason == "Pulling"), default="")
        if not began or pulled >= began:
            return
        age = seconds_between(began, self._now) or 0
        if age < self._slow_after:
            state.pulling_since = min(began, state.pulling_since or began)
        elif not self._pulled_known:
            state.needs_pulled = True
        else:
            self._add(state, container, mine, "pulling", age)

    def _sandbox(self, state: PodState, events: list[EventFact]) -> None:
        pod = state.pod
        failed = [event for event in events if event.reason == "FailedCreatePodSandBox"]
        if failed and pod.sandbox_ready is not True:
            latest = failed[-1]
            symptom = sandbox_symptom(latest.message)
            if symptom:
                image = (image_of(latest.message) or "") if symptom == "sandbox" else ""
                since = min((event.first_at for event in failed if event.first_at), default=pod.scheduled_at)
                state.failures.append(
                    _of_pod(pod, symptom, latest.reason, latest.message, failed, since, image)
                )
            return
        waiting = _first_to_start(pod)
        age = seconds_between(pod.scheduled_at or pod.created_at, self._now) or 0
        explained = any(event.reason in OTHER_OBSTACLES for event in events)
        if waiting is None or explained or age < min(self._slow_after, 60):
            return
        # The sandbox runs, the pull was announced once, and the announcement has expired since.
        limit = max(self._slow_after, EVENT_LIFE) if self._events_known else self._slow_after
        waited = seconds_between(pod.sandbox_since, self._now) or 0
        if pod.sandbox_ready and waited >= limit:
            self._add(state, waiting, [], "pulling", waited)
        else:
            state.stuck_since = pod.scheduled_at or pod.created_at

    def _add(
        self,
        state: PodState,
        container: ContainerView,
        mine: list[EventFact],
        symptom: str,
        pulling: int | None = None,
    ) -> None:
        pod = state.pod
        begun = earlier(self._now, pulling) if pulling is not None else _begun(pod, container, mine)
        state.failures.append(
            _failure(
                pod,
                container=container.name,
                container_type=container.type,
                image=container.image,
                symptom=symptom,
                reason=container.reason,
                message=container.message,
                image_pull_policy=container.policy,
                since=begun,
                tries=_tries(mine),
                pulling_seconds=pulling,
                restart_count=container.restart_count,
                events=tuple(mine[-MOST_EVENTS:]),
            )
        )

    def _add_volume(
        self, state: PodState, container: ContainerView, volume: ImageVolume, events: list[EventFact]
    ) -> None:
        mine = [event for event in events if _about_volume(event, volume)]
        state.failures.append(
            _failure(
                state.pod,
                container=volume.name,
                container_type="image_volume",
                image=volume.image,
                symptom="waiting",
                reason=container.reason,
                message=container.message,
                image_pull_policy=volume.policy,
                since=_begun(state.pod, container, mine),
                tries=_tries(mine),
                restart_count=container.restart_count,
                events=tuple(mine[-MOST_EVENTS:]),
            )
        )


def runtime_failure(pod: PodView, reason: str, message: str, since: str | None) -> PullFailure:
    """Return the failure of a pod that does not start because its node is not ready."""
    return _of_pod(pod, "runtime", reason, message, [], since)


def _of_pod(
    pod: PodView,
    symptom: str,
    reason: str,
    message: str,
    events: list[EventFact],
    since: str | None,
    image: str = "",
) -> PullFailure:
    return _failure(
        pod,
        container="",
        container_type="sandbox",
        image=image,
        symptom=symptom,
        reason=reason,
        message=message,
        since=since or pod.scheduled_at or pod.created_at,
        events=tuple(events[-MOST_EVENTS:]),
    )


def _failure(pod: PodView, **values: object) -> PullFailure:
    return PullFailure(
        namespace=pod.namespace,
        pod=pod.name,
        pod_uid=pod.uid,
        phase=pod.phase,
        node=pod.node,
        pod_created_at=pod.created_at,
        service_account=pod.service_account,
        pull_secrets=pod.pull_secrets,
        owner=pod.owner,
        owner_path=(pod.owner,) if pod.owner else (),
        **values,  # type: ignore[arg-type]
    )


def same_image(one: str, other: str) -> bool:
    """Return whether two texts name one image; the kubelet adds the tag ``latest`` where there is none."""
    return one == other or one == f"{other}:latest" or other == f"{one}:latest"


def _first_to_start(pod: PodView) -> ContainerView | None:
    """Return the container that would start next; None when another trouble than its image holds the pod up.

    Containers after one that crashes, or cannot be created, say PodInitializing or ContainerCreating as well.
    """
    first = None
    for container in pod.containers:
        if container.type == "ephemeral" or (
            container.state == "terminated" and container.reason == "Completed"
        ):
            continue
        if container.state == "terminated" or container.reason not in CREATING_REASONS:
            return None
        first = first or container
    return first


def _events_of(container: ContainerView, events: list[EventFact]) -> list[EventFact]:
    """Return the events about ``container`` and the image it has now, and those about the pull secrets of its pod."""
    found = []
    for event in events:
        section, name = container_of(event)
        if not section:
            mentioned = event.reason == "FailedSync" and f'for "{container.name}"' in event.message
            if event.reason == "FailedToRetrieveImagePullSecret" or mentioned:
                found.append(event)
        elif (section, name) == (container.field, container.name):
            image = image_of(said(event))
            if not image or same_image(image, container.image):
                found.append(event)
    return found


def _about_volume(event: EventFact, volume: ImageVolume) -> bool:
    """Events about a volume's image are recorded for the pod, not for a container (kuberuntime_manager.go, 1.31)."""
    if event.field_path:
        return False
    image = image_of(said(event))
    return event.reason == "FailedToRetrieveImagePullSecret" or (
        image is not None and same_image(image, volume.image)
    )


def _blocking_volume(pod: PodView, container: ContainerView, events: list[EventFact]) -> ImageVolume | None:
    """Return the image volume that keeps ``container`` from starting; None when it is its own image.

    The kubelet pulls the volumes' images first and shows their failure as that of each container that mounts them.
    """
    mounted = [volume for volume in pod.volumes if volume.name in container.mounts]
    if not mounted:
        return None
    if container.message.startswith(IMAGE_VOLUME_MOUNT) or container.reason == IMAGE_VOLUME_MOUNT:
        return mounted[0]
    image = image_of(container.message)
    if image and same_image(image, container.image):
        return None
    quoted = next((volume for volume in mounted if image and same_image(image, volume.image)), None)
    if quoted:
        return quoted
    for volume in mounted:
        failed = any(_tells_failure(event) and _about_volume(event, volume) for event in events)
        name = volume.image.rpartition("/")[2]
        if failed or (
            name in container.message and container.image.rpartition("/")[2] not in container.message
        ):
            return volume
    return None


def _tells_failure(event: EventFact) -> bool:
    """Return whether an event says that an image was not had; ``Failed`` is also recorded for other trouble."""
    if event.reason != "Failed":
        return event.reason in _FAILED
    message = said(event)
    return message.startswith("Failed to pull image") or message.removeprefix("Error: ") in IMAGE_REASONS


def _begun(pod: PodView, container: ContainerView, mine: list[EventFact]) -> str | None:
    told = [event.first_at for event in mine if event.first_at and _tells_failure(event)]
    begun = min(told, default=None) or container.ended_at or pod.scheduled_at or pod.created_at
    return max(begun or "", container.ended_at or "", pod.created_at or "") or None


def _tries(mine: list[EventFact]) -> int | None:
    """Return how many pulls were begun, as far as events tell."""
    begun = sum(event.count for event in mine if event.reason == "Pulling")
    failed = sum(event.count for event in mine if said(event).startswith("Failed to pull image"))
    return max(begun, failed) or None
