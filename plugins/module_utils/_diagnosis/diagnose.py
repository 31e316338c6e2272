# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From evidence to the report. Pure: no clock, no environment, no network; the same evidence gives the same report."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import REGISTRY
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import build_case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.checklist import (
    checklist_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import (
    ACCESS,
    Facts,
    facts_from_folder,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.faults import find_faults
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.findings import (
    build_finding,
    damage,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.impact import impact_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judge import judge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.gaps import gaps_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.suggestions import (
    images_in_use,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    AccessFact,
    Finding,
    Gap,
    NotChecked,
    Report,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

REPORT_SCHEMA_VERSION = 1
PODS_STEP = 1
HEALTHY = "healthy"
FAILING = "failing"
UNKNOWN = "unknown"


def diagnose(folder: EvidenceFolder) -> Report:
    """Return the report on what lies in ``folder``.

    Raises EvidenceError where the folder cannot be read. A stage that is missing, failed or was cut off gives a
    report with verdict ``unknown`` (or ``failing`` by what it did see), and the reason in ``error``.
    """
    return diagnose_facts(facts_from_folder(folder))


def diagnose_facts(facts: Facts) -> Report:
    """Return the report on these facts."""
    in_use = images_in_use(facts)
    judgements = judge(facts)
    findings = sorted(
        (build_finding(fault, facts, in_use) for fault in find_faults(judgements, facts)), key=damage
    )
    return Report(
        schema_version=REPORT_SCHEMA_VERSION,
        kind="diagnosis",
        cluster=facts.cluster,
        scope=facts.scope,
        observed_at=facts.observed_at,
        verdict=verdict_of(facts, findings),
        findings=tuple(findings),
        checklist=checklist_of(facts, findings, judgements),
        not_checked=not_checked_of(facts),
        stats=facts.stats,
        error=printable(facts.error, 500) if facts.error else None,
        impact=impact_of(build_case(Cause.UNKNOWN, judgements, facts)),
    )


def verdict_of(facts: Facts, findings: Sequence[Finding]) -> str:
    """Return ``failing`` where something fails, ``healthy`` only where everything was read and nothing does.

    A pull that is merely going on, and not for long, is neither; nor is a pod that does not start and does not say why.
    """
    if any(not is_under_way(finding) for finding in findings):
        return FAILING
    is_open = any(gap.unread or PODS_STEP in gap.steps for gap in facts.gaps)
    return HEALTHY if facts.complete and facts.scope.complete and not findings and not is_open else UNKNOWN


def is_under_way(finding: Finding) -> bool:
    """Tell whether a finding is no more than a pull that has not ended yet."""
    return finding.cause == Cause.PULL_SLOW and finding.confidence == Confidence.POSSIBLE


def not_checked_of(facts: Facts) -> tuple[NotChecked, ...]:
    """Return what was not looked at: gaps of the stages, missing rights, and what this run has no stage for."""
    found: dict[tuple[str, str], NotChecked] = {}
    for gap in gaps_of(facts):
        found.setdefault((gap.check, gap.why), _not_checked(gap.check, gap.why, gap.conclusion_lost))
    for right in facts.access:
        if right.allowed is False:
            what = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
            where = f" in namespace {right.namespace}" if right.namespace else ""
            check = f"{right.verb} {what}{where}"
            item = _not_checked(check, "this account has no right to it", right.conclusion_lost)
            if not any(_says(gap, right) for gap in facts.gaps):
                found.setdefault((check, item.why), item)
    if ACCESS not in facts.stages and not facts.complete and facts.error:
        found.setdefault(
            ("pods", facts.error), _not_checked("pods", facts.error, "which pods cannot get their images")
        )
    if facts.answers.error:
        lost = "what the other registries say, and whether the other credentials are accepted"
        found.setdefault(("registry", ""), _not_checked("registry", facts.answers.error, lost))
    for check, why, lost in _NO_STAGE:
        asked = facts.answers.asked if check == REGISTRY else facts.vantages.asked
        if not asked:
            found.setdefault((check, why), NotChecked(check, why, lost))
    return tuple(found.values())


def _says(gap: Gap, right: AccessFact) -> bool:
    """Tell whether a stage has run into the missing right and has said so."""
    text = f"{gap.check} {gap.why}".lower()
    return (
        "no right to" in text and right.resource in text and (not right.namespace or right.namespace in text)
    )


def _not_checked(check: str, why: str, lost: str) -> NotChecked:
    return NotChecked(printable(check, 300), printable(why, 300), printable(lost, 300))


_NO_STAGE = (
    (
        REGISTRY,
        "this run did not ask the registry",
        "whether image, tag and platform exist, whether credentials are accepted, what is left of a rate limit",
    ),
    (
        "nodes",
        "this run did not look from the nodes",
        "free bytes and inodes, DNS, firewall, proxy, TLS and clock, configuration and logs of the runtime",
    ),
)
