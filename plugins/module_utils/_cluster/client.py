# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the API server as the rest of the package makes them: JSON in and out, lists page by page, patience."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.refusals import (
    NoTable,
    patiently,
    refusal,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.stream import (
    Cut,
    NotJson,
    read_object,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import (
    CONNECTIONS,
    LARGEST_BODY,
    Answer,
    Deadline,
    Transport,
)

T = TypeVar("T")

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_VERBS: Mapping[str, str] = MappingProxyType({"DELETE": "delete", "PATCH": "change"})
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PAGE_SIZE = 500
TABLE_PAGE_SIZE = 25_000

CACHED: Mapping[str, str] = MappingProxyType({"resourceVersion": "0"})
"""Lists from the API server's watch cache: ten times cheaper for it, and as fresh as what controllers see. It sends
them whole; a resource without that cache (events) comes in pages."""
CACHED_PAGES: Mapping[str, str] = MappingProxyType(
    {"resourceVersion": "1", "resourceVersionMatch": "NotOlderThan"}
)
"""The same in pages, from Kubernetes 1.31 on; older servers read the pages from etcd (apiserver, storage/cacher)."""
STORED: dict[str, str] = {}
"""The newest state, from etcd where the cache cannot vouch for it."""
_AGENT = "kube_runbooks.image_pull"
_RESTARTS = 3


@dataclass(slots=True)
class Listing(Generic[T]):
    """A list that was read; ``seen`` counts all items, those that were not kept included.

    ``torn`` when it was changed by others between its pages, so that an item may be missing.
    """

    items: list[T] = field(default_factory=list)
    seen: int = 0
    torn: bool = False
    pages: int = 0


class Reads(Protocol):
    """What readers of single objects need of a Client."""

    def get(
        self, path: str, what: str, accept: str = JSON, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the object at ``path``; raises ClusterError."""


class Client:
    """One API server, asked politely: time-outs on everything, bounded retries, one overall deadline.

    Requests may be made from several threads. All methods raise ClusterError.
    """

    def __init__(
        self,
        connection: Connection,
        request_timeout: float = 20.0,
        deadline: float = 60.0,
        connections: int = CONNECTIONS,
        largest: int = LARGEST_BODY,
    ) -> None:
        self.connection = connection
        self.deadline = Deadline(deadline)
        self.requests = 0
        self.server_time: str | None = None
        self._transport = Transport(connection, request_timeout, self.deadline, connections, largest)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(connections)

    def get(
        self, path: str, what: str, accept: str = JSON, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the object at ``path``; ``what`` names it in errors ("the node worker-1")."""
        return self._patiently(lambda: self._object("GET", _with(path, params), what, accept, None), what)

    def post(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Send ``body`` and return the answer. Only for reviews, which change nothing and may be sent again."""
        content = json.dumps(body).encode()
        return self._patiently(lambda: self._object("POST", path, what, JSON, content), what)

    def get_once(self, path: str, what: str) -> dict[str, Any]:
        """Return the object at ``path``, asked for once: where many are asked and a dead one costs a time-out."""
        return self._once(lambda: self._object("GET", path, what, JSON, None), what)

    def create(
        self, path: str, body: Mapping[str, Any], what: str, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Make the object ``body`` and return it as the server made it; with ``dry_run`` only as it would.

        Not asked again unless the server did not begin with it (429). Besides the other errors: Conflict where the
        name is taken. After ServerFailed and Unreachable it may have been made all the same: look.
        """
        params = {"dryRun": "All"} if dry_run else None
        content = json.dumps(body).encode()
        return self._once(
            lambda: self._object("POST", _with(path, params), what, JSON, content, doing="create"), what
        )

    def patch(self, path: str, change: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Merge ``change`` into the object at ``path`` (RFC 7396) and return it; asked once, as ``create``."""
        content = json.dumps(change).encode()
        return self._once(lambda: self._object("PATCH", path, what, JSON, content), what)

    def delete(self, path: str, what: str, *, uid: str = "", grace: int | None = None) -> bool:
        """Delete the object at ``path``, and later what it owns; return False where it was gone already.

        With ``uid`` only that very object, Conflict where another has taken its name. ``grace`` are the seconds that a
        pod is given. Deleting twice is harmless, so it is asked again like a read.
        """
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            **({} if grace is None else {"gracePeriodSeconds": grace}),
        }
        if uid:
            options["preconditions"] = {"uid": uid}
        content = json.dumps(options).encode()
        try:
            self._patiently(lambda: self._object("DELETE", path, what, JSON, content), what)
        except errors.NotFound:
            return False
        return True

    def read_list(
        self,
        path: str,
        what: str,
        keep: Callable[[Any], T | None],
        *,
        params: Mapping[str, str] | None = None,
        origin: Mapping[str, str] = CACHED,
    ) -> Listing[T]:
        """Read a list page by page; ``keep`` turns each item into what is kept, None to drop it.

        A page that breaks off is asked for again, so ``keep`` must have no effect of its own.
        ``origin`` is one of CACHED, CACHED_PAGES and STORED.
        A list token that expires (410) is continued as the server offers or the list begun again; the result is
        ``torn`` then, and may hold items twice.
        """
        return self._pages(
            path,
            what,
            JSON,
            lambda item, _rest: keep(item),
            {"limit": str(PAGE_SIZE), **(params or {})},
            origin,
        )

    def read_table(
        self,
        path: str,
        what: str,
        columns: tuple[str, ...],
        keep: Callable[[tuple[Any, ...]], T | None],
        *,
        params: Mapping[str, str] | None = None,
    ) -> Listing[T]:
        """Read a list as the table that ``kubectl get`` prints, no objects; ``keep`` gets the cells of ``columns``.

        Columns are found by their names. Raises NoTable, besides the other errors, where there is no such table.
        """
        places: list[int] = []

        def row(item: Any, rest: dict[str, Any]) -> T | None:
            if not places:
                names = [column.get("name") for column in rest.get("columnDefinitions") or ()]
                if (
                    not isinstance(item, dict)
                    or "cells" not in item
                    or any(name not in names for name in columns)
                ):
                    raise NoTable(f"the API server gives no table of {what}")
                places.extend(names.index(name) for name in columns)
            cells = item["cells"]
            return keep(tuple(cells[place] for place in places))

        return self._pages(
            path,
            what,
            TABLE,
            row,
            {"includeObject": "None", "limit": str(TABLE_PAGE_SIZE), **(params or {})},
            CACHED_PAGES,
        )

    def _pages(
        self,
        path: str,
        what: str,
        accept: str,
        keep: Callable[[Any, dict[str, Any]], T | None],
        params: Mapping[str, str],
        origin: Mapping[str, str],
    ) -> Listing[T]:
        found: Listing[T] = Listing()
        token, restarts = "", 0
        while True:
            # The token carries the version that the list began with.
            address = _with(path, {**params, **({"continue": token} if token else origin)})
            try:
                items, seen, rest = self._patiently(lambda: self._page(address, what, accept, keep), what)  # noqa: B023
            except errors.Gone as gone:
                restarts += 1
                if restarts > _RESTARTS:
                    raise
                token, found.torn = gone.resume, True
                continue
            if not isinstance(rest.get("metadata"), dict):
                raise errors.BadAnswer(
                    f"{self.connection.server} answered {what} with something that is no list"
                )
            found.items += items
            found.seen += seen
            found.pages += 1
            token = str(rest["metadata"].get("continue") or "")
            if not token:
                return found

    def _page(
        self, path: str, what: str, accept: str, keep: Callable[[Any, dict[str, Any]], T | None]
    ) -> tuple[list[T], int, dict[str, Any]]:
        items: list[T] = []
        seen = 0

        def take(item: Any, rest: dict[str, Any]) -> None:
            nonlocal seen
            seen += 1
            kept = keep(item, rest)
            if kept is not None:
                items.append(kept)

        rest = self._exchange("GET", path, what, accept, None, ("rows", "items"), take)
        return items, seen, rest

    def _object(
        self, method: str, path: str, what: str, accept: str, body: bytes | None, doing: str = ""
    ) -> dict[str, Any]:
        return self._exchange(method, path, what, accept, body, (), _ignore, doing)

    def _exchange(
        self,
        method: str,
        path: str,
        what: str,
        accept: str,
        body: bytes | None,
        streamed: tuple[str, ...],
        each: Callable[[Any, dict[str, Any]], None],
        doing: str = "",
    ) -> dict[str, Any]:
        with self._slots:
            answer = self._send(method, path, what, accept, body, doing or _VERBS.get(method, "read"))
            try:
                return self._read(answer, what, streamed, each)
            finally:
                answer.close()

    def _send(self, method: str, path: str, what: str, accept: str, body: bytes | None, doing: str) -> Answer:
        headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": _AGENT}
        if body is not None:
            headers["Content-Type"] = MERGE_PATCH if method == "PATCH" else JSON
        generation = self._transport.generation
        answer = self._counted(method, path, headers, body, what)
        if answer.status == 401 and self._transport.renew(generation):
            answer.close()
            answer = self._counted(method, path, headers, body, what)
        if self.server_time is None and 200 <= answer.status < 300:
            self.server_time = answer.header("Date") or None
        if not 200 <= answer.status < 300:
            try:
                raise refusal(answer, what, self.connection, doing)
            finally:
                answer.close()
        return answer

    def _counted(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, what: str
    ) -> Answer:
        with self._lock:
            self.requests += 1
        return self._transport.send(method, path, headers, body, what)

    def _read(
        self,
        answer: Answer,
        what: str,
        streamed: tuple[str, ...],
        each: Callable[[Any, dict[str, Any]], None],
    ) -> dict[str, Any]:
        server = self.connection.server
        kind = answer.header("Content-Type")
        if kind and "json" not in kind:
            raise errors.BadAnswer(
                f"{server} answered {what} with {kind}, not JSON: is this the API server, or a proxy's page?"
            )
        try:
            return read_object(answer.chunks(), streamed, each)
        except Cut:
            raise errors.Unreachable(f"the answer of {server} for {what} was cut off in the middle") from None
        except NotJson as error:
            raise errors.BadAnswer(
                f"{server} answered {what} with something that is not JSON ({error.beginning[:60]!r}): "
                "is this the API server?"
            ) from None

    def _patiently(self, ask: Callable[[], T], what: str) -> T:
        return patiently(ask, what, self.deadline)

    def _once(self, ask: Callable[[], T], what: str) -> T:
        return patiently(ask, what, self.deadline, writes=True)


def _with(path: str, params: Mapping[str, str] | None) -> str:
    return f"{path}?{urlencode(params)}" if params else path


def _ignore(_item: Any, _rest: dict[str, Any]) -> None:
    return None


def segment(name: str) -> str:
    """Return ``name`` fit for one segment of a path."""
    return quote(name, safe="")


def namespaced(prefix: str, namespace: str, resource: str, name: str = "") -> str:
    """Return the path of a resource, of all namespaces when ``namespace`` is empty: ``/api/v1``, ``shop``, ``pods``."""
    parts = [prefix, *(("namespaces", segment(namespace)) if namespace else ()), resource]
    return "/".join([*parts, segment(name)] if name else parts)
