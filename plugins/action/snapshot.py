# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module snapshot: packs an evidence folder into one archive."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceError,
    EvidenceFolder,
    pack,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "evidence_dir": {"type": "path", "required": True},
    "dest": {"type": "path", "required": True},
}


class ActionModule(ActionBase):
    """Packs ``evidence_dir`` into ``dest``; the same folder always gives the same bytes."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        try:
            folder = EvidenceFolder.open(options["evidence_dir"])
            result.update(_content(folder))
            result.update(_packed(folder, os.path.abspath(options["dest"]), self._task.check_mode))
        except EvidenceError as error:
            raise AnsibleActionFail(str(error)) from None
        return result


def _content(folder: EvidenceFolder) -> dict[str, Any]:
    redacted: Counter[str] = Counter()
    stages = []
    for name in folder.stages():
        stage = folder.read_stage(name)
        if stage is None:
            continue
        redacted.update(stage.redacted)
        stages.append({
            "stage": name,
            "observed_at": stage.observed_at,
            "complete": stage.complete,
            "error": stage.error,
            "records": {kind: len(records) for kind, records in sorted(stage.records.items())},
        })
    return {"stages": stages, "redacted": dict(sorted(redacted.items())), "evidence_digest": folder.digest()}


def _packed(folder: EvidenceFolder, dest: str, check_mode: bool) -> dict[str, Any]:
    if check_mode:
        return {"path": dest, "digest": None, "changed": True}
    before = _digest(dest)
    try:
        os.makedirs(os.path.dirname(dest), exist_ok=True)
    except OSError as error:
        raise EvidenceError(f"cannot make the folder of the snapshot {dest}: {error.strerror or error}") from None
    after = pack(folder, dest)
    return {"path": dest, "digest": f"sha256:{after}", "changed": before != after}


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
