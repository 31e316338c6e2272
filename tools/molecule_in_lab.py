# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule's scenarios against a lab that is started for them: ``python tools/molecule_in_lab.py [OPTIONS …]``.

Options go to ``molecule test``; without any it runs all scenarios. With ``IMAGE_PULL_LAB=NAME`` the lab of that name
is used, and stays.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = str(ROOT / "tests/lab/lab")


def kubeconfig(name: str) -> str:
    result = subprocess.run([LAB, "kubeconfig", "--name", name], check=True, capture_output=True, text=True)
    return result.stdout.strip()


def molecule(name: str, options: list[str]) -> int:
    command = [str(Path(sys.executable).parent / "molecule"), "-c", "molecule/config.yml", "test", *options]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": kubeconfig(name)}
    return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


def main(options: list[str]) -> int:
    os.environ.setdefault("LAB_PYTHON", sys.executable)
    options = options or ["--all", "--no-command-borders"]
    if name := os.environ.get("IMAGE_PULL_LAB"):
        return molecule(name, options)
    name = f"molecule-{os.getpid()}"
    version = os.environ.get("KUBERNETES", "1.34")
    started = subprocess.run(
        [LAB, "up", "--name", name, "--kubernetes", version, "--owner", str(os.getpid())], check=False
    )
    if started.returncode:
        return started.returncode
    try:
        return molecule(name, options)
    finally:
        subprocess.run([LAB, "down", "--name", name], check=False)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
