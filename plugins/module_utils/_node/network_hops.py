# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hops towards one host: names and connections, from what a vantage said of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_dns import (
    MOST_ADDRESSES,
    Told,
    literal,
    told,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tools import own_failure
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SLOW = 1.0
_MOST_TEXT = 300
_FAMILIES = {"4": "ipv4", "6": "ipv6"}
_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,260}\Z")
_WHY = {
    "no_such_name": "the name does not exist",
    "no_address": "the name has no address",
    "refused": "refused",
    "server_failure": "the server failed",
    "timeout": "no answer",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The host that hops are about, as HopFact has it."""

    node: str
    vantage: str
    role: str
    name: str
    port: int
    scheme: str = "https"
    unverified: bool = False

    @property
    def host(self) -> str:
        """Name with the port where that is not 443."""
        return self.name if self.port == 443 else f"{self.name}:{self.port}"

    def hop(self, hop: str, outcome: str, *, cause: str = "", text: str = "", **more: Any) -> HopFact:
        """Return a hop of this host; the text becomes printable and short, and only a failure has a cause."""
        return HopFact(
            node=self.node,
            vantage=self.vantage,
            host=self.host,
            role=self.role,
            hop=hop,
            outcome=outcome,
            cause="" if outcome in ("ok", "slow", "not_checked") else cause,
            text=printable(text, _MOST_TEXT),
            **more,
        )


def asked_from(words: str | None, node: str, vantage: str) -> Asked | None:
    """Return what ``ROLE HOST PORT SCHEME SKIP`` says; None where it is something else."""
    fields = (words or "").split()
    if len(fields) < 4 or not _NAME.match(fields[1]) or not re.fullmatch(r"\d{1,5}", fields[2]):
        return None
    role, name, port, scheme = fields[:4]
    if role not in ("registry", "token", "blob", "mirror", "proxy") or scheme not in ("http", "https"):
        return None
    return Asked(node, vantage, role, name, int(port), scheme, fields[4:5] == ["1"])


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """One server's answer about one name."""

    server: str
    name: str
    seconds: float
    told: Told
    search: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What all servers said, and the servers in their order."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    all: tuple[ServerAnswer, ...] = field(default=())

    def about(self, name: str) -> list[ServerAnswer]:
        """Return the answers about ``name``, in the servers' order."""
        order = {server: number for number, server in enumerate(self.servers)}
        found = [one for one in self.all if one.name == name and not one.search]
        return sorted(found, key=lambda one: order.get(one.server, len(order)))

    def elsewhere(self, name: str) -> ServerAnswer | None:
        """Return what the search list makes of ``name`` where it comes first and there is such a name."""
        made = {f"{name}.{domain.rstrip('.')}": number for number, domain in enumerate(self.search)}
        found = [one for one in self.all if one.search and one.name in made and one.told.addresses]
        return min(found, key=lambda one: made[one.name], default=None)


def server_answers(lines: Iterable[str]) -> tuple[ServerAnswer, ...]:
    """Return the answers that ``KIND SERVER HOST HUNDREDTHS TOOL EXIT ANSWER`` tell; others are passed over."""
    found = []
    for line in lines:
        fields = line.split(maxsplit=6)
        if len(fields) < 6 or not fields[3].isdigit() or not fields[5].isdigit() or fields[4] == "none":
            continue
        kind, server, name, hundredths, tool, code = fields[:6]
        answer = told(tool, int(code[:4]), fields[6] if len(fields) > 6 else "")
        found.append(ServerAnswer(server, name, int(hundredths[:8]) / 100, answer, kind == "search"))
    return tuple(found[:200])


def name_hops(asked: Asked, own: Sequence[str], answers: Answers) -> list[HopFact]:
    """Return the hops ``dns``: the node's own way, families apart, then each server apart."""
    if literal(asked.name.strip("[]")):
        return []
    about = answers.about(asked.name)
    ways = {one.family: one for line in own if (one := _own(line)) is not None}
    hops = _own_hops(asked, ways, about, answers) if ways else []
    return hops + [_server_hop(asked, one) for one in about]


@dataclass(frozen=True, slots=True)
class _Own:
    family: str
    exit_code: int
    seconds: float
    tool: str
    addresses: tuple[str, ...]
    canonical: str


def _own(line: str) -> _Own | None:
    fields = line.split()
    if len(fields) < 4 or fields[0] not in _FAMILIES or not fields[1].isdigit() or not fields[2].isdigit():
        return None
    family, tool, words = _FAMILIES[fields[0]], fields[3], fields[4:]
    if tool == "nslookup" and "Name:" in words:
        words = words[words.index("Name:") + 1 :]
    elif tool == "nslookup":
        words = []
    wanted = 4 if family == "ipv4" else 6
    # getent shows IPv4 addresses as mapped ones where a host has no IPv6.
    found = [
        address
        for word in words
        if (address := literal(word)) and not word.startswith("::ffff:") and (":" in address) == (wanted == 6)
    ]
    canonical = ""
    if tool == "getent" and "STREAM" in words[:-1]:
        canonical = words[words.index("STREAM") + 1]
    addresses = tuple(dict.fromkeys(found))[:MOST_ADDRESSES]
    return _Own(family, int(fields[1][:4]), int(fields[2][:8]) / 100, tool, addresses, canonical)


def _own_hops(
    asked: Asked, ways: Mapping[str, _Own], about: list[ServerAnswer], answers: Answers
) -> list[HopFact]:
    resolved = [one for one in ways.values() if one.addresses]
    if any(one.tool == "none" for one in ways.values()):
        text = "no tool (getent, nslookup)"
        return [asked.hop("dns", "not_checked", text=text)]
    hops = []
    for one in ways.values():
        if one.addresses:
            outcome = "slow" if one.seconds >= SLOW else "ok"
            text = _answer_note(asked.name, one, about, answers)
            if outcome == "slow":
                text = (
                    f"answered only after {one.seconds:.1f} s"
                    + _who_failed(about)
                    + (f"; {text}" if text else "")
                )
        elif one.exit_code == 124:
            outcome, text = "timeout", f"no answer within {one.seconds:.0f} s" + _who_failed(about)
        elif resolved:
            continue  # a host of one family alone
        else:
            outcome, text = why_not(about)
        hops.append(
            asked.hop(
                "dns",
                outcome,
                cause="dns_failure",
                text=text,
                family=one.family,
                addresses=one.addresses,
                seconds=one.seconds,
            )
        )
    if not resolved and len(hops) == 2 and hops[0].outcome == hops[1].outcome:
        return [dataclasses.replace(hops[0], family="")]
    return hops


def why_not(about: list[ServerAnswer]) -> tuple[str, str]:
    """Return outcome and text of a name that did not resolve: as the resolver, that takes the first word of any weight.

    A name that does not exist, or has no address, ends the search; other failures make the resolver ask the next server
    (glibc, ``res_send``; Go, ``dnsclient_unix.go``).
    """
    for one in about:
        if one.told.outcome in ("no_such_name", "no_address"):
            return one.told.outcome, f"{one.server} says: {one.told.word or _WHY[one.told.outcome]}"
    failed = [one for one in about if one.told.outcome != "ok"]
    if failed:
        return failed[0].told.outcome, _listed(failed)
    return "no_address", "the node's resolver gives no address"


def _who_failed(about: list[ServerAnswer]) -> str:
    failed = [one for one in about if one.told.outcome != "ok"]
    return f": {_listed(failed)}" if failed else ""


def _listed(failed: list[ServerAnswer]) -> str:
    return ", ".join(
        f"{one.server} {'does not answer' if one.told.outcome == 'timeout' else 'says: ' + _word(one)}"
        for one in failed[:4]
    )


def _word(one: ServerAnswer) -> str:
    return one.told.word or _WHY[one.told.outcome]


def _answer_note(name: str, own: _Own, about: list[ServerAnswer], answers: Answers) -> str:
    """Return what is remarkable about an answer: a name that the search list made, servers that do not agree."""
    for domain in answers.search:
        if own.canonical.rstrip(".").lower() == f"{name}.{domain}".rstrip(".").lower():
            return f"the search list sends it elsewhere: this is the answer for {own.canonical}"
    other = answers.elsewhere(name)
    if other and set(other.told.addresses) & set(own.addresses):
        straight = {address for one in about for address in one.told.addresses}
        if not straight & set(own.addresses):
            return f"the search list sends it elsewhere: this is the answer for {other.name}"
    told_apart = [one for one in about if one.told.outcome == "ok"]
    for one in told_apart[1:]:
        if not set(one.told.addresses) & set(told_apart[0].told.addresses):
            return (
                f"the name servers do not agree: {told_apart[0].server} says {told_apart[0].told.addresses[0]}, "
                f"{one.server} says {one.told.addresses[0]}"
            )
    return ""


def _server_hop(asked: Asked, one: ServerAnswer) -> HopFact:
    outcome, text = one.told.outcome, one.told.word
    if outcome == "ok" and (one.seconds >= SLOW or one.told.partly):
        outcome = "slow"
        text = "one of the questions (A, AAAA) got no answer" if one.told.partly else "answered late"
    elif outcome == "timeout":
        text = f"no answer within {one.seconds:.0f} s"
    return asked.hop(
        "dns",
        outcome,
        cause="dns_failure",
        text=text,
        server=printable(one.server, 64),
        addresses=one.told.addresses,
        seconds=one.seconds,
    )


_CONNECT = (
    (re.compile(r"refused|reset by peer", re.I), "refused", "network_unreachable", "refused at once (reset)"),
    (
        re.compile(r"permission denied|prohibited|operation not permitted", re.I),
        "prohibited",
        "network_unreachable",
        "rejected: administratively prohibited",
    ),
    (
        re.compile(r"network (?:is )?unreachable", re.I),
        "no_route",
        "network_unreachable",
        "no route to this network",
    ),
    (
        re.compile(r"no route to host|host (?:is )?unreachable", re.I),
        "no_route",
        "network_unreachable",
        "no machine answers at this address (no answer to ARP, or a router says so)",
    ),
    (re.compile(r"timed out|timeout", re.I), "timeout", "timeout", ""),
)
# What says that no connection came about even without known words: curl(1), "Failed to connect"; netcat's only code.
_SAYS_ENOUGH = {"curl": (7,), "nc": (1,), "busybox": (1,)}
# A machine that is missing is known after three questions of ARP (or neighbour discovery), one a second.
_BEFORE_ARP_GIVES_UP = 2.5


def connection_hops(asked: Asked, lines: Sequence[str]) -> list[HopFact]:
    """Return the hops ``tcp`` that ``ADDRESS EXIT HUNDREDTHS TOOL WORDS`` tell."""
    hops = []
    for line in lines:
        fields = line.split(maxsplit=4)
        if len(fields) < 4 or not fields[1].isdigit() or not fields[2].isdigit():
            continue
        address, code, seconds, tool = (
            literal(fields[0]),
            int(fields[1][:4]),
            int(fields[2][:8]) / 100,
            fields[3],
        )
        if not address or tool == "none":
            continue
        outcome, cause, text = _connected(code, seconds, fields[4] if len(fields) > 4 else "", tool)
        family = "ipv6" if ":" in address else "ipv4"
        hops.append(
            asked.hop("tcp", outcome, cause=cause, text=text, address=address, family=family, seconds=seconds)
        )
    return hops[:8]


def _connected(code: int, seconds: float, words: str, tool: str) -> tuple[str, str, str]:
    if code == 0:
        return ("slow", "", f"connected only after {seconds:.1f} s") if seconds >= SLOW else ("ok", "", "")
    failure = own_failure(words, code, tool)
    if failure:
        return "not_checked", "", failure
    for pattern, outcome, cause, text in _CONNECT:
        if not pattern.search(words):
            continue
        if outcome == "no_route" and "network" not in pattern.pattern and seconds < _BEFORE_ARP_GIVES_UP:
            return "prohibited", cause, "rejected by an ICMP message (host unreachable or prohibited)"
        return outcome, cause, text or f"no answer within {seconds:.0f} s: packets are dropped in silence"
    if code == 124:
        return "timeout", "timeout", f"no answer within {seconds:.0f} s: packets are dropped in silence"
    if code in _SAYS_ENOUGH.get(tool, ()):
        return "refused", "network_unreachable", words or "the connection failed at once"
    return "not_checked", "", f"{tool} failed in a way that tells nothing: {words or f'exit code {code}'}"
