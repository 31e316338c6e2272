# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deadlines that hold even against a peer that sends one byte a second.

A socket's time-out begins anew with each byte, so it does not end a body, a header or a handshake that trickles.
One thread shuts down the sockets whose time is over; whoever reads from them then sees the end of the stream.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator

_IDLE_SECONDS = 5.0


class Deadline:
    """A moment on the monotonic clock; ``shortened`` where another deadline comes first and is meant instead."""

    __slots__ = ("end", "seconds", "shortened")

    def __init__(self, seconds: float, within: Deadline | None = None) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds
        self.shortened = within is not None and within.end < self.end
        if within is not None and self.shortened:
            self.end, self.seconds = within.end, within.seconds

    @property
    def left(self) -> float:
        """The seconds that are left, at least a thousandth: a time-out of zero would mean none at all."""
        return max(self.end - time.monotonic(), 0.001)

    @property
    def passed(self) -> bool:
        """Whether it is too late."""
        return time.monotonic() >= self.end


class Watchdog:
    """Shuts sockets down when their time is over."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._heap: list[tuple[float, int]] = []
        self._watched: dict[int, socket.socket] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watching(self, sock: socket.socket, deadline: Deadline) -> Iterator[None]:
        """Shut ``sock`` down if the block is not done when ``deadline`` passes."""
        number = next(self._numbers)
        with self._condition:
            self._watched[number] = sock
            heapq.heappush(self._heap, (deadline.end, number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="registry-watchdog")
                self._thread.start()
            if self._heap[0][1] == number:
                self._condition.notify()
        try:
            yield
        finally:
            with self._condition:
                self._watched.pop(number, None)

    def _run(self) -> None:
        with self._condition:
            while True:
                while self._heap and self._heap[0][1] not in self._watched:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._condition.wait(_IDLE_SECONDS)
                    if not self._heap:
                        self._thread = None
                        return
                    continue
                wait = self._heap[0][0] - time.monotonic()
                if wait > 0:
                    self._condition.wait(wait)
                    continue
                self._shut(self._watched.pop(heapq.heappop(self._heap)[1]))

    @staticmethod
    def _shut(sock: socket.socket) -> None:
        # Not the method of SSLSocket, which would take the TLS state from under the reader.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
