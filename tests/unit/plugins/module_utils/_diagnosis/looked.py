# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of a run that looked at nodes: what a healthy one shows, and what a broken one shows instead."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessPod,
    ConditionFact,
    EndpointFact,
    FileSystemFact,
    Finding,
    Gap,
    HopFact,
    KubeletFact,
    NodeChoice,
    NodeFact,
    NodeLook,
    Record,
    Report,
    ResolverFact,
    RuntimeFact,
)

from tests.unit.evidence import write_evidence

HOST = "registry.example"
IMAGE = f"{HOST}/shop/web:1"
ADDRESS = "10.1.2.3"
BROKEN, HEALTHY = "node1", "node2"
AT = "2026-01-31T12:00:10Z"
STORE = "/var/lib/containerd"


def node(name: str, pool: str = "a", **fields: Any) -> NodeFact:
    """A node as the API server knows it."""
    fields.setdefault("conditions", (ConditionFact("Ready", "True"),))
    return NodeFact(
        name, pool=pool, os="linux", architecture="amd64", runtime_version="containerd://1.7.2", **fields
    )


def hop(name: str, outcome: str = "ok", host: str = HOST, on: str = BROKEN, **fields: Any) -> HopFact:
    """What came of one hop."""
    fields.setdefault("role", "registry")
    fields.setdefault("vantage", f"node/{on}")
    if name == "dns" and outcome in ("ok", "slow"):
        fields.setdefault("addresses", (ADDRESS,))
    elif name != "dns":
        fields.setdefault("address", ADDRESS)
    fields.setdefault("seconds", 0.01)
    return HopFact(on, host=host, hop=name, outcome=outcome, **fields)


def way(host: str = HOST, on: str = BROKEN, **outcomes: str) -> list[Record]:
    """The way to a host, well but for what is named; nothing comes after a hop that fails."""
    found: list[Record] = []
    for name in ("dns", "tcp", "tls", "http"):
        outcome = outcomes.get(name, "ok")
        found.append(hop(name, outcome, host, on))
        if outcome not in ("ok", "slow"):
            break
    return found


def look(on: str = BROKEN, **fields: Any) -> NodeLook:
    """A shell that answered."""
    values = {"way": "ssh", "reached": True, "at": AT, "seconds": 0.4, "clock_difference": 0.2, **fields}
    return NodeLook(on, **values)


def runtime(on: str = BROKEN, state: str = "running", **fields: Any) -> RuntimeFact:
    values = {"version": "1.7.2", "answers": state == "running", "unit": "containerd.service", "store": STORE}
    return RuntimeFact(on, "containerd", state=state, **{**values, **fields})


def disk(on: str = BROKEN, **fields: Any) -> FileSystemFact:
    values = {
        "bytes_total": 10**10,
        "bytes_free": 5 * 10**9,
        "inodes_total": 10**6,
        "inodes_free": 9 * 10**5,
        "mount_point": STORE,
        "device": "/dev/vda1",
        "type": "ext4",
        "bytes_free_for_root": fields.get("bytes_free", 5 * 10**9),
    }
    return FileSystemFact(on, "images", STORE, **{**values, **fields})


def resolver(on: str = BROKEN, server: str = "10.0.0.2", **fields: Any) -> ResolverFact:
    return ResolverFact(on, f"node/{on}", (server,), source="/etc/resolv.conf", **fields)


def well(on: str = HEALTHY, *hosts: str) -> list[Record]:
    """Everything that a healthy node shows."""
    ways = [record for host in hosts or (HOST,) for record in way(host, on)]
    return [look(on), runtime(on), disk(on), resolver(on, "10.0.0.1"), *ways]


def sick(*records: Record, on: str = BROKEN) -> list[Record]:
    """A node that shows these records; what they leave open is as on a healthy one."""
    found: list[Record] = list(records)
    kinds = {type(record) for record in found}
    for record in (look(on), runtime(on), disk(on), resolver(on)):
        if type(record) not in kinds:
            found.append(record)
    return found if HopFact in kinds else [*found, *way(on=on)]


def endpoint(
    url: str, position: int = 0, role: str = "mirror", on: str = BROKEN, **fields: Any
) -> EndpointFact:
    return EndpointFact(on, HOST, position, url, role, f"/etc/containerd/certs.d/{HOST}/hosts.toml", **fields)


def stage_of(on: str, kind: str = "node") -> str:
    """The stage that a look at this node writes."""
    return f"{kind}_{hashlib.sha256(on.encode()).hexdigest()[:12]}"


def folder_with(
    place: Path,
    failures: list[Record],
    seen: list[Record],
    *,
    asked: list[Record] | None = None,
    choices: list[Record] | None = None,
) -> EvidenceFolder:
    """The evidence of a run: failures and nodes, registries, the choice, and one stage for each node looked at."""
    pools = [record for record in failures if isinstance(record, NodeFact)]
    if not pools:
        failures = [*failures, node(BROKEN), node(HEALTHY)]
    folder = write_evidence(place, failures)
    if asked:
        write_evidence(place, asked, stage="registry")
    stages: dict[str, list[Record]] = defaultdict(list)
    for record in seen:
        if isinstance(record, KubeletFact):
            stages["kubelets"].append(record)
        elif isinstance(record, AccessPod):
            stages["access_pods"].append(record)
        elif isinstance(record, Gap):
            stages[stage_of(record.check.partition(":")[0])].append(record)
        else:
            stages[stage_of(record.node)].append(record)  # type: ignore[attr-defined]
    looked = [record for record in seen if isinstance(record, NodeLook)]
    if choices is None:
        choices = [
            NodeChoice(one.node, "control" if one.node == HEALTHY else "failing", "a", way="ssh")
            for one in looked
        ]
    write_evidence(place, choices, stage="nodes")
    for name, records in stages.items():
        write_evidence(place, records, stage=name)
    return folder


def report_with(place: Path, failures: list[Record], seen: list[Record], **about: Any) -> Report:
    """The report on these failures, with what the nodes show."""
    return diagnose(folder_with(place, failures, seen, **about))


def finding_with(place: Path, failure: Record, seen: list[Record], **about: Any) -> Finding:
    """The one finding on this failure."""
    report = report_with(place, [failure], seen, **about)
    assert len(report.findings) == 1, [found.title for found in report.findings]
    return report.findings[0]


def deaf(on: str, *hosts: str) -> list[Record]:
    """A node whose resolver does not answer, whatever the name."""
    return sick(*(hop("dns", "timeout", host, on) for host in hosts or (HOST,)), on=on)


def steps(report: Report) -> dict[int, tuple[str, str]]:
    return {step.step: (step.status, step.detail) for step in report.checklist}
