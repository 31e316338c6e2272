# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not looked at on nodes, said once for all nodes of which it is true."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.steps import (
    why_not_looked_at,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

_LOST = "disk, network, runtime and logs as these nodes see them"
_NAMED = 5


def gaps_of(facts: Facts) -> Iterator[Gap]:
    """Yield the gaps of all stages, those that several nodes have alike as one, and nodes that nobody looked at."""
    views = facts.vantages.views
    groups: dict[tuple[str, str, str], list[str]] = {}
    for gap in (*facts.gaps, *_not_looked_at(facts)):
        node, colon, what = gap.check.partition(": ")
        if not colon or node not in views:
            yield gap
            continue
        names = groups.setdefault((what, gap.why, gap.conclusion_lost), [])
        if node not in names:
            names.append(node)
    for (what, why, lost), names in groups.items():
        who = enumeration([printable(name) for name in sorted(names)], _NAMED)
        yield Gap(f"{who}: {what}", why, lost)
    if facts.vantages.error:
        yield Gap("nodes", facts.vantages.error, _LOST)


def _not_looked_at(facts: Facts) -> Iterator[Gap]:
    """Nodes that were chosen, and of which neither a look nor a gap tells."""
    for view in facts.vantages.chosen:
        told = any(gap.check.startswith(f"{view.name}: ") for gap in view.gaps)
        has_way = view.choice is None or bool(view.choice.way)
        why = why_not_looked_at(view)
        if why and has_way and not told:
            yield Gap(f"{view.name}: the node's own view", why, _LOST)
