# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's registries answer as their originals do, and their log tells who came with what."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.registries import Accounts
from tests.lab.image_pull_lab.registry_log import credential_hash

PROBE = Path(__file__).resolve().parent / "registry_probe.py"


@dataclass(frozen=True)
class Case:
    """A pull, and what comes of it: the token's status, the manifest's, and part of the error's text."""

    image: str
    login: str = ""
    token: int | None = None
    manifest: int | None = None
    text: str = ""

    def __str__(self) -> str:
        return f"{self.image} {self.login or 'anonymous'}"


def logins(accounts: Accounts) -> dict[str, list[str]]:
    return {
        "member": [accounts.member, accounts.member_password],
        "own": ["acme", accounts.member_password],
        "stranger": [accounts.stranger, accounts.stranger_password],
        "wrong": [accounts.member, "wrong"],
        "expired": [accounts.member, accounts.expired_token],
        "ecr": [accounts.ecr_user, accounts.ecr_token],
        "ecr-expired": [accounts.ecr_user, accounts.ecr_expired_token],
        "ecr-role": [accounts.ecr_user, accounts.stranger_password],
    }


_ACR_401 = "visit https://aka.ms/acr/authorization"
_GOOGLE_403 = "artifactregistry.repositories.downloadArtifacts"
CASES = (
    Case("docker.io/library/nginx:1.27", "", 200, 200),
    Case("docker.io/library/nginx:9", "", 200, 404, "MANIFEST_UNKNOWN"),
    Case("docker.io/library/ngnix:latest", "", 200, 401, "authentication required"),
    Case("docker.io/library/nginx:1.27", "wrong", 401, None, "incorrect username or password"),
    Case("docker.io/library/nginx:1.27", "expired", 401, None, "personal access token is expired"),
    Case("docker.io/acme/app:1", "member", 200, 200),
    Case("docker.io/acme/app:1", "stranger", 200, 401),
    Case("docker.io/acme/none:1", "own", 200, 404),
    Case("docker.io/ratelimited/app:1", "", None, 429, "TOOMANYREQUESTS"),
    Case("quay.io/acme/app:1", "", 200, 401, "access to the requested resource is not authorized"),
    Case("quay.io/acme/app:1", "wrong", 401, None, "Invalid Username or Password"),
    Case("quay.io/acme/none:1", "member", 200, 404, "NAME_UNKNOWN"),
    Case("quay.io/prometheus/node-exporter:v1.7.0", "", 200, 404, "TAG_EXPIRED"),
    Case("ghcr.io/open/tool:1", "", 200, 200),
    Case("ghcr.io/acme/app:1", "", 403, None, "requested access to the resource is denied"),
    Case("ghcr.io/acme/app:1", "stranger", 403, None, "permission_denied: read_package"),
    Case("ghcr.io/acme/app:1", "wrong", 403, None, "User cannot be authenticated"),
    Case("registry.gitlab.com/acme/app:1", "", 403, None, "access forbidden"),
    Case("registry.gitlab.com/acme/app:1", "stranger", 200, 401),
    Case("registry.gitlab.com/acme/app:1", "wrong", 401, None, "HTTP Basic: Access denied"),
    Case(
        "us-docker.pkg.dev/acme/prod/app:1", "", 403, None, "Unauthenticated requests do not have permission"
    ),
    Case("us-docker.pkg.dev/acme/prod/app:1", "member", 200, 200),
    Case("us-docker.pkg.dev/acme/prod/app:1", "stranger", 403, None, _GOOGLE_403),
    Case("us-docker.pkg.dev/acme/prod/none:1", "member", 200, 404, "NAME_UNKNOWN"),
    Case("us-docker.pkg.dev/acme/other/none:1", "member", 403, None, _GOOGLE_403),
    Case("gcr.io/google-samples/containers/hello-app:1.0", "", 200, 200),
    Case("gcr.io/legacy-project/app:1", "", None, 412, "Container Registry is deprecated"),
    Case("acme.azurecr.io/app:1", "", 401, None, _ACR_401),
    Case("acme.azurecr.io/app:1", "wrong", 401, None, _ACR_401),
    Case("acme.azurecr.io/app:3", "member", 200, 404, 'manifest tagged by \\"3\\" is not found'),
    Case("open.azurecr.io/app:1", "", 200, 200),
    Case("open.azurecr.io/app:1", "wrong", 401, None, _ACR_401),
    Case("walled.azurecr.io/app:1", "member", None, 403, "is not allowed access"),
    Case(f"{hosts.ECR}/acme/app:1", "", None, 401, "Not Authorized"),
    Case(f"{hosts.ECR}/acme/app:1", "ecr", None, 200),
    Case(f"{hosts.ECR}/acme/app:1", "ecr-expired", None, 403, "authorization token has expired"),
    Case(f"{hosts.ECR}/acme/app:1", "ecr-role", None, 403, "not authorized to perform: ecr:BatchGetImage"),
    Case(f"{hosts.ECR}/acme/app:1", "wrong", None, 403, "security token included in the request is invalid"),
    Case(f"{hosts.ECR}/acme/app:9", "ecr", None, 404, "Requested image not found"),
    Case(f"{hosts.ECR}/acme/none:9", "ecr", None, 404, f"with id '{hosts.ECR_ACCOUNT}'"),
    Case("public.ecr.aws/nginx/nginx:1.27", "", 200, 200),
    Case("public.ecr.aws/nginx/nginx:1.27", "ecr-expired", 403, None, "authorization token has expired"),
    Case("public.ecr.aws/nginx/none:1.27", "", 200, 404, "NAME_UNKNOWN"),
    Case("registry.k8s.io/pause:3.9", "", None, 200),
    Case("registry.k8s.io/pause:39", "", None, 404, "Failed to fetch"),
    Case("registry.redhat.io/ubi9/ubi:9.4", "", 401, None, "Please login to the Red Hat Registry"),
    Case("registry.redhat.io/ubi9/ubi:9.4", "member", 200, 200),
    Case("registry.access.redhat.com/ubi9/ubi:9.4", "", None, 200),
    Case("registry.access.redhat.com/ubi9/none:9.4", "", None, 404, "Repo not found"),
    Case("harbor.reg.test/app/web:1.0.0", "", 200, 200),
    Case("harbor.reg.test/acme/app:1", "", 200, 401, "unauthorized to access repository: acme/app"),
    Case("harbor.reg.test/acme/app:1", "wrong", 200, 401, "unauthorized to access repository: acme/app"),
    Case("harbor.reg.test/acme/app:9", "member", 200, 404, "artifact acme/app:9 not found"),
    Case("harbor.reg.test/nope/app:9", "member", 200, 401, "project nope not found"),
    Case("harbor.reg.test/app/vulnerable:1", "", 200, 412, "PROJECTPOLICYVIOLATION"),
    Case("artifactory.reg.test/docker-local/acme/app:1", "", 401, None, "Authentication is required"),
    Case("artifactory.reg.test/docker-local/acme/app:1", "member", 200, 200),
    Case("artifactory.reg.test/docker-local/acme/app:1", "wrong", 401, None, "Bad Credentials"),
    Case(
        "artifactory.reg.test/docker-local/acme/app:9", "member", 200, 404, "The named manifest is not known"
    ),
    Case("artifactory.reg.test/docker-local/app/vulnerable:1", "member", 200, 403, "configured in Xray"),
    Case("nexus.reg.test/acme/app:1", "", None, 401, "access to the requested resource is not authorized"),
    Case("nexus.reg.test/acme/app:1", "member", None, 200),
    Case("nexus.reg.test/acme/app:9", "member", None, 404, "Revision"),
    Case("nexus-ui.reg.test/acme/app:9", "member", None, 404, "<html>"),
    Case("basic.reg.test/acme/app:1", "wrong", None, 401),
    Case("basic.reg.test/acme/app:1", "member", None, 200),
    Case("token.reg.test/acme/app:1", "", 200, 401, "authentication required"),
    Case("token.reg.test/acme/app:9", "member", 200, 404, "manifest unknown"),
    Case("v3.reg.test/app/ok:1", "", None, 200),
    Case("v3-basic.reg.test/acme/app:1", "", None, 401),
    Case("v3-basic.reg.test/acme/app:1", "member", None, 200),
    Case("v3-token.reg.test/acme/app:1", "stranger", 200, 401, "authentication required"),
    Case("v3-token.reg.test/acme/app:1", "member", 200, 200),
    Case("cache.reg.test/library/nginx:1.27", "", None, 200),
    Case("cache.reg.test/library/nginx:1.99", "", None, 404),
)


@pytest.fixture(scope="module")
def answers(lab: Lab) -> dict[Case, dict[str, Any]]:
    known = logins(lab.accounts)
    wanted = [{"image": case.image, "login": known.get(case.login)} for case in CASES]
    done = lab.run_inside(
        [sys.executable, str(PROBE), str(lab.registry_ca)], input=json.dumps(wanted), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_refuses_in_its_own_words(case: Case, answers: dict[Case, dict[str, Any]]) -> None:
    answer = answers[case]
    assert (answer.get("token"), answer.get("manifest")) == (case.token, case.manifest), answer
    assert case.text in answer.get("text", ""), answer
    if case.manifest is not None:
        assert answer["head"] == case.manifest
    if case.manifest == 200:
        assert (answer["blob"], answer["whole"], answer["tags"]) == (200, True, 200)


def test_blobs_come_from_another_host(answers: dict[Case, dict[str, Any]]) -> None:
    hosts_of = {case.image: answer.get("blob_host") for case, answer in answers.items() if "blob" in answer}
    assert hosts_of["docker.io/library/nginx:1.27"] == "production.cloudflare.docker.com"
    assert hosts_of["registry.k8s.io/pause:3.9"] == hosts.KUBERNETES_BLOBS
    assert hosts_of["harbor.reg.test/app/web:1.0.0"] == "harbor.reg.test"


def test_docker_hub_tells_what_is_left_and_head_does_not_count(answers: dict[Case, dict[str, Any]]) -> None:
    first = next(answer for case, answer in answers.items() if case.image == "docker.io/library/nginx:1.27")
    assert first["limit"].endswith(";w=21600")
    assert int(first["limit"].partition(";")[0]) > 90


def test_a_blob_host_refuses_a_credential(lab: Lab) -> None:
    done = lab.run_inside(
        [
            "curl",
            "-so",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            "Authorization: Bearer x",
            "https://pkg-containers.githubusercontent.com/x",
        ],
        capture_output=True,
    )
    assert done.stdout == "400"


def test_the_log_tells_who_came_with_what_and_never_the_credential(lab: Lab) -> None:
    password = "a-password-of-this-test"
    image = "https://quay.io/v2/auth?service=quay.io&scope=repository:acme/app:pull&password=in-the-query"
    lab.run_inside(["curl", "-s", "-u", f"robot:{password}", image], capture_output=True)
    form = f"grant_type=password&username=robot&password={password}"
    lab.run_inside(["curl", "-s", "-d", form, "https://auth.docker.io/token"], capture_output=True)
    lab.run_inside(
        ["curl", "-s", "-H", "Authorization: Bearer abc", "https://ghcr.io/v2/"], capture_output=True
    )
    lab.run_inside(["curl", "-s", "http://plain.reg.test:5000/v2/"], capture_output=True)

    last = [one for one in lab.registry_log() if one.agent.startswith("curl")][-4:]

    hashed = credential_hash("robot", password)
    assert [(one.host, one.status, one.authorization) for one in last] == [
        ("quay.io", 401, "basic"),
        ("auth.docker.io", 404, "form"),
        ("ghcr.io", 401, "bearer"),
        ("plain.reg.test", 200, ""),
    ]
    assert last[0].credential == last[1].credential == hashed
    assert last[0].query == "service=quay.io&scope=repository%3Aacme%2Fapp%3Apull"
    assert [one.tls for one in last] == [True, True, True, False]
    text = (lab.state_dir / "registries" / "requests.jsonl").read_text()
    assert password not in text
    assert "in-the-query" not in text
