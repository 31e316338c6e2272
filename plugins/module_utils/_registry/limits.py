# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What header fields tell of a pull limit.

Docker Hub: ``ratelimit-limit: 100;w=21600``, ``ratelimit-remaining``, ``docker-ratelimit-source``; GitLab:
``RateLimit-Reset`` in seconds since the epoch; ``Retry-After`` (RFC 9110, 10.2.3) in seconds or as a date.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import RateLimit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import (
    Reply,
    moment,
    short,
)

_LONGEST_WAIT = 7 * 86_400
"""A limit that is further away than any window is no honest one."""
_NUMBER = re.compile(r"\s*(\d{1,12})\s*(?:;|,|$)")
_WINDOW = re.compile(r";\s*w=(\d{1,9})")


def rate_limit(reply: Reply, now: float) -> RateLimit | None:
    """Return what the reply tells of a limit, None where it tells nothing."""
    limit = reply.headers.get("ratelimit-limit", reply.headers.get("x-ratelimit-limit", ""))
    remaining = reply.headers.get("ratelimit-remaining", reply.headers.get("x-ratelimit-remaining", ""))
    resets = _resets_at(reply, now)
    if not limit and not remaining and resets is None:
        return None
    window = _WINDOW.search(limit) or _WINDOW.search(remaining)
    return RateLimit(
        limit=_number(limit),
        remaining=_number(remaining),
        window_seconds=int(window[1]) if window else None,
        source=short(reply.headers.get("docker-ratelimit-source", ""), 64),
        resets_at=resets,
    )


def _number(text: str) -> int | None:
    match = _NUMBER.match(text)
    return int(match[1]) if match else None


def _resets_at(reply: Reply, now: float) -> str | None:
    then: float | None = None
    after = reply.headers.get("retry-after", "") if reply.status in (429, 503) else ""
    reset = reply.headers.get("ratelimit-reset", reply.headers.get("x-ratelimit-reset", ""))
    if after and (seconds := _number(after)) is not None:
        then = now + seconds
    elif after:
        try:
            then = parsedate_to_datetime(after).timestamp()
        except (ValueError, TypeError, OverflowError):
            then = None
    if then is None and (seconds := _number(reset)) is not None:
        # GitLab counts from the epoch, others from now.
        then = float(seconds) if seconds > 1_000_000_000 else now + seconds
    if then is None or not now - 60 <= then <= now + _LONGEST_WAIT:
        return None
    return moment(then)
