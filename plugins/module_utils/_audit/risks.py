# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What about an image may go wrong tomorrow; each kind of risk is one small function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.inventory import Running
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.registries import shut_down
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import seconds_between
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import parse_image_ref
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix, RegistryAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.outcome import (
    DENIALS,
    FAILED,
    FOUND,
    Outcome,
    name_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural

HUB = "docker.io"
HUB_LIMIT = 100
"""Pulls without a login that Docker Hub grants an IPv4 address in six hours, where its headers do not say
(docs.docker.com, "Pulls")."""
_DAY = 86_400
_GONE = ("tag_not_found", "repository_not_found")
_CREDENTIAL = (*DENIALS, "secret_missing")


@dataclass(slots=True)
class Use:
    """One image as one kind of pod asks for it: who runs it, and what comes of a pull.

    ``nodes`` are known to hold it; ``unclear`` counts those whose kubelet does not report all of its images.
    """

    image: str
    containers: list[Running]
    outcome: Outcome
    nodes: int = 0
    unclear: int = 0

    @property
    def never_pulled(self) -> bool:
        """Whether the policy of all containers forbids to pull it."""
        return all(one.policy == "Never" for one in self.containers)


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing that may go wrong. ``subject`` tells it from others of its kind; uses of the same are one finding."""

    risk: str
    cause: str
    subject: str
    confidence: str
    title: str
    summary: str
    uses: tuple[Use, ...] = field(compare=False, repr=False)
    fixes: tuple[Fix, ...] = ()
    by: str | None = None
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How far ahead is looked: ``days`` before a certificate, ``credential_days`` before a credential ends."""

    now: str
    days: int = 30
    credential_days: int = 7


def risks_of(use: Use, cluster_nodes: int, limits: Limits) -> Iterator[Risk]:
    """Give the risks of one use of an image, apart from those that many images share."""
    found = parse_image_ref(use.image)
    if use.outcome.state == FAILED and not use.never_pulled:
        yield _not_pullable(use)
    if use.nodes == 1 and cluster_nodes > 1 and _only_cached(use):
        yield _cached(use, cluster_nodes)
    if use.outcome.state == FOUND and use.outcome.answer is not None:
        if not found.digest:
            yield from _moved(use, use.outcome.answer)
        yield from _expiring_credentials(use, limits)
    known = shut_down(found.registry)
    if known is not None:
        yield Risk(
            "registry_shut_down",
            "repository_not_found",
            found.registry,
            "likely" if use.outcome.state == FAILED else "possible",
            f"Images from {found.registry}, which is shut down",
            f"{found.registry}, since {known.since}: {known.what}",
            (use,),
            (Fix(f"Take the image from {known.instead}, or copy it into a registry of your own"),),
            hosts=(found.registry,),
        )


def _not_pullable(use: Use) -> Risk:
    cause = use.outcome.cause or "unknown"
    risk = (
        "image_gone" if cause in _GONE else "credential_invalid" if cause in _CREDENTIAL else "not_pullable"
    )
    what = {
        "image_gone": f"Image gone: {use.image}",
        "credential_invalid": f"No valid credential for {use.image}",
    }.get(risk, f"Cannot be pulled any more: {use.image}")
    subject = f"{use.image} {' '.join(use.outcome.secrets)}"
    fixes = {
        "image_gone": (
            Fix("Push the image again while a node still holds it, or move the workload to one that exists"),
        ),
        "credential_invalid": (
            Fix("Renew the pull Secret, before a pod is scheduled to a node without the image"),
        ),
    }.get(risk, ())
    return Risk(
        risk,
        cause,
        subject,
        use.outcome.confidence or "likely",
        what,
        use.outcome.summary,
        (use,),
        fixes,
        hosts=_host(use),
        secrets=use.outcome.secrets,
    )


def _host(use: Use) -> tuple[str, ...]:
    host = parse_image_ref(use.image).registry
    return (host,) if host else ()


def _only_cached(use: Use) -> bool:
    return use.outcome.state == FAILED or use.never_pulled


def _cached(use: Use, cluster_nodes: int) -> Risk:
    names = sorted({one.node for one in use.containers if one.node})
    where = names[0] if names else "one node"
    never = use.never_pulled
    why = "its policy is Never" if never else use.outcome.summary
    sure = (use.outcome.state == FAILED or never) and not use.unclear
    besides = (
        f" (and perhaps {plural(use.unclear, 'node')} more: not all images are reported)"
        if use.unclear
        else ""
    )
    return Risk(
        "cached_on_one_node",
        "never_policy" if never else (use.outcome.cause or "unknown"),
        use.image,
        "confirmed" if sure else "likely",
        f"On one node only: {use.image}",
        f"of {cluster_nodes} nodes only {where} holds it{besides}, and no other can get it: {why}",
        (use,),
        (Fix(f"Push the image to a registry while {where} still holds it, or load it onto every node"),),
        hosts=_host(use),
    )


def _moved(use: Use, answer: RegistryAnswer) -> Iterator[Risk]:
    """A running digest that is neither what the tag stands for now nor an image of that index."""
    if not answer.digest:
        return
    now = {answer.digest, *answer.children}
    other = sorted({one.digest for one in use.containers if one.digest and one.digest not in now})
    is_index = "index" in answer.media_type or "list" in answer.media_type
    if not other or (is_index and not answer.children):
        return
    yield Risk(
        "tag_moved",
        "digest_mismatch",
        use.image,
        "confirmed",
        f"Tag moved: {use.image}",
        f"what runs is {', '.join(one[:19] for one in other)}, and the tag now stands for {answer.digest[:19]}: "
        "the next pull brings other content",
        (use,),
        (
            Fix(
                f"Pin the digest that runs, {parse_image_ref(use.image).name}@{other[0]}, or roll out what is new"
            ),
        ),
        hosts=_host(use),
    )


def _expiring_credentials(use: Use, limits: Limits) -> Iterator[Risk]:
    for check in use.outcome.checks:
        if check.state != "offered" or not check.expires_at or check.credential != use.outcome.credential:
            continue
        left = seconds_between(limits.now, check.expires_at)
        if left is None or left > limits.credential_days * _DAY:
            continue
        yield Risk(
            "credential_expiring",
            "auth_invalid",
            name_of(check),
            "likely",
            f"Credential about to expire: Secret {name_of(check)}",
            f"it expires at {check.expires_at}, in {_span(left)}",
            (use,),
            (Fix("Renew it, or see to it that what renews it works"),),
            by=check.expires_at,
            secrets=(name_of(check),),
        )


def _span(seconds: int) -> str:
    if seconds < 2 * _DAY:
        return plural(max(seconds // 3600, 0), "hour")
    return plural(seconds // _DAY, "day")


def certificate_risks(uses: Sequence[Use], limits: Limits) -> Iterator[Risk]:
    """Give one risk for each host whose certificate ends soon."""
    hosts: dict[str, tuple[str, list[Use]]] = {}
    for use in uses:
        for answer in use.outcome.answers:
            fact = answer.certificate
            if fact is not None and fact.not_after and answer.cause != "tls_expired":
                hosts.setdefault(fact.host, (fact.not_after, []))[1].append(use)
    for host, (not_after, members) in sorted(hosts.items()):
        left = seconds_between(limits.now, not_after)
        if left is None or left > limits.days * _DAY:
            continue
        yield Risk(
            "certificate_expiring",
            "tls_expired",
            host,
            "likely",
            f"Certificate of {host} about to expire",
            f"it is valid until {not_after}, for {_span(max(left, 0))} more",
            tuple(members),
            (Fix(f"Renew the certificate of {host}, or ask who runs it"),),
            by=not_after,
            hosts=(host,),
        )


def hub_risks(uses: Sequence[Use]) -> Iterator[Risk]:
    """Set the anonymous pulls from Docker Hub against its limit, as if every node had to pull what it holds again."""
    anonymous = [
        use
        for use in uses
        if use.outcome.state == FOUND
        and use.outcome.credential is None
        and use.outcome.answer is not None
        and use.outcome.answer.registry == HUB
    ]
    pairs = {(one.node, use.image) for use in anonymous for one in use.containers if one.node}
    told = [use.outcome.answer.rate_limit for use in anonymous if use.outcome.answer is not None]
    limit = next((one.limit for one in told if one is not None and one.limit), HUB_LIMIT)
    if len(pairs) * 2 <= limit:
        return
    nodes = len({node for node, _image in pairs})
    images = len({image for _node, image in pairs})
    over = len(pairs) > limit
    yield Risk(
        "rate_limit",
        "rate_limited",
        HUB,
        "likely" if over else "possible",
        f"Docker Hub without a login on {plural(nodes, 'node')}",
        f"{plural(nodes, 'node')} would pull {plural(images, 'image')} from Docker Hub without a login, {len(pairs)} "
        f"pulls together, and an address is granted {limit} in six hours: nodes behind one address share them",
        tuple(anonymous),
        (Fix("Add a pull Secret for Docker Hub, or a pull-through cache"),),
        hosts=(HUB,),
    )
