# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries answered, and which credentials a kubelet would offer them; never a password."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.record import Record


@dataclass(frozen=True, slots=True)
class CredentialRef(Record):
    """Where a credential stands, and whom it names.

    ``key`` is the entry of the Secret as written there (``https://index.docker.io/v1/``). ``namespace`` and
    ``secret`` are empty for a credential that was given as an option.
    """

    namespace: str = ""
    secret: str = ""
    key: str = ""
    username: str = ""


@dataclass(frozen=True, slots=True)
class Challenge(Record):
    """What a registry asks for in ``WWW-Authenticate`` (RFC 7235, distribution's token authentication)."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Platform(Record):
    """A platform of an image, as its index or configuration names it."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFact(Record):
    """The certificate that a host showed; times as Kubernetes prints them."""

    host: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: str | None = None
    not_after: str | None = None
    trusted: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit(Record):
    """A registry's pull limit as its headers tell it; ``resets_at`` is null where nothing says when."""

    limit: int | None = None
    remaining: int | None = None
    window_seconds: int | None = None
    source: str = ""
    resets_at: str | None = None


@dataclass(frozen=True, slots=True)
class HostSeen(Record):
    """A host that a pull of this image touches.

    ``role`` is ``registry``, ``token``, ``blob``, ``mirror`` or ``proxy``.
    """

    role: str
    host: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryAnswer(Record):
    """What came of asking for one image with one credential (null: anonymously), from one vantage.

    ``outcome`` is ``found``, ``failed``, or ``not_asked`` (``text`` says why). ``hop`` is where it failed: ``dns``,
    ``tcp``, ``tls``, ``proxy``, ``registry``, ``token``, ``manifest``, ``blob``; empty when it did not. ``cause`` is
    one of the contract's causes; ``certain`` says that the answer admits no other, else ``alternatives`` names the
    others, and ``settle_by`` what would tell them apart. ``credential_accepted`` is what is known of the credential
    itself, apart from this repository. ``repository_exists`` is null where the registry does not say.
    ``registry_kind`` is the product behind the host (``docker_hub``, ``ecr`` …, ``distribution``, ``unknown``).
    ``children`` are the digests of the images in an index. ``size_bytes`` is the compressed size of the layers for
    ``platform``; the clock difference is the registry's minus ours, in seconds.
    """

    image: str
    registry: str
    repository: str
    vantage: str
    at: str
    outcome: str
    tag: str = ""
    credential: CredentialRef | None = None
    endpoint: str = ""
    registry_kind: str = "unknown"
    hop: str = ""
    cause: str = ""
    certain: bool = False
    alternatives: tuple[str, ...] = ()
    settle_by: str = ""
    status: int | None = None
    code: str = ""
    text: str = ""
    token_status: int | None = None
    token_text: str = ""
    challenge: Challenge | None = None
    credential_accepted: bool | None = None
    repository_exists: bool | None = None
    digest: str = ""
    media_type: str = ""
    platforms: tuple[Platform, ...] = ()
    children: tuple[str, ...] = ()
    size_bytes: int | None = None
    certificate: CertificateFact | None = None
    clock_difference: int | None = None
    rate_limit: RateLimit | None = None
    hosts: tuple[HostSeen, ...] = ()
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TagList(Record):
    """Tags of a repository that are near to the one asked for, nearest first; ``total`` counts those that were read.

    ``complete`` is false where the list was longer than what was read of it. ``near_repositories`` are names near
    to ``repository`` that the registry's catalogue holds.
    """

    registry: str
    repository: str
    asked_for: str
    near: tuple[str, ...] = ()
    total: int = 0
    complete: bool = True
    near_repositories: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class CredentialCheck(Record):
    """One credential, or one that is missing, that matters for an image in a namespace: what a kubelet does with it.

    The records of one (namespace, pull_secrets, service_account, image) stand in the order in which the kubelet
    would try them (``position`` from 0), those that it would not try behind (``position`` null).

    ``state`` is ``offered``; or why it is not: ``not_matching`` (``nearest_key`` and ``why`` say what is off),
    ``malformed`` (from ``why``; nothing is pulled at all then), ``blocked`` (would be offered, were it not for a
    malformed Secret beside it), ``wrong_type``, ``missing``, ``forbidden`` (we
    may not read it), ``unlinked`` (fits, but neither the pod nor, when the pod was created, its ServiceAccount names
    it), ``linked_late`` (the ServiceAccount names it now, the pod was created before), ``elsewhere`` (a Secret of
    that name, or one that fits, in the namespace ``credential.namespace``), ``not_visible`` (node files and provider
    plugins). ``expires_at`` is read from the credential itself where it tells (a JWT's ``exp``, ECR's token).
    """

    namespace: str
    image: str
    state: str
    pull_secrets: tuple[str, ...] = ()
    service_account: str = ""
    position: int | None = None
    credential: CredentialRef | None = None
    type: str = ""
    why: str = ""
    nearest_key: str = ""
    expires_at: str | None = None
    expired: bool = False
