# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests on the other supported versions: ``python tools/matrix.py [ROW …]``, all of them without arguments.

A row is a version of ansible-core on its Python (``core-2.20``), a version of Kubernetes (``kubernetes-1.31``), or the
import into Galaxy (``importer``).
Each ansible-core gets an environment of its own, ``.venv-core-2.20``, with the versions that requirements/dev.txt pins
for everything else. A Python that is not on this machine is a row skipped by name.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.test import Outcome, Part, run, select, summary

PACKAGES = ("ansible-runner", "cryptography", "jsonschema", "kubernetes", "pytest", "pytest-xdist", "PyYAML", "urllib3")
KUBERNETES = ("1.31", "1.36")


@dataclass(frozen=True)
class Core:
    """An ansible-core and the oldest Python that its controller runs on."""

    version: str
    python: str

    @property
    def name(self) -> str:
        return "core-" + ".".join(self.version.split(".")[:2])


CORES = (Core("2.18.19", "3.11"), Core("2.19.14", "3.11"), Core("2.20.10", "3.12"), Core("2.21.5", "3.13"))


def find_python(version: str) -> str | None:
    """Return an interpreter of that version: from PATH, or pyenv's, whose shims only work where one was chosen."""
    candidates = [f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for candidate in candidates:
        if not shutil.which(candidate):
            continue
        words = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"
        result = subprocess.run([candidate, "-c", words], capture_output=True, text=True, check=False)
        if result.stdout.strip() == version:
            return candidate
    return None


def constraints() -> Iterator[str]:
    """Yield the pins of requirements/dev.txt without hashes, but for what each ansible-core chooses for itself."""
    for line in (ROOT / "requirements/dev.txt").read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith(("ansible-core==", "resolvelib==")):
            yield line.rstrip("\\ ")


def environment(core: Core, python: str) -> Path:
    """Make the environment of a row if it is not there yet; return its Python."""
    folder = ROOT / f".venv-{core.name}"
    pins = "\n".join(constraints())
    stamp = hashlib.sha256(repr((core, python, PACKAGES, pins)).encode()).hexdigest()
    interpreter = folder / "bin/python"
    if (folder / "stamp").exists() and (folder / "stamp").read_text() == stamp:
        return interpreter
    print(f"\n== {core.name}: ansible-core {core.version} on Python {core.python} into {folder.name}", flush=True)
    subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
    (folder / "constraints.txt").write_text(pins)
    subprocess.run(
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint",
         str(folder / "constraints.txt"), f"ansible-core=={core.version}", *PACKAGES],
        check=True, stdin=subprocess.DEVNULL,
    )
    (folder / "stamp").write_text(stamp)
    return interpreter


def core_part(core: Core, interpreter: str = sys.executable) -> Part:
    return Part(core.name, "ansible", (interpreter, "tools/test.py", "sanity", "unit", "integration"), minutes=60)


def rows() -> list[Part]:
    importer = Part("importer", "release", (sys.executable, "tools/importer.py"))
    return [core_part(core) for core in CORES] + [importer] + [
        Part(
            f"kubernetes-{version}", "kubernetes",
            (sys.executable, "tools/test.py", "--kubernetes", version, "lab", "long"), minutes=120,
        )
        for version in KUBERNETES
    ]


def outcome(row: Part) -> Outcome:
    core = next((core for core in CORES if core.name == row.name), None)
    if core is None:
        return run(row, None)
    python = find_python(core.python)
    if python is None:
        return Outcome(row, "skipped", f"there is no Python {core.python} with venv on PATH or under ~/.pyenv", 0)
    try:
        interpreter = environment(core, python)
    except subprocess.CalledProcessError as error:
        return Outcome(row, "failed", f"no environment: {error}", 0)
    return run(core_part(core, str(interpreter)), None)


def main(wanted: list[str]) -> int:
    outcomes = []
    for row in select(wanted, rows()):
        outcomes.append(outcome(row))
        print(f"== {row.name}: {outcomes[-1].status} {outcomes[-1].detail}", flush=True)
    return summary(outcomes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
