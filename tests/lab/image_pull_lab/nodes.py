# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: systemd, sshd, journald, containerd and a kubelet in systemd-nspawn, over the host's own root."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import binaries, places, runtime_config, special_nodes
from .errors import LabError
from .network import Namespace, Network, node_ip
from .processes import Identity, Processes, kill, network_namespace, processes_in
from .runtime_config import NodeSettings
from .versions import KubernetesVersion

_NAME = re.compile(r"[a-z][a-z0-9-]{0,11}")


@dataclass(frozen=True)
class SshResult:
    """What a command on a node gave."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Node:
    """A node of a running lab.

    ip is its address inside the lab; from the host it is reached by ssh at ssh_host:ssh_port (loopback).
    """

    name: str
    number: int
    ip: str
    ssh_host: str
    ssh_port: int
    ssh_key: Path
    known_hosts: Path
    namespace: Namespace

    def ssh_argv(self) -> list[str]:
        """The ssh command line up to the remote command; host keys are checked."""
        options = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={self.known_hosts}"]
        options += ["ConnectTimeout=5", "LogLevel=ERROR", "IdentitiesOnly=yes", f"HostKeyAlias={self.name}"]
        words = [word for option in options for word in ("-o", option)]
        return [
            "ssh",
            "-F",
            "none",
            "-i",
            str(self.ssh_key),
            "-p",
            str(self.ssh_port),
            *words,
            f"root@{self.ssh_host}",
        ]

    def ssh(
        self, command: str, *, stdin: str | None = None, timeout: float = 60, check: bool = True
    ) -> SshResult:
        """Runs a shell command as root; LabError when it fails, unless check is False."""
        result = subprocess.run(
            [*self.ssh_argv(), command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and result.returncode:
            raise LabError(
                f"{self.name}: {command.splitlines()[0]}: {result.stderr.strip() or result.stdout.strip()}"
            )
        return SshResult(result.returncode, result.stdout, result.stderr)

    def write_file(self, path: str, text: str, mode: int = 0o644) -> None:
        quoted = shlex.quote(path)
        self.ssh(f"mkdir -p $(dirname {quoted}) && cat > {quoted} && chmod {mode:o} {quoted}", stdin=text)

    def firewall(self, rules: str) -> None:
        """Puts nft statements into the node's output, e.g. ``ip daddr 10.99.0.101 drop``; empty clears them."""
        table = "table inet fault"
        script = f"{table} {{}}\ndelete {table}\n"
        if rules:
            chain = f"chain output {{\ntype filter hook output priority 0; policy accept;\n{rules}\n}}"
            script += f"{table} {{\n{chain}\n}}\n"
        self.namespace.run(["nft", "-f", "-"], stdin=script)

    def journal(self, unit: str) -> str:
        """What the unit has logged since boot."""
        return self.ssh(f"journalctl --no-pager -o short-iso -u {shlex.quote(unit)}").stdout


@dataclass
class NodePlan:
    """All that is needed to boot one node."""

    name: str
    number: int
    settings: NodeSettings
    kubeconfig: str
    cluster_ca: str
    authorized_key: str
    host_key: str
    trusted_ca: str
    company_ca: str
    hosts_toml: Mapping[str, str] = field(default_factory=dict)


class NodeHost:
    """Starts and stops the nodes of one lab."""

    def __init__(
        self, lab_id: str, folder: Path, processes: Processes, network: Network, version: KubernetesVersion
    ) -> None:
        self._lab_id = lab_id
        self._folder = folder
        self._processes = processes
        self._network = network
        self._version = version

    def start(self, plan: NodePlan) -> None:
        if not _NAME.fullmatch(plan.name):
            raise LabError(f"node name {plan.name!r}: lower case letters, digits and -, 12 at most")
        namespace = self._network.add_node(plan.name, plan.number)
        folder = self._folder / plan.name
        spec = {
            "folder": str(folder),
            "size": "2g",
            "cgroup": self.cgroup(plan.name),
            "layers": [str(layer) for layer in special_nodes.layers(plan.settings)],
            "applets": _applets(plan.settings),
            "remove": [*_REMOVED, *special_nodes.removed(plan.settings)],
            "files": self._files(plan),
            "append": {"/etc/ssl/certs/ca-certificates.crt": plan.trusted_ca},
            "nspawn": self._nspawn(plan, folder, namespace),
        }
        path = self._folder / f"{plan.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(spec))
        boot = Path(__file__).with_name("node_boot.py")
        self._processes.spawn(
            f"node-{plan.name}", [sys.executable, "-I", str(boot), str(path)], own_mounts=True
        )

    def stop(self, names: Sequence[str]) -> None:
        """Switches nodes off.

        A power cut is enough: containers, shims and kubelet live in the node's PID namespace and end with it,
        its disks are mounts of its own in memory. What remains are cgroups, which are removed.
        """
        # The node's first process outlives systemd-nspawn when that is killed.
        tenants = processes_in({network_namespace(self._network.get(name).pid) for name in names})
        self._processes.stop([f"node-{name}" for name in names], grace=0)
        self._processes.stop([f"netns-{name}" for name in names], grace=0)
        kill(tenants)
        for name in names:
            remove_cgroups(self.cgroup(name))

    def cgroup(self, name: str) -> str:
        return f"image-pull-lab-{self._lab_id}-{name}"

    def _nspawn(self, plan: NodePlan, folder: Path, namespace: Namespace) -> list[str]:
        argv = [
            "--quiet",
            f"--machine=lab-{self._lab_id}-{plan.name}",
            f"--hostname={plan.name}",
            "--register=no",
        ]
        if not Path("/run/systemd/system").is_dir():
            argv.append("--keep-unit")
        argv += [
            f"--network-namespace-path=/proc/{namespace.pid}/ns/net",
            "--resolv-conf=off",
            "--timezone=off",
        ]
        argv += ["--link-journal=no", "--capability=all", "--system-call-filter=@keyring", "--console=pipe"]
        argv.append(f"--directory={folder}/root")
        if plan.settings.joins:
            argv.append(f"--bind={folder}/kubelet:/var/lib/kubelet")
        # The host's homes and logs are nobody's business in here, nor are the keys of this lab.
        argv += [f"--tmpfs={path}:mode=0700" for path in ("/root", "/home")]
        argv += ["--tmpfs=/var/log:mode=0755", f"--tmpfs={places.labs_dir()}:mode=0700"]
        if plan.settings.containerd_storage:
            options = plan.settings.containerd_storage
            options = options if "=" in options else f"size={options}"
            argv.append(f"--tmpfs=/var/lib/containerd:mode=0711,{options}")
        else:
            argv.append(f"--bind={folder}/containerd:/var/lib/containerd")
        if storage := special_nodes.storage(plan.settings):
            argv.append(f"--bind={folder}/storage:{storage}")
        argv += [f"--bind={folder}/{name}:{name.replace('-', '/')}" for name in _applets(plan.settings)]
        bound = special_nodes.programs(plan.settings, self._programs())
        argv += [f"--bind-ro={source}:{target}" for source, target in bound.items()]
        return [*argv, "--boot"]

    def _programs(self) -> dict[str, str]:
        kubelet = binaries.find("kubelet", self._version)
        if kubelet is None:
            raise LabError(f"kubelet {self._version.version} is not built; build it first")
        bound = {str(kubelet.path): "/usr/local/bin/kubelet"}
        if self._version.containerd:
            folder = binaries.containerd_dir(self._version.containerd)
            bound |= {str(folder / name): f"/usr/bin/{name}" for name in binaries.CONTAINERD_PROGRAMS}
        return bound

    def _files(self, plan: NodePlan) -> dict[str, dict[str, Any]]:
        settings = plan.settings
        units = "/etc/systemd/system"
        wants = f"{units}/multi-user.target.wants"
        major = 2 if self._version.containerd else 1
        kubelet = f"{special_nodes.HIDDEN}/kubelet" if settings.busybox_only else "/usr/local/bin/kubelet"
        files: dict[str, dict[str, Any]] = {
            "/etc/hostname": {"text": f"{plan.name}\n"},
            "/etc/hosts": {"text": f"127.0.0.1 localhost {plan.name}\n"},
            "/etc/machine-id": {
                "text": hashlib.md5(f"{self._lab_id}{plan.name}".encode()).hexdigest() + "\n"
            },
            "/etc/resolv.conf": {"text": f"nameserver {settings.nameserver}\noptions timeout:2 attempts:1\n"},
            "/etc/fstab": {"text": ""},
            # Nobody logs in but by ssh with a key, and each of them holds resources of the host.
            f"{units}/systemd-logind.service": {"link": "/dev/null"},
            # No password of the host's gets in here; "*" is no lock, which would keep keys out as well.
            "/etc/shadow": {"text": "root:*:19000::::::\n", "mode": 0o640},
            "/etc/ssh/sshd_config": {"text": _SSHD_CONFIG},
            "/etc/ssh/lab_host_key": {"text": plan.host_key, "mode": 0o600},
            "/etc/ssh/lab_authorized_keys": {"text": plan.authorized_key, "mode": 0o600},
            "/etc/containerd/config.toml": {"text": runtime_config.containerd_toml(settings, major)},
            runtime_config.COMPANY_CA: {"text": plan.company_ca},
            "/etc/cni/net.d/10-pods.conflist": {"text": runtime_config.cni_config(plan.number)},
            "/etc/kubernetes/kubelet.conf": {"text": plan.kubeconfig, "mode": 0o600},
            "/etc/kubernetes/ca.crt": {"text": plan.cluster_ca},
            "/etc/kubernetes/kubelet.json": {"text": runtime_config.kubelet_config(settings, self._version)},
            f"{units}/containerd.service.d/lab.conf": {"text": runtime_config.CONTAINERD_DROP_IN},
            f"{units}/kubelet.service": {
                "text": runtime_config.kubelet_unit(plan.name, node_ip(plan.number), settings, kubelet)
            },
            kubelet: {"text": ""},
        }
        for path, (text, mode) in runtime_config.kubelet_files().items():
            files[path] = {"text": text, "mode": mode}
        if settings.joins:
            files[f"{wants}/kubelet.service"] = {"link": "/etc/systemd/system/kubelet.service"}
        for unit in ("ssh", "containerd") if settings.joins else ("ssh",):
            files[f"{wants}/{unit}.service"] = {"link": f"/lib/systemd/system/{unit}.service"}
        if settings.proxy:
            service = "docker" if settings.runtime == "docker" else "containerd"
            files[f"{units}/{service}.service.d/http-proxy.conf"] = {
                "text": runtime_config.proxy_drop_in(settings)
            }
        for host, text in {**plan.hosts_toml, **(settings.hosts_toml or {})}.items():
            if text:
                files[f"/etc/containerd/certs.d/{host}/hosts.toml"] = {"text": text}
        files |= special_nodes.files(settings, plan.company_ca)
        return files | {path: {"text": text} for path, text in (settings.files or {}).items()}


def _applets(settings: NodeSettings) -> dict[str, str]:
    """Folders of the node (below its own, with - for /) that hold the host's busybox and nothing else."""
    if not settings.busybox_only:
        return {}
    return {folder.replace("/", "-"): "/bin/busybox" for folder in special_nodes.PATH_FOLDERS}


#: The host's own services, mounts and runtime configuration; the node gets its own.
_REMOVED = [
    "/etc/systemd/system",
    "/etc/systemd/system.conf.d",
    "/etc/containerd",
    "/etc/cni",
    "/etc/kubernetes",
    "/etc/ssh/sshd_config.d",
    "/etc/resolv.conf",
    "/etc/machine-id",
]

_SSHD_CONFIG = """HostKey /etc/ssh/lab_host_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
Subsystem sftp internal-sftp
"""


def make_ssh_keys(folder: Path) -> None:
    """client and host (ed25519), with their public halves."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("client", "host"):
        argv = [
            "ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-C",
            f"image-pull-lab {name}",
            "-f",
            str(folder / name),
        ]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def remove_cgroups(name: str) -> None:
    """Removes the groups of that name and all below, in every hierarchy of the host, with whoever is in them."""
    for found in list(Path("/sys/fs/cgroup").glob(f"**/{name}")):
        # glob gives the folder itself as well; a group goes after those below it.
        groups = sorted(found.glob("**/"), key=lambda path: len(path.parts), reverse=True)
        members = [Identity.of(int(pid)) for group in groups for pid in _members(group)]
        kill([member for member in members if member])
        for group in groups:
            try:
                group.rmdir()
            except OSError:
                continue


def _members(group: Path) -> list[str]:
    try:
        return (group / "cgroup.procs").read_text().split()
    except OSError:
        return []
