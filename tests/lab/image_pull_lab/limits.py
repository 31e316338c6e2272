# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one limit of the host that labs run into: inotify instances a user may have (128 by default).

A lab of two nodes takes about 35 (systemd, kubelet and containerd watch files, the control plane its keys), every
further node about 12 more; a node that gets none never becomes Ready. The limit is raised when a lab starts or grows,
and set back when the last lab is gone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import places
from .errors import LabError

_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
#: Enough for some forty nodes.
_RAISED = 1024
#: Holds what the limit was.
_MEMORY = ".inotify-limit"


def ensure_inotify(say: Callable[[str], None] = lambda _message: None) -> None:
    """Makes room for the nodes of labs. The folder of the lab must be there already, or a lab that ends would set
    the limit back at once. LabError when the limit is low and cannot be raised.
    """
    with _locked():
        limit = int(_LIMIT.read_text())
        if limit >= _RAISED:
            return
        say(f"raising fs.inotify.max_user_instances from {limit} to {_RAISED} while labs run")
        memory = places.labs_dir() / _MEMORY
        if not memory.exists():
            memory.write_text(str(limit))
        try:
            _LIMIT.write_text(str(_RAISED))
        except OSError as error:
            raise LabError(
                f"fs.inotify.max_user_instances is {limit}, too few for nodes, and cannot be raised ({error});"
                f" set it to {_RAISED}"
            ) from None


def restore_inotify() -> None:
    """Sets the limit back when no lab is left; what somebody else set in the meantime stays."""
    with _locked():
        base = places.labs_dir()
        memory = base / _MEMORY
        if not memory.exists() or any(path.is_dir() for path in base.iterdir()):
            return
        if int(_LIMIT.read_text()) == _RAISED:
            _LIMIT.write_text(memory.read_text())
        memory.unlink()


@contextmanager
def _locked() -> Iterator[None]:
    """One process at a time looks at the limit and changes it."""
    descriptor = os.open(_LIMIT, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
