# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is looked at on a node, in one round trip."""

from __future__ import annotations

from types import ModuleType

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion

SLICES: tuple[ModuleType, ...] = (identity,)
"""Each has ``jobs(question)`` and ``records(answer, question)``."""


def jobs(question: NodeQuestion, slices: tuple[ModuleType, ...] = SLICES) -> list[Job]:
    """Return the jobs of all slices."""
    return [job for one in slices for job in one.jobs(question)]


def records(answer: Answer, question: NodeQuestion, slices: tuple[ModuleType, ...] = SLICES) -> list[Record]:
    """Return what all slices make of the answer; of a node that was not reached, that alone."""
    if not answer.reached:
        return [*identity.records(answer, question), *question.left_out]
    return [record for one in slices for record in one.records(answer, question)] + list(question.left_out)
