# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a node prints, other jobs keep their verdict, and the look ends within its bounds."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    MOST_JOBS,
    read,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build, outer_mark

from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import SHELLS, run, run_raw

GOOD = Job("good", "block name printf 'fine\\n'; say verdict healthy")
MARK = "0123456789abcdef01234567"

HOSTILE = {
    "escape sequences": r"printf '\033[2J\033]0;title\007\033[31m\r\rred\b\b'",
    "invalid UTF-8": r"printf '\377\376\300\200\355\240\200 text'",
    "NUL bytes": r"printf 'a\000b\000'",
    "frames with another mark": (
        "printf '\\n%s good X 0 0\\n%s good E 0\\n%s - F 1\\n' 0123456789abcdef0123 $RANDOM feedfacefeedface"
    ),
    "a mark that ends the outer frame": "printf '\\n<MARK 0>\\n<MARK good 0>\\n'",
    "megabytes": "head -c 5000000 /dev/urandom",
    "one endless line": "while :; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; done",
    "endless lines": "while :; do echo; done",
    "an exit in the middle": "exit 255",
    "a kill of its own shell": "kill -KILL \"$(cut -d' ' -f4 /proc/self/stat)\"",
    "closed descriptors": "exec 1>&- 2>&-; echo x",
    "shell words": "printf '%s' '$(reboot) `id` {{ 7*7 }} \\\\ \" ; &'",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_output_changes_what_another_job_says(shell: str, text: str) -> None:
    bad = Job("bad", text, seconds=2, most_bytes=20_000)
    answer, stdout = run_raw([bad, GOOD], shell, deadline=6)
    assert (answer.job("good").state, answer.job("good").fact("verdict")) == ("ended", "healthy")
    assert answer.job("good").block("name").text == "fine\n"
    assert answer.job("bad").state in ("ended", "timeout", "cut")
    assert len(stdout) < 100_000
    assert answer.seconds < 8


def test_a_job_cannot_say_something_in_the_name_of_another(shell: str) -> None:
    """It knows the mark, as a program that a job runs never does, and yet its lines stay its own."""
    forger = Job("forger", 'printf \'\\n%s good B c2F5\\n%s say verdict failing\\n\' "$M" "$M"')
    answer = run([forger, GOOD], shell)
    assert answer.job("good").facts == {"verdict": ("healthy",)}
    assert answer.job("forger").facts == {"verdict": ("failing",)}


def test_what_is_printed_beyond_the_limit_is_said_to_be_too_much(shell: str) -> None:
    job = run([Job("big", "head -c 100000 /dev/zero", most_bytes=2_000), GOOD], shell).job("big")
    assert job.too_much
    assert "more than is read" in job.trouble
    exact = run([Job("small", "printf 12345", most_bytes=2_000)], shell).job("small")
    assert not exact.too_much


@pytest.mark.parametrize(
    ("lying", "text"),
    [
        ("timeout", "case $1 in --version) echo 'timeout (GNU coreutils) 9.1' ;; esac; exit 0"),
        ("timeout", "sleep 600"),
        ("base64", "echo '!!!!'; cat >/dev/null"),
        ("base64", "cat"),
        ("base64", "while :; do echo aW1hZ2UtcHVsbA==; done"),
        ("head", "echo '%%%'; cat"),
        ("sleep", "exit 0"),
        ("od", "echo zz"),
    ],
)
def test_tools_that_lie_cost_no_more_than_the_look_itself(lying: str, text: str, tools: Tools) -> None:
    path = tools(["timeout", "head", "base64", "sleep", "od", "cat", "printf"], **{lying: text})
    began = time.monotonic()
    mark = os.urandom(12).hex()
    script = build([GOOD], mark=mark, deadline=3)
    stdin = script.stdin.replace(b"\nPATH=", b"\nPATH=" + path.encode() + b" #", 1)
    client = subprocess.Popen(
        [SHELLS["dash"][0], "-c", script.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": path},
        start_new_session=True,
    )
    try:
        stdout, dummy = client.communicate(stdin, timeout=6)
    except subprocess.TimeoutExpired:
        os.killpg(client.pid, 9)
        stdout, dummy = client.communicate()
    answer = read(stdout.decode("utf-8", "surrogateescape"), mark, script.names)
    assert time.monotonic() - began < 10
    if answer.job("good").state == "ended":
        assert answer.job("good").fact("verdict") in ("healthy", None)
    assert answer.complete is (answer.job("good").fact("verdict") == "healthy")


def test_a_start_file_that_prints_before_us_does_no_harm(tmp_path: object) -> None:
    noise = os.path.join(str(tmp_path), "noise")
    with open(noise, "w", encoding="utf-8") as stream:
        stream.write("printf 'Welcome!\\nno newline at the end'; printf '\\033[1mto stderr' >&2\n")
    environ = {"PATH": os.environ["PATH"], "BASH_ENV": noise, "ENV": noise}
    before = SHELLS["bash"]
    SHELLS["bash"] = before[:1]
    try:
        answer, stdout = run_raw([GOOD], "bash", environ=environ)
    finally:
        SHELLS["bash"] = before
    assert "Welcome!" in stdout
    assert answer.complete
    assert answer.job("good").fact("verdict") == "healthy"


def _answer_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


WHOLE = (
    f"{MARK} - S 100",
    f"{MARK} good B c2F5",
    f"{MARK} good X 0 1",
    f"{MARK} good E 1",
    f"{MARK} - F 110",
    f"{outer_mark(MARK)} 0",
)


def test_a_whole_answer_is_complete() -> None:
    answer = read(_answer_of("Last login: yesterday", *WHOLE), MARK, ["good"])
    assert (answer.complete, answer.problem, answer.job("good").text) == (True, "", "say")
    assert answer.node_seconds == pytest.approx(0.1)


@pytest.mark.parametrize("lost", range(len(WHOLE)))
def test_any_line_that_is_lost_is_noticed(lost: int) -> None:
    lines = [line for number, line in enumerate(WHOLE) if number != lost]
    answer = read(_answer_of(*lines), MARK, ["good"])
    assert not answer.complete or lost == 2, "without its exit code a job still has all its text"
    assert answer.problem or lost == 2


@pytest.mark.parametrize("length", range(0, len("\n".join(WHOLE)), 7))
def test_a_truncated_answer_is_never_complete(length: int) -> None:
    answer = read("\n".join(WHOLE)[:length], MARK, ["good", "other"])
    assert not answer.complete
    assert answer.problem
    assert answer.job("other").state == "missing"


def test_garbled_lines_cost_their_own_job_alone() -> None:
    bad = [
        f"{MARK} bad B !!!!",
        f"{MARK} bad O zz",
        f"{MARK} bad E 99999999999999999999999",
        f"{MARK} bad X ٣ -1",
        f"{MARK} Bad*name B c2F5",
        f"{MARK} - S x",
        MARK,
        "\udcff\udc80",
    ]
    answer = read(_answer_of(*WHOLE[:1], *bad, *WHOLE[1:]), MARK, ["good", "bad"])
    assert answer.job("good").state == "ended"
    assert answer.job("bad").state == "cut"
    assert set(answer.jobs) == {"good", "bad"}


def test_no_more_is_read_of_a_job_than_it_was_allowed_whatever_the_node_says_of_that() -> None:
    many = [f"{MARK} good B {'eHh4' * 19}"] * 1000
    answer = read(
        _answer_of(*WHOLE[:1], *many, f"{MARK} good E 1000 99999999", *WHOLE[4:]), MARK, (), {"good": 2000}
    )
    assert (len(answer.job("good").text), answer.job("good").too_much) == (2000, True)
    crowd = [f"{MARK} job{number} E 0" for number in range(5000)]
    assert len(read(_answer_of(*WHOLE, *crowd), MARK).jobs) == MOST_JOBS


def test_a_process_that_a_job_leaves_behind_does_not_hold_the_connection(shell: str) -> None:
    answer = run([Job("leaves", "(trap '' TERM HUP; sleep 30) & say here 1")], shell, deadline=6)
    assert answer.job("leaves").state in ("ended", "timeout")
    assert answer.complete
    assert answer.seconds < 8


def test_a_megabyte_of_lines_is_read_in_no_time() -> None:
    noise = f"{MARK[:-1]} good B AAAA\n" * 40_000
    answer = read(noise + _answer_of(*WHOLE), MARK, ["good"])
    assert answer.complete
