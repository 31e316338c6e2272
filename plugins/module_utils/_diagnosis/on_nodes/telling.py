# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding says of the faults that were seen on its nodes: the sentence that comes first, and what to do."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NodeFault,
    sentence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

SENTENCES = 3


def sentences(members: Iterable[Judgement]) -> list[str]:
    """Return one sentence for each different fault, that which hits most nodes first."""
    return [sentence(faults) for faults in _alike(members)[:SENTENCES]]


def fixes_on_nodes(case: Case) -> Iterator[Fix]:
    """Yield what mends the faults that were seen, each once with the names of all its nodes."""
    for faults in _alike(case.members)[:SENTENCES]:
        first = faults[0]
        nodes = enumeration([fault.node for fault in faults])
        for fix in first.fixes:
            title = fix.title.replace(f"On {printable(first.node)}", f"On {printable(nodes)}", 1)
            yield dataclasses.replace(fix, title=title)


def _alike(members: Iterable[Judgement]) -> list[list[NodeFault]]:
    """The faults of these containers, those that are the same on several nodes together."""
    groups: dict[tuple[tuple[str, str, str], str], dict[str, NodeFault]] = defaultdict(dict)
    for member in members:
        if member.seen is not None:
            fault = member.seen
            groups[fault.key, fault.because].setdefault(fault.node, fault)
    found = [[faults[node] for node in sorted(faults)] for _key, faults in sorted(groups.items())]
    return sorted(found, key=lambda faults: -len(faults))
