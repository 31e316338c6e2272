# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and tokens that lie about in a cluster never leave it."""

from __future__ import annotations

import base64
import gzip
import secrets
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.scenarios.manifests import container, pod, pull_secret, secret
from tests.lab.scenarios.scene import Scene
from tests.plays.runbook import Run, diagnose, snapshot

SPACE = "planted"
PLACES = (
    "pull-secret",
    "opaque-secret",
    "environment",
    "annotation",
    "argument",
    "image-user",
    "signed-url",
    "basic-header",
    "bearer-header",
    "query-token",
)


@pytest.fixture(scope="module")
def planted(scene: Scene) -> Iterator[dict[str, str]]:
    """A failing pod with a secret of its own in each place; gives place and secret."""
    words = {place: f"planted{secrets.token_hex(12)}" for place in PLACES}
    api = scene.lab.api
    api.create_namespace(SPACE)
    api.apply(
        pull_secret("registry", "basic.reg.test", "alice", words["pull-secret"]),
        secret("other", "Opaque", {"password": words["opaque-secret"]}),
        _pod(words),
        pod("user-in-image", f"https://alice:{words['image-user']}@basic.reg.test/acme/app:1"),
        namespace=SPACE,
    )
    for name, reasons in (
        ("careless", ("ErrImagePull", "ImagePullBackOff")),
        ("user-in-image", ("InvalidImageName",)),
    ):
        api.wait_for_reason(SPACE, name, reasons)
    _events(scene.lab, words)
    yield {**words, "token": scene.lab.token("viewer")}
    api.delete_namespace(SPACE)


def _pod(words: dict[str, str]) -> dict[str, object]:
    careless = pod(
        "careless",
        containers=[
            container(
                "basic.reg.test/acme/app:1",
                env=[{"name": "PASSWORD", "value": words["environment"]}],
                args=["--password", words["argument"]],
                # Another test may have brought the image to the node.
                imagePullPolicy="Always",
            )
        ],
        pull_secrets=("registry",),
    )
    careless["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": words["annotation"]
    }
    return careless


def _events(lab: Lab, words: dict[str, str]) -> None:
    """What runtimes and registries have been seen to put into messages."""
    uid = lab.api.get("Pod", "careless", SPACE)["metadata"]["uid"]
    signed = f"https://cdn.reg.test/layer?X-Amz-Signature={words['signed-url']}&X-Amz-Expires=900"
    basic = base64.b64encode(f"alice:{words['basic-header']}".encode()).decode()
    texts = (
        f"httpReadSeeker: failed open: unexpected status code {signed}: 403 Forbidden",
        f"request had header Authorization: Basic {basic}",
        f'failed with {{"Authorization": "Bearer {words["bearer-header"]}"}}',
        f'Get "https://auth.reg.test/token?account=alice&token={words["query-token"]}": 401 Unauthorized',
    )
    for number, text in enumerate(texts):
        lab.api.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"careless.{number}"},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "namespace": SPACE,
                    "name": "careless",
                    "uid": uid,
                    "fieldPath": "spec.containers{app}",
                },
                "type": "Warning",
                "reason": "Failed",
                "message": f'Failed to pull image "basic.reg.test/acme/app:1": {text}',
                "firstTimestamp": "2026-01-01T00:00:00Z",
                "lastTimestamp": "2026-01-01T00:00:00Z",
                "source": {"component": "kubelet", "host": "node1"},
            },
            SPACE,
        )


def assert_absent(run: Run, planted: dict[str, str]) -> None:
    """Nothing planted is in the output or in any file, plain, in base64, or packed."""
    places = {"output": run.output.encode()} | {str(path): path.read_bytes() for path in run.files()}
    for name, content in list(places.items()):
        if content.startswith(b"\x1f\x8b"):
            places[f"{name} (unpacked)"] = gzip.decompress(content)
    needles = {
        place: [word.encode(), base64.b64encode(word.encode()).rstrip(b"=")]
        for place, word in planted.items()
    }
    needles["basic-header"].append(base64.b64encode(f"alice:{planted['basic-header']}".encode()).rstrip(b"="))
    needles["pull-secret"].append(base64.b64encode(f"alice:{planted['pull-secret']}".encode()).rstrip(b"="))
    found = [
        f"{place} in {name}"
        for name, content in places.items()
        for place, forms in needles.items()
        if any(form in content for form in forms)
    ]
    assert not found


def test_the_loudest_run_says_none_of_them(scene: Scene, planted: dict[str, str], tmp_path: Path) -> None:
    run = diagnose(
        tmp_path,
        kubeconfig=scene.viewer,
        namespaces=[SPACE],
        evidence_dir=str(tmp_path / "evidence"),
        arguments=["-vvvv", "--diff"],
        environment={"ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"), "ANSIBLE_DEBUG": "0"},
    )
    assert run.code == 0, run.output[-3000:]
    pods = {entry["name"] for finding in run.report["findings"] for entry in finding["pods"]}
    assert pods == {"careless", "user-in-image"}
    assert (tmp_path / "ansible.log").stat().st_size > 1000
    assert_absent(run, planted)


def test_a_token_from_the_environment(scene: Scene, planted: dict[str, str], tmp_path: Path) -> None:
    environment = {
        "K8S_AUTH_HOST": scene.lab.server,
        "K8S_AUTH_API_KEY": planted["token"],
        "K8S_AUTH_SSL_CA_CERT": str(scene.lab.ca_file),
    }
    run = diagnose(tmp_path, namespaces=[SPACE], arguments=["-vvvv"], environment=environment)
    assert run.code == 0, run.output[-3000:]
    assert run.report["verdict"] == "failing"
    assert_absent(run, planted)


def test_a_token_in_a_variable(scene: Scene, planted: dict[str, str], tmp_path: Path) -> None:
    """From a file of variables, as AWX or Vault would give it."""
    variables = tmp_path.parent / f"{tmp_path.name}-variables.json"
    variables.touch(mode=0o600)
    variables.write_text(f'{{"image_pull_api_key": "{planted["token"]}"}}')
    run = diagnose(
        tmp_path,
        namespaces=[SPACE],
        server=scene.lab.server,
        ca_cert=str(scene.lab.ca_file),
        arguments=["-vvvv", "-e", f"@{variables}"],
    )
    variables.unlink()
    assert run.code == 0, run.output[-3000:]
    assert_absent(run, planted)


def test_a_snapshot_holds_none_of_them(scene: Scene, planted: dict[str, str], tmp_path: Path) -> None:
    run = snapshot(
        tmp_path, kubeconfig=scene.viewer, namespaces=[SPACE], snapshot_dir=str(tmp_path / "snapshots")
    )
    assert run.code == 0, run.output
    assert_absent(run, planted)
    (archive,) = (tmp_path / "snapshots").iterdir()
    with tarfile.open(archive) as tar:
        assert any(member.name.endswith("triage.jsonl") for member in tar)


def test_nothing_is_left_in_the_temporary_folder(
    scene: Scene, planted: dict[str, str], tmp_path: Path
) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, namespaces=[SPACE])
    left = [path for path in run.files() if path.is_relative_to(tmp_path / "tmp")]
    assert not left
    for path in run.reports:
        assert path.stat().st_mode & 0o077 == 0
