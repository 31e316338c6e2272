# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter credentials_for_image."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.kube_runbooks.image_pull.plugins.filter.credentials_for_image import FilterModule

credentials_for_image = FilterModule().filters()["credentials_for_image"]
PASSWORD = "winter-is-over-4711"


def _secret(name: str, auths: dict[str, Any], kind: str = "kubernetes.io/dockerconfigjson") -> dict[str, Any]:
    content = json.dumps({"auths": auths}).encode()
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "type": kind,
        "data": {".dockerconfigjson": base64.b64encode(content).decode()},
    }


def _login(username: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{PASSWORD}".encode()).decode()}


def test_gives_user_secret_and_key_in_the_order_of_the_kubelet() -> None:
    secrets = [
        _secret("first", {"*.example": _login("glob"), "registry.example": _login("host")}),
        _secret("second", {"https://registry.example/shop": _login("path")}),
    ]
    assert credentials_for_image("registry.example/shop/web:1", secrets) == [
        {"username": "path", "secret": "second", "key": "https://registry.example/shop"},
        {"username": "host", "secret": "first", "key": "registry.example"},
        {"username": "glob", "secret": "first", "key": "*.example"},
    ]


def test_the_password_is_nowhere_in_the_result() -> None:
    result = credentials_for_image("registry.example/web", [_secret("s", {"registry.example": _login("bot")})])
    assert PASSWORD not in repr(result)
    assert _login("bot")["auth"] not in repr(result)


def test_is_empty_where_the_pull_would_be_anonymous() -> None:
    secrets = [_secret("s", {"other.example": _login("bot")}), _secret("o", {"quay.io": {}}, kind="Opaque")]
    assert credentials_for_image("quay.io/acme/app", secrets) == []
    assert credentials_for_image("quay.io/acme/app", []) == []


def test_two_secrets_of_one_name_are_two() -> None:
    same = _secret("s", {"quay.io": _login("bot")})
    assert len(credentials_for_image("quay.io/acme/app", [same, same])) == 2


def test_a_malformed_secret_is_an_error_that_names_it_and_not_its_content() -> None:
    broken = _secret("broken", {"other.example": {"auth": PASSWORD}})
    with pytest.raises(AnsibleFilterError) as caught:
        credentials_for_image("quay.io/acme/app", [_secret("s", {"quay.io": _login("bot")}), broken])
    assert str(caught.value) == (
        'Secret broken: the entry "other.example" is broken: illegal base64 data at input byte 6;'
        " a kubelet pulls nothing at all with it"
    )


@pytest.mark.parametrize(
    ("image", "secrets", "words"),
    [
        (5, [], "as text"),
        ("nginx", None, "list of Secrets"),
        ("nginx", {"kind": "Secret"}, "list of Secrets"),
        ("nginx", ["regcred"], "item 0 is of type str"),
        ("nginx", [{"metadata": {"name": "s"}, "data": {".dockerconfigjson": "{}"}}], "Secret s has a value under"),
        ("nginx", [{"data": 5}], "data of item 0"),
        ("Shop/web:UP:1", [], "invalid at character"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(image: Any, secrets: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        credentials_for_image(image, secrets)
