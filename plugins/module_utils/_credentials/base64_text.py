# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base64 as Go's encoding/base64 reads it, and what a kubelet makes of an ``auth`` field.

Python's b64decode skips whatever it does not know; Go tolerates line breaks and nothing else.
"""

from __future__ import annotations

import binascii

_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BREAKS = frozenset(b"\r\n")
_PAD = ord("=")
_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Go's unicode.IsSpace; Python's str.strip takes four control characters more."""

NO_COLON = "unable to parse auth field, must be formatted as base64(username:password)"


class Corrupt(ValueError):
    """No base64; the message is Go's own."""

    def __init__(self, position: int) -> None:
        super().__init__(f"illegal base64 data at input byte {position}")


def decode_auth(field: str) -> tuple[str, str]:
    """Return user name and password of an ``auth`` field (config.go, decodeDockerConfigFieldAuth).

    Bytes that are no UTF-8 become lone surrogates (PEP 383). Raises Corrupt, or ValueError with Go's words where
    there is no colon.
    """
    content = decode(field.encode(), padded=field.strip(_WHITE_SPACE).endswith("="))
    username, colon, password = content.decode("utf-8", "surrogateescape").partition(":")
    if not colon:
        raise ValueError(NO_COLON)
    return username, password


def decode(text: bytes, *, padded: bool) -> bytes:
    """Return what ``text`` encodes in the standard alphabet. Raises Corrupt with the place that Go names."""
    digits = bytearray()
    at, size = 0, len(text)
    while at < size:
        byte = text[at]
        at += 1
        if byte in _ALPHABET:
            digits.append(byte)
        elif byte not in _BREAKS:
            if not padded or byte != _PAD:
                raise Corrupt(at - 1)
            _check_padding(text, at, len(digits) % 4)
            return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    rest = len(digits) % 4
    if rest == 1 or (rest and padded):
        raise Corrupt(size - rest)
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _check_padding(text: bytes, at: int, digits: int) -> None:
    """Check what stands behind the first ``=``; ``digits`` of the last group of four came before it."""
    if digits < 2:
        raise Corrupt(at - 1)
    if digits == 2:
        at = _after_breaks(text, at)
        if at == len(text):
            raise Corrupt(at)
        if text[at] != _PAD:
            raise Corrupt(at - 1)
        at += 1
    at = _after_breaks(text, at)
    if at < len(text):
        raise Corrupt(at)


def _after_breaks(text: bytes, at: int) -> int:
    while at < len(text) and text[at] in _BREAKS:
        at += 1
    return at
