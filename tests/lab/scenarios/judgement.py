# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report must say about a scenario."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.scenarios.declare import Failure

Finding = dict[str, Any]
SURE = ("possible", "likely", "confirmed")
WHOLE_POD = ("sandbox", "runtime")


def about(findings: list[Finding], pod: dict[str, Any], failure: Failure) -> list[Finding]:
    """The findings that a failing container appears in, once for each appearance."""
    meta = pod["metadata"]
    return [
        finding
        for finding in findings
        for entry in finding["pods"]
        if (entry["namespace"], entry["name"], entry["uid"]) == (meta["namespace"], meta["name"], meta["uid"])
        and (
            failure.container_type in (*WHOLE_POD, "image_volume") or entry["container"] == failure.container
        )
    ]


def assert_explains(finding: Finding, failure: Failure) -> None:
    """The finding says what is wrong with this container, and no more than can be known."""
    alternatives = [entry["cause"] for entry in finding["alternatives"]]
    told = f"{finding['cause']} ({finding['confidence']}), or {alternatives}: {finding['title']}"
    assert finding["cause"] in failure.fair_causes, told
    if failure.truth or not failure.known:
        assert (failure.truth or failure.cause) in (finding["cause"], *alternatives), told
    if finding["cause"] == failure.cause:
        assert SURE.index(finding["confidence"]) >= SURE.index(failure.confidence), told
    if failure.host:
        assert failure.host in finding["registry_hosts"], f"{finding['registry_hosts']}; {told}"
    if failure.about:
        assert failure.about in finding["nodes"], f"{finding['nodes']}; {told}"
    if failure.hop:
        assert finding["hop"] == failure.hop, f"{finding['hop']}; {told}"
    if failure.suggests:
        assert any(failure.suggests in text for text in finding["suggestions"]), (
            f"{finding['suggestions']}; {told}"
        )
    if failure.previous_image:
        fixes = json.dumps(finding["fixes"])
        assert "rollout undo" in fixes, fixes
        assert failure.previous_image in json.dumps(finding), told
    if failure.owner_kind:
        assert failure.owner_kind in {entry["owner"]["kind"] for entry in finding["pods"]}, told
