# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with all scenarios in place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.lab.image_pull_lab import versions
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.scenarios import Scenario, all_scenarios, nodes
from tests.lab.scenarios.stage import Seen, put_up, settle

RBAC = Path(__file__).resolve().parents[3] / "docs" / "rbac"
VIEWER = "viewer"
SLOW_AFTER = 20
"""Seconds after which the tests call a pull slow; the default of five minutes would be theirs to wait."""

SECONDS = 360


@dataclass(frozen=True)
class Scene:
    """Scenarios that show on a lab, and the cluster as it was when the last one did."""

    lab: Lab
    scenarios: tuple[Scenario, ...]
    seen: Seen

    @property
    def viewer(self) -> Path:
        """The kubeconfig of a user who has the rights of docs/rbac and no others."""
        return self.lab.kubeconfig(VIEWER)


def version_under_test() -> str:
    """The minor version of Kubernetes under test: ``KUBERNETES=1.36 pytest -m lab``."""
    return versions.resolve(os.environ.get("KUBERNETES") or versions.DEFAULT_KUBERNETES).minor


def prepare(lab: Lab, version: str) -> Scene:
    """Adds the special nodes, creates everything, and returns when each scenario shows.

    A lab on which that was done before is taken as it is.
    """
    scenarios = all_scenarios(version)
    if any(entry["metadata"]["name"] == scenarios[0].namespace for entry in lab.api.list("Namespace")):
        return Scene(lab, scenarios, Seen.now(lab.api))
    grant(lab, VIEWER)
    add_special_nodes(lab, {scenario.node for scenario in scenarios if scenario.node})
    put_up(lab.api, scenarios, lab.accounts.to_dict())
    return Scene(lab, scenarios, settle(lab.api, scenarios, slow_after=SLOW_AFTER, seconds=SECONDS))


def grant(lab: Lab, user: str) -> None:
    """Gives a user the ClusterRole that the documentation asks administrators for."""
    for path in sorted(RBAC.glob("*.yml")) + sorted(RBAC.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if manifest and manifest["kind"] == "ClusterRole":
                lab.api.apply(manifest)
                lab.api.apply(
                    {
                        "apiVersion": "rbac.authorization.k8s.io/v1",
                        "kind": "ClusterRoleBinding",
                        "metadata": {"name": f"{manifest['metadata']['name']}-{user}"},
                        "roleRef": {
                            "apiGroup": "rbac.authorization.k8s.io",
                            "kind": "ClusterRole",
                            "name": manifest["metadata"]["name"],
                        },
                        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
                    }
                )


def add_special_nodes(lab: Lab, names: set[str]) -> None:
    """Boots the nodes of nodes.py, all at once, and breaks those that are broken by hand."""
    for name in sorted(names):
        lab.add_node(name, nodes.NODES[name], wait=False)
    lab.wait_for_nodes(sorted(names), seconds=120)
    for name in sorted(names):
        break_node(lab.node(name), name)


def break_node(node: Node, like: str) -> None:
    """Does to a node that is ready what nodes.py says of that special node."""
    if like in nodes.BROKEN_BY:
        nodes.BROKEN_BY[like](node)
