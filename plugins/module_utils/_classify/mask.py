# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text without the names in it: what rules look at.

Images, repositories, tags, hosts, files, roles, pods and Secrets are named by people, and some of those names are
words of an error: ``team/unauthorized``, ``mirror:429``, ``x509.example``, ``node_modules/express-rate-limit``. Each is
replaced by a token.
"""

from __future__ import annotations

import re

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.extract import (
    HOST_PATTERNS,
    Url,
    UrlKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.patterns import compiled

# What stands in these places is a name, whatever it looks like. A literal that must occur, the pattern whose
# first group is the name, and the token for it.
_PLACES = (
    ("[manifests ", r"\[manifests ([^\]]+)\]", "<tag>"),
    ("eading manifest ", r"\b[Rr]eading manifest (\S+) in ", "<tag>"),
    ("eading manifest ", r"\b[Rr]eading manifest \S+ in ([^\s\"<]+?):?(?=\s|$)", "<repository>"),
    ("anifest tagged by ", r"\b[Mm]anifest tagged by \"?([^\s\"]+)", "<tag>"),
    ("pull repository ", r"\bpull repository ([^\s\"]+?)(?=:?\s|:?$)", "<repository>"),
    ("pod", r"\bpod \"([^\"]+)\"", "<name>"),
    ("pod=", r"\bpod=\"([^\"]+)\"", "<name>"),
    ("ontainer", r"\b[Cc]ontainer (?:named )?\"([^\"]+)\"", "<name>"),
    ("with Err", r"\bfor \"([^\"]+)\" with Err", "<name>"),
    ("with ImagePullBackOff", r"\bfor \"([^\"]+)\" with ImagePullBackOff", "<name>"),
    ("ecret", r"\b[Ss]ecrets? \(([^)]+)\)", "<name>"),
    ("ecret ", r"\b[Ss]ecret \"([^\"]+)\"", "<name>"),
    (
        "not found",
        r"\b(?:[Rr]epository|[Aa]rtifact|[Pp]roject|[Mm]anifest for) (\S+?)(?= (?:is )?not found)",
        "<repository>",
    ),
    ("access repository: ", r"\baccess repository: ([^\s,]+)", "<repository>"),
    ("access denied for ", r"\baccess denied for ([^\s\",]+)", "<repository>"),
    ("with ", r"\bwith (?:name|id) '([^']+)'", "<name>"),
    ("name (", r"\bname \(([^)]+)\)", "<name>"),
    ("arn:", r"\b(arn:[^\s\",]+)", "<name>"),
    ("resource ", r"\bresource \"([^\"]+)\"", "<name>"),
    (":\\", r"\b([A-Za-z]:\\[^\s\"'<>|]+)", "<path>"),
)
_PATH = r"(?<![\w<>./:\\-])/[\w.@+%~-]+(?:/[\w.@+%~-]*)*"
_TELLING_FILE = (
    r"/(?:(?:containerd|crio|docker|cri-dockerd)\.sock|meta(?:data)?\.db|[\w.-]+\.(?:cert|key)"
    r"|[a-z-]*credential[a-z-]*)$"
)

# Error texts that look like a repository; one of that name stays as it is, which misleads no rule.
_SPOKEN = frozenset({"i/o", "input/output", "net/http", "text/html", "username/password", "archive/tar"})


def mask(text: str, images: list[str], urls: list[Url]) -> str:
    """``text`` in lower case, with tokens for its names.

    ``<manifest-url>``, ``<blob-url>``, ``<token-url>``, ``<ping-url>`` and ``<url>`` stand for URLs, ``<image>`` for
    references, ``<repository>``, ``<tag>`` and ``<host>`` for their parts where these stand alone, ``<path>`` for
    files, ``<name>`` for pods, containers, Secrets and roles.
    """
    for url in sorted({(url.text, url.kind) for url in urls}, key=lambda pair: -len(pair[0])):
        text = text.replace(url[0], f"<{url[1]}-url>" if url[1] is not UrlKind.OTHER else "<url>")
    text = compiled(_PATH).sub(_path, text) if "/" in text else text
    for image in sorted(images, key=len, reverse=True):
        if "/" in image or ":" in image:
            text = text.replace(image, "<image>")
        else:
            text = text.replace(f'"{image}"', '"<image>"').replace(f"'{image}'", "'<image>'")
    for literal, pattern, token in _PLACES:
        if literal in text:
            text = _at(text, pattern, token)
    for pattern in HOST_PATTERNS:
        text = _at(text, pattern, "<host>")
    for name, token in _names(images, urls):
        text = _replace(text, name, token)
    return _at(text, r"<repository>:(\w[\w.-]*)", "<tag>").lower()


def _path(match: re.Match[str]) -> str:
    """A file's name says something where it is a socket, a database, a certificate or a credential helper."""
    telling = compiled(_TELLING_FILE).search(match[0])
    return f"<path>{telling[0]}" if telling else "<path>"


def _at(text: str, pattern: str, token: str) -> str:
    """``text`` with ``token`` for the first group of every match."""
    pieces, end = [], 0
    for match in compiled(pattern).finditer(text):
        if match[1].startswith("<"):
            continue
        pieces += [text[end : match.start(1)], token]
        end = match.end(1)
    return "".join((*pieces, text[end:])) if pieces else text


def _names(images: list[str], urls: list[Url]) -> list[tuple[str, str]]:
    """The repositories, tags and hosts of these references and URLs, the longest first."""
    found: dict[str, str] = {}
    for image in images:
        registry, repository, tag = _parts(image)
        if "/" in repository and repository.lower() not in _SPOKEN:
            found[repository] = "<repository>"
            found[f"{registry}/{repository}"] = "<repository>"
        elif repository:
            found[f"library/{repository}"] = "<repository>"
            found[f"{registry}/{repository}"] = "<repository>"
        if tag:
            found[f'"{tag}"'] = '"<tag>"'
        _add_host(found, registry)
    for url in urls:
        _add_host(found, url.host or "")
    return sorted(found.items(), key=lambda pair: -len(pair[0]))


def _add_host(found: dict[str, str], host: str) -> None:
    """A host, with and without its port; a single word (``registry``) may be just that, a word."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    for form in (host, name):
        if "." in form or ":" in form:
            found[form] = "<host>"


def _parts(image: str) -> tuple[str, str, str]:
    """Registry, repository and tag of a reference as it is written, whether it parses or not."""
    name = image.partition("@")[0].rstrip("….")
    first, slash, rest = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    path = rest if registry else name
    last = path.rpartition("/")[2]
    tag = last.partition(":")[2]
    return registry, path[: len(path) - len(tag) - 1] if tag else path, tag


def _replace(text: str, name: str, token: str) -> str:
    """``text`` with ``token`` for ``name`` where that is no part of a longer name."""
    place = text.find(name)
    if place < 0:
        return text
    pieces, end = [], 0
    while place >= 0:
        after = place + len(name)
        if _begins(text, place) and _ends(text, after):
            pieces += [text[end:place], token]
            end = after
        place = text.find(name, after)
    return "".join((*pieces, text[end:]))


def _begins(text: str, place: int) -> bool:
    before = text[place - 1] if place else " "
    return text[place] == '"' or not (before.isalnum() or before in "_-.%")


def _ends(text: str, place: int) -> bool:
    after = text[place : place + 2] or " "
    if text[place - 1] == '"':
        return True
    return not (after[0].isalnum() or after[0] in "_-%" or (after[0] == "." and after[1:].isalnum()))


_PAGE = r"<!doctype|<html|<head\b|<title|<body"
_PAGE_STATUS = r"<(?:title|h1)[^>]*>[^<]{0,40}?\b([45]\d\d)\b"


def split_page(masked: str) -> tuple[str, str]:
    """What stands in front of a web page, and the page; it is empty where there is none."""
    found = compiled(_PAGE).search(masked) if "<" in masked else None
    return (masked[: found.start()], masked[found.start() :]) if found else (masked, "")


def page_status(page: str) -> str | None:
    """The HTTP status that a page has in its title or heading, as those of web servers do."""
    found = compiled(_PAGE_STATUS).search(page)
    return found[1] if found else None
