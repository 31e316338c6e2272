# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the checklist that the registries' answers decide: image, credentials, limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.answers import FOUND
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue import CATALOGUE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.look import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Look,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    OFFERED,
    Outcome,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.testimony import (
    limit_words,
    limits,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, plural

IMAGE_STEP, CREDENTIAL_STEP, LIMIT_STEP = 3, 4, 5


def _image(facts: Facts, judgements: Sequence[Judgement]) -> Look:
    """Whether every image that fails is in its registry, as far as somebody was shown it."""
    there: set[str] = set()
    absent: list[str] = []
    unknown: dict[str, str] = {}
    for judgement in judgements:
        image, outcome = canonical(judgement.image), judgement.outcome
        if not registry_host(image):
            continue
        if outcome is not None and _is_bad(outcome, IMAGE_STEP):
            absent.append(f"{image}: {_words(outcome.cause)}")
        elif (outcome is not None and outcome.result == Result.PULLS) or facts.answers.is_found(image):
            there.add(image)
        else:
            unknown.setdefault(image, _why_not_known(image, outcome))
    if absent:
        return Look(FAILED, f"the registry says: {enumeration(list(dict.fromkeys(absent)), 2)}")
    unknown = {image: why for image, why in unknown.items() if image not in there}
    count = len(there) + len(unknown)
    if unknown:
        reasons = list(dict.fromkeys(unknown.values()))
        return Look(NOT_CHECKED, f"{len(there)} of {plural(count, 'image')} seen; {enumeration(reasons, 2)}")
    if not there:
        return Look(NOT_CHECKED, "there was no image to ask a registry for")
    verb = "is" if count == 1 else "are"
    return Look(PASSED, f"{plural(count, 'image')} {verb} there, for the platforms of the nodes")


def _credentials(facts: Facts, judgements: Sequence[Judgement]) -> Look:
    """Whether the registry was content with what each pod offers."""
    accepted: set[tuple[str, str, str]] = set()
    needless: set[str] = set()
    refused: list[str] = []
    unknown: list[str] = []
    for judgement in judgements:
        outcome = judgement.outcome
        if not registry_host(judgement.image):
            continue
        if outcome is not None and _is_bad(outcome, CREDENTIAL_STEP):
            refused.append(f"{canonical(judgement.image)}: {_words(outcome.cause)}")
        elif outcome is None or not _is_decided(outcome):
            unknown.append(_why_no_credential(judgement.image, outcome))
        elif outcome.check is not None and outcome.check.credential is not None:
            ref = outcome.check.credential
            accepted.add((ref.namespace, ref.secret, ref.key))
        else:
            needless.add(canonical(judgement.image))
    if refused:
        return Look(FAILED, enumeration(list(dict.fromkeys(refused)), 2))
    if unknown:
        return Look(NOT_CHECKED, enumeration(list(dict.fromkeys(unknown)), 2))
    parts = [f"{plural(len(accepted), 'credential')} accepted"] if accepted else []
    parts += [f"{plural(len(needless), 'image needs', 'images need')} no login"] if needless else []
    if not parts:
        return Look(NOT_CHECKED, "there was no credential to try")
    return Look(PASSED, ", ".join(parts))


def _limits(facts: Facts, judgements: Sequence[Judgement]) -> Look:
    """What is left of each registry's limit, as the controller's address and the credentials are counted."""
    limited = [
        judgement
        for judgement in judgements
        if judgement.outcome is not None
        and any(answer.cause == Cause.RATE_LIMITED for answer in judgement.outcome.attempts)
    ]
    if limited:
        hosts = sorted({registry_host(judgement.image) for judgement in limited})
        return Look(FAILED, f"{enumeration(hosts)}: refuses the controller for a limit (429)")
    told = list(limits(answer for given in facts.answers.by_image.values() for answer in given))
    words = [f"{host}: {limit_words(limit)}" for host, limit in told]
    if any(limit.remaining == 0 for _host, limit in told):
        return Look(FAILED, enumeration(words))
    if words:
        return Look(PASSED, f"{enumeration(words)}, as the controller is counted")
    answered = {
        registry_host(judgement.image)
        for judgement in judgements
        if judgement.outcome is not None
        and any(answer.status or answer.outcome == FOUND for answer in judgement.outcome.attempts)
    }
    if answered:
        who = plural(len(answered), "registry", "registries")
        return Look(PASSED, f"{who} asked, none refuses for a limit or tells what is left")
    return Look(NOT_CHECKED, "no registry has answered")


STEPS: Mapping[int, Callable[[Facts, Sequence[Judgement]], Look]] = {
    IMAGE_STEP: _image,
    CREDENTIAL_STEP: _credentials,
    LIMIT_STEP: _limits,
}


def look_at(number: int, facts: Facts, judgements: Sequence[Judgement]) -> Look:
    """Return what the registries' answers say for one of these steps."""
    if not facts.failures:
        return Look(NOT_CHECKED, "no container lacks its image, so no registry was asked")
    found = STEPS[number](facts, judgements)
    if found.status == PASSED and facts.answers.error:
        return Look(NOT_CHECKED, facts.answers.error)
    return found


def _is_bad(outcome: Outcome, step: int) -> bool:
    return outcome.result == Result.FAILS and outcome.sure and CATALOGUE[outcome.cause].step == step


def _is_decided(outcome: Outcome) -> bool:
    """Tell whether the registry let the pull come as far as the image, or would have."""
    if outcome.result == Result.PULLS:
        return True
    return outcome.result == Result.FAILS and CATALOGUE[outcome.cause].step == IMAGE_STEP and outcome.sure


def _why_not_known(image: str, outcome: Outcome | None) -> str:
    host = registry_host(image)
    if outcome is None or outcome.result == Result.NOT_ASKED:
        if outcome is not None and outcome.answer is not None and outcome.answer.text:
            return f"{host} was not asked: {outcome.answer.text}"
        return f"{host} was not asked with the pods' credentials"
    if outcome.result == Result.UNREACHABLE:
        return f"{host} cannot be asked from the controller ({_words(outcome.cause)})"
    return f"{host} shows nothing to what the pods offer ({_words(outcome.cause)})"


def _why_no_credential(image: str, outcome: Outcome | None) -> str:
    if outcome is not None and any(check.state == "forbidden" for check in outcome.checks):
        return "the Secrets could not be read"
    if outcome is not None and outcome.result == Result.FAILS:
        offered = sum(check.state == OFFERED for check in outcome.checks)
        tried = plural(offered, "credential") if offered else "no credential"
        return f"{registry_host(image)} leaves it open with {tried} ({_words(outcome.cause)})"
    return _why_not_known(canonical(image), outcome)


def _words(cause: Cause) -> str:
    return str(cause).replace("_", " ")
