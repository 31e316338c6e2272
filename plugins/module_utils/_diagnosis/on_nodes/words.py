# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's logs and a pull by hand say about one image: words, classified as the kubelet's are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Cause,
    Classification,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.clouds import (
    nodes_log_in,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    normal_host,
    registry_host,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.moments import (
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.disk import size
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    clean,
    seen,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Evidence,
    LogLine,
    PullTrial,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

Read = Callable[[str], Classification]
_KUBELET = "kubelet"
_SANDBOX = "sandbox"
_AT_SOCKET = re.compile(
    r"failed to dial \"|cannot access containerd socket|connect to the docker daemon|validate service connection|"
    r"dial unix (?:/var)?/run/(?:(?:k3s/)?containerd/containerd|docker|cri-dockerd|crio/crio)\.sock",
    re.IGNORECASE,
)
"""How ctr, nerdctl, docker and crictl say that they cannot talk to the runtime."""
_TRIED_AGAIN = 1800.0
"""Seconds; the kubelet waits five minutes at most between two tries, and a pull may take a while."""
_HOST_TRIED = "trying next host"


@dataclass(frozen=True, slots=True)
class Words:
    """What a node's own texts say of one image, and the evidence for it."""

    classification: Classification
    evidence: Evidence
    host: str = ""


def newest_words(
    view: NodeView, image: str, read: Read, *, sandbox: bool = False, after: str = ""
) -> Words | None:
    """Return the newest log line about this image that names a cause; None where no line does.

    ``sandbox``: lines on the sandbox image count, whatever it is called. Lines from before ``after``, when the pull
    began that goes on, do not; without one, nor those of a fault that is over: who tries again and again says so each
    time.
    """
    lines = [
        line
        for line in view.log_lines
        if (line.image and _is_about(line, image)) or (sandbox and _SANDBOX in line.text.lower())
    ]
    for line in sorted(lines, key=lambda line: (line.at or "", line.text), reverse=True):
        if (line.at or "") < after if after else _is_old(view, line):
            continue
        said = read(line.text)
        if said.cause not in (Cause.UNKNOWN, Cause.CREDENTIAL_PROVIDER_FAILURE):
            return Words(said, _line(view, line, image), _host(said, image))
    return None


def lines_about(view: NodeView, image: str) -> list[LogLine]:
    """Return the lines of the log that name this image."""
    return [line for line in view.log_lines if line.image and _is_about(line, image)]


def provider_words(view: NodeView, image: str, read: Read) -> Words | None:
    """Return the kubelet's newest line on a credential provider that fails for this image, or for any.

    A kubelet that tries again and again says so each time: an old line is one of a provider that was mended. A line
    that names no image is about registries to which nodes log in by themselves.
    """
    found = []
    for line in view.log_lines:
        if "credential" not in line.text.lower():
            continue
        if line.image and _is_old(view, line):
            continue
        if not line.image and not nodes_log_in(normal_host(registry_host(image))):
            continue
        said = read(line.text)
        about = not line.image or _is_about(line, image)
        named = not said.host or normal_host(said.host) == normal_host(registry_host(image))
        if said.cause == Cause.CREDENTIAL_PROVIDER_FAILURE and about and named:
            found.append((line.at or "", line.text, line, said))
    if not found:
        return None
    _at, _text, line, said = max(found, key=lambda item: item[:2])
    return Words(said, _line(view, line, image), normal_host(registry_host(image)))


def _is_old(view: NodeView, line: LogLine) -> bool:
    """Tell whether the kubelet has tried again since, by the node's own clock, and said nothing of the like."""
    ago = seconds_between(line.at, view.at)
    ahead = view.look.clock_difference if view.look is not None else None
    return ago is not None and ago + (ahead or 0) > _TRIED_AGAIN


def mirror_lines(view: NodeView, hosts: frozenset[str], read: Read) -> Iterator[Evidence]:
    """Yield the newest line in which the runtime passes on to the next host, for each of these hosts."""
    shown: set[str] = set()
    for line in sorted(view.log_lines, key=lambda line: (line.at or "", line.text), reverse=True):
        if _HOST_TRIED not in line.text:
            continue
        host = normal_host(read(line.text).host or "")
        if host in hosts and host not in shown:
            shown.add(host)
            yield _line(view, line, "")


def trial_words(view: NodeView, image: str, read: Read) -> Words | None:
    """Return what a pull by hand failed with; None where none was tried or it succeeded."""
    trial = view.trial_of(image)
    if trial is None or trial.outcome not in ("failed", "timeout"):
        return None
    said = read(trial.text)
    if said.cause == Cause.UNKNOWN and trial.outcome == "timeout":
        return None
    fact = f"pulled by hand on {view.name} with {clean(trial.client, 40) or 'its client'}: {trial.outcome}"
    return Words(said, seen(view.name, trial.at, fact, trial.text), _host(said, image))


def is_of_the_client(view: NodeView, trial: PullTrial) -> bool:
    """Tell whether a pull by hand failed because its client could not get at a runtime that runs and answers."""
    runtime = view.runtime
    works = runtime is not None and runtime.state == "running" and runtime.answers is True
    return works and trial.outcome in ("failed", "timeout") and bool(_AT_SOCKET.search(trial.text[:2000]))


def trial_success(view: NodeView, image: str) -> Evidence | None:
    """Return that a pull by hand went well, as evidence against whatever fails."""
    trial = view.trial_of(image)
    if trial is None or trial.outcome != "pulled":
        return None
    whose = _whose(trial)
    how = f"pulled by hand on {view.name} with {clean(trial.client, 40) or 'its client'}{whose}"
    if fetched_nothing(trial):
        fact = (
            f"{how}: its layers lay there already, so that only the manifest was asked for; no content came"
        )
        return seen(view.name, trial.at, fact, supports=False)
    fact = f"{how}: it works now"
    speed = throughput(trial)
    return seen(view.name, trial.at, f"{fact}{f', {speed}' if speed else ''}", supports=False)


def trial_elsewhere(view: NodeView, image: str) -> Evidence | None:
    """Return that a pull by hand of this image went well on another node."""
    trial = view.trial_of(image)
    if trial is None or trial.outcome != "pulled":
        return None
    fact = f"{view.name}: pulled by hand with {clean(trial.client, 40) or 'its client'}{_whose(trial)}, it works there"
    if fetched_nothing(trial):
        fact += ", as far as the manifest: its layers lay there already"
    return seen(view.name, trial.at, fact)


def fetched_nothing(trial: PullTrial) -> bool:
    """Tell whether a pull that went well found all layers there: it shows that the manifest is given, no more."""
    return trial.outcome == "pulled" and bool(trial.was_there)


def throughput(trial: PullTrial | None) -> str:
    """Return ``5.2 MB/s``, empty where it is not known."""
    if trial is None or not trial.bytes or not trial.seconds or trial.seconds <= 0:
        return ""
    return f"{size(int(trial.bytes / trial.seconds))}/s"


def _whose(trial: PullTrial) -> str:
    ref = trial.credential
    if ref is None:
        return " without a login"
    return f" and the login of {ref.namespace}/{ref.secret}" if ref.secret else " and a login"


def _is_about(line: LogLine, image: str) -> bool:
    """Tell whether a line names this image; kubelets' credential lines name it without its tag."""
    if canonical(line.image) == canonical(image):
        return True
    return _KUBELET in line.unit and repository_name(line.image) == repository_name(image)


def _line(view: NodeView, line: LogLine, image: str) -> Evidence:
    times = f", {line.count} times" if line.count > 1 else ""
    of = f" of {image}" if image else ""
    vantage = view.vantage if _KUBELET in line.unit else f"runtime/{view.name}"
    return seen(
        view.name,
        line.at,
        printable(f"{clean(line.unit, 60) or 'the log'} on {view.name} says{of}{times}"),
        line.text,
        source="runtime_log",
        vantage=vantage,
    )


def _host(said: Classification, image: str) -> str:
    return normal_host(said.host or "") or normal_host(registry_host(image))
