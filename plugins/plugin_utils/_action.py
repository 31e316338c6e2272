# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions that run on the controller have in common."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import (
    EvidenceError,
    EvidenceFolder,
    unpacked,
)

if TYPE_CHECKING:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report.layout import Line

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class OneLineAction(ActionBase):
    """An action that checks its options, acts, and turns known errors into one line."""

    _supports_check_mode = True
    _supports_async = False
    ARGUMENT_SPEC: dict[str, dict[str, Any]] = {}
    CONSTRAINTS: dict[str, Any] = {}
    """Further arguments of the check: ``mutually_exclusive``, ``required_one_of`` and the like."""
    KNOWN_ERRORS: tuple[type[Exception], ...] = (EvidenceError,)
    """What ``act`` may raise whose message is one line for the user."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        options = self.validate_argument_spec(argument_spec=self.ARGUMENT_SPEC, **self.CONSTRAINTS)[1]
        # The result is for machines; what people read is printed, or written to a file.
        result["_ansible_verbose_override"] = True
        try:
            result.update(self.act(options))
        except self.KNOWN_ERRORS as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            raise AnsibleActionFail(f"cannot use{where}: {error.strerror or error}") from None
        return result

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do it and return what belongs into the result; to be written by each action."""
        raise NotImplementedError

    @property
    def in_check_mode(self) -> bool:
        """Tell whether nothing is to be changed."""
        return bool(self._task.check_mode)


class ControllerAction(OneLineAction):
    """An action that needs no connection."""

    _requires_connection = False


@contextlib.contextmanager
def evidence_at(path: str) -> Iterator[EvidenceFolder]:
    """Open an evidence folder, or an archive of one for as long as the block lasts. Raises EvidenceError."""
    if os.path.isdir(path):
        yield EvidenceFolder.open(path)
        return
    if not os.path.exists(path):
        raise EvidenceError(f"there is no evidence at {path}")
    with unpacked(path) as folder:
        yield folder


def write_private(path: str, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all; missing folders are made alike."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, mode=PRIVATE_FOLDER, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".image-pull-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(temporary, PRIVATE_FILE)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def holds(path: str, content: bytes) -> bool:
    """Tell whether a file has exactly this content."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(content) + 1) == content
    except OSError:
        return False


def show(lines: Iterable[Line]) -> None:
    """Print lines, coloured only where Ansible's settings allow it.

    A callback that owns standard output to write JSON there would be spoiled: then they go to standard error.
    Each group ends with its line break: Display adds one only where there is none, so that it would swallow an empty
    line at the end of a group.
    """
    callback = str(C.DEFAULT_STDOUT_CALLBACK or "")
    to_stderr = callback.rpartition(".")[2] in ("json", "jsonl")
    for color, group in groupby(lines, key=lambda line: line.color):
        text = "".join(f"{line.text}\n" for line in group)
        Display().display(text, color=color, stderr=to_stderr)
