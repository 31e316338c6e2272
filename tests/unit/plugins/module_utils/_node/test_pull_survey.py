# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has for a manual pull, asked with real shells; and answers that lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import pull_survey, pull_trial
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    HostFolder,
    PullWish,
    Survey,
)

from tests.unit.plugins.module_utils._node.shells import SHELLS, run

WISHES = [PullWish("r.example:5000/app:1"), PullWish("q.example/app:1")]
CTR = """#!/bin/sh
case "$*" in
  *version) printf 'Client:\\n  Version:  1.7.24\\n\\nServer:\\n  Version:  v2.1.4\\n' ;;
  *r.example*) echo r.example:5000/app:1 ;;
esac
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_node_with_containerd(shell: str, tmp_path: Path) -> None:
    program(tmp_path / "bin", "ctr", CTR)
    certs = tmp_path / "certs.d"
    for name in ("r.example_5000_", "r.example:5000", "_default"):
        (certs / name).mkdir(parents=True)
    (certs / "r.example_5000_" / "hosts.toml").write_text('server = "https://r.example:5000"\n')
    (certs / "_default" / "own.crt").write_text("x")
    (tmp_path / "config.toml").write_text('[plugins."io.containerd.grpc.v1.cri".registry.mirrors]\n')
    preface = (
        f"RT=containerd RT_VARIANT= RT_SOCKET=/run/c.sock RT_ROOT={tmp_path}/not/made RT_CERTS=/nowhere:{certs} "
        f"RT_CONFIG={tmp_path}/config.toml"
    )
    answer = run(
        pull_survey.jobs(WISHES),
        shell,
        preface=preface,
        deadline=8,
        only_path=f"{tmp_path}/bin:/usr/bin:/bin",
    )
    survey = pull_survey.read(answer, WISHES)

    assert (survey.runtime, survey.socket, survey.client_version, survey.major) == (
        "containerd",
        "/run/c.sock",
        "2.1.4",
        2,
    )
    assert survey.answers is True
    assert "ctr" in survey.tools
    assert survey.bytes_free is not None
    assert survey.bytes_total is not None
    assert 0 < survey.bytes_free <= survey.bytes_total
    assert survey.inline_registries
    assert survey.present == {WISHES[0].image: True, WISHES[1].image: False}
    assert survey.folders == {
        WISHES[0].image: HostFolder(f"{certs}/r.example_5000_", 'server = "https://r.example:5000"\n'),
        WISHES[1].image: HostFolder(f"{certs}/_default", "", ("own.crt",)),
    }


def answer_of(name: str, *blocks: Block, **facts: str) -> Answer:
    job = JobAnswer(name, "ended", blocks=blocks, facts={key: (value,) for key, value in facts.items()})
    return Answer({name: job}, complete=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Filesystem\n",
        "h\n/dev/x 99999999999999999999 -1 nan 5% /\n",
        "h\n\x1b[31m ; rm -rf /\n",
        "df: stale handle\n" * 1000,
    ],
)
def test_a_disk_that_is_told_badly_is_not_known(text: str) -> None:
    survey = pull_survey.read(answer_of("pull_survey", Block("bytes", text, 0, ended=True)), [])
    assert (survey.bytes_free, survey.bytes_total) == (None, None)


@pytest.mark.parametrize("path", ["relative", "/x\x07", "", "/" + "x" * 2000, "../../etc"])
def test_paths_of_a_node_are_absolute_and_printable_or_nothing(path: str) -> None:
    assert pull_survey.read(answer_of("pull_survey", root=path, socket=path, certs=path), []).root == ""


def test_a_pull_that_says_anything_is_still_one_outcome() -> None:
    wish = PullWish("r.example/app:1")
    for code, text in (
        (0, "\x1b]0;owned\x07"),
        (1, "{{ lookup('pipe', 'id') }}"),
        (None, "x" * 100_000),
        (124, ""),
    ):
        block = Block("pull", text, code, ended=code is not None)
        found = pull_trial.trial("node1", wish, Survey(), "ctr", answer_of("pull", block), None)
        assert found.outcome in ("pulled", "failed", "timeout")
        assert "\x1b" not in found.text
        assert len(found.text) <= 2000


def test_what_remains_on_the_node_is_told() -> None:
    block = Block("pull", "", 0, ended=True)
    wish = PullWish("r.example/app:1")
    left = answer_of("pull", block, gone="namespace image-pull-runbooks")
    assert pull_trial.trial("node1", wish, Survey(), "ctr", left, None).removed is False
    gone = answer_of("pull", block, gone="")
    assert pull_trial.trial("node1", wish, Survey(), "ctr", gone, None).removed is True
    unseen = answer_of("pull", block)
    assert pull_trial.trial("node1", wish, Survey(), "ctr", unseen, None).removed is None
