# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are no usual ones: docker or podman instead of containerd, busybox alone, no Python."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import debian
from .runtime_config import CONTAINERD_DROP_IN, NodeSettings

#: Where a node that has nothing but busybox keeps the programs that make it a node; not on anybody's PATH.
HIDDEN = "/opt/node/bin"
#: All folders that a PATH may name on such a node, each of which gets the applets alone.
PATH_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")

#: Clients of runtimes that the host may have; a node has those of its own runtime alone.
FOREIGN_CLIENTS = [
    f"{folder}/{name}"
    for folder in ("/usr/local/bin", "/usr/bin")
    for name in ("docker", "podman", "nerdctl", "crictl")
]

_UNITS = "/etc/systemd/system"
Files = dict[str, dict[str, Any]]


def layers(settings: NodeSettings) -> list[Path]:
    """The folders that are copied over the host's root on this node, in this order."""
    return [debian.layer(settings.runtime)] if settings.runtime in debian.RUNTIMES else []


def storage(settings: NodeSettings) -> str | None:
    """The folder of the runtime's images beside containerd's, which must not lie on the overlay."""
    return {"docker": "/var/lib/docker", "podman": "/var/lib/containers"}.get(settings.runtime)


def removed(settings: NodeSettings) -> list[str]:
    """What of the host's is not to be seen on this node."""
    own = f"/usr/bin/{settings.runtime}"
    paths = [path for path in FOREIGN_CLIENTS if path != own]
    if settings.no_python:
        for folder in ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"):
            paths += [path for name in ("python*", "pypy*") for path in sorted(glob.glob(f"{folder}/{name}"))]
    return paths


def programs(settings: NodeSettings, bound: Mapping[str, str]) -> dict[str, str]:
    """Where the host's programs are bound to: those of a usual node, or hidden on one with busybox alone."""
    if not settings.busybox_only:
        return dict(bound)
    hidden = {source: f"{HIDDEN}/{Path(target).name}" for source, target in bound.items()}
    present = {Path(target).name for target in hidden.values()}
    for name in ("/usr/bin/containerd", "/usr/bin/containerd-shim-runc-v2", "/usr/sbin/runc"):
        if Path(name).name not in present:
            hidden[name] = f"{HIDDEN}/{Path(name).name}"
    return {**hidden, "/usr/sbin/sshd": "/usr/sbin/sshd"}


def files(settings: NodeSettings, company_ca: str) -> Files:
    """Files that such a node has more."""
    more: Files = {}
    if settings.runtime == "docker":
        more |= _docker(settings, company_ca) | _kubelet_flags("/var/run/cri-dockerd.sock")
    if settings.runtime == "podman":
        more |= _podman(settings, company_ca) | _kubelet_flags("/var/run/crio/crio.sock")
    if settings.busybox_only:
        path = f"Environment=PATH={HIDDEN}:/usr/sbin:/usr/bin"
        drop_in = f"[Service]\nExecStart=\nExecStart={HIDDEN}/containerd\n{path}\n"
        more[f"{_UNITS}/containerd.service.d/bare.conf"] = {"text": drop_in}
        passwd = Path("/etc/passwd").read_text()
        more["/etc/passwd"] = {
            "text": re.sub(r"^(root:.*:)[^:\n]*$", r"\1/bin/sh", passwd, flags=re.MULTILINE)
        }
    return more


def _kubelet_flags(socket: str) -> Files:
    """kubeadm's file of flags, in the stead of a kubelet over cri-dockerd or CRI-O, neither of which is to be had."""
    text = f'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix://{socket}"\n'
    return {"/var/lib/kubelet/kubeadm-flags.env": {"text": text}}


def _docker(settings: NodeSettings, company_ca: str) -> Files:
    daemon = {
        "iptables": False,
        "ip6tables": False,
        "bridge": "none",
        # /proc/sys is read-only in here.
        "ip-forward": False,
        "insecure-registries": ["plain.reg.test:5000"],
        **(settings.docker_daemon or {}),
    }
    return {
        "/etc/docker/daemon.json": {"text": json.dumps(daemon, indent=1)},
        "/etc/docker/certs.d/company-ca.reg.test/ca.crt": {"text": company_ca},
        f"{_UNITS}/docker.service.d/lab.conf": {"text": CONTAINERD_DROP_IN},
        # The package's own group is made when it is installed, which it is not.
        f"{_UNITS}/docker.socket.d/lab.conf": {"text": "[Socket]\nSocketGroup=root\n"},
        f"{_UNITS}/multi-user.target.wants/docker.service": {"link": "/lib/systemd/system/docker.service"},
        f"{_UNITS}/sockets.target.wants/docker.socket": {"link": "/lib/systemd/system/docker.socket"},
    }


_CONTAINERS_CONF = """[containers]
default_ulimits = []
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""

_REGISTRIES_CONF = """unqualified-search-registries = ["docker.io"]
short-name-mode = "enforcing"

[[registry]]
location = "plain.reg.test:5000"
insecure = true
"""


def _podman(settings: NodeSettings, company_ca: str) -> Files:
    return {
        "/etc/containers/containers.conf": {"text": _CONTAINERS_CONF},
        "/etc/containers/registries.conf": {"text": settings.registries_conf or _REGISTRIES_CONF},
        "/etc/containers/certs.d/company-ca.reg.test/ca.crt": {"text": company_ca},
    }
