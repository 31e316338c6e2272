# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes shells away again: their Jobs, and what Kubernetes leaves of their pods."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.naming import RUN
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.objects import (
    CORE,
    JOBS,
    Json,
    ends_at,
    has_ended,
    label_of,
    list_jobs,
    list_pods,
    name_of,
    never_started,
    node_of,
    owner_of,
    uid_of,
)

_PAUSE = 0.3
_FORCE_AFTER = 4.0
"""A pod of which nothing was started is then taken out of the list: its kubelet may be down, nothing is lost."""


@dataclass(slots=True)
class Ended:
    """The Jobs that were deleted (or would be), and the pods that are still there, with when they end by themselves."""

    jobs: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str | None]] = field(default_factory=list)


class Ender:
    """Deletes Jobs and waits for their pods. Raises ClusterError."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        wait: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._wait = wait
        self._clock = clock
        self._sleep = sleep

    def end(self, run: str, nodes: Collection[str] = (), sweep: bool = False, check: bool = False) -> Ended:
        """Delete what ``run`` made, on ``nodes`` or everywhere; with ``sweep`` also what other runs left and has ended.

        In check mode (``check``) only say what would be deleted.
        """
        jobs = [
            one for one in list_jobs(self._client, self._namespace, run) if not nodes or node_of(one) in nodes
        ]
        if sweep:
            known = {uid_of(one) for one in jobs}
            every = list_jobs(self._client, self._namespace)
            jobs += [one for one in every if has_ended(one) and uid_of(one) not in known]
        ended = Ended([{"job": name_of(one), "node": node_of(one)} for one in jobs])
        if check:
            return ended
        map_in_parallel(self._delete, jobs)
        owners = {uid_of(one) for one in jobs}

        def ours(pod: Json) -> bool:
            # Pods of Jobs that were deleted before are ours as well: their kubelets may be slow to let go.
            of_run = label_of(pod, RUN) == run and (not nodes or node_of(pod) in nodes)
            return of_run or owner_of(pod) in owners

        ended.left = [
            {"node": node_of(pod), "pod": name_of(pod), "ends_at": ends_at(pod)}
            for pod in self._wait_for(ours, "" if sweep else run)
        ]
        return ended

    def _delete(self, job: Json) -> None:
        name = name_of(job)
        path = namespaced(JOBS, self._namespace, "jobs", name)
        self._client.delete(path, f"the Job {name}", uid=uid_of(job))

    def _wait_for(self, ours: Callable[[Json], bool], run: str) -> list[Json]:
        """Return the pods that are there when the time is up."""
        began = self._clock()
        forced: set[str] = set()
        while left := [pod for pod in list_pods(self._client, self._namespace, run) if ours(pod)]:
            passed = self._clock() - began
            if passed >= self._wait or self._client.deadline.passed:
                break
            if passed >= _FORCE_AFTER:
                for pod in left:
                    if never_started(pod) and uid_of(pod) not in forced:
                        forced.add(uid_of(pod))
                        self._force(pod)
            self._sleep(_PAUSE)
        return left

    def _force(self, pod: Json) -> None:
        path = namespaced(CORE, self._namespace, "pods", name_of(pod))
        try:
            self._client.delete(path, f"the pod {name_of(pod)}", uid=uid_of(pod), grace=0)
        except (errors.Forbidden, errors.Conflict):
            # It goes when its kubelet is back.
            return
