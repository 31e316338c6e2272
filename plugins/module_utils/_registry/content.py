# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests and indexes: OCI image specification, Docker's image manifest version 2 schema 2 and schema 1."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import (
    MANIFEST,
    Stopped,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import platform_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply, short

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SCHEMA_1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
ACCEPT = ", ".join((OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST, SCHEMA_1_SIGNED, SCHEMA_1, "*/*"))
"""All types: distribution answers 404 for one that is not named, and converts others."""

_INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
_IMAGE_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream",
        "",
    }
)
_MOST_ENTRIES = 500
_LARGEST_SIZE = 1 << 62
"""A descriptor's size is an int64 (OCI image specification); Python would read numbers that no division takes."""
_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of an index."""

    digest: str
    platform: Platform | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a manifest holds. ``entries`` are those of an index; ``config`` is the digest of an image's configuration.

    ``problem`` says why no runtime makes an image of it.
    """

    media_type: str
    digest: str
    entries: tuple[Entry, ...] = ()
    config: str = ""
    size_bytes: int | None = None
    platform: Platform | None = None
    problem: str = ""

    @property
    def is_index(self) -> bool:
        """Whether it stands for several images."""
        return self.media_type in _INDEXES

    @property
    def is_schema_1(self) -> bool:
        """Whether it is of the kind that containerd 2.1 and newer do not pull."""
        return self.media_type in (SCHEMA_1, SCHEMA_1_SIGNED)


def media_type_of(reply: Reply) -> str:
    """Return the type that the header says."""
    return reply.header("content-type").partition(";")[0].strip().lower()


def read_content(reply: Reply, wanted_digest: str) -> Content:
    """Return what a manifest holds; raises Stopped where it is broken, or not what its digest says."""
    where = reply.origin.netloc
    try:
        data = reply.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        if "html" in media_type_of(reply):
            raise Stopped(
                "registry",
                "registry_server_error",
                f"{where} answers with a web page where a manifest is expected",
                certain=False,
                alternatives=("proxy_error",),
                settle_by="look at the page: a portal or proxy on the way, or not a registry",
            )
        raise Stopped(MANIFEST, "manifest_invalid", f"the manifest that {where} gives is no JSON object")
    media_type = _media_type(reply, data)
    digest = _check_digest(reply, media_type, wanted_digest)
    if media_type in _INDEXES:
        return Content(media_type, digest, entries=_entries(data))
    if media_type in (SCHEMA_1, SCHEMA_1_SIGNED):
        platform = platform_of({"os": "linux", "architecture": data.get("architecture")})
        return Content(media_type, digest, platform=platform)
    return _image(data, media_type, digest)


def _media_type(reply: Reply, data: dict[str, Any]) -> str:
    told = data.get("mediaType")
    if isinstance(told, str) and told:
        return short(told, 120)
    found = media_type_of(reply)
    if data.get("schemaVersion") == 1:
        return SCHEMA_1_SIGNED if "signatures" in data else SCHEMA_1
    if found in (*_INDEXES, OCI_MANIFEST, DOCKER_MANIFEST):
        return found
    if isinstance(data.get("manifests"), list):
        return OCI_INDEX
    return OCI_MANIFEST if "layers" in data else found


def _check_digest(reply: Reply, media_type: str, wanted: str) -> str:
    told = reply.header("docker-content-digest")
    told = told if _DIGEST.fullmatch(told) else ""
    if media_type == SCHEMA_1_SIGNED:
        # Its digest is that of the text without the signatures.
        return told or wanted
    for expected in filter(None, (wanted, told)):
        computed = digest_of(reply.body, expected.partition(":")[0])
        if computed != expected:
            raise Stopped(
                MANIFEST,
                "digest_mismatch",
                f"{reply.origin.netloc} gives a manifest whose digest is {computed}, not {expected}",
            )
    return wanted or told or digest_of(reply.body)


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of ``content``; raises Stopped for an algorithm that runtimes do not know (OCI image spec)."""
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise Stopped(
            MANIFEST,
            "image_name_invalid",
            f"'{algorithm[:40]}' is no algorithm of digests that runtimes know",
        )
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def _entries(data: dict[str, Any]) -> tuple[Entry, ...]:
    entries = data.get("manifests")
    found = []
    for entry in (entries if isinstance(entries, list) else [])[:_MOST_ENTRIES]:
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("digest"), str)
            and _DIGEST.fullmatch(entry["digest"])
        ):
            platform = platform_of(entry.get("platform"))
            if platform is not None or "platform" not in entry:
                found.append(Entry(entry["digest"], platform))
    return tuple(found)


def _image(data: dict[str, Any], media_type: str, digest: str) -> Content:
    config, layers = data.get("config"), data.get("layers")
    if not isinstance(config, dict) or not isinstance(layers, list) or not _is_digest(config.get("digest")):
        raise Stopped(
            MANIFEST, "manifest_invalid", f"the manifest {digest} names no configuration or no layers"
        )
    sizes = [layer.get("size") for layer in layers if isinstance(layer, dict)]
    size = sum(size for size in sizes if isinstance(size, int) and 0 <= size <= _LARGEST_SIZE)
    kind = config.get("mediaType")
    kind = short(kind, 120) if isinstance(kind, str) else ""
    problem = (
        "" if kind in _IMAGE_CONFIGS else f"it is no container image: its configuration is of type {kind}"
    )
    return Content(media_type, digest, config=config["digest"], size_bytes=size, problem=problem)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))
