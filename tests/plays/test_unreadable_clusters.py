# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that cannot be read ends as an error of one line and a report that says unknown; never as good health."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plays import bad_servers
from tests.plays.runbook import Run, diagnose

PLAY_FAILED = 2


def assert_unknown(run: Run, *words: str) -> None:
    """The play failed, after a report that says unknown and names what happened, in one line, with these words."""
    assert run.code == PLAY_FAILED, run.output
    report = run.report
    assert report["verdict"] == "unknown"
    assert report["scope"]["complete"] is False
    assert not report["findings"]
    assert not [step for step in report["checklist"] if step["status"] == "passed"]
    error = report["error"]
    assert error
    assert "\n" not in error
    for word in words:
        assert word.lower() in error.lower(), error
    assert "Traceback" not in run.output
    assert "healthy" not in run.plain_output.lower()


def test_without_any_kubeconfig(tmp_path: Path) -> None:
    assert_unknown(diagnose(tmp_path), "kubeconfig")


def test_a_kubeconfig_that_does_not_exist(tmp_path: Path) -> None:
    assert_unknown(diagnose(tmp_path, kubeconfig=tmp_path / "absent.yaml"), "absent.yaml")


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    path = bad_servers.kubeconfig(tmp_path / "config", bad_servers.closed_port(), context="prod")
    assert_unknown(diagnose(tmp_path, kubeconfig=path, context="staging"), "context", "staging")


@pytest.mark.parametrize("content", ["just text", "clusters: [", "\x00\x01", "[]", ""], ids=repr)
def test_a_kubeconfig_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    assert_unknown(diagnose(tmp_path, kubeconfig=path), "config")


def test_an_api_server_that_is_down(tmp_path: Path) -> None:
    path = bad_servers.kubeconfig(tmp_path / "config", bad_servers.closed_port())
    assert_unknown(diagnose(tmp_path, kubeconfig=path, deadline=10), "refused")


WRONG_ANSWERS: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "hangs": (bad_servers.never_answers, "no answer"),
    "hangs up": (bad_servers.hangs_up, "connection"),
    "login page": (bad_servers.answers("200 OK", "<html>Log in</html>", content_type="text/html"), "html"),
    "proxy error page": (
        bad_servers.answers("502 Bad Gateway", "<html>oops</html>", content_type="text/html"),
        "502",
    ),
    "expired token": (
        bad_servers.answers("401 Unauthorized", bad_servers.status(401, "Unauthorized", "Unauthorized")),
        "401",
    ),
    "throttles": (
        bad_servers.answers(
            "429 Too Many Requests",
            bad_servers.status(429, "TooManyRequests", "too many requests"),
            "Retry-After: 1",
        ),
        "429",
    ),
    "throttles for an hour": (
        bad_servers.answers(
            "429 Too Many Requests",
            bad_servers.status(429, "TooManyRequests", "too many requests"),
            "Retry-After: 3600",
        ),
        "429",
    ),
    "internal error": (
        bad_servers.answers(
            "500 Internal Server Error", bad_servers.status(500, "InternalError", "etcd is away")
        ),
        "500",
    ),
    "cut JSON": (bad_servers.answers("200 OK", '{"kind": "PodList", "items": [{"metadata":'), ""),
    "JSON of another kind": (bad_servers.answers("200 OK", '["surprise"]'), ""),
    "empty object": (bad_servers.answers("200 OK", "{}"), ""),
    "not JSON": (bad_servers.answers("200 OK", "ok"), ""),
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_an_api_server_that_answers_wrongly(tmp_path: Path, name: str) -> None:
    answer, word = WRONG_ANSWERS[name]
    with bad_servers.server(answer) as url:
        path = bad_servers.kubeconfig(tmp_path / "config", url)
        assert_unknown(diagnose(tmp_path, kubeconfig=path, deadline=6), word)


def test_a_redirect_does_not_take_the_token_elsewhere(tmp_path: Path) -> None:
    heard: list[bytes] = []
    told = threading.Event()

    def listen(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        told.set()
        bad_servers.answers("200 OK", "{}")(connection)

    with bad_servers.server(listen) as elsewhere:
        redirect = bad_servers.answers("302 Found", "", f"Location: {elsewhere}/version")
        with bad_servers.server(redirect) as url:
            path = bad_servers.kubeconfig(tmp_path / "config", url, token="token-that-must-stay-here")
            assert_unknown(diagnose(tmp_path, kubeconfig=path, deadline=6), "302")
    assert not [request for request in heard if b"token-that-must-stay-here" in request]


def test_one_unreadable_cluster_of_three_does_not_hide_the_others(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yml"
    hosts = []
    for name, context in (("down", "lab"), ("absent", "elsewhere"), ("gone", "lab")):
        config = bad_servers.kubeconfig(tmp_path / f"{name}.config", bad_servers.closed_port(), context="lab")
        hosts.append(f"    {name}: {{image_pull_kubeconfig: {config}, image_pull_context: {context}}}")
    inventory.write_text("all:\n  hosts:\n" + "\n".join(hosts) + "\n")
    run = diagnose(tmp_path, arguments=["-i", str(inventory)], hosts="all", deadline=10)
    assert run.code == PLAY_FAILED
    verdicts = {path.stem.split("-")[0] for path in run.reports}
    assert {"down", "absent", "gone"} <= verdicts, run.reports
