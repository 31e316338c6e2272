# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module runtime_log_info: what a node's runtime and kubelet logged about pulls, each line with its cause."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import logs, probe
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    NODE_SPEC,
    NodeAction,
    clean,
    inline_question,
    result_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **NODE_SPEC,
    "images": {"type": "list", "elements": "str", "default": []},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "since": {"type": "str"},
    "runtime": {"type": "str", "default": ""},
}


class ActionModule(NodeAction):
    """Reads the logs of a node's runtime and kubelet."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["since"] and not logs.is_moment(options["since"]):
            raise AnsibleActionFail(f"since: '{options['since']}' is no time such as 2026-03-01T08:00:00Z")
        question = inline_question(options, self.node_name(options))
        slices = (logs,)
        answer = self.ask(probe.jobs(question, slices), question.deadline, runtime=question.runtime)
        result = result_of(answer, probe.records(answer, question, slices), ("log_lines",))
        for line in result["log_lines"]:
            line["classification"] = _classified(line)
        return result


def _classified(line: dict[str, Any]) -> dict[str, Any] | None:
    """What the words of a line say; null where they name no cause, as those of a start do not."""
    if line["level"] in ("info", "debug") and "trying next host" not in line["text"]:
        return None
    found = classify(line["text"])
    if found.cause is Cause.UNKNOWN:
        return None
    told = found.to_dict()
    return untrusted(
        clean({key: told[key] for key in ("cause", "confidence", "hop", "host", "image", "quote")})
    )
