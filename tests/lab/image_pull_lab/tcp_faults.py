# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers with faults below HTTP.

    python -m image_pull_lab.tcp_faults

closes, hangs and not-tls listen on port 443 of their own addresses; cut, stall and reset pass plain HTTP (port 80)
on to the company registry and break its answer after 300 kB, also when the client resumes with a Range.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from . import hosts

BREAK_AFTER = 300_000
UPSTREAM = ("127.0.0.1", 5000)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

#: Longer than any client waits.
FOREVER = 3600


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.close()


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(FOREVER)


async def not_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()
    await reader.read(4096)
    writer.close()


class Breaking:
    """Passes a connection on and breaks the answer: "cut" closes, "stall" falls silent, "reset" resets."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*UPSTREAM)
        resumed = asyncio.Event()
        asks = asyncio.ensure_future(self._requests(reader, up_writer, resumed))
        try:
            await self._answers(up_reader, writer, resumed)
        except OSError:
            pass
        finally:
            asks.cancel()
            up_writer.close()
            writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, resumed: asyncio.Event
    ) -> None:
        while content := await reader.read(65536):
            lowered = content.lower()
            if b"\r\nrange:" in lowered and b"range: bytes=0-" not in lowered:
                resumed.set()
            upstream.write(content)
            await upstream.drain()
        upstream.close()

    async def _answers(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, resumed: asyncio.Event
    ) -> None:
        sent = 0
        while content := await upstream.read(16384):
            left = (0 if resumed.is_set() else BREAK_AFTER) - sent
            if len(content) <= left:
                writer.write(content)
                await writer.drain()
                sent += len(content)
                continue
            writer.write(content[: max(0, left)])
            await writer.drain()
            await self._break(writer)
            return

    async def _break(self, writer: asyncio.StreamWriter) -> None:
        if self._how == "stall":
            await asyncio.sleep(FOREVER)
        if self._how == "reset":
            # What was sent must arrive before the reset, which would throw it away.
            await asyncio.sleep(0.3)
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def serve() -> None:
    servers: dict[tuple[str, int], Handler] = {
        ("closes.reg.test", 443): closes,
        ("hangs.reg.test", 443): hangs,
        ("not-tls.reg.test", 443): not_tls,
        ("cut.reg.test", 80): Breaking("cut"),
        ("stall.reg.test", 80): Breaking("stall"),
        ("reset.reg.test", 80): Breaking("reset"),
    }
    for (name, port), handler in servers.items():
        await asyncio.start_server(handler, hosts.SPECIAL[name], port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
