# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one node is asked: which images it could not get, which hosts they come from, since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    is_image_ref,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    NodeChoice,
    NodeFact,
    PullFailure,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

MOST_IMAGES = 20
MOST_HOSTS = 24
SIZE_FACTOR = 3.0
"""By how much a compressed image grows on a node; docs/nodes.md says where the figure comes from."""

REGISTRY, TOKEN, BLOB = "registry", "token", "blob"
_ORDER = {REGISTRY: 0, TOKEN: 1, BLOB: 2}
# References call Docker Hub docker.io; its API is elsewhere (distribution/reference, containerd's docker resolver).
_API_HOSTS = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True, slots=True)
class HostAsked:
    """A host that a pull touches, with its port where it is not 443; ``role`` as in HostSeen."""

    host: str
    role: str


@dataclass(frozen=True, slots=True)
class ImageAsked:
    """An image as the pods name it, and the compressed size of its layers where a registry told it."""

    image: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class NodeQuestion:
    """What one node is asked.

    ``since`` is the earliest failure (RFC 3339), null where nothing tells; ``runtime`` what the API calls the node's
    runtime (``containerd://1.6.20``). ``pod`` names the pod whose network is looked at too (NAMESPACE/NAME, or the
    process id of a process in it). ``machine_id`` and ``boot_id`` are what the API says of the node, empty where
    that is not known. ``count_disk`` has what fills the disk counted also where there is room enough.
    ``left_out`` is what did not fit.
    """

    node: str
    images: tuple[ImageAsked, ...] = ()
    hosts: tuple[HostAsked, ...] = ()
    since: str | None = None
    runtime: str = ""
    pod: str = ""
    machine_id: str = ""
    boot_id: str = ""
    factor: float = SIZE_FACTOR
    deadline: float = 10.0
    count_disk: bool = False
    left_out: tuple[Gap, ...] = ()


def question_from_evidence(
    folder: EvidenceFolder, node: str, *, factor: float = SIZE_FACTOR, deadline: float = 10.0
) -> NodeQuestion:
    """Return what ``node`` is to be asked, by the stages ``triage``, ``registry`` and ``nodes``.

    A node with failures is asked about their images; a control node about those of the nodes that it is the control
    for, so that both answer the same question. Raises EvidenceError where the evidence cannot be read.
    """
    triage, registry, nodes = (folder.read_stage(name) for name in ("triage", "registry", "nodes"))
    failures: list[PullFailure] = triage.of("pull_failure") if triage else []
    nodes_known: list[NodeFact] = triage.of("node") if triage else []
    known = next((one for one in nodes_known if one.name == node), NodeFact(node))
    answers: list[RegistryAnswer] = registry.of("registry_answer") if registry else []
    concerned = [one for one in failures if one.node == node]
    if not concerned:
        others = _looked_at_with(node, nodes.of("node_choice") if nodes else [])
        concerned = [one for one in failures if one.node in others]
    # What is no reference is refused by the kubelet: no node ever asks anybody for it.
    named = [image for image in dict.fromkeys(one.image for one in concerned) if is_image_ref(image)]
    by_image = _by_image(answers)
    images = [ImageAsked(image, _size(by_image.get(_parsed(image)[0], []))) for image in named]
    hosts = hosts_of(named, answers)
    began = [found for one in concerned if (found := one.since or one.pod_created_at)]
    return NodeQuestion(
        node=node,
        images=tuple(images[:MOST_IMAGES]),
        hosts=tuple(hosts[:MOST_HOSTS]),
        since=min(began, default=None),
        runtime=known.runtime_version,
        machine_id=known.machine_id,
        boot_id=known.boot_id,
        factor=factor,
        deadline=deadline,
        left_out=(
            *_left_out(node, images[MOST_IMAGES:], hosts[MOST_HOSTS:]),
            *_hosts_unknown(node, named[:MOST_IMAGES], by_image),
        ),
    )


def hosts_of(images: Iterable[str], answers: Iterable[RegistryAnswer] = ()) -> list[HostAsked]:
    """Return the hosts that pulls of ``images`` touch: first the registries, then the rest as ``answers`` met them."""
    by_image = _by_image(answers)
    found: dict[HostAsked, None] = {}
    for image in images:
        canonical, registry = _parsed(image)
        if registry:
            found[HostAsked(_API_HOSTS.get(registry, registry), REGISTRY)] = None
        for answer in by_image.get(canonical, ()):
            found.update((HostAsked(one.host, one.role), None) for one in answer.hosts if one.role in _ORDER)
    return sorted(found, key=lambda one: _ORDER[one.role])


def _looked_at_with(node: str, choices: Iterable[NodeChoice]) -> set[str]:
    """Return the failing nodes for which ``node`` is the control: of the same faults, else of the same pool."""
    choices = list(choices)
    own = next((one for one in choices if one.node == node), None)
    if own is None:
        return set()
    failing = [one for one in choices if one.role == "failing" and one.node != node]
    shared = {one.node for one in failing if set(one.faults) & set(own.faults)}
    return shared or {one.node for one in failing if one.pool == own.pool}


def _by_image(answers: Iterable[RegistryAnswer]) -> dict[str, list[RegistryAnswer]]:
    found: dict[str, list[RegistryAnswer]] = {}
    for answer in answers:
        found.setdefault(_parsed(answer.image)[0], []).append(answer)
    return found


def _size(answers: Iterable[RegistryAnswer]) -> int | None:
    return next((one.size_bytes for one in answers if one.size_bytes is not None), None)


def _hosts_unknown(
    node: str, images: Iterable[str], by_image: Mapping[str, list[RegistryAnswer]]
) -> Iterable[Gap]:
    """Where no registry answered the controller, nobody has seen which hosts a pull goes on to."""
    unseen: dict[str, None] = {}
    for image in images:
        canonical, registry = _parsed(image)
        if registry and not any(_went_on(answer) for answer in by_image.get(canonical, ())):
            unseen[registry] = None
    if unseen:
        yield Gap(
            f"{node}: token service and download hosts of {enumeration(list(unseen))}",
            "the controller has had no answer from there that names them",
            "whether the node reaches them",
            (7,),
        )


def _went_on(answer: RegistryAnswer) -> bool:
    """Whether the registry itself answered: what it leads to was met (an image that is not there leads nowhere)."""
    return answer.outcome == "found" or answer.hop in ("token", "manifest", "blob")


def _parsed(image: str) -> tuple[str, str]:
    """Return the canonical reference and its registry; the text itself and nothing where it is no reference."""
    try:
        found = parse_image_ref(image)
    except ImageRefError:
        return image, ""
    return found.canonical, found.registry


def _left_out(node: str, images: list[ImageAsked], hosts: list[HostAsked]) -> Iterable[Gap]:
    if images:
        yield Gap(
            f"{node}: {len(images)} more images",
            f"a node is asked about {MOST_IMAGES} images at most",
            "room for them, and the runtime's words about them",
            (6, 8),
        )
    if hosts:
        yield Gap(
            f"{node}: {len(hosts)} more hosts",
            f"a node is asked about {MOST_HOSTS} hosts at most",
            "whether the node reaches them",
            (7,),
        )
