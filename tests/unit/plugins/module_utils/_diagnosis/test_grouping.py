# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault is one finding, and each container is in exactly one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConditionFact,
    NodeFact,
    PullFailure,
    Report,
    SecretFact,
    WorkloadFact,
)

from tests.unit.evidence import (
    CLUSTER,
    NAMES,
    failing,
    folder_of,
    judged,
    no_credentials,
    no_such_host,
    not_found,
    refused,
    unauthorized,
)

HUB = "docker.io/library/nginx:1.27"
HUB_API = "registry-1.docker.io"
QUAY = "quay.io/prometheus/node-exporter:v1"
OWN = "registry.example.com/shop/web:1"


def unreachable(image: str, host: str, node: str, pod: str) -> PullFailure:
    return failing(refused(image, host), image, node=node, pod=pod)


def hangs(node: str, seconds: int) -> PullFailure:
    return failing(
        "",
        OWN,
        pod="hanging",
        node=node,
        symptom="pulling",
        pulling_seconds=seconds,
        reason="ContainerCreating",
    )


def subjects(report: Report) -> list[tuple[str, int]]:
    return [(finding.cause, len(finding.pods)) for finding in report.findings]


@pytest.mark.parametrize("name", NAMES)
def test_each_container_is_in_exactly_one_finding(name: str, tmp_path: Path) -> None:
    folder = folder_of(name, tmp_path / "run")
    stage = folder.read_stage("triage")
    assert stage is not None
    seen = Counter((f.pod_uid, f.container_type, f.container) for f in stage.of("pull_failure"))
    told = Counter(
        (pod.uid, pod.container_type, pod.container)
        for finding in diagnose(folder).findings
        for pod in finding.pods
    )
    assert told == seen


def test_the_same_image_on_many_nodes_is_one_finding(tmp_path: Path) -> None:
    pods = [failing(not_found(OWN), OWN, pod=f"web-{n}", node=f"node-{n}") for n in range(4)]
    report = judged(tmp_path / "run", *pods)
    assert subjects(report) == [("tag_not_found", 4)]
    assert report.findings[0].blast_radius.nodes == 4


def test_two_images_that_are_not_there_are_two_findings(tmp_path: Path) -> None:
    other = "registry.example.com/shop/api:1"
    report = judged(
        tmp_path / "run", failing(not_found(OWN), OWN), failing(not_found(other), other, pod="api-1")
    )
    assert subjects(report) == [("tag_not_found", 1), ("tag_not_found", 1)]


def test_a_host_that_fails_from_many_nodes_is_one_finding_about_the_host(tmp_path: Path) -> None:
    one, other = "registry.example.com/a:1", "registry.example.com/b:1"
    report = judged(
        tmp_path / "run",
        unreachable(one, "registry.example.com", "node-1", "a"),
        unreachable(other, "registry.example.com", "node-2", "b"),
    )
    assert subjects(report) == [("network_unreachable", 2)]
    assert report.findings[0].title == "registry.example.com cannot be reached"


def test_hosts_that_fail_from_one_node_while_others_reach_them_are_the_fault_of_the_node(
    tmp_path: Path,
) -> None:
    healthy = NodeFact("node-2", images=(HUB, QUAY))
    report = judged(
        tmp_path / "run",
        failing(no_such_host(HUB, HUB_API), HUB, pod="a"),
        failing(no_such_host(QUAY, "quay.io"), QUAY, pod="b"),
        NodeFact("node-1"),
        healthy,
    )
    assert subjects(report) == [("dns_failure", 2)]
    finding = report.findings[0]
    assert finding.title.startswith("On node-1 alone: no DNS answer for")
    assert "node-2" in finding.summary


def test_an_answer_that_another_node_got_shows_that_the_host_is_well(tmp_path: Path) -> None:
    report = judged(
        tmp_path / "run",
        unreachable(OWN, "registry.example.com", "node-1", "a"),
        failing(not_found("registry.example.com/x:9"), "registry.example.com/x:9", node="node-2", pod="b"),
    )
    assert "On node-1 alone: no connection to registry.example.com" in [
        finding.title for finding in report.findings
    ]


def test_a_name_that_only_one_pod_asks_for_is_not_blamed_on_its_node(tmp_path: Path) -> None:
    image = "registry.exmaple.com/web:1"
    report = judged(
        tmp_path / "run",
        failing(no_such_host(image, "registry.exmaple.com"), image),
        NodeFact("node-1"),
        NodeFact("node-2", images=(HUB,)),
    )
    assert report.findings[0].title == "registry.exmaple.com does not resolve"


def test_the_same_missing_secret_is_one_finding_and_another_namespace_has_its_own(tmp_path: Path) -> None:
    image = "private.example.com/app:1"
    pods = [
        failing(no_credentials(image), image, namespace=namespace, pod=pod, pull_secrets=("regcred",))
        for namespace, pod in (("a", "x"), ("a", "y"), ("b", "x"))
    ]
    secrets = [SecretFact(namespace, "regcred", "absent") for namespace in ("a", "b")]
    report = judged(tmp_path / "run", *pods, *secrets)
    assert sorted((finding.secrets, len(finding.pods)) for finding in report.findings) == [
        (("a/regcred",), 2),
        (("b/regcred",), 1),
    ]


def test_a_rate_limit_is_one_finding_for_its_registry(tmp_path: Path) -> None:
    text = "unexpected status from HEAD request to https://registry-1.docker.io/v2/x/manifests/1: 429 Too Many Requests"
    pods = [
        failing(text, f"docker.io/library/{name}:1", pod=name, node=name)
        for name in ("redis", "nginx", "alpine")
    ]
    report = judged(tmp_path / "run", *pods)
    assert subjects(report) == [("rate_limited", 3)]
    assert any("restart" in warning for warning in report.findings[0].do_not)


def test_the_kubelets_own_limit_is_one_finding_for_each_node(tmp_path: Path) -> None:
    pods = [
        failing("pull QPS exceeded", f"registry.example.com/x:{n}", pod=f"p{n}", node=f"node-{n % 2}")
        for n in range(6)
    ]
    assert subjects(judged(tmp_path / "run", *pods)) == [("pull_qps_exceeded", 3), ("pull_qps_exceeded", 3)]


def test_a_node_that_is_down_explains_all_its_silent_pods(tmp_path: Path) -> None:
    down = ConditionFact("Ready", "False", "KubeletNotReady", "container runtime is down")
    report = judged(
        tmp_path / "run",
        failing(
            "",
            "",
            container="",
            container_type="sandbox",
            symptom="runtime",
            pod="a",
            reason="KubeletNotReady",
        ),
        failing("", OWN, pod="b"),
        failing("", OWN, pod="c", symptom="pulling", pulling_seconds=900, reason="ContainerCreating"),
        NodeFact("node-1", conditions=(down,)),
    )
    assert subjects(report) == [("runtime_error", 3)]


def test_a_telling_message_is_not_swallowed_by_the_trouble_of_its_node(tmp_path: Path) -> None:
    pressure = ConditionFact("DiskPressure", "True")
    report = judged(
        tmp_path / "run", failing(not_found(OWN), OWN), NodeFact("node-1", conditions=(pressure,))
    )
    assert subjects(report) == [("tag_not_found", 1)]


def test_a_full_disk_takes_in_the_evicted_and_the_silent(tmp_path: Path) -> None:
    full = f'failed to pull and unpack image "{OWN}": write /var/lib/containerd/x: no space left on device'
    report = judged(
        tmp_path / "run",
        failing(full, OWN, pod="a"),
        failing("", "registry.example.com/shop/other:1", pod="b"),
        failing(
            "The node was low on resource: ephemeral-storage. ",
            "",
            pod="c",
            container="",
            container_type="sandbox",
            symptom="evicted",
            reason="Evicted",
        ),
    )
    assert subjects(report) == [("disk_full", 3)]


def test_a_silent_container_joins_the_fault_of_its_image(tmp_path: Path) -> None:
    report = judged(
        tmp_path / "run", failing(not_found(OWN), OWN), failing("", OWN, pod="web-2", node="node-2")
    )
    assert subjects(report) == [("tag_not_found", 2)]
    assert "counted in" in report.findings[0].summary


def test_a_silent_container_joins_nothing_where_two_reasons_are_known(tmp_path: Path) -> None:
    report = judged(
        tmp_path / "run",
        failing(not_found(OWN), OWN, pod="a"),
        failing("no match for platform in manifest: not found", OWN, pod="b", node="node-2"),
        failing("", OWN, pod="c", node="node-3"),
    )
    assert ("unknown", 1) in subjects(report)


def test_a_pull_that_hangs_joins_the_host_that_fails_from_two_nodes(tmp_path: Path) -> None:
    hanging = hangs("node-3", 60)
    report = judged(
        tmp_path / "run",
        unreachable(OWN, "registry.example.com", "node-1", "a"),
        unreachable(OWN, "registry.example.com", "node-2", "b"),
        hanging,
    )
    assert subjects(report) == [("network_unreachable", 3)]


def test_a_pull_that_hangs_does_not_join_the_trouble_of_another_node(tmp_path: Path) -> None:
    hanging = hangs("node-2", 600)
    report = judged(tmp_path / "run", unreachable(OWN, "registry.example.com", "node-1", "a"), hanging)
    assert sorted(subjects(report)) == [("network_unreachable", 1), ("pull_slow", 1)]


def test_one_registry_that_wants_a_login_is_one_finding(tmp_path: Path) -> None:
    images = [f"private.example.com/team/app{n}:1" for n in range(5)]
    pods = [failing(no_credentials(image), image, pod=f"p{n}") for n, image in enumerate(images)]
    assert subjects(judged(tmp_path / "run", *pods)) == [("auth_missing", 5)]


def test_the_id_does_not_depend_on_pods_order_nodes_or_time(tmp_path: Path) -> None:
    first = judged(
        tmp_path / "a",
        failing(unauthorized(OWN, "registry.example.com"), OWN, pod="web-1"),
        failing(not_found(HUB), HUB, pod="front-1"),
    )
    second = judged(
        tmp_path / "b",
        failing(not_found(HUB), HUB, pod="front-9", node="node-7"),
        failing(unauthorized(OWN, "registry.example.com"), OWN, pod="web-9", node="node-8"),
        observed_at="2026-02-02T00:00:00Z",
    )
    assert {(f.id, f.cause) for f in first.findings} == {(f.id, f.cause) for f in second.findings}


def test_the_id_of_a_nodes_fault_survives_its_replacement_within_the_pool(tmp_path: Path) -> None:
    ids = []
    for name in ("old", "new"):
        full = "write /var/lib/containerd/x: no space left on device"
        report = judged(tmp_path / name, failing(full, OWN, node=name), NodeFact(name, pool="workers"))
        ids.append(report.findings[0].id)
    assert ids[0] == ids[1]


def test_the_id_differs_from_cluster_to_cluster(tmp_path: Path) -> None:
    here = judged(tmp_path / "a", failing(not_found(OWN), OWN))
    there = judged(tmp_path / "b", failing(not_found(OWN), OWN), cluster=replace(CLUSTER, uid="another"))
    assert here.findings[0].id != there.findings[0].id


def test_most_damage_comes_first(tmp_path: Path) -> None:
    many = [failing(not_found(HUB), HUB, pod=f"p{n}", owner={"kind": "Job", "name": "j"}) for n in range(5)]
    alone = failing(not_found(OWN), OWN, pod="down")
    report = judged(tmp_path / "run", *many, alone)
    assert [finding.impact.down for finding in report.findings] == [1, 0]


def test_images_on_the_failing_node_itself_do_not_show_that_the_host_is_well(tmp_path: Path) -> None:
    """They may be from before the fault."""
    report = judged(
        tmp_path / "run", unreachable(HUB, HUB_API, "node-1", "a"), NodeFact("node-1", images=(HUB,))
    )
    assert report.findings[0].title == "docker.io cannot be reached"


def test_a_pool_that_fails_alone_is_blamed_as_a_pool(tmp_path: Path) -> None:
    report = judged(
        tmp_path / "run",
        unreachable(HUB, HUB_API, "node-1", "a"),
        unreachable(HUB, HUB_API, "node-2", "b"),
        NodeFact("node-1", pool="edge"),
        NodeFact("node-2", pool="edge"),
        NodeFact("node-3", pool="core", images=(HUB,)),
    )
    assert subjects(report) == [("network_unreachable", 2)]
    assert report.findings[0].title == "On node-1, node-2 alone: no connection to docker.io"


@pytest.mark.parametrize(
    "held", [OWN, "registry.example.com/shop/other:1"], ids=["the same image", "another image"]
)
def test_content_that_breaks_off_is_blamed_on_a_node_only_where_others_hold_it(
    tmp_path: Path, held: str
) -> None:
    text = f'failed to pull and unpack image "{OWN}": failed to read expected number of bytes: unexpected EOF'
    other = NodeFact("node-2", images=(held,))
    report = judged(tmp_path / "run", failing(text, OWN), NodeFact("node-1"), other)
    assert report.findings[0].title.startswith("On node-1 alone") == (held == OWN)


def test_a_mirror_stays_in_sight_where_another_host_answers_for_the_registry(tmp_path: Path) -> None:
    text = (
        f'failed to pull and unpack image "{OWN}": failed to resolve reference "{OWN}": '
        "pulling from host mirror.example.net failed with status code [manifests 1]: 500 Internal Server Error"
    )
    [finding] = judged(tmp_path, failing(text, OWN)).findings
    assert finding.cause == "registry_server_error"
    assert finding.registry_hosts == ("mirror.example.net", "registry.example.com")
    assert finding.alternatives[0].cause == "mirror_failure"
    assert "mirror.example.net is not the registry of" in finding.alternatives[0].why_less_likely


def test_a_workload_that_two_faults_hit_is_down_once(tmp_path: Path) -> None:
    owner = {"kind": "Deployment", "name": "web"}
    report = judged(
        tmp_path / "run",
        failing(not_found("r.example/a:1"), "r.example/a:1", owner=owner),
        failing(not_found("r.example/b:1"), "r.example/b:1", owner=owner, container="side"),
        WorkloadFact("shop", "Deployment", "web", desired=2, ready=0),
    )
    assert [finding.impact.down for finding in report.findings] == [1, 1]
    assert report.impact is not None
    assert (report.impact.down, report.impact.desired) == (1, 2)


@pytest.mark.parametrize(
    ("status", "reason", "title"),
    [
        ("Unknown", "NodeStatusUnknown", "Node node-1 does not report"),
        ("False", "KubeletNotReady", "Node node-1 is not ready"),
    ],
)
def test_a_node_is_said_to_be_what_its_condition_says(
    tmp_path: Path, status: str, reason: str, title: str
) -> None:
    node = NodeFact("node-1", conditions=(ConditionFact("Ready", status, reason, "Kubelet stopped"),))
    silent = failing(symptom="runtime", reason="ContainerCreating")
    found = judged(tmp_path / "run", silent, node, NodeFact("node-2")).findings[0]
    assert (found.cause, found.title) == ("runtime_error", title)
    kubelet = "systemctl restart kubelet" in [fix.command for fix in found.fixes]
    assert kubelet == (status == "Unknown")


def through_proxy(image: str, host: str, why: str) -> str:
    return (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: '
        f'Head "https://{host}/v2/x/manifests/1": {why}'
    )


def test_a_proxy_that_cannot_be_reached_is_named_and_not_taken_for_a_registry(tmp_path: Path) -> None:
    dead = "proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused"
    image = "quay.example/a/b:1"
    found = judged(tmp_path / "run", failing(through_proxy(image, "quay.example", dead), image)).findings[0]
    assert found.title == "The proxy 10.0.0.9:3128 fails"
    assert any("-x http://10.0.0.9:3128 https://quay.example/v2/" in fix.command for fix in found.fixes)
    assert not any("https://10.0.0.9" in fix.command for fix in found.fixes)


def test_a_proxy_that_refuses_is_said_to_stand_before_the_registry(tmp_path: Path) -> None:
    image = "quay.example/a/b:1"
    said = through_proxy(image, "quay.example", "Proxy Authentication Required")
    found = judged(tmp_path / "run", failing(said, image)).findings[0]
    assert found.title == "The proxy fails on the way to quay.example"
