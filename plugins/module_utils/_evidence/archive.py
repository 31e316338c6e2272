# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An evidence folder as one file, and back: the snapshot for a support case or a later, better judgement.

The archive is a gzip-compressed tar of ``evidence/NAME`` files and a manifest with their digests. Packing the same
folder twice gives the same bytes. Unpacking trusts nothing: only plain files with names of ours, no larger and no more
than the limits, and with the digests that the manifest says.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.errors import EvidenceError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.folder import (
    ABOUT_FILE,
    FILE_NAME,
    SCHEMA_VERSION,
    EvidenceFolder,
)

MANIFEST = "manifest.json"
KIND = "kube_runbooks.image_pull evidence"
MOST_FILES = 64
MOST_BYTES = 1 << 30
_PREFIX = "evidence/"
_CHUNK = 1 << 20


def pack(folder: EvidenceFolder, dest: str) -> str:
    """Write ``folder`` as an archive to ``dest`` (mode 0600, replaced as a whole) and return its SHA-256 in hex."""
    names = folder.file_names()
    digests = {name: folder.file_digest(name) for name in names}
    manifest = {"kind": KIND, "schema_version": SCHEMA_VERSION, "files": digests}
    parent = os.path.dirname(os.path.abspath(dest))
    partial: str | None = None
    try:
        handle, partial = tempfile.mkstemp(prefix=".evidence-", dir=parent)
        with open(handle, "wb") as raw:
            _write(raw, json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n", folder, names)
        with open(partial, "rb") as raw:
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
        os.replace(partial, dest)
        partial = None
    except OSError as error:
        raise EvidenceError(f"cannot write the snapshot {dest}: {error.strerror or error}") from None
    finally:
        if partial is not None:
            with contextlib.suppress(OSError):
                os.unlink(partial)
    return digest


def _write(raw: IO[bytes], manifest: bytes, folder: EvidenceFolder, names: tuple[str, ...]) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        tar.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
        for name in names:
            with open(os.path.join(folder.path, name), "rb") as stream:
                tar.addfile(_member(name, os.fstat(stream.fileno()).st_size), stream)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(_PREFIX + name)
    member.size = size
    member.mode = 0o600
    return member


@contextlib.contextmanager
def unpacked(archive: str) -> Iterator[EvidenceFolder]:
    """Give the evidence folder in ``archive``, in a private temporary place that is gone after the block.

    Raises EvidenceError when the archive is missing, damaged, of a newer schema, or holds anything but evidence.
    """
    with tempfile.TemporaryDirectory(prefix="image-pull-evidence-") as place:
        try:
            with open(archive, "rb") as raw:
                _extract(raw, place, archive)
        except FileNotFoundError:
            raise EvidenceError(f"there is no snapshot {archive}") from None
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
            raise EvidenceError(
                f"snapshot {archive} is damaged: not a whole gzip-compressed tar archive"
            ) from None
        except OSError as error:
            raise EvidenceError(f"cannot read snapshot {archive}: {error.strerror or error}") from None
        yield EvidenceFolder.open(place)


def _extract(raw: IO[bytes], place: str, archive: str) -> None:
    manifest: dict[str, str] | None = None
    digests: dict[str, str] = {}
    left = MOST_BYTES
    with tarfile.open(fileobj=raw, mode="r|gz") as tar:
        for count, member in enumerate(tar):
            name = member.name.removeprefix(_PREFIX)
            plain = member.isreg() and member.name.startswith(_PREFIX)
            if not plain or not (name == MANIFEST or FILE_NAME.match(name)) or name in digests:
                raise EvidenceError(
                    f"snapshot {archive} holds {member.name!r:.120}, which is no evidence file: refused"
                )
            left -= member.size
            if left < 0 or count >= MOST_FILES:
                raise EvidenceError(f"snapshot {archive} is larger than an evidence folder can be: refused")
            source = tar.extractfile(member)
            if source is None:
                raise EvidenceError(f"snapshot {archive} is damaged: {name} has no content")
            if name == MANIFEST:
                manifest = _manifest(source.read(_CHUNK), archive)
            else:
                digests[name] = _copy(source, os.path.join(place, name))
    if manifest is None or ABOUT_FILE not in digests:
        raise EvidenceError(f"{archive} is no evidence snapshot: it has no manifest or no {ABOUT_FILE}")
    if manifest != digests:
        raise EvidenceError(f"snapshot {archive} is damaged: its files are not those of its manifest")


def _manifest(content: bytes, archive: str) -> dict[str, str]:
    try:
        data = json.loads(content)
        version = data["schema_version"]
        files = {str(name): str(digest) for name, digest in data["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EvidenceError(f"snapshot {archive} is damaged: its manifest cannot be read") from None
    if data.get("kind") != KIND:
        raise EvidenceError(f"{archive} is no evidence snapshot of this collection")
    if version != SCHEMA_VERSION:
        raise EvidenceError(
            f"snapshot {archive} has evidence schema {version}, this collection reads {SCHEMA_VERSION}: "
            "use the version of the collection that wrote it, or a newer one"
        )
    return files


def _copy(source: IO[bytes], path: str) -> str:
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
