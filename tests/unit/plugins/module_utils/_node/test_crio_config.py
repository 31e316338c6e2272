# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CRI-O and podman on a node: registries.conf and drop-ins, short names, policy.json, certs.d."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.plugins.module_utils._node.fake_node import FakeNode
from tests.unit.plugins.module_utils._node.shells import SHELLS

CONF = "/etc/containers/registries.conf"
POLICY = "/etc/containers/policy.json"
ANYTHING = '{"default": [{"type": "insecureAcceptAnything"}]}'


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    node = FakeNode(tmp_path)
    node.process("crio", 70, unit="crio.service")
    node.write(POLICY, ANYTHING)
    return node


@pytest.mark.parametrize("shell", SHELLS)
def test_mirrors_of_the_longest_prefix_then_its_location(node: FakeNode, shell: str) -> None:
    node.write(
        CONF,
        """
[[registry]]
prefix = "r.example"
location = "wrong.example"
[[registry]]
prefix = "r.example/team"
location = "other.example/deep/team"
insecure = true
[[registry.mirror]]
location = "m1.example/cache"
[[registry.mirror]]
location = "m2.example"
pull-from-mirror = "digest-only"
""",
    )
    look = node.look("r.example/team/app:1", runtime="cri-o://1.30.1", shell=shell)
    assert look.urls("r.example") == [
        "https://m1.example/v2/cache/app",
        "https://m2.example/v2/app",
        "https://other.example/v2/deep/team/app",
    ]
    assert [one.resolves for one in look.endpoints("r.example")] == [True, False, True]
    assert look.endpoints("r.example")[2].skip_verify
    assert look.problems["digest_only_mirror"].registry == "r.example"
    assert (look.runtime.name, look.runtime.version) == ("cri-o", "1.30.1")


def test_a_drop_in_replaces_what_was_said_of_a_prefix(node: FakeNode) -> None:
    node.write(CONF, '[[registry]]\nlocation = "r.example"\n[[registry.mirror]]\nlocation = "m.example"\n')
    node.write(
        "/etc/containers/registries.conf.d/50-x.conf",
        '[[registry]]\nlocation = "r.example"\nblocked = true\n',
    )
    look = node.look("r.example/app:1")
    assert look.urls("r.example") == ["https://r.example/v2/app"]
    problem = look.problems["blocked"]
    assert (problem.certain, problem.cause) == (True, "signature_policy")


def test_subdomains_by_a_wildcard(node: FakeNode) -> None:
    node.write(CONF, '[[registry]]\nprefix = "*.r.example"\nblocked = true\n')
    assert node.look("a.r.example/app:1").problems["blocked"].registry == "a.r.example"
    assert "blocked" not in node.look("r.example/app:1").problems


def test_the_first_version_of_the_file_and_a_mixture(node: FakeNode) -> None:
    node.write(
        CONF,
        '[registries.search]\nregistries = ["r.example"]\n[registries.block]\nregistries = ["b.example"]\n',
    )
    look = node.look("b.example/app:1", "team/app:1")
    assert look.problems["blocked"].registry == "b.example"
    assert look.urls("r.example") == ["https://r.example/v2/team/app"]
    node.write(
        CONF, '[registries.search]\nregistries = ["r.example"]\n[[registry]]\nlocation = "x.example"\n'
    )
    assert "mixes version 1" in node.look("x.example/app:1").problems["unparsable"].problem


def test_short_names_need_a_registry_or_an_alias(node: FakeNode) -> None:
    node.write(CONF, "")
    problem = node.look("nginx").problems["short_name"]
    assert (problem.certain, problem.cause) == (True, "short_name")
    node.write(
        CONF, 'unqualified-search-registries = ["r.example", "docker.io"]\nshort-name-mode = "enforcing"\n'
    )
    assert not node.look("nginx").problems["short_name"].certain
    node.write(
        "/etc/containers/registries.conf.d/000-shortnames.conf",
        '[aliases]\n"nginx" = "docker.io/library/nginx"\n',
    )
    look = node.look("nginx:1")
    assert look.urls("docker.io") == ["https://registry-1.docker.io/v2/library/nginx"]
    assert "short_name" not in look.problems


ACCEPT, REJECT = "insecureAcceptAnything", "reject"


def policy(default: str, **scopes: str) -> str:
    docker = {scope: [{"type": kind}] for scope, kind in scopes.items()}
    return json.dumps({"default": [{"type": default}], "transports": {"docker": docker}})


@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        (policy(REJECT), True),
        (policy(ACCEPT), False),
        (policy(REJECT, **{"r.example": ACCEPT}), False),
        (policy(ACCEPT, **{"r.example/team": REJECT}), True),
        (policy(ACCEPT, **{"*.example": REJECT}), True),
        (policy(ACCEPT, **{"": REJECT}), True),
        (policy(ACCEPT, **{"r.example/te": REJECT}), False),
        ("{", True),
        ('{"transports": {}}', True),
    ],
)
def test_the_policy_by_its_narrowest_scope(node: FakeNode, text: str, rejected: bool) -> None:
    node.write(POLICY, text)
    problems = node.look("r.example/team/app:1").problems
    assert ("policy_rejects" in problems) is rejected


def test_an_unparsable_drop_in(node: FakeNode) -> None:
    node.write(CONF, "")
    node.write("/etc/containers/registries.conf.d/x.conf", "[[registry]\n")
    look = node.look("r.example/app:1")
    assert look.problems["unparsable"].file.endswith("x.conf")
    assert look.urls("r.example") == []


def test_certs_d_of_containers_comes_before_dockers(node: FakeNode) -> None:
    node.write(CONF, "")
    node.write("/etc/docker/certs.d/r.example/ca.crt", "x")
    assert node.look("r.example/app:1").endpoints("r.example")[0].ca_files == (
        "/etc/docker/certs.d/r.example/ca.crt",
    )
    node.write("/etc/containers/certs.d/r.example/own.crt", "x")
    look = node.look("r.example/app:1")
    assert look.endpoints("r.example")[0].ca_files == ("/etc/containers/certs.d/r.example/own.crt",)


def test_an_alias_that_was_remembered_counts_for_a_short_name(node: FakeNode) -> None:
    node.write(CONF, "")
    node.write("/var/cache/containers/short-name-aliases.conf", '[aliases]\n"web" = "r.example/shop/web"\n')
    assert node.look("web:1").urls("r.example") == ["https://r.example/v2/shop/web"]
