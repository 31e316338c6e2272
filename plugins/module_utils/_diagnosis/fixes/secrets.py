# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes that give a workload a credential. No password ever stands in an argument or in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    REVISIONED,
    Shell,
    as_json,
    kubectl,
    quoted,
    resource,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    DOCKER_HUB,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SHOWN = 3
# The only key under which a credential for Docker Hub is found besides `docker.io` itself.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_FROM_PIPE = ("-f", "-")
_TYPE = "kubernetes.io/dockerconfigjson"
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def create_secret(case: Case) -> Iterator[Fix]:
    """Create the pull secrets that are absent; make those of the wrong type anew."""
    for label in case.secrets[:SHOWN]:
        namespace, _slash, name = label.partition("/")
        fact = case.facts.secrets.get((namespace, name))
        if fact is not None and fact.state == "present":
            yield _replaced(case, namespace, name)
        else:
            yield Fix(
                title=printable(f"Create pull secret {label} (asks for user and password)"),
                command=_from_prompt(case, namespace, name),
            )


def renew_secret(case: Case) -> Iterator[Fix]:
    """Look which registries a secret is for, then replace what it holds."""
    if case.entry_is_known:
        return
    for label in case.secrets[:SHOWN]:
        namespace, _slash, name = label.partition("/")
        yield show_registries(case, namespace, name)
        yield _replaced(case, namespace, name)


def check_secret(case: Case) -> Iterator[Fix]:
    """Look for which registries the offered secrets hold a credential."""
    if case.entry_is_known:
        return
    for label in case.secrets[:SHOWN]:
        namespace, _slash, name = label.partition("/")
        yield show_registries(case, namespace, name)


def show_registries(case: Case, namespace: str, name: str) -> Fix:
    """Show for which registries a secret holds a credential, without showing any."""
    read = kubectl(
        case.facts, "get", "secret", name, "-o", r"jsonpath={.data.\.dockerconfigjson}", namespace=namespace
    )
    return Fix(
        title=printable(f"See for which registries {namespace}/{name} is (shows no password)"),
        command=f"{read} | base64 -d | jq '.auths | keys'",
    )


def add_secret(case: Case) -> Iterator[Fix]:
    """Create a pull secret for the registry where pods name none, link it to their ServiceAccount, start them anew."""
    bare = [w for w in case.workloads if any(not failure.pull_secrets for failure in w.failures)]
    late = [workload for workload in bare if _is_linked_late(case, workload)]
    for workload in late[:SHOWN]:
        yield from _start_anew([workload], case, "Create the pods of {} anew: then they get the secret")
    rest = [workload for workload in bare if workload not in late]
    for namespace in list(dict.fromkeys(workload.namespace for workload in rest))[:SHOWN]:
        workloads = [workload for workload in rest if workload.namespace == namespace]
        yield from _new_secret(case, namespace, workloads)
        yield from _start_anew(
            workloads, case, "Then create the pods of {} anew, so that they get the secret"
        )


def if_private(case: Case) -> Iterator[Fix]:
    """What to do in case the repository is there and wants a login: look at the secrets, or create one."""
    yield from check_secret(case)
    misspelt = any(registry_host(s.image) == registry_host(s.instead_of) for s in case.suggestions if s.image)
    if not case.secrets and not misspelt:
        for namespace in case.namespaces[:SHOWN]:
            workloads = [workload for workload in case.workloads if workload.namespace == namespace]
            for fix in _new_secret(case, namespace, workloads):
                yield replace(
                    fix, title=f"If the repository is private: {fix.title[0].lower()}{fix.title[1:]}"
                )


def offer_login(case: Case) -> Iterator[Fix]:
    """Create and link a pull secret for a registry that gives more to those who log in; nothing is started anew."""
    for namespace in case.namespaces[:SHOWN]:
        workloads = [workload for workload in case.workloads if workload.namespace == namespace]
        yield from _new_secret(case, namespace, workloads)


def _new_secret(case: Case, namespace: str, workloads: list[Workload]) -> Iterator[Fix]:
    host = (case.registries or case.hosts or ("",))[0]
    if not host:
        return
    name = secret_name(host)
    yield Fix(
        title=printable(
            f"Create a pull secret for {host} in namespace {namespace} (asks for user and password)"
        ),
        command=_from_prompt(case, namespace, name),
    )
    for account in sorted({failure.service_account for w in workloads for failure in w.failures})[:1]:
        yield from _link(case, namespace, account or "default", name)


def secret_name(host: str) -> str:
    """Return a name for a new pull secret for ``host``: ``pull-registry-example-com``."""
    return ("pull-" + _NOT_IN_A_NAME.sub("-", host.lower()).strip("-"))[:63].rstrip("-")


def _link(case: Case, namespace: str, account: str, name: str) -> Iterator[Fix]:
    """Append to the ServiceAccount's list; a merge patch would put the new list in the place of the old one."""
    fact = case.facts.accounts.get((namespace, account))
    if fact is None or fact.state != "present":
        return
    change: dict[str, object] = {"op": "add", "path": "/imagePullSecrets", "value": [{"name": name}]}
    if fact.pull_secrets:
        change = {"op": "add", "path": "/imagePullSecrets/-", "value": {"name": name}}
    yield Fix(
        title=printable(
            f"Link it to ServiceAccount {namespace}/{account} (pods created from then on get it)"
        ),
        command=kubectl(
            case.facts,
            "patch",
            "serviceaccount",
            account,
            "--type=json",
            "-p",
            as_json([change]),
            namespace=namespace,
        ),
    )


def _is_linked_late(case: Case, workload: Workload) -> bool:
    """Tell whether the ServiceAccount has got a pull secret after these pods were created."""
    accounts = {(workload.namespace, failure.service_account) for failure in workload.failures}
    return any((fact := case.facts.accounts.get(key)) is not None and fact.pull_secrets for key in accounts)


def _start_anew(workloads: list[Workload], case: Case, title: str) -> Iterator[Fix]:
    """Pods take the secrets of their ServiceAccount when they are created, never later."""
    for workload in workloads[:1]:
        target = resource(workload.kind, workload.name)
        if target is not None and workload.kind in REVISIONED:
            yield Fix(
                title=printable(title.format(workload.label)),
                command=kubectl(case.facts, "rollout", "restart", target, namespace=workload.namespace),
                risk="medium",
            )


def _replaced(case: Case, namespace: str, name: str) -> Fix:
    fact = case.facts.secrets.get((namespace, name))
    anew = fact is not None and fact.type not in (None, "", _TYPE)
    into = ("replace", "--force") if anew else ("apply", "--server-side", "--force-conflicts")
    why = "its type cannot be changed" if anew else "this replaces all that it holds"
    create = _from_prompt(case, namespace, name, "--dry-run=client", "-o", "yaml")
    return Fix(
        title=printable(f"Make pull secret {namespace}/{name} anew ({why}; asks for user and password)"),
        command=f"{create} | {kubectl(case.facts, *into, *_FROM_PIPE)}",
        risk="medium",
        reversible=False,
    )


def _from_prompt(case: Case, namespace: str, name: str, *more: str) -> str:
    """A bash command that asks, and hands the answer on by a pipe: printf is built in, so no process list shows it."""
    host = (case.registries or case.hosts or ("",))[0]
    key = Shell('"${REGISTRY:?set REGISTRY to the host of the registry}"')
    if host:
        key = Shell(quoted(_DOCKER_HUB_KEY if host == DOCKER_HUB else host))
    create = kubectl(
        case.facts,
        "create",
        "secret",
        "generic",
        name,
        f"--type={_TYPE}",
        "--from-file=.dockerconfigjson=/dev/stdin",
        *more,
        namespace=namespace,
    )
    return (
        "read -rp 'user: ' U && read -rsp 'password: ' P && echo && "
        f"""printf '{{ "auths": {{ "%s": {{ "auth": "%s" }} }} }}' {key} """
        f"""\"$(printf %s "$U:$P" | base64 | tr -d '[:space:]')\" | {create}"""
    )
