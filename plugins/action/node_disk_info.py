# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module node_disk_info: room for images on a node, what takes it, and what could be freed."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import disk, identity, probe
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    SIZE_FACTOR,
    ImageAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    NODE_SPEC,
    NodeAction,
    result_of,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **NODE_SPEC,
    "images": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "image": {"type": "str", "required": True},
            "size_bytes": {"type": "int", "required": True},
        },
    },
    "size_factor": {"type": "float", "default": SIZE_FACTOR},
    "count": {"type": "str", "choices": ["always", "when_low"], "default": "always"},
    "runtime": {"type": "str", "default": ""},
}
KEYS = ("looks", "file_systems", "disk_use", "room")


class ActionModule(NodeAction):
    """Looks at a node's disks."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["size_factor"] < 1 or any(one["size_bytes"] < 0 for one in options["images"]):
            raise AnsibleActionFail("size_factor: at least 1; size_bytes: at least 0")
        question = NodeQuestion(
            node=self.node_name(options),
            images=tuple(ImageAsked(one["image"], one["size_bytes"]) for one in options["images"]),
            runtime=options["runtime"],
            factor=options["size_factor"],
            deadline=options["deadline"],
            count_disk=options["count"] == "always",
        )
        slices = (identity, disk)
        answer = self.ask(probe.jobs(question, slices), question.deadline, runtime=question.runtime)
        return result_of(answer, probe.records(answer, question, slices), KEYS)
