# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP as curl, openssl, bash or wget tell of it, straight and through the runtime's proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tls import (
    Clock,
    Handshake,
    span,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tools import own_failure
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SLOW_HTTP = 2.0
CLOCK_TOLERANCE = 60
_STATUS = re.compile(r"(?:^|[\s])HTTP/[0-9.]{1,3} (\d{3})\b")
_DATE = re.compile(r"^\s*date:\s*([^\r\n]{10,60})", re.I | re.M)
_EXIT = re.compile(r"net_exit (\d{1,3})\s*\Z")
_CURL = re.compile(r"^net_curl (\d{3}) (\d{3}) ([0-9.,]+) ([0-9.,]+) ([0-9.,]+)", re.M)
_ERROR = re.compile(r"^curl: \(\d+\) (.+)$", re.M)
_TIMED_OUT, _NO_PROXY_NAME, _NO_CONNECTION, _HANDSHAKE, _RESET = 28, 5, 7, 35, frozenset({52, 55, 56})
_UNTRUSTED = frozenset({51, 60, 83, 90, 91})
_DENIED = 403
_LOGIN = 407


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of a request. ``outcome`` is one of HopFact's for http, or ``tls`` where it got no further than that.

    ``tunnel`` is the proxy's answer to CONNECT; ``clock_difference`` by how much the node's clock is ahead of the
    server's, in seconds.
    """

    outcome: str
    text: str = ""
    cause: str = ""
    status: int | None = None
    tunnel: int | None = None
    seconds: float | None = None
    clock_difference: int | None = None
    exit_code: int | None = None


def spoken(words: str, scheme: str, clock: Clock, tool: str = "curl") -> Spoken:
    """Return what a request straight to a host came to; never raises."""
    exit_code, seconds, dummy, status = _figures(words)
    if status is None and tool == "wget" and scheme == "https":
        return _by_poor_tls(words, exit_code)
    if status is None:
        return _no_status(words, exit_code, seconds)
    ahead = _clock_difference(words, clock)
    text, outcome, cause = f"HTTP {status}", "ok", ""
    if status >= 500:
        outcome, cause = "server_error", "registry_server_error"
    elif status == 429:
        text = "HTTP 429: the host limits requests"
    elif status == 400 and scheme == "http":
        outcome, cause = "failed", "http_https_mismatch"
        text = "HTTP 400 to a request without TLS: the host may want HTTPS"
    elif seconds is not None and seconds >= SLOW_HTTP:
        outcome = "slow"
    if ahead is not None and abs(ahead) > CLOCK_TOLERANCE:
        text += f"; the node's clock is {span(ahead)} of the host's"
    return Spoken(outcome, text, cause, status, None, seconds, ahead, exit_code)


def _no_status(words: str, exit_code: int | None, seconds: float | None) -> Spoken:
    said = _error(words)
    failure = own_failure(said or words, exit_code, "curl")
    if failure:
        return Spoken("not_checked", failure, seconds=seconds, exit_code=exit_code)
    if exit_code in (_TIMED_OUT, 124):
        return Spoken(
            "timeout", "no answer to GET /v2/ came in time", "timeout", seconds=seconds, exit_code=exit_code
        )
    if exit_code in _UNTRUSTED or exit_code == _HANDSHAKE:
        return Spoken("tls", said, seconds=seconds, exit_code=exit_code)
    if exit_code in _RESET or re.search(r"reset by peer|empty reply|closed", said, re.I):
        return Spoken("reset", said or "the connection was closed", "network_unreachable", seconds=seconds)
    return Spoken(
        "failed", said or "no HTTP came back", "network_unreachable", seconds=seconds, exit_code=exit_code
    )


def _by_poor_tls(words: str, exit_code: int | None) -> Spoken:
    """What wget's own TLS failed at (busybox has one that knows few ciphers) tells little of the runtime's."""
    if re.search(r"bad TLS record[^\n]*\s+48 54 54 50", words):
        return Spoken("tls", "not_tls")
    if exit_code == 124:
        return Spoken("timeout", "no answer to GET /v2/ came in time", "timeout", exit_code=exit_code)
    return Spoken("not_checked", f"only wget is there, whose TLS did not get through: {_error(words)}")


def curl_handshake(words: str, host: str) -> Handshake:
    """Return what curl, which verified as the runtime does, tells of TLS; it shows no certificates."""
    exit_code, dummy, dummy, status = _figures(words)
    said = _error(words)
    low = said.lower()
    if status is not None or exit_code in (0, 52, 55, 56):
        return Handshake("ok")
    failure = own_failure(said, exit_code, "curl")
    if failure:
        return Handshake("not_checked", failure)
    if exit_code in _UNTRUSTED:
        if "expired" in low:
            return Handshake("expired", f"the certificate of {host} expired", "tls_expired")
        if "not yet valid" in low:
            return Handshake("not_yet_valid", f"the certificate of {host} is not valid yet", "tls_expired")
        if "subject name" in low or "host name" in low or "hostname" in low:
            return Handshake(
                "name_mismatch", f"the certificate of {host} is for other names", "tls_name_mismatch"
            )
        return Handshake("untrusted", f"the certificate of {host} is not trusted: {said}", "tls_untrusted")
    if exit_code in (_TIMED_OUT, 124):
        return Handshake("timeout", "the handshake hangs", "timeout")
    if "wrong version number" in low or "unknown protocol" in low or "packet length" in low:
        return Handshake("not_tls", "what answers there does not speak TLS", "http_https_mismatch")
    if "reset" in low or "eof" in low or "syscall" in low:
        return Handshake("reset", "the connection was closed in the handshake", "network_unreachable")
    return Handshake("failed", said or "the handshake failed", "network_unreachable")


@dataclass(frozen=True, slots=True)
class ByProxy:
    """What came of a request through the proxy: the proxy itself, then TLS and HTTP behind it where it got so far."""

    outcome: str
    text: str
    status: int | None = None
    seconds: float | None = None
    tls: Handshake | None = None
    http: Spoken | None = None


def by_proxy(words: str, scheme: str, host: str, tool: str, clock: Clock) -> ByProxy:
    """Return how the runtime's proxy treats a host; never raises."""
    exit_code, seconds, tunnel, status = _figures(words)
    said = _error(words)
    first = _STATUS.search(words)
    if tool == "connect":
        tunnel = int(first[1]) if first else None
    answer = status if scheme == "http" else tunnel
    if answer == _LOGIN:
        return ByProxy(
            "login", f"the proxy wants a login (407) before it opens the way to {host}", answer, seconds
        )
    if answer == _DENIED and scheme == "https":
        return ByProxy("denied", f"the proxy denies {host} (403)", answer, seconds)
    failure = "" if answer else own_failure(said, exit_code, tool)
    if failure:
        return ByProxy("not_checked", failure, None, seconds)
    if exit_code in (_TIMED_OUT, 124) and _never_connected(words):
        return ByProxy(
            "timeout", "the proxy does not answer: packets to it are dropped in silence", None, seconds
        )
    if exit_code == _NO_PROXY_NAME:
        return ByProxy("failed", "the name of the proxy cannot be resolved", None, seconds)
    unreachable = re.search(r"refused|no route|unreachable", said or words, re.I) is not None
    if exit_code == _NO_CONNECTION or (unreachable and not answer):
        return ByProxy(
            "refused", f"the proxy cannot be reached: {said or printable(words, 160)}", None, seconds
        )
    if scheme == "https" and (answer is None or not 200 <= answer < 300):
        if answer:
            return ByProxy("failed", f"the proxy answers {answer} to CONNECT for {host}", answer, seconds)
        if exit_code in (_TIMED_OUT, 124):
            return ByProxy("timeout", f"the proxy does not answer, or does not reach {host}", None, seconds)
        return ByProxy("failed", said or "the proxy gave no answer to CONNECT", None, seconds)
    if scheme == "http" and answer is None:
        outcome = "timeout" if exit_code in (_TIMED_OUT, 124) else "failed"
        return ByProxy(outcome, said or "no answer came through the proxy", None, seconds)
    if tool == "connect":
        return ByProxy("ok", "the proxy opens the way", answer, seconds)
    tls = curl_handshake(words, host) if scheme == "https" else None
    http = spoken(words, scheme, clock) if tls is None or tls.outcome == "ok" else None
    return ByProxy("ok", "the proxy opens the way", answer, seconds, tls, http)


def _figures(words: str) -> tuple[int | None, float | None, int | None, int | None]:
    """Return exit code, seconds to the first byte, the proxy's answer to CONNECT, and the status."""
    ended = _EXIT.search(words)
    exit_code = int(ended[1]) if ended else None
    figures = _CURL.search(words)
    if figures:
        status, tunnel = int(figures[1]) or None, int(figures[2]) or None
        return exit_code, _float(figures[5]) or None, tunnel, status
    found = _STATUS.findall(words)
    return exit_code, None, None, int(found[-1]) if found else None


def _never_connected(words: str) -> bool:
    figures = _CURL.search(words)
    return figures is not None and _float(figures[3]) == 0


def _error(words: str) -> str:
    found = _ERROR.search(words)
    if found:
        return printable(found[1], 200)
    text = re.sub(r"net_exit \d+|^net_curl .*$", "", words, flags=re.M)
    return "" if _STATUS.search(text) else printable(text, 200)


def _clock_difference(words: str, clock: Clock) -> int | None:
    found = _DATE.findall(words)
    if not found or clock.node is None:
        return None
    try:
        then = parsedate_to_datetime(found[-1].strip())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    # Both are cut off to the second.
    return round(clock.node - then.timestamp())


def _float(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return 0.0
