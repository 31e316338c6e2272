# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the pods that may lack an image without reading all pods whole.

A table of all pods without their objects costs the API server a tenth of the full list. It tells which pods are not
ready. Pending pods are read whole; of the others only those which the table or an event makes suspicious.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
    CACHED,
    CACHED_PAGES,
    PAGE_SIZE,
    Client,
    namespaced,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.events import PodEvents
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import in_parallel
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.pods import PodView, pod_view
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.refusals import NoTable

FEWEST_SINGLE_READS = 16
"""So many pods are asked for by name even in the smallest cluster; larger ones allow two for each page of pods."""

_HAS_IMAGE = frozenset({"Running", "NotReady", "CrashLoopBackOff", "Error", "OOMKilled"})
"""What the table says of a pod with one container when that container has had its image."""

_FAILED = frozenset(
    {
        "ContainerStatusUnknown",
        "DeadlineExceeded",
        "Evicted",
        "NodeAffinity",
        "NodeLost",
        "NodeShutdown",
        "Preempting",
        "Shutdown",
        "Terminated",
        "UnexpectedAdmissionError",
    }
)
"""What the table says of pods that are over, of which thousands may lie about: news only if events tell of them."""

_OVER = frozenset({"Completed", "Succeeded", "Terminating"})
"""A pod that has done its work, or is about to go: what it lacks harms nobody any more."""


@dataclass(slots=True)
class Selection:
    """Which pods: one namespace or (empty) all, and selectors as the API takes them, empty for none."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def params(self, *fields: str) -> dict[str, str]:
        """Return the query parameters, with more field selectors added."""
        chosen = {
            "labelSelector": self.labels,
            "fieldSelector": ",".join(part for part in (self.fields, *fields) if part),
        }
        return {name: value for name, value in chosen.items() if value}

    @property
    def path(self) -> str:
        """The path of the pods."""
        return namespaced("/api/v1", self.namespace, "pods")

    @property
    def title(self) -> str:
        """The pods in words."""
        return f"the pods in namespace {self.namespace}" if self.namespace else "the pods of all namespaces"


@dataclass(slots=True)
class Scan:
    """What a scan found: the suspicious pods by UID, how many pods there are, and whether the list was torn."""

    pods: dict[str, PodView] = field(default_factory=dict)
    seen: int = 0
    torn: bool = False
    not_ready: Counter[str] = field(default_factory=Counter)
    suspects: Counter[str] = field(default_factory=Counter)
    whole: bool = False

    def add(self, pod: PodView) -> None:
        """Take a pod; one that was read twice counts once."""
        self.pods[pod.uid or f"{pod.namespace}/{pod.name}"] = pod


class PodScanner:
    """Scans one selection in two steps, between which the events may be read. Raises ClusterError."""

    def __init__(self, client: Client, selection: Selection) -> None:
        self._client = client
        self._selection = selection
        self.found = Scan()

    def read_table(self) -> None:
        """Count all pods and note those that are not ready."""
        scan, selection = self.found, self._selection
        columns = ("Name", "Ready", "Status")
        try:
            table = self._client.read_table(
                selection.path, selection.title, columns, _row, params=selection.params()
            )
        except NoTable:
            self._read_everything()
            return
        scan.seen, scan.torn = table.seen, scan.torn or table.torn
        for name, suspicious in table.items:
            scan.not_ready[name] += 1
            scan.suspects[name] += suspicious

    def read_pending(self) -> None:
        """Read the pending pods whole."""
        self._read_list("status.phase=Pending")

    def read_rest(self, events: PodEvents) -> None:
        """Read the pods that the table or ``events`` make suspicious and that are not read yet."""
        scan = self.found
        if scan.whole:
            return
        read = {pod.static_uid for pod in scan.pods.values()} | set(scan.pods)
        told = {
            (namespace, name)
            for uid, namespace, name, ephemeral in events.telling()
            if uid not in read
            and (ephemeral or name in scan.not_ready)
            and self._selection.namespace in ("", namespace)
        }
        known = Counter(pod.name for pod in scan.pods.values()) + Counter(name for _namespace, name in told)
        names = [name for name, count in scan.suspects.items() if count > known[name]]
        if len(told) + len(names) > FEWEST_SINGLE_READS + 2 * (scan.seen // PAGE_SIZE):
            self._read_list("status.phase!=Pending", "status.phase!=Succeeded")
            return
        calls = [partial(self._read_one, namespace, name) for namespace, name in sorted(told)]
        in_parallel(calls + [partial(self._read_named, name) for name in names])

    def _read_everything(self) -> None:
        self.found.whole = True
        self.found.seen = self._read_list(origin=CACHED_PAGES)

    def _read_list(self, *fields: str, origin: Mapping[str, str] = CACHED) -> int:
        selection = self._selection
        listing = self._client.read_list(
            selection.path, selection.title, _keep, params=selection.params(*fields), origin=origin
        )
        self._take(listing)
        return listing.seen

    def _read_named(self, name: str) -> None:
        self._read_list(f"metadata.name={name}")

    def _read_one(self, namespace: str, name: str) -> None:
        # As a list of one, so that the selectors of the user apply.
        selection = Selection(namespace, self._selection.labels, self._selection.fields)
        listing = self._client.read_list(
            selection.path,
            f"the pod {namespace}/{name}",
            _keep,
            params=selection.params(f"metadata.name={name}"),
        )
        self._take(listing)

    def _take(self, listing: Any) -> None:
        self.found.torn |= listing.torn
        for pod in listing.items:
            self.found.add(pod)


def read_pod(client: Client, namespace: str, name: str) -> PodView:
    """Return one pod; raises NotFound when there is none."""
    try:
        return pod_view(
            client.get(namespaced("/api/v1", namespace, "pods", name), f"the pod {namespace}/{name}")
        )
    except errors.NotFound:
        raise errors.NotFound(
            f"there is no pod {name} in namespace {namespace}: has it been replaced?"
        ) from None


def _keep(item: Any) -> PodView | None:
    """Return the view of a pod unless every container of it runs or has run."""
    pod = pod_view(item)
    if pod.phase == "Failed" or any(
        container.state not in ("running", "terminated") for container in pod.containers
    ):
        return pod
    return None


def _row(cells: tuple[Any, ...]) -> tuple[str, bool] | None:
    """Return the name of a pod that is not ready, and whether one of its containers may lack an image."""
    name, ready, status = (str(cell) for cell in cells)
    is_ready, single = _readiness(ready)
    if status in _OVER or (is_ready and status == "Running"):
        return None
    has_image = single and (status in _HAS_IMAGE or status.startswith(("ExitCode:", "Signal:")))
    return name, not has_image and status not in _FAILED


def _readiness(cell: str) -> tuple[bool, bool]:
    """Return from a cell like ``1/2`` whether all containers are ready, and whether there is only one."""
    ready, _slash, total = cell.partition("/")
    return ready == total and total.isdigit(), total == "1"
