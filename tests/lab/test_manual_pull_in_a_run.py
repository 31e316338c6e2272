# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""diagnose.yml with the manual pull: the node fails, the control node pulls with the pod's own credential."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import PullTrial

from tests.lab import inventory
from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.pulling import ProcessWatch, left, secret_forms
from tests.lab.scenarios.scene import VIEWER, grant
from tests.plays.runbook import Run, diagnose

pytestmark = pytest.mark.long

SPACE = "by-hand"
HOST = "v3-basic.reg.test"
IMAGE = f"{HOST}/acme/app:1"
NODE = "denied"


@pytest.fixture(scope="module")
def failing(lab: Lab) -> Iterator[None]:
    """A pod with a good credential on a node whose proxy denies everything."""
    proxy = f"http://{hosts.PROXY_HOST}:3129"
    lab.add_node(NODE, NodeSettings(proxy=proxy, taints=("lab=by-hand:NoSchedule",)))
    lab.api.create_namespace(SPACE)
    pair = base64.b64encode(f"{lab.accounts.member}:{lab.accounts.member_password}".encode()).decode()
    config = base64.b64encode(json.dumps({"auths": {HOST: {"auth": pair}}}).encode()).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "registry"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": config},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "nodeName": NODE,
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [{"name": "main", "image": IMAGE}],
        },
    }
    lab.api.create(secret, SPACE)
    lab.api.create(pod, SPACE)
    lab.api.wait_for_reason(SPACE, "web", ["ErrImagePull", "ImagePullBackOff"])
    yield
    lab.remove_node(NODE)
    lab.api.delete("Namespace", SPACE)


def run(lab: Lab, folder: Path, *arguments: str) -> Run:
    grant(lab, VIEWER)
    nodes = inventory.write(folder / "inventory.json", lab.nodes, inside=True)
    done = diagnose(
        folder,
        kubeconfig=lab.kubeconfig(VIEWER, inside=True),
        before=lab.inside(),
        arguments=["--inventory", str(nodes), *arguments],
        namespaces=[SPACE],
        registry_checks=True,
        registry_ca_file=str(lab.registry_ca),
        manual_pull=True,
        manual_pull_seconds=15,
        max_nodes=1,
        deadline=60,
        evidence_dir=str(folder / "evidence"),
    )
    assert done.code == 0, done.output[-5000:]
    return done


def trials(folder: Path) -> dict[str, PullTrial]:
    """By node, what the run's evidence has of manual pulls."""
    found: dict[str, PullTrial] = {}
    places = [path.parent for path in (folder / "evidence").rglob("*triage*")]
    evidence = EvidenceFolder.open(str(places[0]))
    for name in (NODE, "node1", "node2"):
        stage = evidence.read_stage(f"pull_{hashlib.sha256(name.encode()).hexdigest()[:12]}")
        if stage:
            found.update((trial.node, trial) for trial in stage.of("pull_trial"))
    return found


@pytest.mark.usefixtures("failing")
def test_the_control_node_gets_what_the_node_does_not_and_no_password_shows(lab: Lab, tmp_path: Path) -> None:
    forms = secret_forms(lab.accounts.member, lab.accounts.member_password)
    with ProcessWatch(forms) as watch:
        done = run(lab, tmp_path)

    found = trials(tmp_path)
    assert found[NODE].outcome == "failed", found
    (control,) = [trial for node, trial in found.items() if node != NODE]
    assert control.outcome == "pulled", control
    assert control.credential is not None
    assert (control.credential.namespace, control.credential.secret) == (SPACE, "registry")
    assert watch.found == set()
    for path in done.files():
        content = path.read_bytes()
        assert not [form for form in forms if form in content], path
    assert not [form for form in forms if form.decode() in done.output]
    for node in lab.nodes:
        assert left(node) == ""


@pytest.mark.usefixtures("failing")
def test_check_mode_pulls_nothing(lab: Lab, tmp_path: Path) -> None:
    run(lab, tmp_path, "--check")

    for trial in trials(tmp_path).values():
        assert trial.outcome == "not_tried"
        assert "check mode" in trial.text
