# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with a set of node faults in place."""

from __future__ import annotations

import calendar
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.lab.image_pull_lab.api import ApiError
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.runtime_config import SANDBOX_IMAGE
from tests.lab.node_faults import SETS, Machine, NodeFault
from tests.lab.node_faults.network import start_name_servers
from tests.lab.scenarios.manifests import container, pod
from tests.lab.scenarios.scene import SLOW_AFTER

CONTROL = "node1"
SECONDS = 240
PULL_FAILS = frozenset({"ErrImagePull", "ImagePullBackOff"})
Json = dict[str, Any]


@dataclass
class Scene:
    """Node faults that show on a lab."""

    lab: Lab
    name: str
    machines: tuple[Machine, ...]
    pods: dict[str, Json] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def space(self) -> str:
        """The namespace of its pods."""
        return f"{self.name}-faults"

    def look(self) -> None:
        """Reads the pods and their events anew."""
        api = self.lab.api
        self.pods = {one["metadata"]["name"]: one for one in api.list("Pod", self.space)}
        self.events = {}
        for event in api.list("Event", self.space):
            self.events.setdefault(event["involvedObject"].get("name", ""), []).append(event)


@contextmanager
def in_place(lab: Lab, name: str) -> Iterator[Scene]:
    """The set of that name, on nodes that are there as long as the block runs."""
    machines = SETS[name]
    scene = Scene(lab, name, machines)
    try:
        prepare(scene)
        with _expired_events(scene):
            yield scene
    finally:
        lab.api.delete_namespace(scene.space)
        for machine in machines:
            if machine.name in {node.name for node in lab.nodes}:
                lab.remove_node(machine.name)


def prepare(scene: Scene) -> None:
    """Boots the nodes, breaks them, creates the pods, and returns when each fault shows."""
    lab, machines = scene.lab, scene.machines
    lab.api.create_namespace(scene.space)
    start_name_servers(lab)
    for machine in machines:
        lab.add_node(machine.name, machine.settings, wait=False)
    lab.wait_for_nodes([machine.name for machine in machines], seconds=120)
    for machine in machines:
        if machine.settings.sandbox_image == SANDBOX_IMAGE:
            pull(lab, machine.name, SANDBOX_IMAGE)
    # A healthy node gets all of it, and is the one to compare with because it holds images of these registries.
    wanted = (fault.images for machine in machines for fault in machine.faults if fault.contrast)
    for image in sorted({image for images in wanted for image in images}):
        pull(lab, CONTROL, image)
    for machine in machines:
        if machine.break_it:
            machine.break_it(lab, lab.node(machine.name))
        for fault in machine.faults:
            lab.api.create(manifest(machine, fault), scene.space)
    settle(scene)


def pull(lab: Lab, node: str, image: str) -> None:
    """Puts an image where the kubelet finds it."""
    lab.ssh(node, f"ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d {image}")


def manifest(machine: Machine, fault: NodeFault) -> Json:
    names = [f"c{number}" for number in range(len(fault.images))]
    containers = [container(image, name) for name, image in zip(names, fault.images, strict=True)]
    if len(fault.images) > len(set(fault.images)):
        containers = [{**one, "imagePullPolicy": "Always"} for one in containers]
    return pod(fault.name, containers=containers, node=machine.name)


def settle(scene: Scene) -> None:
    """Waits until every fault shows; AssertionError names those that did not in time, with what was seen."""
    deadline = time.monotonic() + SECONDS
    while True:
        scene.look()
        ready = {node["metadata"]["name"]: _ready(node) for node in scene.lab.api.list("Node")}
        missing = [
            fault
            for machine in scene.machines
            for fault in machine.faults
            if not shows(fault, scene, ready[machine.name])
        ]
        if not missing:
            return
        if time.monotonic() > deadline:
            told = "\n".join(f"{fault.name}: {_describe(fault, scene)}" for fault in missing)
            raise AssertionError(f"not in place after {SECONDS} s:\n{told}")
        time.sleep(1)


def shows(fault: NodeFault, scene: Scene, ready: bool) -> bool:
    """Whether the pod of a fault meets it."""
    seen = scene.pods.get(fault.name, {})
    events = scene.events.get(fault.name, [])
    if fault.shows_as == "node":
        return not ready and bool(seen.get("spec", {}).get("nodeName"))
    if fault.shows_as == "sandbox":
        return any(event["reason"] == "FailedCreatePodSandBox" for event in events)
    waiting = [state for state in _states(seen) if state.get("reason") in PULL_FAILS]
    failing = len(waiting) >= len(set(fault.images)) and fault.says in str(waiting)
    pulling = any(event["reason"] == "Pulling" and _age(event) > SLOW_AFTER for event in events)
    if fault.shows_as == "pulling":
        return pulling and not waiting
    if fault.shows_as == "any":
        return failing or pulling or any(event["reason"] == "FailedCreatePodSandBox" for event in events)
    return failing


@contextmanager
def _expired_events(scene: Scene) -> Iterator[None]:
    """Deletes the events of faults that must do without, as often as the kubelet writes new ones."""
    names = {fault.name for machine in scene.machines for fault in machine.faults if fault.without_events}
    over = threading.Event()
    worker = threading.Thread(target=_delete_events, args=(scene, names, over), daemon=True)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(10)


def _delete_events(scene: Scene, pods: set[str], over: threading.Event) -> None:
    api = scene.lab.api
    while pods and not over.wait(0.2):
        for event in api.list("Event", scene.space):
            if event["involvedObject"].get("name") in pods:
                try:
                    api.delete("Event", event["metadata"]["name"], scene.space)
                except ApiError as error:
                    if error.status != 404:
                        raise


def _states(seen: Json) -> Sequence[Json]:
    statuses = seen.get("status", {}).get("containerStatuses") or []
    return [entry["state"]["waiting"] for entry in statuses if "waiting" in entry["state"]]


def _ready(node: Json) -> bool:
    return any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in node["status"].get("conditions", [])
    )


def _age(event: Json) -> float:
    text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return time.time() - _seconds(text)


def _seconds(text: str) -> float:
    return calendar.timegm(time.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ"))


def _describe(fault: NodeFault, scene: Scene) -> str:
    seen = scene.pods.get(fault.name, {})
    events = [f"{one['reason']}: {one.get('message', '')}" for one in scene.events.get(fault.name, [])]
    return f"{seen.get('status', {}).get('phase')} {_states(seen)} {events[-2:]}"
