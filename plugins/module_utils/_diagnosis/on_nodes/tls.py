# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of certificates as a node meets them: its trust, its clock, the host's own mistakes."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.moments import (
    seconds_between,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import names
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    OWN,
    NodeFault,
    clean,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    set_clock,
    trust_issuer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import (
    GOOD,
    Ladder,
    evidence_of,
    fails,
    first_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    host_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration

CLOCK_OFF = 120.0
"""Seconds from which on a clock is called wrong: the look itself may have taken some."""
_CAUSES = {
    "untrusted": Cause.TLS_UNTRUSTED,
    "expired": Cause.TLS_EXPIRED,
    "not_yet_valid": Cause.TLS_EXPIRED,
    "name_mismatch": Cause.TLS_NAME_MISMATCH,
    "not_tls": Cause.HTTP_HTTPS_MISMATCH,
    "reset": Cause.NETWORK_UNREACHABLE,
    "timeout": Cause.TIMEOUT,
}
_LAX = frozenset({"untrusted", "expired", "not_yet_valid", "name_mismatch"})
"""What does not matter to a runtime that verifies nothing."""
_ABOVE = "a certificate above"
"""How the probe begins what is wrong with an intermediate certificate."""
_CONNECTING = frozenset({Cause.NETWORK_UNREACHABLE, Cause.TIMEOUT})


def faults(view: NodeView, host: str, ladder: Ladder) -> Iterator[NodeFault]:
    """Yield what is wrong with the certificate or the handshake of ``host``."""
    hops = view.of_host(host, "tls")
    if not fails(hops):
        return
    hop = first_of(one for one in hops if one.outcome not in GOOD and one.outcome != "not_checked")
    cause = _CAUSES.get(hop.outcome)
    if cause is None:
        cause = Cause(hop.cause) if hop.cause in set(Cause) else Cause.TLS_UNTRUSTED
    told = ladder.compare(view, host, "tls")
    off = clock_words(view) if cause == Cause.TLS_EXPIRED else ""
    valid = _is_valid(hop, view.at)
    if valid is None:
        valid = bool(told.better) or told.controller is True
    clock = bool(off) and valid
    because = off if clock else _because(hop, view.at)
    if hop.outcome == "timeout" and fails(view.of_host(host, "large")):
        because = (
            "small packets pass and large ones are lost on the way (path MTU), so that the handshake hangs"
        )
    if off and not clock:
        because += f"; besides, {off}"
    because += names.given_by_hand(view, host, "tls", ladder)
    verb = f"finish the TLS handshake with {clean(host)}"
    yield NodeFault(
        kind="clock" if clock else f"tls_{hop.outcome}",
        node=view.name,
        cause=cause,
        hop=Hop.TLS,
        cannot=verb if cause in _CONNECTING else f"take the certificate of {clean(host)}",
        because=because,
        detail="clock" if clock else "",
        host=host,
        wide=clock,
        sure=not _goes_by_other_trust(view, host, hop),
        fits=frozenset({cause}) | (_CONNECTING if cause in _CONNECTING else frozenset()),
        evidence=evidence_of(view, hop, told),
        fixes=set_clock(view) if off else trust_issuer(view, hop) if cause == Cause.TLS_UNTRUSTED else (),
        compared=tuple(other.name for other in told.better),
        worse=tuple(other.name for other in told.worse),
        controller=told.controller,
    )


def _goes_by_other_trust(view: NodeView, host: str, hop: HopFact) -> bool:
    """Tell whether the runtime's files, read whole, are laxer with ``host`` than the handshake that was tried."""
    endpoints = [one for several in view.endpoints.values() for one in several if host_of(one) == host]
    plain = any(one.url.startswith("http:") for one in endpoints)
    unverified = any(one.skip_verify for one in endpoints)
    if (plain or unverified) and hop.outcome in _LAX:
        return True
    if hop.outcome == "not_tls":
        # containerd stays with https:// though it verifies nothing; the others go on to plain HTTP.
        return plain or (unverified and (view.runtime is None or view.runtime.name != "containerd"))
    return hop.outcome == "untrusted" and any(set(one.ca_files) - set(hop.trust) for one in endpoints)


def clock_words(view: NodeView) -> str:
    """Return how far the node's clock is off, empty where it is right or was not read."""
    off = view.look.clock_difference if view.look is not None else None
    if off is None or abs(off) < CLOCK_OFF:
        return ""
    return f"{OWN} clock is {_span(abs(off))} {'ahead' if off > 0 else 'behind'}"


def _span(seconds: float) -> str:
    for size, unit in ((86400 * 365, "years"), (86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _is_valid(hop: HopFact, at: str | None) -> bool | None:
    """Tell whether all certificates are in their time by the controller's clock; None where none was read."""
    ends = [
        (seconds_between(one.not_before, at), seconds_between(at, one.not_after)) for one in hop.certificates
    ]
    if not ends:
        return None
    return all((begun is None or begun >= 0) and (left is None or left >= 0) for begun, left in ends)


def _because(hop: HopFact, at: str | None) -> str:
    shown = hop.certificates[0] if hop.certificates else None
    trust = enumeration([clean(name, 80) for name in hop.trust], 2)
    if hop.outcome == "untrusted":
        words = clean(hop.text, 300) or "its authority is not among those that are trusted"
        return f"{words} (trusted: {trust})" if trust else words
    if hop.text.startswith(_ABOVE):
        return clean(hop.text, 300)
    if hop.outcome == "expired":
        if shown and (seconds_between(at, shown.not_after) or 0) > 0:
            return "one of its chain has expired"
        return f"it expired{f' at {clean(shown.not_after)}' if shown and shown.not_after else ''}"
    if hop.outcome == "not_yet_valid":
        return (
            f"it is not valid{f' before {clean(shown.not_before)}' if shown and shown.not_before else ' yet'}"
        )
    if hop.outcome == "name_mismatch":
        given = enumeration([clean(name, 80) for name in shown.names], 2) if shown else ""
        return f"it is for {given or 'another name'}"
    words = {
        "not_tls": "what answers there does not speak TLS",
        "reset": "the connection is reset in the handshake",
        "timeout": "the connection stands and the handshake hangs: the host hangs, or large packets are lost on the "
        "way (path MTU)",
    }.get(hop.outcome, "")
    return words or clean(hop.text, 300) or "the handshake fails"
