# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a lab up: what starts in which order, and what waits for what."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from . import hosts, network, places
from .api import ApiError
from .controlplane import Users, wait_ready
from .errors import LabError
from .hosts_toml import HOSTS_TOML
from .limits import ensure_inotify
from .nodes import NodePlan, make_ssh_keys
from .parts import CERTIFICATE_USER, Parts
from .processes import wait_until
from .registries import Accounts, python_module
from .runtime_config import NodeSettings

NODES = {"node1": 1, "node2": 2}


class Startup:
    """Starts the parts of a lab whose record has been written and whose lock is held."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._processes = parts.folder.processes

    def run(self, say: Callable[[str], None]) -> None:
        """From nothing to a lab that can be used."""
        state = self._parts.state
        begun = time.monotonic()
        if state.owner:
            self._start_keeper(state.owner)
        if state.data_only:
            self._start_data_only()
        else:
            self._start_whole(say)
        state.seconds = time.monotonic() - begun
        state.ready = True
        self._save()
        say(f"lab {state.name!r} with Kubernetes {state.kubernetes} is up after {state.seconds:.1f} s")

    def start_nodes(self, names: Mapping[str, int], settings: NodeSettings) -> None:
        """Boots nodes; they are Ready some two seconds later."""
        parts = self._parts
        ensure_inotify()
        registries = parts.registries()
        for name, number in names.items():
            parts.node_host().start(
                NodePlan(
                    name=name,
                    number=number,
                    settings=settings,
                    kubeconfig=parts.control_plane().node_kubeconfig(name),
                    cluster_ca=parts.ca_file.read_text(),
                    authorized_key=(parts.keys / "client.pub").read_text(),
                    host_key=(parts.keys / "host").read_text(),
                    trusted_ca=registries.public_ca.read_text(),
                    company_ca=registries.company_ca.read_text(),
                    hosts_toml=HOSTS_TOML,
                )
            )
            self._forward(name, {"ssh": f"{network.node_ip(number)}:22"})
            parts.state.nodes[name] = number
            self._know_host(name)
        self._save()

    def _start_keeper(self, owner: tuple[int, int]) -> None:
        arguments = [self._parts.state.name, *map(str, owner)]
        environment = {"IMAGE_PULL_LAB_DIR": str(places.labs_dir())}
        python_module(self._processes, "keeper", "keeper", arguments, environment=environment)

    def _start_data_only(self) -> None:
        ports = _free_ports(3)
        plane = self._parts.data_only_plane(*ports)
        users = Users.make()
        plane.prepare(users)
        self._write_kubeconfigs(users, ports[0])
        plane.start_storage()
        plane.start_api_server()
        self._wait_for_api()

    def _start_whole(self, say: Callable[[str], None]) -> None:
        parts = self._parts
        ensure_inotify(say)
        parts.network().up(hosts.services_addresses())
        parts.state.accounts = Accounts.make().to_dict()
        plane = parts.control_plane()
        users = Users.make()
        plane.prepare(users)
        plane.start_storage()
        plane.start_api_server()
        self._forward("control", {"api": f"{network.CONTROL_IP}:6443"})
        self._write_kubeconfigs(users, parts.ports("control")["api"])
        make_ssh_keys(parts.keys)
        say("API server, registries and nodes are starting")
        # The API server needs four seconds to be ready, images and registries two.
        with _in_background(self._start_registries):
            self._wait_for_api()
        plane.start_controllers()
        self.start_nodes(NODES, NodeSettings())
        parts.registries().wait()
        parts.wait_for_nodes(list(NODES), 60)
        parts.api().wait(self._has_service_account, "the default ServiceAccount", 30)

    def _start_registries(self) -> None:
        registries = self._parts.registries()
        registries.prepare(Accounts(**self._parts.state.accounts))
        registries.start()
        inside = self._parts.folder.path / "inside"
        inside.mkdir(exist_ok=True)
        (inside / "resolv.conf").write_text(
            f"nameserver {network.SERVICES_IP}\noptions timeout:2 attempts:1\n"
        )
        (inside / "ca.crt").write_bytes(registries.public_ca.read_bytes())

    def _has_service_account(self) -> bool:
        try:
            self._parts.api().get("ServiceAccount", "default", "default")
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _write_kubeconfigs(self, users: Users, port: int) -> None:
        self._parts.state.tokens = users.tokens
        self._parts.state.api_port = port
        self._save()
        for user in [*self._parts.users(), CERTIFICATE_USER]:
            self._parts.kubeconfig(user)

    def _wait_for_api(self) -> None:
        def ready() -> bool:
            try:
                return self._parts.api().request("GET", "/readyz", timeout=5) == "ok"
            except LabError:
                return False

        wait_ready(self._processes, ready)

    def _forward(self, name: str, targets: Mapping[str, str]) -> None:
        """Opens ways from loopback to addresses of the lab."""
        ports = self._parts.ports_file(name)
        ports.parent.mkdir(exist_ok=True)
        ports.unlink(missing_ok=True)
        words = [f"{key}={target}" for key, target in targets.items()]
        arguments = [str(self._parts.pid(network.SWITCH)), str(ports), *words]
        python_module(self._processes, f"forward-{name}", "forward", arguments)
        wait_until(ports.exists, f"the way into the lab for {name}", 20, self._processes)

    def _know_host(self, node: str) -> None:
        """Lets ssh check the node's key, by its name and by the way that leads to it."""
        public = " ".join((self._parts.keys / "host.pub").read_text().split()[:2])
        port = self._parts.ports(node)["ssh"]
        with (self._parts.keys / "known_hosts").open("a") as handle:
            handle.write(f"{node} {public}\n[127.0.0.1]:{port} {public}\n")

    def _save(self) -> None:
        self._parts.folder.write(self._parts.state)


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
    sockets = [socket.create_server(("127.0.0.1", 0)) for dummy in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
