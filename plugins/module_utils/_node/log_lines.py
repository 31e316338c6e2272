# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of logs taken apart: journald's short-unix form, syslog's, logfmt, klog and JSON; and those that are alike."""

from __future__ import annotations

import calendar
import dataclasses
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.redact import redact_text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import LogLine
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.proxies import without_logins
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_LONGEST_TEXT = 1500

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
    r"|resolve (?:reference|image) \\*\"|credential provider plugin \S{1,200} for image )"
    r"([a-zA-Z0-9\[](?:[^\"\\\s]{0,398}[^\"\\\s:])?)"
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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log; ``at`` is Unix time by the node's clock, ``count`` how many lines are alike."""

    at: float | None
    unit: str
    text: str
    level: str
    image: str
    count: int = 1

    def record(self, node: str) -> LogLine:
        return LogLine(node, self.unit, _moment(self.at), self.text, self.image, self.count, self.level)


def lines_of(job: JobAnswer) -> list[Line]:
    """Return the lines that a job found, of the journal and of files."""
    now, zone = clock(job)
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


def _file_line(text: str, path: str, now: float, zone: timedelta) -> Line | None:
    """A line of a log file: syslog's form, or a program's own."""
    if not text.strip():
        return None
    if match := _SYSLOG.match(text):
        month, day, hour, minute, second, program, message = match.groups()
        return _line(_of_year(now, zone, _MONTHS.get(month, 0), day, hour, minute, second), program, message)
    if match := _SYSLOG_ISO.match(text):
        return _line(parsed(match[1]), match[2], match[3])
    at = None
    if match := _LOGFMT_TIME.search(text):
        at = parsed(match[1])
    elif match := _KLOG.match(text):
        _level, month, day, hour, minute, second = match.groups()
        at = _of_year(now, zone, int(month), day, hour, minute, second)
    elif match := _JSON_TIME.search(text):
        at = float(match[1])
    name = path.rpartition("/")[2].removesuffix(".log")
    return _line(at, name, text)


def _line(at: float | None, program: str, text: str) -> Line:
    level = ""
    if match := _LEVEL.search(text):
        level = _LEVELS.get(match[1], match[1])
    elif match := _KLOG.match(text):
        level = _LEVELS[match[1]]
    text = _LOGFMT_TIME.sub("", text, count=1)
    text = _KLOG.sub(lambda match: f"{match[1]} ", text, count=1)
    text = printable(redact_text(without_logins(text))[0], _LONGEST_TEXT)
    image = _IMAGE.search(text)
    return Line(
        at, printable(program, 64), text, level, image[1] if image and set(image[1]) & set("/:@") else ""
    )


def alike(lines: list[Line]) -> list[Line]:
    """One line for all that differ in times, identifiers and ports only, in the order of their last times."""
    found: dict[tuple[str, str], Line] = {}
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


def clock(job: JobAnswer) -> tuple[float, timedelta]:
    """Return the node's time (the controller's where it told none), and how far its zone is ahead of UTC."""
    text, zone = job.fact("now") or "", job.fact("zone") or ""
    now = float(text) if text.isascii() and text.isdigit() and len(text) < 12 else time.time()
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", zone)
    if not match:
        return now, timedelta()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return now, -offset if match[1] == "-" else offset


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


def parsed(text: str) -> float | None:
    """Return a time as RFC 3339 writes it as Unix time; None where it is none."""
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
