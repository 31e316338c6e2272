# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a Job for each node, all at once, and waits until their shells can be entered or somebody says no."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    http_moment,
    mapping,
    objects,
    seconds_between,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import AccessPod
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import refusals
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.looking import (
    Prospect,
    look_at,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import (
    MOUNTS,
    PRIORITY,
    Settings,
    job,
    pod_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.objects import (
    CORE,
    JOBS,
    Json,
    ends_at,
    going,
    has_ended,
    image_of,
    is_ready,
    list_events,
    list_jobs,
    list_pods,
    name_of,
    node_of,
    owner_of,
    uid_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.refusals import Refusal

_MOST_ATTEMPTS = 9
_RESERVE = 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.15, 1.0
_EVENTS_AFTER, _EVENTS_EVERY = 1.5, 1.5
_PATIENCE = 6.0
"""How long what an event tells may still turn out well: kubelets try again."""
_SHORTEST_REST = 0.25
"""A shell that is there already is kept while this part of its time is left."""
_ALWAYS = Refusal(
    "policy", "the API server makes the pod pull its image (AlwaysPullImages), and nothing is pulled here"
)


@dataclass(slots=True)
class Shell:
    """One node on the way to its shell. ``planned`` is what check mode would make; ``made`` counts Jobs."""

    node: str
    images: list[str] = field(default_factory=list)
    mounts: tuple[str, ...] = MOUNTS
    critical: bool = True
    result: AccessPod | None = None
    planned: bool = False
    made: int = 0
    replaced: int = 0
    note: str = ""
    attempt: int = 0
    job_name: str = ""
    job_uid: str = ""
    pod: Json = field(default_factory=dict)
    since: float = 0.0
    asked_at: float = 0.0
    suspicion: Refusal | None = None
    suspected_at: float = 0.0


class Maker:
    """Makes the shells of one run. Raises ClusterError where the API server cannot be spoken to."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        image: str = "",
        wait: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._settings = settings
        self._image = image
        self._wait = wait
        self._clock = clock
        self._sleep = sleep
        self.notes: dict[str, None] = {}
        """What could not be read on the way; each once."""
        self.failed = ""
        """Why the API server could not be spoken to any more, in the middle."""

    def make(self, nodes: Sequence[str], check: bool = False) -> list[Shell]:
        """Return a shell for each node, with its result; in check mode (``check``) nothing is made."""
        shells = [Shell(node) for node in nodes]
        self._adopt(shells, check)
        wanted = [shell for shell in shells if not shell.result and not shell.job_uid]
        self._prepare(wanted)
        self._ask_for_admission([shell for shell in wanted if not shell.result])
        open_shells = [shell for shell in wanted if not shell.result]
        if check:
            for shell in open_shells:
                shell.planned = True
            return shells
        try:
            map_in_parallel(self._start, open_shells)
            self._wait_for([shell for shell in shells if not shell.result])
        except errors.ClusterError as error:
            self._give_up(shells, error)
        return shells

    def _adopt(self, shells: Sequence[Shell], check: bool) -> None:
        """Take over what this run has made already; what has ended, or ends soon, is made anew."""
        jobs = {
            node_of(one): one
            for one in list_jobs(self._client, self._settings.namespace, self._settings.run)
            if not going(one)
        }
        wanted = [shell for shell in shells if shell.node in jobs]
        pods = {owner_of(one): one for one in self._pods()} if wanted else {}
        now = http_moment(self._client.server_time)
        for shell in wanted:
            found = jobs[shell.node]
            pod = pods.get(uid_of(found), {})
            left = seconds_between(now, ends_at(pod))
            over = has_ended(found) or refusals.of_pod(pod) is not None
            if over or (left is not None and left < self._settings.seconds * _SHORTEST_REST):
                shell.replaced += 1
                shell.attempt = _attempt_of(found)
                if not check:
                    self._delete(name_of(found), uid_of(found))
            elif is_ready(pod):
                shell.result = self._ready(shell, pod, name_of(found))
            else:
                shell.job_name, shell.job_uid, shell.since = name_of(found), uid_of(found), self._clock()

    def _prepare(self, shells: Sequence[Shell]) -> None:
        prospects: list[Prospect] = map_in_parallel(
            lambda shell: look_at(self._client, shell.node, self._image), shells
        )
        for shell, prospect in zip(shells, prospects, strict=True):
            shell.images = prospect.images
            self.notes.update(dict.fromkeys(prospect.notes))
            if prospect.refusal:
                self._refuse(shell, prospect.refusal)

    def _ask_for_admission(self, shells: Sequence[Shell]) -> None:
        """Ask, with one pod for all, whether they would be admitted: what refuses one refuses the others.

        Without the right to create pods, or where a webhook takes no dry runs, the Job's events will tell.
        """
        if not shells:
            return
        for critical in (True, False):
            example = job(self._settings, shells[0].node, shells[0].images[0], critical=critical)
            refusal = self._admission(pod_of(example), critical)
            if refusal is None or refusal.remedy != refusals.WITHOUT_PRIORITY:
                break
            self._without_priority(shells, refusal)
        if refusal:
            for shell in shells:
                self._refuse(shell, refusal)

    def _admission(self, pod: Json, critical: bool) -> Refusal | None:
        path = namespaced(CORE, self._settings.namespace, "pods")
        try:
            admitted = self._client.create(path, pod, "a pod, as a dry run", dry_run=True)
        except errors.ClusterError as error:
            if isinstance(error, errors.NotFound):
                raise errors.ConfigInvalid(f"there is no namespace {self._settings.namespace}") from None
            refusal = refusals.of_error(error, critical)
            if refusal is None or refusal.by == "rights" or "dry run" in error.said:
                self.notes[
                    f"whether the pods will be admitted was not asked: {error.said or error.message}"
                ] = None
                return None
            return refusal
        return _ALWAYS if _pulls(admitted) else None

    def _without_priority(self, shells: Sequence[Shell], refusal: Refusal) -> None:
        for shell in shells:
            shell.critical = False
            shell.note = (
                f"without the priority {PRIORITY}, which was not admitted ({refusal.why}): "
                "under disk pressure the kubelet does not take it, or throws it out"
            )

    def _start(self, shell: Shell) -> None:
        """Make the next Job for a node. A name that is taken belongs to a Job on its way out: take the next one."""
        while shell.attempt < _MOST_ATTEMPTS:
            shell.attempt += 1
            manifest = job(
                self._settings, shell.node, shell.images[0], shell.attempt, shell.mounts, shell.critical
            )
            shell.job_name = name = manifest["metadata"]["name"]
            shell.pod, shell.suspicion = {}, None
            path, what = namespaced(JOBS, self._settings.namespace, "jobs"), f"the Job {name}"
            try:
                made = self._client.create(path, manifest, what)
            except errors.Conflict:
                continue
            except errors.ClusterError as error:
                found = self._found_again(name, error)
                if found is None:
                    self._refused_job(shell, error)
                    return
                made = found
            shell.job_uid, shell.since, shell.made = uid_of(made), self._clock(), shell.made + 1
            return
        self._refuse(shell, Refusal("time", f"no shell after {_MOST_ATTEMPTS} Jobs"))

    def _found_again(self, name: str, error: errors.ClusterError) -> Json | None:
        """Return the Job where it was made although the server's answer did not say so."""
        if not isinstance(error, (errors.ServerFailed, errors.Unreachable)):
            return None
        try:
            return self._client.get(
                namespaced(JOBS, self._settings.namespace, "jobs", name), f"the Job {name}"
            )
        except errors.ClusterError:
            return None

    def _refused_job(self, shell: Shell, error: errors.ClusterError) -> None:
        refusal = refusals.of_error(error, shell.critical)
        if refusal is None and isinstance(error, (errors.Unreachable, errors.NotFound)):
            raise error
        self._refuse(shell, refusal or Refusal("time", error.message))

    def _wait_for(self, shells: Sequence[Shell]) -> None:
        # What is refused has to be taken away again in time.
        end = self._clock() + min(self._wait, self._client.deadline.left("the nodes' shells") - _RESERVE)
        pause = _FIRST_PAUSE
        while waiting := [shell for shell in shells if not shell.result]:
            if self._clock() >= end or self._client.deadline.passed:
                for shell in waiting:
                    self._too_late(shell)
                return
            self._sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)
            self._see(waiting)
            map_in_parallel(self._step, waiting)

    def _see(self, shells: Sequence[Shell]) -> None:
        pods = {owner_of(one): one for one in self._pods()}
        for shell in shells:
            shell.pod = pods.get(shell.job_uid, shell.pod)

    def _step(self, shell: Shell) -> None:
        if is_ready(shell.pod):
            shell.result = self._ready(shell, shell.pod, shell.job_name)
            return
        refusal = _ALWAYS if _pulls(shell.pod) else refusals.of_pod(shell.pod)
        refusal = refusal or self._told_by_events(shell)
        if refusal:
            self._try_otherwise(shell, refusal)

    def _told_by_events(self, shell: Shell) -> Refusal | None:
        """Return what events tell for certain; what may pass is kept as a suspicion until it has lasted."""
        now = self._clock()
        if now - shell.since < _EVENTS_AFTER or now - shell.asked_at < _EVENTS_EVERY:
            return None
        shell.asked_at = now
        try:
            about = uid_of(shell.pod) or shell.job_uid
            events = list_events(self._client, self._settings.namespace, about)
        except errors.Forbidden:
            self.notes[f"no right to list events in {self._settings.namespace}"] = None
            return None
        refusal = refusals.of_events(events, shell.critical)
        if refusal is None or refusal.remedy or refusal.by in ("pod_security", "policy", "quota"):
            return refusal
        if shell.suspicion is None:
            shell.suspected_at = now
        shell.suspicion = refusal
        return refusal if now - shell.suspected_at >= _PATIENCE else None

    def _try_otherwise(self, shell: Shell, refusal: Refusal) -> None:
        if refusal.remedy == refusals.OTHER_IMAGE and len(shell.images) > 1:
            shell.images.pop(0)
        elif refusal.remedy == refusals.WITHOUT_MOUNT and refusal.mount in shell.mounts:
            shell.mounts = tuple(name for name in shell.mounts if name != refusal.mount)
        elif refusal.remedy == refusals.WITHOUT_PRIORITY and shell.critical:
            self._without_priority([shell], refusal)
        else:
            self._refuse(shell, refusal)
            return
        self._delete(shell.job_name, shell.job_uid)
        self._start(shell)

    def _too_late(self, shell: Shell) -> None:
        refusal = shell.suspicion
        if refusal is None and not self._client.deadline.passed:
            refusal = look_at(self._client, shell.node, self._image).refusal
        if refusal is None:
            refusal = self._unexplained(shell)
        self._refuse(shell, refusal)

    def _unexplained(self, shell: Shell) -> Refusal:
        began = f"no shell within {self._wait:.0f} s"
        if not shell.pod:
            return Refusal("time", f"{began}: no pod was made for its Job: is the controller-manager up?")
        if mapping(shell.pod.get("status")).get("startTime"):
            return Refusal("runtime", f"{began}: the kubelet has taken it, the runtime has not started it")
        return Refusal("kubelet", f"{began}: the kubelet took no notice of it")

    def _refuse(self, shell: Shell, refusal: Refusal) -> None:
        shell.result = AccessPod(
            node=shell.node,
            state="refused",
            namespace=self._settings.namespace,
            image=shell.images[0] if shell.images else "",
            refused_by=refusal.by,
            why=refusal.why,
        )
        if shell.job_uid:
            self._delete(shell.job_name, shell.job_uid)

    def _ready(self, shell: Shell, pod: Json, job_title: str) -> AccessPod:
        return AccessPod(
            node=shell.node,
            state="ready",
            namespace=self._settings.namespace,
            job=job_title,
            pod=name_of(pod),
            image=image_of(pod),
            why=shell.note,
            ends_at=ends_at(pod),
        )

    def _pods(self) -> list[Json]:
        return list_pods(self._client, self._settings.namespace, self._settings.run)

    def _delete(self, name: str, uid: str) -> None:
        try:
            path = namespaced(JOBS, self._settings.namespace, "jobs", name)
            self._client.delete(path, f"the Job {name}", uid=uid)
        except errors.ClusterError as error:
            self.notes[f"{name} could not be deleted and ends by itself: {error.message}"] = None

    def _give_up(self, shells: Sequence[Shell], error: errors.ClusterError) -> None:
        """Keep the shells that are ready; the API server was lost while others were on their way."""
        self.failed = error.message
        for shell in shells:
            if not shell.result:
                self._refuse(shell, Refusal("time", error.message))


def _pulls(pod: Json) -> bool:
    containers = objects(mapping(pod.get("spec")).get("containers"))
    return any(text(one.get("imagePullPolicy")) not in ("Never", "") for one in containers)


def _attempt_of(item: Json) -> int:
    number = name_of(item).rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
