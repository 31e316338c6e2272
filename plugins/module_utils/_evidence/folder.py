# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence folder: private, written once a stage, read by judging alone.

``evidence.json`` says what the folder is; every looking stage adds one ``STAGE.jsonl``. A stage that exists is never
written again. Nothing outside this package knows the names or the form of the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from typing import IO, Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.errors import EvidenceError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.stage import (
    Stage,
    StageWriter,
    read_stage,
    utc_now,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._version import COLLECTION_VERSION

SCHEMA_VERSION = 1
ABOUT_FILE = "evidence.json"
STAGE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
FILE_NAME = re.compile(r"(?:evidence\.json|[a-z][a-z0-9_]{0,40}\.jsonl)\Z")
_LARGEST_ABOUT = 65_536


@dataclass(frozen=True, slots=True)
class About:
    """What ``evidence.json`` says: who wrote the folder and when, and what the play calls the cluster."""

    schema_version: int
    collection_version: str
    created_at: str
    cluster: str


class EvidenceFolder:
    """One run's evidence about one cluster."""

    def __init__(self, path: str, about: About) -> None:
        self.path = path
        self.about = about

    @classmethod
    def create(cls, path: str, *, cluster: str) -> EvidenceFolder:
        """Make the folder (mode 0700) and return it; an empty folder of our own that is there is taken over.

        Raises EvidenceError when the path holds something else, or when others may write there.
        """
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            _refuse_others(path)
            if os.listdir(path):
                raise EvidenceError(
                    f"evidence folder {path} is not empty: name a new one, each run has its own"
                )
            os.chmod(path, 0o700)
            about = About(SCHEMA_VERSION, COLLECTION_VERSION, utc_now(), cluster)
            fields = {name: getattr(about, name) for name in About.__slots__}
            with _new_file(os.path.join(path, ABOUT_FILE)) as stream:
                json.dump(fields, stream, ensure_ascii=False, indent=1)
                stream.write("\n")
        except OSError as error:
            raise EvidenceError(
                f"cannot make the evidence folder {path}: {error.strerror or error}"
            ) from None
        return cls(path, about)

    @classmethod
    def open(cls, path: str) -> EvidenceFolder:
        """Return the folder at ``path``; raises EvidenceError when it is none, damaged, or of a newer schema."""
        about_path = os.path.join(path, ABOUT_FILE)
        try:
            with open(about_path, encoding="utf-8", errors="strict") as stream:
                data = json.loads(stream.read(_LARGEST_ABOUT))
        except FileNotFoundError:
            raise EvidenceError(f"{path} is no evidence folder: it has no {ABOUT_FILE}") from None
        except OSError as error:
            raise EvidenceError(f"cannot read {about_path}: {error.strerror or error}") from None
        except ValueError:
            raise EvidenceError(f"{about_path} is damaged: not JSON") from None
        return cls(path, _about(data, about_path))

    @classmethod
    def open_or_create(cls, path: str, *, cluster: str) -> EvidenceFolder:
        """Return the folder at ``path``, made if there is none yet."""
        if os.path.exists(os.path.join(path, ABOUT_FILE)):
            _refuse_others(path)
            return cls.open(path)
        return cls.create(path, cluster=cluster)

    def stage(self, name: str, *, vantage: str, scope: Scope) -> StageWriter:
        """Return a writer for stage ``name``; raises EvidenceError when that stage was written before."""
        if not STAGE_NAME.match(name):
            raise ValueError(f"not a stage name: {name!r}")
        path = self._stage_path(name)
        try:
            return StageWriter(_new_file(path), name, vantage=vantage, scope=scope)
        except FileExistsError:
            raise EvidenceError(
                f"{path} exists: a stage never writes over what was seen, name a new folder"
            ) from None
        except OSError as error:
            raise EvidenceError(f"cannot write {path}: {error.strerror or error}") from None

    def read_stage(self, name: str) -> Stage | None:
        """Return what stage ``name`` saw, or None when it was not run."""
        path = self._stage_path(name)
        try:
            with open(path, encoding="utf-8", errors="replace", newline="\n") as stream:
                return read_stage(stream, name, os.path.basename(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EvidenceError(f"cannot read {path}: {error.strerror or error}") from None

    def stages(self) -> tuple[str, ...]:
        """Return the names of the stages that were written, sorted."""
        return tuple(name.removesuffix(".jsonl") for name in self.file_names() if name.endswith(".jsonl"))

    def file_names(self) -> tuple[str, ...]:
        """Return the names of the evidence files, sorted; anything else in the folder is not ours."""
        try:
            return tuple(sorted(name for name in os.listdir(self.path) if FILE_NAME.match(name)))
        except OSError as error:
            raise EvidenceError(
                f"cannot read evidence folder {self.path}: {error.strerror or error}"
            ) from None

    def digest(self) -> str:
        """Return ``sha256:…`` over all evidence files, names included."""
        total = hashlib.sha256()
        for name in self.file_names():
            total.update(f"{name} {self.file_digest(name)}\n".encode())
        return f"sha256:{total.hexdigest()}"

    def file_digest(self, name: str) -> str:
        """Return the SHA-256 of one evidence file, in hex."""
        try:
            with open(os.path.join(self.path, name), "rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise EvidenceError(
                f"cannot read {os.path.join(self.path, name)}: {error.strerror or error}"
            ) from None

    def _stage_path(self, name: str) -> str:
        return os.path.join(self.path, f"{name}.jsonl")


def _new_file(path: str) -> IO[str]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return open(handle, "w", encoding="utf-8", errors="replace", newline="\n")


def _refuse_others(path: str) -> None:
    """Refuse a folder that another user owns or may write to: the report would be theirs to forge."""
    try:
        found = os.lstat(path)
    except OSError as error:
        raise EvidenceError(f"cannot look at evidence folder {path}: {error.strerror or error}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise EvidenceError(f"evidence folder {path} is not a folder")
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EvidenceError(
            f"evidence folder {path} belongs to, or can be written by, another user: name another one"
        )


def _about(data: Any, path: str) -> About:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise EvidenceError(f"{path} is damaged: it has no schema_version")
    if version > SCHEMA_VERSION:
        raise EvidenceError(
            f"{path} was written with evidence schema {version}, this collection ({COLLECTION_VERSION}) reads up to "
            f"{SCHEMA_VERSION}: update the collection"
        )
    return About(
        schema_version=version,
        collection_version=str(data.get("collection_version", "")),
        created_at=str(data.get("created_at", "")),
        cluster=str(data.get("cluster", "")),
    )
