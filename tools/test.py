# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the tests of this repository: ``python tools/test.py [PART or GROUP …]``, everything without arguments.

One part that fails does not stop the others. A part that cannot run here is skipped by name and with the
reason. The last line reads ``N passed, N failed, N skipped`` and counts parts; the exit code is 1 when one failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable
CANNOT_RUN_HERE = 77   # exit code of the lab where nothing could make it run, the one of skipped tests in Automake


@dataclass(frozen=True)
class Part:
    """One line of the summary. ``minutes`` is where a part that hangs is ended; ``by_name``: not unless it is named."""

    name: str
    group: str
    command: tuple[str, ...]
    minutes: int = 15
    needs_lab: bool = False
    needs_go: bool = False
    by_name: bool = False


@dataclass(frozen=True)
class Outcome:
    part: Part
    status: str   # passed, failed, skipped
    detail: str
    seconds: float


def lab(*arguments: str) -> tuple[str, ...]:
    return (str(ROOT / "tests/lab/lab"), *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "pytest", "-q", *arguments)


def parts(python: str = PYTHON) -> list[Part]:
    return [
        Part("ruff", "lint", ("ruff", "check", "--quiet", ".")),
        Part("mypy", "lint", ("mypy",)),
        Part("yamllint", "lint", ("yamllint", "--strict", ".")),
        Part("ansible-lint", "lint", ("ansible-lint", "-q")),
        Part("reuse", "lint", ("reuse", "lint", "--quiet")),
        Part("changelog", "lint", ("antsibull-changelog", "lint")),
        Part("docs", "lint", (python, "tools/docs.py", "--check")),
        Part("build", "lint", ("ansible-galaxy", "collection", "build", "--force", "--output-path", ".tests/build")),
        Part("sanity", "sanity", (python, "tools/synced_ansible_test.py", "sanity"), minutes=15),
        Part("unit", "unit", pytest("tests/unit")),
        Part("keyring", "integration", pytest("tests/keyring"), minutes=30, needs_go=True),
        Part("plays", "integration", pytest("tests/plays", "-m", "not lab", "-n", "2"), minutes=25),
        Part("runner", "integration", pytest("tests/runner")),
        Part("targets", "integration", (python, "tools/synced_ansible_test.py", "integration", "--allow-unsupported")),
        Part("molecule", "molecule", (python, "tools/molecule_in_lab.py"), minutes=20, needs_lab=True),
        Part("lab", "lab", pytest("-m", "lab and not bench and not long"), minutes=50, needs_lab=True),
        # What waits for deadlines most of its time, and the same faults by a second way: for test-matrix.
        Part("long", "long", pytest("-m", "long and not bench"), minutes=50, needs_lab=True, by_name=True),
    ]


def select(wanted: Iterable[str], available: list[Part]) -> list[Part]:
    known = {part.name for part in available} | {part.group for part in available}
    if unknown := sorted(set(wanted) - known):
        raise SystemExit(f"test.py: no part or group named {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return [
        part for part in available if part.name in wanted or part.group in wanted or not (wanted or part.by_name)
    ]


def environment() -> dict[str, str]:
    # Colour would put escape sequences into the logs of whoever runs this unattended.
    result = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LAB_PYTHON": PYTHON}
    if not sys.stdout.isatty():
        result.update(NO_COLOR="1", ANSIBLE_NOCOLOR="1", PY_COLORS="0")
        result.pop("FORCE_COLOR", None)
    return result


class Command:
    """A child in its own process group, so that nothing of it survives: ended after ``minutes``."""

    def __init__(self, argv: tuple[str, ...], log: Path | None = None) -> None:
        self.log = log
        self._output = log.open("wb") if log else None
        self._process = subprocess.Popen(
            argv, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT if log else None, start_new_session=True,
        )

    def wait(self, minutes: int) -> tuple[int, str]:
        """Return the exit code and what it means in words."""
        try:
            code = self._process.wait(timeout=minutes * 60)
        except subprocess.TimeoutExpired:
            self.end()
            return 1, f"ended after {minutes} minutes without a result"
        if code < 0:
            return code, f"ended by signal {-code}"
        return code, f"exit code {code}" if code else ""

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(timeout=60)
                return
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue


class Lab:
    """Whether the lab can run here, and its programs, which are built beside the first parts."""

    def __init__(self, kubernetes: str) -> None:
        self._arguments = ("--kubernetes", kubernetes)
        self._build: Command | None = None
        self.reason, self.broken = self._install()

    def _install(self) -> tuple[str, str]:
        """Install Debian packages that are missing; return why the lab cannot run here, and what went wrong."""
        result = subprocess.run(
            lab("install", *self._arguments), cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        lines = result.stdout.strip().splitlines() or [f"the lab gave exit code {result.returncode} and no reason"]
        if result.returncode == CANNOT_RUN_HERE:
            return lines[-1], ""
        return "", lines[-1] if result.returncode else ""

    def begin_build(self) -> None:
        folder = ROOT / ".tests"
        folder.mkdir(exist_ok=True)
        self._build = Command(("nice", *lab("build", *self._arguments)), log=folder / "lab-build.log")

    def finish_build(self) -> str:
        """Wait for the programs; return what went wrong, or nothing."""
        if self._build is None:
            return self.broken
        print("== waiting for the build of Kubernetes (.tests/lab-build.log)", flush=True)
        build, self._build = self._build, None
        code, words = build.wait(minutes=60)
        if code == 0 or build.log is None:
            return ""
        print(build.log.read_text(encoding="utf-8", errors="replace")[-4000:], flush=True)
        self.broken = f"building the lab's programs failed: {words}"
        return self.broken

    def end(self) -> None:
        if self._build:
            self._build.end()


def go_found() -> bool:
    """Tell whether there is a Go that can build Kubernetes' keyring."""
    sys.path[:0] = [str(ROOT)]
    from tests.keyring.build import find_go

    return find_go() is not None


def run(part: Part, laboratory: Lab | None) -> Outcome:
    began = time.monotonic()
    if part.needs_go and not go_found():
        return Outcome(part, "skipped", "no Go 1.26 or later on PATH", 0)
    if part.needs_lab and laboratory:
        if laboratory.reason:
            return Outcome(part, "skipped", laboratory.reason, 0)
        if broken := laboratory.finish_build():
            return Outcome(part, "failed", broken, time.monotonic() - began)
    print(f"\n== {part.name}: {' '.join(part.command).replace(str(ROOT) + '/', '')}", flush=True)
    try:
        command = Command(part.command)
    except OSError as error:
        return Outcome(part, "failed", str(error), 0)
    try:
        code, words = command.wait(part.minutes)
    except BaseException:
        command.end()
        raise
    return Outcome(part, "failed" if code else "passed", words, time.monotonic() - began)


def summary(outcomes: list[Outcome], say: Callable[[str], None] = print) -> int:
    """Print the table and the last line; return the exit code."""
    say("\nPart           Result    Seconds  Why")
    for outcome in outcomes:
        line = f"{outcome.part.name:<14} {outcome.status:<8} {outcome.seconds:>8.0f}  {outcome.detail}"
        say(line.rstrip())
    count = Counter(outcome.status for outcome in outcomes)
    say("")
    say(", ".join(f"{count[status]} {status}" for status in ("passed", "failed", "skipped")))
    return 1 if count["failed"] else 0


def _interrupt(*dummy: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", metavar="PART", help="parts or groups; everything without")
    parser.add_argument("--kubernetes", default=os.environ.get("KUBERNETES", "1.34"), help="version for the lab")
    options = parser.parse_args()
    chosen = select(options.wanted, parts())
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ["KUBERNETES"] = options.kubernetes   # what the tests of the lab read
    laboratory = Lab(options.kubernetes) if any(part.needs_lab for part in chosen) else None
    outcomes: list[Outcome] = []
    try:
        if laboratory and not (laboratory.reason or laboratory.broken):
            laboratory.begin_build()
        for part in chosen:
            outcomes.append(run(part, laboratory))
            print(f"== {part.name}: {outcomes[-1].status} {outcomes[-1].detail}", flush=True)
    except KeyboardInterrupt:
        print("\ntest.py: interrupted", file=sys.stderr)
        summary(outcomes)
        return 130
    finally:
        if laboratory:
            laboratory.end()
    return summary(outcomes)


if __name__ == "__main__":
    raise SystemExit(main())
