# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints that runtime_config_info names are those that a real runtime tries; what it says of states is so."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.lab.image_pull_lab.errors import LabUnavailable
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.probing import look

DEAD = "refused.reg.test"
SHAPES = {
    "s1.reg.test": f'server = "https://{DEAD}"\n[host."https://{DEAD}:444"]\n[host."https://{DEAD}:445"]\n',
    "s2.reg.test": f'[host."https://{DEAD}:446/v2"]\ncapabilities = ["pull"]\n[host."{DEAD}:447"]\n',
    "s3.reg.test:5000": f'server = "http://{DEAD}:80"\n[host."http://{DEAD}:81"]\n[host."https://{DEAD}:82"]\n'
    f'[host."http://{DEAD}:81".header]\nX-A = "b"\n',
    "s4.reg.test": f'server = "https://{DEAD}"\n',
    "s5.reg.test": f'[host."https://{DEAD}:444"]\n[host."https://{DEAD}:445"]\n'
    f'[host."https://{DEAD}:444".header]\nA = "b"\n',
    "s6.reg.test": f'host = {{"https://{DEAD}:444" = {{}}}}\nserver = "https://{DEAD}"\n',
    "s7.reg.test": f'capabilities = ["pul"]\n[host."https://{DEAD}:444"]\n',
    "s8.reg.test": f'server = "https://{DEAD}/deep"\n[host."https://{DEAD}:444/v2/cache"]\noverride_path = true\n',
    "s9.reg.test": f'server = "https://{DEAD}"\n[host."http://{DEAD}:444"]\nskip_verify = true\n',
}
NAMESPACE = "endpoints"
_TRIED = re.compile(r'Head \\+"(https?://[^"\\]*?)/app/ok/manifests/1(?:\?ns=([^"\\]*))?\\+"')


@pytest.fixture(scope="module")
def node(lab: Lab) -> Iterator[Node]:
    made = lab.add_node("rtconf", NodeSettings(hosts_toml=SHAPES, taints=("lab=rtconf:NoSchedule",)))
    lab.api.create_namespace(NAMESPACE)
    try:
        yield made
    finally:
        lab.api.delete("Namespace", NAMESPACE)
        lab.remove_node("rtconf")


def pull(lab: Lab, node: Node, image: str) -> str:
    """Have the kubelet pull once; return what the pod says of it."""
    name = f"p-{time.monotonic_ns()}"
    container = {"name": "c", "image": image, "imagePullPolicy": "Always", "command": ["sleep", "600"]}
    spec = {"nodeName": node.name, "containers": [container], "tolerations": [{"operator": "Exists"}]}
    lab.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, NAMESPACE)
    lab.api.wait_for_reason(NAMESPACE, name, ["ErrImagePull", "ImagePullBackOff"])
    pod = lab.api.get("Pod", name, NAMESPACE)
    lab.api.delete("Pod", name, NAMESPACE)
    return str(pod["status"]["containerStatuses"][0]["state"])


def asked(lab: Lab, node: Node, tmp_path: Path, module: str, **options: Any) -> dict[str, Any]:
    result = look(node, tmp_path, module, **{"deadline": 10, **options}).result
    assert result["reached"]
    assert result["complete"], result["why"]
    return result


def tried(journal: str, registry: str) -> list[str]:
    """The addresses of the last pull for which containerd said that it goes on to the next."""
    found = []
    for line in journal.splitlines():
        match = _TRIED.search(line) if "trying next host" in line else None
        if match and (unquote(match[2] or "") or urlsplit(match[1]).netloc) == registry:
            found.append(match[1])
    return found


@pytest.mark.parametrize("registry", SHAPES)
def test_endpoints_are_tried_in_the_order_that_is_named(
    lab: Lab, node: Node, tmp_path: Path, registry: str
) -> None:
    image = f"{registry}/app/ok:1"
    result = asked(lab, node, tmp_path, "runtime_config_info", images=[image])
    named = [one["url"] for one in result["endpoints"] if one["resolves"] and one["pulls"]]
    message = pull(lab, node, image)
    met = tried(node.journal("containerd"), registry)
    if result["runtime"][0]["version"].startswith("1."):
        assert met[: len(named)] == named
    else:
        # 2.x says so only where a next one is left; what it met last is the error of a single endpoint alone.
        assert met[: len(named) - 1] == named[:-1]
        assert len(named) > 1 or urlsplit(named[0]).netloc in message


def test_what_the_default_folders_of_2_2_come_to(lab: Lab, node: Node, tmp_path: Path) -> None:
    version = asked(lab, node, tmp_path, "runtime_config_info")["runtime"][0]["version"]
    if version.startswith("1."):
        pytest.skip("containerd 1.x has no default folders")
    before = node.ssh("cat /etc/containerd/config.toml").stdout
    without = [line for line in before.splitlines() if "config_path" not in line]
    node.write_file("/etc/containerd/config.toml", "\n".join(without))
    node.ssh("systemctl restart containerd")
    try:
        result = asked(lab, node, tmp_path, "runtime_config_info", images=["s1.reg.test/app/ok:1"])
        assert [one["url"] for one in result["endpoints"]] == ["https://s1.reg.test/v2"]
        problems = {one["key"]: one for one in result["config_problems"]}
        assert problems["several_config_paths"]["certain"]
        assert DEAD not in pull(lab, node, "s1.reg.test/app/ok:1")
    finally:
        node.write_file("/etc/containerd/config.toml", before)
        node.ssh("systemctl restart containerd")


def test_mirrors_beside_config_path_cost_the_cri_plugin(lab: Lab, node: Node, tmp_path: Path) -> None:
    before = node.ssh("cat /etc/containerd/config.toml").stdout
    table = next(line for line in before.splitlines() if line.endswith(".registry]"))[:-1]
    node.write_file(
        "/etc/containerd/config.toml", f'{before}\n{table}.mirrors."x"]\nendpoint = ["http://x"]\n'
    )
    # When a process began is known to the second.
    node.ssh("touch -d '5 seconds ago' /etc/containerd/config.toml && systemctl restart containerd")
    try:
        result = asked(lab, node, tmp_path, "runtime_config_info")
        assert any(one["key"] == "deprecated_mirrors" and one["certain"] for one in result["config_problems"])
        assert "failed to load" in result["runtime"][0]["detail"]
    finally:
        node.write_file("/etc/containerd/config.toml", before)
        node.ssh("systemctl restart containerd")


def test_a_runtime_that_hangs_and_one_that_is_stopped(lab: Lab, node: Node, tmp_path: Path) -> None:
    node.ssh("kill -STOP $(systemctl show -p MainPID --value containerd)")
    try:
        fact = asked(lab, node, tmp_path, "runtime_config_info")["runtime"][0]
        assert (fact["state"], fact["answers"]) == ("hung", False)
    finally:
        node.ssh("kill -CONT $(systemctl show -p MainPID --value containerd)")
    node.ssh("systemctl stop containerd")
    try:
        assert asked(lab, node, tmp_path, "runtime_config_info")["runtime"][0]["state"] == "stopped"
    finally:
        node.ssh("systemctl start containerd")


def test_a_proxy_that_waits_for_a_restart(lab: Lab, node: Node, tmp_path: Path) -> None:
    drop_in = "/etc/systemd/system/containerd.service.d/http-proxy.conf"
    node.write_file(drop_in, "[Service]\nEnvironment=HTTPS_PROXY=http://me:hunter2@proxy.reg.test:3128\n")
    try:
        result = asked(lab, node, tmp_path, "runtime_config_info")
        assert {"not_restarted", "not_reloaded"} <= {one["key"] for one in result["config_problems"]}
        assert "hunter2" not in str(result)
    finally:
        node.ssh(f"rm {drop_in} && systemctl daemon-reload")


def test_the_log_names_the_failing_mirror_and_the_file_that_is_left_aside(
    lab: Lab, node: Node, tmp_path: Path
) -> None:
    pull(lab, node, "s1.reg.test/app/ok:1")
    pull(lab, node, "s7.reg.test/app/ok:1")
    images = ["s1.reg.test/app/ok:1", "s7.reg.test/app/ok:1"]
    result = asked(lab, node, tmp_path, "runtime_log_info", images=images)
    lines = result["log_lines"]
    mirrors = [one for one in lines if "trying next host" in one["text"] and f"{DEAD}:444" in one["text"]]
    assert mirrors
    assert mirrors[0]["classification"]["cause"] in ("mirror_failure", "network_unreachable")
    assert any("failed to decode" in one["text"] for one in lines)
    assert {one["unit"] for one in lines} >= {"containerd", "kubelet"}
    assert result["not_checked"] == []
    other = asked(lab, node, tmp_path, "runtime_log_info", images=["quay.io/nobody/asked:1"])
    assert not any('PullImage \\"s1.reg.test' in one["text"] for one in other["log_lines"])


def special(lab: Lab, name: str, settings: NodeSettings) -> Node:
    try:
        return lab.add_node(name, settings)
    except LabUnavailable as reason:
        pytest.skip(str(reason))


def test_docker_asks_its_mirror_for_docker_hub_and_says_so_in_its_log(lab: Lab, tmp_path: Path) -> None:
    node = special(lab, "rtdock", NodeSettings(runtime="docker"))
    try:
        daemon = json.loads(node.ssh("cat /etc/docker/daemon.json").stdout)
        daemon["registry-mirrors"] = [f"https://{DEAD}"]
        node.write_file("/etc/docker/daemon.json", json.dumps(daemon))
        node.ssh(
            "systemctl restart docker; for i in 1 2 3 4 5 6 7 8 9; do docker version && break; sleep 1; done"
        )
        options = {"images": ["nginx:1", "registry.reg.test/app/ok:1"], "runtime": "docker://20.10"}
        result = asked(lab, node, tmp_path, "runtime_config_info", **options)
        urls = [one["url"] for one in result["endpoints"] if one["registry"] == "docker.io"]
        assert urls == [f"https://{DEAD}/v2", "https://registry-1.docker.io/v2"]
        assert (result["runtime"][0]["name"], result["runtime"][0]["answers"]) == ("docker", True)
        node.ssh("docker pull nginx:nosuch", check=False)
        lines = asked(lab, node, tmp_path, "runtime_log_info", **options)["log_lines"]
        assert any(DEAD in one["text"] for one in lines)
    finally:
        lab.remove_node("rtdock")


def test_podmans_files_on_a_host_without_a_runtime_of_kubernetes(lab: Lab, tmp_path: Path) -> None:
    node = special(lab, "rtpod", NodeSettings(runtime="podman"))
    try:
        node.write_file(
            "/etc/containers/registries.conf.d/50-lab.conf",
            f'[[registry]]\nlocation = "registry.reg.test"\n[[registry.mirror]]\nlocation = "{DEAD}"\n'
            '[[registry]]\nlocation = "plain.reg.test:5000"\nblocked = true\n',
        )
        images = ["registry.reg.test/app/ok:1", "plain.reg.test:5000/app/ok:1"]
        result = asked(lab, node, tmp_path, "runtime_config_info", images=images)
        urls = [one["url"] for one in result["endpoints"] if one["registry"] == "registry.reg.test"]
        assert urls == [f"https://{DEAD}/v2/app/ok", "https://registry.reg.test/v2/app/ok"]
        said = node.ssh("podman --log-level=debug pull registry.reg.test/app/ok:1").stderr
        met = re.findall(r'Trying to access \\*"([^"\\]+)\\*"', said)
        assert met == [f"{DEAD}/app/ok:1", "registry.reg.test/app/ok:1"]
        assert any(one["key"] == "blocked" and one["certain"] for one in result["config_problems"])
        assert "is blocked" in node.ssh(f"podman pull {images[1]}", check=False).stderr
    finally:
        lab.remove_node("rtpod")


def test_a_node_with_busybox_alone_tells_its_configuration(lab: Lab, tmp_path: Path) -> None:
    node = special(lab, "rtbare", NodeSettings(busybox_only=True, taints=("lab=bare:NoSchedule",)))
    try:
        result = asked(lab, node, tmp_path, "runtime_config_info", images=["half-ca.reg.test/app/ok:1"])
        assert (result["runtime"][0]["name"], result["runtime"][0]["state"]) == ("containerd", "running")
        assert any(one["key"] == "ca_not_for_server" for one in result["config_problems"])
        logs = asked(lab, node, tmp_path, "runtime_log_info", images=["half-ca.reg.test/app/ok:1"])
        assert any("log" in one["check"] for one in logs["not_checked"]) or logs["log_lines"]
    finally:
        lab.remove_node("rtbare")
