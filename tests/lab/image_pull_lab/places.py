# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps things on the host."""

from __future__ import annotations

import os
from pathlib import Path

PRODUCT = "kube-runbooks-image-pull"
DEFAULT_LAB = "default"


def cache_dir() -> Path:
    """Binaries that were built once, and the Go they were built with; outlives labs and clones."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / PRODUCT


def labs_dir() -> Path:
    """The folder that holds one folder for each lab that runs.

    Root's labs live in /var/lib, because programs that give up root (squid) must reach their own files and
    /root is closed to them.
    """
    override = os.environ.get("IMAGE_PULL_LAB_DIR")
    if override:
        return Path(override)
    if os.geteuid() == 0:
        return Path("/var/lib") / PRODUCT / "labs"
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / PRODUCT / "labs"
