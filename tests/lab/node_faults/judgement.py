# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report must say about a fault of a node."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.node_faults.declare import Machine, NodeFault

Finding = dict[str, Any]
Report = dict[str, Any]


def findings_about(report: Report, fault: NodeFault) -> list[Finding]:
    """The findings in which the fault's pod appears."""
    return [
        finding
        for finding in report["findings"]
        if any(entry["name"] == fault.name for entry in finding["pods"])
    ]


def misses(report: Report, machine: Machine, fault: NodeFault, nodes: list[str]) -> list[str]:
    """Everything that the report does not say, or says wrongly, of a fault that was looked at from its node.

    ``nodes`` are all of the lab: one of them that does not have this fault is the contrast.
    """
    if not fault.found:
        named = [entry for entry in report["not_checked"] if fault.name in entry["check"]]
        return [] if named else ["the pod is not named among what was not checked"]
    found = findings_about(report, fault)
    if len(found) != 1:
        return [f"the pod is in {len(found)} findings: {[one['title'] for one in found]}"]
    finding = found[0]
    text = json.dumps(finding, ensure_ascii=False)
    wrong = []
    if finding["cause"] not in (fault.cause, *fault.also):
        wrong.append(f"cause {finding['cause']}, not {fault.cause}")
    if finding["confidence"] != "confirmed":
        wrong.append(f"{finding['confidence']}, not confirmed")
    if finding["hop"] not in fault.hops:
        wrong.append(f"hop {finding['hop']}, not {' or '.join(fault.hops)}")
    if machine.name not in finding["nodes"]:
        wrong.append(f"nodes {finding['nodes']}, without {machine.name}")
    if fault.host and fault.host not in text:
        wrong.append(f"nothing of the host {fault.host}")
    wrong += [f"nothing of {word!r}" for word in fault.words if word not in text]
    if not seen_from(finding, [machine.name]):
        wrong.append("no evidence from the node itself")
    if fault.contrast and not seen_from(finding, [name for name in nodes if name != machine.name]):
        wrong.append("no healthy node as contrast")
    return [*wrong, f"in: {finding['title']}"] if wrong else []


def seen_from(finding: Finding, nodes: list[str]) -> list[dict[str, Any]]:
    """The pieces of evidence that were seen from one of these nodes."""
    vantages = {f"{kind}/{name}" for name in nodes for kind in ("node", "runtime")}
    return [entry for entry in finding["evidence"] if entry["vantage"] in vantages]


def not_checked(report: Report, node: str) -> list[dict[str, Any]]:
    """What the report says was not checked on a node."""
    return [entry for entry in report["not_checked"] if node in entry["check"]]
