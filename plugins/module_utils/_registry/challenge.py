# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry asks for: the header WWW-Authenticate (RFC 9110, 11.6.1; distribution's token authentication).

Registries leave quotes out (gcr.io), send several challenges in one field or in several, write ``BASIC``, and put
commas into a quoted scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Challenge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import short

_MOST = 8192
_LONGEST = 1024
_SCHEME = re.compile(r"[ \t,]*([A-Za-z][A-Za-z0-9_-]*)(?=[ \t,]|$)[ \t]*")
_PARAMETER = re.compile(
    r"[ \t,]*([A-Za-z0-9_.-]+)[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|([^,\"]*))[ \t]*"
)
_ESCAPED = re.compile(r"\\(.)")
_KNOWN = ("bearer", "basic")


def parse_challenges(fields: Iterable[str]) -> tuple[Challenge, ...]:
    """Return the challenges of all fields, in their order; what cannot be read is left out."""
    return tuple(challenge for field in fields for challenge in _parse(field[:_MOST]))


def best_challenge(fields: Iterable[str]) -> Challenge | None:
    """Return the challenge that a runtime answers: Bearer before Basic, as containerd does; None without any."""
    found = parse_challenges(fields)
    for scheme in _KNOWN:
        for challenge in found:
            if challenge.scheme == scheme and (scheme == "basic" or challenge.realm):
                return challenge
    return found[0] if found else None


def _parse(field: str) -> Iterator[Challenge]:
    position = 0
    while match := _SCHEME.match(field, position):
        scheme, position = match[1].lower(), match.end()
        parameters: dict[str, str] = {}
        while pair := _PARAMETER.match(field, position):
            quoted, plain = pair[2], pair[3]
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain.strip()
            parameters.setdefault(pair[1].lower(), short(value, _LONGEST))
            position = pair.end()
        names = ("realm", "service", "scope", "error")
        yield Challenge(scheme, **{name: parameters.get(name, "") for name in names})
        if match.end() == position and position >= len(field):
            return
