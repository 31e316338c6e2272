# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""find_runtime: which runtime a node has, by its processes and files, in every shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.plugins.module_utils._node.fake_node import FakeNode
from tests.unit.plugins.module_utils._node.shells import SHELLS

KUBELET = ["--config=/etc/kubernetes/kubelet.yaml"]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return FakeNode(tmp_path)


def test_containerd_as_its_package_runs_it(node: FakeNode, shell: str) -> None:
    node.process(
        "containerd",
        55,
        unit="containerd.service",
        environ={"HTTPS_PROXY": "http://p:3128", "no_proxy": "a,b"},
    )
    node.process("kubelet", 74, ["--container-runtime-endpoint", "unix:///run/containerd/containerd.sock"])
    node.write(
        "/etc/containerd/config.toml",
        'version = 2\nroot = "/var/lib/big"\n[plugins."io.containerd.grpc.v1.cri".registry]\n'
        '  config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"\n[other]\nroot = "/var/no"\n',
    )
    found = node.variables(shell)
    assert found["RT"] == "containerd"
    assert (found["RT_PID"], found["RT_UNIT"]) == ("55", "containerd.service")
    assert found["RT_SOCKET"] == "/run/containerd/containerd.sock"
    assert found["RT_ROOT"] == "/var/lib/big"
    assert found["RT_CERTS"] == "/etc/containerd/certs.d:/etc/docker/certs.d"
    assert (found["RT_HTTPS_PROXY"], found["RT_NO_PROXY"], found["RT_PROXY_FROM"]) == (
        "http://p:3128",
        "a,b",
        "process",
    )


def test_what_the_process_trusts_is_what_it_was_started_with(node: FakeNode, shell: str) -> None:
    node.process(
        "containerd",
        55,
        environ={"SSL_CERT_FILE": "/etc/own/ca.pem", "SSL_CERT_DIR": "/etc/own:/etc/more", "SSL_CERT_X": "no"},
    )
    found = node.variables(shell)
    assert (found["RT_CERT_FILE"], found["RT_CERT_DIR"]) == ("/etc/own/ca.pem", "/etc/own:/etc/more")


def test_proxies_in_dockers_file_do_not_hide_what_its_process_trusts(node: FakeNode, shell: str) -> None:
    node.process("dockerd", 60, environ={"HTTPS_PROXY": "http://env:1", "SSL_CERT_FILE": "/etc/own/ca.pem"})
    node.write("/etc/docker/daemon.json", '{"proxies": {"https-proxy": "http://file:3128"}}')
    found = node.variables(shell)
    assert found["RT_CERT_FILE"] == "/etc/own/ca.pem"
    assert (found["RT_HTTPS_PROXY"], found["RT_PROXY_FROM"]) == ("http://file:3128", "file")


def test_a_file_with_zero_bytes_is_read_without_them(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55)
    node.write("/etc/containerd/config.toml", 'version = 2\nroot = "/var/\0big"\n')
    assert node.variables(shell)["RT_ROOT"] == "/var/big"


def test_the_folders_of_hosts_are_those_of_the_cri_plugin_alone(node: FakeNode, shell: str) -> None:
    """``containerd config default`` has an empty config_path for the transfer service as well, further down."""
    node.process("containerd", 55, unit="containerd.service")
    node.write(
        "/etc/containerd/config.toml",
        'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n'
        '[plugins."io.containerd.snapshotter.v1.stargz".registry]\n  config_path = "/etc/stargz"\n'
        '[plugins."io.containerd.transfer.v1.local"]\n  config_path = ""\n',
    )
    assert node.variables(shell)["RT_CERTS"] == "/etc/containerd/certs.d"


def test_files_that_containerd_imports_count(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write(
        "/etc/containerd/config.toml",
        f"version = 3\nimports = [\"{node.folder}/etc/containerd/conf.d/*.toml\", 'other.toml']\n",
    )
    node.write("/etc/containerd/conf.d/root.toml", 'version = 3\nroot = "/var/lib/big"\n')
    node.write(
        "/etc/containerd/other.toml",
        "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = '/etc/certs.d'\n",
    )
    found = node.variables(shell)
    assert (found["RT_ROOT"], found["RT_CERTS"]) == ("/var/lib/big", "/etc/certs.d")


def test_imports_that_match_the_file_itself_come_to_an_end(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write(
        "/etc/containerd/config.toml",
        f'version = 2\nroot = "/var/lib/big"\nimports = ["{node.folder}/etc/containerd/*.toml"]\n',
    )
    node.write("/etc/containerd/other.toml", 'root = "/var/lib/other"\n')
    assert node.variables(shell)["RT_ROOT"] == "/var/lib/other"


def test_imports_of_very_many_files_do_not_use_up_the_time_of_the_look(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write(
        "/etc/containerd/config.toml",
        f'version = 2\nimports = ["{node.folder}/etc/containerd/conf.d/*"]\n',
    )
    for number in range(3000):
        node.write(f"/etc/containerd/conf.d/{number}.toml", "version = 2\n")
    node.write("/etc/containerd/conf.d/0.toml", 'root = "/var/lib/big"\n')
    assert node.variables(shell)["RT_ROOT"] == "/var/lib/big"


def test_imports_may_stand_on_several_lines(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.write(
        "/etc/containerd/config.toml",
        f'version = 2\nimports = [\n  # "no.toml",\n  "{node.folder}/etc/containerd/conf.d/*",\n  "b.toml",\n]\n'
        'root = "/var/lib/big"\n',
    )
    node.write("/etc/containerd/no.toml", 'root = "/var/no"\n')
    node.write("/etc/containerd/b.toml", "version = 2\n")
    node.write(
        "/etc/containerd/conf.d/a b.toml",
        'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/certs.d"\n',
    )
    found = node.variables(shell)
    assert (found["RT_ROOT"], found["RT_CERTS"]) == ("/var/lib/big", "/etc/certs.d")


def test_the_kubelets_choice_counts_where_docker_and_containerd_both_run(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.process("dockerd", 60, unit="docker.service")
    node.process("cri-dockerd", 61, unit="cri-docker.service")
    node.process("kubelet", 74, KUBELET)
    node.write(
        "/etc/kubernetes/kubelet.yaml",
        'x: 1\ncontainerRuntimeEndpoint: "unix:///run/cri-dockerd.sock"\ny: 2\n',
    )
    node.write(
        "/etc/docker/daemon.json", '{"data-root": "/var/big", "proxies": {"https-proxy": "http://q:1"}}'
    )
    found = node.variables(shell)
    assert (found["RT"], found["RT_VARIANT"], found["RT_PID"]) == ("docker", "cri-dockerd", "60")
    assert (found["RT_ROOT"], found["RT_CERTS"]) == ("/var/big", "/etc/docker/certs.d")
    assert (found["RT_HTTPS_PROXY"], found["RT_PROXY_FROM"]) == ("http://q:1", "file")


@pytest.mark.parametrize(
    ("api", "runtime"), [("containerd://1.6.20", "containerd"), ("docker://20.10.24", "docker")]
)
def test_the_socket_of_the_dockershim_is_that_of_the_runtime_that_the_api_names(
    node: FakeNode, shell: str, api: str, runtime: str
) -> None:
    node.process("containerd", 55, unit="containerd.service")
    if runtime == "docker":
        node.process("dockerd", 60, unit="docker.service")
    node.process("kubelet", 74, ["--container-runtime-endpoint=unix:///run/dockershim.sock"])
    found = node.variables(shell, runtime=api)
    assert (found["RT"], found["RT_PID"]) == (runtime, "60" if runtime == "docker" else "55")


def test_without_a_kubelet_the_api_decides(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55)
    node.process("dockerd", 60)
    assert node.variables(shell, runtime="docker://20.10.24")["RT"] == "docker"
    assert node.variables(shell, runtime="containerd://1.7.2")["RT"] == "containerd"


def test_the_containerd_where_the_kubelet_asks_is_chosen_of_two(node: FakeNode, shell: str) -> None:
    node.process(
        "containerd",
        55,
        ["--config", "/var/run/docker/containerd/containerd.toml", "--address", "/run/x.sock"],
    )
    node.process("containerd", 66, unit="containerd.service")
    node.process("kubelet", 74, KUBELET)
    node.write(
        "/etc/kubernetes/kubelet.yaml",
        '{"containerRuntimeEndpoint":"unix:///run/containerd/containerd.sock","a":1}',
    )
    assert node.variables(shell)["RT_PID"] == "66"


@pytest.mark.parametrize("kind", ["k3s", "rke2"])
def test_k3s_and_rke2_bring_a_containerd_of_their_own(node: FakeNode, shell: str, kind: str) -> None:
    base = f"/var/lib/rancher/{kind}/agent"
    node.process({"k3s": "k3s-agent", "rke2": "rke2"}[kind], 40, unit=f"{kind}-agent.service")
    node.process(
        "containerd",
        41,
        [
            "-c",
            f"{base}/etc/containerd/config.toml",
            "-a",
            "/run/k3s/containerd/containerd.sock",
            "--root",
            f"{base}/containerd",
        ],
        unit=f"{kind}-agent.service",
    )
    found = node.variables(shell)
    assert (found["RT"], found["RT_VARIANT"], found["RT_UNIT"]) == (
        "containerd",
        kind,
        f"{kind}-agent.service",
    )
    assert found["RT_CONFIG"] == f"{base}/etc/containerd/config.toml"
    assert found["RT_ROOT"] == f"{base}/containerd"
    assert found["RT_SOCKET"] == "/run/k3s/containerd/containerd.sock"


def test_a_stopped_k3s_is_found_by_its_files(node: FakeNode, shell: str) -> None:
    node.write("/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "version = 3\n")
    node.write("/etc/systemd/system/k3s.service", "[Service]\n")
    found = node.variables(shell)
    assert (found["RT"], found["RT_VARIANT"], found["RT_PID"], found["RT_UNIT"]) == (
        "containerd",
        "k3s",
        "",
        "k3s.service",
    )


def test_microk8s_keeps_everything_in_its_snap(node: FakeNode, shell: str) -> None:
    node.process("kubelite", 40)
    args = [
        "--config",
        "/var/snap/microk8s/1/args/containerd.toml",
        "--root",
        "/var/snap/microk8s/common/var/lib/containerd",
    ]
    args += ["--address", "/var/snap/microk8s/common/run/containerd.sock"]
    node.process("containerd", 41, args, unit="snap.microk8s.daemon-containerd.service")
    found = node.variables(shell)
    assert (found["RT_VARIANT"], found["RT_CONFIG"]) == (
        "microk8s",
        "/var/snap/microk8s/1/args/containerd.toml",
    )


def test_a_stopped_runtime_is_found_by_what_kubeadm_wrote(node: FakeNode, shell: str) -> None:
    flags = 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/crio/crio.sock --v=2"\n'
    node.write("/var/lib/kubelet/kubeadm-flags.env", flags)
    node.write("/etc/containers/storage.conf", '[storage]\ndriver = "overlay"\ngraphroot = "/var/images"\n')
    found = node.variables(shell)
    assert (found["RT"], found["RT_PID"], found["RT_SOCKET"]) == ("cri-o", "", "/run/crio/crio.sock")
    assert found["RT_ROOT"] == "/var/images"


def test_a_zombie_does_not_live(node: FakeNode, shell: str) -> None:
    node.process("containerd", 55, state="Z")
    assert node.variables(shell, runtime="containerd://1.7.0")["RT_PID"] == ""


def test_text_of_the_node_is_never_run(node: FakeNode, shell: str, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    evil = f"$(touch {trap})`touch {trap}`; touch {trap} *"
    node.process("containerd", 55, ["--root", evil, "--address", evil], environ={"HTTPS_PROXY": evil})
    node.write(
        "/etc/containerd/config.toml", f'root = "{evil}"\nimports = ["{evil}"]\nconfig_path = "{evil}"\n'
    )
    found = node.variables(shell)
    assert found["RT_ROOT"] == evil.replace(str(tmp_path), "")
    node.look("registry.example/app:1", shell=shell)
    assert not trap.exists()


def test_a_process_of_another_user_is_no_runtime(node: FakeNode, shell: str) -> None:
    evil = {"HTTPS_PROXY": "http://evil.example:1"}
    for pid, name in enumerate(("containerd", "dockerd", "crio"), 10):
        node.process(name, pid, ["--root", "/var/evil"], environ=evil, uid=65534)
    node.process("kubelet", 13, ["--container-runtime-endpoint=unix:///run/evil.sock"], uid=1000)
    found = node.variables(shell, runtime="containerd://1.7.2")
    assert (found["RT"], found["RT_PID"], found["RT_KUBELET_PID"]) == ("containerd", "", "")
    assert (found["RT_HTTPS_PROXY"], found["RT_ROOT"]) == ("", "/var/lib/containerd")
    assert found["RT_SOCKET"] == "/run/containerd/containerd.sock"


def test_a_pod_among_the_nodes_processes_is_no_runtime(node: FakeNode, shell: str) -> None:
    pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-2.scope"
    node.process("containerd", 100, ["--root", "/var/evil"], cgroup=pod)
    node.process("containerd", 999, unit="containerd.service")
    found = node.variables(shell)
    assert (found["RT_PID"], found["RT_ROOT"]) == ("999", "/var/lib/containerd")


def test_a_node_that_is_itself_a_pod_has_a_runtime(node: FakeNode, shell: str) -> None:
    node.write("/proc/1/cgroup", "0::/kubepods/besteffort/pod1/2/init.scope\n")
    node.process("containerd", 55, cgroup="/kubepods/besteffort/pod1/2/system.slice/containerd.service")
    found = node.variables(shell)
    assert (found["RT_PID"], found["RT_UNIT"]) == ("55", "containerd.service")


@pytest.mark.parametrize(
    ("name", "hint"), [("containerd", "containerd://1"), ("dockerd", "docker://1"), ("crio", "cri-o://1")]
)
def test_of_several_the_child_of_init_counts_then_the_oldest(
    node: FakeNode, shell: str, name: str, hint: str
) -> None:
    node.process(name, 10, began=100, parent=9)
    node.process(name, 11, began=41_000)
    node.process(name, 999, began=5_000)
    node.process(name, 9999, began=6_000)
    assert node.variables(shell, runtime=hint)["RT_PID"] == "999"


def test_the_oldest_kubelet_is_the_nodes(node: FakeNode, shell: str) -> None:
    node.process("kubelet", 10, ["--container-runtime-endpoint=unix:///run/evil.sock"], began=45_000)
    node.process("kubelet", 74, ["--container-runtime-endpoint=unix:///run/crio/crio.sock"], began=300)
    node.process("kubelet", 80, ["--container-runtime-endpoint=unix:///run/evil.sock"], began=45_000)
    assert node.variables(shell)["RT_KUBELET_PID"] == "74"


def test_the_proxies_of_a_unit_whose_runtime_does_not_run(node: FakeNode, shell: str) -> None:
    node.write("/etc/systemd/system/containerd.service", "[Service]\n")
    node.write("/run/systemd/system/x", "")
    shown = 'A=b "HTTPS_PROXY=http://u:p w@h:1" NO_PROXY=a,b "C=d e" HTTP_PROXY=http://g:2 SSL_CERT_FILE=/ca'
    node.write("/tools/systemctl", f"#!/bin/sh\nprintf '%s\\n' '{shown}'\n")
    (node.folder / "tools/systemctl").chmod(0o755)
    found = node.variables(shell, runtime="containerd://1.7.2", before=f"PATH={node.folder}/tools:$PATH")
    assert (found["RT_HTTPS_PROXY"], found["RT_HTTP_PROXY"]) == ("http://u:p w@h:1", "http://g:2")
    assert (found["RT_NO_PROXY"], found["RT_PROXY_FROM"]) == ("a,b", "unit")
    assert found["RT_CERT_FILE"] == "/ca"


def test_a_process_whose_memory_cannot_be_read_costs_a_second_and_not_the_look(
    node: FakeNode, shell: str
) -> None:
    node.process("containerd", 55, unit="containerd.service")
    node.process("kubelet", 74)
    for path in ("55/cmdline", "55/environ", "74/cmdline"):
        (node.folder / "proc" / path).unlink()
        # Who opens it waits until somebody writes.
        os.mkfifo(node.folder / "proc" / path)
    found = node.variables(shell)
    assert (found["RT"], found["RT_PID"], found["RT_KUBELET_PID"]) == ("containerd", "55", "74")
    assert (found["RT_UNIT"], found["RT_PROXY_FROM"]) == ("containerd.service", "")
