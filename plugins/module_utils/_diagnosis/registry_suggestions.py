# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registry has instead of what was asked for: near tags, near repositories, other platforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Suggestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import DOCKER_HUB
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.reading import (
    real_platforms,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import DEFAULT_TAG, ImageRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

SHOWN = 3


def from_registry(case: Case, image: str, wanted: ImageRef) -> Iterator[Suggestion]:
    """Yield the tags and repositories near to ``wanted`` that the registry itself has named."""
    found = case.facts.answers.tags_near(image)
    if found is None:
        return
    near = [tag for tag in found.near if tag != DEFAULT_TAG][:SHOWN]
    if case.cause == Cause.TAG_NOT_FOUND and near:
        name = _short(wanted)
        read = plural(found.total, "tag") + (" read" if found.complete else " read, there are more")
        text = f"the registry has {enumeration([f'{name}:{tag}' for tag in near])} ({read})"
        yield Suggestion(image, f"{name}:{near[0]}", printable(text, 400))
    elif case.cause == Cause.TAG_NOT_FOUND and found.total and not found.near:
        text = f"the registry has {plural(found.total, 'tag')} there, none of them near to {found.asked_for}"
        yield Suggestion(image, "", printable(text, 400))
    for repository in found.near_repositories[:SHOWN]:
        meant = f"{wanted.registry}/{repository}:{wanted.tag or DEFAULT_TAG}"
        known = wanted.tag not in (None, DEFAULT_TAG) and case.facts.answers.is_found(meant)
        text = f"the registry's catalogue has {wanted.registry}/{repository}"
        yield Suggestion(image, meant if known else "", printable(text, 400))


def proven(case: Case, suggestion: Suggestion, name: str, tag: str | None) -> Suggestion:
    """Return the suggestion with the proof that the registry has what it names, where it was asked for that."""
    image = f"{name}:{tag or DEFAULT_TAG}"
    if not case.facts.answers.is_found(image):
        return suggestion
    return replace(suggestion, text=f"{suggestion.text}; the registry has {printable(image)}")


def platforms(case: Case) -> Iterator[Suggestion]:
    """Yield the nodes of this cluster on which an image could run that was built for other platforms."""
    built = architectures(case)
    if case.cause != Cause.PLATFORM_MISMATCH or not built:
        return
    failing = set(case.nodes)
    nodes = [
        f"{name} ({node.architecture})"
        for name, node in sorted(case.facts.nodes.items())
        if name not in failing and (node.os or "linux", node.architecture) in built
    ]
    image = case.images[0] if case.images else ""
    exists = enumeration([f"{system}/{architecture}" for system, architecture in sorted(built)], 6)
    text = f"the image is built for {exists}"
    where = f": {enumeration(nodes)} could run it" if nodes else ", and no node of this cluster is one"
    yield Suggestion(image, "", printable(text + where, 400))


def architectures(case: Case) -> set[tuple[str, str]]:
    """Return operating system and architecture of every platform that the image was seen to be built for."""
    return {
        (one.os, one.architecture)
        for member in case.members
        if member.outcome is not None and member.outcome.answer is not None
        for one in real_platforms(member.outcome.answer)
    }


def _short(wanted: ImageRef) -> str:
    name = wanted.name
    if wanted.registry == DOCKER_HUB:
        name = wanted.repository.removeprefix("library/")
    return name
