# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull secrets and ServiceAccounts: when they are the cause, and when they are beside the point."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    EventFact,
    Finding,
    Record,
    SecretFact,
    ServiceAccountFact,
)

from tests.unit.evidence import failing, judged, no_credentials, no_such_host, not_found, unauthorized

IMAGE = "private.example.com/team/app:1"
HOST = "private.example.com"
WARNING = EventFact(
    "FailedToRetrieveImagePullSecret",
    "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    last_at="2026-01-31T11:59:00Z",
)
ABSENT = SecretFact("shop", "regcred", "absent")
OPAQUE = SecretFact("shop", "regcred", "present", type="Opaque", keys=1)
GOOD = SecretFact("shop", "regcred", "present", type="kubernetes.io/dockerconfigjson", keys=1)


def finding(place: Path, message: str, *records: Record, **fields: object) -> Finding:
    fields.setdefault("pull_secrets", ("regcred",))
    report = judged(place / "run", failing(message, IMAGE, service_account="default", **fields), *records)
    assert len(report.findings) == 1
    return report.findings[0]


@pytest.mark.parametrize("secret", [ABSENT, OPAQUE], ids=["absent", "wrong type"])
@pytest.mark.parametrize(
    "message", [no_credentials(IMAGE), unauthorized(IMAGE, HOST)], ids=["no credential", "401"]
)
def test_a_secret_that_cannot_be_used_is_the_cause_where_a_credential_was_wanted(
    tmp_path: Path, message: str, secret: SecretFact
) -> None:
    found = finding(tmp_path, message, secret, events=(WARNING,))
    assert (found.cause, found.confidence) == ("secret_missing", "confirmed")
    assert found.secrets == ("shop/regcred",)
    assert any(item.source == "credential" and item.supports for item in found.evidence)


@pytest.mark.parametrize(
    ("message", "cause"),
    [(not_found(IMAGE), "tag_not_found"), (no_such_host(IMAGE, HOST), "dns_failure")],
)
def test_a_missing_secret_never_masks_the_real_error(tmp_path: Path, message: str, cause: str) -> None:
    found = finding(tmp_path, message, ABSENT, events=(WARNING,))
    assert found.cause == cause
    warning = next(item for item in found.evidence if "pull secrets" in item.quote)
    assert not warning.supports


def test_the_kubelets_warning_counts_where_the_secret_may_not_be_read(tmp_path: Path) -> None:
    forbidden = SecretFact("shop", "regcred", "forbidden")
    found = finding(tmp_path, no_credentials(IMAGE), forbidden, events=(WARNING,))
    assert (found.cause, found.confidence) == ("secret_missing", "likely")


def test_absent_or_private_stays_possible_beside_a_missing_secret(tmp_path: Path) -> None:
    message = (
        f'failed to resolve reference "{IMAGE}": pull access denied, repository does not exist or may require '
        "authorization: server message: insufficient_scope: authorization failed"
    )
    found = finding(tmp_path, message, ABSENT)
    assert (found.cause, found.confidence) == ("secret_missing", "likely")
    assert "repository_not_found_or_private" in [item.cause for item in found.alternatives]


def test_a_credential_that_was_refused_is_not_the_missing_one(tmp_path: Path) -> None:
    message = (
        f'failed to resolve reference "{IMAGE}": failed to authorize: failed to fetch oauth token: unexpected status '
        f"from POST request to https://{HOST}/token: 401 Unauthorized"
    )
    other = SecretFact("shop", "other", "present", type="kubernetes.io/dockerconfigjson", keys=1)
    found = finding(tmp_path, message, ABSENT, other, pull_secrets=("regcred", "other"))
    assert found.cause == "auth_invalid"
    assert found.secrets == ("shop/other",)
    assert "secret_missing" in [item.cause for item in found.alternatives]


def test_a_refusal_without_any_pull_secret_means_that_none_was_offered(tmp_path: Path) -> None:
    account = ServiceAccountFact("shop", "default", "present")
    found = finding(tmp_path, unauthorized(IMAGE, HOST), account, pull_secrets=())
    assert (found.cause, found.confidence) == ("auth_missing", "likely")
    assert "auth_invalid" in [item.cause for item in found.alternatives]


def test_a_refusal_with_a_usable_secret_leaves_both_possible(tmp_path: Path) -> None:
    found = finding(tmp_path, unauthorized(IMAGE, HOST), GOOD)
    assert (found.cause, found.confidence) == ("auth_invalid", "possible")
    assert "auth_missing" in [item.cause for item in found.alternatives]


def test_a_service_account_that_got_its_secret_too_late_is_seen(tmp_path: Path) -> None:
    account = ServiceAccountFact("shop", "default", "present", pull_secrets=("regcred",))
    owner = {"kind": "Deployment", "name": "app"}
    found = finding(tmp_path, no_credentials(IMAGE), account, pull_secrets=(), owner=owner)
    assert found.cause == "auth_missing"
    assert "created before do not get it" in found.summary
    assert found.fixes[0].command == "kubectl --context prod -n shop rollout restart deployment/app"


def test_a_malformed_secret_shows_as_the_reason_itself(tmp_path: Path) -> None:
    words = "illegal base64 data at input byte 4"
    found = finding(tmp_path, words, GOOD, reason=words)
    assert (found.cause, found.confidence) == ("secret_missing", "confirmed")
    assert found.secrets == ("shop/regcred",)


def test_a_broken_secret_is_a_possibility_where_no_message_is_left(tmp_path: Path) -> None:
    found = finding(tmp_path, "", ABSENT)
    assert found.cause == "unknown"
    assert "secret_missing" in [item.cause for item in found.alternatives]


@pytest.mark.parametrize("other", ["usable", "unseen"])
def test_one_broken_secret_of_two_is_likely_the_cause_and_not_certain(tmp_path: Path, other: str) -> None:
    known = [SecretFact("shop", "other", "present", type="kubernetes.io/dockerconfigjson", keys=1)]
    records = known if other == "usable" else []
    found = finding(tmp_path, no_credentials(IMAGE), ABSENT, *records, pull_secrets=("regcred", "other"))
    assert (found.cause, found.confidence) == ("secret_missing", "likely")


def test_a_host_of_contents_that_refuses_is_not_asked_for_a_login(tmp_path: Path) -> None:
    message = (
        f'failed to pull and unpack image "{IMAGE}": failed to copy: httpReadSeeker: failed open: unexpected status '
        "code https://cdn.example.com/blobs/sha256:00: 403 Forbidden"
    )
    assert finding(tmp_path, message, pull_secrets=()).cause == "auth_forbidden"
