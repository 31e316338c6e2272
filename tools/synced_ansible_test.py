# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test on a copy of this checkout: ``python tools/synced_ansible_test.py sanity [OPTIONS …]``.

ansible-test wants the collection in a real folder ``…/ansible_collections/NAMESPACE/NAME``: it refuses a
linked root and ignores linked entries. So what git would commit is copied into the cache folder of the user.
The home of the run is there too, because ansible-test keeps its virtual environments under ``~/.ansible``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections/kube_runbooks/image_pull")

# Stands where ansible-test keeps the get-pip script that it would otherwise download from its own server,
# and installs the same pip from the wheel beside it. pip itself knows no --no-setuptools and --no-wheel.
GET_PIP = """\
import os
import sys

VERSION = {version!r}
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "pip-" + VERSION + "-py3-none-any.whl"))
from pip._internal.cli.main import main

wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
if not any(word.startswith("pip==") for word in wanted):
    wanted.append("pip==" + VERSION)
sys.exit(main(["install", *wanted]))
"""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kube-runbooks-image-pull" / "ansible-test"


def sync() -> Path:
    """Copy the checkout, without what git ignores and without the link into itself; returns the copy's folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name and not name.startswith(b"collections/")]
    checkout = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    target = cache_dir() / checkout / COLLECTION
    shutil.rmtree(target, ignore_errors=True)
    for name in names:
        source, copy = ROOT / name, target / name
        if source.is_symlink() or source.is_file():   # a tracked file may be deleted and not yet committed
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    return target


def provide_pip(home: Path) -> None:
    """Lay the pip that this ansible-test bootstraps its environments with into its cache."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("synced_ansible_test.py: this Python has no ansible-core; use make test-sanity")
    source = Path(package.submodule_search_locations[0]) / "_internal/python_requirements.py"
    for version in sorted(set(re.findall(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8")))):
        cache = home / ".ansible/test/cache"
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if script.exists():
            continue
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--only-binary=:all:", "--dest", str(cache), f"pip=={version}"],
            check=True,
        )
        script.write_text(GET_PIP.format(version=version), encoding="utf-8")


def environment(home: Path) -> dict[str, str]:
    user = Path.home()
    result = dict(os.environ)
    result.setdefault("XDG_CONFIG_HOME", str(user / ".config"))
    result.setdefault("PIP_CACHE_DIR", str(Path(os.environ.get("XDG_CACHE_HOME") or user / ".cache") / "pip"))
    result["HOME"] = str(home)
    result["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH"):
        result.pop(name, None)
    return result


def main(arguments: list[str]) -> int:
    if not arguments:
        raise SystemExit("usage: synced_ansible_test.py sanity|integration [OPTIONS …]")
    home = cache_dir() / "home"
    home.mkdir(parents=True, exist_ok=True)
    folder = sync()
    command, *options = arguments
    if command == "sanity":
        provide_pip(home)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    program = [str(Path(sys.executable).parent / "ansible-test"), command, "--local", "--python", python, *options]
    return subprocess.run(program, cwd=folder, env=environment(home), stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
