# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references, parsed exactly as Kubernetes and containerd parse them.

The grammar is that of github.com/distribution/reference (kubelets use v0.6.0 through
``k8s.io/kubernetes/pkg/util/parsers``; containerd adds ``ParseDockerRef``), the digest rules those of
github.com/opencontainers/go-digest. Python's ``$``, ``\\w`` and ``str.lower`` mean other things than Go's,
so everything here is ASCII and anchored with ``fullmatch``.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cache

DOCKER_HUB = "docker.io"
LEGACY_DOCKER_HUB = "index.docker.io"
OFFICIAL_PREFIX = "library/"
DEFAULT_TAG = "latest"
MAX_REPOSITORY = 255
"""The path alone, without the registry; kubelets up to 1.31 counted the registry as well."""
MAX_TAG = 128
DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The algorithms that the kubelet registers, with the number of their hexadecimal digits."""

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

_REFERENCE = rf"(?:({_DOMAIN})/)?({_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?"
_IDENTIFIER = r"[a-f0-9]{64}"
_NEVER_ALLOWED = r"[^A-Za-z0-9._\-/:@+\[\]]"
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)://"
_QUOTED = 120


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled at first use: importing this costs next to nothing."""
    return re.compile(pattern)


class ImageRefError(ValueError):
    """A text that is no image reference.

    ``position`` is the index of the first character that is wrong (0 for the first; the length of the text
    where something is missing at its end); the message counts from 1, as people do, and is one line.
    """

    def __init__(self, text: str, position: int, problem: str, suggestion: str | None = None) -> None:
        self.text = text
        self.position = position
        self.problem = problem
        self.suggestion = suggestion
        super().__init__(self._message())

    def _message(self) -> str:
        if not self.text:
            return f"the image reference is empty: {self.problem}"
        where = (
            f"at character {self.position + 1}, {_shown(self.text[self.position])}"
            if self.position < len(self.text)
            else "at its end"
        )
        hint = f"; try {_shown(self.suggestion)}" if self.suggestion else ""
        return f"image reference {_shown(self.text)} is invalid {where}: {self.problem}{hint}"


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One parsed reference.

    ``registry`` ``docker.io`` and ``repository`` ``library/nginx`` for ``nginx``; ``tag`` and ``digest`` only
    where they are written. ``familiar`` is the short form of what was written (``nginx``, ``nginx:1``),
    ``canonical`` what containerd resolves: a default tag added, a tag beside a digest dropped.
    ``registry`` is empty for the few names whose first part has a dot but is no host name
    (``ex_ample.com/app``), because the kubelet matches credentials that way.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None
    familiar: str
    canonical: str

    @property
    def name(self) -> str:
        """Registry and repository without tag and digest: what the kubelet matches credentials against."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    def to_dict(self) -> dict[str, str | None]:
        """Plain types, with the field names as keys."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, str | None]) -> ImageRef:
        """The inverse of :meth:`to_dict`. Raises KeyError when a field is missing."""
        return cls(
            registry=data["registry"] or "",
            repository=data["repository"] or "",
            tag=data["tag"],
            digest=data["digest"],
            familiar=data["familiar"] or "",
            canonical=data["canonical"] or "",
        )


def parse_image_ref(text: str) -> ImageRef:
    """The reference that ``text`` is to a kubelet.

    Raises ImageRefError where a kubelet says InvalidImageName.
    """
    if _compiled(_IDENTIFIER).fullmatch(text):
        raise ImageRefError(text, 0, "64 hexadecimal digits are an image ID and not a name")
    domain, remainder = _split_domain(text)
    # Parse() of the reference library reads the joined text anew: its first part may then turn out to be no
    # host name, and the registry is empty.
    match = _compiled(_REFERENCE).fullmatch(f"{domain}/{remainder}") if text else None
    if match is None:
        raise _explain(text, domain, remainder)
    registry, repository, tag, digest = match.groups()
    error = _explain_length(text, len(text) - len(remainder), repository)
    if error is None and digest is not None:
        error = _explain_digest(text, len(text) - len(digest), digest)
    if error is not None:
        raise error
    return _build(registry or "", repository, tag, digest)


def _build(registry: str, repository: str, tag: str | None, digest: str | None) -> ImageRef:
    name = f"{registry}/{repository}" if registry else repository
    short = name
    if registry == DOCKER_HUB:
        short = repository
        official = repository.removeprefix(OFFICIAL_PREFIX)
        if official != repository and "/" not in official:
            short = official
    written = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    resolved = f"@{digest}" if digest else f":{tag or DEFAULT_TAG}"
    return ImageRef(registry, repository, tag, digest, short + written, name + resolved)


def _split_domain(text: str) -> tuple[str, str]:
    """``splitDockerDomain`` of the reference library."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DOCKER_HUB, OFFICIAL_PREFIX + text
    if first == LEGACY_DOCKER_HUB:
        domain, remainder = DOCKER_HUB, rest
    elif first == "localhost" or "." in first or ":" in first or first.lower() != first:
        domain, remainder = first, rest
    else:
        domain, remainder = DOCKER_HUB, text
    if domain == DOCKER_HUB and "/" not in remainder:
        remainder = OFFICIAL_PREFIX + remainder
    return domain, remainder


def _explain(text: str, domain: str, remainder: str) -> ImageRefError:
    """The error for the first character of ``text`` that keeps it from parsing."""
    if not text:
        return ImageRefError(text, 0, "write [registry/]repository[:tag][@digest]")
    host, slash, _rest = text.partition("/")
    is_domain = bool(slash) and remainder != text
    start = len(host) + 1 if is_domain else 0
    rest, at, digest = text[start:].partition("@")
    name, colon, tag = rest.partition(":")
    found = [
        _explain_foreign_characters(text),
        _explain_upper_case(text, start, name),
        _explain_domain(text, host) if is_domain else None,
        _explain_path(text, start, name),
        _explain_length(text, len(text) - len(remainder), remainder.partition("@")[0].partition(":")[0]),
        _explain_tag(text, start + len(name) + 1, tag) if colon else None,
        _explain_digest(text, start + len(rest) + 1, digest) if at else None,
    ]
    errors = [error for error in found if error is not None]
    if not errors:
        return ImageRefError(text, 0, "it does not read as [registry/]repository[:tag][@digest]")
    return min(errors, key=lambda error: error.position)


def _explain_foreign_characters(text: str) -> ImageRefError | None:
    scheme = _compiled(_SCHEME).match(text)
    if scheme:
        return ImageRefError(
            text, 0, f"a reference has no scheme ({scheme[0]})", _parses(text[scheme.end() :])
        )
    foreign = _compiled(_NEVER_ALLOWED).search(text)
    if not foreign:
        return None
    character, position = foreign[0], foreign.start()
    if character.isspace():
        problem = "white space is not allowed"
    elif character in "<>{}$%":
        problem = f"{_shown(character)} is not allowed; was a placeholder left unfilled?"
    elif character in "\"'`":
        problem = "quotation marks are not part of a reference"
    elif not character.isascii():
        problem = f"only ASCII characters are allowed, this is U+{ord(character):04X}"
    else:
        problem = f"{_shown(character)} is not allowed in a reference"
    stripped = text.strip().strip("\"'`").strip()
    return ImageRefError(text, position, problem, _parses(stripped) if stripped != text else None)


def _explain_upper_case(text: str, start: int, name: str) -> ImageRefError | None:
    for index, character in enumerate(name):
        if character.isupper():
            end = start + len(name)
            return ImageRefError(
                text,
                start + index,
                "upper case is not allowed in a repository name",
                _parses(text[:start] + text[start:end].lower() + text[end:]),
            )
    return None


def _explain_domain(text: str, domain: str) -> ImageRefError | None:
    host, colon, port = domain, "", ""
    if domain.startswith("["):
        close = domain.find("]")
        for index in range(1, len(domain) if close < 0 else close):
            if domain[index] not in "0123456789abcdefABCDEF:":
                return ImageRefError(text, index, "an IPv6 address has only hexadecimal digits and ':'")
        if close < 0:
            return ImageRefError(text, len(domain), "the IPv6 address is not closed with ']'")
        if close == 1:
            return ImageRefError(text, 1, "the IPv6 address is empty")
        host, port = "", domain[close + 1 :]
        if port and not port.startswith(":"):
            return ImageRefError(text, close + 1, "only a port may follow the IPv6 address")
        colon, port = port[:1], port[1:]
    else:
        host, colon, port = domain.partition(":")
        error = _explain_host(text, host)
        if error is not None:
            return error
    if colon:
        if not port:
            return ImageRefError(text, len(domain), "the port is missing")
        offset = len(domain) - len(port)
        for index, character in enumerate(port):
            if character not in "0123456789":
                return ImageRefError(
                    text, offset + index, "a port has digits only (an IPv6 address stands in brackets)"
                )
    return None


def _explain_host(text: str, host: str) -> ImageRefError | None:
    offset = 0
    for label in host.split("."):
        if not label:
            return ImageRefError(text, offset, "a part of the registry's host name is empty")
        if not _compiled(_LABEL).fullmatch(label):
            bad = _first_bad(label, "-")
            return ImageRefError(
                text,
                offset + bad,
                f"{_shown(label[bad])} is not allowed here in the registry's host name",
            )
        offset += len(label) + 1
    return None


def _first_bad(label: str, inner: str) -> int:
    """The first character of a label that is neither alphanumeric nor an inner ``inner``."""
    for index, character in enumerate(label):
        edge = index in (0, len(label) - 1)
        if not (character.isascii() and character.isalnum()) and (edge or character not in inner):
            return index
    return 0


def _explain_path(text: str, start: int, name: str) -> ImageRefError | None:
    offset = start
    for component in name.split("/"):
        if not component:
            if not name:
                problem = "the repository name is missing"
            else:
                problem = "a part of the repository name is empty"
            return ImageRefError(text, offset, problem)
        match = _compiled(_COMPONENT).match(component)
        if match is None or match.end() != len(component):
            bad = 0 if match is None else match.end()
            if bad in (0, len(component) - 1) and component[bad] in "._-":
                problem = "a part of the repository name starts and ends with a letter or digit"
            elif component[bad] in "._-":
                problem = "between letters or digits stands one '.', one or two '_', or any number of '-'"
            else:
                problem = f"{_shown(component[bad])} is not allowed in a repository name"
            return ImageRefError(text, offset + bad, problem)
        offset += len(component) + 1
    return None


def _explain_length(text: str, start: int, repository: str) -> ImageRefError | None:
    """``start`` is negative where ``library/`` was added in front of the text."""
    if len(repository) <= MAX_REPOSITORY:
        return None
    problem = f"the repository name has {len(repository)} characters, {MAX_REPOSITORY} are allowed"
    return ImageRefError(text, start + MAX_REPOSITORY, problem)


def _explain_tag(text: str, start: int, tag: str) -> ImageRefError | None:
    if not tag:
        return ImageRefError(text, start, "the tag is missing after ':'")
    for index, character in enumerate(tag):
        allowed = character.isascii() and (character.isalnum() or character in "_.-")
        if index == 0 and character in ".-":
            return ImageRefError(text, start, "a tag starts with a letter, a digit or '_'")
        if not allowed:
            problem = f"{_shown(character)} is not allowed in a tag"
            if character == ":":
                problem = "a reference has one tag only"
            elif character == "/":
                problem = "a tag has no '/' (a registry with a port comes first)"
            return ImageRefError(text, start + index, problem)
    if len(tag) > MAX_TAG:
        return ImageRefError(
            text, start + MAX_TAG, f"the tag has {len(tag)} characters, {MAX_TAG} are allowed"
        )
    return None


def _explain_digest(text: str, start: int, digest: str) -> ImageRefError | None:
    """``Digest.Validate`` of go-digest, with the place of the fault."""
    algorithm, colon, encoded = digest.partition(":")
    if not digest:
        return ImageRefError(text, start, "the digest is missing after '@'")
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None:
        known = ", ".join(DIGEST_LENGTHS)
        lower = text[:start] + algorithm.lower() + text[start + len(algorithm) :]
        problem = f"{_shown(algorithm)} is no digest algorithm ({known} are)"
        return ImageRefError(text, start, problem, _parses(lower) if lower != text else None)
    if not colon:
        return ImageRefError(text, len(text), f"the digest goes on with ':' and {length} hexadecimal digits")
    offset = start + len(algorithm) + 1
    for index, character in enumerate(encoded[:length]):
        if character in "0123456789abcdef":
            continue
        lower = text[:offset] + encoded.lower()
        if character in "ABCDEF":
            problem = "a digest has lower-case hexadecimal digits only"
        elif character == ":":
            problem = "the tag stands before the digest"
        else:
            problem = f"{_shown(character)} is no hexadecimal digit"
        return ImageRefError(text, offset + index, problem, _parses(lower) if lower != text else None)
    if len(encoded) == length:
        return None
    problem = f"a {algorithm} digest has {length} hexadecimal digits, not {len(encoded)}"
    if encoded[length : length + 1] == ":":
        problem = "the tag stands before the digest"
    return ImageRefError(text, offset + min(len(encoded), length), problem)


def is_image_ref(text: str) -> bool:
    """Tell whether ``text`` is a reference."""
    return _parses(text) is not None


def _parses(text: str | None) -> str | None:
    """``text`` if it is a reference: only then is it worth suggesting."""
    if not text:
        return None
    try:
        parse_image_ref(text)
    except ImageRefError:
        return None
    return text


def _shown(text: str) -> str:
    """``text`` in double quotes on one line, short and without control characters."""
    clipped = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in clipped)
    return f'"{safe}"'
