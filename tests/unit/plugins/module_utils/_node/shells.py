# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jobs as a node would, with a real shell, in a process of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, read
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build

SHELLS: dict[str, tuple[str, ...]] = {
    name: (path, *arguments)
    for name, command, *arguments in (
        ("dash", "dash"),
        ("bash", "bash", "--posix"),
        ("busybox", "busybox", "sh"),
    )
    if (path := shutil.which(command))
}


def run(
    jobs: Sequence[Job],
    shell: str = "dash",
    *,
    preface: str = "",
    deadline: float = 10.0,
    environ: Mapping[str, str] | None = None,
    only_path: str | None = None,
) -> Answer:
    """Return the answer of ``shell`` (dash, bash or busybox). ``only_path`` replaces PATH of the probe as well."""
    answer, dummy = run_raw(jobs, shell, preface=preface, deadline=deadline, environ=environ, only_path=only_path)
    return answer


def run_raw(
    jobs: Sequence[Job],
    shell: str = "dash",
    *,
    preface: str = "",
    deadline: float = 10.0,
    environ: Mapping[str, str] | None = None,
    only_path: str | None = None,
) -> tuple[Answer, str]:
    """Return the answer, and the whole standard output."""
    mark = os.urandom(12).hex()
    script = build(jobs, mark=mark, deadline=deadline, preface=preface)
    program = " ".join(SHELLS[shell])
    command, stdin = script.command.replace("/bin/sh", program), script.stdin
    environment = dict(os.environ if environ is None else environ)
    if only_path is not None:
        first, rest = stdin.split(b"\nPATH=", 1)
        stdin = first + b"\nPATH=" + only_path.encode() + b" LC_ALL=C\n" + rest.split(b"\n", 1)[1]
        environment["PATH"] = only_path
    began, began_at = time.monotonic(), time.time()
    done = subprocess.run(
        [*SHELLS[shell], "-c", command],
        input=stdin,
        capture_output=True,
        env=environment,
        timeout=deadline + 10,
        check=False,
    )
    stdout = done.stdout.decode("utf-8", "surrogateescape")
    answer = read(stdout, mark, script.names, script.limits)
    seconds = time.monotonic() - began
    return replace(answer, way="local", asked_at=began_at, seconds=seconds), stdout
