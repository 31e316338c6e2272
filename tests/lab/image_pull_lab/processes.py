# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's processes: started so that none can be lost track of, stopped by identity.

A process writes its own line of /proc/PID/stat into a file before it becomes the program, so there is no moment
at which it runs and is not on record, whatever happens to the tool. A process id alone proves nothing, because
the kernel uses it again: what is signalled must also have the recorded start time (field 22, proc(5)).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

#: read and echo are built into the shell: the process that writes is the one that then becomes the program.
_RECORD_AND_BECOME = 'read -r line < /proc/$$/stat && echo "$line" > "$0" && exec "$@"'

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True)
class Identity:
    """A process that stays itself: its id and when it started (clock ticks since boot)."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """None when no such process lives (one that ended and was not waited for counts as ended)."""
        try:
            return cls.parse(Path(f"/proc/{pid}/stat").read_text())
        except (OSError, ValueError):
            return None

    @classmethod
    def parse(cls, stat: str) -> Identity:
        """From a line of /proc/PID/stat; ValueError when it is not one, or of a process that has ended."""
        head, dummy, tail = stat.rpartition(")")
        fields = tail.split()
        if len(fields) < 20 or fields[0] in ("Z", "X"):
            raise ValueError("not the stat line of a living process")
        return cls(int(head.split()[0]), int(fields[19]))

    def alive(self) -> bool:
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Signals this process and no other: the descriptor is opened first, the identity checked after."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return True
        try:
            return not self.alive() or bool(select.select([descriptor], [], [], max(0.0, seconds))[0])
        finally:
            os.close(descriptor)


class Processes:
    """The processes of one lab, on record as one file each in a folder."""

    def __init__(self, records: Path, logs: Path) -> None:
        self.records = records
        self.logs = logs
        self._children: list[subprocess.Popen[bytes]] = []

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        *,
        namespace: int | None = None,
        environment: Mapping[str, str] | None = None,
        own_mounts: bool = False,
    ) -> Identity:
        """Starts a program that outlives the tool; its output goes to logs/NAME.log.

        namespace: the process whose network namespace it gets. own_mounts: what it mounts vanishes with it.
        """
        self.records.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        record = self.records / name
        record.unlink(missing_ok=True)
        wrap = ["/bin/sh", "-c", _RECORD_AND_BECOME, str(record)]
        if namespace is not None:
            wrap += ["nsenter", f"--net=/proc/{namespace}/ns/net", "--"]
        if own_mounts:
            wrap += ["unshare", "--mount", "--propagation", "private", "--"]
        with (self.logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [*wrap, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_ENVIRONMENT, **(environment or {})},
                start_new_session=True,
                close_fds=True,
                cwd="/",
            )
        self._children.append(child)
        identity = Identity.of(child.pid)
        if identity is None:
            raise LabError(f"{name} ended at once: {self.log_tail(name)}")
        return identity

    def recorded(self) -> dict[str, Identity]:
        """Name and identity of what was started and not yet stopped, alive or not."""
        result = {}
        for record in sorted(self.records.glob("*")) if self.records.is_dir() else []:
            try:
                result[record.name] = Identity.parse(record.read_text())
            except (OSError, ValueError):
                continue
        return result

    def alive(self, name: str) -> bool:
        identity = self.recorded().get(name)
        return identity is not None and identity.alive()

    def dead(self) -> list[str]:
        """Names of processes that should run and do not."""
        return [name for name, identity in self.recorded().items() if not identity.alive()]

    def stop(self, names: Sequence[str], *, grace: float = 5.0) -> None:
        """SIGTERM to all, then SIGKILL to whoever is still there after the grace time; forgets their records."""
        recorded = {name: identity for name, identity in self.recorded().items() if name in names}
        if grace > 0:
            for identity in recorded.values():
                identity.send(signal.SIGTERM)
        deadline = time.monotonic() + grace
        for identity in recorded.values():
            if not identity.wait(deadline - time.monotonic()):
                identity.send(signal.SIGKILL)
        for name, identity in recorded.items():
            if not identity.wait(10):
                raise LabError(f"{name} (process {identity.pid}) does not end even on SIGKILL")
            (self.records / name).unlink(missing_ok=True)
        self.reap()

    def reap(self) -> None:
        """Waits for ended children, so that no zombie stays while the tool itself goes on."""
        self._children = [child for child in self._children if child.poll() is None]

    def log_tail(self, name: str, lines: int = 3) -> str:
        """The last lines of its log, as one line."""
        try:
            text = (self.logs / f"{name}.log").read_text(errors="replace")
        except OSError:
            return "no log"
        return " | ".join(text.strip().splitlines()[-lines:]) or "no output"


def network_namespace(pid: int) -> str:
    """As /proc names it, net:[4026532…]; empty when the process is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return ""


def processes_in(namespaces: Collection[str]) -> list[Identity]:
    """Processes in these network namespaces, whoever started them: nodes' own, and commands run inside."""
    found = []
    for entry in Path("/proc").iterdir() if namespaces else ():
        if entry.name.isdigit() and network_namespace(int(entry.name)) in namespaces:
            identity = Identity.of(int(entry.name))
            if identity:
                found.append(identity)
    return found


def kill(identities: Collection[Identity]) -> None:
    """SIGKILL, and waits for the end; the first process of a PID namespace takes all others with it."""
    for identity in identities:
        identity.send(signal.SIGKILL)
    wait_until(lambda: not any(identity.alive() for identity in identities), "the end of processes", 10)


def wait_until(
    check: Callable[[], object], what: str, seconds: float, processes: Processes | None = None
) -> None:
    """Polls until check() is true; LabError after that many seconds or when a process of the lab has ended."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not check():
        if processes is not None and (dead := processes.dead()):
            raise LabError(f"waiting for {what}: {dead[0]} has ended: {processes.log_tail(dead[0])}")
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
