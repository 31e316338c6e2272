# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One first, then all: what many threads would otherwise find out at once, each at the same price."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Gate(Generic[T]):
    """Lets one through alone until it is known how it fared.

    A login that is refused for good is not offered again, because failed logins lock accounts and ban addresses:
    everybody else gets the same refusal.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._refusal: T | None = None

    def through(self, ask: Callable[[], T], refused_for_good: Callable[[T], bool]) -> T:
        """Return what ``ask`` gives, or the refusal that stands. Whatever ``ask`` raises leaves the gate as it was."""
        if not self._open:
            with self._lock:
                if not self._open:
                    answer = ask()
                    self._settle(answer, refused_for_good)
                    return answer
        if self._refusal is not None:
            return self._refusal
        answer = ask()
        self._settle(answer, refused_for_good)
        return answer

    def _settle(self, answer: T, refused_for_good: Callable[[T], bool]) -> None:
        if refused_for_good(answer):
            self._refusal = answer
        self._open = True


class Gates(Generic[T]):
    """A gate for each of many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[object, Gate[T]] = {}

    def of(self, who: object) -> Gate[T]:
        """Return the gate of ``who``."""
        with self._lock:
            return self._gates.setdefault(who, Gate())
