# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends labs and removes what they leave, also after they were killed halfway."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from . import places
from .errors import LabError
from .limits import restore_inotify
from .nodes import remove_cgroups
from .processes import kill, network_namespace, processes_in
from .state import Folder, Locked, State, folders


def clear(folder: Folder, *, keep_logs: bool = False) -> None:
    """Ends all processes of a lab and removes its cgroups and its folder. The caller holds its lock.

    Everything is switched off at once: what the programs hold is in memory and goes with them. Namespaces and
    mounts end with their processes.
    """
    current = folder.read()
    inside = _network_namespaces(folder)
    names = [name for name, identity in folder.processes.recorded().items() if identity.pid != os.getpid()]
    tenants = processes_in(inside)
    folder.processes.stop(names, grace=0)
    kill(tenants)
    folder.processes.reap()
    if current is not None:
        remove_cgroups(f"image-pull-lab-{current.id}-*")
    if keep_logs and folder.processes.logs.is_dir():
        saved = failed_logs(folder.path.name)
        shutil.rmtree(saved, ignore_errors=True)
        saved.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder.processes.logs, saved)
    shutil.rmtree(folder.path, ignore_errors=True)
    if folder.path.exists():
        raise LabError(f"{folder.path} could not be removed")
    restore_inotify()


def failed_logs(name: str) -> Path:
    """Where the logs of a lab go that did not come up; the next such replaces them."""
    return places.cache_dir() / "failed-logs" / name


def sweep(say: Callable[[str], None]) -> list[str]:
    """Clears labs whose owner or starter is gone; returns their names. Labs that run are left alone."""
    swept = []
    for folder in folders():
        try:
            with folder.lock(wait=False):
                if _left_behind(folder, folder.read()):
                    say(f"clearing away lab {folder.path.name!r}, left behind by a run that was killed")
                    clear(folder)
                    swept.append(folder.path.name)
        except Locked:
            continue
    return swept


def _left_behind(folder: Folder, current: State | None) -> bool:
    if not folder.path.exists():
        return False
    if current is None or not current.ready or current.orphaned:
        return True
    recorded = folder.processes.recorded()
    return not any(identity.alive() for identity in recorded.values())


def _network_namespaces(folder: Folder) -> set[str]:
    """The lab's network namespaces, as /proc names them: net:[4026532…]."""
    found = set()
    for name, identity in folder.processes.recorded().items():
        if name.startswith("netns-") and identity.alive():
            found.add(network_namespace(identity.pid))
    # A namespace holder that was caught before it had a namespace of its own still has ours.
    return found - {network_namespace(os.getpid()), ""}
