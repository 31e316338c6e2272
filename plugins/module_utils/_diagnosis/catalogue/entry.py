# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the catalogue says about one cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes import FixBuilder


class SubjectKind(StrEnum):
    """What a fault is a fault of: containers with the same cause and the same subject are one finding."""

    IMAGE = "image"
    REPOSITORY = "repository"
    HOST = "host"
    SECRET = "secret"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause: what it is called, what it means, what to do about it and what not to.

    The titles are filled with ``{image} {repository} {host} {node} {secret}``: ``title_on_node`` when one node
    alone is at fault, ``title_between`` when the host that failed is not the registry but stands before it.
    ``explanation`` is one or two sentences for somebody who has never met this cause. ``sign`` says how the cause
    would show, to be read after "then": it is the reason why it is less likely where it did not show. ``step`` is
    the step of the production checklist that finds it. ``by_node`` tells that one node alone can have this trouble
    with a host that is well.
    """

    cause: Cause
    subject: SubjectKind
    step: int
    title: str
    explanation: str
    sign: str
    fixes: tuple[FixBuilder, ...]
    do_not: tuple[str, ...] = ()
    title_on_node: str = ""
    title_between: str = ""
    by_node: bool = False
