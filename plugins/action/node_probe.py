# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module node_probe: everything that is looked at on a node, in one round trip."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Record, Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import identity, logs, probe
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import unreached
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    SIZE_FACTOR,
    NodeQuestion,
    question_from_evidence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    LISTS,
    NODE_SPEC,
    NodeAction,
    inline_question,
    result_of,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **NODE_SPEC,
    "evidence_dir": {"type": "path"},
    "images": {"type": "list", "elements": "str", "default": []},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "since": {"type": "str"},
    "runtime": {"type": "str", "default": ""},
    "pod": {"type": "str", "default": ""},
    "size_factor": {"type": "float", "default": SIZE_FACTOR},
}
KEYS = tuple(key for key in LISTS.values() if key not in ("pull_trials", "not_checked"))


class ActionModule(NodeAction):
    """Looks at a node; with ``evidence_dir`` at what failed there, and writes the node's stage."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        node = self.node_name(options)
        folder = EvidenceFolder.open(options["evidence_dir"]) if options["evidence_dir"] else None
        if folder and (options["images"] or options["hosts"]):
            raise AnsibleActionFail(
                "evidence_dir goes without images and hosts: they are those of the failures in the evidence"
            )
        _check(options)
        question = self._question(options, node, folder)
        answer = self.ask(probe.jobs(question), question.deadline, runtime=question.runtime)
        stranger = identity.another_machine(answer, question)
        if stranger:
            answer = unreached(stranger, answer.way)
        records = probe.records(answer, question)
        result = result_of(answer, records, KEYS if folder is None else ())
        if folder is not None:
            _write(folder, node, records)
            result["not_checked"] = result["not_checked"][:20]
        result["stage"] = stage_name(node) if folder else ""
        return result

    def _question(self, options: dict[str, Any], node: str, folder: EvidenceFolder | None) -> NodeQuestion:
        if folder is None:
            return inline_question(options, node)
        return question_from_evidence(
            folder, node, factor=options["size_factor"], deadline=options["deadline"]
        )


def _check(options: dict[str, Any]) -> None:
    if options["since"] and not logs.is_moment(options["since"]):
        raise AnsibleActionFail(f"since: '{options['since']}' is no time such as 2026-03-01T08:00:00Z")
    for image in options["images"]:
        try:
            parse_image_ref(image)
        except ImageRefError as error:
            raise AnsibleActionFail(f"images: {error}") from None


def stage_name(node: str) -> str:
    """Return the name of the evidence stage of a node: names of nodes are longer than names of stages may be."""
    return f"node_{hashlib.sha256(node.encode()).hexdigest()[:12]}"


def _write(folder: EvidenceFolder, node: str, records: list[Record]) -> None:
    with folder.stage(stage_name(node), vantage=f"node/{node}", scope=Scope()) as stage:
        for record in records:
            stage.write(record)
