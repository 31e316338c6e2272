# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the two modules, from their options to their results, without knowing that Ansible calls."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import (
    Connection,
    connect,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import (
    ClusterError,
    ConfigInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceError,
    EvidenceFolder,
    Redactor,
    StageWriter,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    ClusterFact,
    Gap,
    PullFailure,
    Record,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
Judge = Callable[[PullFailure], dict[str, Any]]


class _Answer:
    """Takes what a stage saw: into the evidence folder when there is one, else into the result, redacted all the same."""

    def __init__(self, stage: StageWriter | None, most_failures: int, judge: Judge | None) -> None:
        self._stage = stage
        self._redactor = Redactor()
        self._most_failures = most_failures
        self._judge = judge
        self.fact: ClusterFact | None = None
        self.failures: list[dict[str, Any]] = []
        self.truncated = False
        self.not_checked: list[dict[str, Any]] = []
        self.error: str | None = None

    def cluster(self, fact: ClusterFact) -> None:
        """Say which cluster it is."""
        self.fact = fact
        if self._stage:
            self._stage.cluster = fact

    def write(self, record: Record) -> None:
        """Take one record."""
        if isinstance(record, Gap):
            self.not_checked.append(self._clean(record.to_dict()))
        if self._stage:
            self._stage.write(record)
        elif isinstance(record, PullFailure):
            if len(self.failures) >= self._most_failures:
                self.truncated = True
                return
            judged = self._judge(record) if self._judge else {}
            self.failures.append(self._clean({**record.to_dict(), **judged}))

    def fail(self, error: str) -> None:
        """Note an error; the first one is reported."""
        self.error = self.error or printable(str(self._redactor.clean(error)))
        if self._stage:
            self._stage.fail(error)

    def _clean(self, value: dict[str, Any]) -> dict[str, Any]:
        return _printable(self._redactor.clean(value))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value


def pull_failure_info(params: Mapping[str, Any], judge: Judge | None = None) -> dict[str, Any]:
    """Look for pull failures as the options of the module say and return its result.

    ``judge`` adds to each failure that is returned inline. Nothing is raised for a cluster that cannot be read: the
    result has ``complete`` false and says why in ``error``.
    """
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.triage import (
        Question,
        collect,
    )

    namespaces = tuple(params.get("namespaces") or ())
    question = Question(
        namespaces=namespaces,
        labels=",".join(params.get("label_selectors") or ()),
        fields=",".join(params.get("field_selectors") or ()),
        pod=params.get("pod") or "",
        slow_after=params["slow_after"],
    )
    scope = Scope(
        namespaces=namespaces,
        label_selector=question.labels or None,
        field_selector=question.fields or None,
        pod=question.pod or None,
        slow_after=question.slow_after,
    )
    summary: dict[str, Any] = {}

    def look(client: Client, answer: _Answer, name: str) -> None:
        _check(question.namespaces, question.pod, question.labels or question.fields)
        summary.update(dataclasses.asdict(collect(client, question, name, answer)))

    with _stage(params, "triage", scope) as stage:
        answer = _Answer(stage, params.get("max_failures") or 0, judge)
        requests = _ask(params, answer, stage, look)
    scope = dataclasses.replace(scope, complete=answer.error is None)
    return {
        "failures": answer.failures,
        "truncated": answer.truncated,
        "summary": summary,
        **_common(params, answer, scope, requests),
    }


def access_info(params: Mapping[str, Any]) -> dict[str, Any]:
    """Ask which rights the account has and return the result of the module."""
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.access import review
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import (
        read_identity,
    )

    namespaces = tuple(params.get("namespaces") or ())
    scope = Scope(namespaces=namespaces)
    facts: list[AccessFact] = []

    def look(client: Client, answer: _Answer, name: str) -> None:
        _check(namespaces, "", "")
        answer.cluster(read_identity(client, name))
        facts.extend(review(client, namespaces))
        for fact in facts:
            answer.write(fact)

    with _stage(params, "access", scope) as stage:
        answer = _Answer(stage, 0, None)
        requests = _ask(params, answer, stage, look)
    missing = [fact for fact in facts if not fact.allowed]
    return {
        "access": [_printable(fact.to_dict()) for fact in facts],
        "missing": [_printable(fact.to_dict()) for fact in missing],
        "sufficient": bool(facts) and all(fact.optional for fact in missing),
        **_common(params, answer, dataclasses.replace(scope, complete=answer.error is None), requests),
    }


def _check(namespaces: tuple[str, ...], pod: str, selectors: str) -> None:
    for namespace in namespaces:
        if not _NAME.match(namespace):
            raise ConfigInvalid(f"'{namespace}' is no name of a namespace")
    if not pod:
        return
    if namespaces or selectors:
        raise ConfigInvalid("one pod was asked for: leave out namespaces and selectors")
    namespace, slash, name = pod.partition("/")
    if not slash or not _NAME.match(namespace) or not _NAME.match(name):
        raise ConfigInvalid(f"'{pod}' is no pod: NAMESPACE/NAME is wanted")


@contextlib.contextmanager
def _stage(params: Mapping[str, Any], name: str, scope: Scope) -> Iterator[StageWriter | None]:
    directory = params.get("evidence_dir")
    if not directory:
        yield None
        return
    try:
        folder = EvidenceFolder.open_or_create(directory, cluster=params.get("cluster") or "")
        with folder.stage(name, vantage="api", scope=scope) as stage:
            yield stage
    except EvidenceError as error:
        raise ConfigInvalid(str(error)) from None


def _ask(
    params: Mapping[str, Any],
    answer: _Answer,
    stage: StageWriter | None,
    look: Callable[[Client, _Answer, str], None],
) -> int:
    """Connect and look; whatever goes wrong with the cluster ends up in ``answer``. Returns the number of requests."""
    client: Client | None = None
    name = params.get("cluster") or ""
    try:
        connection = connect(ConnectionOptions.from_params(params))
        answer.cluster(_unread(connection, name))
        client = Client(connection, params["request_timeout"], params["deadline"])
        look(client, answer, name)
    except ClusterError as error:
        if answer.fact is None:
            answer.cluster(
                ClusterFact(name=name or params.get("context") or "", server=params.get("host") or "")
            )
        answer.fail(error.message)
    requests = client.requests if client else 0
    if stage:
        stage.note_request(requests)
    return requests


def _unread(connection: Connection, name: str) -> ClusterFact:
    return ClusterFact(name=name or connection.name, server=connection.server, context=connection.context)


def _common(params: Mapping[str, Any], answer: _Answer, scope: Scope, requests: int) -> dict[str, Any]:
    directory = params.get("evidence_dir")
    return {
        "cluster": _printable(answer.fact.to_dict()) if answer.fact else None,
        "scope": _printable(scope.to_dict()),
        "not_checked": answer.not_checked,
        "complete": answer.error is None,
        "error": answer.error,
        "evidence_dir": directory,
        "evidence_digest": EvidenceFolder.open(directory).digest() if directory else None,
        "api_requests": requests,
    }
