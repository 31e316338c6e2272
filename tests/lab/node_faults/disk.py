# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes without room for an image."""

from __future__ import annotations

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.network import SWITCH
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.node_faults.declare import Machine, NodeFault

OPEN = "registry.reg.test/app"
STORE = "/var/lib/containerd"
CONTENT = f"{STORE}/io.containerd.content.v1.content"
LEFTOVERS_MB = 120


def read_only(lab: Lab, node: Node) -> None:
    """The store turns read-only beneath the running containerd, as ext4 does after an error (errors=remount-ro).

    A file system whose files are open for writing cannot be remounted; a second mount of it over the first can.
    """
    node.ssh(f"mount --bind {STORE} {STORE} && mount -o remount,bind,ro {STORE}")


def leftovers(lab: Lab, node: Node) -> None:
    """Unfinished pulls that nobody goes on with, as the content store of containerd lays them down."""
    node.ssh(
        f"for n in 1 2 3; do d={CONTENT}/ingest/$(echo left-$n | sha256sum | cut -c1-64); mkdir -p $d;"
        f" head -c {LEFTOVERS_MB // 3}M /dev/zero > $d/data; printf 'k8s.io/1/layer-sha256:%s' $n > $d/ref;"
        " printf 60000000 > $d/total; date -u +%Y-%m-%dT%H:%M:%SZ | tee $d/startedat > $d/updatedat; done"
    )


def slow_link(lab: Lab, node: Node) -> None:
    """100 kB a second towards the node, at the lab's switch."""
    shape = ["tbf", "rate", "800kbit", "burst", "32kb", "latency", "400ms"]
    switch = lab.namespace(SWITCH)
    switch.run(["tc", "qdisc", "replace", "dev", f"v-{node.name}"[:15], "root", *shape])


MACHINES = (
    Machine(
        "disk-bytes",
        (
            NodeFault(
                "disk-bytes",
                "an image that does not fit into the bytes that are free",
                (f"{OPEN}/huge:1",),
                "disk_full",
                ("disk", "unpack"),
                words=(STORE,),
            ),
        ),
        NodeSettings(containerd_storage="24m"),
    ),
    Machine(
        "disk-inodes",
        (
            NodeFault(
                "disk-inodes",
                "an image with more files than inodes are free, where bytes are plenty",
                (f"{OPEN}/many-files:1",),
                "disk_full",
                ("disk", "unpack"),
                words=("of 3000 inodes",),
            ),
        ),
        NodeSettings(containerd_storage="size=200m,nr_inodes=3000"),
    ),
    Machine(
        "disk-ro",
        (
            NodeFault(
                "disk-read-only",
                "a store that has become read-only",
                (f"{OPEN}/web:1.0.0",),
                "disk_full",
                ("disk", "unpack"),
                also=("runtime_error",),
                words=("read-only", STORE),
                shows_as="any",
            ),
        ),
        break_it=read_only,
        pod="refused",
    ),
    Machine(
        "disk-ingest",
        (
            NodeFault(
                "disk-leftovers",
                "a store that would be large enough, were it not for leftovers of unfinished pulls",
                (f"{OPEN}/huge:1",),
                "disk_full",
                ("disk", "unpack"),
                words=("ingest",),
            ),
        ),
        NodeSettings(containerd_storage="200m"),
        break_it=leftovers,
    ),
    Machine(
        "slow-link",
        (
            NodeFault(
                "slow-link",
                "60 MB over a link of 100 kB a second",
                (f"{OPEN}/huge:1",),
                "pull_slow",
                ("blob", "registry", "tcp"),
                shows_as="pulling",
                contrast=False,
            ),
        ),
        break_it=slow_link,
    ),
)
