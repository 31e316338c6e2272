# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed: commands that can be pasted, the revision that ran, and nothing that makes it worse."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Finding,
    NodeFact,
    OwnerRef,
    RevisionFact,
    SecretFact,
    ServiceAccountFact,
    WorkloadFact,
)

from tests.unit.evidence import NAMES, failing, folder_of, judged, no_credentials, not_found

IMAGE = "registry.example.com/shop/web:2"
BEFORE = "registry.example.com/shop/web:1"
PRIVATE = "private.example.com/app:1"


def rollout(
    kind: str = "Deployment", ready: int = 2, previous_ready: int | None = 2, before: str = BEFORE
) -> WorkloadFact:
    return WorkloadFact(
        "shop",
        kind,
        "web",
        desired=3,
        ready=ready,
        updated=1,
        current=RevisionFact(7, "web-7", "2026-01-31T10:59:55Z", {"app": IMAGE}, ready=0),
        previous=RevisionFact(6, "web-6", "2026-01-01T00:00:00Z", {"app": before}, ready=previous_ready),
    )


def finding(place: Path, *records: Any, kind: str = "Deployment", **fields: Any) -> Finding:
    owner = {"kind": kind, "name": "web"}
    report = judged(place / "run", failing(not_found(IMAGE), IMAGE, owner=owner, **fields), *records)
    return report.findings[0]


def commands(found: Finding) -> list[str]:
    return [fix.command for fix in found.fixes]


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
def test_the_first_fix_is_the_revision_that_ran(tmp_path: Path, kind: str) -> None:
    found = finding(tmp_path, rollout(kind), kind=kind)
    undo = f"kubectl --context prod -n shop rollout undo {kind.lower()}/web --to-revision=6"
    assert found.fixes[0].command == undo
    assert BEFORE in found.fixes[0].title
    assert (found.fixes[0].risk, found.fixes[0].reversible) == ("low", True)


def test_a_stateful_set_needs_its_stuck_pod_removed_afterwards(tmp_path: Path) -> None:
    found = finding(tmp_path, rollout("StatefulSet"), kind="StatefulSet")
    assert commands(found)[1] == "kubectl --context prod -n shop delete pod web-1"
    assert not found.fixes[1].reversible
    assert any("healthy pods of StatefulSet shop/web" in warning for warning in found.do_not)


def test_no_way_back_where_the_revision_before_asked_for_the_same(tmp_path: Path) -> None:
    assert not [c for c in commands(finding(tmp_path, rollout(before=IMAGE))) if "undo" in c]


def test_no_way_back_to_an_image_that_fails_as_well(tmp_path: Path) -> None:
    owner = {"kind": "Deployment", "name": "web"}
    report = judged(
        tmp_path / "run",
        failing(not_found(IMAGE), IMAGE, owner=owner),
        failing(not_found(BEFORE), BEFORE, pod="other"),
        rollout(ready=0, previous_ready=0),
    )
    assert not [c for found in report.findings for c in commands(found) if "undo" in c]


def test_the_way_back_stays_open_where_that_revision_still_runs(tmp_path: Path) -> None:
    """Its image may fail elsewhere, for want of a credential or on another node."""
    owner = {"kind": "Deployment", "name": "web"}
    report = judged(
        tmp_path / "run",
        failing(not_found(IMAGE), IMAGE, owner=owner),
        failing(no_credentials(BEFORE), BEFORE, pod="other", namespace="elsewhere"),
        rollout(),
    )
    assert [c for found in report.findings for c in commands(found) if "undo" in c]


def test_no_way_back_to_a_revision_that_never_ran(tmp_path: Path) -> None:
    """Replicas serve that are neither of this revision nor of the one before."""
    assert not [c for c in commands(finding(tmp_path, rollout(previous_ready=0))) if "undo" in c]


def test_no_context_is_named_where_none_is_known(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.unit.evidence import CLUSTER

    report = judged(
        tmp_path / "run", failing(not_found(IMAGE), IMAGE), cluster=replace(CLUSTER, context=None)
    )
    assert all("--context" not in command for command in commands(report.findings[0]))


def test_a_bare_pod_can_be_given_another_image(tmp_path: Path) -> None:
    report = judged(tmp_path / "run", failing(not_found(IMAGE), IMAGE))
    expected = (
        "kubectl --context prod -n shop set image pod/web-1 "
        'app=registry.example.com/shop/web:"${TAG:?set TAG to a tag that exists}"'
    )
    assert expected in commands(report.findings[0])


@pytest.mark.parametrize("kind", ["Job", "Workflow"])
def test_no_image_is_set_where_kubectl_cannot_set_it(tmp_path: Path, kind: str) -> None:
    assert not [c for c in commands(finding(tmp_path, kind=kind)) if "set image" in c]


@pytest.mark.parametrize("name", NAMES)
def test_commands_are_shell_words_and_pass_no_password(name: str, tmp_path: Path) -> None:
    for found in diagnose(folder_of(name, tmp_path / "run")).findings:
        assert found.fixes
        for command in commands(found):
            assert shlex.split(command)
            assert "\n" not in command
            assert "--docker-password" not in command
            assert ":latest" not in command


def test_hostile_names_stay_single_words(tmp_path: Path) -> None:
    found = diagnose(folder_of("hostile-texts", tmp_path / "run")).findings[0]
    words = shlex.split(commands(found)[0])
    assert words[:7] == ["kubectl", "--context", "prod", "-n", "shop", "set", "image"]
    assert words[7] == "deployment/web; reboot"
    assert words[8].startswith("app'; rm -rf ~; '=")
    assert len(words) == 9


def test_a_missing_secret_is_created_from_a_prompt(tmp_path: Path) -> None:
    pod = failing(no_credentials(PRIVATE), PRIVATE, pull_secrets=("regcred",))
    report = judged(tmp_path / "run", pod, SecretFact("shop", "regcred", "absent"))
    command = commands(report.findings[0])[0]
    assert "read -rsp" in command
    assert "kubectl --context prod -n shop create secret generic regcred" in command
    assert "private.example.com" in command


def test_a_secret_of_the_wrong_type_must_be_made_anew(tmp_path: Path) -> None:
    pod = failing(no_credentials(PRIVATE), PRIVATE, pull_secrets=("regcred",))
    report = judged(tmp_path / "run", pod, SecretFact("shop", "regcred", "present", type="Opaque", keys=1))
    fix = report.findings[0].fixes[0]
    assert fix.command.endswith("| kubectl --context prod replace --force -f -")
    assert (fix.risk, fix.reversible) == ("medium", False)


@pytest.mark.parametrize(
    ("present", "path", "value"),
    [
        ((), "/imagePullSecrets", [{"name": "pull-private-example-com"}]),
        (("old",), "/imagePullSecrets/-", {"name": "pull-private-example-com"}),
    ],
    ids=["none there", "appended"],
)
def test_a_new_secret_is_appended_to_those_of_the_service_account(
    tmp_path: Path, present: tuple[str, ...], path: str, value: Any
) -> None:
    text = "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."
    account = ServiceAccountFact("shop", "default", "present", pull_secrets=present)
    report = judged(tmp_path / "run", failing(text, PRIVATE, service_account="default"), account)
    patch = next(command for command in commands(report.findings[0]) if "patch serviceaccount" in command)
    words = shlex.split(patch)
    assert json.loads(words[words.index("-p") + 1]) == [{"op": "add", "path": path, "value": value}]


def test_docker_hub_gets_the_key_under_which_it_is_found(tmp_path: Path) -> None:
    hub = "docker.io/acme/app:1"
    account = ServiceAccountFact("shop", "default", "present")
    report = judged(tmp_path / "run", failing(no_credentials(hub), hub, service_account="default"), account)
    assert "https://index.docker.io/v1/" in commands(report.findings[0])[0]


def test_nothing_is_restarted_under_a_rate_limit(tmp_path: Path) -> None:
    for found in diagnose(folder_of("rate-limit", tmp_path / "run")).findings:
        assert not [c for c in commands(found) if "restart" in c or "delete" in c]


def test_a_node_is_cordoned_only_where_others_are_left(tmp_path: Path) -> None:
    full = failing("write /var/lib/containerd/x: no space left on device", IMAGE)
    alone = judged(tmp_path / "alone", full, NodeFact("node-1"))
    with_others = judged(tmp_path / "others", full, NodeFact("node-1"), NodeFact("node-2"))
    assert not [c for c in commands(alone.findings[0]) if "cordon" in c]
    assert "kubectl --context prod cordon node-1" in commands(with_others.findings[0])


@pytest.mark.parametrize(
    ("runtime", "unit"),
    [("containerd://2.1.4", "containerd"), ("cri-o://1.30", "crio"), ("docker://20", "docker")],
)
def test_commands_on_the_node_name_its_own_runtime(tmp_path: Path, runtime: str, unit: str) -> None:
    down = failing("", "", container="", container_type="sandbox", symptom="runtime")
    report = judged(tmp_path / "run", down, NodeFact("node-1", runtime_version=runtime))
    assert any(f"systemctl restart {unit}" == command for command in commands(report.findings[0]))


def test_pods_are_moved_to_an_architecture_that_the_cluster_has(tmp_path: Path) -> None:
    owner = {"kind": "Deployment", "name": "web"}
    failure = failing("no match for platform in manifest: not found", IMAGE, owner=owner)
    nodes = [
        NodeFact("node-1", architecture="arm64", os="linux"),
        NodeFact("node-2", architecture="amd64", os="linux"),
    ]
    found = judged(tmp_path / "run", failure, *nodes).findings[0]
    assert found.cause == "platform_mismatch"
    assert "linux/arm64" in [item.fact.rpartition(" ")[2] for item in found.evidence]
    assert any('"kubernetes.io/arch": "amd64"' in command for command in commands(found))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/app:1",
            "aws ecr get-repository-policy --registry-id 123456789012 --region eu-west-1 --repository-name acme/app",
        ),
        (
            "europe-west3-docker.pkg.dev/acme/prod/app:1",
            "gcloud artifacts repositories get-iam-policy prod --location europe-west3 --project acme",
        ),
        ("acme.azurecr.io/app:1", "az aks check-acr --acr acme.azurecr.io -g"),
    ],
    ids=["ECR", "Artifact Registry", "ACR"],
)
def test_a_clouds_own_registry_is_opened_by_the_identity_of_the_nodes(
    tmp_path: Path, image: str, expected: str
) -> None:
    report = judged(tmp_path / "run", failing(no_credentials(image), image))
    assert commands(report.findings[0])[0].startswith(expected)


def test_a_secret_is_replaced_whole_only_where_its_type_is_wrong(tmp_path: Path) -> None:
    def fix(kind: str) -> str:
        unreadable = failing(
            "illegal base64 data at input byte 0",
            PRIVATE,
            reason="illegal base64 data at input byte 0",
            pull_secrets=("regcred",),
        )
        fact = SecretFact("shop", "regcred", "present", type=kind, keys=1)
        return judged(tmp_path / kind.rpartition("/")[2], unreadable, fact).findings[0].fixes[0].command

    assert "apply --server-side --force-conflicts -f -" in fix("kubernetes.io/dockerconfigjson")
    assert "replace --force -f -" in fix("kubernetes.io/dockercfg")


def test_absent_or_private_is_offered_both_ways_out(tmp_path: Path) -> None:
    image = "quay.example/acme/app:1"
    denied = (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": pull access denied, '
        "repository does not exist or may require authorization: server message: insufficient_scope"
    )
    titles = [fix.title for fix in judged(tmp_path / "run", failing(denied, image)).findings[0].fixes]
    assert "See which tags the registry has" in titles
    assert any(title.startswith("If the repository is private: create a pull secret") for title in titles)


def test_each_workload_without_a_credential_gets_the_way_that_helps_it(tmp_path: Path) -> None:
    def waits(name: str, **fields: Any) -> Any:
        return failing(
            no_credentials(PRIVATE), PRIVATE, pod=name, owner={"kind": "Deployment", "name": name}, **fields
        )

    found = judged(
        tmp_path / "run",
        waits("elsewhere", pull_secrets=("other",)),
        waits("late", service_account="builder"),
        waits("bare", service_account="default"),
        SecretFact("shop", "other", "present", type="kubernetes.io/dockerconfigjson", keys=1),
        ServiceAccountFact("shop", "builder", "present", pull_secrets=("regcred",)),
        ServiceAccountFact("shop", "default", "present"),
    ).findings
    assert len(found) == 1
    told = commands(found[0])
    assert any("get secret other" in command for command in told)
    assert "kubectl --context prod -n shop rollout restart deployment/late" in told
    assert any("create secret generic pull-private-example-com" in command for command in told)
    assert any("patch serviceaccount default" in command for command in told)
    assert "kubectl --context prod -n shop rollout restart deployment/bare" in told
    assert not any("deployment/elsewhere" in command for command in told)


def test_a_job_is_said_to_need_another(tmp_path: Path) -> None:
    titles = [fix.title for fix in finding(tmp_path, kind="Job").fixes]
    assert "Delete Job shop/web and create it with the right image: a Job cannot be changed" in titles


def test_the_job_that_a_cron_job_has_started_goes_after_the_image_is_mended(tmp_path: Path) -> None:
    path = (OwnerRef("Job", "web-29"), OwnerRef("CronJob", "web"))
    told = commands(finding(tmp_path, kind="CronJob", owner_path=path))
    assert told[-1] == "kubectl --context prod -n shop delete job web-29"
    assert "set image cronjob/web" in told[-2]
