# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: namespaces of its own, joined by one bridge; nothing in the root namespace.

Each namespace is held by one sleeping process instead of a name in /run/netns: when its processes are gone, the
namespace is gone, without a mount to clean up, and two labs can use the same addresses.

    switch   10.99.0.1    bridge, router of the pods' networks, firewall with the fault networks
    control  10.99.0.5    etcd, API server, controller-manager, scheduler; a place for one's own commands
    services 10.99.0.10   DNS, registries, token server, proxies (10.99.0.100-199: one address a public host)
    nodes    10.99.0.21…  pods of node N in 10.244.N.0/24
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from .errors import LabError
from .processes import Processes, wait_until

SWITCH, CONTROL, SERVICES = "switch", "control", "services"
ROUTER = "10.99.0.1"
CONTROL_IP = "10.99.0.5"
SERVICES_IP = "10.99.0.10"

#: Networks behind the router in which nobody answers as one would wish.
BLACK_HOLE = "10.99.9.0/24"
REJECTED = "10.99.8.0/24"
RESET = "10.99.7.0/24"

_FIREWALL = f"""
table inet lab {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ip daddr {BLACK_HOLE} drop
    ip daddr {REJECTED} reject with icmp type admin-prohibited
    ip daddr {RESET} meta l4proto tcp reject with tcp reset
  }}
}}
"""


@dataclass(frozen=True)
class Namespace:
    """A network namespace, held by the process with that id."""

    name: str
    pid: int

    def run(self, argv: list[str], *, stdin: str | None = None) -> str:
        """Runs a command in it and returns what it printed; LabError when it fails."""
        full = ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *argv]
        result = subprocess.run(full, input=stdin, capture_output=True, text=True, check=False, timeout=30)
        if result.returncode:
            raise LabError(f"{' '.join(argv[:3])} in namespace {self.name}: {result.stderr.strip()}")
        return result.stdout

    def ip(self, commands: list[str]) -> None:
        self.run(["ip", "-batch", "-"], stdin="\n".join(commands) + "\n")


def node_ip(number: int) -> str:
    return f"10.99.0.{20 + number}"


def pod_network(number: int) -> str:
    return f"10.244.{number}.0/24"


class Network:
    """The namespaces of one lab."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def get(self, name: str) -> Namespace:
        """LabError when the lab has none of that name."""
        identity = self._processes.recorded().get(f"netns-{name}")
        if identity is None or not identity.alive():
            raise LabError(f"the lab has no network namespace {name}")
        return Namespace(name, identity.pid)

    def up(self, services_addresses: list[str]) -> None:
        """Switch, control and services; nodes come with add_node."""
        for name in (SWITCH, CONTROL, SERVICES):
            self._hold(name)
        switch = self.get(SWITCH)
        switch.ip(
            ["link set lo up", "link add br0 type bridge", f"addr add {ROUTER}/24 dev br0", "link set br0 up"]
        )
        # Packets must have a way onwards, or the router answers before its firewall sees them.
        switch.ip([f"route add {trouble} dev br0" for trouble in (BLACK_HOLE, REJECTED, RESET)])
        switch.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        switch.run(["nft", "-f", "-"], stdin=_FIREWALL)
        self._join(CONTROL, [CONTROL_IP])
        self._join(SERVICES, [SERVICES_IP, *services_addresses])

    def add_node(self, name: str, number: int) -> Namespace:
        self._hold(name)
        self._join(name, [node_ip(number)])
        self.get(SWITCH).ip([f"route replace {pod_network(number)} via {node_ip(number)}"])
        return self.get(name)

    def _hold(self, name: str) -> None:
        process = f"netns-{name}"
        argv = ["unshare", "--net", "--", "sleep", "infinity"]
        identity = self._processes.spawn(process, argv)
        ours = os.readlink("/proc/self/ns/net")

        def separated() -> bool:
            try:
                return os.readlink(f"/proc/{identity.pid}/ns/net") != ours
            except OSError:
                return False

        wait_until(separated, f"network namespace {name}", 10, self._processes)

    def _join(self, name: str, addresses: list[str]) -> None:
        namespace = self.get(name)
        switch = self.get(SWITCH)
        # Interface names have 15 characters at most.
        port = f"v-{name}"[:15]
        switch.ip(
            [
                f"link add {port} type veth peer name eth0 netns {namespace.pid}",
                f"link set {port} master br0 up",
            ]
        )
        namespace.ip(
            ["link set lo up", "link set eth0 up"]
            + [f"addr add {address}/24 dev eth0" for address in addresses]
            + [f"route add default via {ROUTER}"]
        )
