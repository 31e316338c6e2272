# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client pulls by hand, and when nothing is pulled at all."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    HostFolder,
    PullWish,
    Survey,
    choose_client,
    obstacle,
    socket_for,
)

WISH = PullWish("registry.example/app:1")
LOGIN = Login("deploy", "not-to-be-seen")
CONTAINERD = Survey(
    runtime="containerd",
    socket="/run/containerd/containerd.sock",
    root="/var/lib/containerd",
    user="0",
    tools=frozenset({"ctr", "curl"}),
    answers=True,
    bytes_free=50_000_000_000,
    bytes_total=100_000_000_000,
    inodes_free=1_000_000,
)


def with_tools(*tools: str, runtime: str = "containerd") -> Survey:
    return dataclasses.replace(CONTAINERD, runtime=runtime, tools=frozenset(tools))


def test_the_hosts_directory_is_the_one_with_a_folder_for_the_registry() -> None:
    survey = dataclasses.replace(
        CONTAINERD,
        certs=("/etc/containerd/certs.d", "/etc/docker/certs.d"),
        folders={WISH.image: HostFolder("/etc/docker/certs.d/registry.example")},
    )
    assert survey.hosts_dir(WISH.image) == "/etc/docker/certs.d"
    assert survey.hosts_dir("elsewhere.example/app:1") == "/etc/containerd/certs.d"
    assert CONTAINERD.hosts_dir(WISH.image) == ""


@pytest.mark.parametrize(
    ("survey", "client"),
    [
        (with_tools("ctr", "docker"), "ctr"),
        (with_tools("nerdctl", "docker"), "nerdctl"),
        (with_tools("ctr", "docker", runtime="docker"), "docker"),
        (with_tools("crictl", "podman", runtime="cri-o"), "podman"),
        (with_tools("podman", runtime="podman"), "podman"),
        (with_tools("docker", runtime=""), "docker"),
    ],
)
def test_the_client_is_that_of_the_kubelets_runtime(survey: Survey, client: str) -> None:
    assert choose_client(WISH, survey) == (client, "")


def test_a_node_without_a_client_of_its_runtime_is_told_so() -> None:
    assert choose_client(WISH, with_tools("docker")) == (
        "",
        "no client of containerd is on the node (ctr, nerdctl)",
    )
    assert (
        choose_client(WISH, with_tools(runtime="docker"))[1] == "no client of docker is on the node (docker)"
    )


def test_a_client_that_is_asked_for_must_be_there() -> None:
    wish = dataclasses.replace(WISH, client="podman")
    assert choose_client(wish, CONTAINERD) == ("", "there is no podman on the node")
    assert choose_client(wish, with_tools("ctr", "podman")) == ("podman", "")


def test_without_curl_a_credential_goes_through_nerdctl_or_not_at_all() -> None:
    wish = dataclasses.replace(WISH, login=LOGIN)
    assert choose_client(wish, with_tools("ctr", "nerdctl")) == ("nerdctl", "")
    assert choose_client(wish, with_tools("ctr", "nerdctl", "curl")) == ("ctr", "")
    survey = with_tools("ctr")
    assert choose_client(wish, survey) == ("ctr", "")
    assert "there is no curl" in obstacle(wish, survey, "ctr")
    assert obstacle(WISH, survey, "ctr") == ""


def test_the_kubelets_store_is_touched_on_request_alone() -> None:
    everything = with_tools("ctr", "crictl")
    assert "only with as_kubelet" in choose_client(dataclasses.replace(WISH, client="crictl"), everything)[1]
    wish = dataclasses.replace(WISH, as_kubelet=True)
    assert choose_client(wish, everything) == ("crictl", "")
    assert choose_client(wish, with_tools("docker", runtime="docker")) == ("docker", "")
    assert "no crictl" in choose_client(wish, with_tools("ctr"))[1]
    assert "only as an argument" in choose_client(dataclasses.replace(wish, login=LOGIN), everything)[1]
    assert (
        "does not pull as the kubelet"
        in choose_client(dataclasses.replace(wish, client="ctr"), everything)[1]
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"user": "1000"}, "needs root"),
        ({"answers": False, "answer_text": "connection refused"}, "does not answer ctr: connection refused"),
        ({"answers": False}, "no word within its limit"),
        ({"bytes_free": 1_000_000}, "size is not known"),
        ({"inodes_free": 12}, "12 inodes"),
    ],
)
def test_a_node_that_is_not_fit_for_it_is_left_alone(changed: dict[str, Any], words: str) -> None:
    assert words in obstacle(WISH, dataclasses.replace(CONTAINERD, **changed), "ctr")


def test_an_image_that_does_not_fit_is_not_pulled() -> None:
    wish = dataclasses.replace(WISH, size_bytes=1000, factor=3.0)
    assert "a pull would fill the disk" in obstacle(
        wish, dataclasses.replace(CONTAINERD, bytes_free=2999), "ctr"
    )
    assert obstacle(wish, dataclasses.replace(CONTAINERD, bytes_free=3000), "ctr") == ""
    unknown = dataclasses.replace(CONTAINERD, bytes_free=None, bytes_total=None, inodes_free=None)
    assert obstacle(wish, unknown, "ctr") == ""


def test_a_wish_shows_no_password() -> None:
    assert "not-to-be-seen" not in repr(dataclasses.replace(WISH, login=LOGIN))


def test_a_client_talks_to_its_own_runtime() -> None:
    odd = dataclasses.replace(CONTAINERD, socket="/run/k3s/containerd/containerd.sock")
    assert socket_for("ctr", odd) == "/run/k3s/containerd/containerd.sock"
    assert socket_for("docker", odd) == "/run/docker.sock"
    assert socket_for("ctr", dataclasses.replace(odd, runtime="docker")) == "/run/containerd/containerd.sock"
    assert socket_for("crictl", odd) == odd.socket
