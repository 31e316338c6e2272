# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions have in common that look at a node, or do something there, through its connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    Redactor,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    DiskUse,
    EndpointFact,
    FileSystemFact,
    Gap,
    HopFact,
    LogLine,
    NodeLook,
    PullTrial,
    Record,
    ResolverFact,
    RoomFact,
    RuntimeFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import runtime_script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    SIZE_FACTOR,
    HostAsked,
    ImageAsked,
    NodeQuestion,
    hosts_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import OneLineAction
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_transport import (
    new_mark,
    round_trip,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

LISTS: dict[type[Record], str] = {
    NodeLook: "looks",
    FileSystemFact: "file_systems",
    DiskUse: "disk_use",
    RoomFact: "room",
    ResolverFact: "resolvers",
    HopFact: "hops",
    RuntimeFact: "runtime",
    EndpointFact: "endpoints",
    ConfigProblem: "config_problems",
    LogLine: "log_lines",
    PullTrial: "pull_trials",
    Gap: "not_checked",
}
"""Under which key of a result the records of a kind stand."""

NODE_SPEC: dict[str, dict[str, Any]] = {
    "node": {"type": "str"},
    "deadline": {"type": "float", "default": 10.0},
}
"""The options of every action on a node: documentation fragment ``_node``."""


class NodeAction(OneLineAction):
    """An action that puts a question to a node's shell; to be completed by ``ARGUMENT_SPEC`` and ``act``."""

    def validate_argument_spec(self, *arguments: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
        """Check the options as usual, and that a deadline is one."""
        result, options = super().validate_argument_spec(*arguments, **more)
        if options.get("deadline") is not None and not 2 <= options["deadline"] <= 3600:
            raise AnsibleActionFail("deadline: from 2 to 3600 seconds")
        return result, options

    def ask(self, jobs: Sequence[Job], deadline: float = 10.0, *, runtime: str = "") -> Answer:
        """Run ``jobs`` on the node, behind ``find_runtime``; return the answer, also where the node fails.

        Jobs with secrets need a connection that pipelines: over another they are refused (``reached`` false).
        """
        mark = new_mark()
        script = build(jobs, mark=mark, deadline=deadline, preface=runtime_script.preface(runtime))
        return round_trip(self, script, mark, deadline)

    def node_name(self, options: Mapping[str, Any]) -> str:
        """Return the node's name in the cluster: the option, else the host's name in the inventory."""
        return str(options.get("node") or self._task_vars.get("inventory_hostname") or "localhost")


def inline_question(options: Mapping[str, Any], node: str) -> NodeQuestion:
    """Return the question that the options put; what an action has no option for is left at its default."""
    images = [ImageAsked(image) for image in options.get("images") or ()]
    asked = [HostAsked(host, "registry") for host in options.get("hosts") or ()]
    hosts = dict.fromkeys([*asked, *hosts_of(one.image for one in images)])
    return NodeQuestion(
        node=node,
        images=tuple(images),
        hosts=tuple(hosts),
        since=options.get("since"),
        runtime=options.get("runtime") or "",
        pod=options.get("pod") or "",
        factor=options.get("size_factor") or SIZE_FACTOR,
        deadline=options["deadline"],
    )


def result_of(answer: Answer, records: Iterable[Record], keys: Iterable[str]) -> dict[str, Any]:
    """Return the result of an action: how the look went, and the records as lists under ``keys``.

    ``not_checked`` is always there. Texts are redacted, printable, and run no template.
    """
    lists: dict[str, list[Any]] = {key: [] for key in (*keys, "not_checked")}
    for record in records:
        key = LISTS[type(record)]
        if key in lists:
            lists[key].append(record.to_dict())
    result = {
        "changed": False,
        "reached": answer.reached,
        "why": answer.why or answer.problem,
        "way": answer.way,
        "complete": answer.complete,
        "seconds": round(answer.seconds, 2),
        **lists,
    }
    return untrusted(clean(result))


def clean(value: Any) -> Any:
    """Return ``value`` (JSON values) without what looks like a secret, and fit to be printed."""
    return _printable(Redactor().clean(value))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value
