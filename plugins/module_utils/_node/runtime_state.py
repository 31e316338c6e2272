# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime itself: which, how long it runs, whether it answers; by its process, its unit and its own client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import RuntimeFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    TIMED_OUT,
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.proxies import (
    bare,
    bare_list,
    without_logins,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

NAMES = ("containerd", "docker", "cri-o", "podman")
STATE_JOB, ANSWER_JOB, FILES_JOB = "runtime_state", "runtime_answer", "runtime_files"
_TICKS = 100
"""Hundredths of a second: what every Linux tells user space (USER_HZ)."""
_START_FIELD = 19
"""The time of its start, field 22 of /proc/PID/stat (proc(5)); what was sent begins with field 3."""
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_SERVER = re.compile(
    r"Server:[ \t]*\n[ \t]*Version:[ \t]*v?(\S+)|RuntimeVersion:[ \t]*v?(\S+)"
    r"|^Version:[ \t]*v?(\S+)|\"Version\":[ \t]*\"v?([^\"]+)\"",
    re.MULTILINE,
)
_NOBODY = re.compile(
    r"refused|no such file|deadline exceeded|timed? ?out|unavailable|is the docker daemon running|unknown service"
    r"|connection (?:error|reset|closed)|(?:cannot|couldn't|failed to) connect",
    re.IGNORECASE,
)
_DENIED = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class State:
    """The fact, and what the readers of files need beside it."""

    fact: RuntimeFact
    variant: str = ""
    version: tuple[int, ...] = ()
    config: str = ""
    certs: tuple[str, ...] = ()
    root_user: bool = False
    started: float | None = None
    now: float | None = None
    proxy_from: str = ""
    needs_reload: bool = False


def read_state(answer: Answer, node: str, hint: str) -> State | None:
    """Return the runtime's state; None where the node said nothing of it. ``hint`` is the API's ``containerd://1.6.20``."""
    job = answer.job(STATE_JOB)
    name = job.fact("name")
    if name is None or (name and name not in NAMES):
        return None
    asked = answer.job(ANSWER_JOB)
    said = asked.block("answer")
    unit = _unit(job.block("unit"))
    pid = job.fact("pid") or ""
    stat = (job.fact("stat") or "").split()
    answers = _answers(said)
    text = _version_text(said, hint, name)
    now, started = _moments(job, stat)
    root_user = job.fact("root_user") is not None
    sees = root_user and job.fact("sees_processes") is not None
    state = _state(pid, stat, said, unit, sees=sees)
    fact = RuntimeFact(
        node=node,
        name=name,
        version=text,
        state=state if name else "",
        answers=False if state == "hung" else answers,
        since=_moment(started),
        restarts=int(unit["NRestarts"]) if unit.get("NRestarts", "").isdigit() else None,
        unit=_plain(job, "unit"),
        socket=_plain(job, "socket"),
        store=_plain(job, "root"),
        proxies=_proxies(job),
        detail=_detail(unit, said, asked, stat),
    )
    return State(
        fact=fact,
        variant=_plain(job, "variant"),
        version=version_of(text),
        config=_plain(job, "config"),
        certs=tuple(one for one in _plain(job, "certs").split(":") if one),
        root_user=root_user,
        started=started,
        now=now,
        proxy_from=_plain(job, "proxy_from"),
        needs_reload=unit.get("NeedDaemonReload") == "yes",
    )


def version_of(text: str) -> tuple[int, ...]:
    """Return ``(1, 6, 20)`` for ``1.6.20~ds1-1+deb12u1``; empty where it is no version."""
    match = _VERSION.match(text)
    return tuple(int(part) for part in match.groups() if part) if match else ()


def _plain(job: JobAnswer, key: str) -> str:
    return printable(job.fact(key) or "", 400)


def _answers(block: Block | None) -> bool | None:
    if block is None or not block.ended or block.exit_code == 127:
        return None
    if block.exit_code not in (0, TIMED_OUT) and (
        _DENIED.search(block.text) or not _NOBODY.search(block.text)
    ):
        # The client was not let to the socket, or fell over something of its own.
        return None
    return block.exit_code == 0


def _version_text(block: Block | None, hint: str, name: str) -> str:
    if block is not None and block.exit_code == 0 and (match := _SERVER.search(block.text)):
        return printable(next(group for group in match.groups() if group), 60)
    kind, dummy, version = hint.partition("://")
    return printable(version, 60) if kind == name else ""


def _unit(block: Block | None) -> dict[str, str]:
    if block is None or block.exit_code != 0:
        return {}
    return {
        key: value for line in block.text.split("\n") for key, mark, value in [line.partition("=")] if mark
    }


def _state(pid: str, stat: list[str], said: Block | None, unit: dict[str, str], *, sees: bool) -> str:
    """Only who ``sees`` all processes can tell that there is none; to others systemd's word on the unit counts.

    Its ``inactive`` tells nothing there: the runtime may have another unit, in a folder that only root can read.
    """
    if not pid:
        active = unit.get("ActiveState", "")
        if active in ("active", "reloading"):
            return "running"
        return "stopped" if sees or active in ("failed", "activating", "deactivating") else ""
    if stat and stat[0] in ("T", "t"):
        return "hung"
    if said is not None and (said.exit_code == TIMED_OUT or not said.ended):
        return "hung"
    return "running"


def _detail(unit: dict[str, str], said: Block | None, asked: JobAnswer, stat: list[str]) -> str:
    parts = []
    if unit.get("ActiveState") and unit["ActiveState"] != "active":
        parts.append(
            f"its unit is {unit['ActiveState']} ({unit.get('SubState', '')}, result {unit.get('Result', '')})"
        )
    if stat and stat[0] in ("T", "t"):
        parts.append("its process is stopped (state T: by SIGSTOP or a debugger)")
    elif stat and stat[0] == "D":
        parts.append("its process waits in the kernel (state D)")
    if said is not None and said.exit_code == TIMED_OUT:
        parts.append("its client got no answer in 2 s")
    elif said is not None and said.exit_code not in (0, None):
        parts.append(f"its client says: {printable(without_logins(said.text), _LONGEST)}")
    broken = _broken_plugins(asked.block("plugins"))
    if broken:
        parts.append(f"plugins that failed to load: {broken}")
    return "; ".join(parts)


def _broken_plugins(block: Block | None) -> str:
    """Of containerd, the plugins that pulls need and that did not load (rows of TYPE ID PLATFORMS STATUS)."""
    if block is None or block.exit_code != 0:
        return ""
    rows = [line.split() for line in block.text.split("\n")]
    needed = {"cri", "images", "content", "overlayfs", "local"}
    return ", ".join(
        f"{row[0]}.{row[1]}"[:80] for row in rows if len(row) >= 4 and row[-1] == "error" and row[1] in needed
    )


def _moments(job: JobAnswer, stat: list[str]) -> tuple[float | None, float | None]:
    """The node's clock, and when the process began by it."""
    try:
        now = float(job.fact("now") or "")
        began = now - float(job.fact("uptime") or "") + int(stat[_START_FIELD]) / _TICKS
    except (ValueError, IndexError):
        text = job.fact("now") or ""
        return (float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None), None
    return (now, began) if 0 < began <= now + 1 else (now, None)


def _moment(value: float | None) -> str | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def _proxies(job: JobAnswer) -> dict[str, str]:
    found = {}
    for name in ("https_proxy", "http_proxy", "no_proxy"):
        value = job.fact(name)
        if value:
            shown = bare_list(value) if name == "no_proxy" else bare(value)
            found[name.upper()] = printable(shown, 2000)
    return found
