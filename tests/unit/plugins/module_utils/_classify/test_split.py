# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several errors in one message."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.split import Role, split

PULL = 'failed to pull and unpack image "r.example/a:1": failed to resolve reference "r.example/a:1": '
STATUS_401 = (
    PULL + "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 401 Unauthorized"
)
STATUS_403 = PULL + "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 403 Forbidden"
NOT_FOUND = PULL + "r.example/a:1: not found"
RATE = (
    PULL + "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 429 Too Many Requests"
)


@pytest.mark.parametrize(
    ("errors", "cause"),
    [
        ((STATUS_401, NOT_FOUND), "tag_not_found"),
        ((NOT_FOUND, STATUS_401), "tag_not_found"),
        ((STATUS_401, STATUS_403), "auth_forbidden"),
        ((STATUS_401, RATE), "rate_limited"),
        (("dial tcp 10.0.0.1:443: connect: connection refused", STATUS_401), "auth_invalid"),
        ((STATUS_401, PULL + "no match for platform in manifest: not found"), "platform_mismatch"),
        ((STATUS_401, "failed to copy: write /x: no space left on device", NOT_FOUND), "disk_full"),
    ],
)
def test_the_attempt_that_got_furthest_decides(errors: tuple[str, ...], cause: str) -> None:
    answer = classify(f'Failed to pull image "r.example/a:1": [{", ".join(errors)}]')
    assert answer.cause == cause
    assert len(answer.parts) == len(errors)
    assert {part.cause for part in answer.parts} - {cause} <= set(answer.alternatives)


def test_a_status_code_in_front_of_each_error_is_understood() -> None:
    answer = classify(
        f"[rpc error: code = Unknown desc = {STATUS_401}, rpc error: code = NotFound desc = {NOT_FOUND}]"
    )
    assert (answer.cause, len(answer.parts)) == ("tag_not_found", 2)


def test_a_bare_401_among_several_attempts_is_a_refused_credential() -> None:
    assert classify(STATUS_401).cause == "auth_missing"
    assert classify(f"[{STATUS_401}, {STATUS_401.replace('HEAD', 'GET')}]").cause == "auth_invalid"


@pytest.mark.parametrize(
    "message",
    [
        "pull access denied, repository does not exist or may require authorization: authorization failed",
        "no image found in manifest list for architecture arm64, variant v8, OS linux",
        "x509: certificate is valid for a.example, b.example, not r.example",
        "[::1]:5000/a:1: not found, or so it seems",
        "dial tcp [2001:db8::1]:443: connect: connection refused, errno 111",
        "UNAUTHORIZED: authentication required; [map[Action:pull Class: Name:a Type:repository]]",
        "Failed to pull image [error pulling image configuration: EOF].",
    ],
)
def test_commas_and_brackets_inside_one_error_do_not_split_it(message: str) -> None:
    assert split(message) == ()


def test_an_aggregate_that_is_cut_gives_its_whole_parts() -> None:
    parts = split(f"[{STATUS_401}, {NOT_FOUND}, {STATUS_403[:60]}")
    assert [part.text for part in parts[:2]] == [STATUS_401, NOT_FOUND]


MIRROR = (
    "(Mirrors also failed: [m1.example:5000/library/a:1: {first} m2.example/library/a:1: {second}]):"
    " docker.io/library/a:1: {origin}"
)
UNKNOWN_AUTHORITY = 'pinging container registry m1.example:5000: Get "https://m1.example:5000/v2/": x509: certificate signed by unknown authority'  # noqa: E501
MANIFEST_UNKNOWN = "reading manifest 1 in m2.example/library/a: manifest unknown"


def test_mirrors_and_origin_are_told_apart() -> None:
    parts = split(MIRROR.format(first=UNKNOWN_AUTHORITY, second=MANIFEST_UNKNOWN, origin="EOF"))
    assert [part.role for part in parts] == [Role.MIRROR, Role.MIRROR, Role.ORIGIN]
    assert [part.reference for part in parts] == [
        "m1.example:5000/library/a:1",
        "m2.example/library/a:1",
        "docker.io/library/a:1",
    ]


@pytest.mark.parametrize(
    ("origin", "cause"),
    [
        ("reading manifest 1 in docker.io/library/a: manifest unknown", "tag_not_found"),
        ("toomanyrequests: You have reached your pull rate limit.", "rate_limited"),
        ("dial tcp: lookup registry-1.docker.io: no such host", "mirror_failure"),
        ("dial tcp 1.2.3.4:443: i/o timeout", "mirror_failure"),
        ("registry docker.io is blocked in /etc/containers/registries.conf", "mirror_failure"),
    ],
)
def test_the_origin_decides_where_it_answered(origin: str, cause: str) -> None:
    answer = classify(MIRROR.format(first=UNKNOWN_AUTHORITY, second=MANIFEST_UNKNOWN, origin=origin))
    assert (answer.cause, answer.image) == (cause, "docker.io/library/a:1")
    assert {answer.cause, *answer.alternatives} >= {"mirror_failure"}


def test_a_failing_mirror_is_named() -> None:
    answer = classify(
        MIRROR.format(
            first=UNKNOWN_AUTHORITY, second=UNKNOWN_AUTHORITY.replace("m1", "m2"), origin="no such host"
        )
    )
    assert (answer.cause, answer.hop, answer.host) == ("mirror_failure", "mirror", "m1.example:5000")
    assert "tls_untrusted" in answer.alternatives


def test_the_artifact_attempt_of_cri_o_does_not_hide_the_images_error() -> None:
    answer = classify(
        "unable to pull image or OCI artifact: pull image err: initializing source docker://r.example/a:1: reading"
        " manifest 1 in r.example/a: manifest unknown; artifact err: get manifest: unsupported media type"
    )
    assert (answer.cause, len(answer.parts)) == ("tag_not_found", 2)
