# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of name servers: messages as they came (RFC 1035), and the words of dig, nslookup and host."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

MOST_ADDRESSES = 16
_A, _CNAME, _AAAA = 1, 5, 28
# RFC 1035, 4.1.1 and RFC 6895, 2.3.
_RCODES = {1: "server_failure", 2: "server_failure", 3: "no_such_name", 4: "server_failure", 5: "refused"}
_RCODE_WORDS = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_WORD_OUTCOMES = (
    (re.compile(r"\bNXDOMAIN\b", re.I), "no_such_name", "NXDOMAIN"),
    (re.compile(r"\bSERVFAIL\b", re.I), "server_failure", "SERVFAIL"),
    (re.compile(r"(?:status: |: |\()REFUSED\b"), "refused", "REFUSED"),
    (re.compile(r"\b(?:FORMERR|NOTIMP)\b", re.I), "server_failure", "FORMERR or NOTIMP"),
    (
        re.compile(r"connection refused|network unreachable|host unreachable|no route", re.I),
        "unreachable",
        "",
    ),
    (re.compile(r"timed out|no servers could be reached", re.I), "timeout", ""),
)
_EXIT = "45584954"


@dataclass(frozen=True, slots=True)
class Told:
    """What one server told of one name.

    ``outcome`` is one of HopFact's for dns; ``word`` the server's own (NXDOMAIN …). ``partly`` is set where one of
    the two questions (A, AAAA) got no answer.
    """

    outcome: str
    addresses: tuple[str, ...] = ()
    word: str = ""
    partly: bool = False


def told(tool: str, exit_code: int, answer: str) -> Told:
    """Return what an answer says; never raises."""
    if tool == "udp":
        return _from_messages(answer)
    return _from_words(tool, exit_code, answer)


def _from_messages(answer: str) -> Told:
    text, dummy, ended = answer.rpartition(_EXIT)
    try:
        content, code = bytes.fromhex(text), int(bytes.fromhex(ended).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return Told("server_failure", word="an answer that cannot be read")
    messages = _messages(content)
    addresses = tuple(dict.fromkeys(address for one in messages.values() for address in one[1]))
    if addresses:
        return Told("ok", addresses[:MOST_ADDRESSES], partly=len(messages) < 2)
    if messages:
        code = max(rcode for rcode, dummy in messages.values())
        if code:
            return Told(_RCODES.get(code, "server_failure"), word=_RCODE_WORDS.get(code, f"RCODE {code}"))
        return Told("timeout" if len(messages) < 2 else "no_address", partly=len(messages) < 2)
    if content:
        return Told("server_failure", word="an answer that cannot be read")
    # dd or the connection failed at once: an ICMP message said that nobody listens there.
    return Told("timeout") if code == 124 else Told("refused", word="nobody listens at its port 53")


def _messages(content: bytes) -> dict[int, tuple[int, list[str]]]:
    """Return response code and addresses by the type that was asked for; stops where the bytes make no sense."""
    found: dict[int, tuple[int, list[str]]] = {}
    position = 0
    while position + 12 <= len(content) and len(found) < 2:
        start = position
        flags, questions, answers, authority, additional = (
            int.from_bytes(content[start + at : start + at + 2], "big") for at in (2, 4, 6, 8, 10)
        )
        # Answers to our own question only: its identifier is 0x50, then the type.
        asked = content[start + 1] if content[start] == 0x50 else 0
        addresses: list[str] = []
        try:
            position += 12
            for dummy in range(min(questions, 4)):
                position = _after_name(content, position) + 4
            for number in range(min(answers + authority + additional, 100)):
                position, kind, data = _resource(content, position)
                if number < answers and kind == asked and len(data) == (4 if kind == _A else 16):
                    addresses.append(str(ipaddress.ip_address(data)))
        except IndexError:
            position = len(content)
        if not flags & 0x8000 or asked not in (_A, _AAAA):
            return found
        found[asked] = (flags & 0xF, addresses)
    return found


def _after_name(content: bytes, position: int) -> int:
    for dummy in range(130):
        length = content[position]
        if length & 0xC0 == 0xC0:
            return position + 2
        if length == 0:
            return position + 1
        position += length + 1
    raise IndexError


def _resource(content: bytes, position: int) -> tuple[int, int, bytes]:
    """Return the position after a resource record, its type and its data."""
    position = _after_name(content, position)
    header = content[position : position + 10]
    if len(header) < 10:
        raise IndexError
    kind, length = int.from_bytes(header[:2], "big"), int.from_bytes(header[8:], "big")
    position += 10
    if position + length > len(content):
        raise IndexError
    return position + length, kind, content[position : position + length]


def _from_words(tool: str, exit_code: int, answer: str) -> Told:
    if tool == "dig":
        found = re.findall(r"\sIN (?:A|AAAA) (\S+)", answer)
    elif tool == "host":
        found = re.findall(r"has (?:IPv6 )?address (\S+)", answer)
    else:
        # What stands before the first Name: is the address of the server.
        dummy, dummy, after = answer.partition("Name:")
        found = re.findall(r"Address(?: \d+)?: (\S+)", after)
    addresses = tuple(dict.fromkeys(address for one in found if (address := literal(one))))
    if addresses:
        return Told("ok", addresses[:MOST_ADDRESSES])
    for pattern, outcome, word in _WORD_OUTCOMES:
        if pattern.search(answer):
            if outcome == "unreachable":
                return Told("refused", word="nobody listens at its port 53")
            return Told(outcome, word=word)
    if exit_code == 124:
        return Told("timeout")
    if "status: NOERROR" in answer or "No answer" in answer or "has no A record" in answer:
        return Told("no_address")
    if tool == "nslookup" and re.search(r"can't (?:resolve|find)", answer):
        return Told("no_such_name", word="the name cannot be resolved")
    return Told("no_address" if exit_code == 0 else "server_failure")


def literal(text: str) -> str:
    """Return ``text`` as an IP address in its usual form, IPv4 also where it is mapped; empty where it is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
