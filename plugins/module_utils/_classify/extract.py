# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image, the URLs and the host that a message names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.patterns import compiled
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)

_END = r"(?=[,;]?(?:\s|$)|:\s|:$|[)\]\"'])"
# A literal that must occur, and the pattern that is then looked for: most messages need two or three of them.
_NAME = r"([^\s\"'`=,]*[/:.@][^\s\"'`,]*?)"
_IMAGES = (
    (' "', r"\b(?:[Ii]mage|images|reference|ref|tag|artifact|PullImage|ImageStatus) \"([^\"\s]+)\""),
    (" '", r"\b(?:image|reference) '\s*([^'\s]+)'"),
    ("`", r"\b(?:image|reference) +`\s*([^`\s]+)`"),
    ("image name ", r"\bimage name \"?([^\"\s]+?)\"?(?: returns|: |$)"),
    ("docker://", r"\bdocker://(?://)?([^\s\"]+?)" + _END),
    ("anifest for ", r"\b[Mm]anifest for ([^\s\"]+) not found"),
    ("access denied for ", r"\bpull access denied for ([^\s\",]+)"),
    ("pull failed for ", r"\bimage pull failed for ([^\s\",]+)"),
    ("no such image: ", r"\bno such image: ([^\s]+?)" + _END),
    ("epository ", r"\b[Rr]epository ([^\s\"]+) not found: (?:name unknown|does not exist)"),
    ("image component ", r"\bimage component ([^\s\"]+)"),
    ("resolve ref ", r"\bfailed to resolve ref " + _NAME + _END),
    ("source metadata for ", r"\bsource metadata for " + _NAME + _END),
    ("ull", r"\b[Pp]ull(?:ing)? (?:sandbox )?image:? " + _NAME + _END),
    ("ull", r"\b(?:[Pp]ulling|Unable to find image) '?" + _NAME + _END),
)
_LOOSE = ("ull", "resolve ref ", "source metadata for ")
_READING = r"\b[Rr]eading manifest (\S+) in ([^\s\"]+?):?(?=\s|$)"
_NO_IMAGE = r"(?:layer|manifest|index|config|extract|unknown)-.*|(?:sha256:)?[0-9a-f]{12,}"
_URL = r"https?:(?://|\\/\\/)[^\s\"'`,]+"
_REQUEST_URL = (
    r"(?:\b(?:Get|Head|Post|Put|GET|HEAD|POST|PUT)[: ]+[\"']?|request to |status code |endpoint |last URL \"|ping )"
    r"[\"']?(https?://[^\s\"'`,]+)"
)
_NOT_FAILING = (
    r"^https?://(?:www\.docker\.com|docs\.docker\.com|aka\.ms|access\.redhat\.com|docs\.aws|cloud\.google"
    r"|go\.microsoft|github\.com/[^/]+/[^/]+/(?:issues|blob|wiki)|kubernetes\.io)"
)
_HOST = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.%]+\])(?::[0-9]{1,5})?"
_LOOKUP = r"(?:dial (?:tcp|udp)\S*:? )lookup ([A-Za-z0-9._-]+?)\.?(?= on |:|\s|$)"
_LOOKUP_NAME = r"\blookup ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+?)\.?(?= on |:)"
_PROXY = r"proxyconnect tcp: dial tcp:? (?:lookup )?([^\s:]+(?::\d+)?|\[[^\]]+\]:\d+)"
_SOCKS = r"socks connect tcp ([^\s>]+?)->"
_DIAL = r"\b(?:dial|read|write) (?:tcp|udp)\d? (?:\S+->)?(\[[^\]]+\]:\d+|[^\s:]+:\d+)"
_NAMED_HOSTS = (
    r"pinging (?:container|docker) registry ([^\s:\"]+(?::\d+)?)",
    r"pulling from host ([^\s\"]+) failed",
    r"\bregistry ([^\s\"]+) is blocked in",
    r"certificate is valid for .{1,400}?, not ([^\s\",;:\]]+)",
    r"wanted to match ([^\s\",;\]]+)",
    r"cannot validate certificate for ([^\s\",;\]]+?) because",
    r"but none matched ([^\s\",;\]]+)",
    r"(?:auth|credentials|token) for ([A-Za-z0-9.-]+\.[A-Za-z]{2,}(?::\d+)?)\b",
)
HOST_PATTERNS = (_PROXY, _SOCKS, _LOOKUP, _LOOKUP_NAME, *_NAMED_HOSTS)
"""Wordings whose first group is a host."""


class UrlKind(StrEnum):
    """What a client asks for at a URL."""

    PING = "ping"
    MANIFEST = "manifest"
    BLOB = "blob"
    TOKEN = "token"
    OTHER = "url"


@dataclass(frozen=True, slots=True)
class Url:
    """One URL of a message. ``mirror_of``: the registry that it stands in for (containerd's ``?ns=``)."""

    text: str
    host: str | None
    kind: UrlKind
    start: int

    @property
    def mirror_of(self) -> str | None:
        match = compiled(r"[?&]ns=([^&\s]+)").search(self.text)
        if not match or self.host is None:
            return None
        origin = match[1]
        hub = origin == "docker.io" and self.host.split(":")[0].endswith("docker.io")
        return None if hub or self.host.split(":")[0] == origin.split(":")[0] else origin


def find_images(text: str) -> list[str]:
    """The references that ``text`` names, the most telling wording first, without repetitions."""
    found: dict[str, None] = {}
    for literal, pattern in _IMAGES:
        if literal not in text:
            continue
        for match in compiled(pattern).finditer(text):
            name = match[1].strip("`'\"").rstrip(":")
            if _is_name(name, quoted=literal not in _LOOSE) and not compiled(_NO_IMAGE).fullmatch(name):
                found.setdefault(name, None)
    for match in compiled(_READING).finditer(text) if "eading manifest " in text else ():
        separator = "@" if match[1].startswith("sha256:") else ":"
        found.setdefault(f"{match[2]}{separator}{match[1]}", None)
    return list(found)


def _is_name(name: str, *, quoted: bool) -> bool:
    """Whether a word in the place of an image name can be one: "configuration:" or "err." cannot."""
    if not name.strip(".:/@") or "://" in name[:10]:
        return False
    return quoted or (not name.endswith(".") and any(separator in name for separator in "/:@"))


def find_urls(text: str) -> list[Url]:
    """The URLs of requests that ``text`` names, in its order; links to documentation are left out."""
    if "http" not in text:
        return []
    requests = {match.start(1) for match in compiled(_REQUEST_URL).finditer(text)}
    urls = []
    for match in compiled(_URL).finditer(text):
        url = match[0].rstrip(".:;)]}>\\")
        if compiled(_NOT_FAILING).match(url) and match.start() not in requests:
            continue
        host = _url_host(url)
        urls.append(Url(url, host, _url_kind(url, host), match.start()))
    return urls


def _url_host(url: str) -> str | None:
    rest = url.split("//", 1)[1] if "//" in url else ""
    authority = compiled(r"[/?#]").split(rest, maxsplit=1)[0].rpartition("@")[2]
    return authority if compiled(_HOST).fullmatch(authority) else None


def _url_kind(url: str, host: str | None) -> UrlKind:
    path = url.split("//", 1)[-1].partition("/")[2]
    if "/manifests/" in path:
        return UrlKind.MANIFEST
    if "/blobs/" in path or "/blob/" in path or "X-Amz-" in path:
        return UrlKind.BLOB
    if "scope=" in path or "service=" in path or compiled(r"(?:^|/)(?:token|auth)(?:$|[/?])").search(path):
        return UrlKind.TOKEN
    if path.rstrip("/") in ("v2", "v1/_ping", "v0", "v1"):
        return UrlKind.PING
    return UrlKind.OTHER


def failing_url(urls: list[Url], position: int) -> Url | None:
    """The URL that the words at ``position`` speak of: the last one in front of them, else the last one."""
    before = [url for url in urls if url.start <= position]
    candidates = before or urls
    return candidates[-1] if candidates else None


def find_host(text: str, url: Url | None, image: str | None) -> str | None:
    """The host that failed: a proxy, a name that was looked up, the URL's host, the registry of the image."""
    for pattern in (_PROXY, _SOCKS, _LOOKUP, _LOOKUP_NAME):
        match = compiled(pattern).search(text)
        if match and compiled(_HOST).fullmatch(match[1]):
            return match[1].rstrip(".")
    if url is not None and url.host:
        return url.host
    for pattern in _NAMED_HOSTS:
        match = compiled(pattern).search(text)
        if match and compiled(_HOST).fullmatch(match[1].rstrip(".,")):
            return match[1].rstrip(".,")
    registry = registry_of(image)
    dialled = compiled(_DIAL).search(text) if registry is None else None
    return dialled[1] if dialled and compiled(_HOST).fullmatch(dialled[1]) else registry


def registry_of(image: str | None) -> str | None:
    """The registry of a reference, or null where it is none or does not say."""
    if image is None:
        return None
    try:
        return parse_image_ref(image).registry or None
    except ImageRefError:
        first, slash, _rest = image.partition("/")
        named = slash and ("." in first or ":" in first or first == "localhost")
        return first if named and compiled(_HOST).fullmatch(first) else None
