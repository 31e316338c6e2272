# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audits of a cluster and a registry that answer on loopback."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit import AuditRequest, audit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.inventory import Running
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.registries import shut_down
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.risks import (
    Limits,
    Risk,
    Use,
    certificate_risks,
    hub_risks,
    risks_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import Credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AuditReport,
    CertificateFact,
    RateLimit,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import Outcome
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import Settings
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    parse_report,
    render_json,
    render_junit,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.audit_text import render_audit

from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._preflight.conftest import World
from tests.unit.plugins.module_utils._preflight.loopback_registry import loopback_registry
from tests.unit.plugins.module_utils._report.test_json_file import SCHEMA

CRON_JOBS = "/apis/batch/v1/cronjobs"
OLD = f"sha256:{'0' * 64}"


@pytest.fixture
def world() -> Iterator[World]:
    """Two nodes; nothing runs yet."""
    with api_server() as server, loopback_registry() as registry:
        found = World(MiniCluster(server), registry)
        for path in ("/api/v1/namespaces/shop/secrets", "/api/v1/secrets", CRON_JOBS):
            found.cluster.add_list(path)
        registry.accounts["alice"] = "right-password"
        yield found


def run(
    world: World, image: str, digest: str = "", *, node: str = "n1", policy: str = "", **spec: Any
) -> None:
    """Let a pod run an image, of which the kubelet reports that digest."""
    name = f"web-{len(world.cluster.pods)}"
    container = {"name": "app", "image": image, **({"imagePullPolicy": policy} if policy else {})}
    status = {"name": "app", "imageID": f"{image.rpartition(':')[0]}@{digest}" if digest else ""}
    world.cluster.pods.append(
        {
            "metadata": {
                "namespace": "shop",
                "name": name,
                "uid": name,
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": {"nodeName": node, "containers": [container], **spec},
            "status": {"phase": "Running", "containerStatuses": [status]},
        }
    )


def look(world: World, **request: Any) -> AuditReport:
    client = Client(Connection(world.cluster.server.url, Credentials("Bearer t"), context="lab"))
    settings = Settings(plain_http=(world.registry.host,), timeout=5.0)
    return audit(AuditRequest(**request), client, RegistryClient(settings), world.said.append, 30.0)


def risks(report: AuditReport) -> list[tuple[str, str, str]]:
    return [(finding.risk, finding.cause, finding.confidence) for finding in report.findings]


def test_what_is_as_it_was_is_healthy(world: World) -> None:
    world.node("n1")
    run(world, world.image("app:1"), world.registry.push("app", "1"))
    report = look(world)
    assert (report.verdict, report.kind, risks(report)) == ("healthy", "audit", [])
    (image,) = report.images
    assert (image.status, image.pods, image.namespaces) == ("pullable", 1, ("shop",))
    jsonschema.validate(json.loads(render_json(report)), SCHEMA)


def test_a_node_that_does_not_report_all_its_images_may_hold_it_too(world: World) -> None:
    world.node("n1", images=[f"other.test/app:{number}" for number in range(50)])
    world.node("n2", images=[world.image("app:1")])
    run(world, world.image("app:1"), OLD, node="n2")
    found = {finding.risk: finding for finding in look(world).findings}["cached_on_one_node"]
    assert found.confidence == "likely"
    assert "perhaps 1 node more" in found.summary


def test_an_image_that_is_mounted_as_a_volume_and_gone(world: World) -> None:
    world.node("n1")
    model = {"name": "model", "image": {"reference": world.image("model:1")}}
    run(
        world,
        world.image("app:1"),
        world.registry.push("app", "1"),
        volumes=[model, {"name": "tmp", "emptyDir": {}}],
    )
    report = look(world)
    assert [finding.risk for finding in report.findings] == ["image_gone"]
    assert {image.image: image.status for image in report.images}[world.image("model:1")] != "pullable"
    jsonschema.validate(json.loads(render_json(report)), SCHEMA)


def test_a_tag_that_is_gone(world: World) -> None:
    world.node("n1")
    world.node("n2", images=[world.image("app:1")])
    world.registry.push("app", "2")
    run(world, world.image("app:1"), OLD, node="n2")
    report = look(world)
    assert risks(report) == [
        ("image_gone", "tag_not_found", "confirmed"),
        ("cached_on_one_node", "tag_not_found", "confirmed"),
    ]
    assert report.findings[0].nodes == ("n2",)
    assert report.images[0].status == "not_pullable"
    jsonschema.validate(json.loads(render_json(report)), SCHEMA)
    assert parse_report(render_json(report), "x") == report
    assert b'failures="1"' in render_junit(report)
    assert any("MAY NOT PULL TOMORROW" in line.text for line in render_audit(report, 80))


class TestTagsThatMove:
    def test_to_another_image(self, world: World) -> None:
        world.node("n1")
        digest = world.registry.push("app", "1")
        run(world, world.image("app:1"), OLD)
        (finding,) = look(world).findings
        assert (finding.risk, finding.confidence) == ("tag_moved", "confirmed")
        assert OLD[:19] in finding.summary
        assert digest[:19] in finding.summary
        assert f"@{OLD}" in finding.fixes[0].title

    def test_a_runtime_that_reports_the_image_of_the_platform_instead_of_the_index(
        self, world: World
    ) -> None:
        world.node("n1")
        top = world.registry.push("app", "1", architectures=("amd64", "arm64"))
        _type, body = world.registry.content[f"app/manifests/{top}"]
        run(world, world.image("app:1"), json.loads(body)["manifests"][0]["digest"])
        assert look(world).verdict == "healthy"

    def test_a_pinned_digest_cannot_move(self, world: World) -> None:
        world.node("n1")
        digest = world.registry.push("app", "1")
        run(world, f"{world.image('app')}@{digest}", OLD)
        assert look(world).verdict == "healthy"

    def test_a_runtime_that_reports_no_digest_says_nothing(self, world: World) -> None:
        world.node("n1")
        world.registry.push("app", "1")
        run(world, world.image("app:1"))
        assert look(world).verdict == "healthy"


def test_a_credential_that_is_not_accepted_any_more(world: World) -> None:
    world.node("n1")
    world.registry.push("private/app", "1")
    world.put(world.secret("creds", "alice", "old-password"))
    run(world, world.image("private/app:1"), OLD, imagePullSecrets=[{"name": "creds"}])
    (finding,) = look(world).findings
    assert (finding.risk, finding.cause, finding.secrets) == (
        "credential_invalid",
        "auth_invalid",
        ("shop/creds",),
    )
    assert "old-password" not in json.dumps(finding.to_dict())


def test_a_credential_that_ends_soon(world: World) -> None:
    """An access token of the kind that says itself when it ends (RFC 7519, exp)."""
    world.node("n1")
    ends = int(time.time()) + 3 * 86_400
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
        for one in ({"alg": "none"}, {"exp": ends})
    ]
    token = ".".join([*parts, "c2lnbmF0dXJl"])
    world.registry.accounts["robot"] = token
    digest = world.registry.push("private/app", "1")
    world.put(world.secret("creds", "robot", token))
    run(world, world.image("private/app:1"), digest, imagePullSecrets=[{"name": "creds"}])
    (finding,) = look(world).findings
    assert (finding.risk, finding.secrets) == ("credential_expiring", ("shop/creds",))
    assert finding.by is not None
    assert token not in json.dumps(finding.to_dict())
    assert not look(world, credential_days=1).findings


def test_an_image_that_was_only_ever_loaded_onto_one_node(world: World) -> None:
    world.node("n1", images=[world.image("built-here:1")])
    world.node("n2")
    run(world, world.image("built-here:1"), policy="Never")
    report = look(world)
    assert risks(report) == [("cached_on_one_node", "never_policy", "confirmed")]
    assert "of 2 nodes only n1 holds it" in report.findings[0].summary


def test_a_registry_that_cannot_be_reached_is_not_fine(world: World) -> None:
    world.node("n1")
    run(world, "127.0.0.1:1/app:1")
    report = look(world)
    assert (report.verdict, report.images[0].status, report.scope.complete) == (
        "unknown",
        "not_checked",
        False,
    )


def cron_job(name: str, image: str, **spec: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    job = {"jobTemplate": {"spec": {"template": template}}, **spec}
    return {"metadata": {"namespace": "shop", "name": name}, "spec": job}


def test_what_a_cron_job_will_run(world: World) -> None:
    world.node("n1")
    world.registry.push("app", "1")
    gone = world.image("gone:1")
    world.cluster.add_list(
        CRON_JOBS, cron_job("nightly", gone), cron_job("off", world.image("x:1"), suspend=True)
    )
    report = look(world)
    assert [image.image for image in report.images] == [gone]
    assert [(pod.name, pod.owner and pod.owner.kind) for pod in report.findings[0].pods] == [
        ("nightly", "CronJob")
    ]


def test_cron_jobs_that_may_not_be_read_leave_it_open(world: World) -> None:
    world.node("n1")
    run(world, world.image("app:1"), world.registry.push("app", "1"))
    world.cluster.forbidden.append("/cronjobs")
    report = look(world)
    assert (report.verdict, report.error) == ("unknown", None)
    assert report.not_checked[0].check == "the cronjobs"


def test_each_image_is_asked_for_once(world: World) -> None:
    world.node("n1")
    digest = world.registry.push("app", "1")
    for _number in range(50):
        run(world, world.image("app:1"), digest)
    report = look(world)
    assert report.images[0].pods == 50
    assert len(world.registry.requests) <= 4


def test_pods_that_are_over_do_not_count(world: World) -> None:
    world.node("n1")
    run(world, world.image("gone:1"), OLD)
    world.cluster.pods[0]["status"]["phase"] = "Succeeded"
    assert look(world).images == ()


@pytest.mark.parametrize(("forbidden", "says"), [("=/api/v1/pods", "pods"), ("/version", "")])
def test_a_cluster_that_cannot_be_read_is_never_healthy(world: World, forbidden: str, says: str) -> None:
    world.node("n1")
    world.cluster.forbidden.append(forbidden)
    report = look(world)
    assert (report.verdict == "unknown") == bool(says)
    if says:
        assert says in str(report.error)


def test_a_namespace_that_does_not_exist_is_an_error(world: World) -> None:
    world.node("n1")
    report = look(world, namespaces=("nowhere",))
    assert report.error == "there is no namespace nowhere: check the name and the context"
    assert report.verdict == "unknown"


# Hosts that no stand-in can have the name of: the decisions themselves.

LIMITS = Limits("2026-01-31T00:00:00Z")


def use(image: str, nodes: int = 1, **answer: Any) -> Use:
    found = RegistryAnswer(image, image.partition("/")[0], "app", "controller", "", "found", **answer)
    containers = [
        Running(
            "shop", f"p{n}", "", f"node-{n}", None, "app", "main", image, "Always", "", (), "default", None
        )
        for n in range(nodes)
    ]
    return Use(image, containers, Outcome("found", "found", answer=found, answers=(found,)), nodes)


def only(found: Any) -> Risk:
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("image", "instead"),
    [
        ("gcr.io/project/app:1", "Artifact Registry"),
        ("eu.gcr.io/project/app:1", "Artifact Registry"),
        ("k8s.gcr.io/pause:3.5", "registry.k8s.io"),
        ("docker.pkg.github.com/a/b/c:1", "ghcr.io"),
        ("x.bintray.io/app:1", "docker.io"),
    ],
)
def test_registries_that_were_shut_down(image: str, instead: str) -> None:
    risk = only(risks_of(use(image), 3, LIMITS))
    assert risk.risk == "registry_shut_down"
    assert instead in risk.fixes[0].title


def test_others_were_not() -> None:
    assert shut_down("registry.k8s.io") is None
    assert shut_down("notgcr.io") is None


@pytest.mark.parametrize(
    ("until", "told"), [("2026-02-15T00:00:00Z", True), ("2026-06-01T00:00:00Z", False), (None, False)]
)
def test_certificates_that_end_soon(until: str | None, told: bool) -> None:
    fact = CertificateFact("quay.io", not_after=until)
    found = list(
        certificate_risks(
            [use("quay.io/a:1", certificate=fact), use("quay.io/b:1", certificate=fact)], LIMITS
        )
    )
    assert bool(found) == told
    if told:
        assert found[0].by == until
        assert "for 15 days more" in found[0].summary
        assert len(found[0].uses) == 2


@pytest.mark.parametrize(
    ("nodes", "limit", "confidence"),
    [(40, None, ""), (60, None, "possible"), (150, None, "likely"), (60, 200, ""), (6, 10, "possible")],
)
def test_docker_hub_without_a_login_against_its_limit(nodes: int, limit: int | None, confidence: str) -> None:
    told = RateLimit(limit=limit) if limit else None
    found = list(hub_risks([use("docker.io/library/nginx:1", nodes, rate_limit=told)]))
    assert [risk.confidence for risk in found] == ([confidence] if confidence else [])
