# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml as containerd reads it: order, addresses, trust, and when the whole file is left aside."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.hosts_toml import (
    HostsError,
    parse,
)

FOLDER = "/etc/containerd/certs.d/r.example"


def urls(text: str, major: int = 2) -> list[str]:
    return [entry.url for entry in parse(text, FOLDER, major)]


def test_hosts_are_tried_in_the_order_of_the_file_and_the_server_last() -> None:
    text = 'server = "https://r.example"\n[host."https://b.example"]\n[host."https://a.example"]\n'
    assert urls(text) == ["https://b.example/v2", "https://a.example/v2", "https://r.example/v2"]
    assert urls(text, 1) == urls(text)


def test_without_a_server_the_registry_itself_comes_last() -> None:
    assert urls('[host."https://a.example"]\n')[-1] == ""


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://a.example", "https://a.example/v2"),
        ("a.example:5000", "https://a.example:5000/v2"),
        ("http://a.example:5000", "http://a.example:5000/v2"),
        ("https://a.example/v2", "https://a.example/v2"),
        ("https://a.example/v2/", "https://a.example/v2"),
        ("https://a.example/", "https://a.example/v2"),
        ("https://a.example/v2/hub", "https://a.example/v2/hub/v2"),
        ("https://user:secret@a.example", "https://a.example/v2"),
    ],
)
def test_the_api_is_below_v2_whatever_is_written(written: str, asked: str) -> None:
    assert urls(f'[host."{written}"]\n')[0] == asked


def test_override_path_takes_the_path_as_it_is() -> None:
    assert urls('[host."https://a.example/v2/hub"]\noverride_path = true\n')[0] == "https://a.example/v2/hub"


def test_what_a_host_says_of_itself() -> None:
    entry = parse(
        '[host."https://a.example"]\ncapabilities = ["pull"]\nca = ["ca.crt", "/x/other.crt"]\n'
        'client = [["c.cert", "c.key"]]\nskip_verify = true\n'
        '[host."https://a.example".header]\nAuthorization = "Basic c2VjcmV0"\n',
        FOLDER,
        1,
    )[0]
    assert entry.capabilities == {"pull"}
    assert entry.ca_files == (f"{FOLDER}/ca.crt", "/x/other.crt")
    assert entry.client_files == (f"{FOLDER}/c.cert", f"{FOLDER}/c.key")
    assert entry.skip_verify is True
    assert entry.headers == ("Authorization",)


def test_containerd_2_tries_a_host_again_that_comes_up_again() -> None:
    text = '[host."https://a"]\n[host."https://b"]\n[host."https://a".header]\nx = "y"\n'
    assert urls(text, 2)[:3] == ["https://a/v2", "https://b/v2", "https://a/v2"]
    assert urls(text, 1)[:2] == ["https://a/v2", "https://b/v2"]


def test_a_file_without_hosts_is_left_aside_up_to_1_7_only() -> None:
    text = 'server = "https://a.example"\n'
    assert urls(text, 2) == ["https://a.example/v2"]
    with pytest.raises(HostsError, match="invalid `host` tree"):
        parse(text, FOLDER, 1)


@pytest.mark.parametrize(
    "text",
    [
        "server = https://oops\n[host\n",
        '[host."https://a"]\ncapabilities = ["pul"]\n',
        '[host."https://a"]\ncapabilities = "pull"\n',
        '[host."https://a"]\nca = 5\n',
        '[host."https://a"]\nclient = [["one"]]\n',
        '[host."https://a"]\nskip_verify = "yes"\n',
        '[host."https://a"]\n[host."https://a".header]\nx = 1\n',
        '[host."https://[::1"]\n',
        "host = 3\n",
        '[host]\n"https://a" = 3\n',
        "x = " + "[" * 5000,
        "\0\x1b[31m",
    ],
)
def test_what_does_not_decode_is_left_aside_as_a_whole(text: str) -> None:
    with pytest.raises(HostsError):
        parse(text, FOLDER, 2)


def test_a_key_of_thousands_of_parts_costs_no_time() -> None:
    # Parsed as it stands it would take a minute; this one returns at once, or the test run does not end.
    with pytest.raises(HostsError, match="dots"):
        parse("a." * 30_000 + "a = 1\n", FOLDER, 2)
