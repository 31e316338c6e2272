# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of its own (user, network and mount namespace) with name servers and hosts, in which a probe runs.

``run_in`` starts this file inside the namespaces; there it makes what a ``World`` says and hands the probe to a shell.
All addresses are 10.9.0.0/16 on the loopback of that namespace: nothing leaves it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


@dataclasses.dataclass
class NameServer:
    """A name server: ``records`` by name, ``codes`` (RCODE) by name; other names do not exist."""

    records: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    codes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    delay: float = 0
    silent: bool = False


@dataclasses.dataclass
class Server:
    """What listens at an address. ``kind``: tls, http, hangs, closes, or proxy (answers CONNECT with ``status``)."""

    address: str
    port: int = 443
    kind: str = "tls"
    certificate: str = ""
    key: str = ""
    status: int = 401
    date: str = ""


@dataclasses.dataclass
class World:
    """What is there. ``resolv`` and ``hosts`` are texts of files, ``firewall`` statements of nft for what goes out.

    ``behind_stub`` is the resolv.conf that systemd-resolved keeps of the servers that it asks; ``certificates`` are
    the files of /etc/ssl/certs, where they are not the machine's.
    """

    names: Mapping[str, NameServer] = dataclasses.field(default_factory=dict)
    servers: Sequence[Server] = ()
    resolv: str = "nameserver 10.9.0.2\n"
    hosts: str = "127.0.0.1 localhost\n"
    firewall: str = ""
    behind_stub: str = ""
    certificates: Mapping[str, str] = dataclasses.field(default_factory=dict)


_ENTER = ["unshare", "--map-root-user", "--net", "--mount"]


def why_not() -> str:
    """Why there can be no such world here; empty where there can."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "needs unshare and ip"
    done = subprocess.run([*_ENTER, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "user namespaces are not allowed here"


def run_in(
    world: World, argv: Sequence[str], stdin: bytes, environ: Mapping[str, str], timeout: float
) -> bytes:
    """Return what ``argv`` prints within ``world``."""
    spec = json.dumps({**dataclasses.asdict(world), "argv": list(argv), "environ": dict(environ)})
    done = subprocess.run(
        [*_ENTER, sys.executable, str(Path(__file__)), spec],
        input=stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _main() -> None:
    spec = json.loads(sys.argv[1])
    for command in (["link", "set", "lo", "up"], ["addr", "add", "10.9.0.1/16", "dev", "lo"]):
        subprocess.run(["ip", *command], check=True)
    _files(spec)
    if spec["firewall"]:
        rules = f"table inet fault {{\nchain out {{\ntype filter hook output priority 0;\n{spec['firewall']}\n}}\n}}\n"
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    for address, server in spec["names"].items():
        _listen(_name_server, socket.SOCK_DGRAM, address, 53, server)
    for server in spec["servers"]:
        _listen(_host, socket.SOCK_STREAM, server["address"], server["port"], server)
    done = subprocess.run(spec["argv"], stdin=sys.stdin.buffer, env=spec["environ"], check=False)
    sys.stdout.flush()
    os._exit(0 if done.returncode == 0 else 1)


def _files(spec: Mapping[str, Any]) -> None:
    # A tmpfs of this mount namespace alone holds what is laid over the machine's files.
    subprocess.run(["mount", "-t", "tmpfs", "world", "/mnt"], check=True)
    for name, text in (("resolv.conf", spec["resolv"]), ("hosts", spec["hosts"])):
        Path(f"/mnt/{name}").write_text(text, encoding="utf-8")
        subprocess.run(["mount", "--bind", f"/mnt/{name}", os.path.realpath(f"/etc/{name}")], check=True)
    if spec["certificates"]:
        subprocess.run(["mount", "-t", "tmpfs", "world", "/etc/ssl/certs"], check=True)
    for name, text in spec["certificates"].items():
        Path("/etc/ssl/certs", name).write_text(text, encoding="utf-8")
    if spec["behind_stub"]:
        subprocess.run(["mount", "-t", "tmpfs", "world", "/run"], check=True)
        path = Path("/run/systemd/resolve/resolv.conf")
        path.parent.mkdir(parents=True)
        path.write_text(spec["behind_stub"], encoding="utf-8")


def _listen(serve: Any, kind: int, address: str, port: int, server: Mapping[str, Any]) -> None:
    subprocess.run(["ip", "addr", "replace", f"{address}/32", "dev", "lo"], check=True)
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(20)
    threading.Thread(target=serve, args=(sock, server), daemon=True).start()


def _name_server(sock: socket.socket, server: Mapping[str, Any]) -> None:
    while True:
        query, client = sock.recvfrom(2048)
        if server["silent"]:
            continue
        threading.Thread(target=_answer, args=(sock, server, query, client), daemon=True).start()


def _answer(sock: socket.socket, server: Mapping[str, Any], query: bytes, client: Any) -> None:
    time.sleep(server["delay"])
    labels, position = [], 12
    while query[position]:
        labels.append(query[position + 1 : position + 1 + query[position]].decode())
        position += query[position] + 1
    name, kind, question = ".".join(labels).lower(), query[position + 2], query[12 : position + 5]
    addresses = server["records"].get(name, ())
    family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
    found = [socket.inet_pton(family, one) for one in addresses if family and (":" in one) == (kind == 28)]
    code = server["codes"].get(name, 0 if addresses else 3)
    header = (
        query[:2] + (0x8180 | code).to_bytes(2, "big") + b"\0\1" + len(found).to_bytes(2, "big") + b"\0\0\0\0"
    )
    records = b"".join(
        b"\xc0\x0c\0" + bytes([kind]) + b"\0\1\0\0\0\1" + len(one).to_bytes(2, "big") + one for one in found
    )
    sock.sendto(header + question + records, client)


def _host(sock: socket.socket, server: Mapping[str, Any]) -> None:
    context = None
    if server["kind"] == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server["certificate"], server["key"])
    while True:
        connection, dummy = sock.accept()
        threading.Thread(target=_serve, args=(connection, server, context), daemon=True).start()


def _serve(connection: socket.socket, server: Mapping[str, Any], context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        if server["kind"] == "closes":
            connection.close()
            return
        if server["kind"] == "hangs":
            time.sleep(60)
            return
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        request = connection.recv(4096)
        if not request:
            return
        date = f"Date: {server['date']}\r\n" if server["date"] else ""
        head = f"HTTP/1.1 {server['status']} Whatever\r\n{date}Content-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        connection.close()


if __name__ == "__main__":
    _main()
