# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible sends them: one Python file with everything in it, which is run as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def program(name: str) -> str:
    """Return the path of a command of the environment that runs this."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or name


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which Ansible leaves nothing outside ``folder``."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "K8S_AUTH_"))
    }
    return {
        **kept,
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_NOCOLOR": "1",
        **more,
    }


def payload(module: str, options: dict[str, Any], folder: Path, collections: Path | None = None) -> Path:
    """Return the file that Ansible makes of ``module`` with ``options``; it can be run again and again.

    ``collections`` is where other collections lie, besides this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = [str(ROOT / "collections"), *([str(collections)] if collections else [])]
    settings = environment(
        folder, ANSIBLE_KEEP_REMOTE_FILES="1", ANSIBLE_COLLECTIONS_PATH=os.pathsep.join(places)
    )
    interpreter = json.dumps({"ansible_python_interpreter": sys.executable})
    command = [program("ansible"), "localhost", "-m", module, "-a", json.dumps(options), "-e", interpreter]
    done = subprocess.run(command, env=settings, cwd=ROOT, capture_output=True, text=True, check=False)
    found = sorted((folder / "remote").rglob(f"AnsiballZ_{module.rpartition('.')[2]}.py"))
    if not found:
        raise RuntimeError(
            f"Ansible made no payload of {module}:\n{done.stdout[-1000:]}\n{done.stderr[-1000:]}"
        )
    return found[0]
