# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module runtime_config_info: which endpoints a node's runtime tries, and what is wrong in its files."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import config, probe
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    NODE_SPEC,
    NodeAction,
    inline_question,
    result_of,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **NODE_SPEC,
    "images": {"type": "list", "elements": "str", "default": []},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "runtime": {"type": "str", "default": ""},
}


class ActionModule(NodeAction):
    """Reads the configuration of a node's container runtime."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        question = inline_question(options, self.node_name(options))
        slices = (config,)
        answer = self.ask(probe.jobs(question, slices), question.deadline, runtime=question.runtime)
        keys = ("runtime", "endpoints", "config_problems")
        return result_of(answer, probe.records(answer, question, slices), keys)
