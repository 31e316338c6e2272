# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods in scope and the events about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    STORED,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import (
    POD_EVENTS,
    PodEvents,
    told_event,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import in_parallel
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import PodView
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.scan import (
    PodScanner,
    Selection,
    read_pod,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact, Gap

_PULLED = "involvedObject.kind=Pod,reason=Pulled"


@dataclass(slots=True)
class Question:
    """What is asked; empty ``namespaces`` means all. ``pod`` is one pod as NAMESPACE/NAME."""

    namespaces: tuple[str, ...] = ()
    labels: str = ""
    fields: str = ""
    pod: str = ""
    slow_after: int = 300


@dataclass(slots=True)
class Scope:
    """One namespace, or all: its scanner and the events in it."""

    selection: Selection
    scanner: PodScanner
    events: PodEvents = field(default_factory=PodEvents)
    events_known: bool = True

    @property
    def pods(self) -> list[PodView]:
        """The pods that may lack an image."""
        return list(self.scanner.found.pods.values())

    def events_of(self, pod: PodView) -> list[EventFact]:
        """Return the events about ``pod`` itself: those of a deleted namesake have another UID.

        Static pods are an exception: the kubelet records their events under the hash of their manifest.
        """
        return self.events.of(pod.uid, pod.static_uid, f"{pod.namespace}/{pod.name}")


class PodReading:
    """Reads pods and events for one question. What cannot be read ends up in ``errors`` (pods) or ``gaps``."""

    def __init__(self, client: Client, question: Question) -> None:
        self._client = client
        self._question = question
        self.scopes: list[Scope] = []
        self.errors: list[str] = []
        self.gaps: list[Gap] = []

    @property
    def pods_seen(self) -> int:
        """The number of pods in scope, healthy ones included."""
        return sum(scope.scanner.found.seen for scope in self.scopes)

    def read(self, meanwhile: Callable[[], None]) -> None:
        """Read everything; ``meanwhile`` is run while the server works."""
        if self._question.pod:
            meanwhile()
            self._read_one()
        else:
            self._read_all(meanwhile)
        for scope in self.scopes:
            if scope.scanner.found.torn:
                self.gaps.append(
                    Gap(
                        check=scope.selection.title,
                        why="the list changed faster than it could be read and was continued from a newer state",
                        conclusion_lost="a pod that came or went in between may be missing",
                        steps=(1,),
                        unread=True,
                    )
                )

        if self._question.labels and not self.pods_seen and not self.errors:
            self.gaps.append(
                Gap(
                    check="pods with the labels that were asked for",
                    why=f"no pod has {self._question.labels}",
                    conclusion_lost="whether the pods that were meant have their images: a mistyped label looks alike",
                    steps=(1,),
                    unread=True,
                )
            )

    def read_pulled(self, scope: Scope) -> None:
        """Read the events about successful pulls too, which are as many as there are pods."""
        self._read_events(scope, _PULLED)

    def _read_one(self) -> None:
        namespace, _slash, name = self._question.pod.partition("/")
        selection = Selection(namespace)
        scope = Scope(selection, PodScanner(self._client, selection))
        try:
            pod = read_pod(self._client, namespace, name)
        except errors.ClusterError as error:
            self.errors.append(error.message)
            return
        scope.scanner.found.add(pod)
        scope.scanner.found.seen = 1
        self.scopes.append(scope)
        self._read_events(scope, f"involvedObject.kind=Pod,involvedObject.name={name}")

    def _read_all(self, meanwhile: Callable[[], None]) -> None:
        for namespace in self._question.namespaces or ("",):
            selection = Selection(namespace, self._question.labels, self._question.fields)
            self.scopes.append(Scope(selection, PodScanner(self._client, selection)))
        failed: dict[str, errors.ClusterError] = {}

        def pods(scope: Scope, read: Callable[[], None]) -> None:
            try:
                read()
            except errors.ClusterError as error:
                failed.setdefault(scope.selection.namespace, error)

        def first(scope: Scope) -> list[Callable[[], None]]:
            calls: list[Callable[[], None]] = [
                lambda: pods(scope, scope.scanner.read_table),
                lambda: pods(scope, scope.scanner.read_pending),
                lambda: self._read_events(scope, POD_EVENTS),
            ]
            if scope.selection.namespace:
                calls.append(lambda: pods(scope, lambda: self._check_namespace(scope)))
            return calls

        def second(scope: Scope) -> Callable[[], None]:
            return lambda: pods(scope, lambda: scope.scanner.read_rest(scope.events))

        in_parallel([call for scope in self.scopes for call in first(scope)], meanwhile)
        in_parallel([second(scope) for scope in self.scopes if scope.selection.namespace not in failed])
        self.errors += [_advised(error, namespace) for namespace, error in failed.items()]

    def _check_namespace(self, scope: Scope) -> None:
        """A list in a namespace that does not exist is empty, which must not look like health."""
        namespace = scope.selection.namespace
        try:
            self._client.get(namespaced("/api/v1", "", "namespaces", namespace), f"the namespace {namespace}")
        except errors.NotFound:
            raise errors.NotFound(
                f"there is no namespace {namespace}: check the name and the context"
            ) from None
        except errors.Forbidden:
            lost = "a mistyped namespace would look like one without failing pods"
            self.gaps.append(Gap(f"namespace {namespace} exists", "no right to get namespaces", lost, (1,)))

    def _read_events(self, scope: Scope, fields: str) -> None:
        namespace = scope.selection.namespace
        where = f"the events in namespace {namespace}" if namespace else "the events of all namespaces"
        path = namespaced("/api/v1", namespace, "events")
        # The server reads all events to find these, so more in one answer costs it less.
        params = {"fieldSelector": fields, "limit": "2000"}
        try:
            listing = self._client.read_list(path, where, told_event, params=params, origin=STORED)
        except errors.ClusterError as error:
            scope.events_known = False
            lost = "exact errors on kubelets before 1.32, sandbox and ephemeral container failures, tries"
            self.gaps.append(Gap(where, error.message, lost, (1, 2), unread=fields != _PULLED))
            return
        for told in listing.items:
            scope.events.add(told)


def _advised(error: errors.ClusterError, namespace: str) -> str:
    if not isinstance(error, errors.Forbidden):
        return error.message
    where = f"in namespace {namespace}" if namespace else "of all namespaces"
    way = (
        ""
        if namespace
        else "name the namespaces it may read (image_pull_namespaces, module option namespaces), or "
    )
    return (
        f"forbidden: this account may not list pods {where}: {way}grant it docs/rbac/image-pull-reader.yaml"
    )
