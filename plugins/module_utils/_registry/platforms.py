# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Platforms of images, compared as containerd does (github.com/containerd/platforms, compare.go and database.go)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import short

_LONGEST = 40
_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "i486": "386",
    "i686": "386",
    "armhf": "arm",
    "armel": "arm",
}


def parse_platform(text: str) -> Platform:
    """Return ``linux/arm/v7`` as a platform; raises ValueError where it is none."""
    parts = text.strip().split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise ValueError(f"'{short(text, 60)}' is no platform: OS/ARCHITECTURE[/VARIANT] is wanted")
    os, dummy, version = parts[0].partition("(")
    return Platform(
        os.lower(), parts[1].lower(), parts[2].lower() if len(parts) > 2 else "", version.rstrip(")")
    )


def platform_of(data: Any) -> Platform | None:
    """Return the platform of an index's entry or a configuration; None for attestations and where there is none."""
    if not isinstance(data, dict):
        return None
    os, architecture = _text(data, "os"), _text(data, "architecture")
    if not os or not architecture or "unknown" in (os, architecture):
        return None
    return Platform(os, architecture, _text(data, "variant"), _text(data, "os.version"))


def fits(wanted: Platform, offered: Platform) -> bool:
    """Whether a node of the platform ``wanted`` takes an image for ``offered``."""
    if wanted.os != offered.os:
        return False
    one, other = _normal(wanted), _normal(offered)
    if one[0] != other[0] or not _version_fits(wanted, offered):
        return False
    if one[0] in ("arm", "amd64"):
        return _level(other[1]) <= _level(one[1])
    return one[1] == other[1] or not other[1]


def shown(platform: Platform) -> str:
    """Return the platform as people write it."""
    name = "/".join(part for part in (platform.os, platform.architecture, platform.variant) if part)
    return f"{name} ({platform.os_version})" if platform.os_version else name


def all_shown(platforms: Iterable[Platform], limit: int = 8) -> str:
    """Return several, shortened."""
    names = list(dict.fromkeys(shown(platform) for platform in platforms))
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _normal(platform: Platform) -> tuple[str, str]:
    architecture = _ARCHITECTURES.get(platform.architecture, platform.architecture)
    variant = platform.variant
    if platform.architecture in ("armhf", "armel"):
        variant = "v7" if platform.architecture == "armhf" else "v6"
    if architecture == "arm":
        return architecture, variant or "v7"
    if architecture == "amd64":
        return architecture, variant or "v1"
    return architecture, "" if architecture == "arm64" and variant in ("8", "v8", "v8.0") else variant


def _level(variant: str) -> int:
    digits = variant.removeprefix("v")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0


def _version_fits(wanted: Platform, offered: Platform) -> bool:
    """Windows runs images of its own build only (major, minor and build number)."""
    if wanted.os != "windows" or not wanted.os_version or not offered.os_version:
        return True
    return wanted.os_version.split(".")[:3] == offered.os_version.split(".")[:3]


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return short(value, _LONGEST) if isinstance(value, str) else ""
