# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that cannot pull, whatever the image. Each has a node of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import SANDBOX_IMAGE, NodeSettings
from tests.lab.scenarios.declare import Failure, Scenario
from tests.lab.scenarios.manifests import bare, pod

OPEN = "registry.reg.test/app"
#: Nobody comes here unasked.
TAINTS = ("scenario=node:NoSchedule",)


def proxy(port: int, host: str = hosts.PROXY_HOST) -> NodeSettings:
    return NodeSettings(proxy=f"http://{host}:{port}", taints=TAINTS)


#: Special node ─► how it differs from a healthy one.
NODES = {
    "disk-full": NodeSettings(containerd_storage="24m", taints=TAINTS),
    "inodes-full": NodeSettings(containerd_storage="size=200m,nr_inodes=3000", taints=TAINTS),
    "bad-pause": NodeSettings(sandbox_image="registry.reg.test/no-such-pause:3.9", taints=TAINTS),
    "proxy-login": proxy(hosts.PROXY_AUTH),
    "proxy-denies": proxy(hosts.PROXY_DENIED),
    "proxy-dead": proxy(3199),
    "no-dns": NodeSettings(taints=TAINTS),
    "stopped": NodeSettings(taints=TAINTS),
    "hung": NodeSettings(taints=TAINTS),
}


def lose_dns(node: Node) -> None:
    """Names a DNS server that does not answer, after the sandbox image has come: pods must get as far as their own."""
    node.ssh(f"ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d {SANDBOX_IMAGE}")
    node.write_file("/etc/resolv.conf", "nameserver 10.99.9.53\noptions timeout:2 attempts:1\n")


#: Special node ─► what is done to it once it is ready.
BROKEN_BY: dict[str, Callable[[Node], object]] = {
    "no-dns": lose_dns,
    "stopped": lambda node: node.ssh("systemctl stop containerd"),
    "hung": lambda node: node.ssh("systemctl kill --kill-who=main --signal=STOP containerd"),
}

SCENARIOS = (
    bare(
        "disk-full",
        "an image that does not fit",
        f"{OPEN}/huge:1",
        "disk_full",
        node="disk-full",
        confidence="confirmed",
        about="disk-full",
    ),
    bare(
        "inodes-full",
        "an image with more files than inodes are left",
        f"{OPEN}/many-files:1",
        "disk_full",
        node="inodes-full",
        confidence="confirmed",
        about="inodes-full",
    ),
    bare(
        "sandbox-image",
        "a sandbox image that does not exist: the pod itself is fine",
        f"{OPEN}/web:1.1.0",
        "tag_not_found",
        node="bad-pause",
        shows_as="sandbox",
        container_type="sandbox",
        also=("runtime_error",),
    ),
    bare(
        "proxy-login",
        "a proxy that wants a password",
        f"{OPEN}/web:1.1.0",
        "proxy_error",
        node="proxy-login",
        about="proxy-login",
    ),
    bare(
        "proxy-denies",
        "a proxy that denies this host",
        f"{OPEN}/web:1.1.0",
        "proxy_error",
        node="proxy-denies",
        also=("auth_forbidden",),
        about="proxy-denies",
    ),
    bare(
        "proxy-dead",
        "a proxy where nobody listens",
        f"{OPEN}/web:1.1.0",
        "proxy_error",
        node="proxy-dead",
        about="proxy-dead",
    ),
    Scenario(
        name="no-dns",
        shows="a node whose DNS server does not answer: many registries, one fault",
        objects=(
            pod("no-dns-company", f"{OPEN}/web:1.1.0", node="no-dns", scenario="no-dns"),
            pod("no-dns-hub", "docker.io/library/alpine:3.20", node="no-dns", scenario="no-dns"),
            pod("no-dns-quay", "quay.io/prometheus/node-exporter:v1.8.0", node="no-dns", scenario="no-dns"),
        ),
        failures=(Failure("dns_failure", also=("timeout",), about="no-dns"),),
        pods=3,
        node="no-dns",
        one_finding=True,
    ),
    *(
        Scenario(
            name=f"runtime-{node}",
            shows=shows,
            objects=tuple(
                pod(
                    f"runtime-{node}-{number}",
                    f"{OPEN}/web:1.0.{number}",
                    node=node,
                    scenario=f"runtime-{node}",
                )
                for number in (0, 1)
            ),
            failures=(Failure("runtime_error", container_type="runtime", shows_as="node", about=node),),
            pods=2,
            node=node,
            one_finding=True,
        )
        for node, shows in (
            ("stopped", "containerd is not running"),
            ("hung", "containerd runs and answers nothing"),
        )
    ),
)
