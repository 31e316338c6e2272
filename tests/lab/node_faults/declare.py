# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fault of a node is declared: what is broken on which node, which image shows it, what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings

Break = Callable[[Lab, Node], None]
"""What is done to a node that is ready and holds the sandbox image."""


@dataclass(frozen=True)
class NodeFault:
    """One thing that is wrong on a node, and what the report must say of the pod that meets it.

    The pod has the fault's name, and one container of each of ``images``.
    """

    name: str
    shows: str
    images: tuple[str, ...]
    cause: str
    #: The hop that the finding must name, or those that are as fair.
    hops: tuple[str, ...]
    #: Causes that are as fair an answer.
    also: tuple[str, ...] = ()
    #: A registry, token service, blob host, mirror or proxy that the finding must name.
    host: str = ""
    #: What must stand somewhere in the finding.
    words: tuple[str, ...] = ()
    #: A healthy node of the same pool is asked the same, and answers otherwise.
    contrast: bool = True
    #: ``waiting`` (container status), ``pulling`` (a pull without end), ``sandbox`` (events about the pod),
    #: ``node`` (not ready).
    shows_as: str = "waiting"
    #: Part of the kubelet's message once the fault is in place.
    says: str = ""
    #: Its events are deleted again and again, as if they had expired.
    without_events: bool = False
    #: False where the API does not even tell that an image is what is missing: the pod must then be named among what
    #: was not checked.
    found: bool = True


@dataclass(frozen=True)
class Machine:
    """A node of the lab with everything that is wrong on it.

    ``pod`` says whether a pod can start there: ``starts``, or ``refused``.
    """

    name: str
    faults: tuple[NodeFault, ...]
    settings: NodeSettings = field(default_factory=NodeSettings)
    break_it: Break | None = None
    pod: str = "starts"


def in_turn(*steps: Break) -> Break:
    """Several things done to a node, one after the other."""

    def all_of_them(lab: Lab, node: Node) -> None:
        for step in steps:
            step(lab, node)

    return all_of_them
