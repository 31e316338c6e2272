# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that only some nodes have: unpacked into the cache folder, and never installed on the host.

A node that has them gets a copy of the folder over its root, so that a docker node has a docker client and a
containerd node has none, whatever the host has.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from . import places
from .errors import LabUnavailable

#: Runtime ─► the Debian package that brings it, with what that one needs and the host does not have.
RUNTIMES = {"docker": "docker.io", "podman": "podman"}
#: Debian 12 keeps all programs and libraries below /usr; packages still name the old places.
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64")


def layer(runtime: str) -> Path:
    """The folder that is copied over a node's root. Fetched on first use; LabUnavailable where it cannot be had."""
    base = places.cache_dir() / "debian"
    target = base / runtime
    base.mkdir(parents=True, exist_ok=True)
    with (base / f".{runtime}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not target.is_dir():
            fresh = base / f"{runtime}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            _unpack(_fetch(RUNTIMES[runtime], fresh / "archives"), fresh / "root")
            (fresh / "root").rename(target)
            shutil.rmtree(fresh)
    return target


def _fetch(package: str, folder: Path) -> list[Path]:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabUnavailable(f"Debian package {package}: needs root and apt-get")
    (folder / "partial").mkdir(parents=True)
    wanted = ["--download-only", "--no-install-recommends", "-y", "-q", f"-oDir::Cache::archives={folder}"]
    problem = ""
    for update in (False, True):
        if update:
            _apt("update", "-q")
        problem = _apt("install", *wanted, package)
        if not problem:
            break
    archives = sorted(folder.glob("*.deb"))
    if problem or not archives:
        raise LabUnavailable(f"Debian package {package}: {problem or 'it is installed on the host already'}")
    return archives


def _apt(*words: str) -> str:
    """The last line of what went wrong; empty when nothing did."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return ""
    return (result.stderr.strip() or result.stdout.strip() or "apt-get failed").splitlines()[-1]


def _unpack(archives: list[Path], root: Path) -> None:
    root.mkdir(mode=0o755)
    for archive in archives:
        subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True)
    # Copied as they are, they would meet the root's symbolic links to /usr.
    for name in _MERGED:
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
