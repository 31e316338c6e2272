# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of nodes, as their tests state them: what the kubelet says, what the node shows, what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CertificateFact,
    ConfigProblem,
    LogLine,
    Record,
)

from tests.unit.evidence import failing
from tests.unit.plugins.module_utils._diagnosis.looked import (
    ADDRESS,
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
    STORE,
    finding_with,
    well,
)

CDN = "cdn.example"
MIRROR = "mirror.example"
PROXY = "http://proxy.example:3128"
TOML = f"/etc/containerd/certs.d/{HOST}/hosts.toml"
SLOW = {"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"}
BARE = ""
ASKED = f'failed to resolve reference "{IMAGE}": failed to do request: Head "https://{HOST}/v2/shop/web/manifests/1": '
DROPPED = f"{ASKED}dial tcp {ADDRESS}:443: i/o timeout"
UNTRUSTED = f"{ASKED}x509: certificate signed by unknown authority"
EXPIRED = (
    f"{ASKED}x509: certificate has expired or is not yet valid: current time 2026-01-28T00:00:00Z is before"
)
NO_SPACE = f'failed to pull and unpack image "{IMAGE}": write {STORE}/ingest/x/data: no space left on device'
VALID = CertificateFact(HOST, not_before="2026-01-01T00:00:00Z", not_after="2027-01-01T00:00:00Z")


@dataclass(frozen=True)
class Case:
    """What the kubelet says, what the node shows, and what must come of it."""

    name: str
    words: str
    seen: list[Record]
    cause: str
    hop: str
    told: tuple[str, ...]
    confidence: str = "confirmed"
    control: bool = True
    fixes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def problem(key: str, text: str, cause: str = "", **fields: Any) -> ConfigProblem:
    return ConfigProblem(
        BROKEN, fields.pop("file", TOML), key, text, "it has this effect", HOST, cause, **fields
    )


def log(text: str, unit: str = "containerd", **fields: Any) -> LogLine:
    return LogLine(BROKEN, unit, text=text, **{"at": "2026-01-31T11:58:00Z", "image": IMAGE, **fields})


def check(case: Case, place: Path) -> None:
    """The finding has the case's cause, hop and words, and is proven from the node."""
    found = finding_with(
        place / "run", failing(case.words, IMAGE, node=BROKEN, **case.fields), [*case.seen, *well()]
    )
    assert (found.cause, found.hop, found.confidence) == (case.cause, case.hop, case.confidence), (
        found.summary
    )
    assert found.nodes == (BROKEN,)
    for words in case.told:
        assert words in found.summary
    vantages = {item.vantage for item in found.evidence}
    assert vantages & {f"node/{BROKEN}", f"runtime/{BROKEN}"}
    if case.control:
        assert vantages & {f"node/{HEALTHY}", f"runtime/{HEALTHY}"}
    commands = "\n".join(fix.command for fix in found.fixes)
    for words in case.fixes:
        assert words in commands
