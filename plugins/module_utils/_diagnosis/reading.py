# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One answer of a registry, or one credential, as judging reads it."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    DOCKER_HUB,
    reference,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    NodeFact,
    Platform,
    RegistryAnswer,
)

MAY_BE_ABSENT = frozenset(
    {Cause.REPOSITORY_NOT_FOUND, Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE, Cause.AUTH_MISSING}
)


def cause_of(answer: RegistryAnswer) -> Cause:
    """Return the cause that an answer names, ``unknown`` for one that this version does not know."""
    try:
        return Cause(answer.cause)
    except ValueError:
        return Cause.UNKNOWN


def for_node(answer: RegistryAnswer, node: NodeFact | None) -> RegistryAnswer:
    """Return the answer as this node must take it: an image is there only where it is there for its platform."""
    built = real_platforms(answer)
    if not built or node is None or not node.architecture:
        return answer
    fits = any((one.os, one.architecture) == (node.os or "linux", node.architecture) for one in built)
    if fits and answer.cause == Cause.PLATFORM_MISMATCH:
        return replace(answer, outcome=FOUND, cause="", certain=False, hop="", alternatives=(), settle_by="")
    if not fits and answer.outcome == FOUND:
        return replace(
            answer, outcome="failed", cause=str(Cause.PLATFORM_MISMATCH), certain=True, hop="manifest"
        )
    return answer


def real_platforms(answer: RegistryAnswer) -> tuple[Platform, ...]:
    """Return the platforms of an answer without those of attestations, which are called unknown/unknown."""
    return tuple(one for one in answer.platforms if one.os != "unknown" and one.architecture != "unknown")


def surely_absent(image: str, answer: RegistryAnswer) -> str:
    """Return why a refusal means that there is no such repository, empty where it need not."""
    found = reference(image)
    if (
        found is not None
        and found.registry == DOCKER_HUB
        and found.repository.startswith("library/")
        and answer.status != 404
        and answer.credential_accepted is not False
    ):
        return (
            "every repository under library/ of Docker Hub is public, so one that is refused does not exist"
        )
    return "the registry says that it has no such repository" if answer.repository_exists is False else ""


def label(check: CredentialCheck) -> str:
    """Return ``Secret shop/regcred`` with the key where one is known, or what else the credential is."""
    ref = check.credential
    if ref is None or not ref.secret:
        return f"user {ref.username}" if ref is not None and ref.username else "the credential"
    key = f" (key {ref.key})" if ref.key else ""
    return f"Secret {ref.namespace}/{ref.secret}{key}"
