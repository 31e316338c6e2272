# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight and audit say about workloads and images; they extend the report."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    CredentialRef,
    Platform,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.found import Finding, Report
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record

WOULD_PULL = "would_pull"
WOULD_NOT_PULL = "would_not_pull"
NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class ContainerVerdict(Record):
    """Whether one container would get its image.

    ``verdict`` is ``would_pull``, ``would_not_pull`` or ``not_checked``; ``summary`` says why in one line. ``type`` and
    ``cause`` are those of the report, ``cause`` null where nothing is wrong or known. ``credential`` is the one that
    the registry accepted, null for an anonymous pull. ``notes`` are worth knowing and change nothing;
    ``not_checked`` names what was left open.
    """

    name: str
    type: str
    image: str
    policy: str
    verdict: str
    summary: str
    cause: str | None = None
    confidence: str | None = None
    digest: str = ""
    size_bytes: int | None = None
    platforms: tuple[Platform, ...] = ()
    credential: CredentialRef | None = None
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadVerdict(Record):
    """One workload: the worst verdict of its containers.

    ``origin`` and ``document`` say where it was read (a file and its document from 1; empty and 0: the cluster).
    ``nodes`` counts the nodes that its pods may be scheduled to, null where that is not known.
    """

    kind: str
    namespace: str
    name: str
    verdict: str
    summary: str
    api_version: str = ""
    origin: str = ""
    document: int = 0
    nodes: int | None = None
    containers: tuple[ContainerVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class PreflightReport(Report):
    """The answer of a preflight: the report, and each workload's verdict, failing ones first."""

    workloads: tuple[WorkloadVerdict, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageState(Record):
    """One image that runs, or waits to, and what its registry says of it today.

    ``status`` is ``pullable``, ``not_pullable`` or ``not_checked``. ``running`` holds the digests that run,
    ``digest`` is what the registry gives for the reference now. ``nodes`` counts the nodes it lies on, as far as
    the kubelets report it.
    """

    image: str
    status: str
    summary: str
    pods: int = 0
    namespaces: tuple[str, ...] = ()
    nodes: int = 0
    running: tuple[str, ...] = ()
    digest: str = ""
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditFinding(Finding):
    """A finding of an audit. ``risk`` is what makes it one; ``cause`` what a pull would then fail with.

    ``image_gone``, ``credential_invalid``, ``not_pullable``: a pull would fail today. ``credential_expiring``,
    ``certificate_expiring``, ``registry_shut_down``: on a day to come (``by``). ``tag_moved``: a pull would bring other
    content than what runs. ``cached_on_one_node``: it lies on one node only and cannot be pulled by another.
    ``rate_limit``: so many pulls without a credential that the registry's limit may stop them.
    """

    risk: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class AuditReport(Report):
    """The answer of an audit: the report, whose findings carry a risk each, and every image with its state."""

    findings: tuple[AuditFinding, ...]
    images: tuple[ImageState, ...] = ()
