# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One message, several errors: the attempts with several credentials, the mirrors and the origin.

The kubelet pulls once for each credential and joins the distinct errors as ``[a, b]``
(k8s.io/apimachinery ``errors.NewAggregate``). CRI-O's library prints ``(Mirrors also failed: [ref: error]):
ref: error`` (containers/image ``docker_image_src.go``), and CRI-O itself, since it can pull artifacts,
``pull image err: a; artifact err: b`` (cri-o ``internal/storage/image.go``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.patterns import compiled


class Role(StrEnum):
    """Whose error a part is."""

    ATTEMPT = "attempt"
    MIRROR = "mirror"
    ORIGIN = "origin"
    ARTIFACT = "artifact"


@dataclass(frozen=True, slots=True)
class Part:
    """One error of several; ``reference`` is the image at the mirror or origin that it is about.

    ``start``: where the group of errors begins in the text that was split.
    """

    role: Role
    text: str
    reference: str | None = None
    start: int = 0


# How an error begins. A comma inside one error ("pull access denied, repository does not exist") is followed
# by something else.
_OPENING = (
    r"(?i)(?:failed |error|unable |cannot |could not |initializing source |reading |pinging |copying |writing |"
    r"pulling |pull access denied |pull |(?:get|head|post|put) [\"']?https?:|(?:Get|Head|Post) |parsing |"
    r"registryunavailable|signaturevalidationfailed|source image rejected|net/http: |dial tcp|proxyconnect|"
    r"unauthorized|unauthenticated|denied|toomanyrequests|too many requests|manifest (?:for|unknown)|"
    r"no (?:matching|match|basic|image|such)|context (?:deadline|canceled)|unknown: |name unknown|x509: |tls: |"
    r"eof\b|unexpected |lookup |received unexpected|repository .{1,200}? not found|choosing |"
    r"requesting bearer|trying to |\(mirrors also failed|API error|invalid |requested access)"
)
_AGGREGATE = r"(?:^|[:\s\"(])\[(?=\S)"
_MIRRORS = r"(?i)\(Mirrors also failed: \["
_MIRROR_ENTRY = r"(?:^|[\s;])(?P<ref>[A-Za-z0-9<\[][^\s\"/]*/[^\s\"]*[:@][^\s\"]+): "
_ORIGIN = r"^\W{0,3}(?P<ref>[^\s\"]+/[^\s\"]+): "
_ARTIFACT = r"(?i)pull image err: (?P<image>.*?); artifact err: (?P<artifact>.*)"
_MAX_PARTS = 24


def split(text: str) -> tuple[Part, ...]:
    """The single errors of ``text`` in their order; empty when it is one error."""
    mirrors = _split_mirrors(text)
    if mirrors:
        return mirrors
    artifact = compiled(_ARTIFACT).search(text)
    if artifact:
        start = artifact.start()
        return (
            Part(Role.ATTEMPT, artifact["image"], None, start),
            Part(Role.ARTIFACT, artifact["artifact"], None, start),
        )
    return _split_aggregate(text)


def _split_mirrors(text: str) -> tuple[Part, ...]:
    start = compiled(_MIRRORS).search(text)
    if start is None:
        return ()
    end = _closing(text, start.end() - 1)
    inside = text[start.end() : end]
    parts = []
    entries = list(islice(compiled(_MIRROR_ENTRY).finditer(inside), _MAX_PARTS))
    stops = [*(entry.start() for entry in entries[1:]), len(inside)]
    for entry, stop in zip(entries, stops, strict=False):
        parts.append(Part(Role.MIRROR, inside[entry.end() : stop].strip(), entry["ref"], start.start()))
    if not entries:
        parts.append(Part(Role.MIRROR, inside.strip(), None, start.start()))
    rest = text[end + 1 :].lstrip(")]: ")
    origin = compiled(_ORIGIN).match(rest)
    if origin:
        parts.append(Part(Role.ORIGIN, rest[origin.end() :].strip(), origin["ref"]))
    elif rest.strip(" .)"):
        parts.append(Part(Role.ORIGIN, rest.strip()))
    return tuple(parts)


def _split_aggregate(text: str) -> tuple[Part, ...]:
    for start in islice(compiled(_AGGREGATE).finditer(text), _MAX_PARTS):
        if not compiled(_OPENING).match(text, start.end()):
            continue
        end = _closing(text, start.end() - 1)
        pieces = _split_commas(text, start.end(), end)
        if len(pieces) > 1:
            return tuple(Part(Role.ATTEMPT, piece, None, start.start()) for piece in pieces)
    return ()


def _split_commas(text: str, start: int, end: int) -> list[str]:
    """The errors between two positions: split at commas behind which an error begins."""
    pieces: list[str] = []
    position = begin = start
    depth = 0
    while position < end and len(pieces) < _MAX_PARTS:
        character = text[position]
        if character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
        elif (
            character == ","
            and depth <= 0
            and text.startswith(" ", position + 1)
            and compiled(_OPENING).match(text, position + 2)
        ):
            pieces.append(text[begin:position].strip())
            begin = position + 2
        position += 1
    pieces.append(text[begin:end].strip())
    return [piece for piece in pieces if piece]


def _closing(text: str, opening: int) -> int:
    """The position of the bracket that closes the one at ``opening``; the end of a text that is cut."""
    depth = 0
    for position in range(opening, len(text)):
        if text[position] == "[":
            depth += 1
        elif text[position] == "]":
            depth -= 1
            if depth == 0:
                return position
    return len(text)
