# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the two modules, from their options to their results, without knowing that Ansible calls."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import connect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import (
    ClusterError,
    ConfigInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.recording import (
    Judge,
    Recorder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import CONNECTIONS
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    ClusterFact,
    Scope,
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")


def pull_failure_info(params: Mapping[str, Any], judge: Judge | None = None) -> dict[str, Any]:
    """Look for pull failures as the options of the module say and return its result.

    ``judge`` adds to each failure that is returned inline. Nothing is raised for a cluster that cannot be read: the
    result has ``complete`` false and says why in ``error``. Raises NotRecorded where evidence cannot be written.
    """
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.reading import Question
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.triage import collect

    question = Question(
        namespaces=tuple(params.get("namespaces") or ()),
        labels=",".join(params.get("label_selectors") or ()),
        fields=",".join(params.get("field_selectors") or ()),
        pod=params.get("pod") or "",
        slow_after=params["slow_after"],
    )
    scope = Scope(
        namespaces=question.namespaces,
        label_selector=question.labels or None,
        field_selector=question.fields or None,
        pod=question.pod or None,
        slow_after=question.slow_after,
    )
    summary: dict[str, Any] = {}

    def look(client: Client) -> None:
        found = collect(client, question, params.get("cluster") or "", recorder)
        summary.update(dataclasses.asdict(found))

    def check() -> None:
        _check_namespaces(question.namespaces)
        if question.pod:
            _check_pod(question.pod, bool(question.namespaces or question.labels or question.fields))

    with Recorder(params, "triage", scope, judge) as recorder:
        ask(params, recorder, check, look)
    return {
        "failures": recorder.failures,
        "truncated": recorder.truncated,
        "summary": summary,
        **common(params, recorder, scope),
    }


def access_info(params: Mapping[str, Any]) -> dict[str, Any]:
    """Ask which rights the account has and return the result of the module; raises as pull_failure_info does."""
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.access import review
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import (
        read_identity,
    )

    namespaces = tuple(params.get("namespaces") or ())
    scope = Scope(namespaces=namespaces)
    facts: list[AccessFact] = []

    def look(client: Client) -> None:
        recorder.cluster(read_identity(client, params.get("cluster") or ""))
        facts.extend(review(client, namespaces))
        for fact in facts:
            recorder.write(fact)

    with Recorder(params, "access", scope) as recorder:
        ask(params, recorder, lambda: _check_namespaces(namespaces), look)
    missing = [fact for fact in facts if not fact.allowed]
    return {
        "access": [recorder.clean(fact.to_dict()) for fact in facts],
        "missing": [recorder.clean(fact.to_dict()) for fact in missing],
        "sufficient": bool(facts) and all(fact.optional for fact in missing),
        **common(params, recorder, scope),
    }


def _check_namespaces(namespaces: tuple[str, ...]) -> None:
    for namespace in namespaces:
        if not _NAME.match(namespace):
            raise ConfigInvalid(f"'{namespace}' is no name of a namespace")


def _check_pod(pod: str, narrowed: bool) -> None:
    namespace, slash, name = pod.partition("/")
    if not slash or not _NAME.match(namespace) or not _NAME.match(name):
        raise ConfigInvalid(f"'{pod}' is no pod: NAMESPACE/NAME is wanted")
    if narrowed:
        raise ConfigInvalid("one pod was asked for: leave out namespaces and selectors")


def ask(
    params: Mapping[str, Any],
    recorder: Recorder,
    check: Callable[[], None],
    look: Callable[[Client], None],
    connections: int = CONNECTIONS,
) -> None:
    """Connect and look; whatever goes wrong with the cluster ends up in ``recorder``."""
    client: Client | None = None
    alias = params.get("cluster") or ""
    recorder.cluster(ClusterFact(name=alias or params.get("context") or "", server=params.get("host") or ""))
    try:
        check()
        connection = connect(ConnectionOptions.from_params(params))
        recorder.cluster(ClusterFact(alias or connection.name, connection.server, context=connection.context))
        client = Client(connection, params["request_timeout"], params["deadline"], connections)
        look(client)
    except ClusterError as error:
        recorder.fail(error.message)
    finally:
        recorder.requests = client.requests if client else 0


def common(params: Mapping[str, Any], recorder: Recorder, scope: Scope) -> dict[str, Any]:
    """Return what the results of all looking modules have in common."""
    complete = recorder.error is None
    return {
        "cluster": recorder.clean(recorder.fact.to_dict()) if recorder.fact else None,
        "scope": recorder.clean(dataclasses.replace(scope, complete=complete).to_dict()),
        "not_checked": recorder.not_checked,
        "complete": complete,
        "error": recorder.error,
        "evidence_dir": params.get("evidence_dir"),
        "evidence_digest": recorder.digest,
        "api_requests": recorder.requests,
    }
