# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redaction: secrets go, the words that tell the cause stay."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Redactor, redact_text

SECRETS = {
    "a proxy's password in a URL": ("proxyconnect tcp: http://robot:pl4nted@proxy.example:3128", "pl4nted"),
    "a signed query": ('Get "https://cdn.example/blob?X-Amz-Signature=pl4nted&X-Amz-Date=2026"', "pl4nted"),
    "a signed query in HTML": ("https://cdn.example/blob?a=1&amp;sig=pl4nted", "pl4nted"),
    "a bearer token": ("Authorization: Bearer pl4ntedpl4ntedpl4nted", "pl4nted"),
    "a basic header": ("authorization: Basic YWxpY2U6cGw0bnRlZA==", "YWxpY2U6"),
    "a quoted password": ('{"username":"alice","password":"pl4nted"}', "pl4nted"),
    "an escaped password": ('"{\\"password\\":\\"pl4nted\\"}"', "pl4nted"),
    "a password that is a plain word": ("password: swordfish", "swordfish"),
    "a docker config": ('{"auths":{"r.example":{"auth":"YWxpY2U6cGw0bnRlZA=="}}}', "YWxpY2U6"),
    "a JSON web token": ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl", "eyJ"),
    "a GitHub token": ("denied for ghp_0123456789abcdefghijABCDEFGHIJ", "ghp_0"),
    "a Docker Hub token": ("login with dckr_pat_0123456789abcdefghij", "dckr_pat_0"),
    "a cloud access key": ("key AKIAIOSFODNN7EXAMPLE is not active", "AKIA"),
}

PLAIN = [
    (
        "pull access denied, repository does not exist or may require authorization: server message: "
        "insufficient_scope: authorization failed"
    ),
    (
        "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
        "https://auth.docker.io/token?scope=repository%3Alibrary%2Fx%3Apull&service=registry: 401 Unauthorized"
    ),
    'failed to fetch oauth token: Post "https://auth.example/token": dial tcp 10.0.0.1:443: connection refused',
    "denied: Your authorization token has expired. Reauthenticate and try again.",
    "authorization failed: no basic auth credentials",
    "Failed getting credential from external registry credential provider: exit status 1",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_takes_out(text: str, secret: str) -> None:
    cleaned, found = redact_text(text)
    assert secret not in cleaned
    assert "<redacted>" in cleaned
    assert sum(count for _kind, count in found) >= 1


@pytest.mark.parametrize("text", PLAIN)
def test_leaves_the_words_that_tell_the_cause(text: str) -> None:
    assert redact_text(text) == (text, ())


def test_cleans_every_text_of_a_record_and_counts_by_kind() -> None:
    redactor = Redactor()
    cleaned = redactor.clean(
        {"events": [{"message": "password=pl4nted1"}, {"message": "password=pl4nted2"}], "count": 3}
    )
    assert cleaned == {
        "events": [{"message": "password=<redacted>"}, {"message": "password=<redacted>"}],
        "count": 3,
    }
    assert dict(redactor.counts) == {"named secret": 2}


def test_shortens_an_overlong_text_and_says_so() -> None:
    cleaned, found = redact_text("begin " + "x" * 1_000_000 + " end")
    assert cleaned.startswith("begin ")
    assert cleaned.endswith(" end")
    assert len(cleaned) < 20_000
    assert dict(found) == {"overlong text": 1}


def test_makes_invalid_unicode_writable() -> None:
    cleaned, _found = redact_text("bad \udcff byte, repeated to be long enough")
    assert cleaned.encode("utf-8").startswith(b"bad ?")
