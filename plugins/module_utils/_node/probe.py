# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is looked at on a node, in one round trip."""

from __future__ import annotations

from types import ModuleType

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import (
    config,
    disk,
    identity,
    logs,
    network,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion

SLICES: tuple[ModuleType, ...] = (identity, disk, config, logs, network)
"""Each has ``jobs(question)`` and ``records(answer, question)``."""


def jobs(question: NodeQuestion, slices: tuple[ModuleType, ...] = SLICES) -> list[Job]:
    """Return the jobs of all slices."""
    return [job for one in slices for job in one.jobs(question)]


def records(answer: Answer, question: NodeQuestion, slices: tuple[ModuleType, ...] = SLICES) -> list[Record]:
    """Return what all slices make of the answer; of a node that was not reached, that alone."""
    if not answer.reached:
        return [*identity.records(answer, question), *question.left_out]
    return [record for one in slices for record in _records(one, answer, question)] + list(question.left_out)


def _records(one: ModuleType, answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return what one slice makes of the answer. A text that it cannot take costs this slice, and says so."""
    try:
        return list(one.records(answer, question))
    except Exception as error:  # noqa: BLE001 - what a node prints must not cost what the other slices saw
        name = one.__name__.rpartition(".")[2]
        return [
            Gap(
                f"{question.node}: {name}",
                f"the node's answer could not be understood ({type(error).__name__})",
                f"what the node's {name} would tell",
                (6, 7, 8),
            )
        ]
