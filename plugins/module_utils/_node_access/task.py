# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module node_access, from its options to its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ConfigInvalid
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.recording import Recorder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.tasks import ask, common
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import AccessPod, Gap, Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import naming, rights
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.ending import Ended, Ender
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.making import (
    Maker,
    Shell,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import Settings
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

STAGE = "access_pods"
STEPS = (6, 7, 8, 9)
LOST = "everything that only the node itself tells: its disks, its network, its runtime's files and logs"
_SHORTEST, _LONGEST = 30, 86_400


def node_access(params: Mapping[str, Any], check: bool = False) -> dict[str, Any]:
    """Make or end shells as the options say, and return the result of the module.

    A node that refuses is a value of ``pods``. Where the cluster cannot be read, ``complete`` is false and
    ``error`` says why. Raises NotRecorded where evidence cannot be written.
    """
    if params["state"] == "absent":
        return _absent(params, check)
    return _present(params, check)


def _present(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    shells: list[Shell] = []
    scope = Scope(namespaces=(params["namespace"],))
    nodes = list(dict.fromkeys(params["nodes"]))

    def look(client: Client) -> None:
        lacking = rights.missing(client, params["namespace"]) if nodes else []
        if lacking:
            shells.extend(_without_rights(nodes, params["namespace"], lacking))
        elif nodes:
            settings = Settings(params["namespace"], params["run_id"], params["seconds"], params["ttl"])
            maker = Maker(client, settings, params.get("image") or "", params["wait"])
            try:
                shells.extend(maker.make(nodes, check))
            finally:
                notes.extend(maker.notes)
            if maker.failed:
                recorder.fail(maker.failed)

    notes: list[str] = []
    with Recorder(params, STAGE, scope) as recorder:
        ask(params, recorder, lambda: _check(params), look)
        for shell in shells:
            _record(recorder, shell)
        missed = [node for node in nodes if node not in {shell.node for shell in shells}]
        for node in missed:
            recorder.write(Gap(_check_of(node), recorder.error or "not asked", LOST, STEPS))
    pods = [shell.result for shell in shells if shell.result]
    result = {
        "changed": any(shell.made or shell.planned or shell.replaced for shell in shells),
        "state": "present",
        "run_id": params["run_id"],
        "namespace": params["namespace"],
        "pods": [recorder.clean(pod.to_dict()) for pod in pods],
        "ready": [pod.node for pod in pods if pod.state == "ready"],
        "refused": [pod.node for pod in pods if pod.state == "refused"],
        "planned": [shell.node for shell in shells if shell.planned],
        "left": [],
        "notes": [recorder.clean(note) for note in notes],
        "diff": _difference(
            [
                shell.node
                for shell in shells
                if shell.result and shell.result.state == "ready" and not shell.made
            ],
            [
                shell.node
                for shell in shells
                if shell.planned or (shell.result and shell.result.state == "ready")
            ],
        ),
        **common(params, recorder, scope),
    }
    refused = [pod for pod in pods if pod.state == "refused"]
    if refused and not result["error"] and params["on_error"] == "fail":
        first = refused[0]
        result["error"] = recorder.clean(
            f"no shell on {enumeration([pod.node for pod in refused])}: {first.refused_by}: {first.why}"
        )
    return result


def _absent(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    ended = Ended()
    scope = Scope(namespaces=(params["namespace"],))

    def look(client: Client) -> None:
        ender = Ender(client, params["namespace"], params["wait"])
        found = ender.end(params["run_id"], params["nodes"], params["sweep"], check)
        ended.jobs, ended.left = found.jobs, found.left

    # What was seen when the shells were made stays as it is: a stage is written once.
    with Recorder({**params, "evidence_dir": None}, STAGE, scope) as recorder:
        ask(params, recorder, lambda: _check(params), look)
    nodes = [job["node"] for job in ended.jobs]
    return {
        "changed": bool(ended.jobs),
        "state": "absent",
        "run_id": params["run_id"],
        "namespace": params["namespace"],
        "pods": [],
        "ready": [],
        "refused": [],
        "planned": nodes if check else [],
        "left": [recorder.clean(pod) for pod in ended.left],
        "notes": [recorder.clean(_lingering(pod)) for pod in ended.left],
        "diff": _difference(nodes, []),
        **common({**params, "evidence_dir": None}, recorder, scope),
    }


def _lingering(pod: Mapping[str, str | None]) -> str:
    end = f" at {pod['ends_at']}" if pod["ends_at"] else ""
    return (
        f"the pod {pod['pod']} on node {pod['node']} is marked for deletion and goes when its kubelet lets it; "
        f"what runs in it ends by itself{end}"
    )


def _without_rights(nodes: Sequence[str], namespace: str, lacking: Sequence[rights.Need]) -> list[Shell]:
    wanted = ", ".join(need.title for need in lacking)
    why = f"this account may not {wanted} in namespace {namespace}: grant it {rights.ROLE}"
    return [
        Shell(node, result=AccessPod(node, "refused", namespace, refused_by="rights", why=why))
        for node in nodes
    ]


def _record(recorder: Recorder, shell: Shell) -> None:
    if shell.result:
        recorder.write(shell.result)
    if shell.planned:
        recorder.write(Gap(_check_of(shell.node), "check mode makes no pod", LOST, STEPS))
    elif shell.result and shell.result.state == "refused":
        why = f"{shell.result.refused_by}: {shell.result.why}"
        recorder.write(Gap(_check_of(shell.node), why, LOST, STEPS))


def _check_of(node: str) -> str:
    return f"{node}: a shell through the API server"


def _difference(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    def listed(nodes: Sequence[str]) -> str:
        return "".join(f"shell on node {node}\n" for node in sorted(nodes))

    return {"before": listed(before), "after": listed(after)}


def _check(params: Mapping[str, Any]) -> None:
    if not naming.is_run(params["run_id"]):
        raise ConfigInvalid(
            f"run_id '{params['run_id']}' cannot be a label: up to 63 letters, digits, '-', '_', '.' are wanted"
        )
    if not naming.is_name(params["namespace"]):
        raise ConfigInvalid(f"'{params['namespace']}' is no name of a namespace")
    for node in params["nodes"]:
        if not naming.is_name(node):
            raise ConfigInvalid(f"'{node}' is no name of a node")
    if not _SHORTEST <= params["seconds"] <= _LONGEST:
        raise ConfigInvalid(f"seconds: from {_SHORTEST} to {_LONGEST}, not {params['seconds']}")
    if params["ttl"] < 0:
        raise ConfigInvalid(f"ttl: 0 seconds or more, not {params['ttl']}")
