# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are no usual ones are what they claim to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.image_pull_lab.errors import LabUnavailable
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings


@contextmanager
def extra_node(lab: Lab, name: str, settings: NodeSettings) -> Iterator[Node]:
    try:
        node = lab.add_node(name, settings)
    except LabUnavailable as reason:
        pytest.skip(str(reason))
    try:
        yield node
    finally:
        lab.remove_node(name)


def test_a_docker_host_pulls_with_dockers_own_words(lab: Lab) -> None:
    with extra_node(lab, "dock", NodeSettings(runtime="docker")) as node:
        assert "Downloaded" in node.ssh("docker pull registry.reg.test/app/ok:1").stdout
        assert "Downloaded" in node.ssh("docker pull company-ca.reg.test/app/web:1.1.0").stdout
        failed = node.ssh("docker pull registry.reg.test/app/ok:nix", check=False)
        assert "manifest unknown" in failed.stderr
        assert "kubelet" not in node.ssh("ps -e").stdout


def test_a_podman_host_pulls_with_podmans_own_words(lab: Lab) -> None:
    with extra_node(lab, "pod", NodeSettings(runtime="podman")) as node:
        node.ssh("podman pull -q registry.reg.test/app/ok:1")
        failed = node.ssh("podman pull registry.reg.test/broken/layer:1", check=False)
        assert "Digest did not match" in failed.stderr


def test_a_node_with_busybox_alone_is_ready_and_has_no_other_program(lab: Lab) -> None:
    settings = NodeSettings(busybox_only=True, taints=("lab=bare:NoSchedule",))
    with extra_node(lab, "bare", settings) as node:
        paths = "/usr/bin /usr/sbin /usr/local/bin /usr/local/sbin"
        listed = node.ssh(f"for d in {paths}; do find $d/ ! -type d ! -type l; done").stdout.split()
        assert {path.rpartition("/")[2] for path in listed} == {"busybox", "sshd"}
        assert node.ssh("readlink /bin/sh").stdout == "busybox\n"


def test_a_node_without_python_is_ready_and_has_none(lab: Lab) -> None:
    settings = NodeSettings(no_python=True, taints=("lab=nopy:NoSchedule",))
    with extra_node(lab, "nopy", settings) as node:
        assert node.ssh("command -v python python3 python3.11", check=False).stdout == ""
        assert node.ssh("command -v ctr").stdout == "/usr/bin/ctr\n"
