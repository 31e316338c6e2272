# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries connections from the host's loopback into the lab.

    python -m image_pull_lab.forward NETNS_PID PORTS.json NAME=ADDRESS:PORT …

Listens on 127.0.0.1, a free port for each name, writes {name: port} to the file, then moves into the network
namespace of that process: listening sockets stay where they were made, new connections start where we are.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import socket
import sys
from pathlib import Path

_CLONE_NEWNET = 0x40000000


def enter_network_namespace(pid: int) -> None:
    """setns(2) for this thread; os.setns came with Python 3.12."""
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while content := await reader.read(1 << 18):
            writer.write(content)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()


async def serve(listeners: list[tuple[socket.socket, str, int]]) -> None:
    for listener, host, port in listeners:

        async def handle(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str = host, port: int = port
        ) -> None:
            try:
                target_reader, target_writer = await asyncio.open_connection(host, port)
            except OSError:
                writer.transport.abort()
                return
            await asyncio.gather(carry(reader, target_writer), carry(target_reader, writer))
            target_writer.close()
            writer.close()

        await asyncio.start_server(handle, sock=listener)
    await asyncio.Event().wait()


def main() -> None:
    pid, ports_file, targets = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    listeners, ports = [], {}
    for target in targets:
        name, dummy, address = target.partition("=")
        host, dummy, port = address.rpartition(":")
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listeners.append((listener, host, int(port)))
        ports[name] = listener.getsockname()[1]
    enter_network_namespace(pid)
    fresh = ports_file.with_name(ports_file.name + ".new")
    fresh.write_text(json.dumps(ports))
    fresh.rename(ports_file)
    asyncio.run(serve(listeners))


if __name__ == "__main__":
    main()
