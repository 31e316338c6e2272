# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import the built collection as Galaxy would: ``python tools/importer.py``.

The importer gets an environment of its own, ``.venv-importer``. It says "successful" also when it could read the
documentation of no plugin, so that is looked at here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.synced_ansible_test import sync

PACKAGES = ("galaxy-importer==0.4.44", "ansible-core==2.19.14")
VENV = ROOT / ".venv-importer"


def environment() -> Path:
    """Make the environment if it is not there yet; return its folder of programs."""
    stamp = VENV / "stamp"
    if not stamp.exists() or stamp.read_text() != repr(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True, stdin=subprocess.DEVNULL)
        stamp.write_text(repr(PACKAGES))
    return VENV / "bin"


def build(programs: Path, target: Path) -> Path:
    """Build a copy of the checkout; the importer insists on an address of the repository, which has none yet."""
    copy = sync()
    galaxy = copy / "galaxy.yml"
    if "\nrepository:" not in galaxy.read_text(encoding="utf-8"):
        with galaxy.open("a", encoding="utf-8") as stream:
            stream.write("repository: https://example.com/kube_runbooks.image_pull\n")
    command = [str(programs / "ansible-galaxy"), "collection", "build", "--force", "--output-path", str(target)]
    subprocess.run([*command, str(copy)], check=True, stdin=subprocess.DEVNULL)
    return next(target.glob("kube_runbooks-image_pull-*.tar.gz"))


def undocumented(result: dict[str, Any]) -> list[str]:
    """Return what the importer found without documentation."""
    plugins = [entry for entry in result["docs_blob"]["contents"] if entry["content_type"] in ("module", "filter")]
    return [f"{entry['content_type']} {entry['content_name']}" for entry in plugins if not entry["doc_strings"]]


def main() -> int:
    programs = environment()
    target = ROOT / ".tests/importer"
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.tar.gz"):
        old.unlink()
    archive = build(programs, target)
    output = target / "importer_result.json"
    output.unlink(missing_ok=True)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [str(programs / "python"), "-m", "galaxy_importer.main", str(archive)],
        cwd=target, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, check=False,
    )
    if not output.exists():
        print("importer.py: the import failed")
        return 1
    missing = undocumented(json.loads(output.read_text(encoding="utf-8")))
    for what in missing:
        print(f"importer.py: no documentation was found for {what}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
