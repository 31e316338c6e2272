# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that carries everything between the stages: written by looking, read by judging, packed as a snapshot."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.archive import pack, unpacked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.errors import EvidenceError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.folder import (
    SCHEMA_VERSION,
    EvidenceFolder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.redact import (
    Redactor,
    redact_text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.stage import (
    Stage,
    StageWriter,
    utc_now,
)

__all__ = [
    "SCHEMA_VERSION",
    "EvidenceError",
    "EvidenceFolder",
    "Redactor",
    "Stage",
    "StageWriter",
    "pack",
    "redact_text",
    "unpacked",
    "utc_now",
]
