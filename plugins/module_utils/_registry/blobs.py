# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs: the configuration of an image, and the host that blobs come from, without fetching a layer."""

from __future__ import annotations

from urllib.parse import urljoin

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.content import digest_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import Stopped
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import (
    REDIRECTS,
    Transport,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import origin_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import platform_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.session import Session

_LARGEST_CONFIG = 2 << 20


class Blobs:
    """The blobs of one repository. What is redirected to another host is asked for there without a credential."""

    def __init__(self, transport: Transport, session: Session) -> None:
        self._transport = transport
        self._session = session

    def platform(self, config: str) -> Platform | None:
        """Return the platform that the configuration names; raises Stopped where it cannot be had or is wrong."""
        reply = self._fetch("GET", config, {})
        try:
            data = reply.json()
        except ValueError:
            data = None
        computed = digest_of(reply.body, config.partition(":")[0])
        if computed != config:
            raise Stopped(
                errors.BLOB,
                "digest_mismatch",
                f"{reply.origin.netloc} gives a configuration whose digest is {computed}, not {config}",
            )
        return platform_of(data)

    def look(self, config: str) -> None:
        """Find out where blobs come from, and whether that host answers; raises Stopped where it does not."""
        self._fetch("HEAD", config, {"Range": "bytes=0-0"})

    def _fetch(self, method: str, digest: str, headers: dict[str, str]) -> Reply:
        session = self._session
        reply = session.fetch(method, f"blobs/{digest}", limit=_LARGEST_CONFIG, stay=True)
        location = reply.headers.get("location", "")
        if reply.status in REDIRECTS and location:
            reply = self._elsewhere("GET", reply.url, location, headers)
        session.registry.blobs_seen = True
        if reply.status in (200, 206, 416):
            return reply
        raise _no_blob(reply, digest, session)

    def _elsewhere(self, method: str, base: str, location: str, headers: dict[str, str]) -> Reply:
        session = self._session
        try:
            url = urljoin(base, location)
            origin = origin_of(url)
        except ValueError:
            raise Stopped(
                errors.BLOB, "registry_server_error", "the registry redirects to what is no address"
            ) from None
        session.saw("blob", origin)
        try:
            reply = self._transport.follow(
                method,
                url,
                headers,
                session.within,
                limit=_LARGEST_CONFIG,
                hop=errors.BLOB,
                trust=session.registry.origin,
            )
        except Stopped as stopped:
            if stopped.hop in (errors.MANIFEST, errors.REGISTRY):
                stopped.hop = errors.BLOB
            raise
        for seen, addresses in reply.hosts:
            session.saw("blob", seen, addresses)
        session.registry.blob_hosts = tuple(host for host in session.hosts.values() if host.role == "blob")
        return reply


def _no_blob(reply: Reply, digest: str, session: Session) -> Stopped:
    where = reply.origin.netloc
    text = reply.words()[1] or f"HTTP status {reply.status}"
    if reply.status == 429:
        return Stopped(errors.BLOB, "rate_limited", f"{where} does not give the blob {digest}: {text}")
    if reply.status >= 500:
        return Stopped(
            errors.BLOB, "registry_server_error", f"{where} does not give the blob {digest}: {text}"
        )
    if reply.status == 404:
        return Stopped(
            errors.BLOB,
            "manifest_invalid",
            f"{where} has not got the blob {digest}, which the manifest names: {text}",
        )
    own = reply.origin == session.registry.origin
    return Stopped(
        errors.BLOB,
        "auth_forbidden" if own else "registry_server_error",
        f"{where} refuses the blob {digest}: {text}",
        certain=False,
        alternatives=("network_unreachable", "proxy_error"),
        settle_by=f"fetch a blob by hand: a signed address is refused for a wrong clock, or by a proxy before {where}",
    )
