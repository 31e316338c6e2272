# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes the scheduler may choose for a pod."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.nodes import node_view
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.placement import (
    eligible_nodes,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import fits

ARCH = "kubernetes.io/arch"


def node(
    name: str, arch: str = "amd64", *, taints: tuple[str, ...] = (), cordoned: bool = False, **labels: str
) -> Any:
    parsed = []
    for taint in taints:
        pair, _colon, effect = taint.rpartition(":")
        key, _equal, value = pair.partition("=")
        parsed.append({"key": key, "value": value, "effect": effect})
    return node_view(
        {
            "metadata": {"name": name, "labels": {ARCH: arch, "kubernetes.io/os": "linux", **labels}},
            "spec": {"taints": parsed, "unschedulable": cordoned},
            "status": {},
        }
    )


NODES = [
    node("a", disk="ssd", cores="8"),
    node("b", "arm64", cores="64"),
    node("tainted", taints=("gpu=yes:NoSchedule",)),
    node("cordoned", taints=("node.kubernetes.io/unschedulable:NoSchedule",), cordoned=True),
    node("sick", taints=("node.kubernetes.io/not-ready:NoExecute",)),
    node("soft", taints=("old:PreferNoSchedule",)),
]


def names(spec: dict[str, Any], kind: str = "Deployment") -> str:
    return " ".join(one.name for one in eligible_nodes(spec, kind, NODES))


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def test_without_demands_all_that_refuse_nobody() -> None:
    assert names({}) == "a b sick soft"


def test_a_daemon_goes_to_cordoned_nodes_too() -> None:
    assert names({}, "DaemonSet") == "a b cordoned sick soft"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"nodeName": "tainted"}, "tainted"),
        ({"nodeName": "gone"}, ""),
        ({"nodeSelector": {ARCH: "arm64"}}, "b"),
        ({"nodeSelector": {ARCH: "s390x"}}, ""),
        ({"os": {"name": "windows"}}, ""),
        (affinity(expression("disk", "In", "ssd", "nvme")), "a"),
        (affinity(expression("disk", "NotIn", "ssd")), "b sick soft"),
        (affinity(expression("disk", "Exists")), "a"),
        (affinity(expression("disk", "DoesNotExist")), "b sick soft"),
        (affinity(expression("cores", "Gt", "10")), "b"),
        (affinity(expression("cores", "Lt", "10")), "a"),
        (affinity(expression("disk", "Exists"), expression(ARCH, "In", "arm64")), "a b"),
        (affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["sick"]}]}), "sick"),
        (affinity({}), ""),
        (affinity(expression("disk", "Perhaps", "ssd")), ""),
    ],
)
def test_what_a_pod_demands(spec: dict[str, Any], expected: str) -> None:
    assert names(spec) == expected


@pytest.mark.parametrize(
    ("toleration", "goes"),
    [
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"operator": "Exists"}, True),
    ],
)
def test_what_a_pod_tolerates(toleration: dict[str, Any], goes: bool) -> None:
    assert ("tainted" in names({"tolerations": [toleration]})) == goes


def test_an_image_must_be_for_the_build_of_windows() -> None:
    build = {"kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": "10.0.20348"}
    platform = node("w", **build).platform
    assert fits(platform, Platform("windows", "amd64", os_version="10.0.20348.2113"))
    assert not fits(platform, Platform("windows", "amd64", os_version="10.0.17763.5122"))


def test_everything_tolerated_means_cordoned_nodes_too() -> None:
    assert names({"tolerations": [{"operator": "Exists"}]}) == "a b tainted cordoned sick soft"
