# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers that do one host wrong and pass everything else on to the lab's own.

    python name_servers.py HOST UPSTREAM ADDRESS=BEHAVIOUR…

Behaviours: ``refuses``, ``slow`` (answers rightly, after three seconds), ``denies`` (no such name), or an IPv4
address that is given for the right one. UDP alone. Run by itself, with nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from typing import cast

SLOW_SECONDS = 3.0
UPSTREAM_SECONDS = 5.0
REFUSED, NO_SUCH_NAME = 5, 3
A = 1


class NameServer(asyncio.DatagramProtocol):
    """One of them, at one address."""

    def __init__(self, host: str, upstream: str, behaviour: str) -> None:
        self._host = host
        self._upstream = upstream
        self._behaviour = behaviour
        self._transport: asyncio.DatagramTransport | None = None
        self._running: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # It is none by its class (cpython, asyncio/selector_events.py).
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, query: bytes, client: tuple[str, int]) -> None:
        assert self._transport is not None
        reply = await self._reply(query)
        if reply:
            self._transport.sendto(reply, client)

    async def _reply(self, query: bytes) -> bytes:
        name, kind = question(query)
        if name != self._host:
            return await ask(self._upstream, query)
        if self._behaviour == "slow":
            await asyncio.sleep(SLOW_SECONDS)
            return await ask(self._upstream, query)
        if self._behaviour == "refuses":
            return answer(query, REFUSED)
        if self._behaviour == "denies":
            return answer(query, NO_SUCH_NAME)
        return answer(query, 0, self._behaviour if kind == A else "")


def question(query: bytes) -> tuple[str, int]:
    """The name that is asked for, in lower case, and the type (RFC 1035, 4.1.2)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    return ".".join(labels), int.from_bytes(query[at + 1 : at + 3], "big")


def answer(query: bytes, code: int, address: str = "") -> bytes:
    """A reply to the query with that code, and an A record where there is an address."""
    end = query.index(b"\0", 12) + 5
    flags = 0x8180 | code
    head = query[:2] + flags.to_bytes(2, "big") + b"\0\1" + (b"\0\1" if address else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4" + ipaddress.IPv4Address(address).packed if address else b""
    return head + query[12:end] + record


async def ask(upstream: str, query: bytes) -> bytes:
    """The upstream's reply, empty where none came in time."""
    loop = asyncio.get_running_loop()
    replied: asyncio.Future[bytes] = loop.create_future()

    class Once(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            if not replied.done():
                replied.set_result(data)

    transport, dummy = await loop.create_datagram_endpoint(Once, remote_addr=(upstream, 53))
    transport.sendto(query)
    try:
        return await asyncio.wait_for(replied, UPSTREAM_SECONDS)
    except TimeoutError:
        return b""
    finally:
        transport.close()


async def serve(host: str, upstream: str, servers: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for word in servers:
        address, dummy, behaviour = word.partition("=")

        def made(behaviour: str = behaviour) -> NameServer:
            return NameServer(host, upstream, behaviour)

        await loop.create_datagram_endpoint(made, local_addr=(address, 53))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3:]))
