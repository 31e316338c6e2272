# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of runtime and kubelet logs about pulls of the images in question, and about the runtime's own health.

Only here stand: which of several mirrors failed ("trying next host"), a hosts.toml that is left aside, what a
credential provider said, and failures whose events have expired. Lines that are alike become one with a count.
"""

from __future__ import annotations

import calendar
import dataclasses
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.redact import redact_text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, LogLine, Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import logs_script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

STEPS = (8,)
RUNTIME_JOB, KUBELET_JOB = "runtime_logs", "kubelet_logs"
DEFAULT_SECONDS, SHORTEST, LONGEST = 3600, 300, 86_400
MOST_LINES = 200
_LINES_A_NODE_SENDS, _WIDTH = 500, 1500
_LONGEST_TEXT = 1500

HEALTH = (
    # Mirrors and configuration: containerd's resolver and hosts files, docker, containers/image.
    "trying next host",
    "failed to decode",
    "Attempting next endpoint",
    "Not continuing with pull",
    "loading registries configuration",
    "Error validating CNI",
    # Credentials that only a node knows of.
    "credential provider",
    "Failed to get credentials",
    "plugin binary executable",
    # Room.
    "no space left on device",
    "disk quota exceeded",
    "read-only file system",
    "arbage collection failed",
    "failed to garbage collect",
    "ImageGCFailed",
    "ttempting to reclaim",
    "invalid capacity",
    # The runtime's own life.
    "failed to load plugin io.containerd.grpc.v1.cri",
    "failed to load plugin io.containerd.cri",
    'failed to load plugin" error="invalid',
    "failed to load CRI",
    "panic: ",
    "fatal error: ",
    "level=fatal",
    "starting containerd",
    "containerd successfully booted",
    "Starting up",
    "Daemon has completed initialization",
    ": Started ",
    ": Stopped ",
    "Main process exited",
    "Failed with result",
    "Start request repeated too quickly",
    "A process of this unit has been killed by the OOM killer",
    # The kubelet's sight of it.
    "ontainer runtime is down",
    "ontainer runtime not ready",
    "ontainer runtime sanity check failed",
    "ontainer runtime status check",
    "PLEG is not healthy",
    "unknown service runtime.v1",
    "pull QPS exceeded",
)
"""Fixed texts of lines about the runtime's health and settings."""
ANY_PULL = (
    "PullImage",
    "ailed to pull",
    "Pulling image",
    "pull access denied",
    "images/create",
    "ErrImagePull",
)
"""Taken as well where no image is asked about."""

UNWANTED = (
    # Says again what the failed pull said itself.
    "ImagePullBackOff",
    "start failed in pod",
    # What pulls that go well leave behind.
    "ImageCreate event",
    "ImageUpdate event",
    "Observed pod startup duration",
    "pleg has yet to be successful",
)
"""Fixed texts of lines that hold one of the others and say nothing new."""

_JOURNAL = re.compile(r"(\d{9,11}\.\d{1,6}) \S+ ([^\s\[:]{1,64})(?:\[\d+\])?: (.*)\Z", re.DOTALL)
_SYSLOG = re.compile(
    r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) \S+ ([^\s\[:]{1,64})(?:\[\d+\])?: (.*)\Z", re.DOTALL
)
_SYSLOG_ISO = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16}) \S+ ([^\s\[:]{1,64})(?:\[\d+\])?: (.*)\Z", re.DOTALL
)
_LOGFMT_TIME = re.compile(
    r'\btime="?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))"? ?'
)
_JSON_TIME = re.compile(r'"ts":(\d{9,11})(?:\.\d+)?')
_KLOG = re.compile(r"([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.\d+ +\d+ ")
_LEVEL = re.compile(r'\blevel="?(debug|info|warning|warn|error|fatal|panic)\b')
_LEVELS = {"I": "info", "W": "warning", "E": "error", "F": "fatal", "warn": "warning"}
_IMAGE = re.compile(
    r"(?:\bimage=\\?\"|PullImage \\*\"|[Pp]ull(?:ing)?(?: and unpack)? image:? (?:\\*\")?"
    r"|resolve (?:reference|image) \\*\")([a-zA-Z0-9\[][^\"\\\s]{0,399})"
)
_ALIKE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"(?<!sha256:)\b[0-9a-f]{12,64}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.]*(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|µs|us|ms|s|m|h)\b"), "DURATION"),
    (re.compile(r"(?<=[.\]\d]):\d{4,5}(?=->)"), ":PORT"),
    (re.compile(r"\[\d+\]|\b(?:pid|PID)[= ]\d+|m=\+[0-9.]+"), "N"),
    (re.compile(r"^[IWEF]\d{4} [0-9:.]+ +\d+ "), ""),
)
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the jobs that read the logs, the runtime's and the kubelet's apart: neither crowds out the other."""
    common = {
        "LOG_PATTERNS": logs_script.patterns([*HEALTH, *_texts_of(question)]),
        "LOG_UNWANTED": logs_script.patterns(list(UNWANTED)),
        "LOG_SECONDS": str(window(question.since)),
        "LOG_LINES": str(_LINES_A_NODE_SENDS),
        "LOG_WIDTH": str(_WIDTH),
    }
    return [
        _job(RUNTIME_JOB, common, logs_script.RUNTIME_UNITS, logs_script.RUNTIME_FILES),
        _job(KUBELET_JOB, common, logs_script.KUBELET_UNITS, logs_script.KUBELET_FILES),
    ]


def _job(name: str, common: dict[str, str], units: tuple[str, ...], files: tuple[str, ...]) -> Job:
    always = [path for path in files if path in logs_script.ALWAYS]
    others = [path for path in files if path not in logs_script.ALWAYS]
    # One of the two reads the system's log, which has lines of both.
    others += logs_script.SYSTEM_FILES if name == RUNTIME_JOB else ()
    return Job(
        name,
        f'{logs_script.TEXT}[ "$log_works" ] || {{{logs_script.FILES}}}\n',
        seconds=6,
        most_bytes=524_288,
        variables={
            **common,
            "LOG_UNITS": " ".join(units),
            "LOG_OF_RUNTIME": "1" if name == RUNTIME_JOB else "",
            "LOG_ALWAYS": " ".join(always),
            "LOG_FILES": " ".join(others),
        },
    )


def window(since: str | None, now: float | None = None) -> int:
    """Return how many seconds back the logs are read: from a minute before the first failure, within bounds."""
    if since is None:
        return DEFAULT_SECONDS
    began = _parsed(since)
    if began is None:
        return DEFAULT_SECONDS
    passed = (time.time() if now is None else now) - began + 60
    return int(min(LONGEST, max(SHORTEST, passed)))


def is_moment(text: str) -> bool:
    """Tell whether ``text`` is a time as Kubernetes prints it."""
    return _parsed(text) is not None


def _texts_of(question: NodeQuestion) -> list[str]:
    """The texts by which lines name the images and hosts in question."""
    found: list[str] = []
    for one in question.images:
        # A bare word such as nginx is in every name that was made of it.
        found.append(one.image if set(one.image) & set("/:@") else f'"{one.image}"')
        try:
            ref = parse_image_ref(one.image)
        except ImageRefError:
            continue
        found.append(f"{ref.registry}/{ref.repository}")
        # A mirror, and docker, name the repository without its registry.
        found.extend((f"/v2/{ref.repository}/", f"/{ref.repository}:", f"/{ref.repository}@"))
        if ref.tag is None and ref.digest is None:
            found.append(f"{ref.familiar}:latest")
    found.extend(host.host for host in question.hosts)
    if not question.images:
        found.extend(ANY_PULL)
    # Short words would let half of the log through.
    return [text for text in found if len(text) > 3]


def records(answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return LogLines, the oldest first, and Gaps; whatever the node sent, this never raises."""
    if not answer.reached:
        return []
    seen: list[_Line] = []
    found: list[Record] = []
    for name, what in ((RUNTIME_JOB, "the runtime's log"), (KUBELET_JOB, "the kubelet's log")):
        job = answer.job(name)
        if job.state == "missing" and not job.blocks:
            found.append(_gap(question.node, what, job.trouble))
            continue
        seen.extend(_lines(job))
        found.extend(_gaps(job, question.node, what))
    first = _earliest(answer, question)
    kept = _alike([line for line in seen if line.at is None or first is None or line.at >= first])
    if len(kept) > MOST_LINES:
        kept = _weightiest(kept, question)
        found.append(
            _gap(
                question.node, "more lines of the logs", f"only {MOST_LINES} are kept, the weightiest of them"
            )
        )
    return [*(line.record(question.node) for line in kept), *found]


@dataclass(frozen=True, slots=True)
class _Line:
    at: float | None
    unit: str
    text: str
    level: str
    image: str
    count: int = 1

    def record(self, node: str) -> LogLine:
        return LogLine(node, self.unit, _moment(self.at), self.text, self.image, self.count, self.level)


def _lines(job: JobAnswer) -> list[_Line]:
    now, zone = _clock(job)
    found = []
    journal = job.block("journal")
    for text in (journal.text if journal else "").split("\n"):
        match = _JOURNAL.match(text)
        if match:
            found.append(_line(float(match[1]), match[2], match[3]))
    for block in job.blocks:
        if block.name.startswith("log_"):
            path = job.fact(f"file_{block.name.removeprefix('log_')}") or ""
            found.extend(
                line for text in block.text.split("\n") if (line := _file_line(text, path, now, zone))
            )
    return found


def _file_line(text: str, path: str, now: float, zone: timedelta) -> _Line | None:
    """A line of a log file: syslog's form, or a program's own."""
    if not text.strip():
        return None
    if match := _SYSLOG.match(text):
        month, day, hour, minute, second, program, message = match.groups()
        return _line(_of_year(now, zone, _MONTHS.get(month, 0), day, hour, minute, second), program, message)
    if match := _SYSLOG_ISO.match(text):
        return _line(_parsed(match[1]), match[2], match[3])
    at = None
    if match := _LOGFMT_TIME.search(text):
        at = _parsed(match[1])
    elif match := _KLOG.match(text):
        _level, month, day, hour, minute, second = match.groups()
        at = _of_year(now, zone, int(month), day, hour, minute, second)
    elif match := _JSON_TIME.search(text):
        at = float(match[1])
    name = path.rpartition("/")[2].removesuffix(".log")
    return _line(at, name, text)


def _line(at: float | None, program: str, text: str) -> _Line:
    level = ""
    if match := _LEVEL.search(text):
        level = _LEVELS.get(match[1], match[1])
    elif match := _KLOG.match(text):
        level = _LEVELS[match[1]]
    text = _LOGFMT_TIME.sub("", text, count=1)
    text = _KLOG.sub(lambda match: f"{match[1]} ", text, count=1)
    text = printable(redact_text(text)[0], _LONGEST_TEXT)
    image = _IMAGE.search(text)
    return _Line(at, printable(program, 64), text, level, image[1] if image and set(image[1]) & set("/:@") else "")


def _alike(lines: list[_Line]) -> list[_Line]:
    """One line for all that differ in times, identifiers and ports only, in the order of their last times."""
    found: dict[tuple[str, str], _Line] = {}
    for line in lines:
        text = line.text
        for pattern, word in _ALIKE:
            text = pattern.sub(word, text)
        before = found.get((line.unit, text))
        if before is None:
            found[(line.unit, text)] = line
        else:
            newest = max(before, line, key=lambda one: one.at or 0.0)
            found[(line.unit, text)] = dataclasses.replace(newest, count=before.count + line.count)
    return sorted(found.values(), key=lambda one: one.at or 0.0)


def _weightiest(lines: list[_Line], question: NodeQuestion) -> list[_Line]:
    texts = [text.lower() for text in _texts_of(question)]

    def weight(line: _Line) -> tuple[bool, bool, float]:
        ours = any(text in line.text.lower() for text in texts)
        return ours, line.level in ("error", "warning", "fatal", "panic"), line.at or 0.0

    kept = sorted(lines, key=weight, reverse=True)[:MOST_LINES]
    return sorted(kept, key=lambda one: one.at or 0.0)


def _gaps(job: JobAnswer, node: str, what: str) -> list[Gap]:
    found = []
    newest = job.block("newest")
    journal = job.block("journal")
    files = [block for block in job.blocks if block.name.startswith("log_")]
    if not job.fact("journal_works") and not files:
        found.append(_gap(node, what, _why_no_journal(job, newest, journal)))
    elif _is_denied(newest):
        found.append(
            _gap(node, what, "journald shows this user no messages of services (not root: use become)")
        )
    elif newest is not None and "-- No entries --" in newest.text and not files:
        found.append(_gap(node, what, "neither the journal nor a known log file has a line of it"))
    for path in job.facts.get("unreadable", ())[:5]:
        found.append(_gap(node, path, "it could not be read without root's rights (become)"))
    late = [block.name for block in job.blocks if block.exit_code == 124 or not block.ended]
    if job.trouble or late:
        found.append(_gap(node, f"all of {what}", job.trouble or "reading it took longer than its limit"))
    return found


def _why_no_journal(job: JobAnswer, newest: Block | None, journal: Block | None) -> str:
    if job.fact("no_journal"):
        return "no tool (journalctl), and none of the known log files is there"
    if _is_denied(newest):
        return "journald shows this user no messages of services (not root: use become)"
    for block in (newest, journal):
        if block is not None and block.exit_code:
            words = printable(block.text, 200)
            return f"journalctl ended with {block.exit_code}{f': {words}' if words else ''}"
    return job.trouble or "journalctl gave nothing, and none of the known log files is there"


def _is_denied(block: Block | None) -> bool:
    return block is not None and any(
        words in block.text for words in ("insufficient permissions", "not seeing messages from other users")
    )


def _gap(node: str, check: str, why: str) -> Gap:
    lost = "what runtime and kubelet said of the pulls, failing mirrors and credential providers among it"
    return Gap(f"{node}: {check}", why, lost, STEPS)


def _clock(job: JobAnswer) -> tuple[float, timedelta]:
    text, zone = job.fact("now") or "", job.fact("zone") or ""
    now = float(text) if text.isascii() and text.isdigit() and len(text) < 12 else time.time()
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", zone)
    if not match:
        return now, timedelta()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return now, -offset if match[1] == "-" else offset


def _earliest(answer: Answer, question: NodeQuestion) -> float | None:
    """By the node's clock, since files hold older lines than are asked about."""
    job = answer.job(RUNTIME_JOB)
    return _clock(job)[0] - window(question.since) - 60 if job.fact("now") else None


def _of_year(
    now: float, zone: timedelta, month: int, day: str, hour: str, minute: str, second: str
) -> float | None:
    """A time without its year, in the node's time: of this year, or of the last where it would lie ahead."""
    year = datetime.fromtimestamp(now, UTC).year
    for candidate in (year, year - 1):
        try:
            local = datetime(candidate, month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        except ValueError:
            return None
        at = (local - zone).timestamp()
        if at <= now + 86_400:
            return at
    return None


def _parsed(text: str) -> float | None:
    shortened = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    try:
        at = datetime.fromisoformat(shortened)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _moment(at: float | None) -> str | None:
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
