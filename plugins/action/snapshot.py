# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module snapshot: packs an evidence folder into one archive."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceFolder,
    pack,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import (
    PRIVATE_FOLDER,
    ControllerAction,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "evidence_dir": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
}


class ActionModule(ControllerAction):
    """Packs ``evidence_dir`` into ``dest``; the same folder always gives the same bytes."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        folder = EvidenceFolder.open(options["evidence_dir"])
        return {**_content(folder), **_packed(folder, os.path.abspath(options["dest"]), self.in_check_mode)}


def _content(folder: EvidenceFolder) -> dict[str, Any]:
    redacted: Counter[str] = Counter()
    stages = []
    for name in folder.stages():
        stage = folder.read_stage(name)
        if stage is None:
            continue
        redacted.update(stage.redacted)
        stages.append(
            {
                "stage": name,
                "observed_at": stage.observed_at,
                "complete": stage.complete,
                "error": stage.error,
                "records": {kind: len(records) for kind, records in sorted(stage.records.items())},
            }
        )
    return {"stages": stages, "redacted": dict(sorted(redacted.items())), "evidence_digest": folder.digest()}


def _packed(folder: EvidenceFolder, dest: str, check_mode: bool) -> dict[str, Any]:
    if check_mode:
        return {"path": dest, "digest": None, "changed": True}
    before = _digest(dest)
    os.makedirs(os.path.dirname(dest), mode=PRIVATE_FOLDER, exist_ok=True)
    after = pack(folder, dest)
    return {"path": dest, "digest": f"sha256:{after}", "changed": before != after}


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
