# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a node is to pull by hand, and with which of the pod's own credentials."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ClusterError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull, check
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    Login,
    PullFailure,
    Record,
    RegistryAnswer,
    ServiceAccountFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.reading import SecretReader
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.stage import pulls_of

_LOST = "whether the manual pull fails for want of the pod's own credential"


@dataclass(frozen=True, slots=True)
class NodePull:
    """An image to pull, with the login that a pod would have; null: it has none."""

    image: str
    login: Login | None = None


def node_pulls(
    node: str,
    images: Collection[str],
    triage: Stage,
    registry: Stage | None,
    connect: Callable[[], Client],
    most: int,
) -> tuple[list[NodePull], list[Gap]]:
    """Return at most ``most`` of ``images`` with their credentials, read now, and Gaps for what was left out.

    Images of which a registry said that they are there come first (the node's pull of one that is not there proves
    nothing), and of those one of each registry. Of several credentials the one that the registry accepted is taken,
    else the first that the kubelet would try.
    """
    answers: list[RegistryAnswer] = registry.of("registry_answer") if registry else []
    chosen, left = _chosen(images, answers, most)
    gaps = []
    if left:
        why = f"at most {most} images are pulled on a node"
        gaps.append(
            Gap(f"{node}: the manual pull of {left} more images", why, "whether they fail as well", (9,))
        )
    pulls = _concerned(node, chosen, triage)
    if not any(pull.pull_secrets or pull.service_account for pull in pulls.values()):
        return [NodePull(image) for image in chosen], gaps
    logins, why = _logins(pulls, triage.of("service_account"), answers, connect)
    if why:
        gaps.append(Gap(f"{node}: the pods' credentials for the manual pull", why, _LOST, (4, 9)))
    return [NodePull(image, logins.get(image)) for image in chosen], gaps


def _chosen(images: Iterable[str], answers: Sequence[RegistryAnswer], most: int) -> tuple[list[str], int]:
    there = {answer.image for answer in answers if answer.outcome == "found"}
    usable = [image for image in dict.fromkeys(images) if _registry(image)]
    usable.sort(key=lambda image: image not in there)
    seen: set[str] = set()
    first: list[str] = []
    later: list[str] = []
    for image in usable:
        (later if _registry(image) in seen else first).append(image)
        seen.add(_registry(image))
    return [*first, *later][:most], max(0, len(usable) - most)


def _registry(image: str) -> str:
    try:
        return parse_image_ref(image).name.partition("/")[0]
    except ImageRefError:
        return ""


def _concerned(node: str, images: Sequence[str], triage: Stage) -> dict[str, PodPull]:
    """Return for each image what a pod of this node wants, else a pod of another."""
    failures: list[PullFailure] = triage.of("pull_failure")
    found: dict[str, PodPull] = {}
    for here in (True, False):
        some: list[Record] = [one for one in failures if one.image in images and (one.node == node) == here]
        stage = dataclasses.replace(triage, records={**triage.records, "pull_failure": some})
        for pull in pulls_of(stage):
            found.setdefault(pull.image, pull)
    return found


def _logins(
    pulls: dict[str, PodPull],
    accounts: Iterable[ServiceAccountFact],
    answers: Sequence[RegistryAnswer],
    connect: Callable[[], Client],
) -> tuple[dict[str, Login], str]:
    """Return the logins by image, and why some could not be read."""
    by_name = {(fact.namespace, fact.name): fact for fact in accounts}
    try:
        reader = SecretReader(connect())
    except ClusterError as error:
        return {}, error.message
    wanted = {(pull.namespace, name) for pull in pulls.values() for name in pull.pull_secrets if name}
    reader.read(sorted(wanted))
    logins, problems = {}, []
    for image, pull in pulls.items():
        secrets = {name: reader.get(pull.namespace, name) for name in pull.pull_secrets if name}
        checked = check(pull, secrets, by_name.get((pull.namespace, pull.service_account)))
        problems += [
            f"Secret {pull.namespace}/{name}: {one}"
            for name, one in secrets.items()
            if isinstance(one, str) and one != "missing"
        ]
        if checked.logins:
            logins[image] = _best(image, checked.logins, answers)
    return logins, "; ".join(dict.fromkeys(problems))


def _best(image: str, logins: Sequence[Login], answers: Iterable[RegistryAnswer]) -> Login:
    accepted = {one.credential for one in answers if one.image == image and one.outcome == "found"}
    return next((login for login in logins if login.ref in accepted), logins[0])
