# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of the credential check."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import Entry
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keyring import (
    CONFIG_FLAT,
    CONFIG_JSON,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.pull import (
    PodPull,
    PullSecret,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ServiceAccountFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

NOT_THERE = "no such Secret in the namespace; kubelets pass it over and pull without it"
NO_RIGHT = "no right to read it"

_PROVIDERS = (
    (".dkr.ecr.", "ecr-credential-provider"),
    ("public.ecr.aws/", "ecr-credential-provider"),
    (".pkg.dev/", "gcp-credential-provider"),
    ("gcr.io/", "gcp-credential-provider"),
    (".azurecr.", "acr-credential-provider"),
)


def node_sources(repository: str) -> str:
    """Return what may follow behind the pull Secrets and cannot be seen through the API."""
    usual = next((name for part, name in _PROVIDERS if part in repository), "")
    plugin = f" (for this registry usually {usual})" if usual else ""
    return f"the node's own config.json and its credential provider plugins{plugin} are tried after the pull Secrets"


def malformed(key: str, error: str) -> str:
    """Return what is wrong with a Secret; ``key`` is empty where it is the whole."""
    return f'the entry "{key}" is broken: {error}' if key else f"its content is broken: {error}"


def blocked(namespace: str, name: str, why: str) -> str:
    """Return why nothing is pulled."""
    return f"Secret {namespace}/{name}: {why}; kubelets try nothing else then, not even other credentials"


def wrong_type(secret: PullSecret, would_fit: bool) -> str:
    """Return why a kubelet passes a Secret over, and whether what it holds would fit the image."""
    for kind, key in (CONFIG_JSON, CONFIG_FLAT):
        if secret.type == kind:
            what = "an empty" if key in secret.data else "no"
            return f"it has {what} value under {key}; kubelets pass it over"
    kind, key = CONFIG_JSON
    hint = "; what it holds would fit" if would_fit else ""
    return (
        f"type {printable(secret.type or '(none)', 100)}: kubelets take {kind} with the key {key} only{hint}"
    )


def remarks(entry: Entry, kept_elsewhere: bool, *, several_spellings: bool) -> tuple[str, ...]:
    """Return what is odd about an entry that is offered."""
    found = []
    if entry.empty:
        found.append("the entry is empty, and still counts: the pull goes without credentials")
        if kept_elsewhere:
            found.append("docker keeps its password in a credential store, where a Secret has no access")
        found += [f"kubelets ignore its {name}" for name in entry.tokens]
    elif not entry.username:
        found.append("the user name is empty: containerd drops the password and asks anonymously")
    elif not entry.password:
        found.append("the password is empty")
    if several_spellings:
        found.append("the Secret spells this key in several ways: kubelets try those in any order")
    return tuple(found)


def not_copied(pull: PodPull, account: ServiceAccountFact) -> tuple[str, str]:
    """Return state and reason of a Secret that the ServiceAccount names and the pod does not."""
    name = f"ServiceAccount {account.name}"
    if pull.pull_secrets:
        why = f"named by {name}, but a pod with pull Secrets of its own gets none from it"
        late = bool(pull.created_at and account.changed_at and account.changed_at > pull.created_at)
        if late:
            return "linked_late", f"{why}, and the pod was made before {name} was last changed"
        return "unlinked", why
    why = f"{name} names it now, but gives its Secrets to a pod only when that is made; make the pod anew"
    return "linked_late", why


def unlinked(pull: PodPull) -> str:
    """Return why a fitting Secret of the same namespace does not count."""
    account = f"ServiceAccount {pull.service_account}" if pull.service_account else "its ServiceAccount"
    return f"it fits, but neither the pod nor {account} names it"


def elsewhere(pull: PodPull, secret: PullSecret) -> str:
    """Return why a fitting Secret of another namespace does not count."""
    same = " has this name and" if secret.name in pull.pull_secrets else ""
    return f"the Secret of namespace {secret.namespace}{same} fits, but pods use Secrets of their own namespace only"
