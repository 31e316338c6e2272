# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For pods that want images: the credentials that count, and what the registry says to each."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Reads
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.secrets import (
    read_service_accounts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import (
    MISSING,
    Checked,
    PodPull,
    PullSecret,
    check,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    Gap,
    RegistryAnswer,
    ServiceAccountFact,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import gaps
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.asking import (
    AUTH_CAUSES,
    Asker,
    Registry,
    Trial,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.reading import (
    SecretReader,
)

MOST_PULLS = 1000
MOST_OBJECTS = 300
"""Secrets and ServiceAccounts that are read by name, each."""
MOST_HOSTS_AT_ONCE = 32
MOST_LOGINS = 10
"""Credentials of one image that are tried: a registry may lock out who tries more."""
MOST_CANDIDATES = 3
"""Credentials of one image that no pod is given and that are tried all the same, as proof of a fix."""
MOST_TAG_LISTS = 40


class Looked(NamedTuple):
    """What came of a look. ``answers`` hold each image and credential once, whoever names them."""

    checks: list[CredentialCheck]
    answers: list[RegistryAnswer]
    tags: list[TagList]
    gaps: list[Gap]


class _Visit:
    """One pull on its way through the look."""

    def __init__(self, pull: PodPull, checked: Checked) -> None:
        self.pull = pull
        self.checked = checked
        self.trial = Trial(pull.image, pull.platforms, list(checked.logins[:MOST_LOGINS]))
        self.candidates: Trial | None = None


class PullChecker:
    """Reads Secrets of one cluster and asks registries with them.

    ``cluster`` None: Secrets are not read, and everything is asked anonymously. Nothing new is begun ``seconds`` after
    the first look began. ``accounts`` are ServiceAccounts that were read before. ``look_around``: where the
    credentials do not do, other Secrets of the namespace, and those of the same name elsewhere, are looked at and
    tried.
    """

    def __init__(
        self,
        cluster: Reads | None,
        registry: Registry,
        *,
        seconds: float = 30.0,
        accounts: Iterable[ServiceAccountFact] = (),
        look_around: bool = True,
        now: str = "",
    ) -> None:
        self._cluster = cluster
        self._reader = SecretReader(cluster) if cluster else None
        self._registry = registry
        self._seconds = seconds
        self._accounts = {(fact.namespace, fact.name): fact for fact in accounts}
        self._look_around = look_around
        self._now = now or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._gaps: list[Gap] = []
        self._lock = threading.Lock()
        self._end = 0.0

    def look(self, pulls: Sequence[PodPull]) -> Looked:
        """Look at ``pulls``; those that differ in nothing that matters count once. Raises nothing for a fault of the
        cluster or a registry: what could not be looked at is a gap."""
        self._gaps = []
        # Of all looks together: who asks in portions waits no longer.
        self._end = self._end or time.monotonic() + self._seconds
        wanted = self._capped(distinct(pulls))
        self._read(wanted)
        visits = self._checked(wanted)
        by_host: dict[str, list[_Visit]] = defaultdict(list)
        for visit in visits:
            by_host[_host_of(visit)].append(visit)
        unreadable = by_host.pop("", [])
        lists = list(self._at_hosts(list(by_host.values())))
        visits = [visit for host in by_host.values() for visit in host]
        self._gaps += gaps.of_asking([visit.trial for visit in visits], sum(left for _tags, left in lists))
        checks = [one for visit in (*visits, *unreadable) for one in visit.checked.checks]
        self._gaps += gaps.of_secrets(checks)
        return Looked(
            checks, _without_doubles(visits), [tag for tags, _left in lists for tag in tags], self._gaps
        )

    def _checked(self, pulls: list[PodPull]) -> list[_Visit]:
        visits: list[_Visit] = []
        for pull in pulls:
            if visits and time.monotonic() >= self._end:
                self._gaps.append(gaps.of_too_many(len(pulls), len(visits)))
                break
            visits.append(_Visit(pull, self._check(pull)))
        crowded = sum(len(visit.checked.logins) > MOST_LOGINS for visit in visits)
        if crowded:
            self._gaps.append(gaps.of_many_credentials(crowded, MOST_LOGINS))
        return visits

    def _at_hosts(self, hosts: list[list[_Visit]]) -> list[tuple[list[TagList], int]]:
        """Visit all hosts side by side, so that a dead one delays itself alone."""
        if not hosts:
            return []
        with ThreadPoolExecutor(min(len(hosts), MOST_HOSTS_AT_ONCE)) as threads:
            return list(threads.map(self._at_host, hosts))

    def _at_host(self, visits: list[_Visit]) -> tuple[list[TagList], int]:
        """Ask one registry all there is to ask; return the tag lists, and how many there was no time for."""
        asker = Asker(self._registry, self._end)
        trials = [visit.trial for visit in visits]
        asker.try_logins(trials)
        asker.try_anonymously([trial for trial in trials if not trial.found and not trial.unreached])
        if self._look_around and self._reader:
            for visit in visits:
                self._look_around_for(visit)
            asker.try_logins([visit.candidates for visit in visits if visit.candidates])
        found = [visit.candidates for visit in visits if visit.candidates and visit.candidates.found]
        return asker.near_tags([*trials, *found], MOST_TAG_LISTS)

    def _capped(self, pulls: list[PodPull]) -> list[PodPull]:
        if len(pulls) > MOST_PULLS:
            self._gaps.append(gaps.of_too_many(len(pulls), MOST_PULLS))
        return pulls[:MOST_PULLS]

    def _read(self, pulls: list[PodPull]) -> None:
        """Read the Secrets that pods name, their ServiceAccounts, and the Secrets that only those name."""
        if self._cluster is None or self._reader is None:
            return
        accounts = {(pull.namespace, pull.service_account) for pull in pulls if pull.service_account}
        unread = sorted(accounts - self._accounts.keys())[:MOST_OBJECTS]
        for fact in read_service_accounts(self._cluster, unread):
            self._accounts[(fact.namespace, fact.name)] = fact
        named = {(pull.namespace, name) for pull in pulls for name in pull.pull_secrets if name}
        named |= {
            (key[0], name)
            for key in accounts & self._accounts.keys()
            for name in self._accounts[key].pull_secrets
            if name
        }
        self._reader.read(sorted(named)[:MOST_OBJECTS])

    def _check(self, pull: PodPull, others: Sequence[PullSecret] = ()) -> Checked:
        account = self._accounts.get((pull.namespace, pull.service_account))
        names = {*pull.pull_secrets, *(account.pull_secrets if account else ())} - {""}
        if self._reader:
            found = {name: self._reader.get(pull.namespace, name) for name in names}
        else:
            found = dict.fromkeys(names, "not read: no cluster was asked")
        return check(pull, found, account, others, self._now)

    def _look_around_for(self, visit: _Visit) -> None:
        """Look for Secrets that would do where the registry wants a credential and got none that will."""
        last = visit.trial.last
        if visit.trial.found or last is None or last.cause not in AUTH_CAUSES:
            return
        visit.checked = self._check(visit.pull, self._others(visit.pull, visit.checked))
        logins = list(visit.checked.candidates[:MOST_CANDIDATES])
        if logins:
            visit.candidates = Trial(visit.pull.image, visit.pull.platforms, logins)

    def _others(self, pull: PodPull, checked: Checked) -> list[PullSecret]:
        """Return the other pull Secrets of the namespace, and those elsewhere with the name of one that is missing."""
        if self._reader is None:
            return []
        lists = [self._reader.list_namespace(pull.namespace)]
        for one in checked.checks:
            if one.state == MISSING and one.credential is not None:
                lists.append(self._reader.list_named(one.credential.secret))
        found: list[PullSecret] = []
        for secrets in lists:
            if isinstance(secrets, str):
                self._note_unlisted(secrets)
            else:
                found += secrets
        return found

    def _note_unlisted(self, why: str) -> None:
        gap = gaps.of_other_secrets(why)
        with self._lock:
            if all(known.check != gap.check for known in self._gaps):
                self._gaps.append(gap)


def distinct(pulls: Iterable[PodPull]) -> list[PodPull]:
    """Return ``pulls`` without those that differ only in when they were made; the oldest stands for all."""
    found: dict[tuple[object, ...], PodPull] = {}
    for pull in pulls:
        key = (pull.namespace, pull.image, pull.pull_secrets, pull.service_account, pull.platforms)
        known = found.get(key)
        if known is None:
            found[key] = pull
        elif known.created_at and pull.created_at and pull.created_at < known.created_at:
            found[key] = dataclasses.replace(known, created_at=pull.created_at)
    return list(found.values())


def _host_of(visit: _Visit) -> str:
    """Return the registry; empty where the reference cannot be read, so that nothing is asked."""
    try:
        return parse_image_ref(visit.pull.image).name.partition("/")[0]
    except ImageRefError:
        return ""


def _without_doubles(visits: list[_Visit]) -> list[RegistryAnswer]:
    trials = [trial for visit in visits for trial in (visit.trial, visit.candidates) if trial]
    return list(dict.fromkeys(answer for trial in trials for answer in trial.answers))
