# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a shell, run by the shells of this machine (without entering other namespaces)."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.shell import command_line

SHELLS = [words for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(words[0])]
MARK = "mark:"


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def sh(request: pytest.FixtureRequest) -> list[str]:
    return request.param


def run(sh: list[str], command: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    words, before = command_line(command, MARK, None if data is None else len(data))
    # Further bytes stand for an input whose end never comes.
    fed = before + (data or b"") + (b"rest" if data is not None else b"")
    return subprocess.run([*sh, "-c", words[-1]], input=fed, capture_output=True, check=False, timeout=20)


def test_the_mark_comes_first_and_the_code_is_the_commands(sh: list[str]) -> None:
    found = run(sh, "echo a; exit 3")
    assert (found.returncode, found.stdout) == (3, b"mark:a\n")


def test_input_is_given_to_the_byte(sh: list[str]) -> None:
    data = bytes(range(256)) * 1000
    assert run(sh, "cat", data).stdout == b"mark:" + data


def test_input_that_is_not_read_does_not_matter(sh: list[str]) -> None:
    assert run(sh, "exit 7", b"x" * 300_000).returncode == 7


def test_long_commands_go_the_way_of_the_input(sh: list[str]) -> None:
    command = "cat; printf '%s\\n' '" + "x" * 5000 + "' # comment\n\n"
    words, before = command_line(command, MARK, 5)
    assert (before.decode(), command in words[-1]) == (command, False)
    assert run(sh, command, b"input").stdout == b"mark:input" + b"x" * 5000 + b"\n"


def test_comments_here_documents_and_several_lines_are_whole(sh: list[str]) -> None:
    command = "cat <<E\nline $((1+1))\nE\necho end # comment"
    assert run(sh, command).stdout == b"mark:line 2\nend\n"


def test_without_input_there_is_none(sh: list[str]) -> None:
    assert run(sh, "cat; echo end").stdout == b"mark:end\n"
