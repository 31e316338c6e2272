# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an answer to the controller reaches: whose limit, whose way, whose Secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ImageInUse,
    SecretFact,
    TagList,
)

from tests.unit.evidence import no_credentials, no_such_host, not_found, refused
from tests.unit.plugins.module_utils._diagnosis.asked import (
    HOST,
    IMAGE,
    answer,
    check,
    finding_on,
    pod,
    ref,
    report_on,
    verdict,
)

DENIED = "pull access denied, repository does not exist or may require authorization"
LIMITED = "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit."
BARRED = f"403 Forbidden: {HOST}: client with IP '192.0.2.7' is not allowed access"
REFUSED = 'Get "https://cdn.quay.io/blob": dial tcp 10.9.9.9:443: connect: connection refused'
UNTOLD = {"certain": False, "alternatives": ("repository_not_found", "auth_missing")}


def test_a_limit_that_the_controller_meets_is_not_the_cause_of_other_words(tmp_path: Path) -> None:
    asked = (check(), answer("rate_limited", to=ref(), status=429))
    assert finding_on(tmp_path / "told", pod(not_found(IMAGE)), *asked).cause == "tag_not_found"
    assert verdict(finding_on(tmp_path / "silent", pod(""), *asked)) == ("rate_limited", "likely")


def test_a_limit_of_the_node_stays_where_the_controller_is_not_limited(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(LIMITED), check(), answer(to=ref()))
    assert found.cause == "rate_limited"
    assert "the controller is not limited" in found.summary.replace("The", "the")


def test_a_limit_seen_from_both_sides_is_confirmed(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(LIMITED), check(), answer("rate_limited", to=ref(), status=429))
    assert verdict(found) == ("rate_limited", "confirmed")
    assert all(item.supports for item in found.evidence)


def test_likely_trouble_on_the_way_is_confirmed_by_the_same_from_here(tmp_path: Path) -> None:
    slow = f'failed to do request: Head "https://{HOST}/v2/": context deadline exceeded'
    before = finding_on(tmp_path / "before", pod(slow))
    asked = answer(before.cause, to=ref(), hop="tcp", status=None)
    after = finding_on(tmp_path / "after", pod(slow), check(), asked)
    assert before.confidence != "confirmed"
    assert verdict(after) == (before.cause, "confirmed")


def test_another_trouble_from_here_is_an_alternative_and_no_more(tmp_path: Path) -> None:
    asked = answer("dns_failure", to=ref(), hop="dns", status=None)
    found = finding_on(tmp_path, pod(refused(IMAGE, HOST)), check(), asked)
    assert found.cause == "network_unreachable"
    assert "dns_failure" in [item.cause for item in found.alternatives]


def test_what_would_fail_after_the_way_is_open_is_told(tmp_path: Path) -> None:
    asked = answer("tag_not_found", to=ref(), status=404)
    found = finding_on(tmp_path, pod(no_such_host(IMAGE, HOST)), check(), asked)
    assert verdict(found) == ("dns_failure", "confirmed")
    assert "tag_not_found" in [item.cause for item in found.alternatives]


def test_words_that_say_more_than_the_registry_stay(tmp_path: Path) -> None:
    found = finding_on(
        tmp_path,
        pod(no_credentials(IMAGE), pull_secrets=()),
        answer("repository_not_found_or_private", **UNTOLD),
    )
    assert verdict(found) == ("auth_missing", "confirmed")


def test_words_of_the_kubelet_stay_where_the_controller_cannot_ask(tmp_path: Path) -> None:
    asked = (check(), answer("tls_untrusted", to=ref(), hop="tls", status=None))
    found = finding_on(tmp_path, pod(DENIED), *asked)
    assert found.cause == "repository_not_found_or_private"
    assert "tls_untrusted" not in [item.cause for item in found.alternatives]


@pytest.mark.parametrize(("message", "confidence"), [(BARRED, "confirmed"), (DENIED, "likely")])
def test_a_rule_about_addresses_is_no_fault_of_a_credential(
    tmp_path: Path, message: str, confidence: str
) -> None:
    barred = answer(
        "network_unreachable", to=ref(), status=403, text="client with IP '192.0.2.9' is not allowed"
    )
    found = finding_on(tmp_path, pod(message), check(), barred)
    assert verdict(found) == ("network_unreachable", confidence)
    assert found.alternatives


def test_a_policy_of_the_registry_withholds_the_image(tmp_path: Path) -> None:
    withheld = answer(
        "signature_policy", to=ref(), status=403, text="download blocking policy configured in Xray"
    )
    found = finding_on(tmp_path, pod("403 Forbidden: denied: permission_denied"), check(), withheld)
    assert verdict(found) == ("signature_policy", "confirmed")


def test_an_older_edit_of_the_secret_explains_nothing(tmp_path: Path) -> None:
    secret = SecretFact("shop", "regcred", "present", type="kubernetes.io/dockerconfigjson", keys=1)
    old = replace(secret, changed_at="2026-01-31T09:00:00Z")
    found = finding_on(tmp_path, pod(DENIED), check(), answer(to=ref()), more=(old,))
    assert "seems mended" in found.summary
    assert "was edited" not in found.summary


def test_a_secret_that_would_do_is_not_at_fault(tmp_path: Path) -> None:
    asked = (check("unlinked", pull_secrets=(), credential=ref("fits")), answer("auth_missing"))
    assert finding_on(tmp_path, pod(DENIED, pull_secrets=()), *asked).secrets == ()


def test_a_credential_that_nobody_is_given_proves_that_the_repository_is_there(tmp_path: Path) -> None:
    untold = answer("repository_not_found_or_private", **UNTOLD)
    waiting = check("unlinked", pull_secrets=(), credential=ref("fits"))
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), waiting, untold, answer(to=ref("fits")))
    assert verdict(found) == ("auth_missing", "confirmed")


def test_the_first_credential_in_the_kubelets_order_is_named(tmp_path: Path) -> None:
    asked = (
        check(position=1, credential=ref("second")),
        check(position=0),
        answer("auth_invalid", to=ref("second")),
        answer("auth_invalid", to=ref()),
    )
    assert (
        finding_on(tmp_path, pod(DENIED), *asked)
        .fixes[0]
        .title.startswith("Renew the entry quay.io of Secret shop/regcred")
    )


def test_one_login_that_works_is_enough(tmp_path: Path) -> None:
    asked = (
        check(position=0),
        check(position=1, credential=ref("second")),
        answer("auth_invalid", to=ref()),
        answer(to=ref("second")),
    )
    found = finding_on(tmp_path, pod(DENIED), *asked)
    assert found.cause == "repository_not_found_or_private"
    assert "seems mended" in found.summary


def test_secrets_of_which_nothing_is_known_are_not_taken_for_none(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED), answer("auth_missing"))
    assert found.cause == "repository_not_found_or_private"


def test_a_pod_without_a_service_account_has_the_default_one(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED, service_account=""), check(), answer("auth_invalid", to=ref()))
    assert verdict(found) == ("auth_invalid", "confirmed")


def test_an_entry_without_a_user_name_is_said_to_be_one(tmp_path: Path) -> None:
    empty = check(credential=ref(user=""), why="the user name is empty: containerd asks anonymously")
    found = finding_on(tmp_path, pod(no_credentials(IMAGE)), empty, answer("auth_missing", to=ref(user="")))
    assert verdict(found) == ("auth_missing", "confirmed")
    assert "the user name is empty" in found.summary
    assert found.secrets == ("shop/regcred",)
    assert found.fixes[0].title.startswith("Renew the entry quay.io of Secret shop/regcred")


def test_no_tag_is_proposed_for_a_repository_with_a_similar_name_unless_it_is_there(tmp_path: Path) -> None:
    image = "quay.io/acme/ap"
    tags = TagList("quay.io", "acme/ap", "latest", near_repositories=("acme/app",))
    there = answer(image="quay.io/acme/app", to=ref())
    asked = (check(image=image), answer("repository_not_found", image, to=ref()), there, tags)
    found = finding_on(tmp_path, pod(DENIED, image, owner={"kind": "Deployment", "name": "app"}), *asked)
    assert found.suggestions == ("the registry's catalogue has quay.io/acme/app",)
    assert not [fix for fix in found.fixes if "latest" in fix.command]


def test_two_credentials_that_are_refused_alike_are_both_at_fault(tmp_path: Path) -> None:
    asked = (
        check(position=0),
        check(position=1, credential=ref("second")),
        answer("auth_invalid", to=ref()),
        answer("auth_invalid", to=ref("second")),
    )
    found = finding_on(tmp_path, pod(DENIED), *asked)
    assert found.secrets == ("shop/regcred", "shop/second")
    assert [fix.title.partition(" (")[0] for fix in found.fixes[:2]] == [
        "Renew the entry quay.io of Secret shop/regcred",
        "Renew the entry quay.io of Secret shop/second",
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "unexpected status from HEAD request to https://quay.io/v2/x: 412 Precondition Failed",
            ("repository_not_found", "confirmed"),
        ),
        ("received unexpected HTTP status: 503 Service Unavailable", ("registry_server_error", "likely")),
    ],
)
def test_the_same_status_on_both_sides_is_one_answer(
    tmp_path: Path, message: str, expected: tuple[str, str]
) -> None:
    shut_down = answer("repository_not_found", status=412, text="Container Registry is shutting down")
    found = finding_on(tmp_path, pod(message, pull_secrets=()), shut_down)
    assert verdict(found) == expected


def test_a_cloud_whose_nodes_log_in_is_certain_once_a_secret_is_seen_to_open_it(tmp_path: Path) -> None:
    waiting = check("unlinked", pull_secrets=(), credential=ref("fits"))
    asked = (waiting, answer("auth_missing", registry_kind="ecr"), answer(to=ref("fits")))
    assert verdict(finding_on(tmp_path, pod(DENIED, pull_secrets=()), *asked)) == (
        "auth_missing",
        "confirmed",
    )


def test_a_secret_with_a_wrong_key_is_a_fault_of_its_own(tmp_path: Path) -> None:
    bare = pod(DENIED, pod="bare", pull_secrets=())
    asked = [check("not_matching", nearest_key="quay.io:443"), answer("auth_missing")]
    report = report_on(tmp_path, [pod(DENIED), bare], asked)
    assert sorted((found.cause, found.secrets) for found in report.findings) == [
        ("auth_missing", ()),
        ("auth_missing", ("shop/regcred",)),
    ]


def test_only_credentials_that_the_registry_takes_are_proposed(tmp_path: Path) -> None:
    asked = (
        check("unlinked", pull_secrets=(), credential=ref("refused")),
        check("unlinked", pull_secrets=(), credential=ref("taken")),
        answer("auth_missing"),
        answer("auth_invalid", to=ref("refused")),
        answer(to=ref("taken")),
    )
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), *asked)
    assert "Link Secret shop/taken" in found.fixes[0].title
    assert "shop/refused" not in str(found.to_dict())


def test_a_refused_credential_leaves_the_way_to_one_that_is_taken(tmp_path: Path) -> None:
    asked = (
        check(),
        check("unlinked", credential=ref("taken")),
        answer("auth_invalid", to=ref()),
        answer(to=ref("taken")),
    )
    found = finding_on(tmp_path, pod(DENIED, owner={"kind": "Deployment", "name": "app"}), *asked)
    titles = [fix.title for fix in found.fixes]
    assert titles[0].startswith("Renew the entry quay.io of Secret shop/regcred")
    assert titles[1] == "Name Secret taken, which fits, in Deployment shop/app"


def test_a_secret_that_came_too_late_and_is_refused_is_said_to_be(tmp_path: Path) -> None:
    late = check("linked_late", pull_secrets=())
    asked = (late, answer("auth_missing"), answer("auth_invalid", to=ref()))
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=()), *asked)
    assert verdict(found) == ("auth_missing", "confirmed")
    assert "he registry refuses Secret shop/regcred (key quay.io) besides" in found.summary


def test_a_mistyped_secret_name_leads_to_the_secret_that_was_meant(tmp_path: Path) -> None:
    named = {"pull_secrets": ("regcerd",)}
    asked = (
        check("missing", credential=ref("regcerd", key=""), **named),
        check("unlinked", credential=ref("another"), **named),
        check("unlinked", credential=ref("regcred"), **named),
        answer("auth_missing"),
        answer(to=ref("another")),
    )
    found = finding_on(tmp_path, pod(DENIED, owner={"kind": "Deployment", "name": "app"}, **named), *asked)
    assert verdict(found) == ("secret_missing", "confirmed")
    assert found.fixes[0].title == "Name Secret regcred, which fits, in Deployment shop/app"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("failed to extract layer sha256:00: gzip: invalid header", "manifest_invalid"),
        (f"failed to copy: httpReadSeeker: {REFUSED}", "network_unreachable"),
    ],
)
def test_contents_that_were_not_fetched_from_here_are_not_vouched_for(
    tmp_path: Path, message: str, cause: str
) -> None:
    before = finding_on(tmp_path / "before", pod(message))
    after = finding_on(tmp_path / "after", pod(message), check(), answer(to=ref()))
    assert before.cause == cause
    assert verdict(after) == verdict(before)
    assert after.summary == before.summary


def test_a_broken_manifest_seen_from_here_supports_what_the_node_says(tmp_path: Path) -> None:
    words = "failed precondition: unexpected commit digest sha256:00, expected sha256:11"
    broken = answer("digest_mismatch", to=ref(), status=200)
    found = finding_on(tmp_path, pod(words), check(), broken)
    assert found.cause == "digest_mismatch"
    assert [(item.source, item.supports) for item in found.evidence][-1] == ("registry", True)


def test_a_repository_that_somebody_was_shown_is_not_misspelt(tmp_path: Path) -> None:
    image = "quay.io/acme/server:1"
    alike = (ImageInUse("quay.io/acme/servers:1", 2),)
    asked = (check("missing", image), answer("auth_missing", image), answer(image=image, to=ref("other")))
    before = finding_on(tmp_path / "before", pod(no_credentials(image), image, pull_secrets=()), more=alike)
    after = finding_on(tmp_path / "after", pod(no_credentials(image), image), *asked, more=alike)
    assert before.suggestions
    assert after.suggestions == ()


def test_what_is_mended_is_not_counted_to_what_is_not(tmp_path: Path) -> None:
    bare = pod(no_credentials(IMAGE), pod="bare", pull_secrets=())
    asked = [check(), answer(to=ref()), answer("auth_missing")]
    report = report_on(tmp_path, [pod(no_credentials(IMAGE)), bare], asked)
    assert sorted((*verdict(found), found.secrets) for found in report.findings) == [
        ("auth_missing", "confirmed", ()),
        ("auth_missing", "likely", ("shop/regcred",)),
    ]
