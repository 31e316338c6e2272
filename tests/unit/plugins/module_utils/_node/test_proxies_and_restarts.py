# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies, restarts and k3s: what is in force, and what a restart would bring."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import config
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Block, JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_hops import Asked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_script import TEXT
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tls import Clock
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_ways import (
    Proxies,
    proxied_hops,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.proxies import (
    bare,
    bare_list,
    exempt,
    without_logins,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    ImageAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.runtime_state import FILES_JOB

from tests.unit.plugins.module_utils._node.fake_node import FakeNode, Looked
from tests.unit.plugins.module_utils._node.shells import SHELLS, run

PLANTED = ("s3cr@tail77", "s3cr/tail77", "s3cr tail77", "s3cr@x/y tail77", "s3cr#tail77", "s3cr://tail77")
UNIT = "/etc/systemd/system/containerd.service"


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return FakeNode(tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_edited_unit_that_was_not_restarted(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service", environ={"HTTPS_PROXY": "http://old:3128"})
    node.write("/usr/lib/systemd/system/containerd.service", "[Service]\nExecStart=/usr/bin/containerd\n")
    node.write(
        f"{UNIT}.d/proxy.conf", '[Service]\nEnvironment="HTTPS_PROXY=http://new:3128" NO_PROXY=10.0.0.0/8\n'
    )
    look = node.look("r.example/app:1", shell=shell)
    assert look.runtime.proxies == {"HTTPS_PROXY": "http://old:3128"}
    assert look.runtime.unit_proxies == {"HTTPS_PROXY": "http://new:3128", "NO_PROXY": "10.0.0.0/8"}
    problem = look.problems["not_restarted"]
    assert problem.certain
    assert "http://old:3128, and would be http://new:3128" in problem.problem


def test_a_process_whose_environment_was_not_read_does_not_differ_from_its_unit(node: FakeNode) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write("/proc/55/environ", "")
    node.write(UNIT, "[Service]\nEnvironment=HTTPS_PROXY=http://new:3128\n")
    assert "not_restarted" not in node.look("r.example/app:1").problems


@pytest.mark.parametrize("shell", SHELLS)
def test_an_environment_file_that_was_not_read_leaves_the_unit_open(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service", environ={"HTTPS_PROXY": "http://c:1"})
    node.write(UNIT, "[Service]\nEnvironmentFile=/etc/default/proxy\n")
    node.write("/etc/default/proxy", "HTTPS_PROXY=http://c:1\n")
    node.write("/etc/environment", "HTTPS_PROXY=http://c:1\n")
    without = 'have() { [ "$1" != sed ] && command -v "$1" >/dev/null 2>&1; }'
    look = node.look("r.example/app:1", shell=shell, before=without)
    assert "not_restarted" not in look.problems
    assert {"n1: the proxies of containerd.service", "n1: /etc/environment"} <= set(look.gaps)


def test_drop_ins_by_name_and_an_environment_file_last(node: FakeNode) -> None:
    node.process("containerd", 55, unit="containerd.service", environ={"HTTPS_PROXY": "http://c:1"})
    node.write(UNIT, "[Service]\nEnvironmentFile=-/etc/default/proxy\nEnvironment=HTTPS_PROXY=http://a:1\n")
    node.write(f"{UNIT}.d/10.conf", "[Service]\nEnvironment=\\\n  HTTPS_PROXY=http://b:1 \\\n  X=y\n")
    node.write("/etc/default/proxy", "export HTTPS_PROXY='http://c:1'\n")
    look = node.look("r.example/app:1")
    assert look.runtime.unit_proxies == {"HTTPS_PROXY": "http://c:1"}
    assert "not_restarted" not in look.problems


@pytest.mark.parametrize("same", [True, False], ids=["/lib is /usr/lib", "/lib is a folder of its own"])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_unit_below_lib_is_read_once_wherever_that_is(node: FakeNode, shell: str, *, same: bool) -> None:
    node.process("containerd", 55, unit="containerd.service", environ={"HTTPS_PROXY": "http://c:1"})
    text = "[Service]\nEnvironmentFile=/etc/default/proxy\n"
    if same:
        node.write("/usr/lib/systemd/system/containerd.service", text)
        (node.folder / "lib").symlink_to("usr/lib")
    else:
        node.write("/lib/systemd/system/containerd.service", text)
    node.write("/etc/default/proxy", "HTTPS_PROXY=http://c:1\n")
    assert node.look("r.example/app:1", shell=shell).runtime.unit_proxies == {"HTTPS_PROXY": "http://c:1"}
    sent = node.ask(config.jobs(NodeQuestion("n1")), shell).job(FILES_JOB)
    units = [one for key, (one,) in sent.facts.items() if key.startswith("path_") and "/systemd/" in one]
    assert units == [f"{'/usr' if same else ''}/lib/systemd/system/containerd.service"]


def test_a_config_newer_than_the_process_is_not_in_force(node: FakeNode) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write("/etc/containerd/config.toml", "version = 2\n", changed=True)
    problem = node.look("r.example/app:1").problems["not_restarted"]
    assert (problem.file, problem.certain) == ("/etc/containerd/config.toml", False)


def test_a_private_registry_behind_a_proxy(node: FakeNode) -> None:
    node.process(
        "containerd", 55, environ={"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.0/8, r.corp.internal"}
    )
    look = node.look("192.168.3.4:5000/app:1", "10.9.9.9/app:1", "r.corp.internal/app:1", "quay.io/x/y:1")
    assert look.problems["no_proxy"].registry == "192.168.3.4:5000"
    assert len([one for one in look.records if getattr(one, "key", "") == "no_proxy"]) == 1


def test_a_proxy_in_etc_environment_reaches_no_service(node: FakeNode) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write("/etc/environment", 'HTTPS_PROXY="http://p:3128"\nSECRET=x\n')
    assert node.look("r.example/app:1").problems["proxy_elsewhere"].file == "/etc/environment"


@pytest.mark.parametrize(
    ("host", "no_proxy", "without"),
    [
        ("r.example", "example", True),
        ("r.example", ".example", True),
        ("r.example", "*.example", True),
        ("example", ".example", False),
        ("r.example", "other,*", True),
        ("r.example:5000", "r.example:5000", True),
        ("r.example:5000", "r.example:443", False),
        ("r.example", "xr.example", False),
        ("10.1.2.3:5000", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("localhost:5000", "", True),
        ("127.0.0.1:5000", "", True),
        ("r.example", "https://r.example", False),
    ],
)
def test_who_goes_without_a_proxy_as_go_decides_it(host: str, no_proxy: str, without: bool) -> None:
    assert exempt(host, no_proxy) is without


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ("http://me:secret@p:3128", "http://<redacted>@p:3128"),
        ("me:secret@p:3128", "<redacted>@p:3128"),
        ("http://me:sec@ret@p:3128", "http://<redacted>@p:3128"),
        ("http://me:sec/ret@p:3128/", "http://<redacted>@p:3128/"),
        ("http://me:sec ret@p", "http://<redacted>@p"),
        ("HTTP://me:sec?r#et@[::1]:3128", "HTTP://<redacted>@[::1]:3128"),
        ("me:s://ecret@p:3128", "<redacted>@p:3128"),
        ("http://me:secret", "http://<redacted>"),
        ("me:secret", "<redacted>"),
        ("http://me:x@me:secret", "http://<redacted>@<redacted>"),
        ("http://p:3128", "http://p:3128"),
        ("socks5://10.0.0.1:1080/", "socks5://10.0.0.1:1080/"),
        ("p.example:3128", "p.example:3128"),
        ("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
    ],
)
def test_passwords_of_proxies_are_taken_out(proxy: str, expected: str) -> None:
    assert bare(proxy) == expected


def test_a_login_within_no_proxy_is_taken_out() -> None:
    assert bare_list("10.0.0.0/8,a:443,.b") == "10.0.0.0/8,a:443,.b"
    assert bare_list("a,b:443,http://me:sec,r@et@p,c") == "a,b:443,<redacted>@p,c"
    assert bare_list("me:sec,r@et@p,c") == "<redacted>@p,c"


def test_words_of_programs_lose_the_logins_of_urls() -> None:
    url = r"\"http://u:pa ss/wd@p:1\""
    said = rf"invalid proxy address {url}: parse {url}: invalid port \":pa ss\" after host"
    cleaned = without_logins(said)
    assert "pa ss" not in cleaned
    assert "wd" not in cleaned
    assert cleaned.count("http://<redacted>@p:1") == 2
    assert without_logins("proxyconnect http://u:p@w@p:1 x") == "proxyconnect http://<redacted>@p:1 x"
    for plain in ("docker://r.example/app@sha256:12", 'dial "https://r:443": invalid port ":x" after host'):
        assert without_logins(plain) == plain


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("password", PLANTED)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_planted_passwords_of_proxies_are_in_no_words_of_the_network_probe(
    shell: str, scheme: str, password: str
) -> None:
    url = f"{scheme}me:{password}@127.0.0.1:1"
    text = TEXT.removesuffix("net_main\n")
    text += """\nnet_by_proxy "$RT_HTTPS_PROXY" https r.example 443 ''"""
    text += '\nnet_without_login "$RT_HTTPS_PROXY"\nsay https_proxy "$net_shown"\n'
    answer = run([Job("network_p1", text, variables={"RT_HTTPS_PROXY": url})], shell)
    job = answer.job("network_p1")
    assert job.fact("https_proxy") == f"{scheme}127.0.0.1:1"
    assert job.block("proxied") is not None
    assert "s3cr" not in str(answer.jobs)
    assert "tail77" not in str(answer.jobs)


def test_a_proxy_that_curl_quotes_is_in_no_text_of_a_hop() -> None:
    asked = Asked("n1", "node/n1", "registry", "r.example", 443)
    words = "curl: (5) Unsupported proxy syntax in 'http://me:tail77'\nnet_exit 5\n"
    job = JobAnswer(
        "network_p1",
        "ended",
        facts={"proxied": ("curl https r.example 443 0",)},
        blocks=(Block("proxied", words, 0, ended=True),),
    )
    proxies = Proxies(bare("http://me:tail77"), "", "")
    hops = proxied_hops(asked, job, proxies, [], Clock(None, 0.0), ())
    assert hops
    assert "tail77" not in str(hops)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_planted_passwords_of_proxies_leave_no_node(node: FakeNode, shell: str, scheme: str) -> None:
    question = NodeQuestion(node="n1", images=(ImageAsked("10.1.1.1:5000/app:1"),))
    jobs = [job for job in config.jobs(question) if job.name != "runtime_answer"]
    for pair in zip(PLANTED[::2], PLANTED[1::2], strict=True):
        url, other = (f"{scheme}me:{password}@p.example:3128" for password in pair)
        environ = {"HTTPS_PROXY": url, "HTTP_PROXY": other}
        node.process("containerd", 55, unit="containerd.service", environ=environ)
        node.write(UNIT, "[Service]\nExecStart=/usr/bin/containerd\n")
        node.write(
            f"{UNIT}.d/proxy.conf",
            f'[Service]\nEnvironment="HTTPS_PROXY={url}" NO_PROXY=a\nEnvironmentFile=/etc/default/proxy\n',
        )
        node.write("/etc/default/proxy", f"http_proxy='{other}'\n")
        node.write("/etc/environment", f'HTTPS_PROXY="{url}"\n')
        answer = node.ask(jobs, shell)
        look = Looked(config.records(answer, question))
        shown = f"{scheme}<redacted>@p.example:3128"
        assert look.runtime.proxies == {"HTTPS_PROXY": shown, "HTTP_PROXY": shown}
        assert look.runtime.unit_proxies == {"HTTPS_PROXY": shown, "HTTP_PROXY": shown, "NO_PROXY": "a"}
        assert "no_proxy" in look.problems
        assert "s3cr" not in str(look.records)
        assert "tail77" not in str(look.records)
        if scheme:
            assert "tail77" not in str(answer.jobs)


def k3s(node: FakeNode, registries: str, *, changed: bool = False) -> None:
    base = "/var/lib/rancher/k3s/agent"
    node.process("k3s-server", 40, unit="k3s.service")
    node.process("containerd", 41, ["-c", f"{base}/etc/containerd/config.toml"], unit="k3s.service")
    node.write(
        f"{base}/etc/containerd/config.toml",
        'version = 3\n[plugins."io.containerd.cri.v1.images".registry]\n'
        f'config_path = "{base}/etc/containerd/certs.d"\n',
    )
    node.write(
        f"{base}/etc/containerd/certs.d/docker.io/hosts.toml",
        'server = "https://registry-1.docker.io/v2"\n[host."https://m.example/v2"]\n'
        'capabilities = ["pull", "resolve"]\n'
        '[host."https://m.example/v2".rewrite]\n"(.*)" = "cache/$1"\n',
    )
    node.write("/etc/rancher/k3s/registries.yaml", registries, changed=changed)


def test_k3s_uses_what_it_wrote_at_its_start(node: FakeNode) -> None:
    mirror = (
        "mirrors:\n  docker.io:\n    endpoint: ['https://m.example']\n    rewrite: {'(.*)': 'cache/$1'}\n"
    )
    k3s(node, mirror + "configs:\n  https://m.example:\n    auth: {password: hunter2}\n", changed=True)
    look = node.look("nginx", runtime="containerd://2.0.4-k3s2")
    assert look.urls("docker.io") == ["https://m.example/v2", "https://registry-1.docker.io/v2"]
    assert look.problems["not_restarted"].file == "/etc/rancher/k3s/registries.yaml"
    assert "cache/$1" in look.problems["rewrite"].problem
    assert "config_key" in look.problems
    assert "hunter2" not in str(look.records)


def test_an_unparsable_registries_yaml(node: FakeNode) -> None:
    k3s(node, "mirrors:\n  - [")
    assert "no valid YAML" in node.look("nginx").problems["unparsable"].problem
