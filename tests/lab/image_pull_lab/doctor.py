# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps the lab from running on this machine, each by name and with the reason."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import binaries, versions
from .errors import LabError

#: Program or file ─► Debian package. The one list of what the lab needs from Debian.
PACKAGES = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "systemd-nspawn": "systemd-container",
    "/lib/systemd/systemd": "systemd",
    "/usr/bin/dbus-daemon": "dbus",
    "dnsmasq": "dnsmasq-base",
    "docker-registry": "docker-registry",
    "nginx": "nginx-light",
    "squid": "squid",
    "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "sysctl": "procps",
    "/bin/busybox": "busybox-static",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "htpasswd": "apache2-utils",
    "nsenter": "util-linux",
    "curl": "curl",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}
DATA_ONLY_PROGRAMS = ("etcd",)


@dataclass(frozen=True)
class Missing:
    """One thing that is missing here."""

    name: str
    reason: str
    #: A Debian package that brings it; None for what no package can mend.
    package: str | None = None
    #: Whether ``build`` brings it.
    buildable: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def examine(version: versions.KubernetesVersion, *, data_only: bool = False) -> list[Missing]:
    """Everything that is missing for a lab of that version; empty when it can run."""
    found: list[Missing] = []
    if platform.system() != "Linux":
        return [Missing("Linux", f"this is {platform.system()}; the lab uses Linux namespaces")]
    if not data_only:
        found += _rights()
    wanted = DATA_ONLY_PROGRAMS if data_only else PACKAGES
    for program in wanted:
        if not _present(program):
            package = PACKAGES[program]
            found.append(Missing(program, f"not installed (Debian package {package})", package))
    for what in binaries.missing(version, programs(data_only)):
        found.append(Missing(what, "not built yet (lab build)", buildable=True))
    return found


def programs(data_only: bool) -> tuple[str, ...]:
    """The Kubernetes programs that such a lab runs."""
    return ("kube-apiserver",) if data_only else binaries.PROGRAMS


def unmendable(missing: list[Missing]) -> list[Missing]:
    """What neither apt-get as root on Debian nor a build can bring."""
    installable = os.geteuid() == 0 and shutil.which("apt-get") is not None
    return [one for one in missing if not one.buildable and not (one.package and installable)]


def _rights() -> list[Missing]:
    if os.geteuid() != 0:
        return [Missing("root", "not root: network namespaces, mounts and containers need it")]
    found = []
    if platform.machine() != "x86_64":
        found.append(
            Missing("x86_64", f"this machine is {platform.machine()}; the lab's images are for amd64")
        )
    if not _works(["unshare", "--net", "--mount", "true"]):
        found.append(Missing("namespaces", "this root may not make network and mount namespaces"))
    elif shutil.which("nft") and not _works(
        [
            "unshare",
            "--net",
            "nft",
            "add table inet t; add chain inet t c { type filter hook forward priority 0; }",
        ]
    ):
        found.append(Missing("nftables", "the kernel does not offer nf_tables here"))
    elif not _works(["unshare", "--net", "ip", "link", "add", "br0", "type", "bridge"]):
        found.append(Missing("bridge", "the kernel does not offer bridge devices here"))
    elif not _overlay_on_root():
        found.append(Missing("overlay", "an overlay over / cannot be mounted here"))
    return found


def _overlay_on_root() -> bool:
    script = (
        "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/r && "
        "mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w o /mnt/r && test -d /mnt/r/usr/bin"
    )
    return _works(["unshare", "--mount", "--propagation", "private", "sh", "-c", script])


def _works(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _present(program: str) -> bool:
    if program == "etcd":
        return binaries.etcd() is not None
    if program.startswith("/"):
        return Path(program).exists()
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None


def install(missing: list[Missing], say: Callable[[str], None]) -> None:
    """Installs the Debian packages among what is missing, without starting any service of theirs."""
    packages = sorted({one.package for one in missing if one.package})
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabError(f"install these Debian packages first: {' '.join(packages)}")
    say(f"installing Debian packages: {' '.join(packages)}")
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        # invoke-rc.d(8): 101 forbids the action, so no package starts its daemon.
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for argv in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
            result = subprocess.run(
                ["apt-get", *argv], env=environment, capture_output=True, text=True, check=False
            )
            if result.returncode:
                tail = (result.stderr.strip() or result.stdout.strip()).splitlines()[-3:]
                raise LabError(f"apt-get {argv[0]} failed: {' | '.join(tail)}")
    finally:
        if ours:
            policy.unlink(missing_ok=True)
