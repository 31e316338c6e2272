# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API servers that are not one: each answers every connection in one wrong way, on loopback, until the block ends."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Answer = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Gives the URL of a server that treats each connection with ``answer``."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as open_ones:

        def accept() -> None:
            while True:
                try:
                    connection, dummy_address = listener.accept()
                except OSError:
                    return
                open_ones.callback(connection.close)
                threading.Thread(target=_quietly, args=(answer, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _quietly(answer: Answer, connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        answer(connection)


def closed_port() -> str:
    """The URL of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def never_answers(connection: socket.socket) -> None:
    """Takes the request and stays silent."""
    while connection.recv(65536):
        pass


def hangs_up(connection: socket.socket) -> None:
    """Takes the request and closes the connection."""
    connection.recv(65536)
    connection.close()


def answers(status: str, body: str, *headers: str, content_type: str = "application/json") -> Answer:
    """Answers every request with the same status, headers and body."""
    content = body.encode()
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(content)}",
        "Connection: close",
    ]
    reply = "\r\n".join([*head, *headers, "", ""]).encode() + content

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(reply)
        connection.close()

    return answer


def status(code: int, reason: str, message: str) -> str:
    """The body of a Kubernetes error."""
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": reason,
            "message": message,
            "code": code,
        }
    )


def kubeconfig(path: Path, url: str, *, token: str = "a-token-of-nobody", context: str = "lab") -> Path:
    """Writes a kubeconfig for that server."""
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "lab", "cluster": {"server": url}}],
                "users": [{"name": "somebody", "user": {"token": token}}],
                "contexts": [{"name": context, "context": {"cluster": "lab", "user": "somebody"}}],
                "current-context": context,
            }
        )
    )
    path.chmod(0o600)
    return path
