# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nouns of the collection: what was seen, and what follows from it.

The first half is written by the looking stages into the evidence folder, the second half is
written by the judging stage into the report. All of them are plain, immutable values with
``to_dict`` and ``from_dict``; times are RFC 3339 texts in UTC as Kubernetes prints them
(``2026-01-31T08:00:00Z``), so that they compare as texts.

This module imports nothing else of the collection.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    CertificateFact,
    Challenge,
    CredentialCheck,
    CredentialRef,
    HostSeen,
    Platform,
    RateLimit,
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.checked import (
    NOT_CHECKED,
    WOULD_NOT_PULL,
    WOULD_PULL,
    AuditFinding,
    AuditReport,
    ContainerVerdict,
    ImageState,
    PreflightReport,
    WorkloadVerdict,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.found import (
    Alternative,
    BlastRadius,
    ChecklistStep,
    Evidence,
    Finding,
    FindingPod,
    Fix,
    Impact,
    NotChecked,
    Report,
    Stats,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import (
    AccessPod,
    ConfigProblem,
    DiskUse,
    EndpointFact,
    FileSystemFact,
    HopFact,
    KubeletFact,
    LogLine,
    NodeChoice,
    NodeLook,
    PullTrial,
    ResolverFact,
    RoomFact,
    RuntimeFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.seen import (
    AccessFact,
    ClusterFact,
    ConditionFact,
    EventFact,
    Gap,
    ImageInUse,
    NodeFact,
    OwnerRef,
    PullFailure,
    RevisionFact,
    Scope,
    SecretFact,
    ServiceAccountFact,
    WorkloadFact,
)

__all__ = [
    "NOT_CHECKED",
    "WOULD_NOT_PULL",
    "WOULD_PULL",
    "AccessFact",
    "AccessPod",
    "Alternative",
    "AuditFinding",
    "AuditReport",
    "BlastRadius",
    "CertificateFact",
    "Challenge",
    "ChecklistStep",
    "ClusterFact",
    "ConditionFact",
    "ConfigProblem",
    "ContainerVerdict",
    "CredentialCheck",
    "CredentialRef",
    "DiskUse",
    "EndpointFact",
    "EventFact",
    "Evidence",
    "FileSystemFact",
    "Finding",
    "FindingPod",
    "Fix",
    "Gap",
    "HopFact",
    "HostSeen",
    "ImageInUse",
    "ImageState",
    "Impact",
    "KubeletFact",
    "LogLine",
    "Login",
    "NodeChoice",
    "NodeFact",
    "NodeLook",
    "NotChecked",
    "OwnerRef",
    "Platform",
    "PreflightReport",
    "PullFailure",
    "PullTrial",
    "RateLimit",
    "Record",
    "RegistryAnswer",
    "Report",
    "ResolverFact",
    "RevisionFact",
    "RoomFact",
    "RuntimeFact",
    "Scope",
    "SecretFact",
    "ServiceAccountFact",
    "Stats",
    "TagList",
    "WorkloadFact",
    "WorkloadVerdict",
]
