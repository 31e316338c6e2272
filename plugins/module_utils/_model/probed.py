# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen from the nodes themselves, and what their kubelets tell through the API server."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    CertificateFact,
    CredentialRef,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record


@dataclass(frozen=True, slots=True)
class NodeChoice(Record):
    """A node that is to be looked at, and why. ``role`` is ``failing`` or ``control`` (healthy, of the same pool).

    ``faults`` are what is suspected there (``dns_failure registry.example``). ``way`` is how it is to be reached:
    ``ssh`` (whatever connection the inventory gives its host), ``pod``, or empty where there is none; ``why`` says
    why not.
    """

    node: str
    role: str
    pool: str = ""
    faults: tuple[str, ...] = ()
    way: str = ""
    address: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class NodeLook(Record):
    """One look at a node over a connection. ``reached`` is false where no shell answered, and ``why`` says so.

    ``seconds`` is how long it took as the controller sees it; the clock difference is the node's minus the
    controller's, in seconds, null where the node's clock was not read. ``uptime`` is in seconds. ``complete`` is
    false where the answer was cut off: what came before counts.
    """

    node: str
    way: str
    reached: bool
    at: str = ""
    why: str = ""
    complete: bool = True
    seconds: float = 0.0
    clock_difference: float | None = None
    system: str = ""
    shell: str = ""
    user: str = ""
    uptime: int | None = None


@dataclass(frozen=True, slots=True)
class RuntimeFact(Record):
    """The container runtime of a node, as its processes, its unit and its files tell.

    ``name`` is ``containerd``, ``docker``, ``cri-o``, ``podman``, or empty where none was found. ``state`` is
    ``running``, ``stopped``, ``hung`` (it runs and does not answer), or empty where that was not seen; ``answers``
    is null where no client was there to ask it. ``store`` is the folder of its images, ``proxies`` the proxy
    variables of the running process (passwords taken out) and ``unit_proxies`` those that its unit would give it
    after a restart.
    """

    node: str
    name: str
    version: str = ""
    state: str = ""
    answers: bool | None = None
    since: str | None = None
    restarts: int | None = None
    unit: str = ""
    socket: str = ""
    store: str = ""
    snapshotter: str = ""
    config_files: tuple[str, ...] = ()
    proxies: dict[str, str] = dataclasses.field(default_factory=dict)
    unit_proxies: dict[str, str] = dataclasses.field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EndpointFact(Record):
    """One address that the runtime tries for images of ``registry``, in the order of ``position`` from 0.

    ``role`` is ``mirror`` or ``origin``. ``ca_files`` are what this endpoint is trusted by beside the system's.
    """

    node: str
    registry: str
    position: int
    url: str
    role: str
    source: str = ""
    resolves: bool = True
    pulls: bool = True
    skip_verify: bool = False
    ca_files: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    override_path: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class ConfigProblem(Record):
    """Something wrong in a file of the runtime, and what it leads to. ``cause`` is one of the contract's, or empty.

    ``certain`` says that a pull from ``registry`` (empty: any) fails or goes elsewhere because of it; else it is a
    trap that may not have been stepped into. ``key`` is a short fixed word for it (``unparsable``, ``ca_missing``,
    ``no_config_path``, ``deprecated_mirrors``, ``ca_not_for_server``, ``not_restarted`` …).
    """

    node: str
    file: str
    key: str
    problem: str
    effect: str
    registry: str = ""
    cause: str = ""
    certain: bool = False


@dataclass(frozen=True, slots=True)
class FileSystemFact(Record):
    """A file system that pulls depend on. ``purpose`` is ``images``, ``kubelet``, ``logs`` or ``root``.

    Bytes and inodes that are free are those that the runtime can use; inodes are null where the file system counts
    none (btrfs, some network file systems). ``evict_below`` are the kubelet's thresholds for it (``imagefs.available``:
    ``15%``), ``gc_above_percent`` is where the kubelet begins to remove images; empty and null where not read.
    ``detail`` says what is odd about it, as that it became read-only by itself after errors.
    ``bytes_free_for_root`` counts the superuser's reserve in, which a runtime can use and the kubelet does not count;
    null where that was not told.
    """

    node: str
    purpose: str
    path: str
    mount_point: str = ""
    device: str = ""
    type: str = ""
    read_only: bool = False
    bytes_total: int | None = None
    bytes_free: int | None = None
    inodes_total: int | None = None
    inodes_free: int | None = None
    evict_below: dict[str, str] = dataclasses.field(default_factory=dict)
    gc_above_percent: int | None = None
    detail: str = ""
    bytes_free_for_root: int | None = None


@dataclass(frozen=True, slots=True)
class DiskUse(Record):
    """What takes room on a node. ``what`` is ``content``, ``snapshots``, ``ingest`` (unfinished pulls),
    ``container_logs``, ``images`` or ``unused_images``; ``freeable`` says that it could be freed without harm to
    what runs. ``complete`` is false where counting took too long, and the figure is a lower bound.
    """

    node: str
    what: str
    path: str = ""
    bytes: int | None = None
    count: int | None = None
    freeable: bool = False
    complete: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RoomFact(Record):
    """Whether an image fits: its compressed size, by ``factor`` unpacked and beside itself, against what is free."""

    node: str
    image: str
    compressed_bytes: int
    factor: float
    needed_bytes: int
    free_bytes: int
    fits: bool


@dataclass(frozen=True, slots=True)
class ResolverFact(Record):
    """How names are resolved at a vantage: the servers in their order, the search list and options in force."""

    node: str
    vantage: str
    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    source: str = ""
    hosts_file: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HopFact(Record):
    """What came of one hop towards one host, as one vantage meets it.

    ``vantage`` is ``node/NAME`` (the node's host network and trust), ``pod/NS/NAME``, or ``runtime/NAME``.
    ``host`` is a name with its port where that is not 443; ``role`` is ``registry``, ``token``, ``blob``, ``mirror``
    or ``proxy``. ``hop`` is ``dns``, ``tcp``, ``tls``, ``proxy``, ``http``, or ``large`` (a large answer).
    ``outcome`` is ``ok``, ``slow`` (ok, yet late), ``not_checked`` (``text`` says why) or else what failed:
    dns: ``no_such_name``, ``no_address``, ``refused``, ``server_failure``, ``timeout``;
    tcp: ``refused`` (reset or rejected at once), ``prohibited`` (an ICMP reject), ``no_route``, ``timeout`` (dropped
    in silence); tls: ``untrusted``, ``expired``, ``not_yet_valid``, ``name_mismatch``, ``not_tls``, ``reset``,
    ``timeout``, ``failed``; proxy: ``refused``, ``timeout``, ``login``, ``denied``, ``failed``; http: ``failed``,
    ``timeout``, ``reset``, ``server_error``; large: ``timeout``. ``cause`` is the contract's cause of that failure.

    ``address`` and ``family`` (``ipv4``, ``ipv6``) are those of this hop; for dns ``addresses`` are the answer and
    ``server`` the name server that was asked, empty where the node's own way was taken. ``clock_difference`` is the
    node's clock minus the host's, in seconds, where an answer had a Date.
    """

    node: str
    vantage: str
    host: str
    role: str
    hop: str
    outcome: str
    cause: str = ""
    text: str = ""
    address: str = ""
    family: str = ""
    server: str = ""
    addresses: tuple[str, ...] = ()
    proxy: str = ""
    status: int | None = None
    seconds: float | None = None
    trust: tuple[str, ...] = ()
    certificates: tuple[CertificateFact, ...] = ()
    clock_difference: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine(Record):
    """A line of a runtime's or kubelet's log about pulls or its own health; ``count`` counts lines that are alike.

    ``at`` is the time of the last of them. ``image`` is what the line names, as it is written there.
    """

    node: str
    unit: str
    at: str | None
    text: str
    image: str = ""
    count: int = 1
    level: str = ""


@dataclass(frozen=True, slots=True)
class PullTrial(Record):
    """The manual pull of an image on a node. ``outcome`` is ``pulled``, ``failed``, ``timeout`` or ``not_tried``.

    ``client`` is the program that pulled (``ctr``, ``nerdctl``, ``docker``, ``podman``, ``crictl``), ``store`` where
    to; ``text`` are its words, or why it was not tried. ``credential`` names what was offered, null: nothing.
    ``removed`` says that what it fetched is gone again, ``was_there`` that the image lay there before.
    """

    node: str
    image: str
    outcome: str
    client: str = ""
    store: str = ""
    text: str = ""
    at: str = ""
    seconds: float | None = None
    bytes: int | None = None
    digest: str = ""
    platform: str = ""
    credential: CredentialRef | None = None
    was_there: bool | None = None
    removed: bool | None = None


@dataclass(frozen=True, slots=True)
class KubeletFact(Record):
    """A kubelet as it tells of itself through the API server (``nodes/NODE/proxy``: stats/summary and configz).

    ``state`` is ``read``, ``forbidden``, ``unreachable`` or ``partly``; ``why`` says more. Percentages and
    thresholds are as the configuration writes them (``15%``, ``1Gi``); rates are pulls a second.
    """

    node: str
    state: str
    why: str = ""
    version: str = ""
    image_fs_bytes_total: int | None = None
    image_fs_bytes_free: int | None = None
    image_fs_inodes_total: int | None = None
    image_fs_inodes_free: int | None = None
    image_fs_bytes_used: int | None = None
    node_fs_bytes_free: int | None = None
    node_fs_inodes_free: int | None = None
    image_gc_high_percent: int | None = None
    image_gc_low_percent: int | None = None
    eviction_hard: dict[str, str] = dataclasses.field(default_factory=dict)
    serialize_pulls: bool | None = None
    max_parallel_pulls: int | None = None
    pull_qps: float | None = None
    pull_burst: int | None = None
    cached_images: int | None = None
    cached_bytes: int | None = None
    runtime_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class AccessPod(Record):
    """The pod behind the connection ``node_pod``, or why there is none. ``state`` is ``ready`` or ``refused``.

    ``refused_by`` is who said no: ``pod_security``, ``policy``, ``quota``, ``rights``, ``kubelet``, ``runtime``,
    ``no_image``, ``node`` or ``time``. A ready pod ends by itself at ``ends_at``; ``why`` says there what it lacks.
    """

    node: str
    state: str
    namespace: str = ""
    job: str = ""
    pod: str = ""
    image: str = ""
    refused_by: str = ""
    why: str = ""
    ends_at: str | None = None
