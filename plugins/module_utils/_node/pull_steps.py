# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pull step by step: look, ask the registry what credential it wants, pull. Each step is a round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Challenge, Gap, PullTrial
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import (
    pull_ctr,
    pull_others,
    pull_script,
    pull_survey,
    pull_trial,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    PullWish,
    Survey,
    choose_client,
    obstacle,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_hosts import (
    PrivateHosts,
    private_hosts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_script import ClientScript

Ask = Callable[[Sequence[Job], float], Answer]
"""Runs jobs on the node within so many seconds."""

AS_KUBELET_WARNING = (
    "pulled into the kubelet's own store: the pod may start by it, the registry counts it, and from Kubernetes 1.35 on "
    "the image counts as preloaded, which any pod may use without a credential"
)
INLINE_WARNING = (
    "the runtime's configuration has registries in its own file (registry.mirrors, registry.configs), which its client "
    "does not read: mirrors and certificates from there were not used"
)
ORIGIN_WARNING = (
    "no endpoint is the registry itself, and nobody else is handed the credential: pulled without it"
)


@dataclass(slots=True)
class Done:
    """What came of it. ``answer`` is the node's last one, ``endpoints`` the hosts that are tried for each image."""

    answer: Answer
    trials: list[PullTrial] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    endpoints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0


def pull(ask: Ask, node: str, wishes: Sequence[PullWish], *, check_mode: bool = False) -> Done:
    """Pull ``wishes`` on the node, one after the other. With ``check_mode`` only look and say what would be done."""
    answer = ask(pull_survey.jobs(wishes), pull_survey.SECONDS)
    done = Done(answer, seconds=answer.seconds)
    survey = pull_survey.read(answer, wishes)
    for wish in wishes:
        if not done.answer.reached:
            why = f"the node was not reached: {done.answer.why}"
            done.trials.append(pull_trial.not_tried(node, wish, why))
        else:
            done.trials.append(_one(ask, node, wish, survey, done, check_mode))
    done.gaps += [_gap(trial) for trial in done.trials if trial.outcome == pull_trial.NOT_TRIED]
    return done


def _gap(trial: PullTrial) -> Gap:
    lost = "whether the node's own runtime gets the image"
    return Gap(f"{trial.node}: the manual pull of {trial.image}", trial.text, lost, (9,))


def _one(ask: Ask, node: str, wish: PullWish, survey: Survey, done: Done, check_mode: bool) -> PullTrial:
    job = done.answer.job("pull_survey")
    if not survey.runtime and not survey.tools and job.trouble:
        return pull_trial.not_tried(node, wish, job.trouble)
    client, why = choose_client(wish, survey)
    store = pull_trial.store_of(client, wish, survey) if client else ""
    why = why or obstacle(wish, survey, client)
    if why:
        return pull_trial.not_tried(node, wish, why, client, store)
    hosts = _hosts(wish, survey, client)
    if hosts:
        done.endpoints[wish.image] = hosts.endpoints
    if check_mode:
        return pull_trial.not_tried(node, wish, _would(wish, client, store, hosts), client, store)
    challenge = _challenge(ask, wish, hosts, done) if client == "ctr" and wish.login else None
    _warn(wish, survey, client, hosts, done)
    script = _script(wish, survey, client, hosts, challenge)
    answer = ask([pull_script.job(script, wish.seconds)], pull_script.deadline_of(wish.seconds))
    done.answer = answer
    done.seconds += answer.seconds
    offered = wish.login.ref if wish.login and (client != "ctr" or challenge) else None
    return pull_trial.trial(node, wish, survey, client, answer, offered)


def _hosts(wish: PullWish, survey: Survey, client: str) -> PrivateHosts | None:
    if client not in ("ctr", "nerdctl"):
        return None
    return private_hosts(wish.registry, survey.folders.get(wish.image), survey.major)


def _challenge(ask: Ask, wish: PullWish, hosts: PrivateHosts | None, done: Done) -> Challenge | None:
    """Ask the registry. Where it wants nothing, or cannot be reached, the pull itself goes without a credential too."""
    if hosts is None or hosts.origin is None:
        return None
    answer = ask([pull_ctr.challenge_job(wish, hosts.origin)], pull_ctr.CHALLENGE_SECONDS + 2)
    done.seconds += answer.seconds
    return pull_ctr.read_challenge(answer)


def _warn(wish: PullWish, survey: Survey, client: str, hosts: PrivateHosts | None, done: Done) -> None:
    found = []
    if wish.as_kubelet:
        found.append(AS_KUBELET_WARNING)
    if client in ("ctr", "nerdctl") and survey.inline_registries:
        found.append(INLINE_WARNING)
    if client == "ctr" and wish.login and hosts and hosts.origin is None:
        found.append(ORIGIN_WARNING)
    done.warnings += [one for one in found if one not in done.warnings]


def _script(
    wish: PullWish, survey: Survey, client: str, hosts: PrivateHosts | None, challenge: Challenge | None
) -> ClientScript:
    if client == "ctr":
        return pull_ctr.script(wish, survey, hosts, challenge)
    others = {
        "docker": pull_others.docker,
        "nerdctl": pull_others.nerdctl,
        "podman": pull_others.podman,
        "crictl": pull_others.crictl,
    }
    return others[client](wish, survey)


def _would(wish: PullWish, client: str, store: str, hosts: PrivateHosts | None) -> str:
    words = f"check mode: {client} would pull {wish.ref.canonical} into {store}"
    if wish.platform:
        words += f" for {wish.platform}"
    if hosts:
        words += f", from {', then '.join(hosts.endpoints)}"
    words += f", with the credential of {wish.login.username}" if wish.login else ", without a credential"
    after = "stay there" if wish.keep or wish.as_kubelet else "be removed again"
    return f"{words}, within {wish.seconds:g} s; what it fetches would {after}"
