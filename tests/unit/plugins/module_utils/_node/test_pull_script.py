# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of a manual pull with real shells and a real curl; a program of the test stands in for the client."""

from __future__ import annotations

import base64
import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Challenge,
    Login,
    PullTrial,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import (
    pull_ctr,
    pull_others,
    pull_script,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    HostFolder,
    PullWish,
    Survey,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_hosts import private_hosts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_trial import trial

from tests.unit.plugins.module_utils._node.shells import SHELLS, run

PASSWORD = 'pass"word\\ with $(everything) äöü'
WISH = PullWish("registry.example/app:1", Login("deploy", PASSWORD), seconds=5)
#: What the stand-in does for "pull": it keeps what it was given, then says and does what the test wants.
CTR = """#!/bin/sh
printf '%s\\n' "$*" >>"$WITNESS/arguments"
case "$*" in
  *"images pull"*)
    for word; do [ "$last" = --hosts-dir ] && cp -r "$word" "$WITNESS/hosts"; last=$word; done
    ls -lR "$BASE" >"$WITNESS/listing"
    . "$WITNESS/behaviour"
    ;;
  *"images check"*) echo "registry.example/app:1 type sha256:x complete (3/3) 1 MiB true" ;;
esac
"""


class Tokens(http.server.BaseHTTPRequestHandler):
    """A token service."""

    status: ClassVar[int] = 200
    body: ClassVar[str] = '{"token": "the.to-ken_1=", "expires_in": 60}'
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        type(self).asked.append((self.path, self.headers.get("Authorization")))
        content = self.body.encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        del args


@pytest.fixture
def realm() -> Iterator[str]:
    Tokens.asked.clear()
    Tokens.status, Tokens.body = 200, '{"token": "the.to-ken_1=", "expires_in": 60}'
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()
    server.server_close()


class Stage:
    """A folder in place of /run, a client's stand-in, and what that saw."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "run"
        self.bin = folder / "bin"
        self.witness = folder / "witness"
        for path in (self.base, self.bin, self.witness):
            path.mkdir()
        program = self.bin / "ctr"
        program.write_text(CTR)
        program.chmod(0o755)
        self.behave("exit 0")

    @property
    def private(self) -> Path:
        return self.base / "image-pull-runbooks"

    def behave(self, text: str) -> None:
        (self.witness / "behaviour").write_text(text)

    def pull(
        self,
        shell: str,
        challenge: Challenge | None = None,
        *,
        wish: PullWish = WISH,
        deadline: float | None = None,
    ) -> PullTrial:
        survey = Survey(runtime="containerd", socket="/nowhere.sock", root="/nowhere", client_version="2.1.0")
        # In the clear only for a registry that is asked in the clear itself, as this test's is.
        plain = challenge is not None and challenge.realm.startswith("http://127.0.0.1")
        own = HostFolder("/c", f'server = "http://{wish.registry}"\n') if plain else None
        hosts = private_hosts(wish.registry, own, survey.major)
        script = pull_ctr.script(wish, survey, hosts, challenge)
        answer = run(
            [pull_script.job(script, wish.seconds, str(self.base))],
            shell,
            deadline=deadline or pull_script.deadline_of(wish.seconds),
            only_path=f"{self.bin}:/usr/bin:/bin",
            environ={"WITNESS": str(self.witness), "BASE": str(self.base)},
        )
        return trial(
            "node1", wish, survey, "ctr", answer, wish.login.ref if wish.login and challenge else None
        )


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not (done := true()) and time.monotonic() < end:
        time.sleep(0.05)
    return done


@pytest.mark.parametrize("shell", SHELLS)
def test_basic_is_handed_over_in_a_private_file_that_goes_away(shell: str, stage: Stage) -> None:
    found = stage.pull(shell, Challenge("basic"))

    assert (found.outcome, found.removed) == ("pulled", True)
    written = (stage.witness / "hosts" / "registry.example" / "hosts.toml").read_text()
    encoded = base64.b64encode(f"deploy:{PASSWORD}".encode()).decode()
    assert f'Authorization = "Basic {encoded}"' in written
    listing = (stage.witness / "listing").read_text().splitlines()
    modes = {line.split()[0] for line in listing if line.startswith(("-", "d"))}
    assert modes == {"-rw-------", "drwx------"}
    assert encoded not in (stage.witness / "arguments").read_text()
    assert eventually(lambda: not stage.private.exists())


@pytest.mark.parametrize("shell", SHELLS)
def test_a_token_is_fetched_with_the_credential_and_only_the_token_handed_over(
    shell: str, stage: Stage, realm: str
) -> None:
    found = stage.pull(shell, Challenge("bearer", realm, "registry", "repository:app:pull"))

    assert found.outcome == "pulled", found.text
    ((path, authorization),) = Tokens.asked
    assert path == "/token?service=registry&scope=repository%3Aapp%3Apull"
    assert authorization == "Basic " + base64.b64encode(f"deploy:{PASSWORD}".encode()).decode()
    written = (stage.witness / "hosts" / "registry.example" / "hosts.toml").read_text()
    assert 'Authorization = "Bearer the.to-ken_1="' in written
    assert not stage.private.exists()


@pytest.mark.parametrize(
    "realm",
    [
        "file:///etc/shadow",
        "http://auth.example/token",
        "https://registry.example@evil.example/token",
        "gopher://127.0.0.1:6379/_x",
        "https://[::1/token",
        "https://auth.example/token\nurl = file:///etc/shadow",
        "/token",
        "",
    ],
)
def test_a_password_goes_to_no_token_service_that_is_none(stage: Stage, realm: str) -> None:
    found = stage.pull("dash", Challenge("bearer", realm))
    assert found.outcome == "not_tried"
    assert "a token service that no password goes to" in found.text
    assert not (stage.witness / "hosts").exists()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, '{"details":"incorrect username or password"}', "/token: 401: {"),
        (200, '{"token": ""}', "without a token"),
        (200, '{"token": "x\\"; rm -rf /"}', "without a token"),
        (500, "<html>" * 500, "/token: 500: <html>"),
    ],
)
def test_a_token_service_that_refuses_is_a_result(
    stage: Stage, realm: str, status: int, body: str, words: str
) -> None:
    Tokens.status, Tokens.body = status, body
    found = stage.pull("dash", Challenge("bearer", realm))

    assert found.outcome == "failed"
    assert words in found.text
    assert len(found.text) < 800
    assert not (stage.witness / "hosts").exists()
    assert not stage.private.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_clients_errors_are_the_text_and_its_notes_come_last(shell: str, stage: Stage) -> None:
    said = 'time="2026-03-01T08:00:00Z" level=error msg="failed to decode hosts.toml"\\nctr: not found\\n'
    stage.behave(f"echo progress; printf '{said}' >&2; exit 1")
    found = stage.pull(shell)

    assert (found.outcome, found.credential) == ("failed", None)
    assert found.text == 'ctr: not found (logged: msg="failed to decode hosts.toml")'


@pytest.mark.parametrize("shell", SHELLS)
def test_a_client_without_end_is_ended(shell: str, stage: Stage) -> None:
    stage.behave("exec sleep 300")
    found = stage.pull(shell, wish=PullWish("registry.example/app:1", seconds=1))

    assert found.outcome == "timeout"
    assert found.text == "no end within 1 s"
    assert not stage.private.exists()


def test_where_the_script_is_killed_the_janitor_removes_what_is_left(stage: Stage) -> None:
    # The client's ancestors are all shells of the script; the janitor is none of them.
    stage.behave(
        "all= p=$PPID; while c=$(ps -o comm= -p $p); do "
        'case $c in sh|dash|bash|busybox|timeout) all="$all $p" ;; *) break ;; esac; '
        "p=$(echo $(ps -o ppid= -p $p)); done; kill -9 $all; while :; do sleep 1; done"
    )
    found = stage.pull("dash", Challenge("basic"), deadline=6)

    assert found.outcome in ("failed", "not_tried")
    assert found.removed is None, "the script itself was quicker: this proves nothing"
    assert eventually(lambda: not stage.private.exists()), "the credential is still there"
    assert "namespaces ls" in (stage.witness / "arguments").read_text()


def test_a_pull_that_is_under_way_is_not_disturbed_and_an_old_one_is_swept(stage: Stage) -> None:
    stage.private.mkdir()
    (stage.private / "until").write_text("99999999999\n")
    assert "under way" in stage.pull("dash").text
    assert stage.private.exists()

    (stage.private / "until").write_text("1\n")
    assert stage.pull("dash").outcome == "pulled"
    assert not stage.private.exists()


def test_a_link_in_place_of_the_folder_is_not_followed(stage: Stage, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    stage.private.symlink_to(elsewhere)

    found = stage.pull("dash", Challenge("basic"))

    assert (found.outcome, found.text) == ("not_tried", f"no folder in memory can be made ({stage.base})")
    assert list(elsewhere.iterdir()) == []


def test_dockers_configuration_knows_docker_hub_by_its_own_name() -> None:
    login = Login("me", "secret")
    assert list(json.loads(pull_others.config_json("docker.io", login))["auths"]) == [
        "https://index.docker.io/v1/"
    ]
    assert list(json.loads(pull_others.config_json("registry.example:5000", login))["auths"]) == [
        "registry.example:5000"
    ]
    assert pull_others.config_json("docker.io", None) == '{"auths":{}}'


def test_nothing_secret_stands_in_what_other_processes_can_read() -> None:
    survey = Survey(runtime="containerd", socket="/s", root="/r", client_version="2.1.0")
    own = HostFolder("/c/registry.example", '[header]\nX-Own = "secret-of-the-administrators"\n')
    hosts = private_hosts(WISH.registry, own, 2)
    scripts = [
        pull_ctr.script(WISH, survey, hosts, Challenge("basic")),
        pull_ctr.script(WISH, survey, hosts, Challenge("bearer", "https://auth.example/token")),
        *(make(WISH, survey) for make in (pull_others.docker, pull_others.nerdctl, pull_others.podman)),
    ]
    encoded = base64.b64encode(f"deploy:{PASSWORD}".encode()).decode()
    for script in scripts:
        made = pull_script.job(script, 5)
        for text in (made.text, repr(made), repr(script), made.variables["JANITOR"]):
            assert PASSWORD not in text
            assert encoded not in text
            assert "secret-of-the-administrators" not in text
    assert os.environ.get("WITNESS") is None


def test_the_janitor_of_a_pull_leaves_the_folder_of_the_next_one_alone(stage: Stage) -> None:
    """One that comes late finds its own pull gone, and another one's folder in its place."""
    script = pull_ctr.script(WISH, Survey(runtime="containerd", socket="/s", root="/r"))
    text = f"D={stage.private}\n" + pull_script.job(script, 5, str(stage.base)).variables["JANITOR"]
    stage.private.mkdir()
    (stage.private / "until").write_text("99999999999 1\n")

    subprocess.run(["sh", "-c", text, "image-pull-janitor", "999999999", "12345"], check=True, timeout=20)
    assert stage.private.exists()
    (stage.private / "until").write_text("12345 999999999\n")
    subprocess.run(["sh", "-c", text, "image-pull-janitor", "999999999", "12345"], check=True, timeout=20)
    assert not stage.private.exists()
