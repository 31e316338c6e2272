# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A round trip to a node's shell over any connection, bounded on this side as well; a failure is a value."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    read,
    unreached,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import Script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

GRACE_SECONDS = 2.0
"""How much longer than the script a round trip may take: the way there, sudo, the way back."""

_LONGEST_WHY = 300
_AROUND = 64 * 1024  # what start files print before


class OutOfTime(BaseException):
    """The time of a round trip is over. No Exception: a connection plugin may try those again."""


def round_trip(action: ActionBase, script: Script, mark: str, deadline: float) -> Answer:
    """Send ``script`` over the action's connection and return the answer.

    A node that cannot be reached, a become that fails, and a time that is over are answers with ``reached`` false or
    ``complete`` false. Never raises for what a node or its connection does.
    """
    way = action._connection.transport
    began, began_at = time.monotonic(), time.time()
    try:
        with _within(deadline + GRACE_SECONDS):
            result = _execute(action, script)
    except _Refused as refused:
        return unreached(str(refused), way, script.names)
    except OutOfTime as error:
        _end_clients(error.__traceback__)
        seconds = time.monotonic() - began
        why = f"no answer within {seconds:.0f} s: the node or its connection hangs"
        answer = unreached(why, way, script.names)
    except Exception as error:  # noqa: BLE001 - connection plugins raise what their libraries raise
        seconds = time.monotonic() - began
        answer = unreached(_failure(error), way, script.names)
    else:
        seconds = time.monotonic() - began
        answer = _answer(result, script, mark)
    return dataclasses.replace(answer, way=way, asked_at=began_at, seconds=seconds)


def _failure(error: Exception) -> str:
    """Return what a connection or become failed with. What sudo and its like said stands in further lines."""
    said = printable(str(error), _LONGEST_WHY)
    if isinstance(error, (AnsibleError, OSError)):
        return said or type(error).__name__
    return f"the connection failed: {type(error).__name__}: {said}"


class _Refused(Exception):
    """We do not send this over such a connection."""


def _execute(action: ActionBase, script: Script) -> dict[str, Any]:
    if action._connection.has_pipelining:
        return action._low_level_execute_command(script.command, in_data=script.stdin)
    if script.secret:
        raise _Refused(
            f"the connection {action._connection.transport} cannot hand over a secret without a file on the node"
        )
    return _execute_file(action, script)


def _execute_file(action: ActionBase, script: Script) -> dict[str, Any]:
    """For connections that have no standard input: the script (never a secret) becomes a file, for this long."""
    folder = action._make_tmp_path()
    over = False
    try:
        path = action._connection._shell.join_path(folder, "probe")
        action._transfer_data(path, script.stdin)
        action._fixup_perms2((folder, path))
        quoted = "'" + path.replace("'", "'\\''") + "'"
        return action._low_level_execute_command(f"{{ {script.command}; }} <{quoted}")
    except OutOfTime:
        over = True
        raise
    finally:
        # The alarm of the whole round trip rings once; what hung may hang again.
        with contextlib.suppress(OutOfTime), _within(GRACE_SECONDS) if over else contextlib.nullcontext():
            action._remove_tmp_path(folder, force=True)


def _answer(result: dict[str, Any], script: Script, mark: str) -> Answer:
    stdout = str(result.get("stdout") or "")[: script.most + _AROUND]
    answer = read(stdout, mark, script.names, script.limits)
    if answer.started is not None:
        return answer
    said = _first_line(f"{result.get('stderr') or ''}\n{stdout}")
    why = f"no shell of the node ran the probe (exit code {result.get('rc')})"
    return unreached(f"{why}: {said}" if said else why, names=script.names)


def _first_line(text: str) -> str:
    """Return the first line that says something, fit to be printed."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    lines = (printable(line, _LONGEST_WHY) for line in text[:20_000].splitlines())
    return next((line for line in lines if line), "")


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block after ``seconds``. A task's own ``timeout``, if it is sooner, stays in force."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    theirs, _interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < theirs <= seconds:
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    began = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if theirs:
            signal.setitimer(signal.ITIMER_REAL, max(0.01, theirs - (time.monotonic() - began)))


def _raise(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def _end_clients(trace: TracebackType | None) -> None:
    """End the clients (ssh and the like) that were at work where the time was over; nobody else would."""
    while trace is not None:
        for value in list(trace.tb_frame.f_locals.values()):
            if isinstance(value, subprocess.Popen) and value.poll() is None:
                with contextlib.suppress(OSError):
                    value.kill()
                    value.wait(1)
        trace = trace.tb_next


def new_mark() -> str:
    """Return a mark for one script."""
    return os.urandom(12).hex()
