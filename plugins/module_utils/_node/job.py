# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of the question that is put to a node."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of POSIX sh that runs on the node beside the others, in a shell process of its own.

    ``name`` is ``[a-z][a-z0-9_]*``. ``seconds`` is its limit, ``most_bytes`` the limit of what it may print (standard
    error included). ``variables`` are set in its shell and not exported; so are ``secrets``, which are in no ``repr``
    and are sent only over a connection that pipelines. Names of variables are ``[A-Za-z_][A-Za-z0-9_]*``.
    """

    name: str
    text: str
    seconds: float = 4.0
    most_bytes: int = 65_536
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    secrets: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise ValueError(f"not a name of a job: {self.name!r}")
