# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first question to a cluster: which containers cannot get their image, and all that is known around them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors, surroundings
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    POD_EVENTS,
    PodEvents,
    told_event,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.failures import (
    FailureFinder,
    PodState,
    runtime_failure,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import read_identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.owners import (
    OwnerReader,
    Owners,
    key_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import in_parallel
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.scan import (
    PodScanner,
    Selection,
    read_pod,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    http_moment,
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    EventFact,
    Gap,
    ImageInUse,
    NodeFact,
    PullFailure,
    Record,
    SecretFact,
    ServiceAccountFact,
)

MOST_OBJECTS = 300
"""Pull secrets and service accounts that are looked up, each."""


@dataclass(slots=True)
class Question:
    """What is asked; empty ``namespaces`` means all. ``pod`` is one pod as NAMESPACE/NAME."""

    namespaces: tuple[str, ...] = ()
    labels: str = ""
    fields: str = ""
    pod: str = ""
    slow_after: int = 300


class Sink(Protocol):
    """Where the answer goes, record by record."""

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


@dataclass(slots=True)
class _Scope:
    """One namespace, or all: its scanner and the events in it."""

    selection: Selection
    scanner: PodScanner
    events: PodEvents = field(default_factory=PodEvents)
    events_known: bool = True


def collect(client: Client, question: Question, cluster_name: str, sink: Sink) -> Summary:
    """Answer ``question`` into ``sink``.

    Raises ClusterError only when nothing could be asked at all; everything later is an error or a gap in the answer.
    """
    return _Triage(client, question, sink).run(cluster_name)


class _Triage:
    def __init__(self, client: Client, question: Question, sink: Sink) -> None:
        self._client = client
        self._question = question
        self._sink = sink
        self._summary = Summary()
        self._gaps: list[Gap] = []
        self._failures: list[PullFailure] = []
        self._stuck: list[PodState] = []
        self._under_way: list[str] = []
        self._now = ""

    def run(self, cluster_name: str) -> Summary:
        self._sink.cluster(read_identity(self._client, cluster_name))
        self._now = http_moment(self._client.server_time) or time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime()
        )
        self._look_for_failures()
        nodes: list[NodeFact] = []
        owners = Owners()
        if self._failures or self._stuck:
            nodes = self._nodes()
            self._explain_stuck(nodes)
        if self._failures:
            owners = self._owners()
            self._secrets()
        for failure in self._failures:
            self._sink.write(_with_owners(failure, owners))
        for record in (*nodes, *owners.workloads):
            self._sink.write(record)
        self._note_what_is_open()
        for gap in self._gaps:
            self._sink.write(gap)
        return self._counted(nodes, owners)

    # Pods and their events

    def _look_for_failures(self) -> None:
        scopes = self._one_pod() if self._question.pod else self._all_pods()
        for scope in scopes:
            found = scope.scanner.found
            self._summary.pods_seen += found.seen
            self._find(scope)
            if found.torn:
                self._gaps.append(
                    Gap(
                        check=scope.selection.title,
                        why="the list changed faster than it could be read and was continued from a newer state",
                        conclusion_lost="a pod that came or went in between may be missing",
                        steps=(1,),
                        unread=True,
                    )
                )

    def _one_pod(self) -> list[_Scope]:
        namespace, _slash, name = self._question.pod.partition("/")
        selection = Selection(namespace)
        scope = _Scope(selection, PodScanner(self._client, selection))
        try:
            pod = read_pod(self._client, namespace, name)
        except errors.ClusterError as error:
            self._sink.fail(error.message)
            return []
        scope.scanner.found.add(pod)
        scope.scanner.found.seen = 1
        self._read_events(scope, f"involvedObject.kind=Pod,involvedObject.name={name}")
        return [scope]

    def _all_pods(self) -> list[_Scope]:
        scopes = []
        for namespace in self._question.namespaces or ("",):
            selection = Selection(namespace, self._question.labels, self._question.fields)
            scopes.append(_Scope(selection, PodScanner(self._client, selection)))
        failed: dict[str, errors.ClusterError] = {}

        def pods(scope: _Scope, read: Callable[[], None]) -> None:
            try:
                read()
            except errors.ClusterError as error:
                failed.setdefault(scope.selection.namespace, error)

        calls: list[Callable[[], None]] = []
        for scope in scopes:
            calls.append(lambda one=scope: pods(one, one.scanner.read_table))  # type: ignore[misc]
            calls.append(lambda one=scope: pods(one, one.scanner.read_pending))  # type: ignore[misc]
            calls.append(lambda one=scope: self._read_events(one, POD_EVENTS))  # type: ignore[misc]
            if scope.selection.namespace:
                calls.append(lambda one=scope: pods(one, lambda: self._check_namespace(one)))  # type: ignore[misc]
        in_parallel(calls)
        for scope in scopes:
            if scope.selection.namespace not in failed:
                pods(scope, lambda one=scope: one.scanner.read_rest(one.events))  # type: ignore[misc]
        for namespace, error in failed.items():
            self._sink.fail(_advised(error, namespace))
        return scopes

    def _check_namespace(self, scope: _Scope) -> None:
        """A list in a namespace that does not exist is empty, which must not look like health."""
        namespace = scope.selection.namespace
        try:
            self._client.get(namespaced("/api/v1", "", "namespaces", namespace), f"the namespace {namespace}")
        except errors.NotFound:
            raise errors.NotFound(
                f"there is no namespace {namespace}: check the name and the context"
            ) from None
        except errors.Forbidden:
            self._gaps.append(
                Gap(
                    check=f"namespace {namespace} exists",
                    why="no right to get namespaces",
                    conclusion_lost="a mistyped namespace would look like one without failing pods",
                    steps=(1,),
                )
            )

    def _read_events(self, scope: _Scope, fields: str) -> None:
        self._add_events(scope, fields, unread=True)

    def _add_events(self, scope: _Scope, fields: str, *, unread: bool) -> None:
        namespace = scope.selection.namespace
        where = f"the events in namespace {namespace}" if namespace else "the events of all namespaces"
        path = namespaced("/api/v1", namespace, "events")
        try:
            listing = self._client.read_list(
                path, where, told_event, params={"fieldSelector": fields}, cached=False
            )
        except errors.ClusterError as error:
            scope.events_known = False
            self._gaps.append(
                Gap(
                    check=where,
                    why=error.message,
                    conclusion_lost="exact errors on kubelets before 1.32, sandbox and ephemeral container failures, tries",
                    steps=(1, 2),
                    unread=unread,
                )
            )
            return
        for told in listing.items:
            scope.events.add(told)

    def _find(self, scope: _Scope) -> None:
        pods = list(scope.scanner.found.pods.values())
        finder = FailureFinder(self._now, self._question.slow_after, events_known=scope.events_known)
        states = [
            finder.look(pod, _events_of(scope.events, pod.uid, pod.static_uid, pod.namespace, pod.name))
            for pod in pods
        ]
        doubtful = [state.pod for state in states if state.needs_pulled]
        if doubtful:
            self._add_events(scope, "involvedObject.kind=Pod,reason=Pulled", unread=False)
            finder = FailureFinder(
                self._now, self._question.slow_after, events_known=scope.events_known, pulled_known=True
            )
            again = {
                id(pod): finder.look(
                    pod, _events_of(scope.events, pod.uid, pod.static_uid, pod.namespace, pod.name)
                )
                for pod in doubtful
            }
            states = [again.get(id(state.pod), state) for state in states]
        for state in states:
            self._failures += state.failures
            if state.pulling_since:
                self._under_way.append(state.pulling_since)
            if state.stuck_since:
                self._stuck.append(state)

    # What surrounds them

    def _nodes(self) -> list[NodeFact]:
        wanted = {failure.node for failure in self._failures} | {state.pod.node for state in self._stuck}
        repositories = {surroundings.repository_of(failure.image) for failure in self._failures}
        images = surroundings.ImageNames()
        nodes: list[NodeFact] = []
        events: dict[str, list[EventFact]] = {}

        def read_nodes() -> None:
            lost = "node pressure, architecture, versions, images that are similar to a mistyped one"
            self._optional(
                "nodes",
                lost,
                (6,),
                lambda: nodes.extend(surroundings.read_nodes(self._client, wanted, repositories, images)),
            )

        def read_events() -> None:
            lost = "failures of image garbage collection and disk on the nodes"
            self._optional(
                "events about nodes",
                lost,
                (6,),
                lambda: events.update(surroundings.read_node_events(self._client)),
            )

        in_parallel([read_nodes, read_events])
        for name, count in sorted(images.counts.items()):
            self._sink.write(ImageInUse(name, count))
        return [
            dataclasses.replace(node, events=tuple(events.get(node.name, ())))
            if node.name in wanted
            else node
            for node in nodes
        ]

    def _explain_stuck(self, nodes: list[NodeFact]) -> None:
        """A pod that does not start, without any word why, on a node that is not ready: its runtime or kubelet is down."""
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

    def _owners(self) -> Owners:
        keys = {key_of(failure.namespace, failure.owner) for failure in self._failures if failure.owner}
        owners = OwnerReader(self._client).read(keys)
        self._gaps += owners.gaps
        return owners

    def _secrets(self) -> None:
        secrets = sorted({(one.namespace, name) for one in self._failures for name in one.pull_secrets})
        accounts = sorted(
            {(one.namespace, one.service_account) for one in self._failures if one.service_account}
        )
        found = surroundings.read_secrets(self._client, secrets[:MOST_OBJECTS])
        for fact in found:
            self._sink.write(fact)
        known = surroundings.read_service_accounts(self._client, accounts[:MOST_OBJECTS])
        for account in known:
            self._sink.write(account)
        self._note_refused("Secrets", found, "whether the pull secrets exist and have the right type")
        self._note_refused("ServiceAccounts", known, "whether the service account brings a pull secret")
        for title, wanted in (("Secrets", secrets), ("ServiceAccounts", accounts)):
            if len(wanted) > MOST_OBJECTS:
                why = f"{len(wanted)} are named by failing pods, {MOST_OBJECTS} were read"
                self._gaps.append(Gap(f"{title} named by failing pods", why, "the state of the others", (4,)))

    def _note_refused(
        self, title: str, found: list[SecretFact] | list[ServiceAccountFact], lost: str
    ) -> None:
        bad = [fact for fact in found if fact.state in ("forbidden", "unreadable")]
        if bad:
            names = ", ".join(f"{fact.namespace}/{fact.name}" for fact in bad[:3])
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            why = (
                f"no right to get them: {names}{more}"
                if bad[0].state == "forbidden"
                else f"not readable: {names}{more}"
            )
            self._gaps.append(Gap(f"{title} named by failing pods", why, lost, (4,)))

    def _optional(self, check: str, lost: str, steps: tuple[int, ...], read: Callable[[], object]) -> None:
        try:
            read()
        except errors.ClusterError as error:
            self._gaps.append(Gap(check, error.message, lost, steps))

    # What is left to say

    def _note_what_is_open(self) -> None:
        if self._under_way:
            count = len(self._under_way)
            oldest = seconds_between(min(self._under_way), self._now)
            self._gaps.append(
                Gap(
                    check="pulls under way",
                    why=f"{count} pull{'s have' if count > 1 else ' has'} been going on for less than "
                    f"{self._question.slow_after} s (the oldest for {oldest} s)",
                    conclusion_lost="whether they will succeed",
                    steps=(1,),
                )
            )
        silent = [
            state
            for state in self._stuck
            if (seconds_between(state.stuck_since, self._now) or 0) >= self._question.slow_after
        ]
        if silent:
            names = ", ".join(f"{state.pod.namespace}/{state.pod.name}" for state in silent[:3])
            more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
            self._gaps.append(
                Gap(
                    check=f"pods that do not start: {names}{more}",
                    why="neither status nor events tell of an image, and the node is ready",
                    conclusion_lost="whether they wait for an image, a volume or the network",
                    steps=(1, 2),
                )
            )

    def _counted(self, nodes: list[NodeFact], owners: Owners) -> Summary:
        summary, failures = self._summary, self._failures
        summary.failing_containers = len(failures)
        summary.failing_pods = len({failure.pod_uid for failure in failures})
        summary.namespaces = len({failure.namespace for failure in failures})
        summary.nodes = len(nodes)
        summary.workloads = len(owners.workloads)
        summary.images = len({failure.image for failure in failures if failure.image})
        summary.pulls_under_way = len(self._under_way)
        return summary


def _events_of(events: PodEvents, uid: str, static_uid: str, namespace: str, name: str) -> list[EventFact]:
    return events.of(uid, static_uid, f"{namespace}/{name}")


def _with_owners(failure: PullFailure, owners: Owners) -> PullFailure:
    if failure.owner is None:
        return failure
    path: tuple[object, ...] = owners.chains.get(key_of(failure.namespace, failure.owner), ()) or (
        failure.owner,
    )
    return dataclasses.replace(failure, owner=path[-1], owner_path=path)  # type: ignore[arg-type]


def _advised(error: errors.ClusterError, namespace: str) -> str:
    if not isinstance(error, errors.Forbidden):
        return error.message
    where = f"in namespace {namespace}" if namespace else "of all namespaces"
    way = (
        ""
        if namespace
        else "name the namespaces it may read (image_pull_namespaces, module option namespaces), or "
    )
    return f"this account may not list pods {where}: {way}grant it docs/rbac/image-pull-reader.yaml"
