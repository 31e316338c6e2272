# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of a node: which lines leave it, what becomes of them, and what is said where there are none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, LogLine
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import logs
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    ImageAsked,
    NodeQuestion,
)

from tests.unit.plugins.module_utils._node.fake_node import FakeNode
from tests.unit.plugins.module_utils._node.shells import run

JOURNALS = Path(__file__).resolve().parents[4] / "data/journals"
COMMANDS = ("cat", "cut", "date", "grep", "head", "tail", "tr", "sed", "base64", "sleep", "kill")
Tools = Callable[..., str]
ASKED = NodeQuestion(node="n1", images=(ImageAsked("registry.example/shop/web:7"),))


def journal(tools: Tools, text: Path | str) -> str:
    """The path of tools with a journalctl that gives this journal, whatever it is asked."""
    path = tools(COMMANDS)
    file = text if isinstance(text, Path) else Path(path) / "journal.txt"
    if isinstance(text, str):
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
    return tools(
        journalctl=f'case " $* " in *" -n 1 "*) head -n 2 "{file}" | tail -n 1 ;; *) cat "{file}" ;; esac'
    )


def look(question: NodeQuestion, path: str, shell: str = "dash") -> tuple[list[LogLine], list[Gap]]:
    # What is recorded happened in the past: no node's clock bounds it.
    answer = run(logs.jobs(question), shell, only_path=path, preface="RT_UNIT=")
    jobs = {
        name: replace(job, facts={key: value for key, value in job.facts.items() if key != "now"})
        for name, job in answer.jobs.items()
    }
    found = logs.records(replace(answer, jobs=jobs), question)
    return [one for one in found if isinstance(one, LogLine)], [one for one in found if isinstance(one, Gap)]


def _word(number: int) -> str:
    """A word that no other number has, and that holds no digit."""
    return "host-" + str(number).translate(str.maketrans("0123456789", "ghijklmnop"))


def test_lines_of_cri_o_about_the_image_and_no_others(tools: Tools, shell: str) -> None:
    lines, gaps = look(ASKED, journal(tools, JOURNALS / "crio.txt"), shell)
    assert gaps == []
    pulling = next(line for line in lines if "Pulling image" in line.text)
    assert (pulling.unit, pulling.at, pulling.level) == ("crio", "2026-03-01T08:00:59Z", "info")
    assert pulling.image == "registry.example/shop/web:7"
    assert not any("quay.io/other" in line.text for line in lines)
    assert any(line.unit == "systemd" and "Started" in line.text for line in lines)
    assert [line.at for line in lines] == sorted(line.at or "" for line in lines)


def test_lines_of_docker_show_the_failing_mirror_and_no_token(tools: Tools) -> None:
    lines, _gaps = look(ASKED, journal(tools, JOURNALS / "cri-dockerd.txt"))
    mirror = next(line for line in lines if "Attempting next endpoint" in line.text)
    # Twice in the journal, which both jobs read here.
    assert mirror.count == 4
    assert "no such host" in mirror.text
    assert not any("s3cretvalue" in line.text for line in lines)
    assert any(line.unit == "cri-dockerd" for line in lines)


def test_a_credential_provider_speaks_here_alone(tools: Tools) -> None:
    lines, _gaps = look(ASKED, journal(tools, JOURNALS / "credential-provider.txt"))
    assert [line.unit for line in lines] == ["kubelet"]
    assert "ecr-credential-provider" in lines[0].text
    assert lines[0].level == "error"
    assert "eyJhbGci" not in lines[0].text


def test_a_credential_provider_s_line_names_its_image_without_quotes(tools: Tools) -> None:
    said = (
        "1772352000.0 node1 kubelet[1]: E0301 08:00:00.000000       1 plugin.go:233] Failed getting credential from "
        "external registry credential provider: error execing credential provider plugin own-provider for image "
        "registry.example/shop/web: exit status 1\n"
    )
    lines, _gaps = look(ASKED, journal(tools, said))
    assert {line.image for line in lines} == {"registry.example/shop/web"}


def test_log_files_where_there_is_no_journal(tmp_path: Path, tools: Tools, shell: str) -> None:
    node = FakeNode(tmp_path / "node")
    node.write(
        "/var/lib/rancher/k3s/agent/containerd/containerd.log",
        'time="2026-03-01T08:00:00.5+01:00" level=info msg="trying next host" error="dial tcp" host=m.example\n'
        'time="2026-03-01T08:00:01+01:00" level=info msg="nothing of note"\n',
    )
    said = 'E0301 08:01:00.100000     900 kubelet.go:1] "x" image="registry.example/shop/web:7"\n'
    node.write("/var/log/kubelet.log", said)
    node.write("/var/log/syslog", "Mar  1 08:02:03 node1 dockerd[77]: pull of registry.example/shop/web:7\n")
    jobs = [replace(job, variables=node.moved_in(job.variables)) for job in logs.jobs(ASKED)]
    answer = run(jobs, shell, only_path=tools(COMMANDS), preface="RT_UNIT=")
    facts = {"now": ("1772350000",), "zone": ("+0100",)}
    answer = replace(
        answer, jobs={name: replace(job, facts={**job.facts, **facts}) for name, job in answer.jobs.items()}
    )
    found = [one for one in logs.records(answer, ASKED) if isinstance(one, LogLine)]
    assert [(one.unit, one.at) for one in found] == [
        ("containerd", "2026-03-01T07:00:00Z"),
        ("kubelet", "2026-03-01T07:01:00Z"),
        ("dockerd", "2026-03-01T07:02:03Z"),
    ]


def test_log_files_where_the_journal_hangs(tmp_path: Path, tools: Tools) -> None:
    log = tmp_path / "containerd.log"
    log.write_text('time="2026-03-01T08:00:00Z" level=error msg="pull registry.example/shop/web:7 failed"\n')
    jobs = [
        replace(job, variables={**job.variables, "LOG_FILES": str(log), "LOG_ALWAYS": ""})
        for job in logs.jobs(ASKED)
        if job.name == logs.RUNTIME_JOB
    ]
    answer = run(jobs, only_path=tools(COMMANDS, journalctl="exec sleep 30"), preface="RT_UNIT=")
    texts = [block.text for block in answer.job(logs.RUNTIME_JOB).blocks if block.name == "log_1"]
    assert texts == [log.read_text()]
    why = {one.to_dict()["why"] for one in logs.records(answer, ASKED) if isinstance(one, Gap)}
    assert "reading it took longer than its limit" in why


def test_without_journal_and_files_that_is_said(tmp_path: Path, tools: Tools, shell: str) -> None:
    jobs = [
        replace(job, variables={**job.variables, "LOG_FILES": "", "LOG_ALWAYS": ""})
        for job in logs.jobs(ASKED)
    ]
    found = logs.records(run(jobs, shell, only_path=tools(COMMANDS), preface="RT_UNIT="), ASKED)
    assert {(type(one).__name__, one.to_dict()["why"]) for one in found} == {
        ("Gap", "no tool (journalctl), and none of the known log files is there")
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1790000000.5 n1 containerd[5]: something else\n", set()),
        ("-- No entries --\n", {"neither the journal nor a known log file has a line of it"}),
    ],
    ids=["of other things", "of nothing"],
)
def test_a_journal_without_a_line_of_ours_speaks_only_where_it_holds_none_at_all(
    tools: Tools, shell: str, text: str, why: set[str]
) -> None:
    path = tools(COMMANDS, journalctl=f"printf '%s' '{text}'")
    jobs = [
        replace(job, variables={**job.variables, "LOG_FILES": "", "LOG_ALWAYS": ""})
        for job in logs.jobs(ASKED)
    ]
    found = logs.records(run(jobs, shell, only_path=path, preface="RT_UNIT="), ASKED)
    assert {one.to_dict()["why"] for one in found} == why


def test_a_user_who_may_not_read_the_journal(tools: Tools) -> None:
    path = tools(
        COMMANDS,
        journalctl="echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1",
    )
    jobs = [replace(job, variables={**job.variables, "LOG_FILES": ""}) for job in logs.jobs(ASKED)]
    found = logs.records(run(jobs, only_path=path, preface="RT_UNIT="), ASKED)
    assert all("become" in one.to_dict()["why"] for one in found)
    assert len(found) == 2


def test_hostile_lines_are_text_and_end_within_the_bounds(tools: Tools, shell: str) -> None:
    evil = "\x1b]0;owned\x07 {{ lookup('pipe', 'id') }} registry.example/shop/web:7 \udcff\udcfe"
    text = "# one\n" + "".join(
        f"17723520{n % 60:02d}.1 node1 containerd[1]: {_word(n)} {evil}{'A' * 3000}\n" for n in range(900)
    )
    lines, _gaps = look(ASKED, journal(tools, text), shell)
    assert 0 < len(lines) <= logs.MOST_LINES
    assert all("\x1b" not in line.text and len(line.text) <= 1500 for line in lines)


def test_what_is_kept_when_there_is_too_much() -> None:
    rows = [
        f'1772352{n:03d}.0 h containerd[1]: level=info msg="trying next host" host={_word(n)}'
        for n in range(400)
    ]
    rows.append(
        '1772352000.0 h containerd[1]: level=error msg="PullImage registry.example/shop/web:7 failed"'
    )
    block = Block("journal", "\n".join(rows), 0, ended=True)
    job = JobAnswer(logs.RUNTIME_JOB, "ended", blocks=(block,), facts={"journal_works": ("1",)})
    found = logs.records(Answer({job.name: job}, complete=True), ASKED)
    lines = [one for one in found if isinstance(one, LogLine)]
    assert len(lines) == logs.MOST_LINES
    assert any("web:7 failed" in line.text for line in lines)
    assert any("weightiest" in one.to_dict()["why"] for one in found if isinstance(one, Gap))


@pytest.mark.parametrize(
    ("since", "seconds"),
    [
        (None, 3600),
        ("2026-03-01T08:00:00Z", 1260),
        ("2026-03-01T08:19:59Z", 300),
        ("2025-01-01T00:00:00Z", 86_400),
        ("yesterday", 3600),
        ("2027-01-01T00:00:00Z", 300),
    ],
)
def test_how_far_back_is_read(since: str | None, seconds: int) -> None:
    assert logs.window(since, now=1772353200.0) == seconds


def test_images_and_hosts_are_searched_by_the_words_that_lines_use() -> None:
    question = NodeQuestion(
        "n1", images=(ImageAsked("nginx"),), hosts=(HostAsked("mirror.example:5000", "mirror"),)
    )
    wanted = logs.jobs(question)[0].variables["LOG_PATTERNS"].split("\n")
    assert {'"nginx"', "nginx:latest", "docker.io/library/nginx", "mirror.example:5000"} <= set(wanted)
    assert "nginx" not in wanted
    assert "" not in wanted


def test_the_real_journalctl_understands_how_it_is_asked() -> None:
    if not shutil.which("journalctl"):
        pytest.skip("no journalctl here")
    answer = run(logs.jobs(ASKED), preface="RT_UNIT=containerd.service")
    newest = answer.job(logs.RUNTIME_JOB).block("newest")
    assert newest is not None
    assert "unrecognized option" not in newest.text
