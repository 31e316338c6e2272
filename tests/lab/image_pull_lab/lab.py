# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole lab: up, used, down."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from . import binaries, doctor, hosts, network, places, versions
from .api import Api, ApiError
from .cleanup import clear, failed_logs, sweep
from .controlplane import (
    ControlPlane,
    Endpoints,
    Users,
    client_certificate,
    kubeconfig,
    wait_ready,
    write_secret,
)
from .errors import LabError, LabUnavailable
from .hosts_toml import HOSTS_TOML
from .images import Store
from .limits import ensure_inotify
from .network import Network
from .nodes import Node, NodeHost, NodePlan, SshResult, make_ssh_keys
from .processes import wait_until
from .registries import Accounts, Registries, python_module
from .runtime_config import NodeSettings
from .state import Folder, State

NODES = ("node1", "node2")
_MOST_NODES = 15


def _silent(text: str) -> None:
    del text


class Lab:
    """A running lab. Made by up() or attach(); as a context manager it goes down at the end if up() made it."""

    def __init__(self, folder: Folder, current: State, *, ours: bool) -> None:
        self._folder = folder
        self._state = current
        self._ours = ours
        self.version = versions.resolve(current.kubernetes)

    # ── coming and going ────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def up(
        cls,
        kubernetes: str = versions.DEFAULT_KUBERNETES,
        *,
        name: str = places.DEFAULT_LAB,
        data_only: bool = False,
        owner: int | None = None,
        say: Callable[[str], None] = _silent,
    ) -> Lab:
        """Starts a lab and returns when it can be used.

        One that runs under that name already is used as it is if it is of the same kind, otherwise replaced; what
        a killed run left is cleared away first. owner: a process id (os.getpid() in a test run); when that
        process ends, however it ends, the lab goes down by itself.

        Kubernetes is built first where that was not done yet (10 minutes). LabUnavailable when this machine
        cannot run the lab, LabError when something failed (nothing is left then).
        """
        version = versions.resolve(kubernetes)
        missing = doctor.examine(version, data_only=data_only)
        if blocked := [one for one in missing if not one.buildable]:
            raise LabUnavailable("; ".join(map(str, blocked)))
        binaries.build(version, say, doctor.programs(data_only))
        sweep(say)
        folder = Folder(name)
        with folder.lock():
            current = folder.read()
            same = current and (current.kubernetes, current.data_only) == (version.version, data_only)
            if current and same and current.ready and not folder.processes.dead():
                return cls(folder, current, ours=False)
            clear(folder)
            folder.create()
            fresh = State.fresh(name, version.version, data_only, owner)
            folder.write(fresh)
            lab = cls(folder, fresh, ours=True)
            try:
                lab._start(say)
            except LabError as error:
                clear(folder, keep_logs=True)
                raise LabError(f"{error} (logs: {failed_logs(name)})") from None
            except BaseException:
                clear(folder)
                raise
        return lab

    @classmethod
    def attach(cls, name: str = places.DEFAULT_LAB) -> Lab:
        """The lab of that name that somebody else started; LabError when none runs."""
        folder = Folder(name)
        current = folder.read()
        if current is None or not current.ready:
            raise LabError(f"no lab {name!r} is up; start one with: lab up")
        return cls(folder, current, ours=False)

    def down(self) -> None:
        """Ends everything that belongs to the lab and removes its folder."""
        with self._folder.lock():
            clear(self._folder)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            self.down()

    # ── what a test asks for ────────────────────────────────────────────────────────────────────────────

    @property
    def name(self) -> str:
        return self._state.name

    @property
    def id(self) -> str:
        return self._state.id

    @property
    def state_dir(self) -> Path:
        return self._folder.path

    @property
    def data_only(self) -> bool:
        return self._state.data_only

    @property
    def server(self) -> str:
        """The API server's URL, reachable from the host."""
        return f"https://127.0.0.1:{self._state.api_port}"

    @property
    def ca_file(self) -> Path:
        return self.state_dir / "kubernetes" / "pki" / "ca.crt"

    @property
    def api(self) -> Api:
        """The API as the administrator."""
        return self.api_as("admin")

    def api_as(self, user: str) -> Api:
        return Api(self.server, self.ca_file, self.token(user))

    def token(self, user: str) -> str:
        """A user's bearer token: admin, viewer, ns-viewer, ns-viewer-2, nobody."""
        try:
            return self._state.tokens[user]
        except KeyError:
            raise LabError(f"no user {user!r}; there are {', '.join(self.users())}") from None

    def users(self) -> list[str]:
        return [user for user in self._state.tokens if not user.startswith("system:")]

    def kubeconfig(self, user: str = "admin") -> Path:
        """A kubeconfig file (0600) for that user; "admin-cert" is the administrator by client certificate."""
        folder = self.state_dir / "kubernetes"
        path = folder / "kubeconfig" / f"{user}.kubeconfig"
        if not path.exists():
            if user == "admin-cert":
                credential = client_certificate(folder / "pki" / "admin.crt", folder / "pki" / "admin.key")
            else:
                credential = {"token": self.token(user)}
            write_secret(path, kubeconfig(self.server, self.ca_file, user, credential))
        return path

    @property
    def nodes(self) -> list[Node]:
        return [self.node(name) for name in self._state.nodes]

    def node(self, name: str) -> Node:
        """LabError when there is none of that name."""
        if name not in self._state.nodes:
            raise LabError(f"no node {name!r}; there are {', '.join(self._state.nodes) or 'none'}")
        number = self._state.nodes[name]
        ports = json.loads((self.state_dir / "ports" / f"{name}.json").read_text())
        keys = self.state_dir / "ssh"
        return Node(
            name=name,
            number=number,
            ip=network.node_ip(number),
            ssh_host="127.0.0.1",
            ssh_port=ports["ssh"],
            ssh_key=keys / "client",
            known_hosts=keys / "known_hosts",
            namespace=self._network().get(name),
        )

    def ssh(self, node: str, command: str, **options: Any) -> SshResult:
        return self.node(node).ssh(command, **options)

    @property
    def accounts(self) -> Accounts:
        """User names and passwords at the registries."""
        return Accounts(**self._state.accounts)

    def store(self, site: str = hosts.COMPANY) -> Store:
        """The images of a site (hub, quay, ghcr, gitlab, google, acr, ecr, open, company); push() adds one."""
        return self._registries().stores()[site]

    @property
    def registry_ca(self) -> Path:
        """The CA of the lab's registries, which every node trusts."""
        return self._registries().public_ca

    @property
    def company_ca(self) -> Path:
        """The CA of company-ca.reg.test and untrusted.reg.test, which is not in the nodes' trust store."""
        return self._registries().company_ca

    def run_inside(self, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a command on the host's files, but in the lab's network with the lab's DNS and trusted CA."""
        options = {"text": True, "check": False, **options}
        return subprocess.run([*self.inside(), *argv], **options)

    def inside(self) -> list[str]:
        """The words to put before a command that shall run in the lab's network."""
        target = self._network().get(network.CONTROL)
        folder = self.state_dir / "inside"
        script = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/ca.crt" '
        script += '/etc/ssl/certs/ca-certificates.crt && exec "$@"'
        enter = [
            "nsenter",
            f"--net=/proc/{target.pid}/ns/net",
            "--",
            "unshare",
            "--mount",
            "--propagation",
            "private",
        ]
        return [*enter, "--", "/bin/sh", "-c", script, str(folder)]

    def add_node(self, name: str, settings: NodeSettings | None = None, *, wait: bool = True) -> Node:
        """Boots one more node (0.3 s to SSH, 2 s to Ready), healthy unless the settings say otherwise."""
        with self._folder.lock():
            if name in self._state.nodes:
                raise LabError(f"there is a node {name} already")
            taken = set(self._state.nodes.values())
            number = next(number for number in range(1, _MOST_NODES + 2) if number not in taken)
            if number > _MOST_NODES:
                raise LabError(f"no more than {_MOST_NODES} nodes at a time")
            self._start_nodes({name: number}, settings or NodeSettings())
        if wait:
            self.wait_for_nodes([name])
        return self.node(name)

    def remove_node(self, name: str) -> None:
        """Switches a node off and deletes it from the API."""
        self.node(name)
        with self._folder.lock():
            self._host().stop([name])
            self._folder.processes.stop([f"forward-{name}"])
            self._state.nodes.pop(name)
            self._folder.write(self._state)
        self.api.delete("Node", name)

    def wait_for_nodes(self, names: Sequence[str], seconds: float = 60) -> None:
        def ready() -> bool:
            found = {node["metadata"]["name"]: node for node in self.api.list("Node")}
            return all(name in found and _is_ready(found[name]) for name in names)

        wait_until(ready, f"nodes {', '.join(names)} Ready", seconds, self._folder.processes)

    def describe(self) -> dict[str, Any]:
        """What runs and where, without secrets."""
        processes = self._folder.processes
        result: dict[str, Any] = {
            "name": self.name,
            "id": self.id,
            "kubernetes": self.version.version,
            "server": self.server,
            "state_dir": str(self.state_dir),
            "kubeconfigs": {user: str(self.kubeconfig(user)) for user in [*self.users(), "admin-cert"]},
            "up_in_seconds": round(self._state.seconds, 1),
            "processes": {name: identity.pid for name, identity in processes.recorded().items()},
            "dead": processes.dead(),
        }
        if self.data_only:
            return result
        result["containerd"] = self.version.containerd or "Debian's"
        result["nodes"] = {
            node.name: {"ip": node.ip, "ssh": " ".join(node.ssh_argv())} for node in self.nodes
        }
        result["registry_hosts"] = [*sorted(hosts.PUBLIC), "*.reg.test"]
        return result

    # ── starting ────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, say: Callable[[str], None]) -> None:
        begun = time.monotonic()
        if self._state.owner:
            self._start_keeper()
        if self.data_only:
            self._start_data_only()
        else:
            self._start_whole(say)
        self._state.seconds = time.monotonic() - begun
        self._state.ready = True
        self._folder.write(self._state)
        say(
            f"lab {self.name!r} with Kubernetes {self.version.version} is up after {self._state.seconds:.1f} s"
        )

    def _start_keeper(self) -> None:
        assert self._state.owner is not None
        arguments = [self.name, *map(str, self._state.owner)]
        environment = {"IMAGE_PULL_LAB_DIR": str(places.labs_dir())}
        python_module(self._folder.processes, "keeper", "keeper", arguments, environment=environment)

    def _start_data_only(self) -> None:
        ports = _free_ports(3)
        plane = self._control_plane(Endpoints("127.0.0.1", *ports), None)
        users = Users.make()
        plane.prepare(users)
        self._keep(users, ports[0])
        plane.start_storage()
        plane.start_api_server()
        self._wait_for_api()

    def _start_whole(self, say: Callable[[str], None]) -> None:
        ensure_inotify(say)
        self._network().up(hosts.services_addresses())
        self._state.accounts = Accounts.make().to_dict()
        plane = self._inner_control_plane()
        users = Users.make()
        plane.prepare(users)
        plane.start_storage()
        plane.start_api_server()
        self._forward("control", {"api": f"{network.CONTROL_IP}:6443"})
        ports = json.loads((self.state_dir / "ports" / "control.json").read_text())
        self._keep(users, ports["api"])
        make_ssh_keys(self.state_dir / "ssh")
        say("API server, registries and nodes are starting")
        with _in_background(self._start_registries):
            self._wait_for_api()
        plane.start_controllers()
        self._start_nodes({name: number for number, name in enumerate(NODES, 1)}, NodeSettings())
        self._registries().wait()
        self.wait_for_nodes(NODES)
        self.api.wait(self._has_service_account, "the default ServiceAccount", 30)

    def _has_service_account(self) -> bool:
        try:
            self.api.get("ServiceAccount", "default", "default")
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _start_registries(self) -> None:
        registries = self._registries()
        registries.prepare(self.accounts)
        registries.start()
        inside = self.state_dir / "inside"
        inside.mkdir(exist_ok=True)
        (inside / "resolv.conf").write_text(
            f"nameserver {network.SERVICES_IP}\noptions timeout:2 attempts:1\n"
        )
        (inside / "ca.crt").write_bytes(registries.public_ca.read_bytes())

    def _start_nodes(self, names: Mapping[str, int], settings: NodeSettings) -> None:
        keys = self.state_dir / "ssh"
        registries = self._registries()
        for name, number in names.items():
            self._host().start(
                NodePlan(
                    name=name,
                    number=number,
                    settings=settings,
                    kubeconfig=self._inner_control_plane().node_kubeconfig(name),
                    cluster_ca=self.ca_file.read_text(),
                    authorized_key=(keys / "client.pub").read_text(),
                    host_key=(keys / "host").read_text(),
                    trusted_ca=registries.public_ca.read_text(),
                    company_ca=registries.company_ca.read_text(),
                    hosts_toml=HOSTS_TOML,
                )
            )
            self._forward(name, {"ssh": f"{network.node_ip(number)}:22"})
            self._state.nodes[name] = number
            self._know_host(name)
        self._folder.write(self._state)

    def _know_host(self, node: str) -> None:
        """Lets ssh check the node's key, by its name and by the way that leads to it."""
        keys = self.state_dir / "ssh"
        public = " ".join((keys / "host.pub").read_text().split()[:2])
        port = self.node(node).ssh_port
        with (keys / "known_hosts").open("a") as handle:
            handle.write(f"{node} {public}\n[127.0.0.1]:{port} {public}\n")

    def _keep(self, users: Users, port: int) -> None:
        self._state.tokens = users.tokens
        self._state.api_port = port
        self._folder.write(self._state)
        for user in [*self.users(), "admin-cert"]:
            self.kubeconfig(user)

    def _wait_for_api(self) -> None:
        def ready() -> bool:
            try:
                return self.api.request("GET", "/readyz", timeout=5) == "ok"
            except LabError:
                return False

        wait_ready(self._folder.processes, ready)

    def _forward(self, name: str, targets: Mapping[str, str]) -> None:
        ports = self.state_dir / "ports" / f"{name}.json"
        ports.parent.mkdir(exist_ok=True)
        ports.unlink(missing_ok=True)
        words = [f"{key}={target}" for key, target in targets.items()]
        arguments = [str(self._pid(network.SWITCH)), str(ports), *words]
        python_module(self._folder.processes, f"forward-{name}", "forward", arguments)
        wait_until(ports.exists, f"the way into the lab for {name}", 20, self._folder.processes)

    def _network(self) -> Network:
        return Network(self._folder.processes)

    def _pid(self, name: str) -> int:
        return self._network().get(name).pid

    def _host(self) -> NodeHost:
        return NodeHost(
            self.id, self.state_dir / "nodes", self._folder.processes, self._network(), self.version
        )

    def _registries(self) -> Registries:
        return Registries(self.state_dir / "registries", self._folder.processes, self._pid(network.SERVICES))

    def _inner_control_plane(self) -> ControlPlane:
        endpoints = Endpoints(network.CONTROL_IP, 6443, 2379, 2380)
        return self._control_plane(endpoints, self._pid(network.CONTROL))

    def _control_plane(self, endpoints: Endpoints, namespace: int | None) -> ControlPlane:
        folder = self.state_dir / "kubernetes"
        folder.mkdir(mode=0o700, exist_ok=True)
        return ControlPlane(folder, self._folder.processes, self.version, endpoints, namespace)


@contextmanager
def _in_background(work: Callable[[], None]) -> Iterator[None]:
    """Does the work in a thread beside the block; an error of the work is raised at the block's end."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if errors:
        raise errors[0]


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
