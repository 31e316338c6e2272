# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes whose runtime or kubelet is at fault."""

from __future__ import annotations

import json

from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.node_faults.declare import Machine, NodeFault

OPEN = "registry.reg.test/app"
PROVIDER = "ecr-credential-provider"
PROVIDER_SAYS = "no EC2 IMDS role found"


def stop(lab: Lab, node: Node) -> None:
    node.ssh("systemctl stop containerd")


def hang(lab: Lab, node: Node) -> None:
    """It runs, its socket accepts, and nobody answers."""
    node.ssh("systemctl kill --kill-who=main --signal=STOP containerd")


def start_again_and_again(lab: Lab, node: Node) -> None:
    """A configuration that it cannot read; its unit starts it anew each time it ends."""
    node.ssh(
        "echo 'oops = [' >> /etc/containerd/config.toml; mkdir -p /etc/systemd/system/containerd.service.d;"
        " printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2\n'"
        " > /etc/systemd/system/containerd.service.d/again.conf;"
        " systemctl daemon-reload; systemctl restart --no-block containerd"
    )


def failing_provider(lab: Lab, node: Node) -> None:
    """A kubelet whose plugin for ECR ends with an error: it then pulls without credentials."""
    node.write_file(f"/opt/providers/{PROVIDER}", f"#!/bin/sh\necho '{PROVIDER_SAYS}' >&2\nexit 1\n", 0o755)
    provider = {
        "name": PROVIDER,
        "matchImages": ["*.dkr.ecr.*.amazonaws.com"],
        "defaultCacheDuration": "1m",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
    }
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    node.write_file("/etc/kubernetes/providers.json", json.dumps(config))
    flags = "--image-credential-provider-config=/etc/kubernetes/providers.json"
    flags += " --image-credential-provider-bin-dir=/opt/providers"
    node.ssh(
        f"sed -i 's|^ExecStart=.*|& {flags}|' /etc/systemd/system/kubelet.service;"
        " systemctl daemon-reload; systemctl restart kubelet"
    )


def _down(name: str, shows: str, *words: str) -> NodeFault:
    images = (f"{OPEN}/web:1.0.1",)
    return NodeFault(name, shows, images, "runtime_error", ("runtime",), words=words, shows_as="node")


MACHINES = (
    Machine(
        "stopped",
        (_down("runtime-stopped", "containerd is not running", "containerd"),),
        break_it=stop,
        pod="refused",
    ),
    Machine(
        "hung",
        (_down("runtime-hung", "containerd runs and answers nothing", "containerd"),),
        break_it=hang,
        pod="refused",
    ),
    Machine(
        "looping",
        (_down("runtime-loop", "containerd ends and is started again and again", "containerd"),),
        break_it=start_again_and_again,
        pod="refused",
    ),
    Machine(
        "pull-qps",
        (
            NodeFault(
                "pull-qps",
                "twelve containers on a kubelet that pulls one image a second",
                (f"{OPEN}/ok:1",) * 12,
                "pull_qps_exceeded",
                ("kubelet",),
                says="pull QPS exceeded",
                contrast=False,
            ),
        ),
        NodeSettings(kubelet={"registryPullQPS": 1, "registryBurst": 1}),
    ),
    Machine(
        "provider",
        (
            NodeFault(
                "credential-provider",
                "a credential provider plugin that fails, of which only the kubelet's journal tells; no events",
                (f"{hosts.ECR}/acme/app:1",),
                "credential_provider_failure",
                ("credentials", "kubelet"),
                words=(PROVIDER,),
                without_events=True,
                contrast=False,
            ),
        ),
        break_it=failing_provider,
    ),
    Machine(
        "bad-pause",
        (
            NodeFault(
                "no-events",
                "a sandbox image that does not exist, and the events, which alone told so, have expired",
                (f"{OPEN}/web:1.1.0",),
                "tag_not_found",
                ("manifest", "registry"),
                also=("runtime_error", "repository_not_found"),
                words=("no-such-pause",),
                shows_as="sandbox",
                without_events=True,
                found=False,
                contrast=False,
            ),
        ),
        NodeSettings(sandbox_image="registry.reg.test/no-such-pause:3.9"),
        pod="refused",
    ),
)
