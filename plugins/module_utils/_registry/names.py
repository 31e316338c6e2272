# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names into addresses, within a deadline and once for all questions."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import DNS, Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

_MOST_ADDRESSES = 8
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class Names:
    """Addresses of hosts. getaddrinfo knows no deadline, so each name gets a thread of its own that nobody awaits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[tuple[str, ...]]] = {}

    def addresses(self, host: str, deadline: Deadline) -> tuple[str, ...]:
        """Return the addresses of ``host`` as the system's resolver orders them; raises Stopped."""
        with self._lock:
            future = self._asked.get(host)
            if future is None:
                future = self._asked[host] = Future()
                threading.Thread(target=_resolve, args=(host, future), daemon=True, name="resolve").start()
        try:
            return future.result(timeout=deadline.left)
        except TimeoutError:
            raise Stopped(
                DNS,
                "dns_failure",
                f"the name {host} was not resolved within {deadline.seconds:.3g} s: no answer from DNS",
                lasting=True,
                out_of_time=True,
            ) from None
        except OSError as error:
            raise _unresolved(host, error) from None


def _resolve(host: str, future: Future[tuple[str, ...]]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        future.set_result(tuple(addresses)[:_MOST_ADDRESSES])
    except OSError as error:
        future.set_exception(error)
    except UnicodeError:
        future.set_exception(socket.gaierror(socket.EAI_NONAME, "no host name"))


def _unresolved(host: str, error: OSError) -> Stopped:
    if error.errno in _NO_SUCH_NAME:
        text = f"the name {host} does not exist in DNS: {error.strerror}"
    else:
        text = f"the name {host} cannot be resolved: {error.strerror or error}"
    return Stopped(DNS, "dns_failure", text, lasting=True)
