# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For pods that want images: the credentials that count, and what the registry says to each."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
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
MOST_NAMESPACES = 20
"""Namespaces whose other pull Secrets are looked at, and names that are looked for in other namespaces."""
MOST_CANDIDATES = 3
"""Credentials of one image that no pod is given and that are tried all the same, as proof of a fix."""
MOST_TAG_LISTS = 40


class Looked(NamedTuple):
    """What came of a look. ``answers`` hold each image and credential once, whoever names them."""

    checks: list[CredentialCheck]
    answers: list[RegistryAnswer]
    tags: list[TagList]
    gaps: list[Gap]


class PullChecker:
    """Reads Secrets of one cluster and asks registries with them.

    ``cluster`` None: Secrets are not read, and everything is asked anonymously. Nothing new is begun after
    ``seconds``. ``accounts`` are ServiceAccounts that were read before. ``look_around``: where the credentials do
    not do, other Secrets of the namespace, and those of the same name elsewhere, are looked at and tried.
    """

    def __init__(
        self,
        cluster: Client | None,
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

    def look(self, pulls: Sequence[PodPull]) -> Looked:
        """Look at ``pulls``; those that differ in nothing that matters count once. Raises nothing for a fault of the
        cluster or a registry: what could not be looked at is a gap."""
        self._gaps = []
        asker = Asker(self._registry, self._seconds)
        wanted = self._capped(distinct(pulls))
        self._read(wanted)
        looked = [(pull, self._check(pull)) for pull in wanted]
        trials = [_trial(pull, checked) for pull, checked in looked]
        asked = [trial for trial, (_pull, checked) in zip(trials, looked, strict=True) if checked.checks]
        asker.try_logins(asked)
        asker.try_anonymously(trial for trial in asked if not trial.found and not trial.unreached)
        if self._look_around and self._reader:
            looked, candidates = self._around(looked, trials)
            asker.try_logins(candidates)
            trials += candidates
        tags, left_out = asker.near_tags(trials, MOST_TAG_LISTS)
        self._gaps += gaps.of_asking(asked, left_out)
        self._gaps += gaps.of_secrets(one for _pull, checked in looked for one in checked.checks)
        checks = [one for _pull, checked in looked for one in checked.checks]
        return Looked(checks, _without_doubles(trials), tags, self._gaps)

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

    def _around(
        self, looked: list[tuple[PodPull, Checked]], trials: list[Trial]
    ) -> tuple[list[tuple[PodPull, Checked]], list[Trial]]:
        """Look for Secrets that would do where the registry wants a credential and got none that will."""
        result, candidates = [], []
        for (pull, checked), trial in zip(looked, trials, strict=True):
            last = trial.last
            if trial.found or last is None or last.cause not in AUTH_CAUSES:
                result.append((pull, checked))
                continue
            checked = self._check(pull, self._others(pull, checked))
            result.append((pull, checked))
            if checked.candidates:
                logins = list(checked.candidates[:MOST_CANDIDATES])
                candidates.append(Trial(pull.image, pull.platforms, logins))
        return result, candidates

    def _others(self, pull: PodPull, checked: Checked) -> list[PullSecret]:
        """Return the other pull Secrets of the namespace, and those elsewhere with the name of one that is missing."""
        assert self._reader is not None
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


def _trial(pull: PodPull, checked: Checked) -> Trial:
    return Trial(pull.image, pull.platforms, list(checked.logins))


def _without_doubles(trials: list[Trial]) -> list[RegistryAnswer]:
    return list(dict.fromkeys(answer for trial in trials for answer in trial.answers))
