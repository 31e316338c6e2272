# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every credential that matters for one image of a pod, in the kubelet's order, and why the others do not count."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import words
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import (
    DockerConfig,
    Entry,
    Malformed,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keyring import (
    CONFIG_FLAT,
    CONFIG_JSON,
    Kept,
    Keyring,
    config_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keys import normal_form
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.lifetime import (
    lifetime_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.nearest import (
    nearest,
    shown,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.pull import (
    Checked,
    PodPull,
    PullSecret,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    Login,
    ServiceAccountFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_LONGEST_NAME = 256
MOST_TOLD = 100
"""Credentials that are told of in order; a kubelet tries them all, and so many are no accident."""
MOST_SUGGESTED = 10
MISSING = "missing"
FORBIDDEN = "forbidden"


def check(
    pull: PodPull,
    found: Mapping[str, PullSecret | str],
    account: ServiceAccountFact | None,
    others: Sequence[PullSecret] = (),
    now: str = "",
) -> Checked:
    """Return what a kubelet does with the credentials for ``pull``.

    ``found`` holds, by name, the Secrets of the pod's namespace that the pod or its ServiceAccount names; instead of
    one that could not be read it has ``missing``, ``forbidden``, or why it could not be read. ``others`` are further
    Secrets that may fit, of this namespace or another; those that do are told. ``now`` decides what has expired.
    """
    try:
        repository = parse_image_ref(pull.image).name
    except ImageRefError as error:
        return Checked(blocked=str(error))
    return _Check(pull, repository, found, account, now or _utc_now()).run(others)


class _Check:
    def __init__(
        self,
        pull: PodPull,
        repository: str,
        found: Mapping[str, PullSecret | str],
        account: ServiceAccountFact | None,
        now: str,
    ) -> None:
        self._pull = pull
        self._repository = repository
        self._found = found
        self._account = account
        self._now = now
        self._keyring = Keyring()
        self._behind: list[CredentialCheck] = []
        self._configs: dict[str, DockerConfig] = {}
        self._spellings: Counter[tuple[str, bytes | None]] = Counter()
        self._candidates: list[Login] = []
        self._blocked = ""

    def run(self, others: Sequence[PullSecret]) -> Checked:
        """Add the pod's Secrets, look up, and look around."""
        for name in self._pull.pull_secrets:
            self._add(name)
        offered = self._keyring.lookup(self._repository)
        in_order = [self._offered(position, kept) for position, kept in enumerate(offered[:MOST_TOLD])]
        if self._blocked:
            in_order = [dataclasses.replace(one, state="blocked", position=None) for one in in_order]
        self._tell_unfit({kept.source for kept in offered})
        self._look_at_account()
        for secret in others:
            if len(self._candidates) < MOST_SUGGESTED:
                self._look_at_other(secret)
        self._behind.append(self._one("not_visible", why=words.node_sources(self._repository)))
        logins = () if self._blocked else tuple(self._login(kept) for kept in offered if _can_travel(kept))
        checks = (*in_order, *self._behind)
        return Checked(checks, logins, self._blocked, tuple(self._candidates))

    def _add(self, name: str) -> None:
        secret = self._found.get(name, MISSING) if name else None
        if secret is None:
            return
        if isinstance(secret, str):
            self._behind.append(self._unread(name, secret))
            return
        try:
            config = config_of(secret)
        except Malformed as error:
            why = words.malformed(error.key and shown(error.key), str(error))
            self._behind.append(self._one("malformed", secret, key=error.key, why=why))
            self._blocked = self._blocked or words.blocked(secret.namespace, secret.name, why)
            return
        if config is None:
            would_fit = fits(retyped(secret), self._pull.image)
            self._behind.append(self._one("wrong_type", secret, why=words.wrong_type(secret, would_fit)))
            return
        self._keyring.add(config, name)
        if name not in self._configs:
            self._configs[name] = config
            self._spellings.update((name, normal_form(entry.written)) for entry in config.entries)

    def _unread(self, name: str, state: str) -> CredentialCheck:
        ref = CredentialRef(self._pull.namespace, name)
        if state == MISSING:
            return self._of(MISSING, ref, why=words.NOT_THERE)
        why = words.NO_RIGHT if state == FORBIDDEN else printable(state)
        return self._of(FORBIDDEN, ref, why=why)

    def _secret(self, name: str) -> PullSecret:
        """Return a Secret that was read: what is kept of a keyring comes from no other."""
        secret = self._found[name]
        if not isinstance(secret, PullSecret):
            raise TypeError(f"Secret {name} was not read")
        return secret

    def _offered(self, position: int, kept: Kept) -> CredentialCheck:
        secret = self._secret(kept.source)
        lifetime = lifetime_of(kept.entry.username, kept.entry.password)
        remarks = words.remarks(
            kept.entry,
            kept.kept_elsewhere,
            several_spellings=self._spellings[kept.source, normal_form(kept.entry.written)] > 1,
        )
        return dataclasses.replace(
            self._of("offered", _ref(secret, kept.entry.written, kept.entry.username)),
            position=position,
            type=secret.type,
            why="; ".join((*remarks, *lifetime.remarks)),
            expires_at=lifetime.expires_at,
            expired=lifetime.expired(self._now),
        )

    def _login(self, kept: Kept) -> Login:
        secret = self._secret(kept.source)
        return _login(secret, kept.entry)

    def _tell_unfit(self, fitting: set[str]) -> None:
        for name, config in self._configs.items():
            if name in fitting:
                continue
            secret = self._secret(name)
            near = nearest(config.entries, self._repository)
            why = near.why if near else "the Secret has no entries"
            one = self._one("not_matching", secret, why=why)
            self._behind.append(
                dataclasses.replace(one, nearest_key=shown(near.entry.written) if near else "")
            )

    def _look_at_account(self) -> None:
        """Tell of Secrets that the ServiceAccount names and the pod does not: admission copies them, and only once."""
        account = self._account
        if account is None or account.state != "present":
            return
        for name in account.pull_secrets:
            if not name or name in self._pull.pull_secrets:
                continue
            state, why = words.not_copied(self._pull, account)
            secret = self._found.get(name, "")
            if isinstance(secret, PullSecret):
                self._tell_if_fit(state, secret, why)
            elif secret and secret != MISSING:
                self._behind.append(self._of(state, CredentialRef(self._pull.namespace, name), why=why))

    def _look_at_other(self, secret: PullSecret) -> None:
        here = secret.namespace == self._pull.namespace
        told = {*self._pull.pull_secrets, *(self._account.pull_secrets if self._account else ())}
        if here and secret.name in told:
            return
        if here:
            self._tell_if_fit("unlinked", secret, words.unlinked(self._pull))
        else:
            self._tell_if_fit("elsewhere", secret, words.elsewhere(self._pull, secret))

    def _tell_if_fit(self, state: str, secret: PullSecret, why: str) -> None:
        keyring = Keyring()
        try:
            config = config_of(secret)
        except Malformed:
            return
        keyring.add(config or DockerConfig(), secret.name)
        fitting = [kept for kept in keyring.lookup(self._repository) if not kept.entry.empty]
        if fitting:
            entry = fitting[0].entry
            if _can_travel(fitting[0]):
                self._candidates.append(_login(secret, entry))
            lifetime = lifetime_of(entry.username, entry.password)
            one = self._one(state, secret, key=entry.written, username=entry.username, why=why)
            self._behind.append(
                dataclasses.replace(one, expires_at=lifetime.expires_at, expired=lifetime.expired(self._now))
            )

    def _one(
        self,
        state: str,
        secret: PullSecret | None = None,
        *,
        key: str = "",
        username: str = "",
        why: str = "",
    ) -> CredentialCheck:
        if secret is None:
            return self._of(state, None, why=why)
        return dataclasses.replace(self._of(state, _ref(secret, key, username), why=why), type=secret.type)

    def _of(self, state: str, ref: CredentialRef | None, why: str = "") -> CredentialCheck:
        pull = self._pull
        return CredentialCheck(
            namespace=pull.namespace,
            image=pull.image,
            state=state,
            pull_secrets=pull.pull_secrets,
            service_account=pull.service_account,
            credential=ref,
            why=why,
        )


def retyped(secret: PullSecret) -> PullSecret:
    """Return ``secret`` with the type that the key of its value belongs to."""
    kind = next((kind for kind, key in (CONFIG_JSON, CONFIG_FLAT) if secret.data.get(key)), secret.type)
    return dataclasses.replace(secret, type=kind)


def fits(secret: PullSecret, image: str) -> bool:
    """Return whether ``secret`` alone would offer something other than an empty credential for ``image``."""
    try:
        config = config_of(secret)
        repository = parse_image_ref(image).name
    except (Malformed, ImageRefError):
        return False
    keyring = Keyring()
    keyring.add(config or DockerConfig(), secret.name)
    return any(not kept.entry.empty for kept in keyring.lookup(repository))


def _ref(secret: PullSecret, key: str, username: str) -> CredentialRef:
    return CredentialRef(secret.namespace, secret.name, shown(key), printable(username, _LONGEST_NAME))


def _login(secret: PullSecret, entry: Entry) -> Login:
    return Login(entry.username, entry.password, _ref(secret, entry.written, entry.username))


def _can_travel(kept: Kept) -> bool:
    """Return whether user name and password are UTF-8: a kubelet's message to the runtime takes nothing else."""
    return not any("\ud800" <= one <= "\udfff" for one in kept.entry.username + kept.entry.password)


def _utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
