# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references as judging needs them: parsed where they parse, and compared without surprises."""

from __future__ import annotations

import functools

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRef,
    ImageRefError,
    parse_image_ref,
)

DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = frozenset(
    {"registry-1.docker.io", "index.docker.io", "registry.hub.docker.com", DOCKER_HUB}
)


@functools.lru_cache(maxsize=16384)
def reference(image: str) -> ImageRef | None:
    """Return the parsed reference, or None where a kubelet would say InvalidImageName."""
    try:
        return parse_image_ref(image)
    except ImageRefError:
        return None


@functools.lru_cache(maxsize=1024)
def reference_error(image: str) -> ImageRefError | None:
    """Return what is wrong with a reference, or None where it parses."""
    try:
        parse_image_ref(image)
    except ImageRefError as error:
        return error
    return None


def registry_host(image: str) -> str:
    """Return the registry of a reference (``docker.io`` where none is written), empty where it does not parse."""
    found = reference(image)
    return found.registry if found else ""


def repository_name(image: str) -> str:
    """Return registry and repository without tag and digest; the text itself where it does not parse."""
    found = reference(image)
    return found.name if found else image


def canonical(image: str) -> str:
    """Return what the runtime resolves; the text itself where it does not parse."""
    found = reference(image)
    return found.canonical if found else image


def is_same_image(one: str, other: str) -> bool:
    """Tell whether two texts name one image: ``nginx`` and ``docker.io/library/nginx:latest`` do."""
    return one == other or canonical(one) == canonical(other)


def normal_host(host: str) -> str:
    """Return ``host`` in lower case, without the default HTTPS port, Docker Hub's API hosts as ``docker.io``."""
    host = host.strip().lower().removesuffix(":443").rstrip(".")
    return DOCKER_HUB if host in _DOCKER_HUB_NAMES else host
