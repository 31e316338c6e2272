# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command and measuring it: wall clock, CPU time, and the memory of its largest process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A child's peak memory counts from that of the process which started it, so a small one does.
_LAUNCHER = """
import os, sys, time
began = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 1, 2)])
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - began
print([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss], file=sys.stderr)
"""


@dataclass(frozen=True)
class Sample:
    """One run: seconds of wall clock and CPU, and the peak resident memory in MB of its largest process."""

    seconds: float
    cpu: float
    megabytes: float

    def __add__(self, other: Sample) -> Sample:
        megabytes = max(self.megabytes, other.megabytes)
        return Sample(self.seconds + other.seconds, self.cpu + other.cpu, megabytes)


class CommandFailed(RuntimeError):
    """A measured command ended with an exit code other than 0."""


def measure(
    command: Sequence[str],
    *,
    output: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Sample:
    """Run ``command`` to its end, what it says going to ``output``, and return what it took."""
    with output.open("wb") as stream:
        launched = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            text=True,
            check=False,
        )
    status, seconds, cpu, kilobytes = json.loads(launched.stderr)
    if status:
        said = output.read_bytes()[-2000:].decode(errors="replace")
        raise CommandFailed(f"{' '.join(command)[:200]} ended with {status}:\n{said}")
    return Sample(seconds, cpu, kilobytes / 1024)


def median(samples: Sequence[Sample]) -> Sample:
    """Return the medians of what was measured; of memory the maximum."""
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        max(sample.megabytes for sample in samples),
    )
