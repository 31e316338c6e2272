# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole lab: up, used, down."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from . import binaries, doctor, hosts, network, places, registry_log, versions
from .api import Api, ApiError
from .cleanup import clear, failed_logs, sweep
from .errors import LabError, LabUnavailable
from .images import Store
from .nodes import Node, SshResult
from .parts import CERTIFICATE_USER, Parts
from .processes import wait_until
from .registries import Accounts
from .registry_log import RegistryRequest
from .runtime_config import NodeSettings
from .startup import Startup
from .state import Folder, State

_MOST_NODES = 20


def _silent(text: str) -> None:
    del text


class Lab:
    """A running lab. Made by up() or attach(); as a context manager it goes down at the end if up() made it."""

    def __init__(self, folder: Folder, current: State, *, ours: bool) -> None:
        self._folder = folder
        self._parts = Parts(folder, current)
        self._ours = ours

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
                Startup(lab._parts).run(say)
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

    # ── the lab ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def name(self) -> str:
        return self._parts.state.name

    @property
    def id(self) -> str:
        return self._parts.state.id

    @property
    def version(self) -> versions.KubernetesVersion:
        return self._parts.version

    @property
    def data_only(self) -> bool:
        return self._parts.state.data_only

    @property
    def state_dir(self) -> Path:
        return self._folder.path

    def describe(self) -> dict[str, Any]:
        """What runs and where, without secrets."""
        processes = self._folder.processes
        result: dict[str, Any] = {
            "name": self.name,
            "id": self.id,
            "kubernetes": self.version.version,
            "server": self.server,
            "state_dir": str(self.state_dir),
            "kubeconfigs": {user: str(self.kubeconfig(user)) for user in [*self.users(), CERTIFICATE_USER]},
            "up_in_seconds": round(self._parts.state.seconds, 1),
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

    # ── its API and users ───────────────────────────────────────────────────────────────────────────────

    @property
    def server(self) -> str:
        """The API server's URL, reachable from the host."""
        return self._parts.server

    @property
    def ca_file(self) -> Path:
        return self._parts.ca_file

    @property
    def api(self) -> Api:
        """The API as the administrator."""
        return self._parts.api()

    def api_as(self, user: str) -> Api:
        return self._parts.api(user)

    def users(self) -> list[str]:
        return self._parts.users()

    def token(self, user: str) -> str:
        """A user's bearer token: admin, viewer, ns-viewer, ns-viewer-2, nobody."""
        return self._parts.token(user)

    def kubeconfig(self, user: str = "admin", *, inside: bool = False) -> Path:
        """A kubeconfig file (0600) for that user; "admin-cert" is the administrator by client certificate.

        inside: for use within the lab's network (run_inside).
        """
        return self._parts.kubeconfig(user, inside=inside)

    # ── its nodes ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def nodes(self) -> list[Node]:
        return [self.node(name) for name in self._parts.state.nodes]

    def node(self, name: str) -> Node:
        """LabError when there is none of that name."""
        return self._parts.node(name)

    def ssh(self, node: str, command: str, **options: Any) -> SshResult:
        return self.node(node).ssh(command, **options)

    def add_node(self, name: str, settings: NodeSettings | None = None, *, wait: bool = True) -> Node:
        """Boots one more node (0.3 s to SSH, 2 s to Ready), healthy unless the settings say otherwise.

        One that is no node of the cluster (``NodeSettings.joins``) is waited for until ssh and its runtime answer.
        LabUnavailable where its Debian packages cannot be had.
        """
        settings = settings or NodeSettings()
        with self._folder.lock():
            self._parts.refresh()
            nodes = self._parts.state.nodes
            if name in nodes:
                raise LabError(f"there is a node {name} already")
            number = next(number for number in range(1, len(nodes) + 2) if number not in nodes.values())
            if number > _MOST_NODES:
                raise LabError(f"no more than {_MOST_NODES} nodes at a time")
            Startup(self._parts).start_nodes({name: number}, settings)
        if wait and settings.joins:
            self.wait_for_nodes([name])
        elif wait:
            self._wait_for_host(name, {"docker": "docker version"}.get(settings.runtime, "true"))
        return self.node(name)

    def _wait_for_host(self, name: str, command: str) -> None:
        node = self.node(name)
        wait_until(lambda: node.ssh(command, check=False).returncode == 0, f"{name}: {command}", 180)

    def remove_node(self, name: str) -> None:
        """Switches a node off and deletes it from the API."""
        with self._folder.lock():
            self._parts.refresh()
            self.node(name)
            self._parts.node_host().stop([name])
            self._folder.processes.stop([f"forward-{name}"])
            self._parts.state.nodes.pop(name)
            self._folder.write(self._parts.state)
        try:
            self.api.delete("Node", name)
        except ApiError as error:
            if error.status != 404:
                raise

    def wait_for_nodes(self, names: Sequence[str], seconds: float = 60) -> None:
        self._parts.wait_for_nodes(list(names), seconds)

    # ── its registries ──────────────────────────────────────────────────────────────────────────────────

    @property
    def accounts(self) -> Accounts:
        """User names and passwords at the registries."""
        return Accounts(**self._parts.state.accounts)

    def store(self, site: str = hosts.COMPANY) -> Store:
        """The images of a site (hub, quay, ghcr, gitlab, google, acr, ecr, open, company); push() adds one."""
        return self._parts.registries().stores()[site]

    def registry_log(self) -> list[RegistryRequest]:
        """Every request that registries, token services and blob hosts have answered so far (HTTP through nginx)."""
        mark = secrets.token_hex(8)
        self.run_inside(
            ["curl", "-so", "/dev/null", f"https://registry.reg.test/v2/?mark={mark}"], check=True
        )
        file = self._parts.registries().folder / registry_log.FILE
        entries: list[RegistryRequest] = []

        def arrived() -> bool:
            entries[:] = registry_log.read(file)
            return any(entry.query == f"mark={mark}" for entry in entries)

        wait_until(arrived, "the log of the registries", 10)
        return [entry for entry in entries if not entry.query.startswith("mark=")]

    @property
    def registry_ca(self) -> Path:
        """The CA of the lab's registries, which every node trusts."""
        return self._parts.registries().public_ca

    @property
    def company_ca(self) -> Path:
        """The CA of company-ca.reg.test and untrusted.reg.test, which is not in the nodes' trust store."""
        return self._parts.registries().company_ca

    # ── its network ─────────────────────────────────────────────────────────────────────────────────────

    def namespace(self, name: str) -> network.Namespace:
        """One of network.SWITCH, CONTROL and SERVICES."""
        return self._parts.network().get(name)

    def start_beside(self, name: str, argv: Sequence[str], addresses: Sequence[str]) -> None:
        """Starts one more program beside the registries, at addresses of its own; it ends with the lab.

        One that runs under that name already is left as it is.
        """
        services = self.namespace(network.SERVICES)
        running = self._folder.processes.recorded().get(name)
        if running is not None and running.alive():
            return
        services.ip([f"addr replace {address}/24 dev eth0" for address in addresses])
        with self._folder.lock():
            self._folder.processes.spawn(name, argv, namespace=services.pid)

    def run_inside(self, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a command on the host's files, but in the lab's network with the lab's DNS and trusted CA."""
        options = {"text": True, **options}
        return subprocess.run([*self.inside(), *argv], check=options.pop("check", False), **options)

    def inside(self) -> list[str]:
        """The words to put before a command that shall run in the lab's network."""
        holder = self._parts.pid(network.CONTROL)
        script = (
            'mount --bind "$0/resolv.conf" /etc/resolv.conf && '
            'mount --bind "$0/ca.crt" /etc/ssl/certs/ca-certificates.crt && exec "$@"'
        )
        enter = [
            "nsenter",
            f"--net=/proc/{holder}/ns/net",
            "--",
            "unshare",
            "--mount",
            "--propagation",
            "private",
        ]
        return [*enter, "--", "/bin/sh", "-c", script, str(self.state_dir / "inside")]
