# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools that failed by themselves, without a word from the network: no processes left, no memory, a missing library.

A node that is short of something is just where that happens, and where it must not look as if a host had refused.
"""

from __future__ import annotations

import re

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_NOT_RUN = frozenset({126, 127, 134, 135, 137, 139})
"""The shell's codes for what could not be started, and for a program that was killed or crashed (128 and the signal).
A program that is ended by its own limit has 124 instead."""

# curl(1), EXIT CODES: unsupported protocol, failed initialisation, a feature that is not built in, trouble with reading
# and writing here, no memory, a wrong call, an unknown option, and no certificates to check with.
_CURLS_OWN = frozenset({1, 2, 4, 23, 26, 27, 43, 48, 77})

_WORDS = re.compile(
    r"fork:|resource temporarily unavailable|cannot allocate|out of memory|too many open files|no space left"
    r"|shared librar|command not found|cannot execute|exec format"
    r"|usage:|(?:unknown|unrecognized|invalid|illegal) option"
    r"|error setting certificate|unable to (?:load|get local) (?:certs|crl)|can't open .* for reading",
    re.I,
)


def own_failure(words: str, exit_code: int | None, tool: str = "") -> str:
    """Return how a tool failed by itself, in words for ``not_checked``; an empty text where the network spoke."""
    found = _WORDS.search(words)
    if found:
        line = next((line for line in words.splitlines() if _WORDS.search(line)), found[0])
        return f"the node's own tool failed: {printable(line, 160)}"
    if exit_code in _NOT_RUN or (tool == "curl" and exit_code in _CURLS_OWN):
        return f"the node's own tool failed (exit code {exit_code})"
    return ""
