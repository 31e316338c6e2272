# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed while it looks at nodes leaves nothing on the cluster and the nodes beyond its deadline."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.naming import RUN

from tests.lab import by_hand, inventory
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.processes import wait_until
from tests.lab.image_pull_lab.runtime_config import SANDBOX_IMAGE
from tests.lab.scenarios.manifests import pod

pytestmark = pytest.mark.long

SPACE = "killed-runs"
NODE = "patient"
DEADLINE = 30
PROBE = 15
"""Seconds after which nothing of a probe runs on a node: its own deadline of ten, and a little."""
LATE = 20
"""Seconds that controllers and kubelet may take on a machine that has other things to do."""
#: A journal that takes its time keeps the probe there long enough to be met in the middle.
SLEEPY = "#!/bin/sh\nexec sleep 600\n"
PLACES = "/tmp /var/tmp /root /home /dev/shm /etc /opt /usr /srv"


@pytest.fixture(scope="module")
def patient(lab: Lab) -> Iterator[Node]:
    """A node with a pod that cannot get its image."""
    node = lab.add_node(NODE)
    node.ssh(f"ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d {SANDBOX_IMAGE}")
    node.write_file("/usr/local/sbin/journalctl", SLEEPY, 0o755)
    node.firewall("ip daddr 10.99.0.103 drop")
    lab.api.create_namespace(SPACE)
    lab.api.create(pod("web", "ghcr.io/open/tool:1", node=NODE), SPACE)
    lab.api.wait_for_reason(SPACE, "web", ["ErrImagePull", "ImagePullBackOff"], seconds=90)
    yield node
    lab.api.delete_namespace(SPACE, seconds=0)
    lab.remove_node(NODE)


@contextmanager
def running(lab: Lab, folder: Path, **variables: Any) -> Iterator[subprocess.Popen[bytes]]:
    """diagnose.yml in a process group of its own, which is killed at the end of the block, all at once."""
    hosts = inventory.write(folder / "inventory.json", lab.nodes)
    values = {
        "image_pull_kubeconfig": str(lab.kubeconfig("admin")),
        "image_pull_namespaces": [SPACE],
        "image_pull_registry_checks": False,
        "image_pull_deadline": DEADLINE,
        "image_pull_report_dir": str(folder / "reports"),
        **variables,
    }
    command = by_hand.begin(
        folder, "ansible-playbook", "diagnose.yml", "-i", str(hosts), "-e", json.dumps(values)
    )
    try:
        yield command.process
    finally:
        command.kill()


def commands(node: Node) -> set[str]:
    """The command lines of what runs on the node, but for those of the question itself and of its own containers."""
    script = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null; echo; done"
    listed = node.ssh(script).stdout.splitlines()
    own = ("containerd-shim", "bash -c for p", "tr ", "sshd:", "/pause", "runc ", "unpigz")
    return {line.strip() for line in listed if line.strip() and not any(word in line for word in own)}


def images(node: Node) -> set[str]:
    return set(node.ssh("for n in $(ctr ns ls -q); do ctr -n $n images ls -q; done").stdout.split())


def files(node: Node) -> set[str]:
    return set(node.ssh(f"find {PLACES} -xdev ! -type d 2>/dev/null || true").stdout.splitlines())


def probing(node: Node) -> bool:
    return any("sleep 600" in line for line in commands(node))


def output(folder: Path) -> str:
    return (folder / "output").read_text(errors="replace")[-3000:]


def test_a_probe_ends_by_itself(lab: Lab, patient: Node, tmp_path: Path) -> None:
    before = commands(patient), images(patient), files(patient)
    with running(lab, tmp_path) as process:
        wait_until(lambda: probing(patient) or process.poll() is not None, "the probe on the node", 60)
        assert process.poll() is None, output(tmp_path)
    wait_until(lambda: commands(patient) <= before[0], "the probe to end", PROBE)
    assert images(patient) == before[1]
    assert files(patient) <= before[2]
    assert not jobs(lab)


def test_a_shell_through_the_api_server_vanishes_with_its_job(
    lab: Lab, patient: Node, tmp_path: Path
) -> None:
    before = commands(patient), images(patient), files(patient)
    with running(lab, tmp_path, image_pull_node_access="pod") as process:
        wait_until(lambda: probing(patient) or process.poll() is not None, "the probe on the node", 90)
        assert process.poll() is None, output(tmp_path)
        made = jobs(lab)
    assert made
    wait_until(lambda: commands(patient) - before[0] <= sleeps(made), "the probe to end", PROBE)
    lives = max(one["spec"]["activeDeadlineSeconds"] + one["spec"]["ttlSecondsAfterFinished"] for one in made)
    assert lives <= DEADLINE + 180
    wait_until(lambda: not left(lab, made), "the Jobs to vanish", lives + LATE)
    wait_until(lambda: not pods_of(lab, made), "their pods to vanish", LATE)
    wait_until(lambda: commands(patient) <= before[0], "their processes to end", LATE)
    assert images(patient) == before[1]
    assert files(patient) <= before[2]


def sleeps(made: list[dict[str, Any]]) -> set[str]:
    """What the containers of these Jobs run."""
    return {" ".join(one["spec"]["template"]["spec"]["containers"][0]["command"]) for one in made}


def jobs(lab: Lab) -> list[dict[str, Any]]:
    """The Jobs of runs that looked at the patient, those on other nodes included."""
    every = lab.api.list("Job")
    here = [one for one in every if one["spec"]["template"]["spec"].get("nodeName") == NODE]
    runs = {one["metadata"]["labels"][RUN] for one in here}
    return [one for one in every if one["metadata"]["labels"].get(RUN) in runs]


def left(lab: Lab, made: list[dict[str, Any]]) -> set[str]:
    """Which of these Jobs are still there."""
    uids = {one["metadata"]["uid"] for one in made}
    return {one["metadata"]["name"] for one in lab.api.list("Job") if one["metadata"]["uid"] in uids}


def pods_of(lab: Lab, made: list[dict[str, Any]]) -> list[str]:
    names = {one["metadata"]["name"] for one in made}
    return [
        one["metadata"]["name"]
        for one in lab.api.list("Pod")
        if any(owner["name"] in names for owner in one["metadata"].get("ownerReferences", []))
    ]
