# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every credential that matters for an image, in the kubelet's order, and why the others do not count."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import (
    FORBIDDEN,
    MISSING,
    Checked,
    PodPull,
    PullSecret,
    check,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    ServiceAccountFact,
)

from tests.unit.plugins.module_utils._credentials.secrets_of_tests import PASSWORD, auth, jwt, pull_secret

NOW = "2026-01-31T08:00:00Z"


def look(
    image: str,
    *secrets: PullSecret,
    missing: tuple[str, ...] = (),
    forbidden: tuple[str, ...] = (),
    account: ServiceAccountFact | None = None,
    linked: tuple[PullSecret, ...] = (),
    others: tuple[PullSecret, ...] = (),
    created_at: str | None = NOW,
) -> Checked:
    names = (*(secret.name for secret in secrets), *missing, *forbidden)
    found: dict[str, PullSecret | str] = {secret.name: secret for secret in (*secrets, *linked)}
    found |= dict.fromkeys(missing, MISSING) | dict.fromkeys(forbidden, FORBIDDEN)
    pull = PodPull("shop", image, names, account.name if account else "default", created_at)
    return check(pull, found, account, others, NOW)


def states(checked: Checked) -> list[str]:
    return [one.state for one in checked.checks if one.state != "not_visible"]


def only(checked: Checked, state: str) -> CredentialCheck:
    (found,) = (one for one in checked.checks if one.state == state)
    return found


def account(*names: str, changed_at: str | None = None) -> ServiceAccountFact:
    return ServiceAccountFact("shop", "builder", "present", names, changed_at=changed_at)


def test_logins_stand_in_the_order_in_which_the_kubelet_tries_them() -> None:
    checked = look(
        "quay.io/acme/app:1",
        pull_secret("a", {"*.io": auth("glob"), "quay.io": auth("first")}),
        pull_secret("b", {"https://quay.io/acme/": auth("path"), "quay.io": auth("second")}),
    )
    assert [login.username for login in checked.logins] == ["path", "first", "second", "glob"]
    assert [login.password for login in checked.logins] == [PASSWORD] * 4
    assert [one.position for one in checked.checks] == [0, 1, 2, 3, None]
    assert [one.credential.secret for one in checked.checks[:4] if one.credential] == ["b", "a", "b", "a"]


def test_node_files_and_plugins_are_said_to_be_out_of_sight() -> None:
    checked = look("1.dkr.ecr.eu-west-1.amazonaws.com/app")
    assert "ecr-credential-provider" in only(checked, "not_visible").why
    assert states(checked) == []


def test_one_broken_secret_blocks_everything_and_is_named() -> None:
    checked = look(
        "quay.io/acme/app",
        pull_secret("good", {"quay.io": auth("bot")}),
        pull_secret("bad", {"other.example": {"auth": "bm9jb2xvbg=="}}),
    )
    assert checked.logins == ()
    assert states(checked) == ["blocked", "malformed"]
    assert checked.blocked.startswith(
        'Secret shop/bad: the entry "other.example" is broken: unable to parse auth'
    )
    assert only(checked, "blocked").position is None


@pytest.mark.parametrize(
    ("image", "key", "why"),
    [
        ("registry.example:5000/app", "registry.example", "the key has no port, the image has port 5000"),
        ("registry.example/app", "registry.example:443", "the key has port 443, the image has no port"),
        ("registry.example/other/app", "registry.example/team", "the key is for /team, the image lies in /other/app"),
        ("nginx", "https://index.docker.io/v1", "kubelets do not take this key for Docker Hub"),
        ("nginx", "registry-1.docker.io", "write https://index.docker.io/v1/ or docker.io"),
        ("nginx", "registry.hub.docker.com", "kubelets do not take this key for Docker Hub"),
        ("a.b.example.com/app", "*.example.com", "a * stands for one label"),
        ("registry.example/app", "Registry.example", "upper and lower case differ"),
        ("registry.example/app", "registry.example:port", "it is dropped"),
        ("quay.io/acme/app", "ghcr.io", "the key is for ghcr.io, the image comes from quay.io"),
    ],
)  # fmt: skip
def test_a_key_that_does_not_fit_says_what_is_off(image: str, key: str, why: str) -> None:
    one = only(look(image, pull_secret("s", {key: auth("bot")})), "not_matching")
    assert why in one.why
    assert one.nearest_key == key


def test_the_nearest_of_several_keys_is_told() -> None:
    secret = pull_secret("s", {"zzz.example": auth("x"), "quay.io/team": auth("bot"), "ghcr.io": auth("y")})
    assert only(look("quay.io/acme/app", secret), "not_matching").nearest_key == "quay.io/team"


def test_a_password_in_a_key_is_not_shown() -> None:
    secret = pull_secret(
        "s", {f"https://bot:{PASSWORD}@quay.io/": auth("bot"), f"x.io?p={PASSWORD}": auth("y")}
    )
    for image in ("quay.io/acme/app", "ghcr.io/acme/app", "x.io/app"):
        assert PASSWORD not in repr(look(image, secret))
        assert PASSWORD not in json.dumps([one.to_dict() for one in look(image, secret).checks])


def test_secrets_that_are_absent_closed_or_of_another_type_are_told_apart() -> None:
    wrong = pull_secret("wrong", {"quay.io": auth("bot")}, kind="Opaque")
    checked = look("quay.io/acme/app", wrong, missing=("gone",), forbidden=("closed",))
    assert states(checked) == ["wrong_type", "missing", "forbidden"]
    assert "kubernetes.io/dockerconfigjson" in only(checked, "wrong_type").why
    assert only(checked, "wrong_type").why.endswith("what it holds would fit")
    assert "would fit" not in only(look("ghcr.io/acme/app", wrong), "wrong_type").why
    assert checked.blocked == ""


def test_an_empty_value_of_the_right_type_is_passed_over() -> None:
    empty = PullSecret("shop", "e", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": b""})
    assert "an empty value" in only(look("nginx", empty), "wrong_type").why


def test_a_secret_linked_after_the_pod_was_made_does_not_help_it() -> None:
    linked = pull_secret("regcred", {"quay.io": auth("bot")})
    checked = look("quay.io/acme/app", account=account("regcred"), linked=(linked,))
    late = only(checked, "linked_late")
    assert "make the pod anew" in late.why
    assert checked.logins == ()
    assert [login.username for login in checked.candidates] == ["bot"]


def test_a_secret_that_pod_and_service_account_both_name_is_told_once() -> None:
    both = pull_secret("regcred", {"quay.io": auth("bot")})
    changed = account("regcred", changed_at="2026-02-01T00:00:00Z")
    assert states(look("quay.io/acme/app", both, account=changed, linked=(both,))) == ["offered"]


def test_secrets_of_a_service_account_are_never_merged_with_the_pods_own() -> None:
    linked = pull_secret("regcred", {"quay.io": auth("bot")})
    own = pull_secret("own", {"ghcr.io": auth("x")})
    assert (
        "gets none from it"
        in only(look("quay.io/a/b", own, account=account("regcred"), linked=(linked,)), "unlinked").why
    )
    changed = account("regcred", changed_at="2026-02-01T00:00:00Z")
    assert states(look("quay.io/a/b", own, account=changed, linked=(linked,))) == [
        "not_matching",
        "linked_late",
    ]


def test_a_fitting_secret_that_nobody_names_is_told_and_one_that_does_not_fit_is_not() -> None:
    others = (
        pull_secret("fits", {"quay.io": auth("bot")}),
        pull_secret("fits-not", {"ghcr.io": auth("bot")}),
        pull_secret("empty", {"quay.io": {}}),
        pull_secret("regcred", {"quay.io": auth("far")}, namespace="other"),
    )
    checked = look("quay.io/acme/app", missing=("regcred",), others=others)
    assert states(checked) == ["missing", "unlinked", "elsewhere"]
    elsewhere = only(checked, "elsewhere")
    assert elsewhere.credential is not None
    assert (elsewhere.credential.namespace, elsewhere.credential.secret) == ("other", "regcred")
    assert "has this name and fits" in elsewhere.why


def test_an_entry_without_password_counts_and_says_so() -> None:
    secret = pull_secret("s", {"https://index.docker.io/v1/": {}}, credsStore="desktop")
    checked = look("nginx", secret)
    why = only(checked, "offered").why
    assert "still counts" in why
    assert "credential store" in why
    assert [login.username for login in checked.logins] == [""]


def test_an_identity_token_is_ignored_and_that_is_said() -> None:
    secret = pull_secret("s", {"acme.azurecr.io": {"identitytoken": "t"}})
    assert "ignore its identitytoken" in only(look("acme.azurecr.io/app", secret), "offered").why


def test_spellings_of_one_key_are_tried_in_any_order_and_that_is_said() -> None:
    secret = pull_secret("s", {"quay.io": auth("a"), "https://quay.io/": auth("b")})
    checked = look("quay.io/acme/app", secret)
    assert all("in any order" in one.why for one in checked.checks if one.state == "offered")


def test_a_token_tells_when_it_expires() -> None:
    past, future = 1_700_000_000, 1_900_000_000
    ecr = base64.b64encode(json.dumps({"payload": "x", "expiration": past}).encode()).decode()
    secret = pull_secret(
        "s",
        {
            "r.example/a": auth("u", jwt(exp=past)),
            "r.example/b": auth("u", jwt(exp=future)),
            "r.example": auth("AWS", ecr),
        },
    )
    found = [
        (one.expires_at, one.expired) for one in look("r.example/a", secret).checks if one.state == "offered"
    ]
    assert found == [("2023-11-14T22:13:20Z", True), ("2023-11-14T22:13:20Z", True)]
    (later, _ecr) = [one for one in look("r.example/b", secret).checks if one.state == "offered"]
    assert (later.expires_at, later.expired) == ("2030-03-17T17:46:40Z", False)


def test_what_is_no_utf8_cannot_reach_the_runtime() -> None:
    entry = {"auth": base64.b64encode(b"bot:\xff\xfe").decode()}
    checked = look("quay.io/acme/app", pull_secret("s", {"quay.io": entry}))
    assert checked.logins == ()
    assert "no valid UTF-8" in only(checked, "offered").why


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("bot", "secret\n", "ends with a line break"),
        ("", PASSWORD, "the user name is empty"),
        ("bot", "", "the password is empty"),
        ("_json_key", "no json", "is not the JSON key"),
        ("x", "ghs_abcdefghijklmnop", "one hour"),
        ("gitlab-ci-token", "glcbt-1", "ends with its job"),
        ("00000000-0000-0000-0000-000000000000", "", "left the password empty"),
    ],
)
def test_oddities_of_a_credential_are_told(username: str, password: str, words: str) -> None:
    secret = pull_secret("s", {"quay.io": {"username": username, "password": password}})
    assert words in only(look("quay.io/acme/app", secret), "offered").why


def test_a_bad_reference_is_no_pull_at_all() -> None:
    checked = look("Quay.io/ACME/app", pull_secret("s", {"quay.io": auth("bot")}))
    assert checked.checks == ()
    assert "upper case is not allowed" in checked.blocked


def test_nothing_that_travels_shows_a_password() -> None:
    secret = pull_secret("s", {"quay.io": auth("bot")})
    checked = look("quay.io/acme/app", secret, others=(pull_secret("o", {"quay.io": auth("x")}),))
    for text in (repr(checked), str(secret), repr(checked.logins), repr(checked.candidates)):
        assert PASSWORD not in text
        assert auth("bot")["auth"] not in text


def test_a_secret_with_thousands_of_entries_is_borne() -> None:
    crowd = pull_secret("crowd", {f"quay.io?{number}": auth(f"u{number}") for number in range(3_000)})
    checked = look("quay.io/acme/app", crowd)
    assert len(checked.logins) == 3_000
    assert len(checked.checks) == 101
    assert only(look("ghcr.io/acme/app", crowd), "not_matching").nearest_key == "quay.io"
