# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence for the tests of judging: the readable examples of tests/data/evidence, and single failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.stage import RECORDS
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    CredentialCheck,
    EventFact,
    OwnerRef,
    PullFailure,
    Record,
    RegistryAnswer,
    Report,
    Scope,
    TagList,
)

EXAMPLES = Path(__file__).resolve().parents[1] / "data" / "evidence"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
NOW = "2026-01-31T12:00:00Z"
_OF_REGISTRIES = (CredentialCheck, RegistryAnswer, TagList)
CLUSTER = ClusterFact("prod", "https://10.0.0.1:6443", uid="6f1d0c1e", version="v1.34.2", context="prod")


def folder_of(name: str, place: Path) -> EvidenceFolder:
    """Write the example ``name`` as an evidence folder at ``place``."""
    data = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    records = [RECORDS[kind].from_dict(item) for kind in RECORDS if kind in data for item in data[kind]]
    cluster = ClusterFact.from_dict(data["cluster"])
    asked = [record for record in records if isinstance(record, _OF_REGISTRIES)]
    about: dict[str, Any] = {"cluster": cluster, "observed_at": data["observed_at"]}
    if asked:
        write_evidence(place, asked, stage="registry", **about)
    seen = [record for record in records if not isinstance(record, _OF_REGISTRIES)]
    return write_evidence(place, seen, error=data.get("error"), **about)


def write_evidence(
    place: Path,
    records: Iterable[Record],
    *,
    cluster: ClusterFact = CLUSTER,
    scope: Scope | None = None,
    observed_at: str = NOW,
    error: str | None = None,
    stage: str = "triage",
) -> EvidenceFolder:
    """Write ``records`` as one stage of the evidence folder ``place``."""
    folder = EvidenceFolder.open_or_create(str(place), cluster=cluster.name)
    with folder.stage(stage, vantage="api", scope=scope or Scope()) as writer:
        writer.cluster = cluster
        writer.observed_at = observed_at
        for record in records:
            writer.write(record)
        if error:
            writer.fail(error)
    return folder


def judged(place: Path, *records: Record, **about: Any) -> Report:
    """The report on ``records``."""
    return diagnose(write_evidence(place, records, **about))


def failing(message: str = "", image: str = "registry.example.com/shop/web:1", **fields: Any) -> PullFailure:
    """A container that waits for its image, with ``message`` in its status."""
    values: dict[str, Any] = {
        "namespace": "shop",
        "pod": "web-1",
        "container": "app",
        "container_type": "main",
        "symptom": "waiting",
        "reason": "ErrImagePull" if message else "ImagePullBackOff",
        "node": "node-1",
        "since": "2026-01-31T11:00:00Z",
        **fields,
    }
    values.setdefault("pod_uid", f"uid of {values['namespace']}/{values['pod']}")
    owner: Mapping[str, str] | OwnerRef | None = values.pop("owner", None)
    if isinstance(owner, Mapping):
        owner = OwnerRef(**owner)
    return PullFailure(image=image, message=message, owner=owner, **values)


def failed_event(image: str, text: str, at: str = "2026-01-31T11:55:00Z", **fields: Any) -> EventFact:
    """The kubelet's event about a failed pull."""
    message = f'Failed to pull image "{image}": {text}'
    return EventFact(reason="Failed", type="Warning", message=message, last_at=at, **fields)


def not_found(image: str) -> str:
    """What containerd says of a tag that is not there."""
    return f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'


def refused(image: str, host: str, address: str = "10.9.9.9:443") -> str:
    """What containerd says where nobody listens."""
    return (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: '
        f'Head "https://{host}/v2/x/manifests/1": dial tcp {address}: connect: connection refused'
    )


def no_such_host(image: str, host: str) -> str:
    """What containerd says of a name that does not resolve."""
    return (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: '
        f'Head "https://{host}/v2/x/manifests/1": dial tcp: lookup {host} on 10.0.0.2:53: no such host'
    )


def unauthorized(image: str, host: str) -> str:
    """What containerd says of a plain 401: with or without a credential."""
    return (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": unexpected status from '
        f"HEAD request to https://{host}/v2/x/manifests/1: 401 Unauthorized"
    )


def no_credentials(image: str) -> str:
    """What containerd says where it had no credential for a registry that wants one."""
    return (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": pull access denied, '
        "repository does not exist or may require authorization: authorization failed: no basic auth credentials"
    )
