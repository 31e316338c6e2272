# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an HTTP status other than success means, and which of them are worth another try."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import (
    Answer,
    Deadline,
    Silent,
    TlsFailed,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

T = TypeVar("T")

_LONGEST_WORDS = 1000
_TRIES = 4
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_WAIT = 0.25, 5.0, 20.0


class NoTable(errors.BadAnswer):
    """The server gives no table of this, or one without the columns that are wanted."""


class Again(errors.ClusterError):
    """``error`` may pass: the server asks to come back after ``wait`` seconds, None when it leaves that to us."""

    def __init__(self, error: errors.ClusterError, wait: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait = wait


def refusal(answer: Answer, what: str, connection: Connection, doing: str = "read") -> errors.ClusterError:
    """Return the error that ``answer`` is; ``what`` was asked for, and ``doing`` is the verb for it."""
    whole, resume = _said(answer.beginning())
    error = _refusal(answer, what, connection, doing, whole[:300], resume)
    error.said = printable(whole, _LONGEST_WORDS)
    if isinstance(error, Again):
        error.error.said = error.said
    return error


def _refusal(
    answer: Answer, what: str, connection: Connection, doing: str, said: str, resume: str
) -> errors.ClusterError:
    status, server = answer.status, connection.server
    if status == 401:
        account = f" of context '{connection.context}'" if connection.context else ""
        return errors.Unauthorized(
            f"{server} does not accept the credentials{account} (401): expired? log in again"
        )
    if status == 403:
        return errors.Forbidden(f"forbidden: no right to {doing} {what}: {said or 'HTTP 403'}")
    if status == 404:
        return errors.NotFound(f"not found: {what} ({said or 'HTTP 404'})")
    if status == 406:
        return NoTable(f"{server} gives no table of {what}")
    if status == 409:
        return errors.Conflict(f"conflict: {what} ({said or 'HTTP 409'})")
    if status == 410:
        return errors.Gone(f"the list of {what} changed faster than it could be read (410): {said}", resume)
    if status == 429:
        wait = answer.header("Retry-After")
        asks = f" and asks to wait for {wait} s" if wait else ""
        return Again(
            errors.Throttled(f"{server} throttles requests for {what} (429){asks}: try later"), _seconds(wait)
        )
    if status >= 500:
        failed = errors.ServerFailed(f"{server} failed when asked for {what} (HTTP {status}): {said}")
        return Again(failed, _seconds(answer.header("Retry-After")))
    if 300 <= status < 400:
        target = answer.header("Location").partition("?")[0]
        return errors.BadAnswer(
            f"{server} redirects {what} to {target} (HTTP {status}): a login page or a proxy, not the API server"
        )
    return errors.BadAnswer(f"{server} refused {what} (HTTP {status}): {said}")


def patiently(ask: Callable[[], T], what: str, deadline: Deadline, *, writes: bool = False) -> T:
    """Return what ``ask`` gives, asked again a few times where the trouble may pass: 429, 5xx, a broken connection.

    What ``writes`` is sent again only after a 429, with which the server did not begin: a write that broke off, or
    that failed with 5xx, may have been carried out, and its caller has to look.
    The server's Retry-After is honoured; where it is longer than there is time for, waiting would be in vain.
    """
    tried = 0
    while True:
        tried += 1
        try:
            return ask()
        except Again as again:
            pause = _pause(tried) if again.wait is None else again.wait
            may_be_done = writes and not isinstance(again.error, errors.Throttled)
            if may_be_done or tried >= _TRIES or pause > min(_LONGEST_WAIT, deadline.left(what)):
                raise again.error from None
        except (TlsFailed, errors.OutOfTime):
            raise
        except errors.Unreachable as error:
            if writes or deadline.passed or tried >= (2 if isinstance(error, Silent) else _TRIES - 1):
                raise
            pause = _pause(tried)
        time.sleep(min(pause, deadline.left(what)))


def _seconds(text: str) -> float | None:
    """Return how long to wait, spread a little; seconds only (the API server sends no dates)."""
    return float(text[:9]) + 0.25 * _chance() if text.isascii() and text.isdigit() else None


def _pause(tried: int) -> float:
    return min(_FIRST_PAUSE * 2 ** (tried - 1), _LONGEST_PAUSE) * (0.5 + _chance() / 2)


def _chance() -> float:
    """Return a number between 0 and 1, so that not all clients come back at once."""
    return os.urandom(1)[0] / 255


def _said(body: bytes) -> tuple[str, str]:
    """Return message and list token of a Status object; of anything else its beginning."""
    try:
        data = json.loads(body)
    except ValueError:
        text = body[:200].decode(errors="replace")
        return ("a page, not an API answer" if "<" in text[:50] else text), ""
    if not isinstance(data, dict):
        return "", ""
    metadata = data.get("metadata")
    resume = metadata.get("continue") if isinstance(metadata, dict) else ""
    return str(data.get("message") or ""), str(resume or "")
