# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One stage's file in the evidence folder: JSON Lines with a header, records, and an end line.

The end line is what tells a whole file from one that was cut off when a run was killed.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.errors import EvidenceError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.redact import Redactor
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    AccessPod,
    ClusterFact,
    ConfigProblem,
    CredentialCheck,
    DiskUse,
    EndpointFact,
    FileSystemFact,
    Gap,
    HopFact,
    ImageInUse,
    KubeletFact,
    LogLine,
    NodeChoice,
    NodeFact,
    NodeLook,
    PullFailure,
    PullTrial,
    Record,
    RegistryAnswer,
    ResolverFact,
    RoomFact,
    RuntimeFact,
    Scope,
    SecretFact,
    ServiceAccountFact,
    TagList,
    WorkloadFact,
)

RECORDS: dict[str, type[Record]] = {
    "access": AccessFact,
    "access_pod": AccessPod,
    "config_problem": ConfigProblem,
    "credential": CredentialCheck,
    "disk_use": DiskUse,
    "endpoint": EndpointFact,
    "file_system": FileSystemFact,
    "gap": Gap,
    "hop": HopFact,
    "image_in_use": ImageInUse,
    "kubelet": KubeletFact,
    "log_line": LogLine,
    "node": NodeFact,
    "node_choice": NodeChoice,
    "node_look": NodeLook,
    "pull_failure": PullFailure,
    "pull_trial": PullTrial,
    "registry_answer": RegistryAnswer,
    "resolver": ResolverFact,
    "room": RoomFact,
    "runtime": RuntimeFact,
    "secret": SecretFact,
    "service_account": ServiceAccountFact,
    "tags": TagList,
    "workload": WorkloadFact,
}
_KINDS = {record: kind for kind, record in RECORDS.items()}
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage saw.

    ``complete`` is false, and ``error`` says why in one line, when the stage could not read what it was asked for,
    or when its file has no end.
    """

    name: str
    vantage: str
    observed_at: str
    scope: Scope
    cluster: ClusterFact | None
    complete: bool
    error: str | None
    api_requests: int = 0
    seconds: float = 0.0
    redacted: dict[str, int] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Any]:
        """Return the records of ``kind`` in the order they were written; an empty list where there are none."""
        return list(self.records.get(kind, []))


class StageWriter:
    """Writes one stage; use it as a context manager, so that the end line is written whatever happens."""

    def __init__(self, stream: IO[str], name: str, *, vantage: str, scope: Scope) -> None:
        self._stream = stream
        self._name = name
        self._vantage = vantage
        self._redactor = Redactor()
        self._counts: dict[str, int] = {}
        self._started = time.monotonic()
        self._header_written = False
        self._header_cluster: ClusterFact | None = None
        self.scope = scope
        self.cluster: ClusterFact | None = None
        self.observed_at = utc_now()
        self.error: str | None = None
        self.api_requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.error is None:
            self.fail(str(error).partition("\n")[0] or type(error).__name__)
        self._end()

    def write(self, record: Record) -> None:
        """Append ``record``, redacted. Scope and cluster belong into the header: set them before the first record."""
        kind = _KINDS[type(record)]
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._line({"record": kind, **record.to_compact_dict()})

    def gap(self, gap: Gap) -> None:
        """Append something that was not looked at."""
        self.write(gap)

    def fail(self, error: str) -> None:
        """Say that the stage could not read what it was asked for; the first such error is kept."""
        self.error = self.error or self._redactor.clean(error)

    def note_request(self, count: int = 1) -> None:
        """Count requests to the API server."""
        self.api_requests += count

    @property
    def redacted(self) -> dict[str, int]:
        """What was taken out so far, by kind."""
        return dict(sorted(self._redactor.counts.items()))

    def _line(self, data: dict[str, Any]) -> None:
        if not self._header_written:
            self._header_written = True
            self._header_cluster = self.cluster
            self._line(
                {
                    "record": "stage",
                    "stage": self._name,
                    "vantage": self._vantage,
                    "observed_at": self.observed_at,
                    "scope": self.scope.to_dict(),
                    "cluster": self.cluster.to_dict() if self.cluster else None,
                }
            )
        cleaned = self._redactor.clean(data)
        self._stream.write(json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")) + "\n")

    def _end(self) -> None:
        late_cluster = (
            self.cluster.to_dict() if self.cluster and self.cluster != self._header_cluster else None
        )
        self._line(
            {
                "record": "end",
                "complete": self.error is None,
                "error": self.error,
                "cluster": late_cluster,
                "api_requests": self.api_requests,
                "seconds": round(time.monotonic() - self._started, 3),
                "counts": dict(sorted(self._counts.items())),
                "redacted": self.redacted,
            }
        )
        self._stream.close()


def utc_now() -> str:
    """Return the present time as Kubernetes prints it, in whole seconds."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_stage(stream: IO[str], name: str, file_name: str) -> Stage:
    """Return the stage that ``stream`` holds; raises EvidenceError where it is damaged, naming file and line."""
    lines = _lines(stream, file_name)
    header = next(lines, None)
    if header is None or header.get("record") != "stage" or header.get("stage") != name:
        raise EvidenceError(
            f"evidence file {file_name} does not begin with the header of stage '{name}': damaged?"
        )
    records: dict[str, list[Record]] = {}
    end: dict[str, Any] | None = None
    try:
        for number, data in enumerate(lines, start=2):
            kind = data.pop("record", None)
            if kind == "end":
                end = data
                break
            record = RECORDS.get(str(kind))
            if record is not None:
                records.setdefault(str(kind), []).append(_record(record, data, file_name, number))
        return _stage(name, header, records, end)
    except (TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(f"evidence file {file_name} is damaged: {error}") from None


def _record(record: type[Record], data: dict[str, Any], file_name: str, number: int) -> Record:
    try:
        return record.from_dict(data)
    except ValueError as error:
        raise EvidenceError(f"evidence file {file_name}, line {number}: {error}") from None


def _stage(
    name: str, header: dict[str, Any], records: dict[str, list[Record]], end: dict[str, Any] | None
) -> Stage:
    cut_off = f"stage '{name}' did not end: its run was stopped, or the file was cut off"
    ending = end or {"complete": False, "error": cut_off}
    cluster = ending.get("cluster") or header.get("cluster")
    return Stage(
        name=name,
        vantage=str(header.get("vantage", "")),
        observed_at=str(header.get("observed_at", "")),
        scope=Scope.from_dict(header.get("scope") or {}),
        cluster=ClusterFact.from_dict(cluster) if cluster else None,
        complete=ending.get("complete") is True,
        error=None if ending.get("error") is None else str(ending["error"]),
        api_requests=int(ending.get("api_requests", 0)),
        seconds=float(ending.get("seconds", 0.0)),
        redacted={str(kind): int(count) for kind, count in (ending.get("redacted") or {}).items()},
        records=records,
    )


def _lines(stream: IO[str], file_name: str) -> Iterator[dict[str, Any]]:
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if not line.endswith("\n"):
            # A run that was killed leaves half a line; the missing end line says so already.
            return
        try:
            data = json.loads(line)
        except ValueError:
            raise EvidenceError(
                f"evidence file {file_name}, line {number}: not JSON, the file is damaged"
            ) from None
        if not isinstance(data, dict):
            raise EvidenceError(
                f"evidence file {file_name}, line {number}: not an object, the file is damaged"
            )
        yield data
