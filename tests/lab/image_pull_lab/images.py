# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images made by hand, good and broken, written straight into a registry's storage folder.

The storage layout is that of the distribution registry's filesystem driver (registry/storage/paths.go): blobs by
digest, and links from repositories to blobs.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image."
MANIFEST = OCI + "manifest.v1+json"
INDEX = OCI + "index.v1+json"
CONFIG = OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar+gzip"

_APPLETS = ("sh", "ls", "cat", "sleep", "echo", "id", "ip", "wget", "nslookup")


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Descriptor:
    """What a manifest says about a blob."""

    media_type: str
    digest: str
    size: int

    def to_dict(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Layer:
    """A file system layer: its bytes as stored, and the digest of what they unpack to."""

    content: bytes
    diff_id: str
    media_type: str = LAYER


@dataclass(frozen=True)
class Image:
    """A stored image; own_layer is the one that it shares with no other."""

    repository: str
    tag: str
    manifest: Descriptor
    config: Descriptor
    own_layer: Descriptor


#: The field e_machine of an ELF header (elf.h): which processor a program is for.
_ELF_MACHINES = {"arm64": 183, "s390x": 22}


@functools.cache
def base_layer(architecture: str = "amd64") -> Layer:
    """A static busybox with its applets, the same for all images of an architecture.

    What claims to be for another processor does not run on this one, as a real one would not.
    """
    program = Path("/bin/busybox").read_bytes()
    if architecture in _ELF_MACHINES:
        program = program[:18] + _ELF_MACHINES[architecture].to_bytes(2, "little") + program[20:]
    links = {f"bin/{name}": "busybox" for name in _APPLETS}
    return layer({"bin/busybox": program}, links, ("bin", "etc", "tmp", "proc", "sys", "dev"))


def layer(
    files: Mapping[str, bytes],
    links: Mapping[str, str] | None = None,
    folders: Sequence[str] = (),
    level: int = 1,
) -> Layer:
    """A gzip layer with these files; the same input gives the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in folders:
            archive.addfile(_entry(name, tarfile.DIRTYPE))
        for name, content in files.items():
            entry = _entry(name, tarfile.REGTYPE)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = _entry(name, tarfile.SYMTYPE)
            entry.linkname = target
            archive.addfile(entry)
    raw = buffer.getvalue()
    return Layer(gzip.compress(raw, level, mtime=0), digest(raw))


def _entry(name: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = 0o755
    return entry


def own_layer(name: str, *, padding: int = 0, files: int = 0) -> Layer:
    """A layer that no other image has: its name, random bytes that do not compress, empty files."""
    content = {"image-name": name.encode()}
    if padding:
        content["padding"] = random.Random(name).randbytes(padding)
    content |= {f"tmp/file-{number}": b"" for number in range(files)}
    return layer(content, level=0 if padding else 1)


class Store:
    """The storage folder of one registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder / "docker" / "registry" / "v2"

    def blob_path(self, of: str) -> Path:
        kind, dummy, value = of.partition(":")
        return self._root / "blobs" / kind / value[:2] / value / "data"

    def has_repository(self, repository: str) -> bool:
        return (self._root / "repositories" / repository / "_manifests").is_dir()

    def has_folder(self, path: str) -> bool:
        """Whether repositories lie below that path."""
        return (self._root / "repositories" / path).is_dir()

    def has_manifest(self, repository: str, of: str) -> bool:
        revisions = self._root / "repositories" / repository / "_manifests" / "revisions"
        return (revisions / _slashed(of) / "link").exists()

    def tags(self, repository: str) -> list[str]:
        folder = self._root / "repositories" / repository / "_manifests" / "tags"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def repositories(self) -> list[str]:
        root = self._root / "repositories"
        return sorted(str(path.parent.relative_to(root)) for path in root.glob("**/_manifests"))

    def put_blob(self, repository: str, content: bytes, media_type: str) -> Descriptor:
        """Stores a blob and makes it part of the repository."""
        descriptor = Descriptor(media_type, digest(content), len(content))
        path = self.blob_path(descriptor.digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._link(f"repositories/{repository}/_layers/{_slashed(descriptor.digest)}", descriptor.digest)
        return descriptor

    def put_manifest(self, repository: str, tag: str | None, manifest: Mapping[str, Any]) -> Descriptor:
        """Stores a manifest or an index, under a tag when one is given."""
        content = json.dumps(manifest).encode()
        descriptor = Descriptor(manifest["mediaType"], digest(content), len(content))
        path = self.blob_path(descriptor.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        base = f"repositories/{repository}/_manifests"
        self._link(f"{base}/revisions/{_slashed(descriptor.digest)}", descriptor.digest)
        if tag:
            self._link(f"{base}/tags/{tag}/current", descriptor.digest)
            self._link(f"{base}/tags/{tag}/index/{_slashed(descriptor.digest)}", descriptor.digest)
        return descriptor

    def delete_tag(self, repository: str, tag: str) -> None:
        """The tag is gone, as after a clean-up job; the manifest stays reachable by digest."""
        folder = self._root / "repositories" / repository / "_manifests" / "tags" / tag
        (folder / "current" / "link").unlink()
        for link in folder.glob("index/sha256/*/link"):
            link.unlink()
        for path in sorted(folder.glob("**/"), key=lambda path: len(path.parts), reverse=True):
            path.rmdir()

    def push(
        self,
        repository: str,
        tag: str | None,
        *,
        layers: Sequence[Layer] | None = None,
        architecture: str = "amd64",
        config: Mapping[str, Any] | None = None,
        config_type: str = CONFIG,
    ) -> Image:
        """An image of busybox and a small layer of its own, or of the given layers (the last is its own)."""
        own = own_layer(f"{repository}:{tag}")
        parts = list(layers) if layers is not None else [base_layer(architecture), own]
        stored = [self.put_blob(repository, part.content, part.media_type) for part in parts]
        content = config if config is not None else image_config(parts, architecture)
        config_blob = self.put_blob(repository, json.dumps(content).encode(), config_type)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config_blob.to_dict(),
            "layers": [entry.to_dict() for entry in stored],
        }
        return Image(
            repository, tag or "", self.put_manifest(repository, tag, manifest), config_blob, stored[-1]
        )

    def push_index(
        self, repository: str, tag: str, entries: Sequence[tuple[Image, Mapping[str, str]]]
    ) -> Descriptor:
        """A multi-platform index over stored images: (image, platform)."""
        manifests = [{**image.manifest.to_dict(), "platform": dict(platform)} for image, platform in entries]
        return self.put_manifest(
            repository, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        )

    def damage(self, of: str, change: Callable[[bytes], bytes | None]) -> None:
        """Replaces a blob's bytes by change(bytes), or removes it when that gives None."""
        path = self.blob_path(of)
        content = change(path.read_bytes())
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    def _link(self, path: str, of: str) -> None:
        link = self._root / path / "link"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.write_text(of)


def image_config(
    layers: Sequence[Layer], architecture: str = "amd64", system: str = "linux"
) -> dict[str, Any]:
    """An image configuration; the program sleeps, and a pod of it ends at once when it is deleted."""
    return {
        "architecture": architecture,
        "os": system,
        "config": {"Cmd": ["/bin/sleep", "100000"], "Env": ["PATH=/bin"], "StopSignal": "SIGKILL"},
        "rootfs": {"type": "layers", "diff_ids": [part.diff_id for part in layers]},
    }


def _slashed(of: str) -> str:
    return of.replace(":", "/")
