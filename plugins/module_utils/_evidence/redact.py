# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of the evidence: texts lose them on the way in, and what was taken out is counted by kind.

Nothing here looks at the meaning of a text. A message of a kubelet or runtime can carry a signed URL, a proxy's
password, a token in a header or a registry's token in a query; all of them have a form of their own.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Any

MARK = "<redacted>"
LONGEST_TEXT = 16_384
_KEPT_HEAD = 12_288
_KEPT_TAIL = 2_048

_SHORTEST_SECRET = 12
# Values of a token request and of a registry mirror request that say what was asked for, and by no means who asks.
_HARMLESS_QUERY = frozenset({"scope", "service", "ns", "n", "last", "digest", "mount", "from"})

_URL_USER = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,15}://)(?P<user>[^\s/@\"'<>]{1,512})@")
_URL_QUERY = re.compile(
    r"(?P<start>[?&](?:amp;)?)(?P<key>[A-Za-z0-9_.~-]{1,64})=(?P<value>[^\s&\"'<>;,)\]\\]{1,8192})"
)
_HEADER = re.compile(
    r"(?P<start>\bauthorization\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?)"
    r"(?P<value>(?:bearer|basic|digest|negotiate|ntlm|aws4-hmac-sha256) [^\s\"'\\]{4,8192}"
    r"|[A-Za-z0-9+/=._~-]{20,8192})",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(?P<start>(?:bearer|basic) )(?P<value>[A-Za-z0-9+/=._~-]{16,8192})", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<start>(?:password|passwd|secret_?key|api_?key|access_?key|client_?secret|private_?key|credentials?"
    r"|token|(?<![a-z])auth)\\?[\"']?\s{0,3}[=:]\s{0,3}\\?[\"']?)(?P<value>[^\s\"'\\,;&}]{6,8192})",
    re.IGNORECASE,
)
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "json web token",
        re.compile(r"\beyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8192}(?:\.[A-Za-z0-9_-]{0,4096})?"),
    ),
    ("access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    (
        "access token",
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_.-]{16,255}"
            r"|gldt-[A-Za-z0-9_.-]{16,255}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,255}|ya29\.[A-Za-z0-9_.-]{16,1024}"
            r"|npm_[A-Za-z0-9]{20,255}|xox[abprs]-[A-Za-z0-9-]{10,255})"
        ),
    ),
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?"
        ),
    ),
)
# A word that must be there (lower case) for any of the rules to match: most texts are done after this one search.
_WORTH_A_LOOK = re.compile(
    r"[?&]|://[^\s/]*@|authorization|bearer |basic |passw|key|token|secret|credential|auth\\?[\"']?\s{0,3}[=:]"
    r"|eyj|akia|asia|gh[pousr]_|github_pat|glpat|gldt|dckr_|ya29|npm_|xox|begin ",
    re.IGNORECASE,
)
# Behind these the field's own messages go on with plain words: "failed to fetch anonymous token: unexpected status".
_WORDY = re.compile(r"(?:token|credentials?|auth)\b", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"(?:[a-z]{1,20}[.:]?|https?://\S*)\Z")


@functools.lru_cache(maxsize=4096)
def redact_text(text: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Return ``text`` without what looks like a secret, and how many of each kind were taken out.

    A text beyond ``LONGEST_TEXT`` characters keeps its head and tail; characters that are not valid Unicode
    become U+FFFD, so that the result can always be written as UTF-8.
    """
    counts: Counter[str] = Counter()
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) > LONGEST_TEXT:
        counts["overlong text"] += 1
        cut = len(text) - _KEPT_HEAD - _KEPT_TAIL
        text = f"{text[:_KEPT_HEAD]} … [{cut} characters left out] … {text[-_KEPT_TAIL:]}"
    if not _WORTH_A_LOOK.search(text):
        return text, tuple(counts.items())
    for kind, pattern in _FORMS:
        text, found = pattern.subn(MARK, text)
        counts[kind] += found
    text = _URL_USER.sub(lambda match: _counted(counts, "URL user", match["scheme"] + MARK + "@"), text)
    text = _HEADER.sub(lambda match: _replace(counts, "authorization header", match), text)
    text = _SCHEME.sub(lambda match: _replace(counts, "authorization header", match), text)
    text = _URL_QUERY.sub(lambda match: _query(counts, match), text)
    text = _NAMED.sub(lambda match: _named(counts, match), text)
    return text, tuple((kind, count) for kind, count in counts.items() if count)


def _counted(counts: Counter[str], kind: str, replacement: str) -> str:
    counts[kind] += 1
    return replacement


def _replace(counts: Counter[str], kind: str, match: re.Match[str]) -> str:
    if MARK in match["value"]:
        return match[0]
    return _counted(counts, kind, match["start"] + MARK)


def _query(counts: Counter[str], match: re.Match[str]) -> str:
    if match["key"].lower() in _HARMLESS_QUERY or MARK in match["value"]:
        return match[0]
    return _counted(counts, "URL query value", f"{match['start']}{match['key']}={MARK}")


def _named(counts: Counter[str], match: re.Match[str]) -> str:
    if MARK in match["value"] or (_WORDY.match(match["start"]) and _PLAIN_WORD.match(match["value"])):
        return match[0]
    return _counted(counts, "named secret", match["start"] + MARK)


class Redactor:
    """Redacts whole records and remembers what was taken out, by kind, and nothing of its content."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def clean(self, value: Any) -> Any:
        """Return ``value`` (JSON values) with every text in it redacted, keys of objects included."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        return value

    def _text(self, text: str) -> str:
        if len(text) < _SHORTEST_SECRET and text.isascii():
            return text
        cleaned, found = redact_text(text)
        for kind, count in found:
            self.counts[kind] += count
        return cleaned
