# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What jobs can say, and how they are limited, with the real shells."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import build

from tests.unit.plugins.module_utils._node.conftest import Tools
from tests.unit.plugins.module_utils._node.shells import SHELLS, run, run_raw


def _running(word: str) -> list[str]:
    """The processes with this word among their arguments."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as stream:
                arguments = stream.read().split(b"\0")
        except OSError:
            continue
        if word.encode() in arguments:
            found.append(pid)
    return found


def _none_runs(word: str) -> bool:
    """Whether within some seconds no process with this word is left (one that was killed needs a moment to vanish)."""
    end = time.monotonic() + 5
    while found := _running(word):
        if time.monotonic() > end:
            return not found
        time.sleep(0.02)
    return True


def test_a_job_tells_blocks_facts_and_missing_tools(shell: str) -> None:
    text = """
    block name printf 'one\\ntwo'
    block failing sh -c 'echo oh >&2; exit 3'
    block absent no-such-tool
    say system "two
lines"
    say empty ''
    say system again
    have no-such-tool || lacks inodes df stat
    echo between
    """
    job = run([Job("look", text)], shell).job("look")
    assert (job.state, job.exit_code, job.trouble) == ("ended", 0, "")
    assert [(one.name, one.exit_code, one.ended) for one in job.blocks] == [
        ("name", 0, True),
        ("failing", 3, True),
        ("absent", 127, True),
    ]
    assert job.block("name").text == "one\ntwo"
    assert job.block("failing").text == "oh\n"
    assert job.facts == {"system": ("two lines", "again"), "empty": ("",)}
    assert job.lacks == {"inodes": ("df", "stat")}
    assert job.text.strip() == "between"


def test_jobs_see_their_own_variables_and_those_of_the_preface_and_export_none(shell: str) -> None:
    one = Job(
        "one",
        'say x "$X:$P"; say env "$(env | grep -c -e hidden -e it.s)"',
        variables={"X": "it's $HOME `id`"},
    )
    two = Job("two", 'say x "$X:$P:$S"', secrets={"S": "hid'den"})
    answer = run([one, two], shell, preface="echo noise; P=before; export Q=1")
    assert answer.job("one").fact("x") == "it's $HOME `id`:before"
    assert answer.job("one").fact("env") == "0"
    assert answer.job("two").fact("x") == ":before:hid'den"
    assert "hid" not in repr(two)


def test_a_job_starts_others_beside_it(shell: str) -> None:
    text = """
    ask() { say asked "$1 $SOURCE"; }
    for host in a b; do spawn "ask_$host" 3 1000 ask "$host"; done
    spawn 'Not a name' 3 1000 true
    """
    answer = run([Job("start", text, variables={"SOURCE": "file"})], shell)
    assert answer.complete, answer.problem
    assert {name: job.fact("asked") for name, job in answer.jobs.items()} == {
        "start": None,
        "ask_a": "a file",
        "ask_b": "b file",
    }


def test_a_command_over_its_limit_ends_with_all_its_children_and_the_job_goes_on(shell: str) -> None:
    text = """
    slow() { sleep 3617 | sleep 3617; }
    block tool limit 1 sh -c 'echo begun; sleep 3617 & sleep 3617'
    block function limit 1 slow
    block quick limit 5 sh -c 'cat; exit 7'
    printf 'given' | limit 5 cat
    say after 1
    """
    job = run([Job("limited", text, seconds=9)], shell, deadline=12).job("limited")
    assert job.state == "ended"
    assert (job.block("tool").text, job.block("tool").exit_code) == ("begun\n", 124)
    assert job.block("function").exit_code == 124
    assert (job.block("quick").text, job.block("quick").exit_code) == ("", 7)
    assert job.text.strip() == "given"
    assert job.fact("after") == "1"
    assert _none_runs("3617")


def test_a_job_over_its_limit_keeps_what_it_said_and_costs_no_other_job(shell: str) -> None:
    slow = Job("slow", "say before 1; block long sleep 3618; say after 1", seconds=1)
    answer = run([slow, Job("quick", "say here 1")], shell)
    assert answer.complete
    assert answer.job("slow").state == "timeout"
    assert answer.job("slow").facts == {"before": ("1",)}
    assert answer.job("slow").block("long").ended is False
    assert "limit" in answer.job("slow").trouble
    assert (answer.job("quick").state, answer.job("quick").fact("here")) == ("ended", "1")
    assert _none_runs("3618")


def test_the_deadline_ends_what_ignores_signals_and_hides_in_children(shell: str) -> None:
    text = "trap '' TERM INT HUP; say before 1; (trap '' TERM; sleep 3619 & sleep 3619 | cat); sleep 3619"
    answer = run([Job("stubborn", text, seconds=60), Job("other", "say here 1")], shell, deadline=3)
    assert answer.job("stubborn").state == "timeout"
    assert answer.job("other").fact("here") == "1"
    assert _none_runs("3619")


def test_a_preface_that_hangs_leaves_every_job_missing_and_ends_in_time() -> None:
    answer = run([Job("look", "say here 1")], preface="sleep 3620", deadline=2)
    assert answer.reached
    assert answer.job("look").state == "missing"
    assert answer.job("look").trouble
    assert not answer.complete
    assert _none_runs("3620")


def test_nothing_runs_on_when_the_connection_is_lost() -> None:
    mark = os.urandom(12).hex()
    script = build([Job("long", "sleep 3621", seconds=1)], mark=mark, deadline=6)
    command = script.command.replace("/bin/sh", SHELLS["dash"][0])
    client = subprocess.Popen(
        [SHELLS["dash"][0], "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    client.stdin.write(script.stdin)
    client.stdin.flush()
    end = time.monotonic() + 5
    while not _running("3621") and time.monotonic() < end:
        time.sleep(0.02)
    assert _running("3621")
    client.stdin.close()
    client.stdout.close()
    client.kill()
    client.wait()
    assert _none_runs("3621")


@pytest.mark.parametrize("encoders", [("base64",), ("od",), ()], ids=["base64", "od", "neither"])
def test_every_way_of_encoding_gives_the_same(shell: str, encoders: tuple[str, ...], tools: Tools) -> None:
    path = tools(["head", "sleep", "cat", "printf", *encoders])
    long = "0123456789" * 120
    text = f"printf 'a\\n\\nb \\033[31m\\377 c'; printf '\\n%s\\n' {long}; block last printf end"
    job = run([Job("text", text)], shell, only_path=path).job("text")
    assert job.state == "ended", job
    assert job.text.split("\n") == ["a", "b \x1b[31m\ufffd c", long]
    assert job.block("last").text == "end"


@pytest.mark.parametrize("missing", ["timeout", "head", "base64", "sleep", "od"])
def test_a_node_may_lack_any_tool_of_the_frame(shell: str, missing: str, tools: Tools) -> None:
    every = {"timeout", "head", "base64", "sleep", "od", "cat", "printf"}
    answer = run(
        [Job("look", "say here 1"), Job("other", "echo x")], shell, only_path=tools(every - {missing})
    )
    assert answer.complete, answer.problem
    assert answer.job("look").fact("here") == "1"
    assert answer.job("other").text.strip() == "x"


def test_a_shell_without_any_tool_still_answers(shell: str, tools: Tools) -> None:
    answer = run([Job("look", "say here 1; have cat || lacks all cat")], shell, only_path=tools())
    assert answer.job("look").fact("here") == "1" or answer.started is None


def test_busybox_alone_is_enough(busybox_tools: str) -> None:
    text = "block date date -u +%s; block limited limit 1 sleep 3622; block list ls /proc/self"
    job = run([Job("look", text)], "busybox", only_path=busybox_tools).job("look")
    assert (job.state, job.block("limited").exit_code, job.block("list").exit_code) == ("ended", 124, 0)


def test_the_mark_of_the_frames_is_not_among_the_arguments_of_a_process() -> None:
    text = """say mark "$(printf %s "$M" | tr a-z A-Z)"; block processes cat /proc/[0-9]*/cmdline"""
    found = run([Job("look", text, most_bytes=4_000_000)]).job("look")
    assert "head -c" in found.block("processes").text
    assert found.fact("mark").lower() not in found.block("processes").text


def test_a_job_may_have_nothing_to_do(shell: str) -> None:
    answer = run([Job("nothing", ""), Job("comment", "# later"), Job("other", "say here 1")], shell)
    assert answer.complete
    assert answer.job("other").fact("here") == "1"


def test_two_jobs_of_one_name_and_names_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="two jobs of one name"):
        build([Job("a", ""), Job("a", "")], mark="a" * 24, deadline=5)
    with pytest.raises(ValueError, match="not a name of a job"):
        Job("A b", "")
    with pytest.raises(ValueError, match="not a name of a variable"):
        build([Job("a", "", variables={"x;y": ""})], mark="a" * 24, deadline=5)


def test_clean_host_lets_through_what_can_be_a_host_and_nothing_else(shell: str) -> None:
    words = ["reg.example:5000", "[::1]:5000", "10.0.0.1", "-v", "a b", "$(id)", "a;b", "", "*"]
    text = "".join(f'clean_host "$W{n}" && say host "$W{n}"\n' for n in range(len(words)))
    job = Job("hosts", text, variables={f"W{n}": word for n, word in enumerate(words)})
    assert run([job], shell).job("hosts").facts["host"] == ("reg.example:5000", "[::1]:5000", "10.0.0.1")


def test_an_answer_is_no_longer_than_its_jobs_may_be(shell: str) -> None:
    dummy, stdout = run_raw([Job("big", "head -c 3000000 /dev/zero", most_bytes=10_000)], shell)
    assert len(stdout) < 30_000
