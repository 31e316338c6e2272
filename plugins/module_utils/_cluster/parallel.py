# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few calls side by side: the API server works while we wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

THREADS = 4


def map_in_parallel(function: Callable[[A], B], items: Iterable[A], most: int = THREADS) -> list[B]:
    """Return what ``function`` gives for each item, in their order; ``most`` calls at a time."""
    wanted = list(items)
    found: dict[int, B] = {}

    def keep(index: int) -> None:
        found[index] = function(wanted[index])

    in_parallel([partial(keep, index) for index in range(len(wanted))], most=most)
    return [found[index] for index in range(len(wanted))]


def in_parallel(
    calls: Sequence[Callable[[], None]],
    meanwhile: Callable[[], None] | None = None,
    most: int = THREADS,
) -> None:
    """Run ``calls`` on a few threads and wait for all; the first exception, in the order of the calls, is raised.

    ``meanwhile`` is run here, beside them.
    """
    waiting = list(enumerate(calls))[::-1]
    raised: dict[int, BaseException] = {}

    def work() -> None:
        while True:
            try:
                index, call = waiting.pop()
            except IndexError:
                return
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - handed on to the caller
                raised[index] = error

    spare = 0 if meanwhile else 1
    threads = [threading.Thread(target=work, daemon=True) for dummy in range(min(most, len(waiting)) - spare)]
    for thread in threads:
        thread.start()
    if meanwhile:
        meanwhile()
    work()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[min(raised)]
