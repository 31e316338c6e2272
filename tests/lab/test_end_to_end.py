# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From real broken pods to named causes: diagnose.yml on a cluster with every scenario of scenarios/ in it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.lab.scenarios import Scenario, all_scenarios
from tests.lab.scenarios.judgement import WHOLE_POD, Finding, about, assert_explains
from tests.lab.scenarios.scene import SLOW_AFTER, Scene, version_under_test
from tests.lab.scenarios.stage import failing_containers
from tests.plays.runbook import ROOT, Run, ansible, diagnose, snapshot

SCENARIOS = all_scenarios(version_under_test())
FAILING = [scenario for scenario in SCENARIOS if scenario.fails]
HEALTHY = [scenario for scenario in SCENARIOS if not scenario.fails]


@pytest.fixture(scope="module")
def run(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run over the whole cluster, by a user with the documented rights alone."""
    folder = tmp_path_factory.mktemp("whole-cluster")
    done = diagnose(
        folder, kubeconfig=scene.viewer, slow_after=SLOW_AFTER, evidence_dir=str(folder / "evidence")
    )
    assert done.code == 0, done.output[-5000:]
    return done


@pytest.fixture(scope="module")
def findings(run: Run) -> list[Finding]:
    return run.report["findings"]


@pytest.mark.parametrize("scenario", FAILING, ids=lambda scenario: scenario.name)
def test_each_failing_container_is_in_one_finding_with_its_cause(
    scenario: Scenario, scene: Scene, findings: list[Finding]
) -> None:
    failing = list(failing_containers(scenario, scene.seen, SLOW_AFTER))
    assert failing
    explained = set()
    for pod, failure in failing:
        found = about(findings, pod, failure)
        assert len(found) == 1, f"{pod['metadata']['name']} is in {len(found)} findings"
        assert_explains(found[0], failure)
        explained.add(found[0]["id"])
    if scenario.one_finding:
        assert len(explained) == 1


@pytest.mark.parametrize("scenario", HEALTHY, ids=lambda scenario: scenario.name)
def test_nothing_is_said_about_pods_that_have_their_images(
    scenario: Scenario, scene: Scene, findings: list[Finding]
) -> None:
    names = {pod["metadata"]["name"] for pod in scene.seen.of(scenario)}
    assert names
    accused = [
        entry for finding in findings for entry in finding["pods"] if entry["namespace"] == scenario.namespace
    ]
    assert not [entry for entry in accused if entry["name"] in names]


def test_nobody_else_is_accused(scene: Scene, findings: list[Finding]) -> None:
    """Old pods of a rollout, sound neighbours of a failing container, pods of the system."""
    expected = {
        (pod["metadata"]["uid"], "" if failure.container_type in WHOLE_POD else failure.container)
        for scenario in FAILING
        for pod, failure in failing_containers(scenario, scene.seen, SLOW_AFTER)
    }
    pods = {uid for uid, dummy_container in expected}
    for finding in findings:
        for entry in finding["pods"]:
            assert entry["uid"] in pods, entry
            if entry["container_type"] not in (*WHOLE_POD, "image_volume"):
                assert (entry["uid"], entry["container"]) in expected, entry


def test_a_fault_of_a_node_is_one_finding_and_not_one_for_each_image(
    scene: Scene, findings: list[Finding]
) -> None:
    for node in ("stopped", "hung", "no-dns"):
        concerned = [
            finding for finding in findings if any(entry["node"] == node for entry in finding["pods"])
        ]
        assert len(concerned) == 1, [finding["title"] for finding in concerned]
        assert concerned[0]["blast_radius"]["nodes"] == 1


def test_the_same_image_on_two_nodes_is_one_finding(scene: Scene, findings: list[Finding]) -> None:
    concerned = [
        finding
        for finding in findings
        if any(entry["name"].startswith("daemon-set-") for entry in finding["pods"])
    ]
    assert len(concerned) == 1
    assert concerned[0]["blast_radius"]["nodes"] == 2


def test_the_report_is_as_its_schema_says(run: Run) -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(run.report, schema, cls=jsonschema.validators.validator_for(schema))
    assert run.report["verdict"] == "failing"
    assert run.report["scope"]["complete"] is True
    assert run.report["error"] is None


def test_the_terminal_report_fits_eighty_columns(run: Run) -> None:
    """But for commands and the path of the report, which must be pasted whole, and words that are longer."""
    lines = run.plain_output.splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("1. "))
    end = next(index for index, line in enumerate(lines) if line.startswith("TASK [") and index > begin)
    long = [line.strip() for line in lines[begin:end] if len(line) > 80]
    commands = {
        line
        for finding in run.report["findings"]
        for fix in finding["fixes"]
        for line in fix["command"].splitlines()
    }
    whole = {*commands, f"Whole report: {run.folder}/reports/localhost/report.json"}
    assert not [line for line in long if line not in whole and " " in line.removeprefix("| ")]


def test_no_json_on_the_terminal(run: Run) -> None:
    assert '{"' not in run.plain_output
    assert "\\n" not in run.plain_output


def test_the_recorded_run_gives_the_same_report_without_network(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.tar.gz"
    evidence = next((run.folder / "evidence").iterdir())
    packed = ansible(
        "kube_runbooks.image_pull.snapshot", tmp_path, {"evidence_dir": str(evidence), "dest": str(archive)}
    )
    assert packed.code == 0, packed.output
    again = diagnose(tmp_path / "again", before=["unshare", "--net", "--"], snapshot=str(archive))
    assert again.code == 0, again.output
    assert again.report_bytes == run.report_bytes


def test_snapshot_yml_records_what_diagnose_yml_would_see(
    scene: Scene, findings: list[Finding], tmp_path: Path
) -> None:
    made = snapshot(
        tmp_path, kubeconfig=scene.viewer, snapshot_dir=str(tmp_path / "snapshots"), slow_after=SLOW_AFTER
    )
    assert made.code == 0, made.output
    archives = list((tmp_path / "snapshots").iterdir())
    assert len(archives) == 1
    assert archives[0].stat().st_mode & 0o077 == 0
    judged = diagnose(tmp_path / "judged", snapshot=str(archives[0]))
    assert ids(judged.report["findings"]) == ids(findings)


def test_the_same_fault_keeps_its_id_from_run_to_run(
    scene: Scene, findings: list[Finding], tmp_path: Path
) -> None:
    again = diagnose(tmp_path, kubeconfig=scene.viewer, slow_after=SLOW_AFTER)
    assert ids(again.report["findings"]) == ids(findings)


def ids(findings: list[Finding]) -> dict[str, str]:
    return {finding["id"]: finding["cause"] for finding in findings}


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("confirmed", 2), ("any", 2)])
def test_the_exit_code_is_what_fail_on_says_and_every_cause_is_printed(
    scene: Scene, tmp_path: Path, fail_on: str, code: int
) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, fail_on=fail_on, namespaces=["tls"])
    assert run.code == code, run.output
    assert run.report["verdict"] == "failing"
    printed = " ".join(run.plain_output.split())
    for finding in run.report["findings"]:
        assert " ".join(finding["title"].split()) in printed, finding["title"]


def test_a_healthy_namespace_is_healthy(scene: Scene, tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, fail_on="any", namespaces=["healthy"])
    assert run.code == 0, run.output
    assert run.report["verdict"] == "healthy"
    assert run.report["scope"]["namespaces"] == ["healthy"]


def test_one_pod_is_asked_for_by_name(scene: Scene, tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, pod="names/wrong-tag")
    assert [entry["name"] for finding in run.report["findings"] for entry in finding["pods"]] == ["wrong-tag"]


def test_labels_narrow_the_scope(scene: Scene, tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, label_selector="scenario in (wrong-tag, nxdomain)")
    names = {entry["name"] for finding in run.report["findings"] for entry in finding["pods"]}
    assert names == {"wrong-tag", "nxdomain"}


def test_check_mode_reports_as_well(scene: Scene, tmp_path: Path) -> None:
    run = diagnose(tmp_path, kubeconfig=scene.viewer, namespaces=["tls"], arguments=["--check"])
    assert run.code == 0, run.output
    assert "TLS" in run.output or "certificate" in run.output


def test_the_documented_rights_can_change_nothing(scene: Scene) -> None:
    """That a run under them succeeds is the proof that it writes nothing to the cluster."""
    api = scene.lab.api_as("viewer")
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "names"},
    }
    rules = api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body)["status"][
        "resourceRules"
    ]
    reviews = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
    for rule in rules:
        if not set(rule.get("resources", [])) <= reviews:
            assert set(rule["verbs"]) <= {"get", "list", "watch"}, rule


def test_a_deleted_pod_and_its_namesake_do_not_mix(scene: Scene, tmp_path: Path) -> None:
    """A StatefulSet's pod has the name of the one before it; the old one's events are not its own."""
    api = scene.lab.api
    manifest = next(
        entry for scenario in SCENARIOS if scenario.name == "wrong-tag" for entry in scenario.objects
    )
    old = json.loads(json.dumps(manifest))
    old["metadata"]["name"] = "namesake"
    old["metadata"]["labels"] = {"test": "namesake"}
    new = json.loads(json.dumps(old))
    new["spec"]["containers"][0]["image"] = "refused.reg.test/app/web:1"
    api.create_namespace("namesakes")
    api.create(old, "namesakes")
    api.wait_for_reason("namesakes", "namesake", ("ErrImagePull", "ImagePullBackOff"))
    api.delete("Pod", "namesake", "namesakes", grace_seconds=0)
    api.wait(lambda: not api.list("Pod", "namesakes"), "the old pod is gone")
    api.create(new, "namesakes")
    api.wait_for_reason("namesakes", "namesake", ("ErrImagePull", "ImagePullBackOff"))
    run = diagnose(tmp_path, kubeconfig=scene.viewer, namespaces=["namesakes"])
    api.delete_namespace("namesakes")
    assert [finding["cause"] for finding in run.report["findings"]] == ["network_unreachable"]
    assert "9.9.9" not in json.dumps(run.report)
