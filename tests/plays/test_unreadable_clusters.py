# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that cannot be read ends as an error of one line and a report that says unknown; never as good health.

All of them are asked in one run, each a host of the inventory, because that is how a fleet with sick members is asked.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.plays import bad_servers
from tests.plays.runbook import Run, diagnose

PLAY_FAILED = 2
TOKEN = "a-token-that-must-stay-here"
Answer = Callable[[socket.socket], None]


def _answers(status: str, message: str, *headers: str) -> Answer:
    code = int(status.split(maxsplit=1)[0])
    return bad_servers.answers(status, bad_servers.status(code, status, message), *headers)


HTML = "text/html"
#: Cluster ─► how its API server treats every connection, and a word that the error must hold.
SERVERS: dict[str, tuple[Answer, str]] = {
    "hangs": (bad_servers.never_answers, "no answer"),
    "hangs-up": (bad_servers.hangs_up, "connection"),
    "login-page": (bad_servers.answers("200 OK", "<html>Log in</html>", content_type=HTML), "html"),
    "proxy-error-page": (
        bad_servers.answers("502 Bad Gateway", "<html>oops</html>", content_type=HTML),
        "502",
    ),
    "expired-token": (_answers("401 Unauthorized", "Unauthorized"), "401"),
    "throttles": (_answers("429 Too Many Requests", "too many requests", "Retry-After: 1"), "429"),
    "throttles-for-an-hour": (
        _answers("429 Too Many Requests", "too many requests", "Retry-After: 3600"),
        "429",
    ),
    "internal-error": (_answers("500 Internal Server Error", "etcd is away"), "500"),
    "cut-json": (bad_servers.answers("200 OK", '{"kind": "PodList", "items": [{"metadata":'), ""),
    "other-json": (bad_servers.answers("200 OK", '["surprise"]'), ""),
    "empty-object": (bad_servers.answers("200 OK", "{}"), ""),
    "not-json": (bad_servers.answers("200 OK", "ok"), ""),
}
#: Cluster ─► the whole text of its kubeconfig.
KUBECONFIGS = {
    "text": "just text",
    "broken-yaml": "clusters: [",
    "binary": "\x00\x01",
    "list": "[]",
    "empty": "",
}


@dataclass
class Fleet:
    """Clusters that cannot be read, and what came of asking them."""

    run: Run
    #: Requests that arrived at the place which a redirect pointed to.
    heard_elsewhere: list[bytes] = field(default_factory=list)

    def report(self, cluster: str) -> dict[str, Any]:
        path = self.run.folder / "reports" / cluster / "report.json"
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    heard: list[bytes] = []
    with contextlib.ExitStack() as servers:
        hosts = dict(_hosts(folder, servers, heard))
        inventory = folder / "inventory.json"
        inventory.write_text(json.dumps({"clusters": {"hosts": hosts}}), encoding="utf-8")
        arguments = ["-i", str(inventory), "--forks", "8"]
        yield Fleet(diagnose(folder, arguments=arguments, hosts="clusters", deadline=8), heard)


def _hosts(
    folder: Path, servers: contextlib.ExitStack, heard: list[bytes]
) -> Iterator[tuple[str, dict[str, str]]]:
    def config(name: str, url: str, **options: str) -> dict[str, str]:
        return {
            "image_pull_kubeconfig": str(bad_servers.kubeconfig(folder / f"{name}.config", url, **options))
        }

    for name, (answer, _word) in SERVERS.items():
        yield name, config(name, servers.enter_context(bad_servers.server(answer)))
    for name, content in KUBECONFIGS.items():
        path = folder / f"{name}.config"
        path.write_text(content, encoding="utf-8")
        yield name, {"image_pull_kubeconfig": str(path)}
    yield "down", config("down", bad_servers.closed_port())
    yield (
        "other-context",
        {**config("other-context", bad_servers.closed_port()), "image_pull_context": "staging"},
    )
    yield "absent-kubeconfig", {"image_pull_kubeconfig": str(folder / "absent.yaml")}
    yield "no-kubeconfig", {}
    yield "redirects", config("redirects", _redirect(servers, heard), token=TOKEN)


def _redirect(servers: contextlib.ExitStack, heard: list[bytes]) -> str:
    lock = threading.Lock()

    def listen(connection: socket.socket) -> None:
        with lock:
            heard.append(connection.recv(65536))
        bad_servers.answers("200 OK", "{}")(connection)

    elsewhere = servers.enter_context(bad_servers.server(listen))
    return servers.enter_context(
        bad_servers.server(bad_servers.answers("302 Found", "", f"Location: {elsewhere}/version"))
    )


WORDS = {
    **{name: word for name, (_answer, word) in SERVERS.items()},
    **{name: f"{name}.config" for name in KUBECONFIGS},
    "down": "refused",
    "other-context": "staging",
    "absent-kubeconfig": "absent.yaml",
    "no-kubeconfig": "kubeconfig",
    "redirects": "302",
}


@pytest.mark.parametrize("cluster", WORDS)
def test_what_cannot_be_read_is_unknown_with_the_reason_in_one_line(fleet: Fleet, cluster: str) -> None:
    report = fleet.report(cluster)
    assert report["verdict"] == "unknown"
    assert report["scope"]["complete"] is False
    assert not report["findings"]
    assert not [step for step in report["checklist"] if step["status"] == "passed"]
    error = report["error"]
    assert error
    assert "\n" not in error
    assert WORDS[cluster].lower() in error.lower()
    assert len(error) < 600


def test_the_run_fails_after_all_reports_are_written(fleet: Fleet) -> None:
    assert fleet.run.code == PLAY_FAILED
    assert {path.parent.name for path in fleet.run.reports} == set(WORDS)


def test_nobody_reads_of_health_or_of_a_traceback(fleet: Fleet) -> None:
    assert "healthy" not in fleet.run.plain_output.lower()
    assert "Traceback" not in fleet.run.output


def test_a_redirect_does_not_take_the_token_elsewhere(fleet: Fleet) -> None:
    assert not [request for request in fleet.heard_elsewhere if TOKEN.encode() in request]
    assert TOKEN not in fleet.run.output
