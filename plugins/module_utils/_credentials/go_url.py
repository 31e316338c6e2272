# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and path of a URL as Go's net/url takes them apart (Go 1.26), for what a kubelet gives it.

Everything is bytes: a percent escape may decode to anything, and Go compares and sorts bytes.
"""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_PORT = re.compile(rb"(?::[0-9]*)?\Z")
_ALNUM = (string.ascii_letters + string.digits).encode()
_PLAIN_HOST_BYTES = frozenset(_ALNUM + b"-_.~!$&'()*+,;=:[]<>\"")
_HOST_BYTES = _PLAIN_HOST_BYTES | {ord("%")} | frozenset(range(0x80, 0x100))
_USER_BYTES = frozenset(_ALNUM + b"-._:~!$&'()*+,;=%@")
_ESCAPED_PERCENT = b"%25"


@dataclass(frozen=True, slots=True)
class Url:
    """Host with its port, and the decoded path; user, query and fragment are gone."""

    host: bytes
    path: bytes


class _Refused(ValueError):
    """Go's url.Parse fails."""


def parse_url(text: bytes) -> Url | None:
    """Return host and path of ``text``, which begins with ``http://`` or ``https://``; None where Go refuses it."""
    try:
        before, _hash, fragment = text.partition(b"#")
        if _CONTROL.search(before):
            raise _Refused
        rest = before.partition(b":")[2].partition(b"?")[0].removeprefix(b"//")
        authority, slash, path = rest.partition(b"/")
        url = Url(_host_of(authority), _unescape(slash + path))
        _unescape(fragment)
    except _Refused:
        return None
    return url


def split_host_port(host: bytes) -> tuple[bytes, bytes]:
    """Return host and port as net.SplitHostPort does, the whole text and no port where that fails."""
    name, colon, port = host.rpartition(b":")
    if not colon:
        return host, b""
    if host.startswith(b"["):
        end = host.find(b"]")
        if end + 1 != len(name) or b"[" in host[1:] or b"]" in host[end + 1 :]:
            return host, b""
        return host[1:end], port
    if b":" in name or b"[" in host or b"]" in host:
        return host, b""
    return name, port


def _host_of(authority: bytes) -> bytes:
    user, at, host = authority.rpartition(b"@")
    if at:
        if not _is_user(user):
            raise _Refused
        _unescape(user)
    opening = host.rfind(b"[")
    if opening > 0:
        raise _Refused
    if opening == 0:
        return _ip_literal(host)
    if host.count(b":") > 1 or (b":" in host and not _PORT.match(host, host.index(b":"))):
        raise _Refused
    return _unescape_host(host)


def _is_user(user: bytes) -> bool:
    return all(byte in _USER_BYTES for byte in user)


def _ip_literal(host: bytes) -> bytes:
    closing = host.rfind(b"]")
    if closing < 0 or not _PORT.match(host, closing + 1):
        raise _Refused
    name = host[1:closing]
    before, percent, zone = name.partition(_ESCAPED_PERCENT)
    address = _unescape_host(before)
    zone = _unescape_zone(zone) if percent else b""
    try:
        ipaddress.IPv6Address(address.decode("ascii"))
    except ValueError:
        raise _Refused from None
    if b"%" in address or (percent and not zone):
        raise _Refused
    return b"[" + address + (b"%" + zone if percent else b"") + b"]" + host[closing + 1 :]


def _unescape(text: bytes) -> bytes:
    """Decode escapes; each ``%`` must be followed by two hexadecimal digits."""
    if b"%" not in text:
        return text

    def decoded(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise _Refused
        return bytes([int(match[1], 16)])

    return _ESCAPE.sub(decoded, text)


def _unescape_host(text: bytes) -> bytes:
    """The same for a host, where only bytes beyond ASCII and the percent sign itself may be escaped."""
    if not all(byte in _HOST_BYTES for byte in text):
        raise _Refused
    for match in _ESCAPE.finditer(text):
        if match[1] is None or (match[0] != _ESCAPED_PERCENT and int(match[1], 16) < 0x80):
            raise _Refused
    return _unescape(text)


def _unescape_zone(text: bytes) -> bytes:
    """The same for the zone of an IPv6 address: what could be written plainly may be escaped, and blanks."""
    if not all(byte in _HOST_BYTES for byte in text):
        raise _Refused
    for match in _ESCAPE.finditer(text):
        if match[1] is None:
            raise _Refused
        plain = int(match[1], 16)
        if plain not in _PLAIN_HOST_BYTES and plain != 0x20 and match[0] != _ESCAPED_PERCENT:
            raise _Refused
    return _unescape(text)
