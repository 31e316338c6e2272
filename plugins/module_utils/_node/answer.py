# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back from a node, taken apart. Nothing in it is trusted, and reading it never raises."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import NAME
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import outer_mark

MOST_JOBS = 200
MOST_OF_ANOTHER = 512 * 1024
ENDED, TIMEOUT, MISSING, CUT = "ended", "timeout", "missing", "cut"
NO_TOOL = 127
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Block:
    """What one command printed, standard error included. ``exit_code`` is 127 where there is no such tool, 124 where
    its time was over; null (and ``ended`` false) where the job was over before the command was.
    """

    name: str
    text: str
    exit_code: int | None = None
    seconds: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """What one job said.

    ``state`` is ``ended``; ``timeout`` (what it said before counts); ``cut`` (something was lost); or ``missing``.
    ``text`` is what stands in no block. ``lacks`` are the tools that it looked for in vain, by what for.
    """

    name: str
    state: str
    exit_code: int | None = None
    seconds: float = 0.0
    too_much: bool = False
    blocks: tuple[Block, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""

    def block(self, name: str) -> Block | None:
        """Return the first block of that name, or None."""
        return next((block for block in self.blocks if block.name == name), None)

    def fact(self, key: str) -> str | None:
        """Return what was said first under ``key``, or None."""
        values = self.facts.get(key)
        return values[0] if values else None

    @property
    def trouble(self) -> str:
        """Why this answer is not whole, in words for a Gap; empty where it is."""
        if self.state == TIMEOUT:
            return "it took longer than its limit on the node"
        if self.state == MISSING:
            return "the node's answer has nothing of it"
        if self.state == CUT:
            return "the node's answer was cut off or garbled there"
        return "it printed more than is read" if self.too_much else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer. ``complete`` is false where its end is missing, and ``problem`` says so in one line.

    ``reached`` is false where no shell answered (``why``). ``way`` is the connection that was used; ``asked_at`` and
    ``seconds`` are the controller's clock (Unix time, and how long it took), ``node_seconds`` how long the script ran.
    ``started`` is the node's time since boot at its beginning, in hundredths of a second.
    """

    jobs: Mapping[str, JobAnswer]
    complete: bool
    problem: str = ""
    reached: bool = True
    why: str = ""
    way: str = ""
    asked_at: float = 0.0
    seconds: float = 0.0
    started: int | None = None
    node_seconds: float | None = None

    def job(self, name: str) -> JobAnswer:
        """Return the answer of a job; one that says ``missing`` where there is none."""
        return self.jobs.get(name) or JobAnswer(name, MISSING)


def unreached(why: str, way: str = "", names: Iterable[str] = ()) -> Answer:
    """Return the answer of a node that no shell answered for."""
    jobs = {name: JobAnswer(name, MISSING) for name in names}
    return Answer(jobs=jobs, complete=False, problem=why, reached=False, why=why, way=way)


@dataclass(slots=True)
class _Gathered:
    """The lines of one job, as they come."""

    most: int
    content: list[bytes] = field(default_factory=list)
    size: int = 0
    chunks: int = 0
    announced: int | None = None
    limit: int | None = None
    garbled: bool = False
    more: bool = False
    timeout: bool = False
    exit_code: int | None = None
    seconds: float = 0.0


def read(
    stdout: str, mark: str, names: Iterable[str] = (), limits: Mapping[str, int] | None = None
) -> Answer:
    """Return what the jobs said. ``names`` are those that were asked; what of them is not there is ``missing``.

    ``stdout`` may have lone surrogates where it was no UTF-8 (as Ansible decodes it), and anything else. ``limits`` are
    the bytes that are read of each job, ``MOST_OF_ANOTHER`` of one that another job started.
    """
    limits = limits or {}
    gathered: dict[str, _Gathered] = {}
    started = finished = None
    ended = False
    outer = outer_mark(mark)
    for match in re.finditer(rf"^(?:{re.escape(mark)} (.*)|{outer} .*)$", stdout, re.MULTILINE):
        if match[1] is None:
            ended = True
            continue
        name, dummy, rest = match[1].rstrip("\r").partition(" ")
        kind, dummy, value = rest.partition(" ")
        if name == "-":
            if kind == "S":
                started = _number(value)
            elif kind == "F":
                finished = _number(value)
        elif name in gathered or (NAME.match(name) and len(gathered) < MOST_JOBS):
            found = gathered.setdefault(name, _Gathered(most=limits.get(name, MOST_OF_ANOTHER)))
            _gather(found, kind, value)
    jobs = {name: _job(name, found, mark) for name, found in gathered.items()}
    for name in names:
        jobs.setdefault(name, JobAnswer(name, MISSING))
    whole = ended and started is not None and finished is not None
    return Answer(
        jobs=jobs,
        complete=whole and all(job.state in (ENDED, TIMEOUT) for job in jobs.values()),
        problem=_problem(started, finished, ended, jobs),
        started=started,
        node_seconds=None if started is None or finished is None else (finished - started) / 100,
    )


def _problem(started: int | None, finished: int | None, ended: bool, jobs: Mapping[str, JobAnswer]) -> str:
    if started is None:
        return "no shell of the node ran the probe: its answer has no beginning"
    if finished is None:
        return (
            "the probe was stopped before its end"
            if ended
            else "the node's answer has no end: it was cut off"
        )
    if not ended:
        return "the node's answer has no end: it was cut off"
    lost = sorted(name for name, job in jobs.items() if job.state in (CUT, MISSING))
    return f"parts of the node's answer were lost: {', '.join(lost[:6])}" if lost else ""


def _gather(found: _Gathered, kind: str, value: str) -> None:
    if kind in ("B", "O", "P", "R"):
        found.chunks += 1
        if found.size > found.most:
            found.more = True
            return
        try:
            found.content.append(_decoded(kind, value))
            found.size += len(found.content[-1])
        except (binascii.Error, ValueError):
            found.garbled = True
    elif kind == "E":
        count, limit, more, *_rest = [*value.split(" "), "", "", ""]
        found.announced, found.limit, found.more = _number(count), _number(limit), bool(more)
    elif kind == "X":
        code, dummy, hundredths = value.partition(" ")
        found.exit_code, found.seconds = _number(code), (_number(hundredths) or 0) / 100
    elif kind == "L":
        found.timeout = True


def _decoded(kind: str, value: str) -> bytes:
    if kind == "B":
        return base64.b64decode(value.encode("ascii"), validate=True)
    if kind == "O":
        return bytes.fromhex(value)
    raw = value.encode("utf-8", "surrogateescape")
    return raw + b"\n" if kind == "R" else raw


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _job(name: str, found: _Gathered, mark: str) -> JobAnswer:
    whole = found.announced == found.chunks and not found.garbled
    state = CUT if not whole and not found.timeout else TIMEOUT if found.timeout else ENDED
    content = b"".join(found.content)
    # What the node says of its own limit is no more than a word.
    most = found.most if found.limit is None else min(found.most, found.limit)
    too_much = found.more or len(content) > most
    content = content[:most]
    answer = _parts(content.decode("utf-8", "replace"), mark)
    return dataclasses.replace(
        answer,
        name=name,
        state=state,
        exit_code=found.exit_code,
        seconds=found.seconds,
        too_much=too_much,
    )


def _parts(text: str, mark: str) -> JobAnswer:
    """Take apart what a job printed: blocks, facts, lacking tools, and the rest."""
    blocks: list[Block] = []
    facts: dict[str, list[str]] = {}
    lacks: dict[str, tuple[str, ...]] = {}
    rest: list[str] = []
    name: str | None = None
    lines: list[str] = rest
    for line in text.split("\n"):
        if not line.startswith(f"{mark} "):
            lines.append(line)
            continue
        verb, dummy, value = line[len(mark) + 1 :].partition(" ")
        if verb == "say":
            key, dummy, said = value.partition(" ")
            facts.setdefault(key, []).append(said)
        elif verb == "lacks":
            key, *tools = value.split()
            lacks[key] = tuple(tools)
        elif verb == "block":
            if name is not None:
                blocks.append(Block(name, "\n".join(lines)))
            name, lines = value, []
        elif verb == "end" and name is not None:
            code, dummy, hundredths = value.partition(" ")
            blocks.append(
                Block(name, "\n".join(lines), _number(code), (_number(hundredths) or 0) / 100, ended=True)
            )
            name, lines = None, rest
    if name is not None:
        blocks.append(Block(name, "\n".join(lines)))
    return JobAnswer(
        "",
        ENDED,
        blocks=tuple(blocks),
        facts={key: tuple(values) for key, values in facts.items()},
        lacks=lacks,
        text="\n".join(line for line in rest if line),
    )
