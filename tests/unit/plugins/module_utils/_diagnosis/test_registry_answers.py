# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registry answered to the very credentials decides where the kubelet's words leave room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ImageInUse,
    NodeFact,
    Platform,
    SecretFact,
)

from tests.unit.evidence import no_credentials, no_such_host, not_found, refused, unauthorized
from tests.unit.plugins.module_utils._diagnosis.asked import (
    AMD64,
    ARM64,
    HOST,
    IMAGE,
    answer,
    check,
    finding_on,
    pod,
    ref,
    verdict,
)

DENIED = (
    f'failed to resolve reference "{IMAGE}": pull access denied, repository does not exist or may require '
    "authorization: server message: insufficient_scope: authorization failed"
)
UNKNOWN_MANIFEST = f'failed to resolve reference "{IMAGE}": manifest unknown: manifest unknown'
AMBIGUOUS: dict[str, Any] = {
    "certain": False,
    "alternatives": ("repository_not_found", "auth_forbidden"),
    "settle_by": "a credential that may see every repository of acme",
}


def denied(to: Any = None, **fields: Any) -> Any:
    return answer("repository_not_found_or_private", to=to, **{**AMBIGUOUS, **fields})


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ({"cause": "auth_invalid"}, ("auth_invalid", "confirmed")),
        ({"cause": "auth_forbidden", "credential_accepted": True}, ("auth_forbidden", "confirmed")),
        ({"cause": "tag_not_found", "status": 404}, ("tag_not_found", "confirmed")),
        ({"cause": "repository_not_found", "status": 404}, ("repository_not_found", "confirmed")),
        ({"cause": "auth_invalid", "certain": False}, ("auth_invalid", "likely")),
    ],
    ids=["rejected", "without right", "no such tag", "no such repository", "left open"],
)
def test_the_answer_to_the_credential_makes_denied_or_absent_the_true_cause(
    tmp_path: Path, refusal: dict[str, Any], expected: tuple[str, str]
) -> None:
    found = finding_on(tmp_path, pod(DENIED), check(), answer(to=ref(), **refusal))
    assert verdict(found) == expected
    proof = next(item for item in found.evidence if item.source == "registry")
    assert (proof.vantage, proof.supports) == ("controller", True)
    assert "user acme+robot of shop/regcred" in proof.fact


def test_what_the_registry_leaves_open_stays_open_and_says_what_would_settle_it(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED), check(), denied(ref(), credential_accepted=True))
    assert found.cause == "repository_not_found_or_private"
    assert {"repository_not_found", "auth_forbidden"} <= {item.cause for item in found.alternatives}
    assert "settle it: a credential that may see every repository of acme" in found.summary


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expired": True, "expires_at": "2026-01-30T12:00:00Z"}, "expired at 2026-01-30T12:00:00Z"),
        ({}, "refused as such"),
    ],
    ids=["expired by its own word", "refused apart from the repository"],
)
def test_a_credential_that_cannot_be_right_explains_an_answer_that_leaves_it_open(
    tmp_path: Path, fields: dict[str, Any], expected: str
) -> None:
    accepted = None if fields else False
    found = finding_on(tmp_path, pod(DENIED), check(**fields), denied(ref(), credential_accepted=accepted))
    assert verdict(found) == ("auth_invalid", "confirmed")
    assert expected in found.summary
    assert found.secrets == ("shop/regcred",)


def test_accepted_and_refused_where_the_repository_is_known_is_a_missing_right(tmp_path: Path) -> None:
    other = answer(image="quay.io/acme/app:2", to=ref("reader"))
    found = finding_on(tmp_path, pod(DENIED), check(), denied(ref(), credential_accepted=True), other)
    assert verdict(found) == ("auth_forbidden", "confirmed")


def test_images_of_the_repository_in_the_cluster_make_a_missing_right_likely(tmp_path: Path) -> None:
    more = (ImageInUse("quay.io/acme/app:0.9", 3),)
    asked = (check(), denied(ref(), credential_accepted=True))
    assert verdict(finding_on(tmp_path, pod(DENIED), *asked, more=more)) == ("auth_forbidden", "likely")


def test_a_public_image_that_a_stale_credential_breaks(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED), check(), denied(ref()), answer())
    assert verdict(found) == ("auth_invalid", "confirmed")
    assert "given without a login" in found.summary
    assert found.secrets == ("shop/regcred",)


def test_of_several_refusals_the_one_that_came_farthest_decides(tmp_path: Path) -> None:
    checks = (check(), check(position=1, credential=ref("second", user="reader")))
    answers = (
        answer("auth_invalid", to=ref()),
        answer("auth_forbidden", to=ref("second", user="reader"), status=403, credential_accepted=True),
    )
    found = finding_on(tmp_path, pod(DENIED), *checks, *answers)
    assert verdict(found) == ("auth_forbidden", "confirmed")
    assert found.secrets == ("shop/second",)
    assert sum(item.source == "registry" for item in found.evidence) == 2


def test_not_every_credential_asked_is_not_certain(tmp_path: Path) -> None:
    checks = (check(), check(position=1, credential=ref("second")))
    found = finding_on(tmp_path, pod(DENIED), *checks, answer("auth_invalid", to=ref()))
    assert verdict(found) == ("auth_invalid", "likely")


def test_a_secret_that_may_not_be_read_leaves_the_others_fault_less_than_certain(tmp_path: Path) -> None:
    named = {"pull_secrets": ("regcred", "hidden")}
    asked = (
        check(**named),
        check("forbidden", credential=ref("hidden", "", ""), **named),
        answer("auth_invalid", to=ref(), credential_accepted=False),
    )
    assert verdict(finding_on(tmp_path, pod(DENIED, **named), *asked)) == ("auth_invalid", "likely")


def test_a_name_under_library_that_is_refused_does_not_exist(tmp_path: Path) -> None:
    image = "docker.io/library/ngnix:latest"
    asked = denied(image=image, certain=False)
    found = finding_on(tmp_path, pod(DENIED, image, pull_secrets=()), asked, answer(image="nginx:latest"))
    assert verdict(found) == ("repository_not_found", "confirmed")
    assert any("typo" in text and "nginx" in text for text in found.suggestions)
    assert not any(":latest" in fix.command for fix in found.fixes)


@pytest.mark.parametrize("message", ["", DENIED], ids=["no words left", "ambiguous words"])
def test_an_image_that_lacks_the_nodes_platform(tmp_path: Path, message: str) -> None:
    built = answer(to=ref(), platforms=(AMD64, ARM64, Platform("unknown", "unknown")))
    node = NodeFact("node-1", architecture="s390x", os="linux")
    message = message and f'failed to pull "{IMAGE}": no match for platform in manifest: not found'
    found = finding_on(tmp_path, pod(message), check(), built, more=(node,))
    assert verdict(found) == ("platform_mismatch", "confirmed")
    assert "exists for linux/amd64, linux/arm64" in found.summary
    assert "unknown" not in found.summary


def test_an_image_asked_for_several_platforms_is_there_for_this_node(tmp_path: Path) -> None:
    built = answer("platform_mismatch", to=ref(), platforms=(AMD64,))
    node = NodeFact("node-1", architecture="amd64", os="linux")
    found = finding_on(tmp_path, pod(""), check(), built, more=(node,))
    assert found.cause == "unknown"
    assert "seems mended" in found.summary


@pytest.mark.parametrize(
    ("state", "fields", "cause", "words"),
    [
        ("missing", {}, "secret_missing", "pull secret shop/regcred does not exist"),
        ("wrong_type", {"type": "Opaque"}, "secret_missing", "type is Opaque"),
        ("malformed", {"why": "illegal base64 data at input byte 4"}, "secret_missing", "cannot be parsed"),
        (
            "not_matching",
            {"nearest_key": "quay.io:443", "why": "it names port 443"},
            "auth_missing",
            "the nearest is quay.io:443 (it names port 443)",
        ),
    ],
)
@pytest.mark.parametrize("message", [DENIED, no_credentials(IMAGE), unauthorized(IMAGE, HOST), ""])
def test_the_state_of_the_credential_decides_why_none_is_offered(
    tmp_path: Path, message: str, state: str, fields: dict[str, Any], cause: str, words: str
) -> None:
    found = finding_on(tmp_path, pod(message), check(state, **fields), answer("auth_missing"))
    assert verdict(found) == (cause, "confirmed")
    assert words in found.summary.lower().replace("type is opaque", "type is Opaque")
    assert any(item.source == "credential" and item.vantage == "controller" for item in found.evidence)
    assert found.secrets == ("shop/regcred",)


def test_no_credential_at_all_is_said_plainly(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), answer("auth_missing"))
    assert verdict(found) == ("auth_missing", "confirmed")
    assert "no credential was offered at all" in found.summary.lower()


def test_a_registry_that_does_not_say_leaves_a_pod_without_credentials_open(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), denied())
    assert found.cause == "repository_not_found_or_private"
    assert "no credential was offered at all" in found.summary.lower()


def test_a_missing_secret_before_a_registry_that_does_not_say_is_likely_only(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED), check("missing"), denied())
    assert verdict(found) == ("secret_missing", "likely")
    assert "repository_not_found" in [item.cause for item in found.alternatives]


def test_nodes_of_a_cloud_may_log_in_unseen(tmp_path: Path) -> None:
    asked = answer("auth_missing", registry_kind="ecr")
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), asked)
    assert verdict(found) == ("auth_missing", "likely")
    assert "credential_provider_failure" in [item.cause for item in found.alternatives]


def test_secrets_that_may_not_be_read_leave_the_words_as_they_are(tmp_path: Path) -> None:
    asked = (check("forbidden"), answer("auth_missing"))
    found = finding_on(tmp_path, pod(DENIED), *asked)
    assert found.cause == "repository_not_found_or_private"
    assert any("could not be read" in item.fact for item in found.evidence)


def test_a_public_image_and_secrets_that_may_not_be_read(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED), check("forbidden"), answer())
    assert verdict(found) == ("auth_invalid", "likely")


@pytest.mark.parametrize(
    ("message", "cause", "confidence"),
    [
        (UNKNOWN_MANIFEST, "tag_not_found", "likely"),
        (not_found(IMAGE), "tag_not_found", "possible"),
        (no_credentials(IMAGE), "auth_missing", "likely"),
    ],
)
def test_a_registry_that_gives_the_image_now_is_kept_as_evidence_against(
    tmp_path: Path, message: str, cause: str, confidence: str
) -> None:
    found = finding_on(tmp_path, pod(message), check(), answer(to=ref()))
    assert verdict(found) == (cause, confidence)
    against = [item for item in found.evidence if not item.supports]
    assert [item.source for item in against] == ["registry"]
    assert "seems mended" in found.summary
    assert "mirror_failure" in [item.cause for item in found.alternatives]


def test_a_secret_edited_after_the_last_try_explains_why_it_works_now(tmp_path: Path) -> None:
    edited = SecretFact(
        "shop",
        "regcred",
        "present",
        type="kubernetes.io/dockerconfigjson",
        keys=1,
        changed_at="2026-01-31T11:59:00Z",
    )
    found = finding_on(tmp_path, pod(DENIED), check(), answer(to=ref()), more=(edited,))
    assert "secret shop/regcred was edited at 2026-01-31T11:59:00Z, after the last try" in found.summary


def test_two_exact_answers_that_exclude_each_other_are_both_kept(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(UNKNOWN_MANIFEST), check(), answer("auth_invalid", to=ref()))
    assert verdict(found) == ("tag_not_found", "likely")
    assert [item.source for item in found.evidence if not item.supports] == ["registry"]
    assert "auth_invalid" in [item.cause for item in found.alternatives]


@pytest.mark.parametrize(
    "cause", ["dns_failure", "network_unreachable", "tls_untrusted", "proxy_error", "timeout"]
)
def test_what_the_controller_meets_on_its_own_way_is_no_fault_of_the_nodes(
    tmp_path: Path, cause: str
) -> None:
    asked = (check(), answer(cause, to=ref(), hop="dns", status=None))
    assert verdict(finding_on(tmp_path / "known", pod(UNKNOWN_MANIFEST), *asked)) == (
        "tag_not_found",
        "confirmed",
    )
    silent = finding_on(tmp_path / "unknown", pod(""), *asked)
    assert verdict(silent) == ("unknown", "possible")
    assert cause in [item.cause for item in silent.alternatives]


def test_trouble_of_the_nodes_way_stays_where_the_controller_gets_an_answer(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(no_such_host(IMAGE, HOST)), check(), answer(to=ref()))
    assert verdict(found) == ("dns_failure", "confirmed")
    assert [item.source for item in found.evidence if not item.supports] == ["registry"]
    assert "uay.io answers the controller" in found.summary


def test_the_same_trouble_from_both_sides_is_confirmed(tmp_path: Path) -> None:
    asked = answer("network_unreachable", to=ref(), hop="tcp", status=None)
    found = finding_on(tmp_path, pod(refused(IMAGE, HOST)), check(), asked)
    assert verdict(found) == ("network_unreachable", "confirmed")
    assert all(item.supports for item in found.evidence)


def test_a_node_without_space_is_not_blamed_on_the_registry(tmp_path: Path) -> None:
    full = pod("write /var/lib/containerd/x: no space left on device")
    found = finding_on(tmp_path, full, check(), answer("tag_not_found", to=ref(), status=404))
    assert found.cause == "disk_full"
    assert "tag_not_found" in [item.cause for item in found.alternatives]


def test_a_pod_that_says_nothing_any_more_gets_the_registrys_cause(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(""), check(), answer("tag_not_found", to=ref(), status=404))
    assert verdict(found) == ("tag_not_found", "confirmed")


def test_text_of_a_hostile_registry_is_cleaned(tmp_path: Path) -> None:
    text = "\x1b[2J{{ lookup('pipe','id') }}\r\n\u202eevil" + "x" * 5000
    asked = answer("auth_invalid", to=ref(), text=text, code="DENIED\x1b]0;x\x07\n")
    found = finding_on(tmp_path, pod(DENIED), check(why="\x1b[31mred\nline"), asked)
    for item in found.evidence:
        assert item.quote.isprintable()
        assert item.fact.isprintable()
        assert len(item.quote) <= 300
