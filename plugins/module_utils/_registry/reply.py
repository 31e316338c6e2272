# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came back for one request, and the registry's own words in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import Origin
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import QUOTE_LIMIT, printable

_LONGEST_HEADER = 4096
_LONGEST_CODE = 60
_TAG = re.compile(
    r"<(?:style|script)\b.*?(?:</(?:style|script)>|$)|<[^>]{0,2000}>", re.DOTALL | re.IGNORECASE
)


@dataclass(slots=True)
class Reply:
    """Status, header fields (names in lower case; ``challenges`` apart, because there may be several) and body."""

    method: str
    url: str
    origin: Origin
    status: int
    headers: dict[str, str]
    challenges: tuple[str, ...] = ()
    body: bytes = b""
    hosts: list[tuple[Origin, tuple[str, ...]]] = field(default_factory=list)

    def header(self, name: str) -> str:
        """Return a header field, printable and not longer than any honest one; empty when it is not there."""
        return short(self.headers.get(name, ""), _LONGEST_HEADER)

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError where it is none."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def clock_difference(self, now: float) -> int | None:
        """Return the server's clock (its Date header) minus ours, in seconds."""
        try:
            then = parsedate_to_datetime(self.headers.get("date", ""))
            if then.tzinfo is None:
                then = then.replace(tzinfo=UTC)
            # The header's seconds are cut off, not rounded.
            return round(then.timestamp() + 0.5 - now)
        except (ValueError, TypeError, OverflowError):
            return None

    def words(self) -> tuple[str, str]:
        """Return the error code and message of the body, each empty where there is none.

        Registries answer with the errors of the distribution specification, with ``details``, ``message`` or
        ``error`` alone, with plain text, or with HTML.
        """
        try:
            code, text = _from_json(self.json())
        except ValueError:
            code, text = "", _TAG.sub(" ", self.body[:16_384].decode("utf-8", "replace"))
        return short(code, _LONGEST_CODE), short(text, QUOTE_LIMIT)


def short(text: str, limit: int) -> str:
    """Return a text from outside as one printable line of at most ``limit`` characters, whatever its length."""
    return printable(text[: 8 * limit], limit)


def _from_json(data: Any) -> tuple[str, str]:
    if not isinstance(data, dict):
        return "", data if isinstance(data, str) else ""
    entries = data.get("errors")
    if isinstance(entries, list) and entries:
        first = entries[0]
        if isinstance(first, dict):
            return _text(first.get("code")), _text(first.get("message")) or _text(first.get("detail"))
        return "", _text(first)
    text = next(
        (data[key] for key in ("details", "message", "error_description", "detail") if data.get(key)), ""
    )
    code = _text(data.get("code")) or _text(data.get("error"))
    return (code, _text(text)) if text else ("", code)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def moment(seconds: float) -> str | None:
    """Return a time as Kubernetes prints it, None where it is out of any calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
