# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a credential says of itself: when it expires, what kind it is, and what is odd about it.

Sources: RFC 7519 (JWT, ``exp``); Amazon ECR's authorization token, a base64 JSON with ``expiration`` that is valid
for 12 hours; Azure's ACR refresh tokens, which are JWTs under an all-zero user name; the prefixes that GitHub,
GitLab, Docker and Google document for their tokens.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import json
import time
from dataclasses import dataclass
from typing import Any

LONGEST = 65_536
"""Longer passwords are not looked into; a token has some thousand characters."""

_LAST_SECOND = 253_402_300_799
_ACR_USER = "00000000-0000-0000-0000-000000000000"
_GCP_KEY_USERS = ("_json_key", "_json_key_base64")
_SHORT_LIVED = (
    ("ghs_", "a token of a GitHub App or workflow: it lives one hour at most, and ends with its job"),
    ("ya29.", "an access token of Google: it lives one hour"),
    ("glcbt-", "a job token of GitLab: it ends with its job"),
)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a credential expires (null: it does not say), and what else is to be known of it, in clauses."""

    expires_at: str | None = None
    remarks: tuple[str, ...] = ()

    def expired(self, now: str) -> bool:
        """Return whether it has expired at ``now``."""
        return self.expires_at is not None and self.expires_at <= now


def lifetime_of(username: str, password: str) -> Lifetime:
    """Return what user name and password say of themselves; nothing of either is in the result."""
    remarks = []
    if any("\ud800" <= character <= "\udfff" for character in username + password):
        remarks.append("user name or password is no valid UTF-8: a kubelet cannot hand it to the runtime")
    if password != password.rstrip("\r\n"):
        remarks.append("the password ends with a line break")
    if username != username.strip():
        remarks.append("the user name begins or ends with white space")
    if username == "gitlab-ci-token":
        remarks.append("a job token of GitLab: it ends with its job")
    remarks += [words for prefix, words in _SHORT_LIVED if password.startswith(prefix)]
    if username in _GCP_KEY_USERS and not _is_gcp_key(username, password):
        remarks.append(f"the password is not the JSON key that the user name {username} promises")
    if username == _ACR_USER and not password:
        remarks.append(
            "a token login of Azure that left the password empty: only its identity token would count"
        )
    expires_at = _expiry(username, password.strip())
    return Lifetime(expires_at, tuple(remarks))


def _expiry(username: str, password: str) -> str | None:
    if not password or len(password) > LONGEST:
        return None
    claims = _jwt_claims(password)
    if claims is not None:
        return _moment(claims.get("exp"))
    if username == "AWS":
        inside = _json_object(_decoded(password))
        return _moment(inside.get("expiration")) if inside else None
    return None


def _jwt_claims(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) not in (3, 5) or not token.startswith("eyJ"):
        return None
    return _json_object(_decoded(parts[1])) or {}


def _is_gcp_key(username: str, password: str) -> bool:
    text = password if username == "_json_key" else _decoded(password)
    key = _json_object(text)
    return key is not None and "private_key" in key


def _decoded(text: str) -> bytes:
    digits = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    except (binascii.Error, ValueError):
        return b""


def _json_object(text: str | bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _moment(seconds: Any) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= _LAST_SECOND:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(seconds)))


def seconds_until(expires_at: str, now: str) -> int:
    """Return the seconds from ``now`` to ``expires_at``, negative when it has passed."""
    form = "%Y-%m-%dT%H:%M:%SZ"
    return calendar.timegm(time.strptime(expires_at, form)) - calendar.timegm(time.strptime(now, form))
