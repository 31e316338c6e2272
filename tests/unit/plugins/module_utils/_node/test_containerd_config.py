# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd on a node: the endpoints it tries for an image, and what is wrong in its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import config
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    ImageAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.runtime_state import FILES_JOB

from tests.unit.plugins.module_utils._node.fake_node import FakeNode
from tests.unit.plugins.module_utils._node.shells import SHELLS

CONFIG = "/etc/containerd/config.toml"
CERTS = "/etc/containerd/certs.d"
OLD, NEW = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"
V16, V17, V20, V21, V24 = (f"containerd://{one}" for one in ("1.6.20", "1.7.29", "2.0.5", "2.1.4", "2.4.2"))
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBPzCB5qADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAmNhMB4XDTIw
-----END CERTIFICATE-----
"""


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    node = FakeNode(tmp_path)
    node.process("containerd", 55, unit="containerd.service")
    return node


def configure(node: FakeNode, config_path: str = CERTS, *, version: int = 2, more: str = "") -> None:
    plugin = OLD if version == 2 else NEW
    node.write(
        CONFIG, f'version = {version}\n[plugins."{plugin}".registry]\nconfig_path = "{config_path}"\n{more}'
    )


def hosts(node: FakeNode, folder: str, text: str) -> None:
    node.write(f"{CERTS}/{folder}/hosts.toml", text)


@pytest.mark.parametrize("shell", SHELLS)
def test_mirrors_come_first_and_the_registry_last(node: FakeNode, shell: str) -> None:
    configure(node)
    hosts(node, "docker.io", 'server = "https://registry-1.docker.io"\n[host."https://m.example"]\n')
    look = node.look("nginx", runtime=V16, shell=shell)
    assert look.urls("docker.io") == ["https://m.example/v2", "https://registry-1.docker.io/v2"]
    assert [one.role for one in look.endpoints("docker.io")] == ["mirror", "origin"]
    assert look.problems == {}
    assert look.runtime.config_files == (CONFIG,)


@pytest.mark.parametrize(
    ("folder", "registry"),
    [("r.example_5000_", "r.example:5000"), ("r.example:5000", "r.example:5000"), ("_default", "r.example")],
)
def test_folders_by_any_name_that_containerd_knows(node: FakeNode, folder: str, registry: str) -> None:
    configure(node)
    hosts(node, folder, '[host."https://m.example"]\n')
    assert node.look(f"{registry}/app:1", runtime=V16).urls(registry)[0] == "https://m.example/v2"


def test_a_folder_for_another_port_is_named(node: FakeNode) -> None:
    configure(node)
    hosts(node, "r.example:443", '[host."https://m.example"]\n')
    look = node.look("r.example/app:1", runtime=V16)
    assert look.urls("r.example") == ["https://r.example/v2"]
    assert look.problems["folder_name"].file == f"{CERTS}/r.example:443"


def test_an_unparsable_file_is_left_aside_in_silence_and_we_say_so(node: FakeNode) -> None:
    configure(node)
    hosts(node, "r.example", "server = https://oops\n[host\n")
    look = node.look("r.example/app:1", runtime=V16)
    assert look.urls("r.example") == ["https://r.example/v2"]
    problem = look.problems["unparsable"]
    assert problem.certain
    assert "failed to decode hosts.toml" in problem.effect


def test_a_ca_for_the_host_alone_makes_a_wrong_tag_look_like_tls(node: FakeNode) -> None:
    configure(node)
    node.write("/etc/containerd/ca.crt", CERTIFICATE)
    hosts(
        node,
        "r.example",
        'server = "https://r.example"\n[host."https://r.example"]\nca = "/etc/containerd/ca.crt"\n',
    )
    look = node.look("r.example/app:1", runtime=V16)
    assert [one.ca_files for one in look.endpoints("r.example")] == [("/etc/containerd/ca.crt",), ()]
    assert "wrong" not in look.problems
    assert "x509" in look.problems["ca_not_for_server"].effect


def test_a_ca_that_is_missing_or_is_none_fails_every_pull(node: FakeNode) -> None:
    configure(node)
    node.write(
        f"{CERTS}/b.example/junk.crt", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    )
    hosts(node, "a.example", '[host."https://a.example"]\nca = "/etc/containerd/none.crt"\n')
    look = node.look("a.example/app:1", "b.example/app:1", runtime=V16)
    assert (look.problems["ca_missing"].registry, look.problems["ca_missing"].cause) == (
        "a.example",
        "tls_untrusted",
    )
    assert look.problems["ca_not_pem"].registry == "b.example"


def test_without_config_path_the_folders_are_ignored(node: FakeNode) -> None:
    node.write(CONFIG, f'version = 2\n[plugins."{OLD}"]\nsandbox_image = "k8s.gcr.io/pause:3.5"\n')
    hosts(node, "r.example", '[host."https://m.example"]\n')
    look = node.look("r.example/app:1", runtime=V16)
    assert look.urls("r.example") == ["https://r.example/v2"]
    assert look.problems["no_config_path"].certain
    assert "sandbox_image" in look.problems


def test_from_2_2_on_the_folders_have_a_default_which_the_transfer_service_misreads(node: FakeNode) -> None:
    node.write(CONFIG, "version = 3\n")
    hosts(node, "r.example", '[host."https://m.example"]\n')
    look = node.look("r.example/app:1", runtime=V24)
    assert look.urls("r.example") == ["https://r.example/v2"]
    assert look.problems["several_config_paths"].certain
    configure(
        node,
        f"{CERTS}:/etc/docker/certs.d",
        version=3,
        more=f'[plugins."{NEW}"]\nuse_local_image_pull = true\n',
    )
    assert node.look("r.example/app:1", runtime=V24).urls("r.example")[0] == "https://m.example/v2"
    configure(node, CERTS, version=3)
    assert node.look("r.example/app:1", runtime=V24).urls("r.example")[0] == "https://m.example/v2"


def test_several_folders_are_read_in_their_order_by_1_x_and_2_0(node: FakeNode) -> None:
    node.write("/etc/docker/certs.d/r.example/ca.crt", CERTIFICATE)
    for version, file_version in ((V17, 2), (V20, 3)):
        configure(node, f"{CERTS}:/etc/docker/certs.d", version=file_version)
        look = node.look("r.example/app:1", runtime=version)
        assert look.endpoints("r.example")[0].ca_files == ("/etc/docker/certs.d/r.example/ca.crt",)


def test_version_1_and_names_of_another_version(node: FakeNode) -> None:
    hosts(node, "r.example", '[host."https://m.example"]\n')
    node.write(CONFIG, f'[plugins.cri.registry]\nconfig_path = "{CERTS}"\n')
    assert node.look("r.example/app:1", runtime=V16).urls("r.example")[0] == "https://m.example/v2"
    node.write(CONFIG, f'[plugins."{OLD}".registry]\nconfig_path = "{CERTS}"\n')
    assert node.look("r.example/app:1", runtime=V16).problems["config_version"].certain
    node.write(CONFIG, f'version = 3\n[plugins."{OLD}".registry]\nconfig_path = "{CERTS}"\n')
    assert node.look("r.example/app:1", runtime=V20).problems["wrong_plugin_name"].certain
    node.write(CONFIG, f'version = 2\n[plugins."{OLD}".registry]\nconfig_path = "{CERTS}"\n')
    assert node.look("r.example/app:1", runtime=V20).urls("r.example")[0] == "https://m.example/v2"


def test_imports_are_laid_over_the_file(node: FakeNode) -> None:
    node.write(
        CONFIG,
        f'version = 2\nimports = [\n  "/etc/containerd/conf.d/*.toml",\n]\n[plugins."{OLD}"]\nsandbox_image = "x"\n',
    )
    node.write(
        "/etc/containerd/conf.d/a.toml",
        f'version = 2\n[plugins."{OLD}".registry]\nconfig_path = "/etc/own.d"\n',
    )
    node.write("/etc/own.d/r.example/hosts.toml", '[host."https://m.example"]\n')
    look = node.look("r.example/app:1", runtime=V16)
    assert look.urls("r.example") == ["https://m.example/v2", "https://r.example/v2"]
    assert look.runtime.config_files == (CONFIG, "/etc/containerd/conf.d/a.toml")


def test_deprecated_mirrors_are_read_without_config_path_and_break_containerd_with_it(node: FakeNode) -> None:
    mirrors = f'[plugins."{OLD}".registry.mirrors."docker.io"]\nendpoint = ["http://m.example:5000", "https://registry-1.docker.io"]\n'
    node.write(CONFIG, f"version = 2\n{mirrors}")
    look = node.look("nginx", runtime=V16)
    assert look.urls("docker.io")[0] == "http://m.example:5000/v2"
    assert not look.problems["deprecated_mirrors"].certain
    configure(node, more=mirrors)
    problem = node.look("nginx", runtime=V16).problems["deprecated_mirrors"]
    assert (problem.certain, problem.cause) == (True, "runtime_error")


def test_capabilities_say_who_is_asked_for_what(node: FakeNode) -> None:
    configure(node)
    hosts(node, "a.example", '[host."https://m.example"]\ncapabilities = ["pull"]\n')
    hosts(node, "b.example", 'capabilities = ["pull"]\n[host."https://m.example"]\ncapabilities = ["pull"]\n')
    look = node.look("a.example/app:1", "b.example/app:1", runtime=V16)
    assert [one.resolves for one in look.endpoints("a.example")] == [False, True]
    assert look.problems["nobody_resolves"].registry == "b.example"
    assert look.problems["capability"].certain is False


def test_http_on_443_is_named(node: FakeNode) -> None:
    configure(node)
    hosts(node, "r.example", '[host."http://m.example:443"]\n')
    assert node.look("r.example/app:1", runtime=V16).problems["scheme"].cause == "http_https_mismatch"


def test_a_broken_config_is_certain_only_where_containerd_does_not_run(
    tmp_path: Path, node: FakeNode
) -> None:
    node.write(CONFIG, "version = \n")
    assert not node.look("r.example/app:1", runtime=V16).problems["config_unparsable"].certain
    stopped = FakeNode(tmp_path / "stopped")
    stopped.write(CONFIG, "version = \n")
    look = stopped.look("r.example/app:1", runtime=V16)
    assert look.runtime.state == "stopped"
    assert look.problems["config_unparsable"].certain


def test_secrets_in_files_do_not_leave_the_node(node: FakeNode) -> None:
    configure(
        node,
        more=f'[plugins."{OLD}".registry.configs."r.example".auth]\npassword = "hunter2"\nauth = "aHVudGVyMg=="\n',
    )
    hosts(
        node,
        "r.example",
        '[host."https://me:hunter2@m.example".header]\nAuthorization = ["Basic hunter2=="]\n',
    )
    node.write(
        "/etc/systemd/system/containerd.service", "[Service]\nEnvironmentFile=/etc/default/containerd\n"
    )
    node.write("/etc/default/containerd", "TOKEN=hunter2\nHTTPS_PROXY=http://me:hunter2@proxy:3128\n")
    look = node.look("r.example/app:1", runtime=V16)
    assert look.urls("r.example")[0] == "https://m.example/v2"
    assert look.runtime.unit_proxies == {"HTTPS_PROXY": "http://<redacted>@proxy:3128"}
    assert "hunter2" not in str([one.to_dict() for one in look.records])


def test_without_images_what_is_set_up_is_looked_at(node: FakeNode) -> None:
    configure(node)
    hosts(node, "a.example_5000_", '[host."https://m.example"]\n')
    assert node.look(runtime=V16).urls("a.example:5000")[0] == "https://m.example/v2"


def test_a_file_larger_than_the_bound_is_a_gap_and_no_verdict(node: FakeNode) -> None:
    configure(node)
    hosts(node, "r.example", "# long\n" * 20_000)
    look = node.look("r.example/app:1", runtime=V16)
    assert look.problems == {}
    assert any("hosts.toml" in gap for gap in look.gaps)


@pytest.mark.parametrize("shell", SHELLS)
def test_of_a_file_larger_than_the_bound_no_more_is_sent(node: FakeNode, shell: str) -> None:
    configure(node)
    hosts(node, "r.example", "# long\n" * 20_000)
    question = NodeQuestion("n1", images=(ImageAsked("r.example/app:1"),))
    answer = node.ask(config.jobs(question), shell, runtime=V16)
    sizes = [len(block.text) for block in answer.job(FILES_JOB).blocks]
    assert 32_000 < max(sizes) <= 32_768


@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_files_change_nothing_but_their_own_verdict(node: FakeNode, shell: str) -> None:
    configure(node)
    hosts(node, "a.example", 'ca = "$(reboot)"\n[host."https://x\\u001b[31m"]\n' + "\x1b]0;x\x07\udcff" * 50)
    hosts(node, "b.example", '[host."https://m.example"]\n')
    look = node.look("a.example/app:1", "b.example/app:1", runtime=V16, shell=shell)
    assert look.problems["unparsable"].registry == "a.example"
    assert look.urls("b.example") == ["https://m.example/v2", "https://b.example/v2"]


def test_a_number_that_nobody_would_write_costs_nothing(node: FakeNode) -> None:
    plugin = '[plugins."io.containerd.grpc.v1.cri"]\n'
    digits = "f" * 5000
    node.write("/etc/containerd/config.toml", f"version = 2\n{plugin}max_concurrent_downloads = 0x{digits}\n")
    assert "f" * 50 not in str(node.look("r.example/app:1").records)
