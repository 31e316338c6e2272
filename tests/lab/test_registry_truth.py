# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the registries asked: the true cause, confirmed, as the kubelet met it; and no credential goes astray."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.image_pull_lab import token_services
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.network import CONTROL_IP
from tests.lab.image_pull_lab.registry_log import RegistryRequest, credential_hash
from tests.lab.scenarios import Failure, Scenario, all_scenarios
from tests.lab.scenarios.judgement import Finding, about
from tests.lab.scenarios.scene import SLOW_AFTER, Scene, version_under_test
from tests.lab.scenarios.stage import failing_containers
from tests.plays.runbook import Run, ansible, diagnose

SUBJECTS = ("names", "credentials", "registry", "content", "registries-names", "registries-credentials")
SCENARIOS = [one for one in all_scenarios(version_under_test()) if one.namespace in SUBJECTS]
KNOWN = [one for one in SCENARIOS if any(failure.known for failure in one.failures)]
HEALTHY = [one for one in SCENARIOS if not one.fails]


@dataclass(frozen=True)
class Asked:
    """A run in the lab's network, and what the registries were asked meanwhile."""

    run: Run
    requests: list[RegistryRequest]

    @property
    def findings(self) -> list[Finding]:
        return self.run.report["findings"]


@pytest.fixture(scope="module")
def asked(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("registries")
    before = len(scene.lab.registry_log())
    run = diagnose(
        folder,
        kubeconfig=scene.lab.kubeconfig("admin", inside=True),
        before=scene.lab.inside(),
        namespaces=list(SUBJECTS),
        slow_after=SLOW_AFTER,
        registry_checks=True,
        registry_ca_file=str(scene.lab.registry_ca),
        evidence_dir=str(folder / "evidence"),
    )
    assert run.code == 0, run.output[-5000:]
    return Asked(run, scene.lab.registry_log()[before:])


@pytest.mark.parametrize("scenario", KNOWN, ids=lambda scenario: scenario.name)
def test_the_true_cause_is_confirmed(scenario: Scenario, scene: Scene, asked: Asked) -> None:
    failing = list(failing_containers(scenario, scene.seen, SLOW_AFTER))
    assert failing
    for pod, failure in failing:
        found = about(asked.findings, pod, failure)
        assert len(found) == 1, f"{pod['metadata']['name']} is in {len(found)} findings"
        assert_known(found[0], failure)


def assert_known(finding: Finding, failure: Failure) -> None:
    """The finding is sure of the true cause, and names what a person needs to mend it."""
    alternatives = [entry["cause"] for entry in finding["alternatives"]]
    told = f"{finding['cause']} ({finding['confidence']}), or {alternatives}: {finding['title']}"
    assert (finding["cause"], finding["confidence"]) == (failure.known, "confirmed"), told
    text = json.dumps(finding, ensure_ascii=False)
    assert not [name for name in failure.names if name not in text], told


@pytest.mark.parametrize("scenario", HEALTHY, ids=lambda scenario: scenario.name)
def test_a_pod_whose_second_credential_is_right_is_not_accused(
    scenario: Scenario, scene: Scene, asked: Asked
) -> None:
    names = {pod["metadata"]["name"] for pod in scene.seen.of(scenario)}
    accused = {entry["name"] for finding in asked.findings for entry in finding["pods"]}
    assert names
    assert not names & accused


def test_there_are_situations_of_many_registries() -> None:
    hosts = {
        container["image"].partition("/")[0]
        for scenario in KNOWN
        for manifest in scenario.objects
        if manifest["kind"] == "Pod"
        for container in manifest["spec"]["containers"]
    }
    assert len(KNOWN) >= 25
    assert len(hosts) >= 8


def test_the_archive_gives_the_same_findings_without_network(asked: Asked, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.tar.gz"
    folder = next((asked.run.folder / "evidence").iterdir())
    options = {"evidence_dir": str(folder), "dest": str(archive)}
    packed = ansible("kube_runbooks.image_pull.snapshot", tmp_path, options)
    assert packed.code == 0, packed.output
    again = diagnose(tmp_path / "again", before=["unshare", "--net", "--"], snapshot=str(archive))
    assert again.code == 0, again.output
    assert again.report_bytes == asked.run.report_bytes


# ── what the kubelet did, by the registries' own log ────────────────────────────────────────────────────


@dataclass(frozen=True)
class Planted:
    """An entry of a pull Secret in the cluster."""

    namespace: str
    secret: str
    key: str
    hash: str

    @property
    def hosts(self) -> set[str]:
        """Where it may go: the registry of its key, and the token service that this registry names."""
        host = self.key.removeprefix("https://").partition("/")[0].partition(":")[0]
        if host in ("index.docker.io", "docker.io", "registry-1.docker.io"):
            return {"registry-1.docker.io", "auth.docker.io"}
        named = {"registry.gitlab.com": "gitlab.com", "registry.redhat.io": "sso.redhat.com"}
        return {host, named.get(host, host), *({"auth.reg.test"} if host.endswith("token.reg.test") else ())}


def planted(lab: Lab) -> list[Planted]:
    found = []
    for secret in lab.api.list("Secret"):
        text = secret.get("data", {}).get(".dockerconfigjson")
        if not text or secret["type"] != "kubernetes.io/dockerconfigjson":
            continue
        for key, entry in json.loads(base64.b64decode(text)).get("auths", {}).items():
            if "username" in entry:
                hashed = credential_hash(entry["username"], entry["password"])
                meta = secret["metadata"]
                found.append(Planted(meta["namespace"], meta["name"], key, hashed))
    return found


def offered(requests: Iterable[RegistryRequest], credentials: Iterable[Planted]) -> list[list[str]]:
    """The Secrets whose credential came, in their order, attempt by attempt (a kubelet waits 10 s in between)."""
    by_hash = {one.hash: f"{one.secret} {one.key}" for one in credentials}
    attempts: list[list[str]] = []
    last = 0.0
    for request in requests:
        if request.credential not in by_hash:
            continue
        if request.at - last > 5:
            attempts.append([])
        last = request.at
        if by_hash[request.credential] not in attempts[-1]:
            attempts[-1].append(by_hash[request.credential])
    return attempts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no-right-then-wrong", ["a-no-right quay.io", "b-wrong quay.io"]),
        ("wrong-ghcr", ["wrong-ghcr ghcr.io"]),
        ("stale-acr", ["stale-acr open.azurecr.io"]),
        ("wrong-harbor", ["wrong-harbor harbor.reg.test"]),
        ("key-hides-another", ["key-hides-another docker.io"]),
        ("key-other-port", []),
        ("key-without-slash", []),
        ("malformed-elsewhere", []),
    ],
)
def test_the_same_credentials_were_offered_as_by_the_kubelet(
    name: str, expected: list[str], scene: Scene, asked: Asked
) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    pod = scene.seen.of(scenario)[0]
    of_pod = {one["name"] for one in pod["spec"].get("imagePullSecrets", [])}
    mine = [one for one in planted(scene.lab) if one.namespace == scenario.namespace and one.secret in of_pod]
    node = next(one.ip for one in scene.lab.nodes if one.name == pod["spec"]["nodeName"])
    by_kubelet = [one for one in scene.lab.registry_log() if one.source == node]
    attempts = offered(by_kubelet, mine)
    # The first of them may come before the kubelet has seen all Secrets.
    assert expected in attempts if expected else not attempts
    ours_too = [[one for one in attempt if one in expected] for attempt in offered(ours(asked), mine)]
    assert expected in ours_too or not expected
    assert checks(asked, scenario, "offered") == expected


def checks(asked: Asked, scenario: Scenario, state: str) -> list[str]:
    """The credentials of the evidence that are in that state for the scenario's image and Secrets."""
    records = evidence(asked.run, "credential")
    spec = next(one for one in scenario.objects if one["kind"] == "Pod")["spec"]
    image = spec["containers"][0]["image"]
    secrets = [one["name"] for one in spec.get("imagePullSecrets", [])]
    mine = [
        one
        for one in records
        if one["namespace"] == scenario.namespace
        and one["image"] == image
        and one.get("pull_secrets", []) == secrets
        and one["state"] == state
    ]
    mine.sort(key=lambda one: one.get("position", 0))
    return [f"{one['credential']['secret']} {one['credential']['key']}" for one in mine]


def evidence(run: Run, record: str) -> list[dict[str, Any]]:
    """The records of one kind that the stage about registries wrote."""
    found = []
    for path in sorted((run.folder / "evidence").rglob("registry.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["record"] == record:
                found.append(entry)
    return found


# ── where credentials went ──────────────────────────────────────────────────────────────────────────────


def ours(asked: Asked) -> list[RegistryRequest]:
    found = [one for one in asked.requests if one.source == CONTROL_IP]
    assert len(found) > 100
    return found


def test_a_credential_reached_no_host_that_it_was_not_for(scene: Scene, asked: Asked) -> None:
    allowed: dict[str, set[str]] = {}
    for one in planted(scene.lab):
        allowed.setdefault(one.hash, set()).update(one.hosts)
    came = [one for one in ours(asked) if one.authorization in ("basic", "form")]
    assert len({one.credential for one in came} & allowed.keys()) > 20
    astray = [one for one in came if one.host not in allowed.get(one.credential, set())]
    assert not astray


def test_a_token_reached_no_registry_but_the_one_that_had_asked_for_it(asked: Asked) -> None:
    issued = {one.issued: one.host for one in asked.requests if one.issued}
    registries: dict[str, set[str]] = {
        service.host: {service.host, service.service.partition(":")[0]} for service in token_services.ALL
    }
    registries["auth.docker.io"] = {"registry-1.docker.io"}
    registries["gitlab.com"] = {"registry.gitlab.com"}
    registries["sso.redhat.com"] = {"registry.redhat.io"}
    registries["auth.reg.test"] = {"token.reg.test", "v3-token.reg.test"}
    bearers = [one for one in ours(asked) if one.authorization == "bearer"]
    assert bearers
    for one in bearers:
        assert one.host in registries[issued[one.credential]], one


def test_no_credential_went_without_tls(asked: Asked) -> None:
    assert not [one for one in ours(asked) if one.authorization and not one.tls]


def test_no_secret_is_in_what_the_run_left(scene: Scene, asked: Asked) -> None:
    accounts = scene.lab.accounts
    words = [
        accounts.member_password,
        accounts.stranger_password,
        accounts.ecr_token,
        accounts.ecr_expired_token,
        accounts.expired_token,
        "not-the-password-",
    ]
    places = {"output": asked.run.output.encode()}
    places |= {str(path): path.read_bytes() for path in asked.run.files()}
    for word in words:
        forms = (word.encode(), base64.b64encode(word.encode()).rstrip(b"="))
        assert not [place for place, content in places.items() if any(form in content for form in forms)]
