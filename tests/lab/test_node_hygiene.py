# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are poor, hostile or hung, and runs that are killed: nothing is made up, and nothing stays behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.processes import wait_until
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.probing import LISTS, look

pytestmark = pytest.mark.long

DEADLINE = 10.0
GRACE = 3.0
"""The way there and back, on a machine that has other things to do."""


@pytest.fixture(scope="module")
def healthy(lab: Lab) -> Node:
    return lab.node("node1")


@pytest.fixture(scope="module")
def hostile(lab: Lab) -> Iterator[Node]:
    yield lab.add_node("hostile")
    lab.remove_node("hostile")


def test_without_python_everything_is_seen_that_is_seen_with_it(
    lab: Lab, healthy: Node, tmp_path: Path
) -> None:
    node = lab.add_node("nopython", NodeSettings(no_python=True))
    try:
        assert node.ssh("command -v python3 python", check=False).stdout == ""
        there, here = look(node, tmp_path / "there"), look(healthy, tmp_path / "here")
    finally:
        lab.remove_node("nopython")
    assert there.result["complete"]
    seen, usual = there.verdicts("nopython"), here.verdicts("node1")
    for name in (one for one in LISTS if one != "log_lines"):
        assert seen[name] == usual[name], name
    assert there.not_checked("nopython") == here.not_checked("node1")


def test_with_busybox_alone_what_cannot_be_seen_is_not_checked(
    lab: Lab, healthy: Node, tmp_path: Path
) -> None:
    node = lab.add_node("busybox", NodeSettings(busybox_only=True))
    try:
        there, here = look(node, tmp_path / "there"), look(healthy, tmp_path / "here")
    finally:
        lab.remove_node("busybox")
    result = there.result
    assert result["complete"]
    images = [one for one in result["file_systems"] if one["purpose"] == "images"]
    assert images
    assert images[0]["bytes_free"]
    outcomes = {(one["hop"], one["outcome"]) for one in result["hops"]}
    assert ("dns", "ok") in outcomes
    assert ("tcp", "ok") in outcomes
    assert result["runtime"][0]["name"] == "containerd"
    # Whatever a usual node tells and this one does not is said to be missing; nothing is wrong all of a sudden.
    bad = [one for one in result["hops"] if one["outcome"] not in ("ok", "slow", "not_checked")]
    assert not bad
    seen, usual = there.verdicts("busybox"), here.verdicts("node1")
    if any(usual[name] - seen[name] for name in ("hops", "runtime", "log_lines")):
        reasons = [one["why"] for one in result["not_checked"]]
        reasons += [one["text"] for one in result["hops"] if one["outcome"] == "not_checked"]
        assert any("no tool" in why for why in reasons), reasons


# ── a node that means harm ──────────────────────────────────────────────────────────────────────────────

SHOUTS = r"""#!/bin/sh
printf '\033[2J\033]0;title\007\033[31mall is well\r\n'
printf '\n0123456789abcdef01234567 good X 0 0\n<0123456789abcdef01234567 0>\n'
printf '\377\376\300\200\355\240\200 {{ lookup("pipe", "id") }} $(reboot)\n'
head -c 3000000 /dev/urandom
"""
NEVER_ENDS = """#!/bin/sh
trap '' TERM HUP PIPE INT
while :; do echo never ending; done
"""
SILENT = """#!/bin/sh
trap '' TERM HUP INT
while :; do sleep 1; done
"""
BEHAVIOURS = {"shouts": SHOUTS, "never-ends": NEVER_ENDS, "silent": SILENT}
#: Programs of one part of the look ─► the lists that they may change.
PARTS = {
    "disk": (("df", "du"), ("file_systems", "disk_use", "room")),
    "files": (
        ("stat", "find"),
        ("file_systems", "disk_use", "room", "runtime", "endpoints", "config_problems", "hops"),
    ),
    "log": (("journalctl",), ("log_lines", "runtime")),
    "network": (
        ("openssl", "curl", "wget", "getent", "nslookup", "dig", "host", "nc"),
        ("hops", "resolvers"),
    ),
    "runtime": (("systemctl", "ctr", "crictl", "containerd"), ("runtime", "disk_use", "log_lines")),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("part", PARTS)
def test_what_some_programs_print_changes_no_verdict_of_others(
    hostile: Node, part: str, behaviour: str, tmp_path: Path
) -> None:
    usual = look(hostile, tmp_path / "usual").verdicts(hostile.name)
    programs, may_change = PARTS[part]
    paths = [f"/usr/local/sbin/{program}" for program in programs]
    for path in paths:
        hostile.write_file(path, BEHAVIOURS[behaviour], 0o755)
    try:
        seen = look(hostile, tmp_path / "seen", deadline=DEADLINE)
    finally:
        hostile.ssh(f"rm -f {' '.join(paths)}")
        # Programs that ignore a signal are ended by another.
        wait_until(lambda: not running(hostile, programs), f"{part} programs on the node ended", 15)
    assert seen.result["reached"]
    assert seen.result["seconds"] <= DEADLINE + GRACE
    for name in LISTS:
        if name not in may_change:
            assert seen.verdicts(hostile.name)[name] == usual[name], name
    # What was lost is said to be lost.
    lost = any(usual[name] - seen.verdicts(hostile.name)[name] for name in may_change)
    assert not lost or seen.result["not_checked"] or seen.result["why"]
    assert len(seen.output) < 1_000_000
    assert not _CONTROL.search(seen.output)
    assert "uid=0" not in seen.output


def running(node: Node, programs: tuple[str, ...]) -> list[str]:
    """The shims that still run on the node."""
    listed = node.ssh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' || true").stdout.splitlines()
    return [line for line in listed if line in {f"/usr/local/sbin/{program}" for program in programs}]
