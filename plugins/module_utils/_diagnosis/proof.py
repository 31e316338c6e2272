# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a finding: few items, each telling, with who saw it and when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import (
    CATALOGUE,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import canonical
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.statements import STATUS
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Evidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    plural,
    printable,
    quotation,
)

LIMIT = 12
"""Items that one finding shows at most."""
QUOTES = 6
"""Different messages among them."""
# What differs from one try to the next, and from one container to the next, and tells nothing: the kubelet's word that
# it waits, a socket's own port, the time that passed.
_WAITING = re.compile(r'^Back-off pulling image "[^"]*": \w+: ')
_ASKED_FOR = re.compile(r"/v2/[^\s\"?]{1,512}|\[manifests [^\]]{1,256}\]")
_ABOUT_IMAGES = frozenset({SubjectKind.IMAGE, SubjectKind.REPOSITORY})
_CHANGING = re.compile(r":\d{4,5}(?=->)|\b\d+(?:\.\d+)?(?:ms|s)\b")


def evidence_of(case: Case, *more: Evidence) -> tuple[Evidence, ...]:
    """Return the deciding texts, each once, then what else bears on the case; what speaks against it comes last."""
    quotes = list(_quotes(case))
    seen: dict[tuple[str, str, str], Evidence] = {}
    for item in more:
        seen.setdefault((item.source, item.fact, item.quote), item)
    for member in case.members:
        for item in member.circumstances:
            seen.setdefault((item.source, item.fact, item.quote), item)
    others = sorted(seen.values(), key=lambda item: (not item.supports,))
    return tuple((quotes + others)[:LIMIT])


def _quotes(case: Case) -> Iterator[Evidence]:
    """One item for each different wording: from the newest container that got it, with the number of the others."""
    groups: dict[tuple[str, str], list[Judgement]] = {}
    for member in case.members:
        if member.statement is not None and not member.joined:
            text = member.statement.text or member.statement.reason
            groups.setdefault((member.statement.source, _wording(member, text)), []).append(member)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for (source, _words), members in ranked[:QUOTES]:
        member = max(
            members,
            key=lambda m: (m.statement.at or "" if m.statement else "", m.failure.namespace, m.failure.pod),
        )
        text = member.statement.text or member.statement.reason if member.statement else ""
        yield Evidence(
            source, "api", _at(member, case), _fact(member, len(members)), _telling_part(member, text)
        )
    if len(ranked) > QUOTES:
        hidden = len(ranked) - QUOTES
        yield Evidence(
            STATUS, "api", case.facts.observed_at, f"{plural(hidden, 'more wording')} to the same effect"
        )


def _wording(member: Judgement, text: str) -> str:
    """The text without what changes; where the fault is not one of the image, without its name as well."""
    text = _CHANGING.sub("*", _WAITING.sub("", text))
    if CATALOGUE[member.cause].subject in _ABOUT_IMAGES:
        return text
    for name in dict.fromkeys((canonical(member.image), member.image)):
        text = text.replace(name, "*") if name else text
    return _ASKED_FOR.sub("*", text)


def _at(member: Judgement, case: Case) -> str | None:
    statement = member.statement
    return statement.at if statement is not None and statement.at else case.facts.observed_at


def _fact(member: Judgement, count: int) -> str:
    failure, statement = member.failure, member.statement
    where = f"{failure.namespace}/{failure.pod}"
    if failure.symptom == "sandbox":
        where = f"the sandbox of {where}"
    elif failure.container_type not in ("main", "sandbox"):
        where += f" ({failure.container_type.replace('_', ' ')} {failure.container})"
    elif failure.container:
        where += f" ({failure.container})"
    what = f"{statement.source} {statement.reason}".strip() if statement else "status"
    on = f" on {failure.node}" if failure.node else ""
    times = f", {statement.count} times" if statement and statement.count > 1 else ""
    others = f", and {plural(count - 1, 'container')} more" if count > 1 else ""
    return printable(f"{what} of {where}{on}{times}{others}")


def _telling_part(member: Judgement, text: str) -> str:
    """The whole text where it is short, else the words that decided."""
    if len(text) <= 300 or member.classification is None or not member.classification.quote:
        return quotation(text)
    return quotation(member.classification.quote)
