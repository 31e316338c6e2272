# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a scenario is declared: what is put into the cluster, and what must be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]

OLDEST = "1.31"
RESTARTED = "(restarted)"
"""Where a healthy scenario is in place once a container was started again."""

LABEL = "scenario"
"""The label that every pod of a scenario carries, with the scenario's name as its value."""


@dataclass(frozen=True)
class Patch:
    """A change to an object that the scenario has created, made once its first objects run.

    With ``subresource`` the change goes there (``ephemeralcontainers``). Lists are merged as kubectl does.
    """

    kind: str
    name: str
    body: Mapping[str, Any]
    subresource: str = ""


@dataclass(frozen=True)
class Failure:
    """One container that cannot get its image, and what must be said about it.

    ``cause`` is what the API server alone can tell, ``confidence`` how sure at least. ``also`` are causes that are as
    fair an answer, where a runtime's words leave it open. ``truth`` is what is really wrong where only the registry or
    the node could tell: it must then be the cause or stand among the alternatives.
    """

    cause: str
    container: str = "app"
    container_type: str = "main"
    also: tuple[str, ...] = ()
    truth: str | None = None
    confidence: str = "likely"
    #: What it is once the registry was asked, with the credentials: the finding is then confirmed. Without a truth
    #: beside it, the words of the kubelet need not lead there.
    known: str | None = None
    #: What that finding must name beside: a Secret, a key of it, a tag.
    names: tuple[str, ...] = ()
    #: A registry, mirror, proxy or token service that the finding must name.
    host: str | None = None
    #: A node that the finding must name.
    about: str | None = None
    hop: str | None = None
    #: Part of a suggestion that the finding must make.
    suggests: str | None = None
    #: The image that a fix must offer to go back to.
    previous_image: str | None = None
    owner_kind: str | None = None
    #: Where it shows: ``waiting`` (container status), ``pulling`` (a pull without end), ``event`` (events about the
    #: container alone), ``sandbox`` (events about the pod), ``node`` (not ready).
    shows_as: str = "waiting"
    #: Part of the kubelet's message once the fault is in place: a busy kubelet may pull before it has the pull secret.
    says: str = ""

    @property
    def fair_causes(self) -> tuple[str, ...]:
        return (self.cause, *self.also)


@dataclass(frozen=True)
class Scenario:
    """Something that is wrong (or, without failures, right) in a cluster.

    ``objects`` are created in this order, ``then`` is applied when their pods run (``then_when="failing"``: when they
    show the failure). ``pods`` is how many pods must show it. ``node`` is one of the special nodes of nodes.py.
    """

    name: str
    shows: str
    objects: tuple[Manifest, ...]
    failures: tuple[Failure, ...] = ()
    then: tuple[Patch, ...] = ()
    then_when: str = "running"
    pods: int = 1
    node: str | None = None
    #: All pods of the scenario, and they alone, make up one finding.
    one_finding: bool = False
    #: The first Kubernetes on which it shows.
    since: str = OLDEST
    #: A healthy scenario is in place when its pods are in this state: a phase, a waiting reason, or RESTARTED.
    settles_as: str = "Running"
    #: The subject, by the name of the file; set by all_scenarios().
    namespace: str = ""

    @property
    def fails(self) -> bool:
        return bool(self.failures)
