# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that nodes make by themselves: why there was none is told by a kubelet's log alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import facts_from_folder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.where_to_look import (
    nodes_to_look_at,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    LogLine,
    PullFailure,
    Record,
)

from tests.unit.evidence import failing, unauthorized, write_evidence
from tests.unit.plugins.module_utils._diagnosis.asked import answer, check, ref
from tests.unit.plugins.module_utils._diagnosis.looked import (
    AT,
    BROKEN,
    HEALTHY,
    finding_with,
    node,
    sick,
    way,
    well,
)

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
BY_NODES = (ECR, "europe-west4-docker.pkg.dev", "eu.gcr.io", "acme.azurecr.io")


def denied(host: str, **fields: object) -> PullFailure:
    """What containerd 2 says of a pull without a login."""
    image = f"{host}/acme/app:1"
    words = (
        f'failed to pull and unpack image "{image}": failed to resolve image: pull access denied, repository does '
        "not exist or may require authorization: authorization failed: no basic auth credentials"
    )
    return failing(words, image, node=BROKEN, **fields)


def stranger(host: str) -> Record:
    kind = "ecr" if host == ECR else "unknown"
    return answer("auth_missing", f"{host}/acme/app:1", registry_kind=kind, text="Not Authorized")


def chosen(place: Path, failure: PullFailure, *asked: Record) -> list[str]:
    write_evidence(place, [failure, node(BROKEN), node(HEALTHY)])
    folder = write_evidence(place, list(asked), stage="registry")
    return [one.node for one in nodes_to_look_at(facts_from_folder(folder), 3)]


@pytest.mark.parametrize("host", BY_NODES)
def test_a_pull_without_the_login_of_its_node_is_worth_a_look_there(tmp_path: Path, host: str) -> None:
    assert chosen(tmp_path / "run", denied(host), stranger(host)) == [BROKEN, HEALTHY]


def test_a_login_that_lacks_where_nodes_have_none_is_not(tmp_path: Path) -> None:
    assert chosen(tmp_path / "run", denied("registry.example"), stranger("registry.example")) == []


def test_a_credential_of_the_pod_that_is_refused_is_not(tmp_path: Path) -> None:
    image = f"{ECR}/acme/app:1"
    asked = (check(image=image), answer("auth_invalid", image, to=ref(), registry_kind="ecr"))
    failure = failing(
        unauthorized(image, ECR), image, node=BROKEN, pull_secrets=("regcred",), service_account="default"
    )
    assert chosen(tmp_path / "run", failure, *asked) == []


def test_the_kubelet_s_line_on_its_plugin_decides(tmp_path: Path) -> None:
    line = LogLine(
        BROKEN,
        "kubelet",
        AT,
        '"Failed to provide credentials for image" err="failed to get credential from external registry credential '
        f"provider: error execing credential provider plugin ecr-credential-provider for image {ECR}/acme/app: exit "
        f'status 1: no role" image="{ECR}/acme/app"',
        f"{ECR}/acme/app",
    )
    asked = [stranger(ECR)]
    seen = [*sick(*way(ECR)), *well(HEALTHY, ECR)]
    found = finding_with(tmp_path / "told", denied(ECR), [*seen, line], asked=asked)
    assert (found.cause, found.confidence) == ("credential_provider_failure", "confirmed")
    silent = finding_with(tmp_path / "silent", denied(ECR), seen, asked=asked)
    assert (silent.cause, silent.confidence) == ("auth_missing", "confirmed")


@pytest.mark.parametrize(
    ("host", "image", "at", "cause"),
    [
        (ECR, f"{ECR}/acme/app", "2026-01-31T11:58:00Z", "credential_provider_failure"),
        (ECR, "", "2026-01-31T09:00:00Z", "credential_provider_failure"),
        (ECR, f"{ECR}/acme/app", "2026-01-31T09:00:00Z", "auth_missing"),
        ("registry.example", "", "2026-01-31T11:58:00Z", "auth_missing"),
    ],
    ids=["now", "whatever the image", "mended long ago", "of another registry"],
)
def test_a_provider_is_at_fault_where_it_fails_now_and_is_the_registry_s(
    tmp_path: Path, host: str, image: str, at: str, cause: str
) -> None:
    text = '"Failed to provide credentials for image" err="error execing credential provider plugin '
    text += 'ecr-credential-provider: signal: killed"'
    seen = [*sick(*way(host)), *well(HEALTHY, host), LogLine(BROKEN, "kubelet", at, text, image)]
    found = finding_with(tmp_path / "run", denied(host), seen, asked=[stranger(host)])
    assert found.cause == cause
