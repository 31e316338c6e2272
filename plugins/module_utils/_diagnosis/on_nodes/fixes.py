# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a fault that was seen on a node: the file, the resolver, the rule, the disk, and a command.

The commands are for a shell on the node. Names in them come from that node, so each word is quoted, and what
might be taken for an option leaves no command at all.
"""

from __future__ import annotations

import re

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    Shell,
    command,
    quoted,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    EndpointFact,
    FileSystemFact,
    Fix,
    HopFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

WORTH_FREEING = 1_000_000
"""Bytes from which on it is worth a command."""
_PORT = re.compile(r":\d+\Z")
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9@_.-]{0,79}\Z")
_UNITS = {"containerd": "containerd", "docker": "docker", "cri-o": "crio", "podman": "podman"}
_READ_AT_EACH_PULL = ("hosts.toml", "certs.d", "registries.conf", "policy.json")


def open_firewall(view: NodeView, hop: HopFact, *, dropped: bool) -> tuple[Fix, ...]:
    """Find the rule that drops or rejects, or the route that is missing."""
    address = _PORT.sub("", hop.address) if hop.address.count(":") < 2 else hop.address
    address = address or _name(hop.host)
    rules = f"(nft list ruleset; iptables-save) 2>/dev/null | grep -nF -e {quoted(address)} -e policy"
    what = "drops" if dropped else "rejects or does not route"
    return (
        _fix(
            f"On {view.name}: which rule or route {what} packets to {address}? Let TCP to {hop.host} pass, there or "
            "in the firewall behind it",
            f"{command('ip', 'route', 'get', address)}; {rules}" if _is_word(address) else "",
        ),
    )


def path_mtu(view: NodeView, hop: HopFact) -> tuple[Fix, ...]:
    """Find the size that passes."""
    address = hop.address or _name(hop.host)
    return (
        _fix(
            f"On {view.name}: which size passes to {_name(hop.host)}? Lower the MTU, or let ICMP 'fragmentation "
            "needed' through",
            f"{command('tracepath', '-n', address)}; {command('ping', '-M', 'do', '-s', '1472', '-c', '3', address)}"
            if _is_word(address)
            else "",
        ),
    )


def mend_resolver(view: NodeView, host: str, servers: tuple[str, ...]) -> tuple[Fix, ...]:
    """Ask the resolver by itself; see who writes resolv.conf."""
    name = _name(host)
    found = [
        _fix(
            f"On {view.name}: does resolver {server} answer for {name}? Repair it, or name one that does",
            command("nslookup", name, server) if _is_word(name, server) else "",
        )
        for server in servers[:2]
    ]
    source = view.resolver.source if view.resolver is not None else ""
    file = source if source.startswith("/") else "/etc/resolv.conf"
    found.append(
        _fix(
            f"On {view.name}: resolvers, search list and options in force, and who writes them ({file})",
            f"{command('ls', '-l', file)}; {command('cat', file)}; resolvectl status 2>/dev/null",
        )
    )
    return tuple(found)


def mend_hosts_file(view: NodeView, line: str) -> tuple[Fix, ...]:
    """Take out the line of the hosts file that is wrong; a copy stays."""
    return (
        _fix(
            f"On {view.name}: take the line '{line}' out of /etc/hosts (undo: /etc/hosts.bak)",
            f"cp -p /etc/hosts /etc/hosts.bak && grep -vxF -e {quoted(line)} /etc/hosts.bak > /etc/hosts",
            risk="medium",
        ),
    )


def mend_proxy(view: NodeView, hop: HopFact, host: str) -> tuple[Fix, ...]:
    """See which proxy the unit gives; name the host in NO_PROXY where it needs none."""
    unit = unit_of(view)
    host = host if _is_word(_name(host)) else ""
    proxy = hop.proxy or hop.host
    look = _fix(
        f"On {view.name}: which proxy does the unit of {unit} give? Correct {proxy} there",
        f"systemctl show -p Environment -p EnvironmentFiles -p DropInPaths {unit}",
    )
    if not host:
        return (look,)
    given = {name.upper(): value for name, value in (view.runtime.proxies if view.runtime else {}).items()}
    excepted = ",".join(part for part in (given.get("NO_PROXY", ""), _name(host)) if part)
    folder = f"/etc/systemd/system/{unit}.service.d"
    setting = quoted(f'Environment="NO_PROXY={excepted}"')
    write = f"printf '[Service]\\n%s\\n' {setting} > {folder}/zz-no-proxy.conf"
    return (
        look,
        _fix(
            f"On {view.name}, if {_name(host)} needs no proxy: name it in NO_PROXY and restart {unit} (running "
            f"containers go on; undo: remove {folder}/zz-no-proxy.conf)",
            f"mkdir -p {folder} && {write} && systemctl daemon-reload && systemctl restart {unit}",
            risk="medium",
        ),
    )


def set_clock(view: NodeView) -> tuple[Fix, ...]:
    """Let the clock be kept by NTP again."""
    return (
        _fix(
            f"On {view.name}: set the clock right and have it kept",
            "timedatectl set-ntp true; chronyc makestep 2>/dev/null; date -u; timedatectl",
            risk="medium",
            reversible=False,
        ),
    )


def trust_issuer(view: NodeView, hop: HopFact) -> tuple[Fix, ...]:
    """See whose signature it is that the runtime does not trust there."""
    name = _name(hop.host)
    address = hop.host if _PORT.search(hop.host) else f"{hop.host}:443"
    shown = Shell("</dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates")
    return (
        _fix(
            f"On {view.name}: who has signed the certificate of {hop.host}?",
            command("openssl", "s_client", "-connect", address, "-servername", name, "-showcerts", shown)
            if _is_word(address, name)
            else "",
        ),
    )


def free_space(view: NodeView, path: str) -> tuple[Fix, ...]:
    """Free what can be freed without harm, the most promising first."""
    where = path if _is_path(path) else "/"
    found = [
        _fix(
            f"On {view.name}: what fills {path or 'the image store'}, in bytes and inodes?",
            f"{command('df', '-h', where)}; {command('df', '-i', where)}",
        )
    ]
    kinds = {one.what for one in view.disk_use if (one.bytes or 0) > WORTH_FREEING}
    docker = view.runtime is not None and view.runtime.name == "docker"
    if "unused_images" in kinds:
        prune = "docker image prune --all --force" if docker else "crictl rmi --prune"
        found.append(
            _fix(
                f"On {view.name}: remove images that no container uses (they are pulled again when needed)",
                prune,
                risk="medium",
                reversible=False,
            )
        )
    if "ingest" in kinds and not docker:
        found.append(
            _fix(
                f"On {view.name}: see the unfinished pulls; containerd drops them a day after their last byte",
                "ctr -n k8s.io content active",
            )
        )
    if "container_logs" in kinds:
        found.append(
            _fix(
                f"On {view.name}: which container logs are largest? Lower containerLogMaxSize of the kubelet",
                "du -xsk /var/log/pods/* | sort -n | tail -5",
            )
        )
    return tuple(found)


def make_writable(view: NodeView, one: FileSystemFact) -> tuple[Fix, ...]:
    """A file system that the kernel has made read-only after errors is checked before it is written to again."""
    mount = one.mount_point or one.path
    where = mount if _is_path(mount) else "/"
    return (
        _fix(
            f"On {view.name}: why is {mount} read-only? After errors of its device it needs fsck first",
            f"{command('findmnt', '-T', where)}; dmesg | grep -iE 'remount|i/o error|ext4|xfs' | tail -20",
        ),
        _fix(
            f"On {view.name}, if its device is well: make {mount} writable again",
            command("mount", "-o", "remount,rw", mount) if _is_path(mount) else "",
            risk="medium",
        ),
    )


def start_runtime(view: NodeView, kind: str) -> tuple[Fix, ...]:
    """Start a runtime that is stopped, restart one that hangs; after a restart see why."""
    unit = unit_of(view)
    look = _fix(
        f"On {view.name}: why did {unit} stop, hang or start anew?",
        f"systemctl status --no-pager {unit}; journalctl --no-pager -n 50 -u {unit}",
    )
    if kind == "runtime_restarted":
        return (look,)
    verb = "start" if kind == "runtime_stopped" else "restart"
    return (
        look,
        _fix(
            f"On {view.name}: {verb} {unit} (running containers go on)",
            f"systemctl {verb} {unit}",
            risk="medium",
            reversible=False,
        ),
    )


def mend_file(view: NodeView, one: ConfigProblem) -> tuple[Fix, ...]:
    """See the file that is wrong; the runtime reads some of them at each pull and others at its start."""
    again = any(name in one.file for name in _READ_AT_EACH_PULL) and one.key != "not_restarted"
    then = "it is read at each pull" if again else f"then restart {unit_of(view)}"
    shown = command("cat", one.file) if _is_path(one.file) else ""
    return (_fix(f"On {view.name}: correct {one.file} ({one.problem}); {then}", shown),)


def mend_mirror(view: NodeView, one: EndpointFact) -> tuple[Fix, ...]:
    """Ask the mirror by itself; take it out of the file while it is down."""
    where = f" in {one.source}" if one.source else ""
    url = one.url.rstrip("/").removesuffix("/v2")
    return (
        _fix(
            f"On {view.name}: does the mirror {url} answer? Repair it, or take it out{where} meanwhile",
            command("curl", "-sSv", "-o", "/dev/null", "--max-time", "15", f"{url}/v2/")
            if _is_word(url)
            else "",
        ),
    )


def unit_of(view: NodeView) -> str:
    """Return the systemd unit of the node's runtime."""
    runtime = view.runtime
    if runtime is None:
        return "containerd"
    unit = runtime.unit.removesuffix(".service")
    return unit if _UNIT.match(unit) else _UNITS.get(runtime.name, "containerd")


def _is_word(*words: str) -> bool:
    """Tell whether a program takes all of these for what they are: what begins with a dash is an option to it."""
    return all(word and not printable(word).lstrip().startswith("-") for word in words)


def _is_path(path: str) -> bool:
    """Tell whether this is a file or folder by its full name."""
    return printable(path).startswith("/")


def _name(host: str) -> str:
    """The host without its port."""
    return host if host.count(":") > 1 and not host.startswith("[") else _PORT.sub("", host)


def _fix(title: str, text: str, *, risk: str = "low", reversible: bool = True) -> Fix:
    return Fix(title=printable(title, 400), command=text, risk=risk, reversible=reversible)
