# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the plays as a user does: the real ansible-playbook, from the repository, in a clean environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Run:
    """A run that has ended, with everything that it left behind under ``folder``."""

    code: int
    output: str
    folder: Path

    @property
    def reports(self) -> list[Path]:
        """The report files, sorted by name."""
        return sorted((self.folder / "reports").rglob("*.json"))

    @property
    def report_bytes(self) -> bytes:
        """The one report of the run."""
        assert len(self.reports) == 1, f"reports: {self.reports}\n{self.output}"
        return self.reports[0].read_bytes()

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.report_bytes)

    @property
    def plain_output(self) -> str:
        """What was printed, without colours."""
        return _ESCAPES.sub("", self.output)

    def files(self) -> list[Path]:
        """Every file that the run left: reports, evidence, temporary files, Ansible's own."""
        return [path for path in sorted(self.folder.rglob("*")) if path.is_file()]


def play(
    playbook: str,
    folder: Path,
    *,
    variables: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Run:
    """Runs a playbook; HOME, temporary files and reports lie under ``folder``, so a test can look at all of them.

    ``before`` are words to put before the command, e.g. ``unshare --net --``.
    """
    values = {"image_pull_report_dir": str(folder / "reports"), **(variables or {})}
    command = [*before, _program("ansible-playbook"), playbook, "-e", json.dumps(values), *arguments]
    return _run(command, folder, environment or {})


def ansible(module: str, folder: Path, options: Mapping[str, Any], arguments: Sequence[str] = ()) -> Run:
    """Runs one module by itself on localhost."""
    return _run(
        [_program("ansible"), "localhost", "-m", module, "-a", json.dumps(options), *arguments], folder, {}
    )


def diagnose(
    folder: Path,
    *,
    kubeconfig: Path | None = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    **variables: Any,
) -> Run:
    """Runs diagnose.yml; keyword ``pod="a/b"`` sets ``image_pull_pod``, and so on.

    Registries are asked where a test says so (``registry_checks``): the names in most tests are not ours to ask.
    """
    return play(
        "diagnose.yml",
        folder,
        variables=_prefixed(kubeconfig, variables),
        arguments=arguments,
        environment=environment,
        before=before,
    )


def snapshot(
    folder: Path, *, kubeconfig: Path | None = None, before: Sequence[str] = (), **variables: Any
) -> Run:
    """Runs snapshot.yml, with registries as ``diagnose`` does."""
    return play("snapshot.yml", folder, variables=_prefixed(kubeconfig, variables), before=before)


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    for name in ("home", "tmp", "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with _short_way_to(folder / "tmp") as temporary:
        result = subprocess.run(
            command,
            cwd=ROOT,
            env={**_environment(folder), "TMPDIR": str(temporary), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
    return Run(result.returncode, result.stdout.decode(errors="replace"), folder)


@contextmanager
def _short_way_to(folder: Path) -> Iterator[Path]:
    """A short path of a folder: ansible-core 2.21 lays a socket there, whose path may have 107 characters (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as place:
        way = Path(place) / "tmp"
        way.symlink_to(folder)
        yield way


def _prefixed(kubeconfig: Path | None, variables: Mapping[str, Any]) -> dict[str, Any]:
    named = {f"image_pull_{name}": value for name, value in {"registry_checks": False, **variables}.items()}
    return named if kubeconfig is None else {"image_pull_kubeconfig": str(kubeconfig), **named}


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else name


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's but the way to programs: no kubeconfig, no K8S_AUTH_*, no ANSIBLE_*, no proxy."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder / "home"),
        "ANSIBLE_HOME": str(folder / "home" / ".ansible"),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }
