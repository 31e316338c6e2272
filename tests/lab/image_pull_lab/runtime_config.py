# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's containerd and kubelet are configured with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .network import SERVICES_IP, pod_network
from .versions import KubernetesVersion

SANDBOX_IMAGE = "registry.k8s.io/pause:3.9"
#: Where the nodes keep the certificate of the company's own CA for hosts.toml to name.
COMPANY_CA = "/etc/containerd/company-ca.crt"


@dataclass(frozen=True)
class NodeSettings:
    """What can differ from node to node; the defaults are a healthy node."""

    sandbox_image: str = SANDBOX_IMAGE
    #: A size ("24m") or inode number ("nr_inodes=2000") of /var/lib/containerd, both with a comma between.
    containerd_storage: str | None = None
    nameserver: str = SERVICES_IP
    #: Proxy URL in containerd's environment, and the hosts that do without.
    proxy: str | None = None
    #: registry.k8s.io sends everybody on to two other hosts; the sandbox image must come in any case.
    no_proxy: str = "10.0.0.0/8,127.0.0.1,localhost,registry.k8s.io,.pkg.dev,.amazonaws.com"
    #: Fields of KubeletConfiguration, e.g. {"registryPullQPS": 1, "registryBurst": 1}.
    kubelet: Mapping[str, Any] | None = None
    labels: Mapping[str, str] | None = None
    taints: tuple[str, ...] = ()
    #: certs.d entries beside the lab's own (host ─► hosts.toml); an empty text removes the lab's entry.
    hosts_toml: Mapping[str, str] | None = None
    #: ``containerd`` with a kubelet; ``docker`` (Debian's docker.io, its daemon running) or ``podman`` (Debian's, no
    #: daemon) without one: such a host is reached by ssh and is no node of the cluster.
    runtime: str = "containerd"
    #: docker's daemon.json beside the lab's own keys; podman's registries.conf instead of the lab's.
    docker_daemon: Mapping[str, Any] | None = None
    registries_conf: str | None = None
    #: Only busybox's applets are on any PATH; systemd, sshd, containerd and the kubelet run all the same.
    busybox_only: bool = False
    #: No Python is to be found.
    no_python: bool = False
    #: More files, or others than the lab's: path ─► text.
    files: Mapping[str, str] | None = None

    @property
    def joins(self) -> bool:
        """Whether it becomes a node of the cluster."""
        return self.runtime == "containerd"

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


def containerd_toml(settings: NodeSettings, major: int) -> str:
    """config.toml for containerd 1.x (version 2 of the format) or 2.x (version 3)."""
    image = json.dumps(settings.sandbox_image)
    if major < 2:
        return f"""version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {image}
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
"""
    return f"""version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = {image}

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "/etc/cni/net.d"
"""


#: The score and the limits of the distribution's unit need rights that a container on a container lacks.
CONTAINERD_DROP_IN = """[Service]
ExecStartPre=/bin/sh -c "for c in /sys/fs/cgroup/*/; do mount -o remount,rw,bind $$c || true; done"
OOMScoreAdjust=
LimitNOFILE=20000
LimitNPROC=20000
LimitCORE=0
"""


def proxy_drop_in(settings: NodeSettings) -> str:
    """The systemd drop-in by which administrators give containerd a proxy."""
    names = ("HTTP_PROXY", "HTTPS_PROXY")
    lines = [f'Environment="{name}={settings.proxy}"' for name in names] + [
        f'Environment="NO_PROXY={settings.no_proxy}"'
    ]
    return "[Service]\n" + "\n".join(lines) + "\n"


def cni_config(number: int) -> str:
    """The pod network of a node: a bridge whose addresses the lab's router knows."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": pod_network(number)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}, indent=1)


def kubelet_config(settings: NodeSettings, version: KubernetesVersion) -> str:
    """KubeletConfiguration as JSON (which is YAML)."""
    zero = {
        "nodefs.available": "0%",
        "imagefs.available": "0%",
        "nodefs.inodesFree": "0%",
        "imagefs.inodesFree": "0%",
    }
    config: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "failSwapOn": False,
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "authentication": {
            "x509": {"clientCAFile": "/etc/kubernetes/ca.crt"},
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDNS": [SERVICES_IP],
        "clusterDomain": "cluster.local",
        "makeIPTablesUtilChains": False,
        "resolvConf": "/etc/resolv.conf",
        # Many pods that fail at once must not wait for each other nor run into the kubelet's own limit.
        "serializeImagePulls": False,
        "registryPullQPS": 100,
        "registryBurst": 200,
        "eventRecordQPS": 100,
        "eventBurst": 200,
        "nodeStatusUpdateFrequency": "5s",
        "maxPods": 250,
        "evictionHard": zero,
        "featureGates": {gate.partition("=")[0]: gate.endswith("true") for gate in version.feature_gates},
    }
    config.update(settings.kubelet or {})
    return json.dumps(config, indent=1)


#: Kernel settings that the kubelet insists on (pkg/kubelet/cm, setupKernelTunables). They are the host's, and the
#: lab leaves them alone: the node sees a file with the expected value in their place.
KERNEL_TUNABLES = {"kernel/panic": "10", "kernel/panic_on_oops": "1", "vm/overcommit_memory": "1"}
TUNABLES_DIR = "/etc/kubernetes/tunables"

_PREPARE = f"""#!/bin/sh
mounted() {{ grep -q " $1 " /proc/self/mounts; }}
[ -e /dev/kmsg ] || ln -s /dev/null /dev/kmsg
for name in {" ".join(KERNEL_TUNABLES)}; do
    mounted "/proc/sys/$name" || mount --bind "{TUNABLES_DIR}/$name" "/proc/sys/$name"
done
# systemd-nspawn makes /proc/sys read-only; what lies in net belongs to the node's own network.
mounted /proc/sys/net || {{
    mount --bind /proc/sys/net /proc/sys/net
    mount -o remount,rw,bind /proc/sys/net
}}
"""


def kubelet_files() -> dict[str, tuple[str, int]]:
    """Path ─► (text, mode) of what the kubelet's unit needs beside its configuration."""
    files = {f"{TUNABLES_DIR}/{name}": (f"{value}\n", 0o644) for name, value in KERNEL_TUNABLES.items()}
    return {**files, "/etc/kubernetes/kubelet-prepare": (_PREPARE, 0o755)}


def kubelet_unit(
    node: str, address: str, settings: NodeSettings, program: str = "/usr/local/bin/kubelet"
) -> str:
    """kubelet.service; the node's address must not be loopback, or exec and logs find no way to it."""
    options = ["--config=/etc/kubernetes/kubelet.json", "--kubeconfig=/etc/kubernetes/kubelet.conf"]
    options += ["--root-dir=/var/lib/kubelet", f"--hostname-override={node}", f"--node-ip={address}", "--v=2"]
    if settings.labels:
        options.append(
            "--node-labels=" + ",".join(f"{key}={value}" for key, value in settings.labels.items())
        )
    if settings.taints:
        options.append("--register-with-taints=" + ",".join(settings.taints))
    return f"""[Unit]
Description=kubelet
After=containerd.service network.target
[Service]
ExecStartPre=/etc/kubernetes/kubelet-prepare
ExecStart={program} {" ".join(options)}
Restart=always
RestartSec=1
LimitNOFILE=20000
[Install]
WantedBy=multi-user.target
"""
