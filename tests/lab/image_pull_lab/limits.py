# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one limit of the host that several labs run into: inotify instances a user may have (128 by default).

A lab of two nodes takes about 35 (systemd, kubelet and containerd watch files, the control plane its keys). When
too few are free the limit is raised, and set back when the last lab is gone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from . import places
from .errors import LabError

_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
_NEEDED = 64
_RAISED = 1024
#: Holds what the limit was.
_MEMORY = ".inotify-limit"


def ensure_inotify(say: Callable[[str], None]) -> None:
    """Makes room for one more lab."""
    limit = int(_LIMIT.read_text())
    if limit - _in_use() >= _NEEDED or limit >= _RAISED:
        return
    memory = places.labs_dir() / _MEMORY
    if not memory.exists():
        memory.write_text(str(limit))
    say(f"raising fs.inotify.max_user_instances from {limit} to {_RAISED} while labs run")
    try:
        _LIMIT.write_text(str(_RAISED))
    except OSError as error:
        raise LabError(
            f"too few inotify instances are free ({error}); set sysctl fs.inotify.max_user_instances={_RAISED}"
        ) from None


def restore_inotify() -> None:
    """Sets the limit back when no lab is left; what somebody else set in the meantime stays."""
    base = places.labs_dir()
    memory = base / _MEMORY
    if not memory.exists() or any(path.is_dir() for path in base.iterdir()):
        return
    if int(_LIMIT.read_text()) == _RAISED:
        _LIMIT.write_text(memory.read_text())
    memory.unlink()


def _in_use() -> int:
    """Instances of this user, which is root, counted over all processes' descriptors."""
    count = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if process.stat().st_uid != os.geteuid():
                continue
            links = [os.readlink(entry.path) for entry in os.scandir(process / "fd")]
        except OSError:
            continue
        count += links.count("anon_inode:inotify")
    return count
