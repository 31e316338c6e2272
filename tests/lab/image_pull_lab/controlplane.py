# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd, API server, controller-manager and scheduler, and the users that may talk to them."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import binaries, pki
from .errors import LabError
from .processes import Processes, wait_until
from .versions import KubernetesVersion

SERVICE_NETWORK = "10.96.0.0/24"

#: User ─► groups. None of the last four has a right beyond discovery until a test binds one to it.
USERS: dict[str, tuple[str, ...]] = {
    "admin": ("system:masters",),
    "system:kube-controller-manager": (),
    "system:kube-scheduler": (),
    "viewer": (),
    "ns-viewer": (),
    "ns-viewer-2": (),
    "nobody": (),
}

#: A data-only server has no controllers, so nobody creates default ServiceAccounts; and it listens on
#: loopback, which the endpoints of the Service "kubernetes" may not name.
_DATA_ONLY = ["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"]


@dataclass
class Users:
    """Users with a token each, made at random for one lab."""

    tokens: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def make(cls) -> Users:
        users = cls()
        for name, groups in USERS.items():
            users.add(name, groups)
        return users

    def add(self, name: str, groups: tuple[str, ...]) -> None:
        self.tokens[name] = secrets.token_urlsafe(24)
        self.groups[name] = groups

    def token_file(self) -> str:
        """The format of --token-auth-file: token,user,uid,"group1,group2"."""
        rows = []
        for name, token in self.tokens.items():
            groups = ",".join(self.groups[name])
            rows.append(f"{token},{name},{name}" + (f',"{groups}"' if groups else ""))
        return "\n".join(rows) + "\n"


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)


def kubeconfig(
    server: str, ca_file: Path, user: str, credential: Mapping[str, str], name: str = "lab"
) -> str:
    """A kubeconfig (JSON is YAML); credential: token, or client-certificate-data and client-key-data."""
    authority = base64.b64encode(ca_file.read_bytes()).decode()
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}
            ],
            "users": [{"name": user, "user": dict(credential)}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
        },
        indent=1,
    )


def client_certificate(crt: Path, key: Path) -> dict[str, str]:
    """A kubeconfig user's credential from a certificate and its key."""
    files = {"client-certificate-data": crt, "client-key-data": key}
    return {field_: base64.b64encode(path.read_bytes()).decode() for field_, path in files.items()}


@dataclass(frozen=True)
class Endpoints:
    """Where the control plane listens, as its own programs see it."""

    address: str
    api_port: int
    etcd_port: int
    etcd_peer_port: int

    @property
    def server(self) -> str:
        return f"https://{self.address}:{self.api_port}"

    @property
    def etcd(self) -> str:
        return f"http://127.0.0.1:{self.etcd_port}"


class ControlPlane:
    """The control plane of one lab, in the folder where its keys and configuration lie."""

    def __init__(
        self,
        folder: Path,
        processes: Processes,
        version: KubernetesVersion,
        endpoints: Endpoints,
        namespace: int | None,
    ) -> None:
        self.folder = folder
        self.ca_file = folder / "pki" / "ca.crt"
        self._processes = processes
        self._version = version
        self._endpoints = endpoints
        self._namespace = namespace

    def prepare(self, users: Users) -> None:
        """Keys, certificates, the token file, and kubeconfigs of the control plane's own programs."""
        folder = self.folder / "pki"
        authority = pki.Authority(folder, "ca", "image-pull-lab cluster CA")
        names = ["127.0.0.1", "10.96.0.1", self._endpoints.address, "localhost", "kubernetes.default.svc"]
        authority.issue("apiserver", "kube-apiserver", hosts=list(dict.fromkeys(names)))
        authority.issue("kubelet-client", "kube-apiserver-kubelet-client", organization="system:masters")
        authority.issue("admin", "admin-certificate", organization="system:masters")
        pki.write_key_pair(folder, "service-account")
        write_secret(self.folder / "tokens.csv", users.token_file())
        for user in ("system:kube-controller-manager", "system:kube-scheduler"):
            text = kubeconfig(self._endpoints.server, self.ca_file, user, {"token": users.tokens[user]})
            write_secret(self.folder / f"{user.partition(':')[2]}.kubeconfig", text)

    def node_kubeconfig(self, node: str) -> str:
        """A kubelet's kubeconfig, with a client certificate as the Node authorizer wants it."""
        authority = pki.Authority.load(self.folder / "pki", "ca")
        pair = authority.issue(f"node-{node}", f"system:node:{node}", organization="system:nodes")
        credential = client_certificate(pair.crt, pair.key_file)
        return kubeconfig(self._endpoints.server, self.ca_file, f"system:node:{node}", credential)

    def start_storage(self) -> None:
        """etcd, with its data in memory where mounts of our own are possible."""
        data = self.folder / "etcd"
        data.mkdir(mode=0o700, exist_ok=True)
        peer = f"http://127.0.0.1:{self._endpoints.etcd_peer_port}"
        program = binaries.etcd()
        if program is None:
            raise LabError("etcd is not installed")
        argv = [str(program), "--data-dir", f"{data}/data", "--quota-backend-bytes", str(4 << 30)]
        argv += [
            "--listen-client-urls",
            self._endpoints.etcd,
            "--advertise-client-urls",
            self._endpoints.etcd,
        ]
        argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        argv += ["--initial-cluster", f"default={peer}"]
        in_memory = os.geteuid() == 0
        if in_memory:
            mount = 'mount -t tmpfs -o mode=0700 etcd "$0" && exec "$@"'
            argv = ["/bin/sh", "-c", mount, str(data), *argv]
        self._processes.spawn("etcd", argv, namespace=self._namespace, own_mounts=in_memory)

    def start_api_server(self) -> None:
        folder = self.folder / "pki"
        self._start(
            "kube-apiserver",
            f"--etcd-servers={self._endpoints.etcd}",
            f"--bind-address={'127.0.0.1' if self._namespace is None else '0.0.0.0'}",
            f"--advertise-address={self._endpoints.address}",
            f"--secure-port={self._endpoints.api_port}",
            f"--tls-cert-file={folder}/apiserver.crt",
            f"--tls-private-key-file={folder}/apiserver.key",
            f"--client-ca-file={self.ca_file}",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder}/service-account.pub",
            f"--service-account-signing-key-file={folder}/service-account.key",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            "--allow-privileged=true",
            f"--kubelet-client-certificate={folder}/kubelet-client.crt",
            f"--kubelet-client-key={folder}/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            *self._gates(),
            *(_DATA_ONLY if self._namespace is None else []),
        )

    def start_controllers(self) -> None:
        """Controller-manager and scheduler; both expect an API server that answers."""
        self._start(
            "kube-controller-manager",
            f"--kubeconfig={self.folder}/kube-controller-manager.kubeconfig",
            f"--service-account-private-key-file={self.folder}/pki/service-account.key",
            f"--root-ca-file={self.ca_file}",
            "--use-service-account-credentials",
            "--leader-elect=false",
            *self._gates(),
        )
        self._start(
            "kube-scheduler",
            f"--kubeconfig={self.folder}/kube-scheduler.kubeconfig",
            "--leader-elect=false",
            *self._gates(),
        )

    def _gates(self) -> list[str]:
        gates = self._version.feature_gates
        return [f"--feature-gates={','.join(gates)}"] if gates else []

    def _start(self, name: str, *options: str) -> None:
        program = binaries.find(name, self._version)
        if program is None:
            raise LabError(f"{name} {self._version.version} is not built; build it first")
        self._processes.spawn(name, [*program.argv(), *options], namespace=self._namespace)


def wait_ready(processes: Processes, ready: Callable[[], object], seconds: float = 90) -> None:
    """Until the API server says ready (4 to 6 seconds after its start on two cores)."""
    wait_until(ready, "the API server's /readyz", seconds, processes)
