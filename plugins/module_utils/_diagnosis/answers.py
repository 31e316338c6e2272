# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage `registry` saw, indexed: answers of registries, credentials of pulls, tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    normal_host,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    PullFailure,
    RegistryAnswer,
    TagList,
)

REGISTRY = "registry"
FOUND = "found"
FAILED = "failed"

Pull = tuple[str, str, tuple[str, ...], str]
"""Namespace, image as the runtime resolves it, pull secrets, ServiceAccount: what decides on the credentials."""


@dataclass(frozen=True)
class Answers:
    """Everything that was asked and answered. ``asked`` tells whether there was such a stage at all.

    ``error`` says why the stage did not come to its end.
    """

    asked: bool = False
    error: str | None = None
    observed_at: str | None = None
    requests: int = 0
    checks: Mapping[Pull, tuple[CredentialCheck, ...]] = field(default_factory=dict)
    by_image: Mapping[str, tuple[RegistryAnswer, ...]] = field(default_factory=dict)
    tags: Mapping[str, tuple[TagList, ...]] = field(default_factory=dict)
    existing: frozenset[str] = frozenset()

    def checks_of(self, failure: PullFailure) -> tuple[CredentialCheck, ...]:
        """Return the credentials that matter for this pull, those that are offered first and in their order."""
        return self.checks.get(_pull(failure), ())

    def of_image(self, image: str) -> tuple[RegistryAnswer, ...]:
        """Return what was answered about this image, whoever asked."""
        return self.by_image.get(canonical(image), ())

    def tags_near(self, image: str) -> TagList | None:
        """Return the tags and repositories that are near to this image, where they were looked for."""
        lists = self.tags.get(repository_name(image), ())
        wanted = canonical(image).removeprefix(repository_name(image)).lstrip(":@")
        return next((found for found in lists if found.asked_for == wanted), lists[0] if lists else None)

    def exists(self, image: str) -> bool:
        """Tell whether the registry showed the repository to somebody."""
        return repository_name(image) in self.existing

    def is_found(self, image: str) -> bool:
        """Tell whether the registry gave this very image to somebody."""
        return any(answer.outcome == FOUND for answer in self.of_image(image))


def answers_of(stage: Stage | None) -> Answers:
    """Return the index of a stage; an empty one where this run has none."""
    if stage is None:
        return Answers()
    answered: list[RegistryAnswer] = stage.of("registry_answer")
    by_image: dict[str, list[RegistryAnswer]] = defaultdict(list)
    for answer in answered:
        by_image[canonical(answer.image)].append(answer)
    tags: dict[str, list[TagList]] = defaultdict(list)
    for found in stage.of("tags"):
        tags[f"{normal_host(found.registry)}/{found.repository}"].append(found)
    return Answers(
        asked=True,
        error=None if stage.complete else stage.error or "the registries were not asked to the end",
        observed_at=stage.observed_at or None,
        requests=sum(answer.requests for answer in answered),
        checks=_in_order(stage.of("credential")),
        by_image={image: tuple(found) for image, found in by_image.items()},
        tags={name: tuple(found) for name, found in tags.items()},
        existing=frozenset(
            repository_name(answer.image)
            for answer in answered
            if answer.outcome == FOUND or answer.repository_exists
        ),
    )


def is_of(ref: CredentialRef | None, answer: RegistryAnswer) -> bool:
    """Tell whether this answer was given to this credential."""
    given = answer.credential
    if ref is None or given is None:
        return ref is given
    return (given.namespace, given.secret, given.key) == (ref.namespace, ref.secret, ref.key) and (
        given.username == ref.username or not given.username or not ref.username
    )


def _pull(one: PullFailure | CredentialCheck) -> Pull:
    # The ServiceAccount is `default` where a pod names none.
    return one.namespace, canonical(one.image), one.pull_secrets, one.service_account or "default"


def _in_order(checks: Iterable[CredentialCheck]) -> dict[Pull, tuple[CredentialCheck, ...]]:
    found: dict[Pull, list[CredentialCheck]] = defaultdict(list)
    for check in checks:
        found[_pull(check)].append(check)
    return {
        key: tuple(sorted(several, key=lambda check: (check.position is None, check.position or 0)))
        for key, several in found.items()
    }
