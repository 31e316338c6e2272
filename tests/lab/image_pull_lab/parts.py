# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of one lab, found from its folder and its record."""

from __future__ import annotations

import json
from pathlib import Path

from . import network, versions
from .api import Api
from .controlplane import ControlPlane, Endpoints, client_certificate, kubeconfig, write_secret
from .errors import LabError
from .network import Network
from .nodes import Node, NodeHost
from .processes import wait_until
from .registries import Registries
from .state import Folder, State

#: The administrator once more, by client certificate instead of a token.
CERTIFICATE_USER = "admin-cert"


class Parts:
    """What a lab consists of, whoever started it."""

    def __init__(self, folder: Folder, current: State) -> None:
        self.folder = folder
        self.state = current
        self.version = versions.resolve(current.kubernetes)

    def refresh(self) -> None:
        """Reads the record again: another process may have added a node."""
        self.state = self.folder.read() or self.state

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.state.api_port}"

    @property
    def ca_file(self) -> Path:
        return self.folder.path / "kubernetes" / "pki" / "ca.crt"

    @property
    def keys(self) -> Path:
        """The folder of SSH keys."""
        return self.folder.path / "ssh"

    def users(self) -> list[str]:
        return [user for user in self.state.tokens if not user.startswith("system:")]

    def token(self, user: str) -> str:
        try:
            return self.state.tokens[user]
        except KeyError:
            raise LabError(f"no user {user!r}; there are {', '.join(self.users())}") from None

    def api(self, user: str = "admin") -> Api:
        return Api(self.server, self.ca_file, self.token(user))

    def kubeconfig(self, user: str, *, inside: bool = False) -> Path:
        folder = self.folder.path / "kubernetes"
        path = folder / "kubeconfig" / f"{user}{'.inside' if inside else ''}.kubeconfig"
        server = f"https://{network.CONTROL_IP}:6443" if inside else self.server
        if not path.exists():
            if user == CERTIFICATE_USER:
                credential = client_certificate(folder / "pki" / "admin.crt", folder / "pki" / "admin.key")
            else:
                credential = {"token": self.token(user)}
            write_secret(path, kubeconfig(server, self.ca_file, user, credential))
        return path

    def node(self, name: str) -> Node:
        if name not in self.state.nodes:
            raise LabError(f"no node {name!r}; there are {', '.join(self.state.nodes) or 'none'}")
        number = self.state.nodes[name]
        return Node(
            name=name,
            number=number,
            ip=network.node_ip(number),
            ssh_host="127.0.0.1",
            ssh_port=self.ports(name)["ssh"],
            ssh_key=self.keys / "client",
            known_hosts=self.keys / "known_hosts",
            namespace=self.network().get(name),
        )

    def wait_for_nodes(self, names: list[str], seconds: float) -> None:
        """LabError naming the nodes that are not Ready by then."""
        missing: list[str] = list(names)

        def ready() -> bool:
            conditions = {
                node["metadata"]["name"]: node.get("status", {}).get("conditions", [])
                for node in self.api().list("Node")
            }
            missing[:] = [name for name in names if not any(map(_ready, conditions.get(name, [])))]
            return not missing

        try:
            wait_until(ready, "nodes Ready", seconds, self.folder.processes)
        except LabError as error:
            raise LabError(f"{error} (not Ready: {', '.join(missing)})") from None

    def ports(self, name: str) -> dict[str, int]:
        """The ports of loopback that lead to "control" or to a node."""
        return json.loads(self.ports_file(name).read_text())

    def ports_file(self, name: str) -> Path:
        return self.folder.path / "ports" / f"{name}.json"

    def network(self) -> Network:
        return Network(self.folder.processes)

    def pid(self, namespace: str) -> int:
        """The process that holds one of the lab's network namespaces."""
        return self.network().get(namespace).pid

    def node_host(self) -> NodeHost:
        folder = self.folder.path / "nodes"
        return NodeHost(self.state.id, folder, self.folder.processes, self.network(), self.version)

    def registries(self) -> Registries:
        folder = self.folder.path / "registries"
        return Registries(folder, self.folder.processes, self.pid(network.SERVICES))

    def control_plane(self) -> ControlPlane:
        """In a namespace of its own, at its fixed address."""
        endpoints = Endpoints(network.CONTROL_IP, 6443, 2379, 2380)
        return self._plane(endpoints, self.pid(network.CONTROL))

    def data_only_plane(self, api_port: int, etcd_port: int, peer_port: int) -> ControlPlane:
        """On the host's loopback."""
        return self._plane(Endpoints("127.0.0.1", api_port, etcd_port, peer_port), None)

    def _plane(self, endpoints: Endpoints, namespace: int | None) -> ControlPlane:
        folder = self.folder.path / "kubernetes"
        folder.mkdir(mode=0o700, exist_ok=True)
        return ControlPlane(folder, self.folder.processes, self.version, endpoints, namespace)


def _ready(condition: dict[str, str]) -> bool:
    return condition["type"] == "Ready" and condition["status"] == "True"
