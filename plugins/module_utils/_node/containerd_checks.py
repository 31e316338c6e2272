# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong in a hosts.toml that decodes."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import Look, host_of
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.hosts_toml import HostEntry

PULL, RESOLVE = "pull", "resolve"


def check_clients(look: Look, registry: str, entry: HostEntry, file: str) -> None:
    for path in entry.client_files:
        if look.runtime.files.knows(path) and not look.runtime.files.get(path).there:
            look.problem(
                file,
                "client_certificate_missing",
                f"the client certificate or key {path} is not there",
                f'every pull from {registry} fails ("unable to read CERT file").',
                registry=registry,
                cause="tls_untrusted",
                certain=look.runtime.root_user,
            )


def check_scheme(look: Look, registry: str, entry: HostEntry, file: str) -> None:
    port = host_of(entry.host)[1]
    if entry.scheme == "http" and port == "443":
        said, then = "plain HTTP to port 443", "Client sent an HTTP request to an HTTPS server"
    elif entry.scheme == "https" and port == "80":
        said, then = "HTTPS to port 80", "http: server gave HTTP response to HTTPS client"
    else:
        return
    look.problem(
        file,
        "scheme",
        f"{entry.url} is {said}",
        f'unless the server really speaks that there, this host fails ("{then}").',
        registry=registry,
        cause="http_https_mismatch",
    )


def check_capabilities(look: Look, registry: str, file: str, entries: list[HostEntry]) -> None:
    for entry in entries:
        lacking = [one for one in (PULL, RESOLVE) if one not in entry.capabilities]
        if entry.is_server or not lacking:
            continue
        then = "is never asked" if PULL in lacking else "is not asked for tags, only for digests and layers"
        look.problem(
            file,
            "capability",
            f"the host {entry.url} lacks the capability {' and '.join(lacking)}",
            f"{entry.host} {then}.",
            registry=registry,
        )
    if all(not {PULL, RESOLVE} <= entry.capabilities for entry in entries):
        look.problem(
            file,
            "nobody_resolves",
            "no host of the file may both pull and resolve",
            f'no tag of {registry} can be pulled ("no resolve hosts: not found").',
            registry=registry,
            cause="tag_not_found",
            certain=True,
        )


def check_server_trust(
    look: Look, registry: str, file: str, entries: list[HostEntry], origin: str, major: int
) -> None:
    """A CA that a host has and the server, to which containerd falls back, has not; ``origin`` is the registry's."""
    server = entries[-1]
    with_ca = [entry for entry in entries[:-1] if entry.ca_files]
    if not with_ca or server.ca_files or server.skip_verify or server.scheme == "http":
        return
    server_host = server.host or origin
    same = next((entry for entry in with_ca if entry.host == server_host), None)
    if same is None:
        return
    seen = "a tag that does not exist looks like a TLS fault (x509), and"
    if major >= 2:
        seen = "after a tag that does not exist"
    look.problem(
        file,
        "ca_not_for_server",
        f"ca stands only under [host], and the server {server_host}, which is asked last, has none",
        f"when {server_host} says 404 as a host, containerd asks it again as the server, and does not trust it "
        f"then: {seen} the log shows a certificate signed by an unknown authority.",
        registry=registry,
        cause="tls_untrusted",
    )
