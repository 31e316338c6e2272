# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a docker configuration as a kubelet decodes them (pkg/credentialprovider/config.go)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.base64_text import (
    decode_auth,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.json_text import (
    NotJson,
    Object,
    read_json,
)

_AUTHS, _HEADERS = "auths", "httpheaders"
_KEPT_ELSEWHERE = ("credsstore", "credhelpers")
_TOKENS = ("identitytoken", "registrytoken")
_TEXTS = ("username", "password", "email", "auth")
# Go folds names by Unicode's simple folding, under which two more letters equal ASCII ones.
_FOLDED = str.maketrans({"\u017f": "s", "\u212a": "k"})


class Malformed(ValueError):
    """A configuration that a kubelet cannot decode. The message is one line without anything secret.

    ``key`` is the entry that is to blame, empty where it is the whole.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its key as written, user name and password (undecodable bytes as lone surrogates, PEP 383).

    ``tokens`` names the fields with a token that kubelets ignore.
    """

    written: str
    username: str = ""
    password: str = field(default="", repr=False)
    tokens: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is neither user name nor password; such an entry counts as a match all the same."""
        return not self.username and not self.password


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """The entries in the order of the text; ``kept_elsewhere`` where it says that docker keeps passwords outside."""

    entries: tuple[Entry, ...] = ()
    kept_elsewhere: bool = False


def read_config(content: bytes, *, flat: bool) -> DockerConfig:
    """Return the entries of a ``config.json``, or of a ``.dockercfg`` where ``flat``. Raises Malformed.

    One bad entry spoils the whole, as it does for a kubelet.
    """
    try:
        value = read_json(content)
    except NotJson as error:
        raise Malformed(f"not JSON: {error}") from None
    if value is None:
        return DockerConfig()
    if not isinstance(value, Object):
        raise Malformed(f"expected an object, found {_kind(value)}")
    if flat:
        return DockerConfig(tuple(_entries(value).values()))
    found: dict[str, Entry] = {}
    elsewhere = False
    for name, inner in value:
        folded = _fold(name)
        if folded == _AUTHS:
            # A second "auths" adds to the first, and null empties it.
            found = {**found, **_entries(_object(inner, name))} if inner is not None else {}
        elif folded == _HEADERS and inner is not None:
            _check_headers(inner, name)
        elif folded in _KEPT_ELSEWHERE and inner:
            elsewhere = True
    return DockerConfig(tuple(found.values()), elsewhere)


def _entries(members: Object) -> dict[str, Entry]:
    return {key: _entry(key, value) for key, value in members}


def _entry(key: str, value: Any) -> Entry:
    if value is None:
        return Entry(key)
    texts = dict.fromkeys(_TEXTS, "")
    tokens = []
    for name, inner in _object(value, key):
        folded = _fold(name)
        if folded in texts and inner is not None:
            if not isinstance(inner, str):
                raise Malformed(f'"{folded}" is {_kind(inner)} and no text', key)
            texts[folded] = inner
        elif folded in _TOKENS and inner:
            tokens.append(folded)
    username, password = texts["username"], texts["password"]
    if texts["auth"]:
        try:
            username, password = decode_auth(texts["auth"])
        except ValueError as error:
            raise Malformed(str(error), key) from None
    return Entry(key, username, password, tuple(tokens))


def _object(value: Any, name: str) -> Object:
    if not isinstance(value, Object):
        raise Malformed(f"expected an object, found {_kind(value)}", name)
    return value


def _check_headers(value: Any, name: str) -> None:
    for _header, text in _object(value, name):
        if text is not None and not isinstance(text, str):
            raise Malformed(f"a header is {_kind(text)} and no text", name)


def _fold(name: str) -> str:
    folded = name.translate(_FOLDED)
    return folded.lower() if folded.isascii() else folded


def _kind(value: Any) -> str:
    if isinstance(value, Object):
        return "an object"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "true or false" if isinstance(value, bool) else "a number"
