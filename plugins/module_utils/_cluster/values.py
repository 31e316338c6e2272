# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking values out of API objects without trusting their shape, and times as Kubernetes prints them."""

from __future__ import annotations

import calendar
import re
import time
from typing import Any

LONGEST_TEXT = 32_768
"""Longer texts are cut: a kubelet's are at most a few thousand characters."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z\Z")


def mapping(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in ``value`` if it is a list, else nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return ``value`` if it is a text, cut to ``LONGEST_TEXT``, else an empty one."""
    if not isinstance(value, str):
        return ""
    if len(value) <= LONGEST_TEXT:
        return value
    return f"{value[:LONGEST_TEXT]}… ({len(value) - LONGEST_TEXT} more characters)"


def number(value: Any) -> int | None:
    """Return ``value`` if it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: Any) -> str | None:
    """Return a time in whole seconds (``2026-01-31T08:00:00Z``), so that times compare as texts; None if it is none."""
    match = _TIME.match(value) if isinstance(value, str) else None
    return f"{match[1]}Z" if match else None


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Return the whole seconds from ``start`` to ``end``, None when one of them is not known."""
    if not start or not end:
        return None
    return int(_epoch(end) - _epoch(start))


def _epoch(stamp: str) -> int:
    return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))


def earlier(stamp: str, seconds: int) -> str:
    """Return the time ``seconds`` before ``stamp``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_epoch(stamp) - seconds))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT\Z")


def http_moment(header: str | None) -> str | None:
    """Return the time of an HTTP ``Date`` header (RFC 9110, IMF-fixdate); None if it is none."""
    match = _HTTP_DATE.match(header or "")
    if not match or match[2] not in _MONTHS:
        return None
    return f"{match[3]}-{_MONTHS.index(match[2]) + 1:02d}-{match[1]}T{match[4]}Z"
