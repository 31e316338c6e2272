# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one script that a round trip sends: the command for the connection, and what goes into its standard input."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.prelude import PATH, PRELUDE

MOST_BYTES = 8 * 1024 * 1024
"""The most that one answer may have, whatever its jobs may print."""

SPAWNED_BYTES = 2 * 1024 * 1024
"""What jobs that others start may print in all."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MARK = re.compile(r"[a-z0-9]{16,64}\Z")


@dataclass(frozen=True, slots=True)
class Script:
    """``command`` is for the connection (one line, nothing secret), ``stdin`` what it is to read.

    ``secret`` says that the standard input holds a secret: then it may not become a file on the node. ``limits`` are
    the bytes that each job may print, ``most`` those of the whole answer: no more is read, whatever a node sends.
    """

    command: str
    stdin: bytes
    names: tuple[str, ...]
    secret: bool
    limits: Mapping[str, int]
    most: int


def outer_mark(mark: str) -> str:
    """Return the mark that stands in the command, where every process of the node can read it.

    The inner one is only in the standard input, so that a list of processes that a job prints cannot hold it.
    """
    return hashlib.sha256(mark.encode()).hexdigest()[:24]


def quoted(text: str) -> str:
    """Return ``text`` as one word of sh. A NUL, which no shell can hold, is left out."""
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"


def build(jobs: Sequence[Job], *, mark: str, deadline: float, preface: str = "") -> Script:
    """Return the script that runs ``jobs`` side by side and ends by itself within ``deadline`` seconds.

    ``mark`` is a random word of 16 to 64 letters and digits, new for each script. ``preface`` is sh that runs
    before the jobs; they see its variables. Raises ValueError where a name is used twice, or is none.
    """
    if not _MARK.match(mark):
        raise ValueError("a mark is 16 to 64 small letters and digits")
    names = tuple(job.name for job in jobs)
    if len(set(names)) != len(names):
        raise ValueError(f"two jobs of one name among {', '.join(names)}")
    whole = max(2, math.floor(deadline))
    # Encoded as od does it, a byte is three; jobs that start others have their share in the rest.
    most = min(MOST_BYTES, SPAWNED_BYTES + sum(job.most_bytes * 2 for job in jobs))
    stdin = "\n".join(_lines(jobs, mark, whole, preface)).encode("utf-8", "surrogateescape")
    return Script(
        command=_command(outer_mark(mark), whole, most, len(stdin)),
        stdin=stdin,
        names=names,
        secret=any(job.secrets for job in jobs),
        limits={job.name: job.most_bytes for job in jobs},
        most=most,
    )


def _lines(jobs: Sequence[Job], mark: str, whole: int, preface: str) -> list[str]:
    return [
        "{",
        f"M={mark}",
        f"PATH={PATH}:$PATH LC_ALL=C",
        "export PATH LC_ALL",
        "umask 077",
        _lean(PRELUDE),
        "preface() {\n:\n" + _lean(preface) + "\n}",
        *(f"job_{job.name}() {{\n{_body(job)}\n}}" for job in jobs),
        "launch() {",
        "  (exec >&4 2>/dev/null 3>&-; tick) &",
        "  read -r _mp _ </proc/self/stat && printf 'main %s\\n' \"$_mp\" >&4",
        "  preface",
        *(
            f"  spawn {job.name} {max(1, math.ceil(job.seconds))} {job.most_bytes} job_{job.name}"
            for job in jobs
        ),
        "  printf 'all\\n' >&4",
        "}",
        "now",
        f"END=$((NOW + {(whole - 1) * 100}))",
        "exec 3>&1",
        'printf \'\\n%s - S %s\\n\' "$M" "$NOW"',
        "encoder",
        "{ exec 4>&1 >/dev/null 2>&1; launch; } | watch",
        "now",
        'printf \'%s - F %s\\n\' "$M" "$NOW"',
        "exit 0",
        "} </dev/null",
        "",
    ]


def _body(job: Job) -> str:
    """Return what a job's function does. Only one that starts others keeps the real standard output: whatever else it
    leaves behind cannot hold the connection open.
    """
    text = _lean(job.text)
    first = ":" if "spawn" in text else "exec 3>&-"
    return f"{first}\n{_variables(job.variables)}{_variables(job.secrets)}{text}"


def _lean(text: str) -> str:
    """Return sh without indentation and lines of comments: a fifth less on a slow line.

    No text of ours has a line within quotes that begins with a blank or ``#`` that counts.
    """
    lines = (line.lstrip(" \t") for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _variables(values: Mapping[str, str]) -> str:
    for name in values:
        if not _VARIABLE.match(name):
            raise ValueError(f"not a name of a variable: {name!r}")
    return "".join(f"{name}={quoted(value)}\n" for name, value in values.items())


def _command(mark: str, seconds: int, most: int, length: int) -> str:
    """Return the command that reads the script: all of it at once, because bash would read a pipe byte by byte.

    Its length is known, so that a connection that never closes the standard input does no harm.
    Only GNU timeout ends a whole process group, and only its own name says so; elsewhere the script's own limits do.
    It ends with 0 whatever happened: over ssh 255 and death by a signal would be an unreachable host.
    """
    script = f"/bin/sh -c 'eval \"$(head -c {length} 2>/dev/null || cat)\"' 2>&1"
    return (
        f"{{ case $(timeout --version 2>/dev/null) in *oreutils*) timeout -k 1 {seconds} {script} ;; "
        f"*) {script} ;; esac; printf '\\n%s %s\\n' {mark} \"$?\"; }} | {{ head -c {most} 2>/dev/null || cat; }}"
    )
