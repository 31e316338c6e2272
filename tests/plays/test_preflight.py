# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight.yml as a user runs it: what goes in, what comes out, and with which exit code."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.plays.runbook import ROOT, Run, play
from tests.unit.plugins.module_utils._preflight.loopback_registry import Registry, loopback_registry

PLAY_FAILED = 2
HOSTILE = "{{ lookup('pipe', 'id') }} \x1b[2J <script>&"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with loopback_registry() as served:
        served.push("app", "1")
        yield served


def pod(image: str, name: str = "web") -> str:
    spec = {"containers": [{"name": "app", "image": image}]}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def rendered(folder: Path, text: str) -> str:
    """A file with this content."""
    path = folder / "rendered.yaml"
    path.write_text(text)
    return str(path)


def preflight(folder: Path, registry: Registry, *arguments: str, **variables: Any) -> Run:
    """Runs preflight.yml without a cluster, unless a variable says otherwise."""
    values = {"use_cluster": False, "platforms": ["linux/amd64"], "plain_http": [registry.host], **variables}
    named = {f"image_pull_{name}": value for name, value in values.items()}
    return play("preflight.yml", folder, variables=named, arguments=arguments)


def report_of(run: Run) -> dict[str, Any]:
    return json.loads((run.folder / "reports/localhost/preflight.json").read_text())


def test_what_would_be_pulled_passes(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/pod.yaml").write_text(pod(f"{registry.host}/app:1"))
    run = preflight(tmp_path, registry, manifests=str(tmp_path / "chart"), namespace="shop")
    assert run.code == 0, run.output
    assert "ALL IMAGES WOULD BE PULLED" in run.plain_output
    report = report_of(run)
    assert (report["kind"], report["verdict"]) == ("preflight", "healthy")
    assert [(one["namespace"], one["document"]) for one in report["workloads"]] == [("shop", 1)]
    assert not sorted((run.folder / "tmp").rglob("*"))


def test_what_would_not_fails_the_play_in_every_form(tmp_path: Path, registry: Registry) -> None:
    run = preflight(tmp_path, registry, manifests=rendered(tmp_path, pod(f"{registry.host}/app:2")))
    assert run.code == PLAY_FAILED
    assert "WOULD NOT" in run.plain_output
    assert report_of(run)["findings"][0]["cause"] == "tag_not_found"
    case = ElementTree.parse(run.folder / "reports/localhost/preflight.junit.xml").getroot().find(".//testcase")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("default.Pod", "web")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("type") == "tag_not_found"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("confirmed", PLAY_FAILED), ("any", PLAY_FAILED)])
def test_the_exit_code_follows_fail_on(tmp_path: Path, registry: Registry, fail_on: str, code: int) -> None:
    assert preflight(tmp_path, registry, manifests=rendered(tmp_path, pod("X")), fail_on=fail_on).code == code


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("any", PLAY_FAILED)])
def test_what_could_not_be_checked_is_no_success(tmp_path: Path, registry: Registry, fail_on: str, code: int) -> None:
    run = preflight(tmp_path, registry, manifests=rendered(tmp_path, pod("127.0.0.1:1/app:1")), fail_on=fail_on)
    assert run.code == code, run.output
    assert "NOT KNOWN" in run.plain_output
    root = ElementTree.parse(run.folder / "reports/localhost/preflight.junit.xml").getroot()
    assert (root.get("errors"), root.get("skipped")) == ("1", "0")


def test_a_file_that_is_no_yaml_is_named_and_the_others_are_checked(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.yaml").write_text("kind: Pod\n---\nimage: {{ .Values.image }}\n")
    (tmp_path / "m/b.yaml").write_text(pod(f"{registry.host}/app:1"))
    run = preflight(tmp_path, registry, manifests=[str(tmp_path / "m")], fail_on="never")
    assert run.code == PLAY_FAILED
    (problem,) = report_of(run)["problems"]
    assert problem == f"{tmp_path}/m/a.yaml: document 2, line 3: found unhashable key"
    assert [one["verdict"] for one in report_of(run)["workloads"]] == ["would_pull"]
    assert "Traceback" not in run.output


def test_a_cluster_that_cannot_be_read_fails_the_play(tmp_path: Path, registry: Registry) -> None:
    run = preflight(
        tmp_path, registry, manifests=rendered(tmp_path, pod(f"{registry.host}/app:1")), use_cluster=True,
        server="http://127.0.0.1:1", api_key="x", fail_on="never",
    )
    assert run.code == PLAY_FAILED
    assert "connection refused" in run.plain_output
    assert report_of(run)["verdict"] == "unknown"


def test_hostile_names_stay_text(tmp_path: Path, registry: Registry) -> None:
    item = yaml.safe_load(pod(f"{registry.host}/app:2"))
    item["metadata"]["name"] = item["spec"]["containers"][0]["name"] = HOSTILE
    run = preflight(tmp_path, registry, "-vvv", manifests=rendered(tmp_path, json.dumps(item)))
    assert run.code == PLAY_FAILED
    assert "uid=" not in run.output
    assert "\x1b[2J" not in run.output
    assert ElementTree.parse(run.folder / "reports/localhost/preflight.junit.xml").getroot().get("failures") == "1"


def test_a_secret_in_the_manifests_is_used_and_never_shown(tmp_path: Path, registry: Registry) -> None:
    registry.accounts["alice"] = "planted-pass-7d1f"
    registry.push("private/app", "1")
    auths = {"auths": {registry.host: {"username": "alice", "password": "planted-pass-7d1f"}}}
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "creds"},
        "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": json.dumps(auths)},
    }
    item = yaml.safe_load(pod(f"{registry.host}/private/app:1"))
    item["spec"]["imagePullSecrets"] = [{"name": "creds"}]
    # As a file, and not as a variable: what is given with -e every user of the machine can read.
    path = tmp_path / "rendered.yaml"
    path.write_text(yaml.safe_dump_all([item, secret]))
    run = preflight(tmp_path, registry, "-vvvv", manifests=[str(path)])
    assert run.code == 0, run.output
    assert registry.asked_for("private/app/manifests")[-1][2] == "alice"
    assert "planted-pass-7d1f" not in run.output
    left = [found for found in run.files() if b"planted-pass-7d1f" in found.read_bytes()]
    assert left == [path]


@pytest.mark.parametrize("way", ["pipe", "process substitution"])
def test_what_helm_prints_can_be_piped(tmp_path: Path, registry: Registry, way: str) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(f"---\n# Source: chart/templates/pod.yaml\n{pod(f'{registry.host}/app:2', name='piped')}")
    variables = {
        "image_pull_use_cluster": False, "image_pull_platforms": ["linux/amd64"],
        "image_pull_plain_http": [registry.host], "image_pull_report_dir": str(tmp_path / "reports"),
    }
    command = f"ansible-playbook preflight.yml -e {shlex.quote(json.dumps(variables))} -e image_pull_manifests="
    words = {
        "pipe": f"cat {rendered} | {command}-",
        "process substitution": f"{command}<(cat {rendered}) < /dev/null",
    }[way]
    done = subprocess.run(
        ["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "HOME": str(tmp_path), "ANSIBLE_HOME": str(tmp_path / ".ansible"), "ANSIBLE_NOCOLOR": "1"},
    )
    assert done.returncode == PLAY_FAILED, done.stdout + done.stderr
    (workload,) = json.loads((tmp_path / "reports/localhost/preflight.json").read_text())["workloads"]
    assert (workload["name"], workload["verdict"]) == ("piped", "would_not_pull")


def test_nothing_piped_is_said(tmp_path: Path, registry: Registry) -> None:
    run = preflight(tmp_path, registry, manifests="-")
    assert run.code == PLAY_FAILED
    assert "no workload was found" in run.plain_output
