# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of the module node_choice: which nodes are worth a look, and how they are reached."""

from __future__ import annotations

import dataclasses
import math
import re
import time
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import (
    Facts,
    facts_from_folder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.where_to_look import (
    Wanted,
    choose_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, NodeChoice
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import ControllerAction
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._inventory import (
    Lenders,
    leaves_out,
    lenders_of,
    limit_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

STAGE = "nodes"
GROUP = "image_pull_nodes"
PROBE_SECONDS = 10.0
CONNECT_SECONDS = 4.0
"""What a connection may cost on top of a probe; a node that is down costs this much."""
HOST_SECONDS = 0.4
"""What a host costs ansible-playbook itself, one after the other: to be added, and each task of it."""
KUBELET_SECONDS = 0.05
KUBELETS_SHARE = 0.1
"""What the kubelets' own figures may cost, each, and as the share of the deadline that the role gives them."""
PODS_SECONDS = 10.0
"""What pods may take to start: the role waits for them this long at most."""
SPARE_SECONDS = 60.0
"""By how much a pod outlives what is planned, where a run is killed."""
JUDGING_SECONDS = 2.0
SHORTEST_PROBE = 3.0
STEPS = (6, 7, 8)
LOST = "what the node itself meets: disk, names, firewall, proxy, certificates, runtime and its log"
_NODE = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\Z")
_ADDRESS = re.compile(r"[A-Za-z0-9][-A-Za-z0-9.:]{0,252}\Z")

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "evidence_dir": {"type": "path", "required": True},
    "cluster": {"type": "str"},
    "node_access": {"type": "str", "choices": ["auto", "ssh", "pod", "none"], "default": "auto"},
    "inventory_group": {"type": "str", "default": "all"},
    "max_nodes": {"type": "int", "default": 3},
    "every_fault": {"type": "bool", "default": False},
    "deadline": {"type": "float", "default": 60.0},
    "started": {"type": "float"},
    "extra_seconds": {"type": "float", "default": 0.0},
}


class ActionModule(ControllerAction):
    """Chooses nodes by what the evidence suspects, writes the choice into it, and says how to reach each."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        folder = EvidenceFolder.open(options["evidence_dir"])
        facts = facts_from_folder(folder)
        cluster = options["cluster"] or str(self._task_vars.get("inventory_hostname", "localhost"))
        self._lenders = Lenders()
        choice = choose_nodes(facts, max(0, options["max_nodes"]), every_fault=options["every_fault"])
        seconds, room = _plan(options, self._task_vars, len(choice.wanted))
        if options["node_access"] in ("auto", "ssh"):
            self._lenders = self._find_lenders(facts, choice.wanted, options["inventory_group"])
        choices, gaps = self._choices(facts, choice.wanted, room, options)
        gaps += choice.left_out
        with folder.stage(STAGE, vantage="controller", scope=facts.scope) as stage:
            for record in (*choices, *gaps):
                stage.write(record)
        result = _result(cluster, choices, gaps, seconds, self._lenders)
        clusters = max(1, len(self._task_vars.get("ansible_play_hosts") or ()))
        waves = -(-len(result["hosts"]) * clusters // _forks(self._task_vars))
        result["pod_seconds"] = math.ceil(options["deadline"] + SPARE_SECONDS + waves * options["extra_seconds"])
        return untrusted(result)

    def _choices(
        self, facts: Facts, wanted: tuple[Wanted, ...], room: int, options: dict[str, Any]
    ) -> tuple[list[NodeChoice], list[Gap]]:
        way = options["node_access"]
        blocked = self._why_none(way)
        lenders = self._lenders
        choices: list[NodeChoice] = []
        gaps: list[Gap] = []
        for one in wanted:
            address = _address(facts, one.node)
            taken = sum(1 for choice in choices if choice.way)
            found, why = ("", blocked) if blocked else _way(one.node, way, lenders)
            if not _NODE.match(one.node):
                found, why = "", "its name is no name of a node"
            elif found and taken >= room:
                found, why = "", f"the deadline ({options['deadline']:g} s) leaves {_time_for(room)}"
            choices.append(NodeChoice(one.node, one.role, one.pool, one.faults, found, address, why))
        for why in dict.fromkeys(choice.why for choice in choices if not choice.way):
            names = [choice.node for choice in choices if choice.why == why and not choice.way]
            gaps.append(Gap(printable(f"from {_nodes(names)}", 300), printable(why, 300), LOST, STEPS))
        return choices, gaps

    def _why_none(self, way: str) -> str:
        """Return why no node can be looked at in this run, an empty text where that is not so."""
        if way == "none":
            return "image_pull_node_access is none"
        if way == "pod" and self.in_check_mode:
            return "check mode makes no pod on a node"
        limit = limit_of(self._task_vars)
        if limit and leaves_out(limit, GROUP):
            return f"--limit '{limit}' leaves out the nodes: write --limit '{limit}:{GROUP}'"
        return ""

    def _find_lenders(self, facts: Facts, wanted: tuple[Wanted, ...], group: str) -> Lenders:
        addresses = {
            one.node: facts.nodes[one.node].addresses if one.node in facts.nodes else () for one in wanted
        }
        return lenders_of(self._task_vars, addresses, group)


def _way(node: str, way: str, lenders: Lenders) -> tuple[str, str]:
    if way == "pod":
        return "pod", ""
    if way == "ssh" or node in lenders.by_node:
        return "ssh", ""
    if lenders.cut:
        return "", (
            "no host of the inventory has its name, and there are too many to look for its address: name the nodes' "
            "group in image_pull_node_group"
        )
    return "", (
        "the inventory has no host of this name or address; add the nodes to it, or set image_pull_node_access "
        "to pod (a privileged pod on each node for some minutes) or ssh"
    )


def _address(facts: Facts, node: str) -> str:
    """The first address of a node that can be one, for a connection without an inventory host."""
    found = facts.nodes.get(node)
    return next((one for one in (found.addresses if found else ()) if _ADDRESS.match(one)), node)


def _plan(options: dict[str, Any], task_vars: dict[str, Any], wanted: int) -> tuple[float, int]:
    """Return the seconds for one probe, and how many nodes of this cluster fit into the time that is left."""
    started = options["started"]
    elapsed = max(0.0, time.time() - started) if started else 0.0
    kubelets = min(options["deadline"] * KUBELETS_SHARE, wanted * KUBELET_SECONDS)
    pods = min(PODS_SECONDS, options["deadline"] / 4) if options["node_access"] == "pod" else 0.0
    left = options["deadline"] - elapsed - kubelets - pods - JUDGING_SECONDS
    seconds = min(PROBE_SECONDS, left - CONNECT_SECONDS - 2 * HOST_SECONDS)
    if seconds < SHORTEST_PROBE:
        return SHORTEST_PROBE, 0
    clusters, forks = max(1, len(task_vars.get("ansible_play_hosts") or ())), _forks(task_vars)
    hosts, most = 0, wanted * clusters
    while hosts < most and _cost(hosts + 1, forks, seconds) <= left:
        hosts += 1
    names = list(task_vars.get("ansible_play_hosts") or ())
    own = str(task_vars.get("inventory_hostname", ""))
    place = names.index(own) if own in names else 0
    return seconds, hosts // clusters + (place < hosts % clusters)


def _forks(task_vars: dict[str, Any]) -> int:
    return max(1, int(task_vars.get("ansible_forks") or 5))


def _cost(hosts: int, forks: int, seconds: float) -> float:
    """Return how long so many probes take at most, ``forks`` of them at a time: those of all clusters of the play."""
    return -(-hosts // forks) * (seconds + CONNECT_SECONDS) + hosts * HOST_SECONDS


def _time_for(room: int) -> str:
    return f"time for {plural(room, 'node')}" if room else "no time to look from nodes"


def _nodes(names: list[str]) -> str:
    return f"node {names[0]}" if len(names) == 1 else f"{plural(len(names), 'node')} ({enumeration(names, 5)})"


def _result(
    cluster: str, choices: list[NodeChoice], gaps: list[Gap], seconds: float, lenders: Lenders
) -> dict[str, Any]:
    reachable = [choice for choice in choices if choice.way]
    return {
        "changed": False,
        "hosts": [
            {
                "cluster": cluster,
                "name": f"{cluster}/{choice.node}",
                "node": choice.node,
                "role": choice.role,
                "way": choice.way,
                "address": choice.node if choice.way == "pod" else choice.address,
                "lender": lenders.by_node.get(choice.node, ""),
                "seconds": round(seconds, 1),
            }
            for choice in reachable
        ],
        "nodes": [choice.node for choice in choices if _NODE.match(choice.node)],
        "pod_nodes": [choice.node for choice in reachable if choice.way == "pod"],
        "not_checked": [
            {field.name: getattr(gap, field.name) for field in dataclasses.fields(gap) if field.name != "unread"}
            for gap in gaps
        ],
    }
