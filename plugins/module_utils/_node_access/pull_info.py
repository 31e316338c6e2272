# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module node_pull_info: nodes as the API server and their kubelets tell of them, many at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.nodes import node_fact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import (
    map_in_parallel,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.recording import Recorder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.tasks import ask, common
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping, text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, KubeletFact, Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access import naming
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.kubelet import (
    ask_kubelet,
    of_node,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural

STAGE, CHOOSING_STAGE = "kubelets", "nodes"
_CONNECTIONS = 16
_LARGEST_PAGE = 8 << 20
"""A kubelet's summary of 250 pods has about one megabyte."""
_SINGLY = 8
"""So many nodes are read one by one, more as the list of all."""
_REFUSALS = 3
"""After so many refusals and no answer the rest is not asked: the right is lacking, not a node."""
_MOST_GAPS = 10
_LOST = "the room on the image file system, when images are cleared away, and the limits that kubelets set to pulls"
_STEPS = (6,)


def node_pull_info(params: Mapping[str, Any]) -> dict[str, Any]:
    """Look at nodes as the options say and return the result of the module.

    Where the cluster cannot be read, ``complete`` is false and ``error`` says why. Raises NotRecorded where evidence
    cannot be read or written.
    """
    rows: list[dict[str, Any]] = []
    facts: list[KubeletFact] = []
    scope = Scope()
    wanted = list(dict.fromkeys(params["nodes"])) or _chosen(params.get("evidence_dir"))

    def look(client: Client) -> None:
        if wanted == []:
            return
        objects = _read_nodes(client, wanted)
        kubelets = Client(
            client.connection,
            min(params["kubelet_timeout"], params["request_timeout"]),
            client.deadline.left("the kubelets"),
            _CONNECTIONS,
            _LARGEST_PAGE,
        )
        found = Asker(kubelets).ask(objects)
        client.requests += kubelets.requests
        facts.extend(found)
        facts.extend(_absent(wanted, objects))
        rows.extend(_row(node, fact) for node, fact in zip(objects, found, strict=True))

    with Recorder(params, STAGE, scope) as recorder:
        ask(params, recorder, lambda: _check(wanted), look)
        for fact in facts:
            recorder.write(fact)
        for gap in gaps(facts):
            recorder.write(gap)
        if recorder.error and not facts:
            recorder.write(Gap("what kubelets tell", recorder.error, _LOST, _STEPS))
    inline = not params.get("evidence_dir")
    return {
        "nodes": [recorder.clean(row) for row in rows] if inline else [],
        "summary": {
            "nodes": len(facts),
            **dict.fromkeys(("read", "partly", "forbidden", "unreachable"), 0),
            **Counter(fact.state for fact in facts),
        },
        **common(params, recorder, scope),
    }


class Asker:
    """Asks kubelets, many at a time, and stops where the right to it is lacking or time is up."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._refused = 0
        self._refusal = ""
        self._answered = False

    def ask(self, nodes: Sequence[dict[str, Any]]) -> list[KubeletFact]:
        """Return a fact for each node (API objects), in their order."""
        return map_in_parallel(self._one, nodes, _CONNECTIONS)

    def _one(self, node: dict[str, Any]) -> KubeletFact:
        if self._refused >= _REFUSALS and not self._answered:
            return KubeletFact(**of_node(node), state="forbidden", why=self._refusal)
        if self._client.deadline.passed:
            return KubeletFact(**of_node(node), state="unreachable", why="not asked: no time was left")
        fact = ask_kubelet(self._client, node)
        with self._lock:
            if fact.state == "forbidden":
                self._refused += 1
                self._refusal = self._refusal or "like other kubelets: no right to nodes/proxy"
            elif fact.state != "unreachable":
                self._answered = True
        return fact


def gaps(facts: Sequence[KubeletFact]) -> list[Gap]:
    """Return what is not known: one gap for each node, or one for all where that would be many."""
    lacking = [fact for fact in facts if fact.state != "read"]
    if len(lacking) > _MOST_GAPS:
        counts = Counter(fact.state for fact in lacking)
        states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        first = lacking[0]
        why = f"{states}; {first.node}: {first.why}"
        return [Gap(f"what the kubelets of {plural(len(lacking), 'node')} tell", why, _LOST, _STEPS)]
    return [
        Gap(f"{fact.node}: what its kubelet tells", f"{fact.state}: {fact.why}", _LOST, _STEPS)
        for fact in lacking
    ]


def _chosen(folder: str | None) -> list[str] | None:
    """Return the nodes that were chosen for this run, None (all nodes) where there is no such stage."""
    if not folder:
        return None
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
        EvidenceError,
        EvidenceFolder,
    )

    try:
        stage = EvidenceFolder.open(folder).read_stage(CHOOSING_STAGE)
    except EvidenceError:
        # A folder that is not there yet is made by the recorder, and a damaged one is its to refuse.
        return None
    return list(dict.fromkeys(choice.node for choice in stage.of("node_choice"))) if stage else None


def _read_nodes(client: Client, wanted: Sequence[str] | None) -> list[dict[str, Any]]:
    if wanted is not None and len(wanted) <= _SINGLY:
        found = map_in_parallel(lambda name: _read_node(client, name), wanted)
        return [node for node in found if node]
    names = None if wanted is None else set(wanted)

    def keep(item: Any) -> dict[str, Any] | None:
        node = mapping(item)
        return node if names is None or _name(node) in names else None

    return client.read_list("/api/v1/nodes", "the nodes", keep).items


def _read_node(client: Client, name: str) -> dict[str, Any] | None:
    try:
        return client.get(namespaced("/api/v1", "", "nodes", name), f"the node {name}")
    except errors.NotFound:
        return None


def _absent(wanted: Sequence[str] | None, nodes: Sequence[dict[str, Any]]) -> list[KubeletFact]:
    there = {_name(node) for node in nodes}
    return [
        KubeletFact(node=name, state="unreachable", why="there is no node of that name in this cluster")
        for name in wanted or ()
        if name not in there
    ]


def _name(node: dict[str, Any]) -> str:
    return text(mapping(node.get("metadata")).get("name"))


def _row(node: dict[str, Any], fact: KubeletFact) -> dict[str, Any]:
    known = node_fact(node, True, []).to_dict()
    known.pop("images", None)
    allocatable = mapping(mapping(node.get("status")).get("allocatable"))
    return {
        **known,
        "allocatable": {text(name): str(value)[:60] for name, value in allocatable.items()},
        "kubelet": fact.to_dict(),
    }


def _check(wanted: Sequence[str] | None) -> None:
    for name in wanted or ():
        if not naming.is_name(name):
            raise errors.ConfigInvalid(f"'{name}' is no name of a node")
