# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to one host from TLS on: straight, and through the proxy that the runtime is given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_dns import literal
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_hops import Asked
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_http import (
    ByProxy,
    Spoken,
    by_proxy,
    curl_handshake,
    spoken,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tls import (
    Clock,
    Handshake,
    handshake,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    Origin,
    bypasses_proxy,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_LARGE = re.compile(r"^net_large (\d{3})$", re.M)
_EXIT = re.compile(r"net_exit (\d{1,3})")
_QUOTED_PROXY = re.compile(r"(?<=Unsupported proxy syntax) in '.*'")
_FAILED_CONNECTION = ("timeout", "refused", "prohibited", "no_route")


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy variables of the runtime, without logins."""

    https: str
    http: str
    no_proxy: str

    def of(self, asked: Asked) -> str:
        """Return the proxy that is set for the scheme of a host; empty where there is none."""
        return self.https if asked.scheme == "https" else self.http

    def exempt(self, asked: Asked) -> bool:
        """Whether the runtime goes straight to that host although a proxy is set."""
        origin = Origin(asked.scheme, asked.name.strip("[]").lower(), asked.port)
        return bypasses_proxy(origin, self.no_proxy.split(","))


def trust_of(job: JobAnswer, system: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files that a host was trusted by, whatever the way to it."""
    return system + tuple(printable(one, 300) for one in job.facts.get("ca", ()))[:8]


def straight_hops(
    asked: Asked, job: JobAnswer, clock: Clock, trust: tuple[str, ...], mtu: str = ""
) -> list[HopFact]:
    """Return the hops tls, http and large of the straight way. ``mtu`` is that of the node's interfaces."""
    hops: list[HopFact] = []
    files = trust_of(job, trust)
    tls = _tls(asked, job, clock)
    said, block = (job.fact("http") or "").split(), job.block("http")
    http = None
    if block is not None and len(said) >= 3 and (tls is None or tls[2].outcome == "ok" or said[2] == "http"):
        http = spoken(block.text, said[2], clock.later(said[-1]), said[1])
    # docker and CRI-O go on to plain HTTP where they need not verify a host: no handshake is on their way.
    spoken_plain = http is not None and http.status is not None and said[2] == "http"
    if tls is not None and not (spoken_plain and tls[2].outcome == "not_tls"):
        address, seconds, found = tls
        text = found.text
        missing = [printable(one, 200) for one in job.facts.get("ca_missing", ())][:3]
        if missing and found.outcome == "untrusted":
            text += f"; its ca {', '.join(missing)} cannot be read"
        hops.append(
            asked.hop(
                "tls",
                found.outcome,
                cause=found.cause,
                text=text,
                address=address,
                family=_family(address),
                seconds=seconds,
                trust=files,
                certificates=found.certificates,
            )
        )
        large = _large(asked, job, address, found, mtu)
        if large is not None:
            hops.append(large)
    if http is not None and block is not None:
        if http.outcome == "tls" and http.text == "not_tls":
            text = "what answers there does not speak TLS"
            hops.append(
                asked.hop("tls", "not_tls", cause="http_https_mismatch", text=text, address=literal(said[0]))
            )
        elif http.outcome != "tls":
            hops.append(_http_hop(asked, http, literal(said[0])))
            hops += _large_request(asked, block.text, literal(said[0]), mtu)
    return hops


def _tls(asked: Asked, job: JobAnswer, clock: Clock) -> tuple[str, float | None, Handshake] | None:
    said = (job.fact("tls") or "").split()
    if len(said) < 3:
        return None
    address = literal(said[0])
    if said[1] == "curl":
        block = job.block("http")
        found = None if block is None else curl_handshake(block.text, asked.name)
        if (
            found is not None
            and asked.unverified
            and found.outcome in ("untrusted", "expired", "name_mismatch")
        ):
            found = Handshake("ok", f"{found.text}; the runtime does not verify this host")
        return None if found is None else (address, None, found)
    block = job.block("tls")
    if block is None:
        return None
    ended = _EXIT.findall(block.text)
    found = handshake(
        block.text, int(ended[-1]) if ended else None, asked.name, clock, verified=not asked.unverified
    )
    return address, int(said[2][:8]) / 100 if said[2].isdigit() else None, found


def _http_hop(asked: Asked, http: Spoken, address: str, proxy: str = "") -> HopFact:
    return asked.hop(
        "http",
        http.outcome,
        cause=http.cause,
        text=http.text,
        address=address,
        family=_family(address),
        status=http.status,
        seconds=http.seconds,
        proxy=proxy,
        clock_difference=http.clock_difference,
    )


def _family(address: str) -> str:
    return "" if not address else "ipv6" if ":" in address else "ipv4"


def _large_request(asked: Asked, words: str, address: str, mtu: str) -> list[HopFact]:
    """Return whether a request of several packets was answered, after a small one over the same connection."""
    found = _LARGE.search(words)
    if found is None:
        return []
    if found[1] != "000":
        return [asked.hop("large", "ok", address=address, family=_family(address))]
    if not words.rstrip().endswith("net_exit 28"):
        return []
    text = f"a small request is answered, one of 4 kB never: path MTU (the node's interfaces: {mtu})"
    return [
        asked.hop("large", "timeout", cause="timeout", text=text, address=address, family=_family(address))
    ]


def _large(asked: Asked, job: JobAnswer, address: str, tls: Handshake, mtu: str) -> HopFact | None:
    """Return whether large packets get lost, where the handshake hung: a certificate does not fit into a small one.

    Two signs, of which one is enough: the server answers a handshake that it must refuse (an alert of a few bytes), and
    a large ping is lost where a small one is answered.
    """
    if tls.outcome != "timeout":
        return None
    if re.search(r"alert|wrong version|no cipher", job.fact("small") or "", re.I):
        text = f"a small answer of the host comes at once, a large one never: path MTU (the node's interfaces: {mtu})"
        return asked.hop(
            "large", "timeout", cause="timeout", text=text, address=address, family=_family(address)
        )
    ping = job.fact("ping") or ""
    size, dummy, words = ping.partition(" ")
    small, big = re.search(r"net_exit (\d+)", words), re.search(r"net_big (\d+)", words)
    if small is None or big is None:
        return None
    if small[1] == "0" and big[1] != "0":
        text = f"a ping of {printable(size, 8)} bytes is lost, one of 400 comes back: path MTU"
        return asked.hop(
            "large", "timeout", cause="timeout", text=text, address=address, family=_family(address)
        )
    text = "large pings come back" if big[1] == "0" else "the host answers no ping"
    return asked.hop(
        "large", "ok" if big[1] == "0" else "not_checked", text=text, address=address, family=_family(address)
    )


def proxied_hops(
    asked: Asked,
    job: JobAnswer | None,
    proxies: Proxies,
    straight: Sequence[HopFact],
    clock: Clock,
    trust: tuple[str, ...],
) -> list[HopFact]:
    """Return the hops of the runtime's own way, where it leads through a proxy, or should.

    Both ways are tried whatever NO_PROXY says: so a host that lacks there, or should not stand there, shows.
    """
    proxy = printable(proxies.of(asked), 200)
    if job is None or not proxy or asked.role == "proxy":
        return []
    runtime = Asked(
        asked.node,
        f"runtime/{asked.node}",
        asked.role,
        asked.name,
        asked.port,
        asked.scheme,
        asked.unverified,
    )
    said, block = (job.fact("proxied") or "").split(), job.block("proxied")
    found = None
    if block is not None and len(said) >= 2:
        # The proxy is told beside it, without its login.
        words = _QUOTED_PROXY.sub("", block.text)
        found = by_proxy(words, asked.scheme, asked.name, said[0], clock.later(said[-1]))
    if proxies.exempt(asked):
        return _should_not_be_exempt(runtime, found, straight, proxy)
    if found is None:
        tools = next(iter(job.lacks.values()), ())
        text = f"no tool ({', '.join(tools)})" if tools else job.trouble or "the proxy's URL cannot be used"
        return [runtime.hop("proxy", "not_checked", text=text, proxy=proxy)]
    # Without TLS the proxy answers in the host's stead: what the host itself says to the node tells the two apart.
    denied = asked.scheme == "http" and found.http is not None and found.http.status == 403
    if denied and any(one.hop == "http" and one.status not in (None, 403) for one in straight):
        found = ByProxy("denied", f"the proxy denies {asked.name} (403)", 403, found.seconds)
    hops = [_proxy_hop(runtime, found, straight, proxy)]
    if found.tls is not None:
        hops.append(_tls_behind(runtime, found.tls, job, clock, proxy, trust))
    if found.http is not None and found.http.outcome != "tls":
        hops.append(_http_hop(runtime, found.http, "", proxy))
    return hops


def _proxy_hop(asked: Asked, found: ByProxy, straight: Sequence[HopFact], proxy: str) -> HopFact:
    text = found.text
    if found.outcome != "ok" and any(one.hop == "http" and one.status is not None for one in straight):
        text += "; the node reaches it directly"
        if found.outcome == "denied" or (found.outcome == "failed" and found.status):
            text += ": no_proxy lacks it"
    return asked.hop(
        "proxy",
        found.outcome,
        cause="proxy_error",
        text=text,
        proxy=proxy,
        status=found.status,
        seconds=found.seconds,
    )


def _tls_behind(
    asked: Asked, tls: Handshake, job: JobAnswer, clock: Clock, proxy: str, trust: tuple[str, ...]
) -> HopFact:
    chain = job.block("chain")
    if tls.outcome != "ok" and chain is not None:
        closer = handshake(chain.text, None, asked.name, clock)
        if closer.certificates:
            tls = closer
    if asked.unverified and tls.outcome in ("untrusted", "expired", "not_yet_valid", "name_mismatch"):
        tls = Handshake("ok", f"{tls.text}; the runtime does not verify this host", "", tls.certificates)
    return asked.hop(
        "tls",
        tls.outcome,
        cause=tls.cause,
        text=tls.text,
        proxy=proxy,
        trust=trust,
        certificates=tls.certificates,
    )


def _should_not_be_exempt(
    asked: Asked, found: ByProxy | None, straight: Sequence[HopFact], proxy: str
) -> list[HopFact]:
    connections = [one for one in straight if one.hop == "tcp"]
    # A resolver that is dead tells nothing of the way on: a proxy has another.
    unresolved = not connections and any(
        one.hop == "dns" and not one.server and one.outcome in ("no_such_name", "no_address")
        for one in straight
    )
    cut_off = bool(connections) and all(one.outcome in _FAILED_CONNECTION for one in connections)
    if found is None or found.http is None or found.http.status is None or not (unresolved or cut_off):
        return []
    text = f"no_proxy keeps {asked.host} from the proxy, and only the proxy reaches it"
    return [
        asked.hop("proxy", "failed", cause="proxy_error", text=text, proxy=proxy, status=found.http.status)
    ]
