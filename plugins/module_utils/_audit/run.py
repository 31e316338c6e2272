# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole audit: what runs, what its registries say of it today, and what that means for tomorrow."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.inventory import (
    Running,
    read_cron_jobs,
    read_inventory,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.risks import (
    Limits,
    Risk,
    Use,
    certificate_risks,
    hub_risks,
    risks_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.telling import (
    finding_of,
    image_state,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import read_identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    is_image_ref,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AuditFinding,
    AuditReport,
    ClusterFact,
    Gap,
    ImageState,
    NotChecked,
    Platform,
    Scope,
    Stats,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.applied import (
    AppliedCluster,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.asking import (
    Admission,
    ask,
    key_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.manifests import Manifests
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import (
    NodeView,
    read_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    OPEN,
    Outcome,
    outcome_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural

SCHEMA_VERSION = 1
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What is to be audited; days as in Limits."""

    namespaces: tuple[str, ...] = ()
    labels: str = ""
    days: int = 30
    credential_days: int = 7
    cluster_name: str = ""


@dataclass(slots=True)
class _Seen:
    cluster: ClusterFact
    error: str | None = None
    gaps: list[Gap] = field(default_factory=list)
    requests: int = 0


def audit(
    request: AuditRequest, client: Client, registry: RegistryClient, say: Say, seconds: float
) -> AuditReport:
    """Return the report. Raises nothing for cluster or registries: what failed is in the report."""
    began = time.monotonic()
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    seen = _Seen(ClusterFact(request.cluster_name, client.connection.server))
    containers, nodes = _look(request, client, seen)
    uses = _ask(
        containers, nodes, client, registry, seen, say, max(seconds - (time.monotonic() - began), 1.0)
    )
    limits = Limits(now, request.days, request.credential_days)
    risks = [risk for use in uses for risk in risks_of(use, len(nodes), limits)]
    risks += [*certificate_risks(uses, limits), *hub_risks(uses)]
    findings = _findings(risks, seen.cluster)
    images = _images(uses, risks)
    unread = any(gap.unread for gap in seen.gaps)
    whole = not (seen.error or unread or any(image.status == "not_checked" for image in images))
    verdict = "failing" if findings else "healthy" if whole else "unknown"
    return AuditReport(
        schema_version=SCHEMA_VERSION,
        kind="audit",
        cluster=seen.cluster,
        scope=Scope(namespaces=request.namespaces, label_selector=request.labels or None, complete=whole),
        observed_at=now,
        verdict=verdict,
        findings=findings,
        checklist=(),
        not_checked=tuple(NotChecked(gap.check, gap.why, gap.conclusion_lost) for gap in seen.gaps),
        stats=Stats(client.requests, seen.requests, {"audit": round(time.monotonic() - began, 3)}),
        error=seen.error,
        images=images,
    )


def _look(request: AuditRequest, client: Client, seen: _Seen) -> tuple[list[Running], list[NodeView]]:
    try:
        seen.cluster = read_identity(client, request.cluster_name)
    except errors.ClusterError as error:
        seen.error = error.message
        return [], []
    inventory = read_inventory(client, request.namespaces, request.labels)
    if inventory.error is None:
        cluster = AppliedCluster(client, Manifests())
        read_cron_jobs(client, cluster, request.namespaces, request.labels, inventory)
    seen.error = inventory.error
    seen.gaps += inventory.gaps
    try:
        return inventory.containers, read_nodes(client)
    except errors.ClusterError as error:
        lost = "which images lie on one node only, and for which platforms images must be"
        seen.gaps.append(Gap("the nodes", error.message, lost))
        return inventory.containers, []


def _ask(
    containers: Sequence[Running],
    nodes: Sequence[NodeView],
    client: Client,
    registry: RegistryClient,
    seen: _Seen,
    say: Say,
    seconds: float,
) -> list[Use]:
    """Ask for each image with each set of credentials once, and return what comes of it, with who runs it."""
    platforms = tuple(dict.fromkeys(node.platform for node in nodes))
    by_pull: dict[tuple[str, str, tuple[str, ...], str], list[Running]] = {}
    pulls: dict[tuple[str, str, tuple[str, ...], str], PodPull] = {}
    for one in containers:
        if not is_image_ref(one.image):
            continue
        pull = _pull(one, platforms)
        by_pull.setdefault(key_of(pull), []).append(one)
        known = pulls.setdefault(key_of(pull), pull)
        if one.created_at and (not known.created_at or one.created_at < known.created_at):
            pulls[key_of(pull)] = pull
    images = {pull.image for pull in pulls.values()}
    say(f"asking for {plural(len(images), 'image')} of {plural(len(containers), 'container')}")
    cluster = AppliedCluster(client, Manifests())
    answers = ask(list(pulls.values()), cluster, registry, Admission({}), seconds)
    seen.gaps += answers.gaps
    seen.requests = answers.requests
    providers = frozenset(node.provider for node in nodes if node.provider)
    held = _held(images, nodes)
    silent = [node for node in nodes if not node.all_images]
    found = []
    for key, members in by_pull.items():
        looked = answers.looked.get(key)
        outcome = outcome_of(looked, providers) if looked else Outcome(OPEN, "the registry was not asked")
        image = members[0].image
        canonical = parse_image_ref(image).canonical
        unclear = sum(node.holds(canonical) is None for node in silent)
        found.append(Use(image, members, outcome, held[image], unclear))
    return found


def _pull(one: Running, platforms: tuple[Platform, ...]) -> PodPull:
    return PodPull(
        one.namespace, one.image, one.pull_secrets, one.service_account, one.created_at, platforms=platforms
    )


def _held(images: Iterable[str], nodes: Sequence[NodeView]) -> dict[str, int]:
    """Return on how many nodes each image lies, as far as the kubelets report it."""
    counts = Counter(name for node in nodes for name in node.images)
    return {image: counts[parse_image_ref(image).canonical] for image in images}


def _findings(risks: Sequence[Risk], cluster: ClusterFact) -> tuple[AuditFinding, ...]:
    """Join risks of the same kind about the same thing, and put those that stop pulls first."""
    joined: dict[tuple[str, str], Risk] = {}
    for risk in risks:
        key = (risk.risk, risk.subject)
        known = joined.get(key)
        joined[key] = dataclasses.replace(known, uses=(*known.uses, *risk.uses)) if known else risk
    found = [finding_of(risk, cluster.uid or cluster.server) for risk in joined.values()]
    return tuple(
        sorted(
            found, key=lambda one: (_ORDER.index(one.risk), one.by or "", -one.blast_radius.pods, one.title)
        )
    )


_ORDER = (
    "image_gone",
    "credential_invalid",
    "not_pullable",
    "cached_on_one_node",
    "credential_expiring",
    "certificate_expiring",
    "rate_limit",
    "registry_shut_down",
    "tag_moved",
)


def _images(uses: Sequence[Use], risks: Sequence[Risk]) -> tuple[ImageState, ...]:
    by_image: dict[str, list[Use]] = {}
    for use in uses:
        by_image.setdefault(use.image, []).append(use)
    named: dict[str, list[str]] = {}
    for risk in risks:
        for use in risk.uses:
            named.setdefault(use.image, []).append(risk.risk)
    return tuple(
        image_state(image, members, tuple(dict.fromkeys(named.get(image, ()))))
        for image, members in sorted(by_image.items())
    )
