# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on disk about a lab, so that any later process can find, use and end it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from . import places
from .controlplane import write_secret
from .processes import Identity, Processes


class Locked(Exception):
    """Another process is busy with the lab."""


@dataclass
class State:
    """lab.json: written before anything is started, again when the lab is ready."""

    name: str
    id: str
    kubernetes: str
    data_only: bool
    #: The process the lab belongs to and ends with; None for a lab that stays until it is taken down.
    owner: tuple[int, int] | None = None
    ready: bool = False
    #: Node name ─► its number, which gives its addresses.
    nodes: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    api_port: int = 0
    seconds: float = 0.0

    @classmethod
    def fresh(cls, name: str, kubernetes: str, data_only: bool, owner: int | None) -> State:
        identity = Identity.of(owner) if owner else None
        pair = (identity.pid, identity.start) if identity else None
        return cls(name, secrets.token_hex(3), kubernetes, data_only, pair)

    @property
    def orphaned(self) -> bool:
        """Whether the process it belongs to is gone."""
        return self.owner is not None and not Identity(*self.owner).alive()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Folder:
    """The folder of one lab."""

    def __init__(self, name: str) -> None:
        self.path = places.labs_dir() / name
        self.processes = Processes(self.path / "processes", self.path / "logs")

    @property
    def state_file(self) -> Path:
        return self.path / "lab.json"

    def read(self) -> State | None:
        """None when there is no lab of that name, or its record was never written whole."""
        try:
            content = json.loads(self.state_file.read_text())
            content["owner"] = tuple(content["owner"]) if content["owner"] else None
            # A lab of another version of this tool may say more; it is a lab all the same.
            known = {entry.name for entry in fields(State)}
            return State(**{key: value for key, value in content.items() if key in known})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, state: State) -> None:
        fresh = self.state_file.with_suffix(".new")
        write_secret(fresh, json.dumps(state.to_dict(), indent=1))
        fresh.rename(self.state_file)

    def create(self) -> None:
        # Programs without root's rights (squid) pass through; what is secret has mode 0600 by itself.
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.path.parent.chmod(0o711)

    @contextmanager
    def lock(self, *, wait: bool = True) -> Iterator[None]:
        """One process at a time starts, changes or ends a lab of this name; Locked when it must not wait."""
        base = places.labs_dir()
        path = base / f".{self.path.name}.lock"
        while True:
            base.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(descriptor)
                raise Locked(self.path.name) from None
            if _same_file(descriptor, path):
                break
            os.close(descriptor)
        try:
            yield
        finally:
            if not self.path.exists():
                path.unlink(missing_ok=True)
            os.close(descriptor)
            _remove_empty(base)


def _same_file(descriptor: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name: whoever ends a lab removes its lock."""
    try:
        there = path.stat()
    except OSError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def _remove_empty(base: Path) -> None:
    for path in (base, base.parent):
        try:
            path.rmdir()
        except OSError:
            return


def folders() -> list[Folder]:
    """Every lab of this machine's user, running or left behind."""
    base = places.labs_dir()
    names = sorted(path.name for path in base.iterdir() if path.is_dir()) if base.is_dir() else []
    return [Folder(name) for name in names]
