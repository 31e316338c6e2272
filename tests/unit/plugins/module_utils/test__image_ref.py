# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references as Kubernetes parses them.

What parses, and into what, was compared with github.com/distribution/reference v0.6.0 (the kubelet's) and its main
branch of April 2026 on 300,000 generated texts; the tables here are examples of that comparison.
"""

from __future__ import annotations

import random

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRef,
    ImageRefError,
    parse_image_ref,
)

SHA256 = "sha256:" + "0123456789abcdef" * 4
SHA384 = "sha384:" + "a" * 96
SHA512 = "sha512:" + "b" * 128

PARSED = [
    # text, registry, repository, tag, digest, familiar, canonical
    ("nginx", "docker.io", "library/nginx", None, None, "nginx", "docker.io/library/nginx:latest"),
    ("nginx:1", "docker.io", "library/nginx", "1", None, "nginx:1", "docker.io/library/nginx:1"),
    ("team/app", "docker.io", "team/app", None, None, "team/app", "docker.io/team/app:latest"),
    ("docker.io/nginx", "docker.io", "library/nginx", None, None, "nginx", "docker.io/library/nginx:latest"),
    (
        "docker.io/library/nginx:1",
        "docker.io",
        "library/nginx",
        "1",
        None,
        "nginx:1",
        "docker.io/library/nginx:1",
    ),
    (
        "index.docker.io/nginx",
        "docker.io",
        "library/nginx",
        None,
        None,
        "nginx",
        "docker.io/library/nginx:latest",
    ),
    (
        "registry-1.docker.io/library/nginx",
        "registry-1.docker.io",
        "library/nginx",
        None,
        None,
        "registry-1.docker.io/library/nginx",
        "registry-1.docker.io/library/nginx:latest",
    ),
    ("library/a/b", "docker.io", "library/a/b", None, None, "library/a/b", "docker.io/library/a/b:latest"),
    ("localhost/a", "localhost", "a", None, None, "localhost/a", "localhost/a:latest"),
    ("localhost:5000/a", "localhost:5000", "a", None, None, "localhost:5000/a", "localhost:5000/a:latest"),
    (
        "localhost",
        "docker.io",
        "library/localhost",
        None,
        None,
        "localhost",
        "docker.io/library/localhost:latest",
    ),
    (
        "r.example:5000/a/b:v1",
        "r.example:5000",
        "a/b",
        "v1",
        None,
        "r.example:5000/a/b:v1",
        "r.example:5000/a/b:v1",
    ),
    ("10.0.0.1:80/a", "10.0.0.1:80", "a", None, None, "10.0.0.1:80/a", "10.0.0.1:80/a:latest"),
    (
        "[2001:db8::1]:5000/a",
        "[2001:db8::1]:5000",
        "a",
        None,
        None,
        "[2001:db8::1]:5000/a",
        "[2001:db8::1]:5000/a:latest",
    ),
    ("[::1]/a:1", "[::1]", "a", "1", None, "[::1]/a:1", "[::1]/a:1"),
    # Upper case makes the first part a host name.
    ("Acme/app", "Acme", "app", None, None, "Acme/app", "Acme/app:latest"),
    ("R.Example/app", "R.Example", "app", None, None, "R.Example/app", "R.Example/app:latest"),
    # An underscore is none of a host name's characters: the whole is a path, the registry is empty.
    ("ex_ample.com/app", "", "ex_ample.com/app", None, None, "ex_ample.com/app", "ex_ample.com/app:latest"),
    ("a:UP", "docker.io", "library/a", "UP", None, "a:UP", "docker.io/library/a:UP"),
    (
        "a__b/c--d/e.f/g_h",
        "docker.io",
        "a__b/c--d/e.f/g_h",
        None,
        None,
        "a__b/c--d/e.f/g_h",
        "docker.io/a__b/c--d/e.f/g_h:latest",
    ),
    (
        f"nginx@{SHA256}",
        "docker.io",
        "library/nginx",
        None,
        SHA256,
        f"nginx@{SHA256}",
        f"docker.io/library/nginx@{SHA256}",
    ),
    (
        f"nginx:1@{SHA256}",
        "docker.io",
        "library/nginx",
        "1",
        SHA256,
        f"nginx:1@{SHA256}",
        f"docker.io/library/nginx@{SHA256}",
    ),
    (
        f"r.example/a@{SHA384}",
        "r.example",
        "a",
        None,
        SHA384,
        f"r.example/a@{SHA384}",
        f"r.example/a@{SHA384}",
    ),
    (
        f"r.example/a@{SHA512}",
        "r.example",
        "a",
        None,
        SHA512,
        f"r.example/a@{SHA512}",
        f"r.example/a@{SHA512}",
    ),
    (
        "a" * 63,
        "docker.io",
        "library/" + "a" * 63,
        None,
        None,
        "a" * 63,
        "docker.io/library/" + "a" * 63 + ":latest",
    ),
]

REFUSED = [
    # text, position of the first character that is wrong, a word of the explanation
    ("", 0, "empty"),
    ("Nginx", 0, "upper case"),
    ("r.example/Team/app:1", 10, "upper case"),
    ("nginx:", 6, "tag is missing"),
    ("nginx:-1", 6, "starts with"),
    ("nginx:.1", 6, "starts with"),
    ("nginx:1:2", 7, "one tag"),
    ("team/nginx:a/b", 12, "'/'"),
    ("nginx:a/b", 6, "port"),
    ("nginx:" + "t" * 129, 134, "128"),
    ("nginx:é", 6, "ASCII"),
    ("nginx\n", 5, "white space"),
    (" nginx", 0, "white space"),
    ("nginx ", 5, "white space"),
    ("my app", 2, "white space"),
    ('"nginx"', 0, "quotation"),
    ("<no value>", 0, "placeholder"),
    ("${IMAGE}:1", 0, "placeholder"),
    ("{{ image }}", 0, "placeholder"),
    ("https://r.example/a", 0, "scheme"),
    ("docker://nginx", 0, "scheme"),
    ("r.example:5o/a", 11, "port"),
    ("r.example:/a", 10, "port"),
    ("::1/a", 0, "empty"),
    ("2001:db8::1/a", 5, "brackets"),
    ("[::1/a", 4, "not closed"),
    ("[::g]/a", 3, "hexadecimal"),
    ("[::1]5000/a", 5, "port"),
    ("-r.example/a", 0, "host name"),
    ("r..example/a", 2, "empty"),
    ("r.example-/a", 9, "host name"),
    ("a//b", 2, "empty"),
    ("/a", 0, "empty"),
    ("a/", 2, "empty"),
    ("r.example/", 10, "missing"),
    ("r.example/:1", 10, "missing"),
    ("_a", 0, "starts and ends"),
    ("a_", 1, "starts and ends"),
    ("a-", 1, "starts and ends"),
    ("a..b", 1, "one '.'"),
    ("a___b", 1, "one or two '_'"),
    ("a+b", 1, "not allowed"),
    ("nginx@", 6, "digest is missing"),
    ("nginx@sha256", 12, "':'"),
    ("nginx@sha256:abc", 16, "64"),
    ("nginx@" + SHA256 + "0", 77, "64"),
    ("nginx@" + SHA256[:-1] + "g", 76, "hexadecimal digit"),
    ("nginx@" + SHA256.replace("a", "A", 1), 6, "no digest algorithm"),
    ("nginx@sha256:" + "A" * 64, 13, "lower-case"),
    ("nginx@SHA256:" + "a" * 64, 6, "no digest algorithm"),
    ("nginx:1@SHA256:" + "a" * 64, 8, "no digest algorithm"),
    ("nginx@md5:" + "a" * 32, 6, "no digest algorithm"),
    ("nginx@" + SHA256 + ":1", 77, "before the digest"),
    ("a" * 64, 0, "image ID"),
    ("a/" * 127 + "bb", 255, "255"),
    ("r.example/" + "c" * 256, 265, "255"),
    ("nginx\x00", 5, "not allowed"),
    ("ngin\u0130", 4, "U+0130"),
    ("\u0661", 0, "ASCII"),
]


@pytest.mark.parametrize("expected", PARSED, ids=lambda row: row[0][:30])
def test_parses_as_the_kubelet_does(expected: tuple[str, str, str, str | None, str | None, str, str]) -> None:
    text, *fields = expected
    assert parse_image_ref(text) == ImageRef(*fields)


@pytest.mark.parametrize(("text", "position", "word"), REFUSED, ids=[repr(row[0][:30]) for row in REFUSED])
def test_an_error_points_at_the_character(text: str, position: int, word: str) -> None:
    with pytest.raises(ImageRefError) as caught:
        parse_image_ref(text)
    assert caught.value.position == position
    message = str(caught.value)
    assert word in message
    assert message.isprintable()
    if position < len(text):
        assert f"character {position + 1}" in message


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("r.example/Team/App:1", "r.example/team/app:1"),
        ("https://r.example/a:1", "r.example/a:1"),
        ("nginx ", "nginx"),
        ("'nginx:1'", "nginx:1"),
        ("nginx:1@SHA256:" + "a" * 64, "nginx:1@sha256:" + "a" * 64),
        ("nginx@sha256:" + "A" * 64, "nginx@sha256:" + "a" * 64),
        ("https://Nginx", None),
        ("a//b", None),
    ],
)
def test_what_is_suggested_parses(text: str, suggestion: str | None) -> None:
    with pytest.raises(ImageRefError) as caught:
        parse_image_ref(text)
    assert caught.value.suggestion == suggestion


def test_the_length_limit_counts_the_repository_without_the_registry() -> None:
    host = "r." + "h" * 60 + ".example"
    assert parse_image_ref(f"{host}/" + "a" * 255).repository == "a" * 255
    with pytest.raises(ImageRefError):
        parse_image_ref(f"{host}/" + "a" * 256)


def test_the_length_limit_counts_the_implied_library() -> None:
    assert parse_image_ref("a" * 247).repository == "library/" + "a" * 247
    with pytest.raises(ImageRefError) as caught:
        parse_image_ref("a" * 248)
    assert caught.value.position == 247


def test_the_name_is_what_credentials_are_matched_against() -> None:
    assert parse_image_ref("nginx:1").name == "docker.io/library/nginx"
    assert parse_image_ref("ex_ample.com/app:1").name == "ex_ample.com/app"


def test_a_reference_survives_its_dictionary() -> None:
    for text in ("nginx", f"r.example:5000/a:1@{SHA256}"):
        reference = parse_image_ref(text)
        assert ImageRef.from_dict(reference.to_dict()) == reference
    assert list(parse_image_ref("nginx").to_dict()) == [
        "registry", "repository", "tag", "digest", "familiar", "canonical",
    ]  # fmt: skip


def _refusal(text: str) -> ImageRefError | None:
    try:
        parse_image_ref(text)
    except ImageRefError as error:
        return error
    return None


def test_any_text_parses_or_gives_an_error_inside_it() -> None:
    chance = random.Random(7)
    pieces = [
        "nginx",
        "r.example",
        ":5000",
        "/",
        ":",
        "@",
        SHA256,
        "A",
        ".",
        "_",
        "-",
        " ",
        "\n",
        "[::1]",
        "é",
    ]
    for dummy in range(3000):
        text = "".join(chance.choice([*pieces, "\ud800"]) for dummy_piece in range(chance.randint(0, 6)))
        error = _refusal(text)
        if error is None:
            # What containerd resolves is a reference that resolves to itself.
            reference = parse_image_ref(text)
            assert parse_image_ref(reference.canonical).canonical == reference.canonical
            assert parse_image_ref(reference.familiar).canonical == reference.canonical
        else:
            assert 0 <= error.position <= len(text)
            assert "\n" not in str(error)
            assert "does not read as" not in str(error), text
