# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the answers go: into the evidence folder if there is one, else into the result; redacted either way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import NotRecorded
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ClusterFact,
    Gap,
    PullFailure,
    Record,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

if TYPE_CHECKING:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
        EvidenceFolder,
        StageWriter,
    )

Judge = Callable[[PullFailure], dict[str, Any]]


class Recorder:
    """Takes what one stage sees. A context manager: leaving it ends the stage, whatever happened.

    The evidence is opened by the first record, or by ``prepare``, and not before: loading its code takes a moment that
    is better spent while the API server works. Raises NotRecorded where the evidence cannot be written.
    """

    def __init__(
        self, params: Mapping[str, Any], stage: str, scope: Scope, judge: Judge | None = None
    ) -> None:
        self._directory: str | None = params.get("evidence_dir")
        self._alias: str = params.get("cluster") or ""
        self._most_failures: int = params.get("max_failures") or 0
        self._name = stage
        self._scope = scope
        self._judge = judge
        self._folder: EvidenceFolder | None = None
        self._stage: StageWriter | None = None
        self._redact: Callable[[Any], Any] | None = None
        self.fact: ClusterFact | None = None
        self.failures: list[dict[str, Any]] = []
        self.truncated = False
        self.not_checked: list[dict[str, Any]] = []
        self.error: str | None = None
        self.requests = 0
        self.digest: str | None = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, NotRecorded):
            self.prepare()
        with _writing(self._directory):
            if self._stage:
                self._stage.note_request(self.requests)
                self._stage.__exit__(kind, error, trace)
            if self._folder:
                self.digest = self._folder.digest()

    def prepare(self) -> None:
        """Open the evidence; once."""
        if self._redact:
            return
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
            EvidenceError,
            EvidenceFolder,
            Redactor,
        )

        self._redact = Redactor().clean
        if not self._directory:
            return
        try:
            self._folder = EvidenceFolder.open_or_create(self._directory, cluster=self._alias)
            self._stage = self._folder.stage(self._name, vantage="api", scope=self._scope)
        except EvidenceError as error:
            raise NotRecorded(str(error)) from None
        self._stage.cluster = self.fact

    def cluster(self, fact: ClusterFact) -> None:
        """Say which cluster it is."""
        self.fact = fact
        if self._stage:
            self._stage.cluster = fact

    def write(self, record: Record) -> None:
        """Take one record."""
        self.prepare()
        if isinstance(record, Gap):
            self.not_checked.append(self.clean(record.to_dict()))
        if self._stage:
            with _writing(self._directory):
                self._stage.write(record)
        elif isinstance(record, PullFailure):
            if len(self.failures) >= self._most_failures:
                self.truncated = True
                return
            judged = self._judge(record) if self._judge else {}
            self.failures.append(self.clean({**record.to_dict(), **judged}))

    def fail(self, error: str) -> None:
        """Note an error; the first one is reported."""
        self.prepare()
        self.error = self.error or self.clean(error)
        if self._stage:
            self._stage.fail(error)

    def clean(self, value: Any) -> Any:
        """Return ``value`` (JSON values) redacted and fit to be printed."""
        self.prepare()
        return _printable(self._redact(value) if self._redact else value)


@contextlib.contextmanager
def _writing(directory: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotRecorded(f"cannot write the evidence in {directory}: {error.strerror or error}") from None


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value
