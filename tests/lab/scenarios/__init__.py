# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real failures for a real cluster: one declaration each, in files by subject.

``all_scenarios("1.34")`` gives what this Kubernetes can show; the file's name is the namespace.
"""

from __future__ import annotations

import dataclasses

from tests.lab.scenarios import (
    content,
    credentials,
    healthy,
    names,
    network,
    nodes,
    registries_credentials,
    registries_names,
    registry,
    tls,
    workloads,
)
from tests.lab.scenarios.declare import LABEL, Failure, Manifest, Patch, Scenario

_SUBJECTS = {
    "names": names.SCENARIOS,
    "credentials": credentials.SCENARIOS,
    "network": network.SCENARIOS,
    "tls": tls.SCENARIOS,
    "registry": registry.SCENARIOS,
    "content": content.SCENARIOS,
    "nodes": nodes.SCENARIOS,
    "workloads": workloads.SCENARIOS,
    "healthy": healthy.SCENARIOS,
    "registries-names": registries_names.SCENARIOS,
    "registries-credentials": registries_credentials.SCENARIOS,
}


def all_scenarios(version: str = "1.34") -> tuple[Scenario, ...]:
    """Every scenario that this minor version of Kubernetes can show, each with its namespace."""
    return tuple(
        dataclasses.replace(scenario, namespace=subject)
        for subject, scenarios in _SUBJECTS.items()
        for scenario in scenarios
        if _number(scenario.since) <= _number(version)
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


__all__ = ["LABEL", "Failure", "Manifest", "Patch", "Scenario", "all_scenarios"]
