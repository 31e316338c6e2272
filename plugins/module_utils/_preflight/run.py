# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole preflight: what would be deployed, what cluster and registries say, and a verdict for each workload."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import read_identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    Platform,
    PreflightReport,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.applied import (
    AppliedCluster,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.asking import (
    Admission,
    Answers,
    ask,
    key_of,
    pull_of,
    read_admission,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.findings import names_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.judging import (
    Place,
    judge_container,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.live import read_workloads
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import (
    ApiObject,
    Manifests,
    read_manifests,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import (
    NodeView,
    read_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    OPEN,
    Outcome,
    outcome_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.placement import (
    Scheduler,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.room import (
    Rooms,
    read_rooms,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import (
    Text,
    read_paths,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.summing_up import (
    Judged,
    Seen,
    sum_up,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.templates import (
    TemplatePath,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import (
    Collected,
    Workload,
    collect,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be checked.

    ``paths`` and ``texts`` hold manifests; ``live`` asks for what is in the cluster, in ``namespaces`` (none: all) with
    ``labels``. ``namespace`` is that of manifests which name none. ``platforms`` stand in for nodes that cannot be
    read. ``size_factor``: how much more room an image takes than its compressed size. ``known_names`` are names of
    images that a mistyped one may stand for.
    """

    paths: tuple[str, ...] = ()
    texts: tuple[Text, ...] = field(default=(), repr=False)
    live: bool = False
    namespaces: tuple[str, ...] = ()
    labels: str = ""
    namespace: str = "default"
    templates: tuple[TemplatePath, ...] = ()
    platforms: tuple[Platform, ...] = ()
    size_factor: float = 3.0
    check_room: bool = True
    cluster_name: str = ""
    known_names: tuple[str, ...] = ()


def preflight(
    request: Request, client: Client | None, registry: RegistryClient, say: Say, seconds: float
) -> PreflightReport:
    """Return the report. Raises nothing for cluster, registries or manifests: what failed is in the report."""
    run = _Run(request, client, registry, say, seconds)
    return run.report()


class _Run:
    def __init__(
        self, request: Request, client: Client | None, registry: RegistryClient, say: Say, seconds: float
    ) -> None:
        self._request = request
        self._client = client
        self._registry = registry
        self._say = say
        self._end = time.monotonic() + seconds
        self._begun = time.monotonic()
        self._places: dict[int, Place] = {}
        self._seen = Seen(
            cluster=ClusterFact(request.cluster_name, client.connection.server if client else ""),
            namespaces=request.namespaces if request.live else (),
            labels=request.labels,
            known_names=set(request.known_names),
        )

    def report(self) -> PreflightReport:
        manifests = self._read_manifests()
        self._identify()
        collected = self._collect(manifests)
        nodes = self._read_nodes()
        cluster = AppliedCluster(self._client, manifests)
        admission = read_admission(cluster, collected.workloads)
        answers = self._ask(collected.workloads, cluster, admission, nodes)
        scheduler = Scheduler(nodes)
        self._providers = frozenset(node.provider for node in nodes if node.provider)
        judged = [self._judge(one, admission, answers, scheduler) for one in collected.workloads]
        rooms = self._read_rooms(judged)
        self._seen.took = time.monotonic() - self._begun
        self._seen.api_requests = self._client.requests if self._client else 0
        return sum_up(judged, self._seen, rooms, self._request.size_factor)

    def _read_manifests(self) -> Manifests:
        texts, problems = read_paths(self._request.paths)
        manifests = read_manifests([*texts, *self._request.texts], self._request.namespace)
        self._seen.problems += [str(one) for one in (*problems, *manifests.problems)]
        self._seen.skipped = manifests.skipped
        return manifests

    def _identify(self) -> None:
        if self._client is None:
            self._seen.no_cluster = True
            return
        try:
            self._seen.cluster = read_identity(self._client, self._request.cluster_name)
        except errors.ClusterError as error:
            self._seen.error = error.message
            self._client = None

    def _collect(self, manifests: Manifests) -> Collected:
        found: list[ApiObject] = list(manifests.objects)
        if self._request.live and self._client is not None:
            live = read_workloads(self._client, self._request.namespaces, self._request.labels)
            self._seen.gaps += live.gaps
            self._seen.error = self._seen.error or next(iter(live.errors), None)
            found += live.objects
        collected = collect(found, self._request.templates)
        self._seen.problems += [str(one) for one in collected.problems]
        self._seen.unread_templates = collected.unread
        return collected

    def _read_nodes(self) -> list[NodeView]:
        if self._client is None:
            self._seen.nodes_why_not = self._seen.error or "no cluster was asked"
            return []
        try:
            nodes = read_nodes(self._client)
            self._seen.known_names |= {
                names_of(image)[1] for image in {one for node in nodes for one in node.images}
            }
            return nodes
        except errors.ClusterError as error:
            self._seen.nodes_why_not = error.message
            return []

    def _ask(
        self,
        workloads: Sequence[Workload],
        cluster: AppliedCluster,
        admission: Admission,
        nodes: Sequence[NodeView],
    ) -> Answers:
        platforms = tuple(dict.fromkeys(node.platform for node in nodes)) or self._request.platforms
        self._platforms = platforms
        pulls = [
            pull_of(workload, container.image, admission, platforms)
            for workload in workloads
            for container in workload.containers
        ]
        images = {pull.image for pull in pulls}
        self._say(f"asking for {plural(len(images), 'image')} of {plural(len(workloads), 'workload')}")
        answers = ask(pulls, cluster, self._registry, admission, max(self._end - time.monotonic(), 1.0))
        self._seen.gaps += answers.gaps
        self._seen.registry_requests = answers.requests
        return answers

    def _place(self, nodes: Sequence[NodeView], unknown: bool) -> Place:
        """Return the place that these nodes are, the same object for the same list."""
        if id(nodes) not in self._places:
            platforms = self._request.platforms if unknown else ()
            self._places[id(nodes)] = Place(nodes, platforms, self._seen.nodes_why_not)
        return self._places[id(nodes)]

    def _judge(
        self, workload: Workload, admission: Admission, answers: Answers, scheduler: Scheduler
    ) -> Judged:
        nodes = scheduler.nodes
        place = self._place(scheduler.nodes_for(workload.spec, workload.kind), not nodes)
        outcomes = []
        for container in workload.containers:
            looked = answers.looked.get(
                key_of(pull_of(workload, container.image, admission, self._platforms))
            )
            if looked is None:
                outcomes.append(Outcome(OPEN, "the registry was not asked"))
                continue
            looked.account_unread = admission.unread(workload)
            outcomes.append(outcome_of(looked, self._providers))
        verdicts = [
            judge_container(container, outcome, place)
            for container, outcome in zip(workload.containers, outcomes, strict=True)
        ]
        missing = admission.missing(workload)
        if missing:
            note = f"the ServiceAccount {missing} does not exist: no pod can be made until it does"
            verdicts = [dataclasses.replace(one, notes=(*one.notes, note)) for one in verdicts]
        return Judged(workload, verdicts, outcomes, place)

    def _read_rooms(self, judged: Sequence[Judged]) -> Rooms:
        if not self._request.check_room or self._client is None:
            why = self._seen.nodes_why_not if self._client is None else "switched off"
            return Rooms({}, why or "the nodes could not be read")
        wanted = dict.fromkeys(
            node.name
            for one in judged
            if any(verdict.size_bytes for verdict in one.containers)
            for node in one.place.nodes
            if node.ready
        )
        return read_rooms(self._client, list(wanted))
