# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Becomes a node: run in a mount namespace of its own, it lays a writable root over the host's and boots it.

    python node_boot.py SPEC.json

All mounts made here belong to the process: when the node ends, by whatever means, they are gone. This file is
run by itself, without the package, in an environment that has nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    spec: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    enter_cgroups(spec["cgroup"])
    folder = Path(spec["folder"])
    root = mount_root(folder, spec["size"])
    for layer in spec["layers"]:
        # No layer of the overlay may lie below another one, and all of them lie below the host's root.
        subprocess.run(["cp", "-a", f"{layer}/.", str(root)], check=True)
    furnish(root, spec)
    furnish_applets(folder, spec["applets"])
    os.execvp("systemd-nspawn", ["systemd-nspawn", *spec["nspawn"]])


def enter_cgroups(name: str) -> None:
    """A cgroup of the node's own in every hierarchy, so that all it creates can be removed with it.

    On a host that runs systemd, systemd-nspawn gets a scope from it instead.
    """
    if Path("/run/systemd/system").is_dir():
        return
    for mount_point, own in cgroup_hierarchies():
        group = Path(mount_point) / own.lstrip("/") / name
        try:
            group.mkdir(exist_ok=True)
            for inherited in ("cpuset.cpus", "cpuset.mems"):
                # Version 1 leaves both empty, and nothing can run in a group without processors.
                if (group / "cgroup.clone_children").exists() and (group / inherited).exists():
                    (group / inherited).write_text((group.parent / inherited).read_text())
            (group / "cgroup.procs").write_text("0")
        except OSError as error:
            print(f"cgroup {group}: {error}", file=sys.stderr)


def cgroup_hierarchies() -> list[tuple[str, str]]:
    """(mount point, this process's path below it) of each hierarchy, version 1 and version 2."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        dummy, controllers, path = line.split(":", 2)
        own[controllers] = path
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, dummy, right = line.partition(" - ")
        kind, dummy, options = right.split(" ", 2)
        flags = options.split(",")
        for controllers, path in own.items():
            version_1 = kind == "cgroup" and controllers and set(controllers.split(",")) <= set(flags)
            if version_1 or (kind == "cgroup2" and not controllers):
                found[controllers] = (left.split()[4], path)
    return list(found.values())


def mount_root(folder: Path, size: str) -> Path:
    """The node's root: the host's root below, memory above."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size},mode=0755", "node", str(folder))
    for name in ("upper", "work", "root", "containerd", "kubelet", "storage"):
        (folder / name).mkdir()
    options = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
    mount("-t", "overlay", "-o", options, "node", str(folder / "root"))
    # systemd-nspawn keeps locks and mounts for each machine here, and leaves them when it is killed.
    Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=0755", "nspawn", "/run/systemd/nspawn")
    return folder / "root"


def furnish(root: Path, spec: dict[str, Any]) -> None:
    """Removes what is the host's own, then writes what is the node's."""
    for path in spec["remove"]:
        target = root / path.lstrip("/")
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
    for path, entry in spec["files"].items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if "link" in entry:
            target.symlink_to(entry["link"])
            continue
        target.write_text(entry["text"])
        target.chmod(entry.get("mode", 0o644))
    for path in spec["append"]:
        with (root / path.lstrip("/")).open("a") as handle:
            handle.write(spec["append"][path])


def furnish_applets(folder: Path, targets: dict[str, str]) -> None:
    """Folders with busybox and its applets alone: name below ``folder`` ─► program of busybox, which is copied."""
    for name, program in targets.items():
        target = folder / name
        target.mkdir()
        shutil.copy2(program, target / "busybox")
        listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout
        for applet in set(listed.split()) - {"busybox"}:
            (target / applet).symlink_to("busybox")


def mount(*argv: str) -> None:
    subprocess.run(["mount", *argv], check=True)


if __name__ == "__main__":
    main()
