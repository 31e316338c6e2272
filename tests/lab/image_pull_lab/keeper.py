# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a lab down when the process that it belongs to ends, however that ends.

python -m image_pull_lab.keeper LAB PID START
"""

from __future__ import annotations

import sys

from .cleanup import clear
from .processes import Identity
from .state import Folder


def main() -> None:
    name, pid, start = sys.argv[1:4]
    owner = Identity(int(pid), int(start))
    while not owner.wait(3600):
        pass
    folder = Folder(name)
    with folder.lock():
        current = folder.read()
        if current is not None and current.owner == (owner.pid, owner.start):
            clear(folder)


if __name__ == "__main__":
    main()
