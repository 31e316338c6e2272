# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the API server as the rest of the package makes them: JSON in and out, lists page by page, patience."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.stream import (
    Cut,
    NotJson,
    read_object,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import (
    CONNECTIONS,
    Answer,
    Deadline,
    TlsFailed,
    Transport,
)

T = TypeVar("T")

JSON = "application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PAGE_SIZE = 500
_AGENT = "kube_runbooks.image_pull"
_TRIES = 4
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_WAIT = 0.25, 5.0, 20.0
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


class NoTable(errors.BadAnswer):
    """The server gives no table of this, or one without the columns that are wanted."""


class Client:
    """One API server, asked politely: time-outs on everything, bounded retries, one overall deadline.

    Requests may be made from several threads. All methods raise ClusterError.
    """

    def __init__(self, connection: Connection, request_timeout: float = 20.0, deadline: float = 60.0) -> None:
        self.connection = connection
        self.deadline = Deadline(deadline)
        self.requests = 0
        self.server_time: str | None = None
        self._transport = Transport(connection, request_timeout, self.deadline)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(CONNECTIONS)

    def get(
        self, path: str, what: str, accept: str = JSON, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the object at ``path``; ``what`` names it in errors ("the node worker-1")."""
        return self._patiently(lambda: self._object("GET", _with(path, params), what, accept, None), what)

    def post(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Send ``body`` and return the answer. Only for reviews, which change nothing and may be sent again."""
        content = json.dumps(body).encode()
        return self._patiently(lambda: self._object("POST", path, what, JSON, content), what)

    def read_list(
        self,
        path: str,
        what: str,
        keep: Callable[[Any], T | None],
        *,
        params: Mapping[str, str] | None = None,
        cached: bool = True,
    ) -> Listing[T]:
        """Read a list page by page; ``keep`` turns each item into what is kept, None to drop it.

        A page that breaks off is asked for again, so ``keep`` must have no effect of its own.
        ``cached`` takes the list from the API server's watch cache (``resourceVersion=0``): ten times cheaper for the
        server, and as fresh as what controllers see. A server without that cache sends pages.
        A list token that expires (410) is continued as the server offers or the list begun again; the result is
        ``torn`` then, and may hold items twice.
        """
        return self._pages(path, what, JSON, lambda item, _rest: keep(item), params, cached)

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

        return self._pages(path, what, TABLE, row, {"includeObject": "None", **(params or {})}, True)

    def _pages(
        self,
        path: str,
        what: str,
        accept: str,
        keep: Callable[[Any, dict[str, Any]], T | None],
        params: Mapping[str, str] | None,
        cached: bool,
    ) -> Listing[T]:
        found: Listing[T] = Listing()
        token, restarts = "", 0
        while True:
            fields = {"limit": str(PAGE_SIZE), **(params or {})}
            fields |= {"continue": token} if token else ({"resourceVersion": "0"} if cached else {})
            address = _with(path, fields)
            try:
                items, seen, rest = self._patiently(lambda: self._page(address, what, accept, keep), what)  # noqa: B023
            except errors.Gone as gone:
                restarts += 1
                if restarts > _RESTARTS:
                    raise
                token, found.torn = gone.resume, True
                continue
            found.items += items
            found.seen += seen
            found.pages += 1
            metadata = rest.get("metadata")
            token = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
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

    def _object(self, method: str, path: str, what: str, accept: str, body: bytes | None) -> dict[str, Any]:
        return self._exchange(method, path, what, accept, body, (), _ignore)

    def _exchange(
        self,
        method: str,
        path: str,
        what: str,
        accept: str,
        body: bytes | None,
        streamed: tuple[str, ...],
        each: Callable[[Any, dict[str, Any]], None],
    ) -> dict[str, Any]:
        with self._slots:
            answer = self._send(method, path, what, accept, body)
            try:
                return self._read(answer, what, streamed, each)
            finally:
                answer.close()

    def _send(self, method: str, path: str, what: str, accept: str, body: bytes | None) -> Answer:
        headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": _AGENT}
        if body is not None:
            headers["Content-Type"] = JSON
        generation = self._transport.generation
        answer = self._counted(method, path, headers, body, what)
        if answer.status == 401 and self._transport.renew(generation):
            answer.close()
            answer = self._counted(method, path, headers, body, what)
        if self.server_time is None and 200 <= answer.status < 300:
            self.server_time = answer.header("Date") or None
        if not 200 <= answer.status < 300:
            try:
                raise self._refusal(answer, what)
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

    def _refusal(self, answer: Answer, what: str) -> errors.ClusterError:
        status = answer.status
        said, resume = _status(answer.beginning())
        server = self.connection.server
        account = (
            f" with the credentials of context '{self.connection.context}'" if self.connection.context else ""
        )
        if status == 401:
            return errors.Unauthorized(
                f"{server} does not accept the credentials (401){account}: expired? log in again"
            )
        if status == 403:
            return errors.Forbidden(f"no right to read {what}: {said or 'HTTP 403'}")
        if status == 404:
            return errors.NotFound(f"{what} is not there: {said or 'HTTP 404'}")
        if status == 410:
            return errors.Gone(f"the list of {what} changed faster than it could be read: {said}", resume)
        if status == 429:
            return _Again(
                errors.Throttled(f"{server} throttles us (429) and went on doing so: try later"), answer
            )
        if status >= 500:
            return _Again(
                errors.ServerFailed(f"{server} failed when asked for {what} (HTTP {status}): {said}"), answer
            )
        if status == 406:
            return NoTable(f"{server} gives no table of {what}")
        if 300 <= status < 400:
            target = answer.header("Location").partition("?")[0]
            return errors.BadAnswer(
                f"{server} redirects {what} to {target}: a login page or a proxy, not the API server"
            )
        return errors.BadAnswer(f"{server} refused {what} (HTTP {status}): {said}")

    def _patiently(self, ask: Callable[[], T], what: str) -> T:
        tried = 0
        while True:
            tried += 1
            try:
                return ask()
            except _Again as again:
                if tried >= _TRIES:
                    raise again.error from None
                pause = again.wait if again.wait is not None else _pause(tried)
            except (TlsFailed, errors.OutOfTime):
                raise
            except errors.Unreachable as error:
                # A hanging server has cost a whole time-out already: once more is enough.
                if tried >= (2 if "did not answer" in error.message else _TRIES - 1):
                    raise
                pause = _pause(tried)
            time.sleep(min(pause, self.deadline.left(f"{what} was read")))


class _Again(errors.ClusterError):
    def __init__(self, error: errors.ClusterError, answer: Answer) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait = _retry_after(answer.header("Retry-After"))


def _retry_after(text: str) -> float | None:
    """Return how long to wait, spread a little; seconds only (the API server sends no dates)."""
    if not text.isascii() or not text.isdigit():
        return None
    return min(float(text), _LONGEST_WAIT) + 0.25 * _chance()


def _pause(tried: int) -> float:
    return min(_FIRST_PAUSE * 2 ** (tried - 1), _LONGEST_PAUSE) * (0.5 + _chance() / 2)


def _chance() -> float:
    """Return a number between 0 and 1, so that not all clients come back at once."""
    return os.urandom(1)[0] / 255


def _status(body: bytes) -> tuple[str, str]:
    """Return message and list token of a Status object; of anything else its beginning."""
    try:
        data = json.loads(body)
    except ValueError:
        text = body[:200].decode(errors="replace")
        return ("a page, not an API answer" if "<" in text[:50] else text), ""
    if not isinstance(data, dict):
        return "", ""
    metadata = data.get("metadata")
    resume = metadata.get("continue") if isinstance(metadata, dict) else ""
    return str(data.get("message") or "")[:300], str(resume or "")


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
