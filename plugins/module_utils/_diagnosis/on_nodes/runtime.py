# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a node's runtime: stopped, hung, restarted, its files wrong, its mirrors dead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import normal_host
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.moments import (
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NETWORK_WORDS,
    WEAK_WORDS,
    NodeFault,
    clean,
    seen,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    mend_file,
    mend_mirror,
    start_runtime,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    EndpointFact,
    Evidence,
    RuntimeFact,
)

_OF_RUNTIME = frozenset({Cause.RUNTIME_ERROR, Cause.IMAGE_INSPECT_ERROR})
_PROCESS = "its process"
"""How the probe begins what it saw of the process itself: stopped by a signal, or waiting in the kernel."""
_CUT_OFF = re.compile(
    r"cancell?ed|transport is closing|connection (?:error|refused|reset|closed)|broken pipe|\bEOF\b|Unavailable",
    re.IGNORECASE,
)
_AT_SOCKET = re.compile(
    r"dial unix|unknown service runtime|error reading from server|transport is closing"
    r"|code = (?:Unavailable|DeadlineExceeded)",
    re.IGNORECASE,
)
_WITH_IT, _NOT_LONG_AGO = 300.0, 3600.0
_INTERRUPTED = frozenset({Cause.CANCELLED, Cause.RUNTIME_ERROR, Cause.IMAGE_INSPECT_ERROR})
_HOPS = {
    Cause.TLS_UNTRUSTED: Hop.TLS,
    Cause.TLS_NAME_MISMATCH: Hop.TLS,
    Cause.TLS_EXPIRED: Hop.TLS,
    Cause.HTTP_HTTPS_MISMATCH: Hop.TLS,
    Cause.MIRROR_FAILURE: Hop.MIRROR,
    Cause.PROXY_ERROR: Hop.PROXY,
    Cause.DNS_FAILURE: Hop.DNS,
    Cause.SIGNATURE_POLICY: Hop.POLICY,
    Cause.SHORT_NAME: Hop.REFERENCE,
    Cause.RUNTIME_ERROR: Hop.RUNTIME,
}
_WITHOUT_FILES = frozenset({Cause.TLS_UNTRUSTED, Cause.HTTP_HTTPS_MISMATCH, Cause.TLS_NAME_MISMATCH})
_OF_PROXIES = frozenset({Cause.PROXY_ERROR, Cause.TIMEOUT})
FALLBACK_LACKS_CA = "ca_not_for_server"


def runtime_faults(view: NodeView) -> list[NodeFault]:
    """Return that the runtime is stopped or hung."""
    runtime = view.runtime
    if runtime is None:
        return []
    name = clean(runtime.name, 40) or "the container runtime"
    if runtime.state == "stopped":
        words, kind = f"{name} is not running", "runtime_stopped"
    elif runtime.state == "hung" or (runtime.state == "running" and runtime.answers is False):
        words, kind = f"{name} runs and does not answer", "runtime_hung"
    else:
        return []
    if runtime.restarts:
        words += f", started anew {runtime.restarts} times by its unit"
    if runtime.detail:
        words += f": {clean(runtime.detail, 200)}"
    # A client that waits in vain proves little on a node that is merely busy; the state of the process does.
    sure = kind == "runtime_stopped" or _PROCESS in runtime.detail
    fits = _OF_RUNTIME | WEAK_WORDS if sure else frozenset()
    return [_of_runtime(view, runtime, kind, words, fits, sure=sure)]


def met_at_socket(fault: NodeFault, text: str) -> NodeFault:
    """Let a runtime that does not answer explain the kubelet's words where the kubelet itself got no answer of it."""
    if not _AT_SOCKET.search(text[:20000]):
        return fault
    return replace(fault, fits=fault.fits | _OF_RUNTIME)


def well(view: NodeView) -> Evidence | None:
    """Return that the runtime of a node runs and answers, None where that was not seen."""
    runtime = view.runtime
    if runtime is None or runtime.state != "running" or runtime.answers is False:
        return None
    words = f"{view.name}: {clean(runtime.name, 40)} runs{' and answers' if runtime.answers else ''}"
    return seen(view.name, view.at, words, vantage=f"runtime/{view.name}")


def restart_fault(
    view: NodeView, since: str | None, said: Iterable[tuple[str, str | None]]
) -> NodeFault | None:
    """Return that the runtime was started after the pod's first failure: a pull that went on then was cut off.

    That is so where words are those of a broken connection and came with the start. Who restarts a runtime often does
    so because pulls fail already. ``said`` are texts and their times, null for a status.
    """
    runtime = view.runtime
    if runtime is None or runtime.state == "stopped" or not runtime.since:
        return None
    after = seconds_between(since, runtime.since)
    if after is None or after < 0:
        return None
    if not any(_CUT_OFF.search(text[:20000]) and _came_with_it(view, runtime.since, at) for text, at in said):
        return None
    name = clean(runtime.name, 40) or "the container runtime"
    times = f", {runtime.restarts} automatic restarts" if runtime.restarts else ""
    words = f"{name} was started anew at {clean(runtime.since, 40)}{times}, and pulls that went on then were cut off"
    return _of_runtime(view, runtime, "runtime_restarted", words, _INTERRUPTED, sure=False)


def _came_with_it(view: NodeView, start: str, at: str | None) -> bool:
    if at is not None:
        between = seconds_between(start, at)
        return between is not None and -_WITH_IT <= between <= _WITH_IT
    # A status has no time of its own: its words are the newest. The start is told by the node's clock, not by ours.
    between = seconds_between(start, view.at)
    ahead = view.look.clock_difference if view.look is not None else None
    return between is not None and -_WITH_IT <= between + (ahead or 0) <= _NOT_LONG_AGO


def _of_runtime(
    view: NodeView,
    runtime: RuntimeFact,
    kind: str,
    words: str,
    fits: frozenset[Cause],
    *,
    sure: bool = True,
) -> NodeFault:
    return NodeFault(
        kind=kind,
        node=view.name,
        cause=Cause.RUNTIME_ERROR,
        hop=Hop.RUNTIME,
        cannot="finish its pulls" if kind == "runtime_restarted" else "pull any image",
        because=words,
        detail=clean(runtime.name, 40),
        wide=True,
        sure=sure,
        fits=fits,
        evidence=(seen(view.name, view.at, f"{view.name}: {words}", vantage=f"runtime/{view.name}"),),
        fixes=start_runtime(view, kind),
    )


def config_faults(view: NodeView, registry: str, said: Cause) -> Iterator[NodeFault]:
    """Yield what is wrong in the runtime's files for this registry, what is certain first.

    ``said`` is the cause in the words: files that are passed over have none of their own.
    """
    host = normal_host(registry)
    concerned = [one for one in view.problems if not one.registry or normal_host(one.registry) == host]
    for one in sorted(concerned, key=lambda one: (not one.certain, not one.registry, one.file, one.key)):
        fault = _config(view, one, registry, said)
        if fault is not None:
            yield fault


def _config(view: NodeView, one: ConfigProblem, registry: str, said: Cause) -> NodeFault | None:
    try:
        cause = Cause(one.cause)
    except ValueError:
        # Files that are passed over: the runtime goes there without their CA, their scheme, their mirrors.
        if not one.registry or one.cause or said not in _WITHOUT_FILES:
            return None
        cause = said
    if cause in _OF_PROXIES and said != cause and registry and view.gets_through(registry):
        # The probe has gone the way that the living process goes.
        return None
    words = f"{clean(one.file, 200)}: {clean(one.problem, 200)}"
    if one.effect:
        words += f"; {clean(one.effect, 300).rstrip('.')}"
    return NodeFault(
        kind=f"config_{clean(one.key, 40)}",
        node=view.name,
        cause=cause,
        hop=_HOPS.get(cause, Hop.RUNTIME),
        cannot=f"pull from {clean(registry)} as it should",
        because=words,
        detail=clean(one.file, 200),
        registry=registry,
        host=normal_host(registry),
        sure=one.certain,
        fits=frozenset({cause}),
        evidence=(seen(view.name, view.at, f"{view.name}: {words}", source="config"),),
        fixes=mend_file(view, one),
    )


def mirror_faults(view: NodeView, registry: str, broken: list[NodeFault]) -> Iterator[NodeFault]:
    """Yield the mirrors of this registry that fail, told by what is broken on the way to them."""
    endpoints = view.endpoints_of(registry)
    by_host = {fault.host: fault for fault in broken if fault.host}
    for one in endpoints:
        host = host_of(one)
        fault = by_host.get(host)
        if fault is None or host == normal_host(registry):
            continue
        falls_back = any(
            host_of(other) not in by_host for other in endpoints if other.pulls and other.resolves
        )
        words = f"the mirror {clean(one.url)} fails ({fault.because})"
        words += "; the next host is well" if falls_back else "; no other host is asked, or none is well"
        if one.source:
            words += f"; set in {clean(one.source, 200)}"
        yield NodeFault(
            kind="mirror",
            node=view.name,
            cause=Cause.MIRROR_FAILURE,
            hop=Hop.MIRROR,
            cannot=f"use the mirror of {clean(registry)}",
            because=words,
            detail=clean(one.url),
            host=host,
            registry=registry,
            sure=fault.sure and not falls_back,
            fits=frozenset({Cause.MIRROR_FAILURE}),
            evidence=(
                *fault.evidence,
                seen(
                    view.name,
                    view.at,
                    f"{view.name}: for {registry} the runtime asks {one.url} ({one.role})",
                    source="config",
                    vantage=f"runtime/{view.name}",
                ),
            ),
            fixes=mend_mirror(view, one),
            compared=fault.compared,
            worse=fault.worse,
            controller=None,
        )


def host_of(endpoint: EndpointFact) -> str:
    """Return the host of an endpoint's URL."""
    rest = endpoint.url.partition("://")[2] or endpoint.url
    return normal_host(rest.partition("/")[0].rpartition("@")[2])


def words_are_about(cause: Cause, host: str, mirror: NodeFault) -> bool:
    """Tell whether the kubelet's words name this mirror."""
    return cause in NETWORK_WORDS and normal_host(host) == mirror.host
