# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private hosts.toml: the registry itself gets the credential, nobody else does, and all else stays as it is."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.hosts_toml import parse
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import HostFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_hosts import (
    PLACEHOLDER,
    private_hosts,
)

FOLDER = "/etc/containerd/certs.d/registry.example"


def written(
    toml: str = "", *, registry: str = "registry.example", major: int = 2, certificates: tuple[str, ...] = ()
) -> dict[str, Any]:
    found = HostFolder(FOLDER, toml, certificates) if toml or certificates else None
    return tomllib.loads(private_hosts(registry, found, major).text)


def test_without_a_folder_the_registry_gets_it() -> None:
    assert written() == {"header": {"Authorization": PLACEHOLDER}}


def test_up_to_1_7_there_must_be_a_host_table() -> None:
    found = written(major=1)
    assert found["host"] == {"https://registry.example": {"header": {"Authorization": PLACEHOLDER}}}
    assert [entry.url for entry in parse(private_hosts("registry.example", None, 1).text, "/x", 1)] == [
        "https://registry.example/v2",
        "",
    ]


@pytest.mark.parametrize("major", [1, 2])
def test_a_mirror_gets_nothing(major: int) -> None:
    toml = """server = "https://registry.example"
[host."https://mirror.example"]
  capabilities = ["pull", "resolve"]
  skip_verify = true
[host."https://registry.example"]
  ca = ["own.pem", "/etc/other.pem"]
"""
    found = written(toml, major=major)
    assert "header" not in found["host"]["https://mirror.example"]
    assert found["host"]["https://mirror.example"]["skip_verify"] is True
    assert found["host"]["https://registry.example"]["header"] == {"Authorization": PLACEHOLDER}
    assert found["header"] == {"Authorization": PLACEHOLDER}
    assert list(found["host"]) == ["https://mirror.example", "https://registry.example"]


def test_relative_paths_still_lead_to_the_files() -> None:
    toml = 'ca = "own.pem"\nclient = [["a.cert", "a.key"]]\n[host."https://m.example"]\nca = "/abs.pem"\n'
    found = written(toml)
    assert found["ca"] == f"{FOLDER}/own.pem"
    assert found["client"] == [[f"{FOLDER}/a.cert", f"{FOLDER}/a.key"]]
    assert found["host"]["https://m.example"]["ca"] == "/abs.pem"


def test_a_registry_that_is_not_among_the_endpoints_gets_nothing() -> None:
    hosts = private_hosts(
        "registry.example",
        HostFolder(FOLDER, 'server = "https://cache.example"\n[host."https://mirror.example"]\n'),
        2,
    )
    assert hosts.origin is None
    assert PLACEHOLDER not in hosts.text
    assert hosts.endpoints == ("https://mirror.example", "https://cache.example")


def test_docker_hub_is_asked_at_its_own_address() -> None:
    hosts = private_hosts("docker.io", None, 2)
    assert hosts.origin is not None
    assert hosts.origin.url == "https://registry-1.docker.io"
    assert written('server = "https://registry-1.docker.io"', registry="docker.io")["header"]


def test_a_header_of_the_administrators_own_is_left_alone() -> None:
    found = written('[header]\nauthorization = "Basic own"\nX-Team = ["a", "b"]\n')
    assert found["header"] == {"authorization": "Basic own", "X-Team": ["a", "b"]}


@pytest.mark.parametrize("toml", ["server = https://oops\n[host\n", 'server = 1\n[host."https://x"]\n'])
def test_a_file_that_containerd_ignores_is_ignored_and_its_certificates_count(toml: str) -> None:
    found = written(toml, certificates=("b.crt", "a.crt", "c.cert", "c.key", "lone.cert"))
    assert found["ca"] == [f"{FOLDER}/a.crt", f"{FOLDER}/b.crt"]
    assert found["client"] == [[f"{FOLDER}/c.cert", f"{FOLDER}/c.key"]]
    assert "server" not in found


def test_hostile_names_stay_texts() -> None:
    name = 'https://x/"\\nevil = 1'
    toml = '[host."https://x/\\"\\\\nevil = 1"]\nca = "\\u007f\\"quoted\\""\n'
    found = written(toml)
    assert list(found["host"]) == [name]
    assert "evil" not in found
    assert found["host"][name]["ca"] == f'{FOLDER}/\x7f"quoted"'


def test_plain_http_and_ports_are_kept() -> None:
    toml = 'server = "http://plain.example:5000"\n[host."http://plain.example:5000"]\n'
    hosts = private_hosts("plain.example:5000", HostFolder(FOLDER, toml), 1)
    assert hosts.origin is not None
    assert hosts.origin.url == "http://plain.example:5000"
    assert hosts.folder == "plain.example:5000"
