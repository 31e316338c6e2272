# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry product puts before its images: challenges, refusals, errors in its own words.

A product only says no, or where the blobs lie. What may be read comes from a real distribution registry behind it,
to which nginx passes the request on (X-Accel-Redirect).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from .images import Store
from .token_services import JSON, TEXT, Reply, TokenService, compact, errors

#: Where nobody but the company may look, on every registry that has accounts.
PRIVATE_ORGANISATION = "acme"
NOBODY, MEMBER, STRANGER, EXPIRED, WRONG = "nobody", "member", "stranger", "expired", "wrong"

_PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs|tags)/(?P<reference>[^/]+)")


@dataclass(frozen=True)
class Grant:
    """What a bearer token opens."""

    service: TokenService
    caller: str
    repositories: frozenset[str]


@dataclass(frozen=True)
class Request:
    """What a client asked; ``caller`` is who it is by its Basic credential, ``grant`` what its bearer token opens.

    ``caller`` is WRONG for credentials that nobody has, and for a token that was not issued here.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, list[str]]
    source: str
    caller: str = NOBODY
    grant: Grant | None = None


@dataclass(frozen=True)
class Asked:
    """What of the distribution API: ``ping``, ``catalog``, ``manifests``, ``blobs``, ``tags``."""

    kind: str
    repository: str = ""
    reference: str = ""

    @classmethod
    def of(cls, path: str) -> Asked | None:
        if path in ("/v2/", "/v2"):
            return cls("ping")
        if path == "/v2/_catalog":
            return cls("catalog")
        match = _PATH.fullmatch(path)
        return cls(match["kind"], match["repository"], match["reference"]) if match else None


@dataclass(frozen=True)
class Answer:
    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def refused(status: int, code: str, message: str, detail: object = None, **headers: str) -> Answer:
    """An error as the distribution specification has it."""
    return Answer(status, errors(code, message, detail), headers)


def replied(reply: Reply) -> Answer:
    return Answer(reply.status, reply.body, content_type=reply.content_type)


class Product:
    """A registry of one body of images, behind one distribution registry on a port of loopback."""

    #: Where blobs are redirected to, and with which status; empty: they are served here.
    blob_host = ""
    blob_status = 307
    #: Text that goes before the digest in the blob host's paths.
    blob_prefix = "docker/registry/v2/blobs"
    #: Most tags of one page.
    page = 1000
    #: Header fields by which the product can be told.
    headers: Mapping[str, str] = {"Docker-Distribution-Api-Version": "registry/2.0"}

    def __init__(self, store: Store, port: int, token: TokenService | None = None) -> None:
        self.store = store
        self.port = port
        self.token = token

    # ── who may read what ───────────────────────────────────────────────────────────────────────────────

    def stored(self, repository: str) -> str:
        """The repository's name in the store."""
        return repository

    def exists(self, repository: str) -> bool:
        return self.store.has_repository(self.stored(repository))

    def private(self, repository: str) -> bool:
        return self.stored(repository).split("/")[0] == PRIVATE_ORGANISATION

    def may_read(self, caller: str, repository: str) -> bool:
        """Whether a token for that repository opens it."""
        service = self.token
        assert service is not None
        if caller == MEMBER:
            own = service.member_reads == "own" and self.private(repository)
            return service.member_reads == "everything" or own or self.exists(repository)
        if caller not in (NOBODY, STRANGER) or (caller == NOBODY and not service.anonymous):
            return False
        return service.anonymous and not self.private(repository) and self.exists(repository)

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────

    def answer(self, request: Request) -> Answer:
        made = self._answer(request)
        return replace(made, headers={**self.headers, **made.headers})

    def _answer(self, request: Request) -> Answer:
        asked = Asked.of(request.path)
        if asked is None:
            return Answer(404, "404 page not found\n", content_type=TEXT)
        first = self.before_login(request, asked) or self.login(request, asked)
        if first:
            return first
        if asked.kind == "ping":
            return Answer(200, "{}")
        if asked.kind == "catalog":
            return self.catalog(request)
        if not self.exists(asked.repository):
            return self.no_repository(asked)
        if asked.kind == "tags":
            return self.tags(request, asked)
        if asked.kind == "manifests" and not self.has_manifest(asked):
            return self.no_manifest(asked)
        if asked.kind == "blobs" and self.blob_host and self.store.blob_path(asked.reference).exists():
            return self.redirect(asked)
        return self.pass_on(request, asked)

    def before_login(self, request: Request, asked: Asked) -> Answer | None:
        """What is refused whoever asks."""
        return None

    def login(self, request: Request, asked: Asked) -> Answer | None:
        """A challenge or a refusal; None for those who may pass."""
        if self.token is None:
            return None
        if asked.kind == "ping":
            return None if self.knows(request) else self.challenge(request, asked)
        if self.knows(request) and request.grant and asked.repository in request.grant.repositories:
            return None
        return self.challenge(request, asked)

    def knows(self, request: Request) -> bool:
        """Whether the bearer token is one of this registry's own token service."""
        return request.grant is not None and request.grant.service == self.token

    def challenge(self, request: Request, asked: Asked) -> Answer:
        """401 with the way to the token service; to a token that does not suffice, the reason with it."""
        assert self.token is not None
        error = "insufficient_scope" if self.knows(request) else ""
        if request.caller == WRONG:
            error = "invalid_token"
        header = self.challenge_header(asked.repository) + (f',error="{error}"' if error else "")
        return Answer(401, self.unauthorized(asked), {"WWW-Authenticate": header})

    def challenge_header(self, repository: str) -> str:
        assert self.token is not None
        scope = f',scope="repository:{repository}:pull"' if repository else ""
        return f'Bearer realm="{self.token.realm}",service="{self.token.service}"{scope}'

    def unauthorized(self, asked: Asked) -> str:
        """The body of a 401."""
        detail = None
        if asked.repository:
            detail = [{"Type": "repository", "Class": "", "Name": asked.repository, "Action": "pull"}]
        return errors("UNAUTHORIZED", "authentication required", detail)

    def catalog(self, request: Request) -> Answer:
        """Names of repositories, which most registries keep to themselves."""
        return refused(401, "UNAUTHORIZED", "authentication required")

    def listed(self) -> Answer:
        """All names of repositories."""
        return Answer(200, compact({"repositories": self.store.repositories()}))

    def no_repository(self, asked: Asked) -> Answer:
        if asked.kind == "tags":
            detail = {"name": asked.repository}
            return refused(404, "NAME_UNKNOWN", "repository name not known to registry", detail)
        if asked.kind == "blobs":
            return refused(404, "BLOB_UNKNOWN", "blob unknown to registry", asked.reference)
        return self.no_manifest(asked)

    def no_manifest(self, asked: Asked) -> Answer:
        return refused(404, "MANIFEST_UNKNOWN", "manifest unknown", f"unknown tag={asked.reference}")

    def has_manifest(self, asked: Asked) -> bool:
        repository = self.stored(asked.repository)
        if ":" in asked.reference:
            return self.store.has_manifest(repository, asked.reference)
        return asked.reference in self.store.tags(repository)

    def tags(self, request: Request, asked: Asked) -> Answer:
        """Pages of at most ``page`` tags, with a Link to the next."""
        last = request.query.get("last", [""])[0]
        wanted = request.query.get("n", [""])[0]
        size = min(int(wanted), self.page) if wanted.isdigit() else self.page
        left = [tag for tag in self.store.tags(self.stored(asked.repository)) if tag > last]
        page = left[:size]
        headers = {}
        if len(left) > len(page) and page:
            query = urlencode({"last": page[-1], "n": size})
            headers["Link"] = f'<{request.path}?{query}>; rel="next"'
        return Answer(200, compact({"name": asked.repository, "tags": page}), headers)

    # ── onwards ─────────────────────────────────────────────────────────────────────────────────────────

    def redirect(self, asked: Asked) -> Answer:
        """To the content delivery network, with a signature instead of a login."""
        kind, dummy, value = asked.reference.partition(":")
        path = f"{self.blob_prefix}/{kind}/{value[:2]}/{value}/data"
        query = urlencode({"X-Amz-Expires": 1200, "X-Amz-Signature": value[:32]})
        return Answer(self.blob_status, "", {"Location": f"https://{self.blob_host}/{path}?{query}"})

    def pass_on(self, request: Request, asked: Asked, **headers: str) -> Answer:
        """Lets the distribution registry answer; ``headers`` are told to nginx, which knows their names."""
        path = f"/v2/{self.stored(asked.repository)}/{asked.kind}/{asked.reference}"
        return Answer(200, "", {"X-Accel-Redirect": f"/-pass/{self.port}{path}", **headers})


class BasicProduct(Product):
    """A registry that takes user name and password itself."""

    realm = "registry"

    def login(self, request: Request, asked: Asked) -> Answer | None:
        if request.caller == MEMBER or (request.caller == STRANGER and not self.private(asked.repository)):
            return None
        return Answer(401, self.unauthorized(asked), {"WWW-Authenticate": f'Basic realm="{self.realm}"'})
