# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module node_network_info: names, connections, TLS, HTTP and proxies, as a node meets them."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import network, probe
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
    "pod": {"type": "str", "default": ""},
}


class ActionModule(NodeAction):
    """Looks at a node's network."""

    ARGUMENT_SPEC = ARGUMENT_SPEC
    CONSTRAINTS = {"required_one_of": [["images", "hosts"]]}

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        question = inline_question(options, self.node_name(options))
        slices = (network,)
        answer = self.ask(probe.jobs(question, slices), question.deadline, runtime=question.runtime)
        return result_of(answer, probe.records(answer, question, slices), ("resolvers", "hops"))
