# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes for the one credential that is wrong: its Secret, its entry, and nothing else that the Secret holds.

Passwords go through pipes and the environment of one command; none stands in an argument or in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    REVISIONED,
    as_json,
    command,
    kubectl,
    resource,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.clouds import (
    ecr_region,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    DOCKER_HUB,
    normal_host,
    registry_host,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    OFFERED,
    Outcome,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import CredentialCheck, Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SHOWN = 3
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKERCFG = "kubernetes.io/dockercfg"
_AUTH = """A="$(printf %s "$U:$P" | base64 | tr -d '[:space:]')\""""


def mend(case: Case) -> Iterator[Fix]:
    """Yield what puts the credential right that the registry's answers have shown to be wrong."""
    told: set[tuple[str, CredentialCheck]] = set()
    for member in case.members:
        outcome = member.outcome
        if outcome is None or outcome.result == Result.PULLS:
            continue
        for check in _concerned(outcome):
            key = (outcome.cause, check)
            if key in told or len(told) >= SHOWN:
                continue
            told.add(key)
            builder = _OFFERED.get(case.cause) if check.state == OFFERED else _BY_STATE.get(check.state)
            if builder is not None:
                yield from builder(case, check, outcome)


def wait_for_retry(case: Case) -> Iterator[Fix]:
    """See whether a pod that the registry would give its image to now gets it by itself."""
    for member in case.members:
        # What is wrong on its node hinders the next try as well.
        if member.seen is None and member.outcome is not None and member.outcome.result == Result.PULLS:
            failure = member.failure
            yield Fix(
                title=printable(
                    f"See first whether {failure.namespace}/{failure.pod} gets its image at its next try"
                ),
                command=kubectl(case.facts, "get", "pod", failure.pod, "-w", namespace=failure.namespace),
            )
            return


def _concerned(outcome: Outcome) -> list[CredentialCheck]:
    """The credential at fault and those that would do: first what is mended without a new password."""
    first = [outcome.check] if outcome.check is not None else []
    ways = [check for check in outcome.ways[:1] if check not in first]
    if first and first[0].state == OFFERED:
        return [*first, *outcome.alike, *ways]
    return ways + first


def _start_anew(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    """Pods take the secrets of their ServiceAccount when they are created, never later."""
    secret = _name(check)
    for workload in _workloads(case, check)[:1]:
        target = resource(workload.kind, workload.name)
        if target is not None and workload.kind in REVISIONED:
            yield Fix(
                title=printable(f"Create the pods of {workload.label} anew: then they get {secret}"),
                command=kubectl(case.facts, "rollout", "restart", target, namespace=workload.namespace),
                risk="medium",
            )
            continue
        bare = workload.kind == "Pod"
        how = "and create it again from its manifest" if bare else "its owner makes a new one"
        pod = workload.failures[0].pod
        yield Fix(
            title=printable(f"Delete pod {workload.namespace}/{pod}, {how}: then it gets {secret}"),
            command=kubectl(case.facts, "delete", "pod", pod, namespace=workload.namespace),
            risk="medium",
            reversible=not bare,
        )


def _late(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    """New pods get what the ServiceAccount names now, unless they have pull secrets of their own."""
    account = case.facts.accounts.get((check.namespace, check.service_account))
    now = set(account.pull_secrets) if account is not None else set()
    if check.credential is not None and check.pull_secrets and not set(check.pull_secrets) <= now:
        yield from _link_to_template(case, check, check.credential.secret)
    else:
        yield from _start_anew(case, check, outcome)


def _link(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    """Name the fitting Secret where the pods take theirs from: the template, or else the ServiceAccount."""
    ref = check.credential
    if ref is None:
        return
    account = case.facts.accounts.get((check.namespace, check.service_account))
    of_account = account.pull_secrets if account is not None else ()
    if check.pull_secrets and not set(check.pull_secrets) <= set(of_account):
        yield from _link_to_template(case, check, ref.secret)
        return
    change: dict[str, object] = {"op": "add", "path": "/imagePullSecrets", "value": [{"name": ref.secret}]}
    if of_account:
        change = {"op": "add", "path": "/imagePullSecrets/-", "value": {"name": ref.secret}}
    name = check.service_account or "default"
    patch = ("patch", "serviceaccount", name, "--type=json", "-p", as_json([change]))
    yield Fix(
        title=printable(f"Link Secret {ref.namespace}/{ref.secret}, which fits, to ServiceAccount {name}"),
        command=kubectl(case.facts, *patch, namespace=check.namespace),
    )
    yield from _start_anew(case, check, outcome)


def _link_to_template(case: Case, check: CredentialCheck, secret: str) -> Iterator[Fix]:
    for workload in _workloads(case, check)[:1]:
        target = resource(workload.kind, workload.name)
        if target is None or workload.kind not in REVISIONED:
            yield Fix(
                title=printable(f"Name Secret {secret}, which fits, in imagePullSecrets of {workload.label}")
            )
            continue
        change = {"op": "add", "path": "/spec/template/spec/imagePullSecrets/-", "value": {"name": secret}}
        patch = ("patch", target, "--type=json", "-p", as_json([change]))
        yield Fix(
            title=printable(f"Name Secret {secret}, which fits, in {workload.label}"),
            command=kubectl(case.facts, *patch, namespace=workload.namespace),
            risk="medium",
        )


def _copy(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    """Copy the Secret from the namespace where it stands; what it holds passes through a pipe only."""
    ref = check.credential
    if ref is None or ref.namespace == check.namespace:
        return
    read = kubectl(case.facts, "get", "secret", ref.secret, "-o", "json", namespace=ref.namespace)
    program = "{apiVersion, kind, type, data, metadata: {name: .metadata.name, namespace: $ns}}"
    moved = command("jq", "--arg", "ns", check.namespace, program)
    yield Fix(
        title=printable(f"Copy Secret {ref.namespace}/{ref.secret} into namespace {check.namespace}"),
        command=f"{read} | {moved} | {kubectl(case.facts, 'create', '-f', '-')}",
        risk="medium",
    )
    if ref.secret not in check.pull_secrets:
        yield from _link(case, check, outcome)


def _rekey(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    """Give the nearest entry the key that the kubelet looks for, or add an entry."""
    key = _wanted_key(check.image)
    if check.nearest_key and _same_host(check.nearest_key, check.image):
        names = ("--arg", "old", check.nearest_key, "--arg", "new", key)
        yield Fix(
            title=printable(f"In Secret {_name(check)}, give the entry {check.nearest_key} the key {key}"),
            command=_edited(case, check, f"{_entries(check)}[$new] = {_entries(check)}[$old]", names),
            risk="medium",
        )
    yield _from_prompt(case, check, key, f"Add an entry {key} to Secret {_name(check)}")


def _renew(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    ref = check.credential
    if ref is None or not ref.secret:
        return
    key = ref.key or _wanted_key(check.image)
    if outcome.public:
        yield Fix(
            title=printable(
                f"Remove the entry {key} from Secret {_name(check)}: the image is given without a login"
            ),
            command=_edited(case, check, f"del({_entries(check)}[$key])", ("--arg", "key", key)),
            risk="medium",
            reversible=False,
        )
    yield _from_prompt(case, check, key, f"Renew the entry {key} of Secret {_name(check)}")


def _grant(case: Case, check: CredentialCheck, outcome: Outcome) -> Iterator[Fix]:
    ref = check.credential
    who = f"user {ref.username}" if ref is not None and ref.username else "the account"
    where = f" (Secret {_name(check)}, key {ref.key})" if ref is not None and ref.secret else ""
    host, name = registry_host(check.image), repository_name(check.image)
    yield Fix(title=printable(f"At {host}: give {who}{where} the right to pull {name}"))
    if ref is not None and ref.secret:
        title = f"Or put an account that has the right into the entry {ref.key} of Secret {_name(check)}"
        yield _from_prompt(case, check, ref.key or _wanted_key(check.image), title)


def _from_prompt(case: Case, check: CredentialCheck, key: str, title: str) -> Fix:
    """A bash command that asks for the login and changes this entry alone."""
    region = ecr_region(registry_host(check.image))
    ask = "read -rp 'user: ' U && read -rsp 'password: ' P && echo"
    asks = "asks for user and password"
    if region:
        ask = f'U=AWS && P="$({command("aws", "ecr", "get-login-password", "--region", region)})"'
        asks = "takes a token from aws, which lasts 12 hours"
    change = f"{_entries(check)}[$key] = {{auth: env.A}}"
    edit = _edited(case, check, change, ("--arg", "key", key), before=f"{_AUTH} ")
    return Fix(
        title=printable(f"{title} ({asks}; other entries stay)"),
        command=f"{ask} && {edit}",
        risk="medium",
        reversible=False,
    )


def _edited(
    case: Case, check: CredentialCheck, change: str, arguments: tuple[str, ...], before: str = ""
) -> str:
    ref = check.credential
    namespace, name = (ref.namespace, ref.secret) if ref is not None else (check.namespace, "")
    read = kubectl(case.facts, "get", "secret", name, "-o", "json", namespace=namespace)
    field = ".dockercfg" if check.type == _DOCKERCFG else ".dockerconfigjson"
    program = f'.data["{field}"] |= (@base64d | fromjson | {change} | tojson | @base64)'
    write = kubectl(case.facts, "replace", "-f", "-")
    return f"{read} | {before}{command('jq', *arguments, program)} | {write}"


def _entries(check: CredentialCheck) -> str:
    return "." if check.type == _DOCKERCFG else ".auths"


def _wanted_key(image: str) -> str:
    host = registry_host(image)
    return _DOCKER_HUB_KEY if host == DOCKER_HUB else host


def _same_host(key: str, image: str) -> bool:
    """Tell whether a key is for the host of the image, but for its scheme, port or path: it may go there then."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return _bare(normal_host(host)) == _bare(normal_host(registry_host(image)))


def _bare(host: str) -> str:
    return host.partition(":")[0]


def _name(check: CredentialCheck) -> str:
    ref = check.credential
    return f"{ref.namespace}/{ref.secret}" if ref is not None else "the Secret"


def _workloads(case: Case, check: CredentialCheck) -> list[Workload]:
    """The workloads of this case that pull with these very secrets."""
    return [
        workload
        for workload in case.workloads
        if workload.namespace == check.namespace
        and any(
            failure.pull_secrets == check.pull_secrets
            and (failure.service_account or "default") == (check.service_account or "default")
            for failure in workload.failures
        )
    ]


_BY_STATE: dict[str, Callable[[Case, CredentialCheck, Outcome], Iterator[Fix]]] = {
    "linked_late": _late,
    "unlinked": _link,
    "elsewhere": _copy,
    "not_matching": _rekey,
}
_OFFERED: dict[Cause, Callable[[Case, CredentialCheck, Outcome], Iterator[Fix]]] = {
    Cause.AUTH_INVALID: _renew,
    Cause.AUTH_FORBIDDEN: _grant,
    Cause.AUTH_MISSING: _renew,
}
