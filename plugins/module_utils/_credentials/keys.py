# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the key of a credential fits a repository: pkg/credentialprovider/keyring.go and Go's filepath.Match."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.go_url import (
    parse_url,
    split_host_port,
)

HUB_KEY = b"index.docker.io"
"""The normal form under which Docker Hub's credentials are found when nothing else fits (defaultRegistryHost)."""

_SCHEMES = (b"https://", b"http://")
_VERSIONS = (b"/v1/", b"/v2/")


@dataclass(frozen=True, slots=True)
class Place:
    """What a key, or a repository, says: the labels of the host, the port as text, the path with its slash."""

    labels: tuple[bytes, ...]
    port: bytes
    path: bytes


@lru_cache(maxsize=16384)
def normal_form(written: str) -> bytes | None:
    """Return the key under which the keyring keeps an entry; None where the entry is dropped (BasicDockerKeyring.Add).

    Scheme, user, query and fragment vanish, and so does the version of the old registry API in front of the path.
    """
    value = written.encode("utf-8", "surrogateescape")
    url = parse_url(value if value.startswith(_SCHEMES) else b"https://" + value)
    if url is None:
        return None
    path = url.path[3:] if url.path.startswith(_VERSIONS) else url.path
    return url.host if path == b"/" else url.host + path


@lru_cache(maxsize=4096)
def place_of(text: bytes) -> Place | None:
    """Return what a normal form or a repository says; None where it is no URL, so that it never matches."""
    url = parse_url(b"https://" + text)
    if url is None:
        return None
    host, port = split_host_port(url.host)
    return Place(tuple(host.split(b".")), port, url.path)


def matches(key: Place, repository: Place) -> bool:
    """Return whether a key fits a repository: same port, as many labels, each fitting, and the path a prefix."""
    return (
        key.port == repository.port
        and len(key.labels) == len(repository.labels)
        and repository.path.startswith(key.path)
        and all(
            glob_matches(pattern, label) for pattern, label in zip(key.labels, repository.labels, strict=True)
        )
    )


def is_hub(repository: str) -> bool:
    """Return whether the keyring takes a repository for one of Docker Hub (isDefaultRegistryMatch).

    That holds for ``localhost/app`` and ``Acme/app`` as well, whose first part has neither dot nor colon.
    """
    first, slash, _rest = repository.partition("/")
    if not first:
        return False
    return not slash or first in ("docker.io", "index.docker.io") or not ("." in first or ":" in first)


def glob_matches(pattern: bytes, name: bytes) -> bool:
    """Return what filepath.Match says on Linux; a malformed pattern matches nothing.

    Only ``*`` and, where the host is an IPv6 address without a port, ``[…]`` can reach this: the rest of the
    syntax does not survive the parsing of a URL as part of a host.
    """
    if b"*" not in pattern and not pattern.startswith(b"["):
        return pattern == name
    tokens = _tokens(pattern)
    if tokens is None:
        return False
    return _matches_tokens(tokens, name.decode("utf-8", "surrogateescape"))


_Token: TypeAlias = "frozenset[tuple[str, str]] | str | None"
"""A class of characters as ranges, one character, or None for ``*``."""


def _tokens(pattern: bytes) -> list[_Token] | None:
    text = pattern.decode("utf-8", "surrogateescape")
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "*":
            tokens.append(None)
        elif character != "[":
            tokens.append(character)
        else:
            end = text.find("]", at)
            ranges = _ranges(text[at:end]) if end > at else None
            if ranges is None:
                return None
            tokens.append(ranges)
            at = end + 1
    return tokens


def _ranges(inside: str) -> frozenset[tuple[str, str]] | None:
    """Return the ranges of ``[…]``; an IPv6 address, and that is all that gets here, has ``-`` in its zone at most."""
    ranges = set()
    at = 0
    while at < len(inside):
        first = last = inside[at]
        at += 1
        if first == "-":
            return None
        if inside.startswith("-", at):
            last = inside[at + 1 : at + 2]
            if last in ("", "-"):
                return None
            at += 2
        ranges.add((first, last))
    return frozenset(ranges)


def _matches_tokens(tokens: list[_Token], name: str) -> bool:
    """Match with one place to come back to: the last star, as far as it has eaten. Linear for what hosts look like."""
    at = index = 0
    star = -1
    eaten = 0
    while at < len(name):
        if index < len(tokens) and tokens[index] is None:
            star, eaten = index, at
            index += 1
        elif index < len(tokens) and _fits(tokens[index], name[at]):
            at += 1
            index += 1
        elif star >= 0 and name[eaten] != "/":
            eaten += 1
            at, index = eaten, star + 1
        else:
            return False
    return all(token is None for token in tokens[index:])


def _fits(token: _Token, character: str) -> bool:
    if isinstance(token, str):
        return token == character
    return token is not None and any(first <= character <= last for first, last in token)
