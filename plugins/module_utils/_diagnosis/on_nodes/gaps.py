# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not looked at on nodes, said once for all nodes of which it is true."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import clean
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
    for gap in (*facts.gaps, *_not_looked_at(facts), *_left_behind(facts)):
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


def _left_behind(facts: Facts) -> Iterator[Gap]:
    """What pulls by hand have fetched and did not remove again, or may not have."""
    for view in facts.vantages.views.values():
        for trial in view.trials:
            if trial.outcome == "not_tried" or trial.removed:
                continue
            store = clean(trial.store, 200) or "the store"
            image = clean(trial.image, 200)
            left = f"what the pull by hand of {image} fetched into {store}"
            why = (
                "it was not removed again (or was to stay there)"
                if trial.removed is False
                else "whether it was removed again was not seen"
            )
            yield Gap(f"{view.name}: {left}", why, "whether the node is as it was before")


def _not_looked_at(facts: Facts) -> Iterator[Gap]:
    """Nodes that were chosen, and of which neither a look nor a gap tells."""
    for view in facts.vantages.chosen:
        told = any(gap.check.startswith(f"{view.name}: ") for gap in view.gaps)
        has_way = view.choice is None or bool(view.choice.way)
        why = why_not_looked_at(view)
        if why and has_way and not told:
            yield Gap(f"{view.name}: the node's own view", why, _LOST)
