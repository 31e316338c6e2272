# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage ``registry``: for the pull failures in the evidence, their credentials and what the registries say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ClusterError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.recording import Recorder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PodPull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder, Stage
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    NodeFact,
    Platform,
    PullFailure,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.asking import Registry
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.checker import (
    Looked,
    PullChecker,
)

STAGE = "registry"
_LOST = "whether the images exist, and whether their credentials are accepted"
_OTHER_TROUBLE = ("runtime", "evicted")
"""Symptoms that no registry has to do with."""
_NEVER = "ErrImageNeverPull"
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def record(
    params: Mapping[str, Any],
    connect: Callable[[], Client],
    registry: Registry,
    seconds: float,
) -> tuple[Recorder, Looked]:
    """Read the failures of the stage ``triage`` in ``evidence_dir``, look, and write the stage ``registry`` there.

    A cluster that cannot be reached costs the Secrets only. Raises EvidenceError where there is no evidence, and
    NotRecorded where it cannot be written.
    """
    triage = EvidenceFolder.open(params["evidence_dir"]).read_stage("triage")
    scope = triage.scope if triage else Scope()
    with Recorder(params, STAGE, scope) as recorder:
        recorder.prepare()
        if triage is None:
            recorder.write(Gap("images in their registries", "the pods were not read", _LOST, (3, 4, 5)))
            return recorder, Looked([], [], [], [])
        if triage.cluster:
            recorder.cluster(triage.cluster)
        pulls = pulls_of(triage)
        looked = Looked([], [], [], [])
        if pulls:
            client = _connected(connect, recorder)
            checker = PullChecker(client, registry, seconds=seconds, accounts=triage.of("service_account"))
            looked = checker.look(pulls)
            recorder.requests = client.requests if client else 0
        for one in (*looked.checks, *looked.answers, *looked.tags, *looked.gaps):
            recorder.write(one)
    return recorder, looked


def pulls_of(triage: Stage) -> list[PodPull]:
    """Return what the failing containers want from registries."""
    nodes: dict[str, NodeFact] = {node.name: node for node in triage.of("node")}
    return [
        _pull(failure, nodes.get(failure.node))
        for failure in triage.of("pull_failure")
        if failure.image and failure.symptom not in _OTHER_TROUBLE and failure.reason != _NEVER
    ]


def _pull(failure: PullFailure, node: NodeFact | None) -> PodPull:
    # The runtime pulls the image of the sandbox by itself, without the Secrets of the pod.
    sandbox = failure.container_type == "sandbox"
    version = _VERSION.match(node.kubelet_version) if node else None
    return PodPull(
        namespace=failure.namespace,
        image=failure.image,
        pull_secrets=() if sandbox else failure.pull_secrets,
        service_account="" if sandbox else failure.service_account,
        created_at=failure.pod_created_at,
        kubelet=(int(version[1]), int(version[2])) if version else (1, 34),
        platforms=(Platform(node.os or "linux", node.architecture),) if node and node.architecture else (),
    )


def _connected(connect: Callable[[], Client], recorder: Recorder) -> Client | None:
    try:
        return connect()
    except ClusterError as error:
        lost = "which credentials there are, and whether they are accepted; the registries were asked without"
        recorder.write(Gap("credentials of the pull Secrets", error.message, lost, (4,)))
        return None
