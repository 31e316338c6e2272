# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker and cri-dockerd on a node: mirrors for Docker Hub alone, insecure registries, certs.d."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plugins.module_utils._node.fake_node import FakeNode
from tests.unit.plugins.module_utils._node.shells import SHELLS

DAEMON = "/etc/docker/daemon.json"
CERTS = "/etc/docker/certs.d"


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    node = FakeNode(tmp_path)
    node.process("dockerd", 60, unit="docker.service")
    return node


@pytest.mark.parametrize("shell", SHELLS)
def test_mirrors_are_asked_for_docker_hub_alone(node: FakeNode, shell: str) -> None:
    node.write(DAEMON, '{"registry-mirrors": ["https://m.example/"], "max-concurrent-downloads": 1}')
    look = node.look("nginx", "r.example/app:1", runtime="docker://20.10.24", shell=shell)
    assert look.urls("docker.io") == ["https://m.example/v2", "https://registry-1.docker.io/v2"]
    assert look.urls("r.example") == ["https://r.example/v2"]
    assert look.problems["mirrors_for_hub_only"].registry == "r.example"
    assert "max-concurrent-downloads=1" in look.runtime.detail
    assert look.runtime.name == "docker"


def test_an_insecure_registry_is_tried_by_https_then_by_http(node: FakeNode) -> None:
    node.write(DAEMON, '{"insecure-registries": ["r.example:5000", "10.0.0.0/8"]}')
    look = node.look("r.example:5000/app:1", "10.1.2.3/app:1", "r.example/app:1")
    assert look.urls("r.example:5000") == ["https://r.example:5000/v2", "http://r.example:5000/v2"]
    assert look.endpoints("10.1.2.3")[0].skip_verify
    assert look.urls("r.example") == ["https://r.example/v2"]


def test_certs_d_by_the_very_name_that_docker_asks(node: FakeNode) -> None:
    node.write(f"{CERTS}/r.example/ca.crt", "no certificate\n")
    node.write(f"{CERTS}/r.example/client.cert", "x")
    node.write(f"{CERTS}/docker.io/ca.crt", "x")
    look = node.look("r.example/app:1", "nginx")
    assert look.endpoints("r.example")[0].ca_files == (f"{CERTS}/r.example/ca.crt",)
    assert look.problems["ca_not_pem"].registry == "r.example"
    assert look.problems["client_certificate_missing"].certain
    assert look.problems["folder_name"].file == f"{CERTS}/docker.io"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"registry-mirrors": [', "unparsable"),
        ("[]", "unparsable"),
        ('{"registry-mirrors": ["https://m.example/path"]}', "mirror_invalid"),
        ('{"insecure-registries": ["http://r.example"]}', "insecure_invalid"),
    ],
)
def test_what_keeps_dockerd_from_starting(tmp_path: Path, node: FakeNode, text: str, key: str) -> None:
    node.write(DAEMON, text)
    assert not node.look("nginx").problems[key].certain
    stopped = FakeNode(tmp_path / "stopped")
    stopped.write(DAEMON, text)
    problem = stopped.look("nginx", runtime="docker://20.10.24").problems[key]
    assert (problem.certain, problem.cause) == (True, "runtime_error")


def test_a_proxy_of_daemon_json_outweighs_the_environment(node: FakeNode) -> None:
    node.write(DAEMON, '{"proxies": {"https-proxy": "http://me:pw@q.example:1", "no-proxy": "r.example"}}')
    look = node.look("r.example/app:1")
    assert look.runtime.proxies == {"HTTPS_PROXY": "http://<redacted>@q.example:1", "NO_PROXY": "r.example"}


@pytest.mark.parametrize("tool", ["sed", "head"])
def test_a_missing_tool_makes_no_broken_certificate(node: FakeNode, shell: str, tool: str) -> None:
    node.write(f"{CERTS}/r.example/ca.crt", "no certificate\n")
    without = f'have() {{ [ "$1" != {tool} ] && command -v "$1" >/dev/null 2>&1; }}'
    look = node.look("r.example/app:1", shell=shell, before=without)
    assert "ca_not_pem" not in look.problems
    assert f"n1: {CERTS}/r.example/ca.crt" in look.gaps
    gap = next(one.to_dict() for one in look.records if "ca.crt" in str(one.to_dict().get("check")))
    assert gap["why"] == "no tool (head, sed)"
