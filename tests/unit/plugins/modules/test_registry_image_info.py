# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it: zipped up, as a process of its own, against registries on loopback."""

from __future__ import annotations

import json
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Settings,
    SettingsInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.task import (
    questions_of,
    registry_image_info,
    secrets_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

from tests.plays.runbook import Run, ansible
from tests.unit.plugins.module_utils._registry.loopback import Server, error, serve

MODULE = "kube_runbooks.image_pull.registry_image_info"
HOSTILE = "{{ lookup('pipe', 'id') }} \x1b[2J\u202e"
PASSWORD = "planted-password-8c1d"
DEFAULTS: dict[str, Any] = {
    "images": [],
    "credentials": [],
    "anonymous": False,
    "platforms": [],
    "near_tags": True,
    "ca_file": None,
    "validate_certs": True,
    "client_cert": None,
    "client_key": None,
    "proxy": None,
    "no_proxy": None,
    "plain_http": [],
    "mirrors": {},
    "request_timeout": 5.0,
    "image_timeout": 10.0,
    "deadline": 20.0,
    "per_host": 4,
}

Ask = Callable[..., Run]


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as served:
        served.image("shop/web", "1.7.3")
        served.on("/v2/shop/web/tags/list", _tags())
        yield served


def _tags() -> Any:
    from tests.unit.plugins.module_utils._registry.loopback import as_json

    return as_json({"name": "shop/web", "tags": ["1.7.3", "1.7.2", "latest", "0.1"]})


@pytest.fixture
def ask(server: Server, tmp_path: Path) -> Ask:
    def run(*arguments: str, **options: Any) -> Run:
        options = {"plain_http": [server.netloc], "proxy": "", **options}
        variables = json.dumps({"ansible_python_interpreter": sys.executable})
        return ansible(MODULE, tmp_path, options, ["-e", variables, *arguments])

    return run


def result(run: Run) -> dict[str, Any]:
    text = run.plain_output
    return json.loads(text[text.index("=> {") + 3 : text.rindex("}") + 1])


def test_what_is_there_and_what_is_near(server: Server, ask: Ask) -> None:
    images = [f"{server.netloc}/shop/web:1.7.3", f"{server.netloc}/shop/web:1.7.4"]
    found = result(ask("--check", images=images))
    there, missing = found["images"]
    assert (there["outcome"], there["platforms"][0]["architecture"], there["tags"]) == (
        "found",
        "amd64",
        None,
    )
    assert (missing["cause"], missing["certain"], missing["tags"]["near"]) == (
        "tag_not_found",
        True,
        ["1.7.3", "1.7.2", "0.1"],
    )
    assert (found["not_found"], found["complete"], found["changed"]) == ([images[1]], True, False)


def test_words_of_a_registry_are_only_words(server: Server, ask: Ask) -> None:
    server.on("*", error(403, "DENIED", HOSTILE))
    run = ask(images=[f"{server.netloc}/shop/api:1"])
    assert "{{ lookup('pipe', 'id') }}" in result(run)["images"][0]["text"]
    assert "uid=" not in run.output
    assert "\x1b[2J" not in run.output


def test_passwords_stay_out_of_every_output(server: Server, ask: Ask) -> None:
    server.on("*", lambda seen: error(401, "UNAUTHORIZED", seen.user or "who?", f'Basic realm="{seen.user}"'))
    credentials = [{"registry": server.netloc, "username": "robot", "password": PASSWORD}]
    run = ask(
        "-vvvv",
        images=[f"{server.netloc}/shop/api:1"],
        credentials=credentials,
        proxy="http://me:planted-proxy-77aa@127.0.0.1:1",
        no_proxy=["127.0.0.1"],
    )
    assert server.seen[-1].user == f"robot:{PASSWORD}"
    returned = run.output[run.output.index("=> {") :]
    assert PASSWORD not in returned
    assert "planted-proxy-77aa" not in returned
    assert result(run)["images"][0]["cause"] == "auth_invalid"


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:planted-proxy-77aa@proxy.test:3128",
        "me:planted-proxy-77aa@proxy.test:3128",
        "http://me:planted-proxy-77aa@[proxy",
    ],
)
def test_the_password_of_a_proxy_is_known_as_a_secret_however_the_proxy_is_written(proxy: str) -> None:
    assert secrets_of({"proxy": proxy}) == {"planted-proxy-77aa"}


def test_lists_of_tags_are_not_read_after_the_deadline(server: Server) -> None:
    images = [f"{server.netloc}/shop/web:1.7.{number}" for number in range(4, 8)]
    found = registry_image_info({**DEFAULTS, "images": images, "plain_http": [server.netloc]})
    assert all(entry["tags"]["total"] for entry in found["images"])
    stopped = Deadline(0.0)
    client = Client(Settings(plain_http=(server.netloc,)))
    assert client.near_tags(images[0], None, stopped).why_not == "the deadline passed before its turn came"
    assert client.requests == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ca_file": "/nowhere"}, "cannot use the CA certificate /nowhere: No such file or directory"),
        ({"platforms": ["linux"]}, "platforms: 'linux' is no platform: OS/ARCHITECTURE[/VARIANT] is wanted"),
        ({"mirrors": {"docker.io": ["ftp://x"]}}, "a mirror of docker.io is no URL of http or https"),
        ({"deadline": 0}, "deadline has to be more than 0"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_line(ask: Ask, options: dict[str, Any], words: str) -> None:
    run = ask(images=["nginx"], **options)
    assert run.code == 2
    assert words in result(run)["msg"]
    assert "Traceback" not in run.output


def test_without_urllib3_says_so(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=True)
    variables = json.dumps({"ansible_python_interpreter": str(bare / "bin/python")})
    run = ansible(MODULE, tmp_path, {"images": ["nginx"]}, ["-e", variables])
    assert run.code == 2
    assert "the Python package urllib3" in result(run)["msg"]


@pytest.mark.parametrize(
    ("keys", "image", "fitting"),
    [
        (["reg.test"], "reg.test/shop/web", ["reg.test"]),
        (["reg.test", "reg.test/shop"], "reg.test/shop/web", ["reg.test/shop", "reg.test"]),
        (["reg.test/sh"], "reg.test/shop/web", []),
        (["https://index.docker.io/v1/"], "nginx", ["https://index.docker.io/v1/"]),
        (["docker.io/library"], "nginx", ["docker.io/library"]),
        (["reg.test:5000"], "reg.test/web", []),
        (["evil.test"], "reg.test/web", []),
    ],
)
def test_which_credentials_are_for_an_image(keys: list[str], image: str, fitting: list[str]) -> None:
    credentials = [{"registry": key, "username": "u", "password": "p"} for key in keys]
    questions = questions_of({**DEFAULTS, "images": [image], "credentials": credentials})
    assert [question.login.ref.key if question.login else None for question in questions] == (
        fitting or [None]
    )


def test_anonymously_as_well_where_that_is_asked_for() -> None:
    credentials = [{"registry": "reg.test", "username": "u", "password": "p"}]
    options = {**DEFAULTS, "images": ["reg.test/web"], "credentials": credentials, "anonymous": True}
    assert [question.login is None for question in questions_of(options)] == [False, True]


def test_a_mirror_needs_a_list() -> None:
    with pytest.raises(SettingsInvalid, match="mirrors"):
        registry_image_info({**DEFAULTS, "mirrors": {"docker.io": "https://mirror"}})
