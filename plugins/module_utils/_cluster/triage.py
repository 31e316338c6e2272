# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first question to a cluster: which containers cannot get their image, and all that is known around them."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import read_identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import in_parallel
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.reading import (
    PodReading,
    Question,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    http_moment,
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    Gap,
    ImageInUse,
    NodeFact,
    PullFailure,
    Record,
)

if TYPE_CHECKING:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.failures import PodState
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.owners import Owners
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.surroundings import (
        Surroundings,
    )


class Sink(Protocol):
    """Where the answer goes, record by record."""

    def prepare(self) -> None:
        """Make ready to write; called while the server works."""

    def cluster(self, fact: ClusterFact) -> None:
        """Say which cluster it is; comes first."""

    def write(self, record: Record) -> None:
        """Take one record."""

    def fail(self, error: str) -> None:
        """Say that pods could not be read: whatever was written is not all."""


@dataclass(slots=True)
class Summary:
    """Counts of what was seen."""

    pods_seen: int = 0
    failing_pods: int = 0
    failing_containers: int = 0
    pulls_under_way: int = 0
    namespaces: int = 0
    nodes: int = 0
    workloads: int = 0
    images: int = 0


def collect(client: Client, question: Question, cluster_name: str, sink: Sink) -> Summary:
    """Answer ``question`` into ``sink``.

    Raises ClusterError only when nothing could be asked at all; everything later is an error or a gap in the answer.
    """
    return _Triage(client, question, sink).run(cluster_name)


def _load_the_rest() -> None:
    """Load our own code while the server works: a module comes without compiled code, so this takes a moment."""
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import (  # noqa: F401
        failures,
        surroundings,
    )


class _Triage:
    def __init__(self, client: Client, question: Question, sink: Sink) -> None:
        self._client = client
        self._question = question
        self._sink = sink
        self._gaps: list[Gap] = []
        self._failures: list[PullFailure] = []
        self._stuck: list[PodState] = []
        self._under_way: list[str] = []
        self._now = ""

    def run(self, cluster_name: str) -> Summary:
        """Look, and hand everything over."""
        self._sink.cluster(read_identity(self._client, cluster_name))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._now = http_moment(self._client.server_time) or now
        reading = PodReading(self._client, self._question)

        def meanwhile() -> None:
            _load_the_rest()
            self._sink.prepare()

        reading.read(meanwhile)
        for error in reading.errors:
            self._sink.fail(error)
        for scope in reading.scopes:
            self._find(reading, scope)
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.surroundings import (
            Surroundings,
        )

        around = Surroundings(self._client)
        self._read_around(around)
        self._failures.sort(key=lambda failure: (failure.namespace, failure.pod))
        for failure in self._failures:
            self._sink.write(_with_owners(failure, around.owners))
        for record in (*around.nodes, *around.owners.workloads, *around.secrets, *around.service_accounts):
            self._sink.write(record)
        for name, count in sorted(around.images.items()):
            self._sink.write(ImageInUse(name, count))
        self._note_what_is_open()
        for gap in (*reading.gaps, *around.gaps, *self._gaps):
            self._sink.write(gap)
        return self._summary(reading.pods_seen, len(around.nodes), len(around.owners.workloads))

    def _find(self, reading: PodReading, scope: Scope) -> None:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.failures import (
            FailureFinder,
        )

        slow_after = self._question.slow_after
        finder = FailureFinder(self._now, slow_after, events_known=scope.events_known)
        states = [finder.look(pod, scope.events_of(pod)) for pod in scope.pods]
        doubtful = {id(state.pod) for state in states if state.needs_pulled}
        if doubtful:
            reading.read_pulled(scope)
            finder = FailureFinder(self._now, slow_after, events_known=scope.events_known, pulled_known=True)
            states = [
                finder.look(state.pod, scope.events_of(state.pod)) if id(state.pod) in doubtful else state
                for state in states
            ]
        for state in states:
            self._failures += state.failures
            if state.pulling_since:
                self._under_way.append(state.pulling_since)
            if state.stuck_since:
                self._stuck.append(state)

    def _read_around(self, around: Surroundings) -> None:
        """Read what surrounds the failures, if there are any; stuck pods can be explained only by their nodes."""
        if not self._failures and not self._stuck:
            return
        names = {failure.node for failure in self._failures} | {state.pod.node for state in self._stuck}
        images = [failure.image for failure in self._failures]
        if self._stuck:
            around.read_nodes(names, images)
            self._explain_stuck(around.nodes)
            around.read_objects(self._failures)
        else:
            in_parallel(
                [lambda: around.read_objects(self._failures), lambda: around.read_nodes(names, images)]
            )

    def _explain_stuck(self, nodes: list[NodeFact]) -> None:
        """A pod that does not start, without a word why, on a node that is not ready: runtime or kubelet are down."""
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.failures import (
            runtime_failure,
        )

        by_name = {node.name: node for node in nodes}
        left = []
        for state in self._stuck:
            node = by_name.get(state.pod.node)
            ready = next((one for one in node.conditions if one.type == "Ready"), None) if node else None
            if ready is None or ready.status == "True" or "NetworkReady=false" in ready.message:
                left.append(state)
            else:
                self._failures.append(runtime_failure(state.pod, ready.reason, ready.message, ready.since))
        self._stuck = left

    def _note_what_is_open(self) -> None:
        if self._under_way:
            oldest = seconds_between(min(self._under_way), self._now)
            count = len(self._under_way)
            began = "1 pull has" if count == 1 else f"{count} pulls have"
            why = f"{began} been going on for less than {self._question.slow_after} s (the oldest for {oldest} s)"
            self._gaps.append(Gap("pulls under way", why, "whether they will succeed", (1,)))
        silent = [
            f"{state.pod.namespace}/{state.pod.name}"
            for state in self._stuck
            if (seconds_between(state.stuck_since, self._now) or 0) >= self._question.slow_after
        ]
        if silent:
            more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
            self._gaps.append(
                Gap(
                    check=f"pods that do not start: {', '.join(silent[:3])}{more}",
                    why="neither status nor events tell of an image, and their nodes are not known to be down",
                    conclusion_lost="whether they wait for an image, a volume or the network",
                    steps=(1, 2),
                )
            )

    def _summary(self, pods_seen: int, nodes: int, workloads: int) -> Summary:
        failures = self._failures
        return Summary(
            pods_seen=pods_seen,
            failing_pods=len({failure.pod_uid for failure in failures}),
            failing_containers=len(failures),
            pulls_under_way=len(self._under_way),
            namespaces=len({failure.namespace for failure in failures}),
            nodes=nodes,
            workloads=workloads,
            images=len({failure.image for failure in failures if failure.image}),
        )


def _with_owners(failure: PullFailure, owners: Owners) -> PullFailure:
    if failure.owner is None:
        return failure
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.owners import key_of

    path = owners.chains.get(key_of(failure.namespace, failure.owner)) or (failure.owner,)
    return dataclasses.replace(failure, owner=path[-1], owner_path=path)
