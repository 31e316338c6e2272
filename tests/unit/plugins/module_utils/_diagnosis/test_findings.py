# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding tells besides its cause: who is hit, what changed, what may have been meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.official_images import (
    OFFICIAL_IMAGES,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConditionFact,
    Finding,
    ImageInUse,
    NodeFact,
    Record,
    RevisionFact,
    SecretFact,
    ServiceAccountFact,
    WorkloadFact,
)

from tests.unit.evidence import failing, judged, no_credentials, no_such_host, not_found

IMAGE = "registry.example.com/shop/web:2"
DENIED = (
    "pull access denied, repository does not exist or may require authorization: "
    "server message: insufficient_scope"
)


def one(place: Path, *records: Record, **about: Any) -> Finding:
    report = judged(place / "run", *records, **about)
    assert len(report.findings) == 1
    return report.findings[0]


def workload(kind: str = "Deployment", **fields: Any) -> WorkloadFact:
    return WorkloadFact("shop", kind, "web", **fields)


OWNED = {"owner": {"kind": "Deployment", "name": "web"}}


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_an_entry_with_everything_in_it(cause: Cause) -> None:
    entry = CATALOGUE[cause]
    assert entry.cause == cause
    assert entry.title
    assert entry.explanation.endswith(".")
    assert entry.sign
    assert entry.fixes
    assert 1 <= entry.step <= 10
    assert bool(entry.title_on_node) == entry.by_node
    assert all(warning.startswith("Do not ") for warning in entry.do_not)


# Impact


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"desired": 3, "ready": 0}, (1, 0, 0)),
        ({"desired": 3, "ready": 2}, (0, 1, 0)),
        ({"desired": 3, "ready": 3, "updated": 1, "previous": RevisionFact(1, "a")}, (0, 0, 1)),
        ({"desired": 3, "ready": 2, "updated": 1, "previous": RevisionFact(1, "a")}, (0, 1, 1)),
        ({"desired": 0, "ready": 0}, (0, 0, 0)),
        ({}, (0, 0, 0)),
    ],
    ids=["down", "degraded", "blocked rollout", "degraded and blocked", "scaled to zero", "not read"],
)
def test_impact_tells_what_the_workload_suffers(
    tmp_path: Path, counts: dict[str, Any], expected: Any
) -> None:
    impact = one(tmp_path, failing(not_found(IMAGE), IMAGE, **OWNED), workload(**counts)).impact
    assert (impact.down, impact.degraded, impact.rollout_blocked) == expected


def test_a_workload_counts_once_however_many_of_its_pods_fail(tmp_path: Path) -> None:
    pods = [failing(not_found(IMAGE), IMAGE, pod=f"web-{n}", node=f"n{n}", **OWNED) for n in range(3)]
    found = one(tmp_path, *pods, workload(desired=3, ready=0))
    assert (found.impact.down, found.impact.desired) == (1, 3)
    assert (found.blast_radius.pods, found.blast_radius.workloads, found.blast_radius.nodes) == (3, 1, 3)


def test_a_pod_without_an_owner_is_its_own_workload(tmp_path: Path) -> None:
    impact = one(tmp_path, failing(not_found(IMAGE), IMAGE)).impact
    assert (impact.down, impact.ready, impact.desired) == (1, 0, 1)


def test_an_ephemeral_container_takes_nothing_down(tmp_path: Path) -> None:
    assert one(tmp_path, failing(not_found(IMAGE), IMAGE, container_type="ephemeral")).impact.down == 0


# Changes


def test_a_rollout_just_before_is_named_with_its_images(tmp_path: Path) -> None:
    fact = workload(
        desired=1,
        ready=0,
        current=RevisionFact(2, "b", "2026-01-31T10:59:58Z", {"app": IMAGE, "log": "x:1"}),
        previous=RevisionFact(
            1, "a", "2025-01-01T00:00:00Z", {"app": "registry.example.com/shop/web:1", "log": "x:1"}
        ),
    )
    (change,) = one(tmp_path, failing(not_found(IMAGE), IMAGE, **OWNED), fact).changes
    assert change == (
        "2026-01-31T10:59:58Z Deployment shop/web: revision 2 was rolled out (image of app from "
        "registry.example.com/shop/web:1 to registry.example.com/shop/web:2)"
    )


def test_a_rollout_long_before_is_not_named(tmp_path: Path) -> None:
    fact = workload(
        current=RevisionFact(2, "b", "2026-01-30T00:00:00Z", {"app": IMAGE}),
        previous=RevisionFact(1, "a", "2025-01-01T00:00:00Z", {"app": "y:1"}),
    )
    assert one(tmp_path, failing(not_found(IMAGE), IMAGE, **OWNED), fact).changes == ()


def test_edited_credentials_and_new_nodes_are_named_the_latest_first(tmp_path: Path) -> None:
    image = "private.example.com/a:1"
    changes = one(
        tmp_path,
        failing(no_credentials(image), image, pull_secrets=("regcred",), service_account="builder"),
        SecretFact(
            "shop",
            "regcred",
            "present",
            type="kubernetes.io/dockerconfigjson",
            keys=1,
            created_at="2025-01-01T00:00:00Z",
            changed_at="2026-01-31T10:50:00Z",
        ),
        ServiceAccountFact("shop", "builder", "present", (), "2025-01-01T00:00:00Z", "2026-01-31T10:40:00Z"),
        NodeFact("node-1", created_at="2026-01-31T10:58:00Z", conditions=(ConditionFact("Ready", "True"),)),
        NodeFact("node-2"),
    ).changes
    assert changes == (
        "2026-01-31T10:58:00Z node node-1 joined the cluster",
        "2026-01-31T10:50:00Z pull secret shop/regcred was edited",
        "2026-01-31T10:40:00Z ServiceAccount shop/builder was edited",
    )


# Suggestions


def suggestions(place: Path, message: str, image: str, *in_use: str) -> str:
    return "\n".join(
        one(place, failing(message, image), *(ImageInUse(name, 3) for name in in_use)).suggestions
    )


@pytest.mark.parametrize("typo", ["ngnix", "nginxx", "ngix", "library/ngnix", "docker.io/library/ngnix"])
def test_a_mistyped_official_image_is_recognised(tmp_path: Path, typo: str) -> None:
    assert "nginx is an official image" in suggestions(tmp_path, DENIED, f"{typo}:1.27")


@pytest.mark.parametrize("name", ["nginx", "acme/ngnix", "quay.io/ngnix", "myapp", "api"])
def test_other_names_are_not_taken_for_official_ones(tmp_path: Path, name: str) -> None:
    assert "official" not in suggestions(tmp_path, DENIED, f"{name}:1")


@pytest.mark.parametrize(
    ("wrong", "used"),
    [
        ("registry.example.com/shop/wbe:2", "registry.example.com/shop/web:2"),
        ("registry.example.com/shopp/web:2", "registry.example.com/shop/web:2"),
        ("registry.exmaple.com/shop/web:2", "registry.example.com/shop/web:2"),
        ("shop/web:2", "registry.example.com/shop/web:2"),
    ],
    ids=["repository", "path", "registry", "registry left out"],
)
def test_a_name_like_one_in_use_is_recognised(tmp_path: Path, wrong: str, used: str) -> None:
    padded = [name.replace("/web", "/website").replace("/wbe", "/wbesite") for name in (wrong, used)]
    assert padded[1].partition(":")[0] in suggestions(tmp_path, DENIED, padded[0], padded[1])


def test_a_mistyped_host_is_recognised_where_it_does_not_resolve(tmp_path: Path) -> None:
    image = "registry.exmaple.com/shop/web:2"
    text = suggestions(
        tmp_path, no_such_host(image, "registry.exmaple.com"), image, "registry.example.com/shop/web:2"
    )
    assert "registry.example.com/shop/web" in text


@pytest.mark.parametrize(
    ("wrong", "used"), [("v1.2", "1.2"), ("1.2", "v1.2"), ("1.21.0", "1.20.0"), ("1.2", "1.2.7")]
)
def test_a_tag_like_one_in_use_is_recognised(tmp_path: Path, wrong: str, used: str) -> None:
    image = f"registry.example.com/shop/web:{wrong}"
    assert f"web:{used}" in suggestions(
        tmp_path, not_found(image), image, f"registry.example.com/shop/web:{used}"
    )


def test_latest_is_never_suggested(tmp_path: Path) -> None:
    image = "registry.example.com/shop/web:lates"
    used = ["registry.example.com/shop/web:latest", "registry.example.com/shop/web"]
    assert suggestions(tmp_path, not_found(image), image, *used) == ""


def test_nothing_is_suggested_without_evidence(tmp_path: Path) -> None:
    assert suggestions(tmp_path, DENIED, "registry.example.com/shop/wbe:2", "quay.io/other/thing:1") == ""


def test_an_image_that_fails_itself_is_no_evidence(tmp_path: Path) -> None:
    wrong, failing_too = "registry.example.com/shop/website:2", "registry.example.com/shop/wbesite:2"
    report = judged(
        tmp_path / "run",
        failing(DENIED, wrong, pod="a"),
        failing(DENIED, failing_too, pod="b"),
        ImageInUse(failing_too, 1),
    )
    assert [found.suggestions for found in report.findings] == [(), ()]


def test_an_invalid_name_gets_the_one_that_would_parse(tmp_path: Path) -> None:
    image = "registry.example.com/Shop/web:2"
    text = (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name: invalid reference format'
    )
    found = one(tmp_path, failing(text, image, reason="InvalidImageName"))
    assert "registry.example.com/shop/web:2" in found.suggestions[0]
    assert any("at character 22" in item.fact for item in found.evidence)


def test_the_list_of_official_images_holds_names_only() -> None:
    assert {"nginx", "postgres", "redis", "busybox"} <= OFFICIAL_IMAGES
    assert all("/" not in name and name == name.lower() for name in OFFICIAL_IMAGES)


# Bounds


def test_evidence_stays_small_however_many_wordings_there_are(tmp_path: Path) -> None:
    pods = [
        failing(
            f'failed to resolve reference "{IMAGE}" on try {n}x{n}: {IMAGE}: not found', IMAGE, pod=f"web-{n}"
        )
        for n in range(100)
    ]
    found = one(tmp_path, *pods)
    assert len(found.pods) == 100
    assert len(found.evidence) <= 12
    assert any("more wordings" in item.fact for item in found.evidence)


def test_quotations_are_short_and_clean(tmp_path: Path) -> None:
    hostile = f"\x1b[2J\x1b]0;title\x07{'x' * 500}\r\n\u202e " + not_found(IMAGE) + " y" * 1_000_000
    found = one(tmp_path, failing(hostile, IMAGE))
    for item in found.evidence:
        assert len(item.quote) <= 300
        assert item.quote.isprintable()
        assert item.fact.isprintable()


def test_a_slow_pull_tells_its_age_and_other_explanations(tmp_path: Path) -> None:
    found = one(
        tmp_path, failing("", IMAGE, symptom="pulling", pulling_seconds=900, reason="ContainerCreating")
    )
    assert (found.cause, found.confidence) == ("pull_slow", "likely")
    assert "15 min" in found.summary
    assert [item.cause for item in found.alternatives] == ["timeout", "network_unreachable"]


def test_the_sandbox_image_is_called_by_its_name(tmp_path: Path) -> None:
    pause = "registry.example.com/pause:3.9"
    text = f'Failed to create pod sandbox: failed to get sandbox image "{pause}": {not_found(pause)}'
    fields = {
        "container": "",
        "container_type": "sandbox",
        "symptom": "sandbox",
        "reason": "FailedCreatePodSandBox",
    }
    found = one(tmp_path, failing(text, "", **fields), failing(text, "", pod="web-2", **fields))
    assert found.cause == "tag_not_found"
    assert "sandbox image" in found.title
    assert pause in found.title


def test_evidence_beside_the_messages_stays_small_too(tmp_path: Path) -> None:
    image = "private.example.com/a:1"
    pods = [failing(no_credentials(image), image, namespace=f"team-{n}") for n in range(40)]
    assert len(one(tmp_path, *pods).evidence) == 12


def test_a_node_that_joined_is_no_news_where_the_image_is_at_fault(tmp_path: Path) -> None:
    new = NodeFact("node-1", created_at="2026-01-31T10:58:00Z")
    found = one(tmp_path, failing(not_found(IMAGE), IMAGE), new, NodeFact("node-2"))
    assert found.changes == ()


def test_a_rollout_is_no_news_where_the_node_is_at_fault(tmp_path: Path) -> None:
    down = ConditionFact(
        "Ready", "False", "KubeletNotReady", "container runtime is down", "2026-01-31T10:59:00Z"
    )
    silent = failing(symptom="runtime", reason="ContainerCreating", **OWNED)
    fresh = workload(desired=1, ready=0, created_at="2026-01-31T10:59:30Z")
    found = one(tmp_path, silent, fresh, NodeFact("node-1", conditions=(down,)), NodeFact("node-2"))
    assert found.changes == ("2026-01-31T10:59:00Z node node-1: Ready became False",)


def test_no_other_image_is_suggested_where_only_one_node_cannot_reach_the_registry(tmp_path: Path) -> None:
    host, image = "registry.example.com", "registry.example.com/shop/web:2"
    found = one(
        tmp_path,
        failing(no_such_host(image, host), image),
        ImageInUse("registry.example.com/shop/wob:1", 3),
        NodeFact("node-1"),
        NodeFact("node-2", images=(image,)),
    )
    assert found.title.startswith("On node-1 alone")
    assert found.suggestions == ()


def test_a_repository_that_nobody_uses_may_be_a_misspelt_one_although_only_the_tag_is_said_to_be_missing(
    tmp_path: Path,
) -> None:
    image = "registry.example.com/shop/frontent:2"
    found = one(
        tmp_path, failing(not_found(image), image), ImageInUse("registry.example.com/shop/frontend:2", 3)
    )
    assert any("registry.example.com/shop/frontend" in text for text in found.suggestions)


def test_what_differs_only_by_the_image_is_quoted_once_where_the_host_is_at_fault(tmp_path: Path) -> None:
    host = "registry.example.com"
    pods = [
        failing(no_such_host(image, host), image, pod=f"web-{number}")
        for number, image in enumerate((f"{host}/shop/web:2", f"{host}/shop/api:7"))
    ]
    quotes = [item for item in one(tmp_path, *pods).evidence if item.quote]
    assert len(quotes) == 1
    assert "and 1 container more" in quotes[0].fact


def test_a_sandbox_image_is_the_fault_of_its_node(tmp_path: Path) -> None:
    image = "registry.example.com/pause:9"
    text = f"Failed to create pod sandbox: rpc error: code = NotFound desc = {not_found(image)}"
    silent = failing(text, image, symptom="sandbox", container="", container_type="sandbox", **OWNED)
    fresh = workload(desired=1, ready=0, created_at="2026-01-31T10:59:30Z")
    found = one(tmp_path, silent, fresh, NodeFact("node-1"), NodeFact("node-2"))
    assert found.title.endswith("(the sandbox image of node-1: no pod can start there)")
    assert "kubectl --context prod cordon node-1" in [fix.command for fix in found.fixes]
    assert found.changes == ()
