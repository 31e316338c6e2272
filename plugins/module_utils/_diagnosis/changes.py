# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed just before the pulls began to fail."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.moments import (
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import RevisionFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

BEFORE = 3600
"""Seconds before the first failure in which a change is worth a mention."""
AFTER = 120
"""Seconds after it: clocks differ, and a rollout is recorded before or after its first pod."""
SHOWN = 6
# What a node can lack that has just joined: the image itself, a way to the registry, an identity that may pull.
_BY_NODE = frozenset(cause for cause, entry in CATALOGUE.items() if entry.by_node) | {
    Cause.AUTH_FORBIDDEN,
    Cause.AUTH_MISSING,
    Cause.IMAGE_INSPECT_ERROR,
    Cause.NEVER_POLICY,
    Cause.PLATFORM_MISMATCH,
}


def changes_of(case: Case) -> tuple[str, ...]:
    """Return the changes with their times, the latest first."""
    since = case.since
    if since is None:
        return ()
    found: set[tuple[str, str]] = set()
    if not case.blamed_nodes:  # a node does not fail because somebody rolled something out
        for workload in case.workloads:
            found.update(_new_revision(workload, since))
    found.update(_credentials(case, since))
    found.update(_nodes(case, since))
    return tuple(
        printable(f"{at} {text}")
        for at, text in sorted(found, key=lambda item: (item[0], item[1]), reverse=True)[:SHOWN]
    )


def _is_near(at: str | None, since: str) -> bool:
    seconds = seconds_between(at, since)
    return seconds is not None and -AFTER <= seconds <= BEFORE


def _new_revision(workload: Workload, since: str) -> Iterator[tuple[str, str]]:
    fact = workload.fact
    if fact is None:
        return
    if fact.current is not None and fact.previous is not None and _is_near(fact.current.created_at, since):
        what = _images_changed(fact.previous, fact.current)
        yield (
            str(fact.current.created_at),
            f"{workload.label}: revision {fact.current.revision} was rolled out{what}",
        )
    elif _is_near(fact.created_at, since):
        yield str(fact.created_at), f"{workload.label} was created"


def _images_changed(previous: RevisionFact, current: RevisionFact) -> str:
    changed = [
        f"image of {container} from {previous.images[container]} to {image}"
        for container, image in sorted(current.images.items())
        if previous.images.get(container, image) != image
    ]
    added = [
        f"new container {container} with {image}"
        for container, image in sorted(current.images.items())
        if container not in previous.images and previous.images
    ]
    both = changed + added
    return f" ({'; '.join(both)})" if both else ""


def _credentials(case: Case, since: str) -> Iterator[tuple[str, str]]:
    named = {(m.failure.namespace, name) for m in case.members for name in m.failure.pull_secrets}
    for key in sorted(named):
        secret = case.facts.secrets.get(key)
        if secret is None:
            continue
        label = f"pull secret {secret.namespace}/{secret.name}"
        if _is_near(secret.created_at, since):
            yield str(secret.created_at), f"{label} was created"
        if secret.changed_at != secret.created_at and _is_near(secret.changed_at, since):
            yield str(secret.changed_at), f"{label} was edited"
    for key in sorted({(m.failure.namespace, m.failure.service_account) for m in case.members}):
        account = case.facts.accounts.get(key)
        if (
            account is not None
            and account.changed_at != account.created_at
            and _is_near(account.changed_at, since)
        ):
            yield str(account.changed_at), f"ServiceAccount {account.namespace}/{account.name} was edited"


def _nodes(case: Case, since: str) -> Iterator[tuple[str, str]]:
    """New nodes and changed conditions, where it matters which node it is: not for what fails everywhere."""
    some = len(case.nodes) == 1 or case.cause == Cause.PLATFORM_MISMATCH
    if not case.blamed_nodes and not (
        case.cause in _BY_NODE and some and len(case.nodes) < len(case.facts.nodes)
    ):
        return
    for name in case.blamed_nodes or case.nodes:
        node = case.facts.nodes.get(name)
        if node is None:
            continue
        if _is_near(node.created_at, since):
            yield str(node.created_at), f"node {name} joined the cluster"
        for found in node.conditions:
            bad = found.status != "True" if found.type == "Ready" else found.status == "True"
            if bad and _is_near(found.since, since):
                yield str(found.since), f"node {name}: {found.type} became {found.status}"
