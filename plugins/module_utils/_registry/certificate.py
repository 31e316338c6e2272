# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate as DER (RFC 5280) into the facts that a person needs, whether it is trusted or not.

The ssl module tells names and times only of certificates that it trusts; this reads them from any.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CertificateFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import short

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]{1,65536})-----END CERTIFICATE-----")
_LONGEST_NAME = 256
_MOST_NAMES = 50
_SEQUENCE, _SET, _OID, _UTC_TIME, _EXTENSIONS = 0x30, 0x31, 0x06, 0x17, 0xA3
_SUBJECT_ALT_NAME = bytes((0x55, 0x1D, 0x11))
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_ATTRIBUTES = {
    bytes((0x55, 0x04, 0x03)): "CN",
    bytes((0x55, 0x04, 0x0A)): "O",
    bytes((0x55, 0x04, 0x0B)): "OU",
    bytes((0x55, 0x04, 0x06)): "C",
}


def certificates(text: str, most: int = 100) -> list[bytes]:
    """Return the certificates of a PEM text (RFC 7468) as DER; what does not decode is left out, as Go does."""
    found: list[bytes] = []
    for match in _PEM.finditer(text):
        try:
            found.append(base64.b64decode("".join(match[1].split()), validate=True))
        except (binascii.Error, ValueError):
            continue
        if len(found) == most:
            break
    return found


def certificate_fact(
    host: str, der: bytes | None, trusted: bool | None = None, problem: str = ""
) -> CertificateFact:
    """Return what ``der`` says; of bytes that are no certificate only host, trust and problem."""
    if der:
        try:
            return _read(host, der, trusted, problem)
        except (ValueError, IndexError):
            problem = problem or "the certificate cannot be read"
    return CertificateFact(host, trusted=trusted, problem=problem)


def _read(host: str, der: bytes, trusted: bool | None, problem: str) -> CertificateFact:
    fields = list(_children(_inside(_inside(der))))
    if fields[0][0] == 0xA0:
        fields = fields[1:]  # the version, which the oldest certificates leave out
    issuer, validity, subject = fields[2][1], fields[3][1], fields[4][1]
    times = [_time(tag, content) for tag, content in _children(validity)]
    return CertificateFact(
        host=host,
        subject=_name(subject),
        issuer=_name(issuer),
        names=_alternative_names(fields[5:]),
        not_before=times[0],
        not_after=times[1],
        trusted=trusted,
        problem=problem,
    )


def _children(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give tag and content of each element."""
    position = 0
    while position < len(content):
        tag, length, position = content[position], content[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise ValueError("length")
            length, position = int.from_bytes(content[position : position + size], "big"), position + size
        if position + length > len(content):
            raise ValueError("cut off")
        yield tag, content[position : position + length]
        position += length


def _inside(content: bytes) -> bytes:
    tag, inner = next(_children(content), (0, b""))
    if tag != _SEQUENCE:
        raise ValueError("not a sequence")
    return inner


def _name(content: bytes) -> str:
    parts = []
    for dummy, relative in _children(content):
        for dummy, pair in _children(relative):
            (dummy, oid), (tag, value) = tuple(_children(pair))[:2]
            if oid in _ATTRIBUTES:
                text = value.decode("utf-16-be" if tag == 0x1E else "utf-8", "replace")
                parts.append(f"{_ATTRIBUTES[oid]}={text}")
    return short(", ".join(reversed(parts)), _LONGEST_NAME)


def _time(tag: int, content: bytes) -> str:
    """UTCTime has two digits for the year (RFC 5280, 4.1.2.5.1): from 50 on those of the last century."""
    digits = content.decode("ascii").rstrip("Z")
    if tag == _UTC_TIME:
        digits = ("19" if int(digits[:2]) >= 50 else "20") + digits
    if len(digits) < 14 or not digits[:14].isdigit():
        raise ValueError("time")
    date, clock = (
        f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}",
        f"{digits[8:10]}:{digits[10:12]}:{digits[12:14]}",
    )
    return f"{date}T{clock}Z"


def _alternative_names(rest: list[tuple[int, bytes]]) -> tuple[str, ...]:
    names: list[str] = []
    for tag, content in rest:
        if tag != _EXTENSIONS:
            continue
        for dummy, extension in _children(_inside(content)):
            parts = list(_children(extension))
            if parts[0] == (_OID, _SUBJECT_ALT_NAME):
                names += [_alternative_name(*entry) for entry in _children(_inside(parts[-1][1]))]
    return tuple(name for name in names if name)[:_MOST_NAMES]


def _alternative_name(tag: int, content: bytes) -> str:
    if tag == _DNS_NAME:
        return short(content.decode("ascii", "replace"), _LONGEST_NAME)
    if tag == _IP_ADDRESS and len(content) in (4, 16):
        return str(ipaddress.ip_address(content))
    return ""
