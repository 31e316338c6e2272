# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keyring by example; tests/keyring compares it with Kubernetes' own on many more."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import (
    DockerConfig,
    Entry,
    Malformed,
    read_config,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keyring import (
    keyring_of,
    lookup_all,
    node_config,
)

from tests.unit.plugins.module_utils._credentials.secrets_of_tests import auth, pull_secret


def offered(repository: str, *keys: str) -> list[str]:
    """The keys of one Secret that fit, in order."""
    secret = pull_secret("s", {key: auth("u") for key in keys})
    return [kept.entry.written for kept in keyring_of([secret]).lookup(repository)]


@pytest.mark.parametrize(
    ("repository", "fits", "does_not"),
    [
        ("quay.io/acme/app", ["quay.io", "https://quay.io/v1/", "http://quay.io", "quay.io/ac", "*.io", "q*y.*"], []),
        ("quay.io/acme/app", [], ["quay.io:443", "QUAY.io", "Https://quay.io", "*", "*.*.*", "?uay.io"]),
        ("quay.io/acme/app", [], ["quay.io/acme/app/", "quay.io:x", "quay.io/%zz", "qu ay.io"]),
        ("r.example:5000/app", ["r.example:5000", "*.example:5000"], ["r.example", "r.example:443"]),
        ("a.b.example.com/app", ["*.*.example.com", "a.*.example.com"], ["*.example.com", "**.example.com"]),
        ("quay.io/acme/app", ["user:word@quay.io", "quay.io?x", "quay.io#y", "quay.io/%61cme"], []),
        ("[2001:db8::1]:5000/app", ["[2001:db8::1]:5000"], ["[2001:db8::1]"]),
        ("[2001:db8::1]/app", [], ["[2001:db8::1]"]),
    ],
)  # fmt: skip
def test_what_fits_a_repository(repository: str, fits: list[str], does_not: list[str]) -> None:
    for key in fits:
        assert offered(repository, key) == [key]
    for key in does_not:
        assert offered(repository, key) == []


def test_the_order_is_that_of_reversed_bytes_and_not_of_length_or_secret() -> None:
    keys = ["*.io", "quay.io", "quay.io/acme", "quay.io/a", "*.*"]
    assert offered("quay.io/acme/app", *keys) == ["quay.io/acme", "quay.io/a", "quay.io", "*.io", "*.*"]


class TestDockerHub:
    @pytest.mark.parametrize(
        "key", ["https://index.docker.io/v1/", "https://index.docker.io/v2/", "index.docker.io"]
    )
    @pytest.mark.parametrize("repository", ["docker.io/library/nginx", "localhost/app", "Acme/app"])
    def test_takes_the_entry_of_the_index(self, repository: str, key: str) -> None:
        assert offered(repository, key) == [key]

    @pytest.mark.parametrize(
        "key",
        ["https://index.docker.io/v1", "index.docker.io:443", "index.docker.io/acme", "registry-1.docker.io"],
    )
    def test_and_no_other_spelling_of_it(self, key: str) -> None:
        assert offered("docker.io/acme/app", key) == []

    def test_only_where_nothing_else_fits(self) -> None:
        assert offered("docker.io/acme/app", "https://index.docker.io/v1/", "docker.io/acme") == [
            "docker.io/acme"
        ]

    def test_not_for_a_name_with_an_empty_host(self) -> None:
        assert offered("ex_ample.com/app", "https://index.docker.io/v1/") == []


class TestNode:
    def test_the_first_file_that_parses_hides_the_others(self) -> None:
        found = node_config([b"{", b'{"auths":{"a":{"username":"u"}}}', b'{"auths":{"b":{}}}'], [b'{"c":{}}'])
        assert [entry.written for entry in found.entries] == ["a"]
        assert node_config([b"{}"], [b'{"c":{}}']).entries == ()
        assert [entry.written for entry in node_config([b"{"], [b"[]", b'{"c":{}}']).entries] == ["c"]

    def test_file_and_plugins_share_a_keyring_up_to_1_32(self) -> None:
        node = DockerConfig((Entry("quay.io", "file"), Entry("*.io", "file-glob")))
        plugins = [("b", DockerConfig((Entry("quay.io/acme", "plugin"), Entry("quay.io", "b"))))]
        users = [
            [kept.entry.username for kept in lookup_all("quay.io/acme/app", [], node, plugins, version)]
            for version in ((1, 34), (1, 31))
        ]
        assert users == [["file", "file-glob", "plugin", "b"], ["plugin", "file", "b", "file-glob"]]


class TestContent:
    def read(self, text: str | bytes) -> list[tuple[str, str, str]]:
        content = text if isinstance(text, bytes) else text.encode()
        found = read_config(content, flat=False).entries
        return [(entry.written, entry.username, entry.password) for entry in found]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ('{"auths":{"a":{"username":"u","password":"p"}}}', [("a", "u", "p")]),
            ('{"AUTHS":{"a":{"UserName":"u","PASSWORD":"p"}}}', [("a", "u", "p")]),
            ('{"auths":{"a":{"username":"x","auth":"dTpwOnE"}}}', [("a", "u", "p:q")]),
            ('{"auths":{"a":{"auth":"dTpw\\r\\nOnE="}}}', [("a", "u", "p:q")]),
            ('{"auths":{"a":null,"b":{}}}', [("a", "", ""), ("b", "", "")]),
            ('{"auths":{"a":{"username":"1"},"a":{"username":"2"}}}', [("a", "2", "")]),
            ('{"auths":{"a":{}},"auths":{"b":{}}}', [("a", "", ""), ("b", "", "")]),
            ('{"auths":{"a":{}},"auths":null}', []),
            ("null", []),
            ('{"auths":{"a":{"username":"\\ud800"}}}', [("a", "\ufffd", "")]),
            (b'{"auths":{"a":{"username":"\xe2\x82x"}}}', [("a", "\ufffd\ufffdx", "")]),
        ],
    )
    def test_is_read_as_go_reads_it(self, text: str | bytes, found: list[tuple[str, str, str]]) -> None:
        assert self.read(text) == found

    @pytest.mark.parametrize(
        ("auths", "words"),
        [
            ('{"a":{"auth":"!!!!"}}', "illegal base64 data at input byte 0"),
            ('{"a":{"auth":"dTpw "}}', "illegal base64 data at input byte 4"),
            ('{"a":{"auth":"_-8="}}', "illegal base64 data at input byte 0"),
            ('{"a":{"auth":"dXA="}}', "unable to parse auth field, must be formatted as base64"),
            ('{"a":{"email":5}}', '"email" is a number and no text'),
            ('{"a":"text"}', "expected an object, found a text"),
            ("[]", "expected an object, found a list"),
            ("{},", "not JSON"),
            ('{"a":{"n":NaN}}', "not JSON"),
        ],
    )
    def test_says_what_is_broken_and_quotes_nothing(self, auths: str, words: str) -> None:
        with pytest.raises(Malformed) as caught:
            self.read(f'{{"auths":{auths}}}')
        assert words in str(caught.value)

    @pytest.mark.parametrize(
        "content", [b"", b"\xef\xbb\xbf{}", b"{", b"[" * 10_001, b'{"a":1}x', b"{'a':1}"]
    )
    def test_what_is_no_json_is_refused(self, content: bytes) -> None:
        with pytest.raises(Malformed, match="not JSON"):
            read_config(content, flat=True)

    def test_depth_alone_is_no_fault(self) -> None:
        deep: Any = b'{"auths":{},"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}"
        assert read_config(deep, flat=False).entries == ()
