# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of tags, and of repositories, page by page and never without end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import ImageRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import TagList
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.nearness import (
    near_names,
    near_tags,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.session import Session
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import quotation

MOST_PAGES = 100
MOST_NAMES = 100_000
_PAGE, _SMALL_PAGE = 1000, 100
_LARGEST_PAGE = 8 << 20
_LONGEST_NAME = 256
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")
_LINK = re.compile(r"<([^>]{1,4096})>\s*;[^,]*\brel=\"?next\"?", re.IGNORECASE)
# Whose catalogue is open to those who may pull, if to anybody.
_WITH_CATALOGUE = frozenset(
    {products.DISTRIBUTION, products.UNKNOWN, products.HARBOR, products.NEXUS, products.ACR, products.ECR}
)


@dataclass(slots=True)
class _Read:
    """Names that were read. ``complete`` is false where there are more; ``why_not`` says why."""

    names: list[str] = field(default_factory=list)
    complete: bool = True
    why_not: str = ""
    status: int = 0


class TagSearch:
    """Looks in one repository for tags that are near, and where there is no such repository for one that is."""

    def __init__(self, session: Session, ref: ImageRef) -> None:
        self._session = session
        self._ref = ref

    def result(self) -> TagList:
        """Return what was found."""
        ref = self._ref
        wanted = ref.tag or ("" if ref.digest else "latest")
        read = self._read("tags/list", "tags", _page_size(self._session.registry.kind))
        near_repositories: tuple[str, ...] = ()
        if read.status == 404 and self._session.registry.kind in _WITH_CATALOGUE:
            self._session.scope = ("registry:catalog:*",)
            catalogue = self._read("/v2/_catalog", "repositories", _SMALL_PAGE)
            near_repositories = near_names(ref.repository, catalogue.names)
        return TagList(
            registry=ref.registry,
            repository=ref.repository,
            asked_for=ref.digest or wanted,
            near=near_tags(wanted, read.names) if wanted else (),
            total=len(read.names),
            complete=read.complete,
            near_repositories=near_repositories,
            why_not=quotation(read.why_not),
        )

    def _read(self, path: str, key: str, page: int) -> _Read:
        read = _Read()
        try:
            self._pages(path, key, page, read)
        except Stopped as stopped:
            read.complete, read.why_not = False, stopped.text
        return read

    def _pages(self, path: str, key: str, page: int, read: _Read) -> None:
        query, seen = f"n={page}", set()
        while query not in seen:
            seen.add(query)
            reply = self._session.fetch("GET", f"{path}?{query}", limit=_LARGEST_PAGE)
            if reply.status in (400, 405) and page > _SMALL_PAGE and len(seen) == 1:
                page, query = _SMALL_PAGE, f"n={_SMALL_PAGE}"
                continue
            read.status = reply.status
            if reply.status != 200:
                read.complete = False
                read.why_not = reply.words()[1] or f"HTTP status {reply.status}"
                return
            for name in _names(reply, key):
                if len(read.names) >= MOST_NAMES:
                    read.complete, read.why_not = False, f"there are more than {MOST_NAMES}"
                    return
                read.names.append(name)
            following, off_host = _next(reply)
            if not following:
                read.complete = not off_host
                read.why_not = (
                    "the next page is said to be on another host, which was not asked" if off_host else ""
                )
                return
            if len(seen) >= MOST_PAGES:
                break
            query = following
        read.complete, read.why_not = False, f"the list was not read further than {len(seen)} pages"


def _page_size(kind: str) -> int:
    return _SMALL_PAGE if kind in (products.QUAY, products.RED_HAT) else _PAGE


def _names(reply: Reply, key: str) -> Iterator[str]:
    try:
        data = reply.json()
    except ValueError:
        raise Stopped(
            "registry", "registry_server_error", f"{reply.origin.netloc} answers with a list that is no JSON"
        ) from None
    names = data.get(key) if isinstance(data, dict) else None
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
            yield name


def _next(reply: Reply) -> tuple[str, bool]:
    """Return the query of the next page, and whether it is on another host.

    The path is not followed: Artifactory leaves the repository's key out of it.
    """
    match = _LINK.search(reply.headers.get("link", ""))
    if match is None:
        return "", False
    try:
        target = urlsplit(urljoin(reply.url, match[1]))
    except ValueError:
        return "", True
    here = urlsplit(reply.url)
    if (target.scheme, target.netloc) != (here.scheme, here.netloc):
        return "", True
    return target.query, False
