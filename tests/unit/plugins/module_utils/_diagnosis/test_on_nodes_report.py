# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report makes of looks at nodes: one finding for one fault, and doubt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessPod,
    ConditionFact,
    ConfigProblem,
    EventFact,
    Gap,
    KubeletFact,
    LogLine,
    NodeChoice,
    PullTrial,
    Record,
)

from tests.unit.evidence import failing, no_such_host, not_found, refused, write_evidence
from tests.unit.plugins.module_utils._diagnosis.asked import answer
from tests.unit.plugins.module_utils._diagnosis.looked import (
    AT,
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
    deaf,
    disk,
    endpoint,
    finding_with,
    folder_with,
    hop,
    look,
    node,
    report_with,
    runtime,
    sick,
    steps,
    way,
    well,
)

OTHER = "quay.io"
LOST = no_such_host(IMAGE, HOST)


# One fault, one finding


@pytest.mark.parametrize("pool", ["a", ""], ids=["with a pool", "without pool labels"])
def test_one_resolver_that_is_dead_on_three_nodes_is_one_finding(tmp_path: Path, pool: str) -> None:
    names = ["n1", "n2", "n3"]
    failures = [failing(LOST, IMAGE, node=name, pod=f"web-{name}") for name in names]
    seen = [record for name in names for record in deaf(name)]
    pools = [node(name, pool) for name in (*names, HEALTHY)]
    report = report_with(tmp_path / "run", [*failures, *pools], [*seen, *well()])
    assert len(report.findings) == 1
    found = report.findings[0]
    assert (found.cause, found.hop, found.confidence) == ("dns_failure", "dns", "confirmed")
    assert found.nodes == ("n1", "n2", "n3")
    assert (
        "n1, n2, n3 cannot resolve registry.example, node2 can: their resolver 10.0.0.2 does not answer"
        in found.summary
    )
    assert "On n1, n2, n3: does resolver 10.0.0.2 answer" in found.fixes[0].title


@pytest.mark.parametrize("pool", ["a", ""], ids=["with a pool", "without pool labels"])
def test_three_hundred_nodes_of_which_three_were_looked_at_are_one_finding(tmp_path: Path, pool: str) -> None:
    names = [f"n{number:03}" for number in range(300)]
    failures = [failing(LOST, IMAGE, node=name, pod=f"web-{name}") for name in names]
    seen = [record for name in names[:3] for record in deaf(name)]
    pools = [node(name, pool) for name in (*names, HEALTHY)]
    report = report_with(tmp_path / "run", [*failures, *pools], [*seen, *well()])
    assert [(found.cause, found.blast_radius.nodes, found.confidence) for found in report.findings] == [
        ("dns_failure", 300, "confirmed")
    ]


def test_a_dead_resolver_swallows_all_registries_that_it_keeps_away(tmp_path: Path) -> None:
    other = f"{OTHER}/acme/app:1"
    failures = [
        failing(LOST, IMAGE, node=BROKEN),
        failing(no_such_host(other, OTHER), other, node=BROKEN, pod="b"),
    ]
    report = report_with(
        tmp_path / "run", failures, [*deaf(BROKEN, HOST, OTHER), *well(HEALTHY, HOST, OTHER)]
    )
    assert len(report.findings) == 1
    assert len(report.findings[0].pods) == 2


def test_a_stopped_runtime_swallows_the_silent_pods_of_its_node(tmp_path: Path) -> None:
    failures = [failing("", f"{HOST}/app/{number}:1", node=BROKEN, pod=f"p{number}") for number in range(5)]
    report = report_with(tmp_path / "run", failures, [*sick(runtime(state="stopped")), *well()])
    assert [(found.cause, len(found.pods)) for found in report.findings] == [("runtime_error", 5)]


def test_a_host_that_the_healthy_node_cannot_reach_either_is_no_fault_of_the_node(tmp_path: Path) -> None:
    old = node(HEALTHY, images=(f"{HOST}/shop/old:1",))
    failures = [failing(refused(IMAGE, HOST), IMAGE, node=BROKEN), node(BROKEN), old]
    closed = [
        look(HEALTHY),
        runtime(HEALTHY),
        disk(HEALTHY),
        hop("dns", on=HEALTHY),
        hop("tcp", "refused", on=HEALTHY),
    ]
    report = report_with(tmp_path / "run", failures, [*sick(hop("dns"), hop("tcp", "refused")), *closed])
    found = report.findings[0]
    assert "alone" not in found.title
    assert "node2, looked at to compare, cannot either" in found.summary
    assert found.confidence == "confirmed"


def test_a_resolver_that_fails_the_healthy_node_alike_is_not_the_fault_of_one_node(tmp_path: Path) -> None:
    report = report_with(
        tmp_path / "run", [failing(LOST, IMAGE, node=BROKEN)], [*deaf(BROKEN), *deaf(HEALTHY)]
    )
    found = report.findings[0]
    assert "alone" not in found.title
    assert (
        "cannot either, so it is not the node's own fault but the resolver's that they share" in found.summary
    )
    alike = [item.fact for item in found.evidence if item.vantage == f"node/{HEALTHY}"]
    assert alike
    assert all(fact.startswith("it is the same on node2") for fact in alike)
    assert (found.cause, found.confidence) == ("dns_failure", "confirmed")


@pytest.mark.parametrize("others", [[], [look(HEALTHY, reached=False, why="ssh: timed out")]], ids=str)
def test_alone_is_said_only_where_a_comparison_was_made(tmp_path: Path, others: list[Record]) -> None:
    failure = failing(LOST, IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, [*deaf(BROKEN), *others])
    assert found.title == "On node1: no DNS answer for registry.example"
    compared = finding_with(tmp_path / "compared", failure, [*deaf(BROKEN), *well()])
    assert compared.title == "On node1 alone: no DNS answer for registry.example"


def test_two_hosts_that_a_node_cannot_reach_for_two_reasons_are_two_findings(tmp_path: Path) -> None:
    other = f"{OTHER}/acme/app:1"
    failures = [
        failing(refused(IMAGE, HOST), IMAGE, node=BROKEN),
        failing(refused(other, OTHER), other, pod="b", node=BROKEN),
    ]
    seen = sick(hop("dns"), hop("tcp", "refused"), hop("dns", host=OTHER), hop("tcp", "prohibited", OTHER))
    third = "well.example"
    report = report_with(tmp_path / "run", failures, [*seen, *way(third), *well(HEALTHY, HOST, OTHER, third)])
    assert [found.confidence for found in report.findings] == ["confirmed", "confirmed"]
    assert len({found.id for found in report.findings}) == 2


def test_a_host_that_is_asked_for_the_manifest_in_place_of_the_registry_is_a_mirror(tmp_path: Path) -> None:
    mirror = "mirror.example"
    words = (
        f'failed to resolve reference "{IMAGE}": failed to do request: '
        f'Head "https://{mirror}/v2/shop/web/manifests/1": '
        "dial tcp 10.6.6.6:443: connect: connection refused"
    )
    seen = sick(hop("dns", host=mirror), hop("tcp", "refused", mirror, address="10.6.6.6"))
    found = finding_with(tmp_path / "run", failing(words, IMAGE, node=BROKEN), [*seen, *well()])
    assert (found.cause, found.hop, found.confidence) == ("mirror_failure", "mirror", "confirmed")


def test_the_healthy_node_is_named_before_others_that_get_there(tmp_path: Path) -> None:
    failures = [failing(LOST, IMAGE, node=BROKEN), node(BROKEN), node(HEALTHY), node("a0")]
    report = report_with(tmp_path / "run", failures, [*deaf(BROKEN), *well("a0"), *well()])
    assert "node1 cannot resolve registry.example, node2 can" in report.findings[0].summary


def test_the_id_is_the_same_with_other_pods_and_other_nodes_of_the_pool(tmp_path: Path) -> None:
    ids = set()
    for name in ("n1", "n7"):
        pools = [node(name), node(HEALTHY)]
        failure = failing(LOST, IMAGE, node=name, pod=f"pod-{name}")
        ids.add(report_with(tmp_path / name, [failure, *pools], [*deaf(name), *well()]).findings[0].id)
    assert len(ids) == 1


def test_a_slow_pull_of_a_node_that_gets_through_is_not_counted_to_the_troubles_of_others(
    tmp_path: Path,
) -> None:
    slow = failing("", IMAGE, node="n3", pod="slow", symptom="pulling", pulling_seconds=900, reason="")
    failures = [slow, *(failing(refused(IMAGE, HOST), IMAGE, node=name, pod=name) for name in ("n4", "n5"))]
    pools = [node(name) for name in ("n3", "n4", "n5", HEALTHY)]
    report = report_with(tmp_path / "run", [*failures, *pools], [*sick(*way(on="n3"), on="n3"), *well()])
    assert sorted((found.cause, found.nodes) for found in report.findings) == [
        ("network_unreachable", ("n4", "n5")),
        ("pull_slow", ("n3",)),
    ]


# Doubt


def test_a_node_that_meets_no_trouble_any_more_lowers_the_words(tmp_path: Path) -> None:
    found = finding_with(tmp_path / "run", failing(LOST, IMAGE, node=BROKEN), [*sick(*way()), *well()])
    assert (found.cause, found.confidence) == ("dns_failure", "likely")
    against = [item for item in found.evidence if not item.supports]
    assert against
    assert "mended since" in against[0].fact
    assert against[0].vantage == f"node/{BROKEN}"


def test_exact_words_of_another_kind_stay_though_the_node_has_a_trouble_too(tmp_path: Path) -> None:
    found = finding_with(
        tmp_path / "run",
        failing(not_found(IMAGE), IMAGE, node=BROKEN),
        [*sick(disk(bytes_free=0)), *well()],
        asked=[answer("tag_not_found", IMAGE, status=404)],
    )
    assert (found.cause, found.confidence) == ("tag_not_found", "confirmed")


def test_a_pull_by_hand_that_works_says_mended_or_another_credential(tmp_path: Path) -> None:
    trial = PullTrial(BROKEN, IMAGE, "pulled", "ctr", at=AT, bytes=10**7, seconds=2.0)
    found = finding_with(
        tmp_path / "run", failing(LOST, IMAGE, node=BROKEN), [*sick(hop("dns")), trial, *well()]
    )
    assert found.confidence == "likely"
    assert "by hand node1 gets the image" in found.summary.lower()
    assert any("5.0 MB/s" in item.fact for item in found.evidence)


@pytest.mark.parametrize(
    "asked", [[answer("tag_not_found", IMAGE, status=404)], []], ids=["asked", "not asked"]
)
def test_a_wrong_tag_that_shows_as_x509_is_called_a_wrong_tag(tmp_path: Path, asked: list[Record]) -> None:
    file = f"/etc/containerd/certs.d/{HOST}/hosts.toml"
    trap = ConfigProblem(
        BROKEN, file, "ca_not_for_server", "ca only under host", "then x509", HOST, "tls_untrusted"
    )
    words = f'failed to resolve reference "{IMAGE}": x509: certificate signed by unknown authority'
    failure = failing(words, IMAGE, node=BROKEN)
    found = finding_with(tmp_path / "run", failure, [*sick(trap), *well()], asked=asked)
    assert (found.cause, found.confidence, found.hop) == ("tag_not_found", "confirmed", "manifest")
    assert file in found.summary


def test_a_healthy_node_that_pulls_the_image_by_hand_is_the_contrast(tmp_path: Path) -> None:
    trials = [
        PullTrial(BROKEN, IMAGE, "failed", "ctr", text=f"ctr: {refused(IMAGE, HOST)}", at=AT),
        PullTrial(HEALTHY, IMAGE, "pulled", "ctr", at=AT),
    ]
    seen = [*sick(hop("dns"), hop("tcp", "refused")), look(HEALTHY), *trials]
    found = finding_with(tmp_path / "run", failing(refused(IMAGE, HOST), IMAGE, node=BROKEN), seen)
    assert "node1 cannot connect to registry.example, node2 can" in found.summary
    assert {"node/node1", "node/node2"} <= {item.vantage for item in found.evidence}


def test_a_mirror_that_lacks_what_the_registry_gives(tmp_path: Path) -> None:
    seen = [*sick(endpoint("https://mirror.example"), *way()), *well()]
    found = finding_with(
        tmp_path / "run", failing(not_found(IMAGE), IMAGE, node=BROKEN), seen, asked=[answer(image=IMAGE)]
    )
    assert (found.cause, found.hop, found.confidence) == ("mirror_failure", "mirror", "likely")


def test_the_log_decides_between_tries_only_for_the_pull_that_goes_on(tmp_path: Path) -> None:
    line = f'PullImage "{IMAGE}" failed: dial tcp: lookup {HOST}: no such host'
    old = LogLine(BROKEN, "containerd", "2026-01-31T11:00:00Z", line, IMAGE)
    begun = EventFact("Pulling", f'Pulling image "{IMAGE}"', last_at="2026-01-31T11:40:00Z")
    pulling: dict[str, Any] = {
        "symptom": "pulling",
        "pulling_seconds": 1200,
        "reason": "",
        "events": (begun,),
    }
    found = finding_with(
        tmp_path / "run", failing("", IMAGE, node=BROKEN, **pulling), [*sick(*way(), old), *well()]
    )
    assert found.cause == "pull_slow"


def test_a_pod_that_the_runtime_refuses_is_evidence_in_itself(tmp_path: Path) -> None:
    pod = AccessPod(BROKEN, "refused", refused_by="runtime", why="failed to create containerd task")
    choice = NodeChoice(BROKEN, "failing", "a", way="pod")
    found = finding_with(tmp_path / "run", failing("", IMAGE, node=BROKEN), [pod], choices=[choice])
    assert (found.cause, found.confidence) == ("runtime_error", "likely")
    assert any("failed to create containerd task" in item.quote for item in found.evidence)


def test_a_pod_that_the_runtime_refuses_confirms_that_it_is_the_runtime(tmp_path: Path) -> None:
    words = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
    sandbox: dict[str, Any] = {
        "symptom": "sandbox",
        "container": "",
        "container_type": "sandbox",
        "reason": "",
    }
    event = EventFact("FailedCreatePodSandBox", f"Failed to create pod sandbox: {words}", last_at=AT)
    silent = failing("", "", node=BROKEN, events=(event,), **sandbox)
    down = node(
        BROKEN, conditions=(ConditionFact("Ready", "False", "KubeletNotReady", "container runtime is down"),)
    )
    pod = AccessPod(BROKEN, "refused", refused_by="runtime", why="mkdir /x: read-only file system")
    choice = NodeChoice(BROKEN, "failing", "a", way="pod")
    report = report_with(tmp_path / "run", [silent, down], [pod], choices=[choice])
    found = report.findings[0]
    assert (found.cause, found.hop, found.confidence) == ("runtime_error", "disk", "confirmed")


@pytest.mark.parametrize(
    "figures",
    [
        {"image_fs_bytes_free": 0, "image_fs_bytes_total": 10**9},
        {"image_fs_inodes_free": 0, "image_fs_inodes_total": 9},
    ],
    ids=["bytes", "inodes"],
)
def test_the_kubelet_tells_of_a_full_store_where_nobody_reaches_the_node(
    tmp_path: Path, figures: dict[str, int]
) -> None:
    kubelet = KubeletFact(BROKEN, "read", **figures)
    choice = NodeChoice(BROKEN, "failing", "a", why="image_pull_node_access is none")
    found = finding_with(tmp_path / "run", failing("", IMAGE, node=BROKEN), [kubelet], choices=[choice])
    assert (found.cause, found.hop, found.confidence) == ("disk_full", "disk", "confirmed")
    assert "kubelet" in {item.source for item in found.evidence}


def test_what_a_kubelet_may_not_tell_is_made_up_for_by_a_look(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path / "run", [failing(not_found(IMAGE), IMAGE, node=BROKEN)], [*sick(*way()), *well()]
    )
    lacking = Gap("what the kubelets of 2 nodes tell", "no right to nodes/proxy", "figures", (6,))
    write_evidence(tmp_path / "run", [lacking], stage="kubelets")
    report = diagnose(folder)
    assert steps(report)[6][0] == "passed"
    assert lacking.check in [item.check for item in report.not_checked]


def test_the_sandbox_image_is_named_by_the_log_where_events_have_expired(tmp_path: Path) -> None:
    pause = f"{HOST}/pause:3.9"
    line = f'RunPodSandbox for web-1 failed: failed to get sandbox image "{pause}": {not_found(pause)}'
    log = LogLine(BROKEN, "containerd", "2026-01-31T11:58:00Z", line, pause)
    silent = failing(
        "", "", node=BROKEN, symptom="sandbox", container="", container_type="sandbox", reason=""
    )
    found = finding_with(tmp_path / "run", silent, [*sick(log), *well()])
    assert found.cause == "tag_not_found"
    assert pause in json.dumps(found.to_dict())


def test_a_client_that_waits_in_vain_on_a_busy_node_proves_no_hung_runtime(tmp_path: Path) -> None:
    busy = runtime(state="hung", detail="its client got no answer in 2 s")
    words = f'failed to do request: Get "https://{HOST}/v2/x/blobs/1": net/http: TLS handshake timeout'
    own = finding_with(
        tmp_path / "own", failing(words, IMAGE, node=BROKEN), [*sick(busy, hop("dns")), *well()]
    )
    assert own.cause == "timeout"
    silent = finding_with(tmp_path / "silent", failing("", IMAGE, node=BROKEN), [*sick(busy), *well()])
    assert (silent.cause, silent.confidence) == ("runtime_error", "likely")
