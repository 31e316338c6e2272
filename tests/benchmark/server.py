# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server without nodes, filled with pods."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from ssl import create_default_context

from tests.benchmark.fill import Server, Size, fill
from tests.lab.image_pull_lab import Lab


@contextlib.contextmanager
def filled(size: Size, *, keep: bool = False) -> Iterator[tuple[Server, str]]:
    """Give a server that holds ``size`` and the path of a kubeconfig for it.

    With ``keep`` the server is left running, and the next one that asks for as many pods need not wait for them; its
    events vanish after an hour, so it is good for an afternoon's work on the code and not for figures.
    """
    name = f"bench-{size.pods}-{size.failing}"
    lab = Lab.up("1.34", name=name, data_only=True, owner=None if keep else os.getpid(), say=_say)
    try:
        server = Server(lab.server, lab.token("admin"), str(lab.ca_file))
        present = _pods(server)
        if present <= size.pods:
            _say(f"writing {size.pods} pods, {size.failing} of them failing")
            fill(server, size)
            present = _pods(server)
        _say(f"{present} pods are there")
        yield server, str(lab.kubeconfig("admin"))
    finally:
        if not keep:
            lab.down()


def _pods(server: Server) -> int:
    request = urllib.request.Request(f"{server.url}/api/v1/pods?limit=1")
    request.add_header("Authorization", f"Bearer {server.token}")
    with urllib.request.urlopen(request, context=create_default_context(cafile=server.ca_file)) as answer:
        listed = json.load(answer)
    return len(listed["items"]) + int(listed["metadata"].get("remainingItemCount") or 0)


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
