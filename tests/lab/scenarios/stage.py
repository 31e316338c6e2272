# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios on a running lab: put there all at once, then waited for until each shows what it is about."""

from __future__ import annotations

import calendar
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.lab.image_pull_lab.api import Api, ApiError
from tests.lab.scenarios.declare import LABEL, RESTARTED, Failure, Manifest, Patch, Scenario
from tests.lab.scenarios.manifests import CUSTOM_GROUP_VERSION

STATUS_OF = {
    "init": "initContainerStatuses",
    "sidecar": "initContainerStatuses",
    "main": "containerStatuses",
    "image_volume": "containerStatuses",
    "ephemeral": "ephemeralContainerStatuses",
}
#: Waiting reasons that say nothing yet, or nothing about images.
_NOT_YET = frozenset({"", "ContainerCreating", "PodInitializing"})
_SAYS_WHY = frozenset({"Failed", "InspectFailed", "ErrImageNeverPull"})


class NotInPlace(AssertionError):
    """Some scenarios did not show what they are about in time."""


@dataclass
class Seen:
    """The cluster as it is at one moment: pods of each scenario, events of each pod, nodes."""

    pods: dict[tuple[str, str], list[Manifest]] = field(default_factory=dict)
    events: dict[str, list[Manifest]] = field(default_factory=dict)
    nodes: dict[str, Manifest] = field(default_factory=dict)

    @classmethod
    def now(cls, api: Api) -> Seen:
        seen = cls()
        for pod in api.list("Pod", labelSelector=LABEL):
            key = (pod["metadata"]["namespace"], pod["metadata"]["labels"][LABEL])
            seen.pods.setdefault(key, []).append(pod)
        for event in api.list("Event"):
            seen.events.setdefault(event["involvedObject"].get("uid", ""), []).append(event)
        seen.nodes = {node["metadata"]["name"]: node for node in api.list("Node")}
        return seen

    def of(self, scenario: Scenario) -> list[Manifest]:
        return self.pods.get((scenario.namespace, scenario.name), [])


def put_up(api: Api, scenarios: Sequence[Scenario], accounts: Mapping[str, str]) -> None:
    """Creates the namespaces and the first objects of all scenarios; ``accounts`` fills in the registry passwords."""
    for namespace in sorted({scenario.namespace for scenario in scenarios}):
        api.create_namespace(namespace)
    for scenario in scenarios:
        for manifest in scenario.objects:
            _create(api, _filled_in(manifest, accounts), scenario.namespace)


def settle(api: Api, scenarios: Sequence[Scenario], *, slow_after: int, seconds: float) -> Seen:
    """Makes the changes that scenarios ask for once they are ready for them, and waits until each is in place.

    Returns the cluster as it then was; NotInPlace names those that were not there in time, with what was seen.
    """
    deadline = time.monotonic() + seconds
    seen = Seen.now(api)
    waiting = [one for one in scenarios if one.then and not in_place(one, seen, slow_after)]
    while True:
        for scenario in list(waiting):
            if _ready_for_change(scenario, seen, slow_after):
                for patch in scenario.then:
                    make(api, patch, scenario.namespace)
                waiting.remove(scenario)
        missing = [one for one in scenarios if one in waiting or not in_place(one, seen, slow_after)]
        if not missing:
            return seen
        if time.monotonic() > deadline:
            raise NotInPlace("\n".join(f"{entry.name}: {_describe(entry, seen)}" for entry in missing))
        time.sleep(0.5)
        seen = Seen.now(api)


def in_place(scenario: Scenario, seen: Seen, slow_after: int) -> bool:
    """Whether the scenario shows what it is about."""
    pods = seen.of(scenario)
    if not scenario.fails:
        return len(pods) >= scenario.pods and all(_settled(pod, scenario.settles_as) for pod in pods)
    showing = [
        pod for pod in pods if all(_shows(failure, pod, seen, slow_after) for failure in scenario.failures)
    ]
    return len(showing) >= scenario.pods


def failing_containers(scenario: Scenario, seen: Seen, slow_after: int) -> Iterable[tuple[Manifest, Failure]]:
    """Each pod of the scenario with each failure that it shows."""
    for pod in seen.of(scenario):
        for failure in scenario.failures:
            if _shows(failure, pod, seen, slow_after):
                yield pod, failure


def make(api: Api, patch: Patch, namespace: str) -> None:
    """Applies a Patch as kubectl would (strategic merge)."""
    path = api.path(patch.kind, namespace, patch.name) + (
        f"/{patch.subresource}" if patch.subresource else ""
    )
    api.request("PATCH", path, dict(patch.body), content_type="application/strategic-merge-patch+json")


def take_down(api: Api, scenarios: Sequence[Scenario]) -> None:
    """Deletes the namespaces; what is cluster-wide stays."""
    for namespace in sorted({scenario.namespace for scenario in scenarios}):
        api.delete("Namespace", namespace)


def _filled_in(manifest: Manifest, accounts: Mapping[str, str]) -> Manifest:
    text = json.dumps(manifest)
    for name, value in accounts.items():
        text = text.replace(f"@{name}@", value)
    return json.loads(text)


def _create(api: Api, manifest: Manifest, namespace: str) -> None:
    if manifest["apiVersion"] == CUSTOM_GROUP_VERSION:
        path = _custom_path(manifest["kind"], namespace)
        api.wait(lambda: _served(api, path), f"{manifest['kind']} is served", 30)
        api.request("POST", path, manifest)
        return
    for owner in manifest["metadata"].get("ownerReferences", ()):
        # Known once it exists; the garbage collector removes what names a wrong one.
        owner["uid"] = api.request("GET", f"{_custom_path(owner['kind'], namespace)}/{owner['name']}")[
            "metadata"
        ]["uid"]
    api.apply(manifest, namespace=namespace)


def _custom_path(kind: str, namespace: str) -> str:
    return f"/apis/{CUSTOM_GROUP_VERSION}/namespaces/{namespace}/{kind.lower()}s"


def _served(api: Api, path: str) -> bool:
    try:
        api.request("GET", path)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return True


def _ready_for_change(scenario: Scenario, seen: Seen, slow_after: int) -> bool:
    if scenario.then_when == "failing":
        return in_place(scenario, seen, slow_after)
    pods = seen.of(scenario)
    return bool(pods) and all(_condition(pod, "Ready") == "True" for pod in pods)


def _condition(thing: Manifest, kind: str) -> str:
    conditions = thing.get("status", {}).get("conditions") or []
    return next((entry["status"] for entry in conditions if entry["type"] == kind), "")


def _settled(pod: Manifest, state: str) -> bool:
    status = pod.get("status", {})
    if state == "Unschedulable":
        return _condition(pod, "PodScheduled") == "False"
    if state == "Running":
        return status.get("phase") == "Running" and _condition(pod, "Ready") == "True"
    if status.get("phase") == state:
        return True
    entries = [entry for group in set(STATUS_OF.values()) for entry in status.get(group) or []]
    if state == RESTARTED:
        return any(entry["restartCount"] for entry in entries)
    return any(entry["state"].get("waiting", {}).get("reason") == state for entry in entries)


def _shows(failure: Failure, pod: Manifest, seen: Seen, slow_after: int) -> bool:
    events = seen.events.get(pod["metadata"]["uid"], [])
    reasons = {event["reason"] for event in events}
    if failure.shows_as == "sandbox":
        return "FailedCreatePodSandBox" in reasons
    if failure.shows_as == "event":
        return "Failed" in reasons
    if failure.shows_as == "node":
        node = seen.nodes.get(pod["spec"].get("nodeName", ""), {})
        return _condition(node, "Ready") in ("False", "Unknown") and pod["status"].get("phase") == "Pending"
    if failure.shows_as == "pulling":
        begun = [_age(event) for event in events if event["reason"] == "Pulling"]
        return bool(begun) and max(begun) > slow_after and "Failed" not in reasons
    waiting = _waiting(failure, pod)
    said = any(failure.says in event.get("message", "") for event in events if event["reason"] in _SAYS_WHY)
    return waiting not in _NOT_YET and said


def _waiting(failure: Failure, pod: Manifest) -> str:
    for entry in pod.get("status", {}).get(STATUS_OF[failure.container_type]) or []:
        if entry["name"] == failure.container:
            return entry["state"].get("waiting", {}).get("reason", "")
    return ""


def _age(event: Manifest) -> float:
    text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    moment = time.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ")
    return time.time() - calendar.timegm(moment)


def _describe(scenario: Scenario, seen: Seen) -> str:
    """What its pods looked like, for the person who reads that the scenario is not in place."""
    pods = seen.of(scenario)
    if not pods:
        return "no pod"
    told: list[str] = []
    for pod in pods:
        status: dict[str, Any] = pod.get("status", {})
        states = [entry["state"] for group in set(STATUS_OF.values()) for entry in status.get(group) or []]
        events = [
            f"{event['reason']}: {event.get('message', '')}"
            for event in seen.events.get(pod["metadata"]["uid"], [])
        ]
        told.append(f"{pod['metadata']['name']} {status.get('phase')} {states} {events[-2:]}")
    return "; ".join(told)
