# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a node sent of its runtime, and what was asked about them: what every runtime's reader works with."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import (
    ConfigProblem,
    EndpointFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.seen import Gap
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import NO_TOOL, JobAnswer

RUNTIME_STEP = 8
MOST_FILES = 120
_MOST_DOTS = 300

READ, ABSENT, UNREADABLE, FOLDER = "read", "absent", "unreadable", "folder"
_TIME = re.compile(r"(\d{1,12}) (/.*)\Z")


@dataclass(frozen=True, slots=True)
class NodeFile:
    """A path of a node. ``state`` is ``read``, ``absent``, ``unreadable``, ``folder``, ``dangling`` (a link to
    nothing) or ``special``. ``cut`` says that ``text`` is not the whole file; ``modified`` is Unix time; ``why`` is
    what kept a file from being read, where that is known.
    """

    path: str
    state: str
    text: str = ""
    cut: bool = False
    modified: int | None = None
    why: str = ""

    @property
    def there(self) -> bool:
        return self.state not in (ABSENT, "dangling")


class NodeFiles:
    """What a node sent of its files, by path, in the order in which they came."""

    def __init__(self, job: JobAnswer) -> None:
        self._files = _files(job)
        self.folders = tuple(path for path in job.facts.get("folder", ()) if path.startswith("/"))
        self.too_many = job.fact("too_many_files") is not None
        self.trouble = job.trouble
        self.lacks = job.lacks

    def __iter__(self) -> Iterator[NodeFile]:
        return iter(self._files.values())

    def get(self, path: str) -> NodeFile:
        """Return what is known of ``path``; a path that was not asked counts as unreadable, never as absent."""
        return self._files.get(path) or NodeFile(path, UNREADABLE)

    def knows(self, path: str) -> bool:
        return path in self._files

    def text(self, path: str) -> str | None:
        """Return the whole text of a file; None where it is not there or was not read whole."""
        file = self._files.get(path)
        return file.text if file and file.state == READ and not file.cut else None

    def below(self, folder: str) -> list[NodeFile]:
        """Return the files directly below ``folder``."""
        prefix = folder.rstrip("/") + "/"
        return [
            file
            for path, file in self._files.items()
            if path.startswith(prefix) and "/" not in path[len(prefix) :]
        ]


def _files(job: JobAnswer) -> dict[str, NodeFile]:
    texts = {block.name: block for block in job.blocks}
    times = _times(texts["times"].text) if "times" in texts else {}
    found: dict[str, NodeFile] = {}
    for number in range(1, MOST_FILES + 1):
        path = job.fact(f"path_{number}")
        if path is None:
            break
        state = job.fact(f"state_{number}") or UNREADABLE
        block = texts.get(f"file_{number}")
        why = ""
        if state == READ and (block is None or block.exit_code):
            state = UNREADABLE
            why = "no tool (head, sed)" if block and block.exit_code == NO_TOOL else ""
        text = block.text if block and state == READ else ""
        whole = block is not None and block.ended
        larger = job.fact(f"larger_{number}") is not None
        found[path] = NodeFile(
            path=path,
            state=state,
            text=text,
            cut=state == READ and (larger or not whole),
            modified=times.get(path),
            why=why,
        )
    return found


def _times(text: str) -> dict[str, int]:
    return {match[2]: int(match[1]) for line in text.split("\n") if (match := _TIME.match(line))}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image whose way is wanted: ``registry`` as images name it (``docker.io``, ``registry.example:5000``),
    ``repository`` without it (empty: any), ``name`` the reference as it was written.
    """

    registry: str
    repository: str = ""
    name: str = ""
    by_digest: bool = False


@dataclass(frozen=True, slots=True)
class Runtime:
    """The runtime as a reader of its files needs it. ``version`` is empty where it is not known.

    ``started`` is Unix time by the node's clock; ``now`` is that clock when the node was asked.
    """

    node: str
    name: str
    files: NodeFiles
    variant: str = ""
    version: tuple[int, ...] = ()
    config: str = ""
    certs: tuple[str, ...] = ()
    root_user: bool = True
    running: bool = True
    started: float | None = None
    now: float | None = None
    wanted: tuple[Wanted, ...] = ()


@dataclass(slots=True)
class Look:
    """What reading a runtime's files gave."""

    runtime: Runtime
    endpoints: list[EndpointFact] = field(default_factory=list)
    problems: list[ConfigProblem] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    config_files: list[str] = field(default_factory=list)
    snapshotter: str = ""
    details: list[str] = field(default_factory=list)
    needs_restart: list[str] = field(default_factory=list)
    """Files that the runtime reads at its start only, and that it depends on."""

    def problem(
        self,
        file: str,
        key: str,
        problem: str,
        effect: str,
        *,
        registry: str = "",
        cause: str = "",
        certain: bool = False,
    ) -> None:
        found = ConfigProblem(
            node=self.runtime.node,
            file=file,
            key=key,
            problem=problem,
            effect=effect,
            registry=registry,
            cause=cause,
            certain=certain,
        )
        if found not in self.problems:
            self.problems.append(found)

    def gap(self, check: str, why: str, lost: str) -> None:
        found = Gap(f"{self.runtime.node}: {check}", why, lost, (RUNTIME_STEP,))
        if found not in self.gaps:
            self.gaps.append(found)

    def in_force(self, path: str) -> bool:
        """Tell whether the runtime certainly goes by a file that it reads at its start only."""
        runtime = self.runtime
        if not runtime.running:
            return True
        modified = runtime.files.get(path).modified
        return modified is not None and runtime.started is not None and modified <= runtime.started

    def endpoints_of(self, registry: str, found: list[EndpointFact]) -> None:
        """Add the endpoints of one registry in their order."""
        for position, endpoint in enumerate(found):
            self.endpoints.append(
                dataclasses.replace(endpoint, node=self.runtime.node, registry=registry, position=position)
            )

    def text(self, path: str, lost: str) -> str | None:
        """Return a file's text; None where there is none, and a Gap where it is there and was not read whole."""
        file = self.runtime.files.get(path)
        if file.state == READ and not file.cut:
            return file.text
        if file.there:
            why = (
                "it is larger than what is read of it"
                if file.cut
                else why_unread(file, self.runtime.root_user)
            )
            self.gap(path, why, lost)
        return None


def why_unread(file: NodeFile, root_user: bool) -> str:
    """Return in words why the text of a file that is there is not known."""
    if file.state == FOLDER:
        return "it is a folder, not a file"
    if file.state == "special":
        return "it is no regular file"
    if file.why:
        return file.why
    return "it could not be read" if root_user else "it could not be read without root's rights (become)"


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML file says. Raises ValueError where it is none, or one that nobody would write.

    tomllib's time grows with the square of the parts of a key: one line of a hostile file would cost a minute.
    """
    if any(line.count(".") > _MOST_DOTS for line in text.split("\n")):
        raise ValueError(f"a line has more than {_MOST_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def shown(value: Any) -> str:
    """Return a setting of a file as text; Python refuses to write out a number of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number beyond 64 bits"
    return str(value)[:40] if isinstance(value, str | int | float) else "no single value"


def host_of(registry: str) -> tuple[str, str]:
    """Split ``host:port`` (``[::1]:5000`` too); the port is empty where none is written."""
    name, colon, port = registry.rpartition(":")
    return (name, port) if colon and port.isascii() and port.isdigit() else (registry, "")


def is_loopback(registry: str) -> bool:
    """Tell whether Go's registry clients take a host for the node itself (containerd: docker.MatchLocalhost)."""
    name = host_of(registry)[0].strip("[]")
    return name == "localhost" or name.startswith("127.") or name == "::1"
