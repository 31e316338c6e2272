# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions: in order, each once, and none held up by another host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CredentialRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
    SettingsInvalid,
)

from tests.unit.plugins.module_utils._registry.conftest import ALICE
from tests.unit.plugins.module_utils._registry.loopback import Say, Seen, Server, serve


@pytest.fixture
def registry(server: Server) -> Server:
    for number in range(12):
        server.image(f"shop/web{number}", "1")
    return server


def plain(*servers: Server, **options: object) -> Settings:
    hosts = tuple(server.netloc for server in servers)
    return Settings(plain_http=hosts, **{"timeout": 5.0, "deadline": 20.0, **options})  # type: ignore[arg-type]


def test_answers_come_in_the_order_of_the_questions(registry: Server) -> None:
    questions = [Question(f"{registry.netloc}/shop/web{number}:1") for number in range(12)]
    answers = Client(plain(registry)).ask(questions)
    assert [answer.image for answer in answers] == [question.image for question in questions]
    assert {answer.outcome for answer in answers} == {"found"}


def test_equal_questions_are_asked_once(registry: Server) -> None:
    image = f"{registry.netloc}/shop/web1"
    answers = Client(plain(registry)).ask(
        [Question(f"{image}:1"), Question(f"{image}:1"), Question(f"{image}:1", ALICE)]
    )
    assert len(registry.asked("/manifests/")) == 2
    assert [answer.outcome for answer in answers] == ["found"] * 3


def test_equal_questions_keep_their_own_names(registry: Server) -> None:
    image = f"{registry.netloc}/shop/web1"
    logins = [Login("bob", "x", CredentialRef(secret=name)) for name in ("one", "two")]
    answers = Client(plain(registry)).ask([Question(f"{image}:1", login) for login in logins])
    assert [answer.credential and answer.credential.secret for answer in answers] == ["one", "two"]
    assert len(registry.asked("/manifests/")) == 1


def test_a_name_that_does_not_parse_is_not_asked_for(registry: Server) -> None:
    answer = Client(plain(registry)).ask([Question("UPPER CASE")])[0]
    assert (answer.outcome, answer.cause, answer.certain) == ("not_asked", "image_name_invalid", True)
    assert registry.seen == []


@pytest.mark.parametrize("image", ["ex_ample.com/app", "reg.test:99999/app"])
def test_a_host_that_is_no_address(image: str) -> None:
    found = Client(Settings())
    answer = found.ask([Question(image)])[0]
    assert (answer.outcome, answer.cause) == ("not_asked", "image_name_invalid")
    assert answer.text.endswith("is no address of a registry")
    assert found.near_tags(image).why_not == answer.text


def test_no_more_than_so_many_at_a_time_at_one_host(registry: Server) -> None:
    lock, now, most = threading.Lock(), [0], [0]
    for path, inner in list(registry._handlers.items()):

        def counted(seen: Seen, inner: object = inner) -> Say:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1
            return inner(seen)  # type: ignore[operator]

        registry.on(path, counted)
    Client(plain(registry, per_host=3)).ask(
        [Question(f"{registry.netloc}/shop/web{number}:1") for number in range(12)]
    )
    assert 1 < most[0] <= 3


@pytest.fixture
def silent() -> Iterator[Server]:
    with serve() as server:
        server.on("*", Say(raw=lambda _connection: server.stop.wait(20) and None))
        yield server


def test_a_silent_host_is_awaited_once(silent: Server) -> None:
    questions = [Question(f"{silent.netloc}/app{number}:1") for number in range(20)]
    answers = Client(plain(silent, timeout=1.0)).ask(questions)
    assert {answer.cause for answer in answers} == {"timeout"}
    assert len(silent.seen) <= 8


def test_a_silent_host_delays_nothing_but_itself(registry: Server) -> None:
    """It keeps silent until all questions to the other host are answered."""
    lock, left, done = (
        threading.Lock(),
        {f"/v2/shop/web{number}/manifests/1" for number in range(12)},
        threading.Event(),
    )
    for path, inner in list(registry._handlers.items()):

        def noted(seen: Seen, path: str = path, inner: object = inner) -> Say:
            with lock:
                left.discard(path)
                if not left:
                    done.set()
            return inner(seen)  # type: ignore[operator]

        registry.on(path, noted)
    waited: list[bool] = []
    with serve() as silent:
        silent.on("*", Say(raw=lambda _connection: waited.append(done.wait(15))))
        questions = [Question(f"{silent.netloc}/app{number}:1") for number in range(20)]
        questions += [Question(f"{registry.netloc}/shop/web{number}:1") for number in range(12)]
        answers = Client(plain(registry, silent, timeout=18.0, deadline=60.0)).ask(questions)
    assert {answer.outcome for answer in answers[20:]} == {"found"}
    assert waited
    assert all(waited)


def test_what_does_not_fit_into_the_deadline_is_said_to_be_not_asked(silent: Server) -> None:
    answers = Client(plain(silent, per_host=1, deadline=0.5)).ask(
        [Question(f"{silent.netloc}/app{number}:1") for number in range(5)]
    )
    assert answers[0].outcome in ("failed", "not_asked")
    assert [answer.outcome for answer in answers[2:]] == ["not_asked"] * 3
    assert "deadline" in answers[4].text


def test_a_name_server_that_hangs_does_not_hang_us(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_arguments: object, **_options: object) -> list[object]:
        released.wait(20)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    answer = Client(Settings(timeout=0.3)).ask([Question("slow.test/app:1")])[0]
    released.set()
    assert (answer.hop, answer.cause) == ("dns", "dns_failure")
    assert "no answer from DNS" in answer.text


def test_long_work_tells_how_far_it_is(registry: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PROGRESS_SECONDS", 0.0)
    said: list[str] = []
    Client(plain(registry), said.append).ask(
        [Question(f"{registry.netloc}/shop/web{number}:1") for number in range(3)]
    )
    assert "3 of 3 images asked for" in said


def test_the_clock_of_the_registry_is_compared(registry: Server) -> None:
    settings = plain(registry, clock=lambda: time.time() - 3600)
    answer = Client(settings).ask([Question(f"{registry.netloc}/shop/web1:1")])[0]
    assert answer.clock_difference is not None
    assert abs(answer.clock_difference - 3600) <= 2


def test_a_mirror_that_is_no_address_is_said_at_once() -> None:
    with pytest.raises(SettingsInvalid, match=r"a mirror of docker\.io"):
        Client(Settings(mirrors={"docker.io": ("ftp://x",)}))


def test_passwords_are_in_no_representation() -> None:
    question = Question("app", ALICE)
    assert ALICE.password not in repr(question)
    assert "hunter22" not in repr(Settings(proxy="http://me:hunter22@proxy"))
