# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the registry: one login after the other until one has the image, each question once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialRef,
    Login,
    Platform,
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Question

EARLY_HOPS = ("dns", "tcp", "tls", "proxy")
"""Where a host cannot be reached, another login changes nothing."""
AUTH_CAUSES = ("auth_missing", "auth_invalid", "auth_forbidden", "repository_not_found_or_private")
NAME_CAUSES = ("tag_not_found", "repository_not_found", "repository_not_found_or_private")


class Registry(Protocol):
    """What is needed of ``_registry.Client``."""

    def ask(self, questions: Sequence[Question]) -> list[RegistryAnswer]:
        """Return one answer for each question, in their order."""

    def near_tags(self, image: str, login: Login | None = None) -> TagList:
        """Return the tags that are near to the one that the image names."""


@dataclass(slots=True)
class Trial:
    """One image with the logins to try in order; ``answers`` are what came of them, without doubles."""

    image: str
    platforms: tuple[Platform, ...]
    logins: list[Login]
    answers: list[RegistryAnswer] = field(default_factory=list)

    @property
    def last(self) -> RegistryAnswer | None:
        """The answer that ended it so far."""
        return self.answers[-1] if self.answers else None

    @property
    def found(self) -> bool:
        """Whether some login, or none, has the image."""
        return any(answer.outcome == "found" for answer in self.answers)

    @property
    def unreached(self) -> bool:
        """Whether the registry could not be reached, or was not asked."""
        last = self.last
        return last is not None and (last.hop in EARLY_HOPS or last.outcome == "not_asked")


Asked = tuple[str, tuple[Platform, ...], str, str]


class Asker:
    """Asks one registry for Trials in rounds; nothing is begun after ``end`` (monotonic time).

    The same image with the same credential is asked for once, whoever names it.
    """

    def __init__(self, registry: Registry, end: float) -> None:
        self._registry = registry
        self._end = end
        self._answers: dict[Asked, RegistryAnswer] = {}

    @property
    def out_of_time(self) -> bool:
        """Whether nothing more should be begun."""
        return time.monotonic() >= self._end

    def try_logins(self, trials: Sequence[Trial]) -> None:
        """Ask with each login of each trial, in order, until one is found or the registry cannot be reached."""
        waiting = [trial for trial in trials if trial.logins]
        position = 0
        while waiting and not self.out_of_time:
            self._ask([(trial, trial.logins[position]) for trial in waiting])
            position += 1
            waiting = [
                trial
                for trial in waiting
                if not trial.found and not trial.unreached and len(trial.logins) > position
            ]

    def try_anonymously(self, trials: Sequence[Trial]) -> None:
        """Ask without any credential."""
        if not self.out_of_time:
            self._ask([(trial, None) for trial in trials])

    def _ask(self, wanted: list[tuple[Trial, Login | None]]) -> None:
        questions: dict[Asked, Question] = {}
        for trial, login in wanted:
            key = _key(trial, login)
            if key not in self._answers:
                questions.setdefault(key, Question(trial.image, _usable(login), trial.platforms))
        given = self._registry.ask(list(questions.values())) if questions else []
        for key, answer in zip(questions, given, strict=True):
            self._answers[key] = answer
        for trial, login in wanted:
            ref = login.ref if login else None
            trial.answers.append(dataclasses.replace(self._answers[_key(trial, login)], credential=ref))

    def near_tags(self, trials: Iterable[Trial], most: int) -> tuple[list[TagList], int]:
        """Return the tag lists for images whose name is in doubt, and how many were left out."""
        by_image: dict[str, Login | None] = {}
        for trial in trials:
            doubtful = next((one for one in trial.answers if one.cause in NAME_CAUSES), None)
            if doubtful is not None and not trial.found:
                by_image.setdefault(trial.image, _lister(trial))
        wanted = list(by_image.items())
        if self.out_of_time:
            return [], len(wanted)

        def look(one: tuple[str, Login | None]) -> TagList | None:
            image, login = one
            return None if self.out_of_time else self._registry.near_tags(image, login)

        lists = [found for found in map_in_parallel(look, wanted[:most]) if found is not None]
        return lists, len(wanted) - len(lists)


def _key(trial: Trial, login: Login | None) -> Asked:
    usable = _usable(login)
    if usable is None:
        return trial.image, trial.platforms, "", ""
    return trial.image, trial.platforms, usable.username, usable.password


def _usable(login: Login | None) -> Login | None:
    """Return ``login`` as the runtime uses it: without a user name it asks anonymously."""
    return login if login is not None and login.username else None


def _lister(trial: Trial) -> Login | None:
    """Return the login that may list the tags: one that was accepted, else none."""
    by_ref: dict[CredentialRef, Login] = {login.ref: login for login in trial.logins}
    for answer in trial.answers:
        if answer.credential is not None and answer.credential_accepted is not False:
            login = by_ref.get(answer.credential)
            if login is not None and answer.cause in NAME_CAUSES:
                return _usable(login)
    return None
