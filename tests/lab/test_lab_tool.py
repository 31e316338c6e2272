# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: it comes up whole, does what it says, and leaves nothing behind however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.image_pull_lab import doctor, places, versions
from tests.lab.image_pull_lab.api import ApiError, waiting_reasons
from tests.lab.image_pull_lab.cleanup import sweep
from tests.lab.image_pull_lab.errors import LabError, LabUnavailable
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.processes import Identity
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.image_pull_lab.state import Folder

HERE = Path(__file__).resolve().parent
VERSION = os.environ.get("KUBERNETES") or versions.DEFAULT_KUBERNETES


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of this module's own: its tests break nodes and put up pods."""
    try:
        made = Lab.up(VERSION, name="tool", owner=os.getpid())
    except LabUnavailable as reason:
        pytest.skip(f"no lab on this machine: {reason}")
    with made:
        made.api.create_namespace("tool")
        yield made


@pytest.fixture
def data_only() -> None:
    missing = doctor.examine(versions.resolve(VERSION), data_only=True)
    if any(not one.buildable for one in missing):
        pytest.skip(f"no lab on this machine: {missing[0]}")


def pod(name: str, image: str, **spec: object) -> dict[str, object]:
    containers = [{"name": "main", "image": image}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": containers, "terminationGracePeriodSeconds": 1, **spec},
    }


def until(check: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def command(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LAB_PYTHON": sys.executable}
    return subprocess.run(
        [str(HERE / "lab"), *words], capture_output=True, text=True, check=False, env=environment, timeout=120
    )


# ── a lab that is up ────────────────────────────────────────────────────────────────────────────────────


def test_every_node_is_ready_and_runs_the_version_that_was_asked_for(lab: Lab) -> None:
    nodes = lab.api.list("Node")

    assert [node["metadata"]["name"] for node in nodes] == ["node1", "node2"]
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes} == {f"v{lab.version.version}"}
    wanted = f"containerd://{lab.version.containerd or '1.6'}"
    assert all(node["status"]["nodeInfo"]["containerRuntimeVersion"].startswith(wanted) for node in nodes)


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.27",
        "quay.io/prometheus/node-exporter:v1.8.0",
        "ghcr.io/open/tool:1",
        "public.ecr.aws/nginx/nginx:1.27",
        "plain.reg.test:5000/app/ok:1",
        "company-ca.reg.test/app/ok:1",
    ],
)
def test_an_image_that_exists_runs(lab: Lab, image: str) -> None:
    name = "good-" + image.split("/")[0].split(":")[0].replace(".", "-")
    lab.api.create(pod(name, image), "tool")

    lab.api.wait_for_pod("tool", name)
    lab.api.delete("Pod", name, "tool")


def test_a_wrong_tag_waits_with_the_registrys_answer(lab: Lab) -> None:
    lab.api.create(pod("wrong-tag", "nginx:no-such-tag"), "tool")

    lab.api.wait_for_reason("tool", "wrong-tag", ["ImagePullBackOff"])
    texts = [event["message"] for event in lab.api.events("tool", "wrong-tag")]
    assert any("docker.io/library/nginx:no-such-tag: not found" in text for text in texts)


def test_a_members_password_opens_a_private_image_and_a_strangers_does_not(lab: Lab) -> None:
    for user, password in (
        (lab.accounts.member, lab.accounts.member_password),
        (lab.accounts.stranger, lab.accounts.stranger_password),
    ):
        login = {"auths": {"quay.io": {"username": user, "password": password}}}
        lab.api.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": user},
                "type": "kubernetes.io/dockerconfigjson",
                "stringData": {".dockerconfigjson": json.dumps(login)},
            },
            "tool",
        )
    member, stranger = lab.accounts.member, lab.accounts.stranger
    # Not on one node: what one pod has pulled there, another need not pull again.
    lab.api.create(
        pod("stranger", "quay.io/acme/app:1", imagePullSecrets=[{"name": stranger}], nodeName="node2"), "tool"
    )
    lab.api.wait_for_reason("tool", "stranger", ["ErrImagePull", "ImagePullBackOff"])
    lab.api.create(
        pod("member", "quay.io/acme/app:1", imagePullSecrets=[{"name": member}], nodeName="node1"), "tool"
    )
    lab.api.wait_for_pod("tool", "member")


def test_exec_and_logs_reach_the_kubelet(lab: Lab) -> None:
    summary = lab.api.request("GET", "/api/v1/nodes/node1/proxy/stats/summary")

    assert summary["node"]["runtime"]["imageFs"]["capacityBytes"] > 0


def test_a_user_without_bindings_reads_nothing(lab: Lab) -> None:
    for user in ("viewer", "ns-viewer", "nobody"):
        with pytest.raises(ApiError) as refused:
            lab.api_as(user).list("Pod")
        assert refused.value.status == 403


def test_a_token_is_nobodys_in_another_lab(lab: Lab) -> None:
    stranger = lab.api_as("admin")
    stranger._token = "x" * len(lab.token("admin"))

    with pytest.raises(ApiError) as refused:
        stranger.list("Pod")
    assert refused.value.status == 401


@pytest.mark.parametrize("user", ["admin", "viewer", "admin-cert"])
def test_kubeconfigs_are_private(lab: Lab, user: str) -> None:
    path = lab.kubeconfig(user)

    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["clusters"][0]["cluster"]["server"] == lab.server


def test_nodes_are_reached_by_ssh_and_have_a_journal(lab: Lab) -> None:
    node = lab.node("node1")

    assert node.ssh("hostname").stdout == "node1\n"
    assert "containerd successfully booted" in node.journal("containerd")
    assert node.ssh("systemctl is-active kubelet").stdout == "active\n"


def test_a_node_shows_nothing_of_the_hosts_homes_and_passwords(lab: Lab) -> None:
    node = lab.node("node1")

    assert node.ssh(f"find /root /home {places.labs_dir()} -type f").stdout == ""
    assert node.ssh("cut -d: -f2 /etc/shadow").stdout == "*\n"


def test_a_full_disk_is_one_node_away(lab: Lab) -> None:
    lab.add_node("tiny", NodeSettings(containerd_storage="24m"))
    lab.api.create(pod("too-big", "registry.reg.test/app/huge:1", nodeName="tiny"), "tool")

    failed = lab.api.wait_for_reason("tool", "too-big", ["ErrImagePull", "ImagePullBackOff"])
    texts = [event["message"] for event in lab.api.events("tool", "too-big")]
    assert any("no space left on device" in text for text in texts), waiting_reasons(failed)
    lab.remove_node("tiny")
    assert "tiny" not in [node["metadata"]["name"] for node in lab.api.list("Node")]


def test_a_nodes_firewall_makes_one_registry_unreachable(lab: Lab) -> None:
    node = lab.node("node1")
    ask = "curl -s -o /dev/null --max-time 2 -w '%{http_code}' https://ghcr.io/v2/ || true"
    address = node.ssh("getent ahostsv4 ghcr.io | head -1 | cut -d' ' -f1").stdout.strip()

    node.firewall(f"ip daddr {address} drop")
    assert node.ssh(ask).stdout == "000"
    node.firewall("")
    assert node.ssh(ask).stdout == "401"


def test_a_command_can_run_in_the_labs_network(lab: Lab) -> None:
    done = lab.run_inside(["curl", "-sS", "https://registry.reg.test/v2/"], capture_output=True)

    assert (done.returncode, done.stdout) == (0, "{}")


def test_nothing_of_the_lab_is_in_the_hosts_network(lab: Lab) -> None:
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout

    assert "br0" not in links
    assert "v-control" not in links
    assert "10.99.0" not in routes


def test_describe_shows_no_secret(lab: Lab) -> None:
    text = json.dumps(lab.describe())

    secrets = [lab.token(user) for user in lab.users()] + [
        lab.accounts.member_password,
        lab.accounts.stranger_password,
        lab.accounts.ecr_token,
    ]
    assert not [secret for secret in secrets if secret in text]


def test_no_process_carries_a_secret_in_its_arguments(lab: Lab) -> None:
    secrets = [lab.token("admin"), lab.accounts.member_password, lab.accounts.ecr_token]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().decode(errors="replace")
        except OSError:
            continue
        assert not [secret for secret in secrets if secret in words], process


def test_up_again_uses_the_lab_that_runs(lab: Lab) -> None:
    again = Lab.up(VERSION, name="tool")

    assert again.id == lab.id


def test_down_leaves_nothing_behind(lab: Lab) -> None:
    """The last test of the shared lab: it takes it down."""
    holders = [identity.pid for identity in Folder(lab.name).processes.recorded().values()]
    namespaces = {_namespace(identity) for identity in holders} - {_namespace(os.getpid())}
    identities = list(Folder(lab.name).processes.recorded().values())
    assert len(namespaces) == 5, "switch, control, services, two nodes"

    lab.down()

    assert not [identity for identity in identities if identity.alive()]
    assert not [process for process in _processes() if _namespace(process) in namespaces]
    assert _traces(lab.id, lab.state_dir) == []


# ── runs that are killed ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seen", ["netns-control", "kube-apiserver", "node-node1"])
def test_what_a_killed_up_left_is_swept(lab: Lab, seen: str) -> None:
    name = f"killed-{seen}"[:20]
    folder = Folder(name)
    argv = [str(HERE / "lab"), "up", "--name", name, "--kubernetes", VERSION]
    starter = subprocess.Popen(
        argv, env={**os.environ, "LAB_PYTHON": sys.executable}, stdout=subprocess.DEVNULL
    )
    until(lambda: seen in folder.processes.recorded(), f"{seen} of {name}", 60)
    starter.kill()
    starter.wait()
    current = folder.read()
    assert current is not None
    left = list(folder.processes.recorded().values())
    assert [identity for identity in left if identity.alive()], "the kill came when something ran"

    assert name in sweep(lambda text: None)

    assert not [identity for identity in left if identity.alive()]
    assert _traces(current.id, folder.path) == []


def test_a_lab_ends_with_its_owner(data_only: None) -> None:
    program = (
        "import os, signal; from tests.lab.image_pull_lab.lab import Lab;"
        f"Lab.up({VERSION!r}, name='owned', data_only=True, owner=os.getpid());"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = HERE.parent.parent

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, check=False, timeout=120, capture_output=True, text=True
    )

    assert done.returncode == -signal.SIGKILL, done.stderr
    until(lambda: not Folder("owned").path.exists(), "the lab goes with its owner")


def test_an_interrupted_up_clears_away_what_it_began(data_only: None) -> None:
    folder = Folder("stopped")
    argv = [str(HERE / "lab"), "up", "--name", "stopped", "--data-only", "--kubernetes", VERSION]
    starter = subprocess.Popen(
        argv, env={**os.environ, "LAB_PYTHON": sys.executable}, stdout=subprocess.DEVNULL
    )
    until(lambda: "etcd" in folder.processes.recorded(), "etcd", 60)
    starter.terminate()

    assert starter.wait(timeout=30) != 0
    assert not folder.path.exists()


def test_sweeping_leaves_labs_alone_that_run(data_only: None) -> None:
    with Lab.up(VERSION, name="running", data_only=True) as running:
        assert "running" not in sweep(lambda text: None)
        assert running.api.list("Namespace")


# ── the command line ────────────────────────────────────────────────────────────────────────────────────


def test_data_only_serves_on_loopback_by_the_command_line(data_only: None) -> None:
    up = command("up", "--name", "plain", "--data-only", "--kubernetes", VERSION)
    assert up.returncode == 0, up.stderr
    try:
        described = json.loads(command("describe", "--name", "plain").stdout)
        assert described["server"].startswith("https://127.0.0.1:")
        assert set(described["processes"]) == {"etcd", "kube-apiserver"}
        path = command("kubeconfig", "--name", "plain", "viewer").stdout.strip()
        assert json.loads(Path(path).read_text())["users"][0]["name"] == "viewer"
        assert "plain: Kubernetes" in command("status").stdout
    finally:
        assert command("down", "--name", "plain").returncode == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(described["server"])


def test_asking_for_what_is_not_there_says_so_in_one_line() -> None:
    for words, what in (
        (["describe", "--name", "no-such"], "no lab 'no-such' is up"),
        (["up", "--kubernetes", "1.2"], "no Kubernetes 1.2 in the lab"),
    ):
        done = command(*words)
        assert done.returncode in (1, 2)
        assert what in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(doctor, "_present", lambda program: program != "squid")

    missing = doctor.examine(versions.resolve(VERSION))

    assert "not root" in str(missing[0])
    assert "squid: not installed (Debian package squid)" in [str(one) for one in missing]
    assert missing[0] in doctor.unmendable(missing)


def test_a_lab_that_cannot_run_here_is_no_failure_of_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")

    with pytest.raises(LabUnavailable, match="Linux namespaces"):
        Lab.up(VERSION, name="never")
    assert issubclass(LabUnavailable, LabError)


def test_programs_of_kubebuilder_assets_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_only: None
) -> None:
    from tests.lab.image_pull_lab import binaries

    version = versions.resolve(VERSION)
    own = tmp_path / "kube-apiserver"
    own.write_text(f"#!/bin/sh\necho Kubernetes v{version.version}\n")
    own.chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    found = binaries.find("kube-apiserver", version)
    assert found is not None
    assert found.argv() == [str(own)]

    own.write_text("#!/bin/sh\necho Kubernetes v1.2.3\n")
    other = binaries.find("kube-apiserver", version)
    assert other is None or other.path != own


def test_a_recycled_process_id_is_not_taken_for_ours() -> None:
    ours = Identity.of(os.getpid())
    assert ours is not None

    assert ours.alive()
    assert not Identity(ours.pid, ours.start - 1).alive()


def _namespace(process: int) -> str:
    try:
        return os.readlink(f"/proc/{process}/ns/net")
    except OSError:
        return ""


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _traces(lab_id: str, folder: Path) -> list[str]:
    """Whatever of a lab can still be found on the host."""
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/*{lab_id}*")]
    machines = [str(path) for path in Path("/run/systemd").glob(f"**/*{lab_id}*")]
    return mounts + groups + machines + ([str(folder)] if folder.exists() else [])
