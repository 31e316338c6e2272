# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be looked at, and what is lost by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import FORBIDDEN
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import CredentialCheck, Gap
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.asking import Trial
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, plural

_REGISTRY_STEPS = (3, 4, 5)


def of_too_many(count: int, most: int) -> Gap:
    """Return the gap of images beyond the bound."""
    why = f"{count} different images and credentials are wanted, {most} were looked at"
    return Gap("images in their registries", why, "what is wrong with the others", _REGISTRY_STEPS)


def of_many_credentials(images: int, most: int) -> Gap:
    """Return the gap of credentials beyond the bound."""
    why = f"{plural(images, 'image')} would be tried with more than {most} credentials; {most} were tried"
    return Gap("credentials of the pull Secrets", why, "whether a later one is accepted", (4,))


def of_asking(trials: Sequence[Trial], lists_left_out: int) -> list[Gap]:
    """Return the gaps of what there was no time for."""
    found = []
    last = [trial.last for trial in trials]
    silent = [answer.text for answer in last if answer is not None and answer.outcome == "not_asked"]
    late = sum(answer is None for answer in last) + len(silent)
    if late:
        why = f"{plural(late, 'image')} of {len(trials)} could not be asked for in time"
        reasons = sorted(set(filter(None, silent)))
        if reasons:
            why += f" ({enumeration(reasons, 2)})"
        lost = "whether they exist, and whether their credentials are accepted"
        found.append(Gap("images in their registries", why, lost, _REGISTRY_STEPS))
    if lists_left_out:
        why = f"there was no time, or no room, for {plural(lists_left_out, 'more list', 'more lists')}"
        found.append(Gap("near tags", why, "tags that are near to a mistyped one", (3,)))
    return found


def of_secrets(checks: Iterable[CredentialCheck]) -> list[Gap]:
    """Return the gaps of Secrets that could not be read."""
    refused: dict[str, None] = {}
    broken: dict[str, str] = {}
    for one in checks:
        if one.state == FORBIDDEN and one.credential is not None:
            name = f"{one.credential.namespace}/{one.credential.secret}"
            if one.why.startswith("no right"):
                refused[name] = None
            else:
                broken[name] = one.why
    found = []
    lost = "whether they match the registry and are accepted; it was asked without them"
    if refused:
        why = f"no right to get {plural(len(refused), 'Secret')}: {enumeration(list(refused))}"
        found.append(Gap("credentials of the pull Secrets", why, lost, (4,)))
    if broken:
        name, reason = next(iter(broken.items()))
        why = f"{plural(len(broken), 'Secret')} could not be read: {name}: {reason}"
        found.append(Gap("credentials of the pull Secrets", why, lost, (4,)))
    return found


def of_other_secrets(why: str) -> Gap:
    """Return the gap of Secrets that no pod names."""
    return Gap("other pull Secrets that would fit", why, "whether a Secret that is there would do", (4,))
