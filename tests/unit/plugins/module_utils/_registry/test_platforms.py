# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a node takes (github.com/containerd/platforms, compare.go)."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import (
    all_shown,
    fits,
    parse_platform,
    platform_of,
    shown,
)


@pytest.mark.parametrize(
    ("node", "image", "takes"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/amd64", "linux/x86_64", True),
        ("linux/amd64", "linux/amd64/v2", False),
        ("linux/amd64/v3", "linux/amd64/v2", True),
        ("linux/amd64", "linux/arm64", False),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64", "linux/aarch64", True),
        ("linux/arm64", "linux/arm/v7", False),
        ("linux/arm", "linux/arm/v7", True),
        ("linux/arm/v7", "linux/arm/v6", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "windows/amd64", False),
        ("windows(10.0.20348)/amd64", "windows(10.0.20348.2113)/amd64", True),
        ("windows(10.0.17763.1)/amd64", "windows(10.0.20348.2113)/amd64", False),
        ("windows/amd64", "windows(10.0.20348.2113)/amd64", True),
    ],
)
def test_what_a_node_takes(node: str, image: str, takes: bool) -> None:
    assert fits(parse_platform(node), parse_platform(image)) is takes


@pytest.mark.parametrize("text", ["linux", "", "linux/", "a/b/c/d", "/amd64"])
def test_texts_that_are_no_platform(text: str) -> None:
    with pytest.raises(ValueError, match="is no platform"):
        parse_platform(text)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"os": "linux"},
        {"os": 1, "architecture": 2},
        {"os": "unknown", "architecture": "unknown"},
    ],
)
def test_entries_that_name_none(data: object) -> None:
    assert platform_of(data) is None


def test_how_they_are_shown() -> None:
    assert shown(Platform("windows", "amd64", os_version="10.0.20348.1")) == "windows/amd64 (10.0.20348.1)"
    many = [Platform("linux", f"cpu{number}") for number in range(12)]
    assert all_shown(many, 2) == "linux/cpu0, linux/cpu1 and 10 more"
    assert platform_of({"os": "linux\x1b[2J", "architecture": "x" * 999}) == Platform("linux", "x" * 39 + "…")
