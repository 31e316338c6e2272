# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network, and what the probe finds in it: what the tests of a node's network share."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    HopFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import network
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, read
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.shells import SHELLS
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    Server,
    World,
    run_in,
    why_not,
)

WHY_NOT = why_not()

NO_RUNTIME = (
    "RT= RT_PID= RT_CERTS= RT_CONFIG= RT_HTTPS_PROXY= RT_HTTP_PROXY= RT_NO_PROXY= RT_CERT_FILE= RT_CERT_DIR=\n"
)
HERE = {"registry.test": ["10.9.1.1"]}
GOOD = NameServer(HERE)


def ask(
    world: World,
    hosts: Sequence[str] = ("registry.test",),
    *,
    shell: str = "dash",
    runtime: str = "",
    only_path: str | None = None,
    trust: pki.Authority | None = None,
    pod: str = "",
) -> tuple[Answer, list[object]]:
    """Return the answer from within ``world`` and what the slice makes of it.

    ``runtime`` is sh that sets RT_…; ``trust`` is what the process of the runtime trusts, by its ``SSL_CERT_FILE``.
    """
    question = NodeQuestion("node1", hosts=tuple(HostAsked(host, "registry") for host in hosts), pod=pod)
    mark = os.urandom(12).hex()
    script = build(
        network.jobs(question),
        mark=mark,
        deadline=30,
        preface=NO_RUNTIME + (f"RT_PID=$$ RT_CERT_FILE={trust.pair.crt}\n" if trust else "") + runtime,
    )
    stdin = script.stdin
    if only_path is not None:
        first, rest = stdin.split(b"\nPATH=", 1)
        stdin = first + f"\nPATH={only_path} LC_ALL=C\n".encode() + rest.split(b"\n", 1)[1]
    argv = [*SHELLS[shell], "-c", script.command.replace("/bin/sh", " ".join(SHELLS[shell]))]
    began = time.time()
    printed = run_in(world, argv, stdin, dict(os.environ), 60)
    answer = read(printed.decode("utf-8", "surrogateescape"), mark, script.names)
    answer = replace(answer, asked_at=began, seconds=time.time() - began)
    return answer, network.records(answer, question)


def hops(records: Sequence[object], hop: str, **wanted: str) -> list[HopFact]:
    """Return the hops of a kind whose fields are as wanted."""
    return [
        one
        for one in records
        if isinstance(one, HopFact)
        and one.hop == hop
        and all(getattr(one, field) == value for field, value in wanted.items())
    ]


def own_name(records: Sequence[object], host: str = "registry.test") -> HopFact:
    """Return the hop dns by the node's own way."""
    return hops(records, "dns", server="", host=host)[0]


def outcome_of(hop: HopFact) -> str:
    """Return the outcome; a machine that is busy makes what is well slow."""
    return "ok" if hop.outcome == "slow" else hop.outcome


def tls_world(pair: pki.KeyPair, names: Sequence[str] = ("registry.test",)) -> World:
    listening = Server("10.9.1.1", certificate=str(pair.crt), key=str(pair.key_file))
    return World({"10.9.0.2": NameServer({name: ["10.9.1.1"] for name in names})}, [listening])


def certs_d(tmp_path: Path, host: str, text: str) -> str:
    """Write a hosts.toml; return sh that makes it the runtime's."""
    folder = tmp_path / "certs.d" / host
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text(text, encoding="utf-8")
    return f"RT=containerd RT_CERTS={tmp_path / 'certs.d'}\n"
