# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for the images of many workloads: each image with each set of credentials once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.secrets import (
    read_service_accounts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import is_image_ref
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    Gap,
    Platform,
    RegistryAnswer,
    ServiceAccountFact,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.applied import (
    AppliedCluster,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import Looked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.workloads import Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import PullChecker
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)

MOST_PULLS_AT_ONCE = 500
MOST_OBJECTS_AT_ONCE = 150
"""A PullChecker reads a bounded number of Secrets and ServiceAccounts for each look."""

Key = tuple[str, str, tuple[str, ...], str]
_UNREAD = ("forbidden", "unreadable")


@dataclass(slots=True)
class Answers:
    """What was found out, by pull."""

    looked: dict[Key, Looked] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    requests: int = 0


@dataclass(slots=True)
class Admission:
    """Which pull Secrets and ServiceAccount pods get (admission plugin ServiceAccount)."""

    accounts: Mapping[tuple[str, str], ServiceAccountFact]

    def secrets_of(self, workload: Workload) -> tuple[str, ...]:
        """Return the pull Secrets: the pod's own, or where it has none those of its ServiceAccount, as they are now."""
        if workload.pull_secrets or workload.admitted or workload.static:
            return workload.pull_secrets
        account = self.accounts.get((workload.namespace, workload.service_account))
        return tuple(name for name in account.pull_secrets if name) if account is not None else ()

    def unread(self, workload: Workload) -> str:
        """Return which ServiceAccount could not be read although it may bring pull Secrets; empty where none."""
        account = self.accounts.get((workload.namespace, workload.service_account))
        if workload.pull_secrets or workload.admitted or account is None or account.state not in _UNREAD:
            return ""
        return f"{account.namespace}/{account.name}"

    def missing(self, workload: Workload) -> str:
        """Return the ServiceAccount without which no pod can be made; empty where it is there, or not known."""
        account = self.accounts.get((workload.namespace, workload.service_account))
        if account is None or account.state != "absent" or workload.service_account == "default":
            return ""
        return f"{account.namespace}/{account.name}"


def read_admission(cluster: AppliedCluster, workloads: Iterable[Workload]) -> Admission:
    """Read the ServiceAccounts of ``workloads``. Nothing raises: what cannot be read has a state."""
    wanted = sorted({(one.namespace, one.service_account) for one in workloads if not one.static})
    facts = read_service_accounts(cluster, wanted)
    return Admission({(fact.namespace, fact.name): fact for fact in facts})


def pull_of(workload: Workload, image: str, admission: Admission, platforms: tuple[Platform, ...]) -> PodPull:
    """Return what a container of ``workload`` asks for."""
    return PodPull(
        namespace=workload.namespace,
        image=image,
        pull_secrets=admission.secrets_of(workload),
        service_account="" if workload.static else workload.service_account,
        created_at=workload.admitted,
        platforms=platforms,
    )


def key_of(pull: PodPull) -> Key:
    """Return what credentials and answers of a pull are found by."""
    return pull.namespace, pull.image, pull.pull_secrets, pull.service_account


def ask(
    pulls: Sequence[PodPull],
    cluster: AppliedCluster,
    registry: RegistryClient,
    admission: Admission,
    seconds: float,
) -> Answers:
    """Ask for every pull. Nothing raises: what was not asked has no answer, and gaps say why."""
    checker = PullChecker(cluster, registry, seconds=seconds, accounts=admission.accounts.values())
    found = Answers()
    wanted = {key_of(pull): pull for pull in pulls if is_image_ref(pull.image)}
    for batch in _batches(sorted(wanted.values(), key=key_of)):
        checks, answers, tags, gaps = checker.look(batch)
        _file(found, batch, checks, answers, tags)
        found.gaps += [gap for gap in gaps if gap not in found.gaps]
    return found


def _batches(pulls: Sequence[PodPull]) -> Iterator[list[PodPull]]:
    batch: list[PodPull] = []
    objects: set[tuple[str, str]] = set()
    for pull in pulls:
        more = {(pull.namespace, name) for name in (*pull.pull_secrets, f"account:{pull.service_account}")}
        if batch and (len(batch) >= MOST_PULLS_AT_ONCE or len(objects | more) > MOST_OBJECTS_AT_ONCE):
            yield batch
            batch, objects = [], set()
        batch.append(pull)
        objects |= more
    if batch:
        yield batch


def _file(
    found: Answers,
    batch: Sequence[PodPull],
    checks: Sequence[CredentialCheck],
    answers: Sequence[RegistryAnswer],
    tags: Sequence[TagList],
) -> None:
    """Put what came back to the pulls that it is about."""
    by_pull: dict[Key, list[CredentialCheck]] = {}
    for check in checks:
        key = (check.namespace, check.image, check.pull_secrets, check.service_account)
        by_pull.setdefault(key, []).append(check)
    by_image: dict[str, dict[CredentialRef | None, RegistryAnswer]] = {}
    for answer in answers:
        by_image.setdefault(answer.image, {}).setdefault(answer.credential, answer)
        found.requests += answer.requests
    near = {(one.registry, one.repository, one.asked_for): one for one in tags}
    for pull in batch:
        key = key_of(pull)
        given = by_image.get(pull.image, {})
        looked = Looked(pull, tuple(by_pull.get(key, ())), dict(given))
        looked.tags = next(
            (
                near[place]
                for answer in given.values()
                if (place := (answer.registry, answer.repository, answer.tag)) in near
            ),
            None,
        )
        found.looked[key] = looked
