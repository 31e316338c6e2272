# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on the way from a node: the right cause, the right hop, confirmed by what the node itself shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.evidence import no_such_host, refused
from tests.unit.plugins.module_utils._diagnosis.looked import (
    ADDRESS,
    BROKEN,
    HOST,
    IMAGE,
    endpoint,
    hop,
    resolver,
    runtime,
    sick,
    way,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import (
    ASKED,
    BARE,
    CDN,
    DROPPED,
    MIRROR,
    PROXY,
    TOML,
    Case,
    check,
    log,
)

CASES = [
    Case(
        "resolver does not answer",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "timeout"), hop("dns", "timeout", server="10.0.0.2")),
        "dns_failure",
        "dns",
        (f"node1 cannot resolve {HOST}, node2 can: node1's resolver 10.0.0.2 does not answer",),
        fixes=(f"nslookup {HOST} 10.0.0.2",),
    ),
    Case(
        "resolver refuses",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "refused")),
        "dns_failure",
        "dns",
        ("resolver 10.0.0.2 refuses to answer",),
    ),
    Case(
        "resolver knows no such name",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "no_such_name")),
        "dns_failure",
        "dns",
        ("says that there is no such name",),
    ),
    Case(
        "resolver slow",
        f"{ASKED}dial tcp: lookup {HOST} on 10.0.0.2:53: read udp 10.9.0.1:5->10.0.0.2:53: i/o timeout",
        sick(hop("dns", "slow", seconds=3.1), *way()[1:]),
        "dns_failure",
        "dns",
        ("answers only after 3.1 s",),
    ),
    Case(
        "resolver answers wrong",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(hop("dns", addresses=("10.9.9.9",)), hop("tcp", "refused", address="10.9.9.9")),
        "dns_failure",
        "dns",
        ("resolver 10.0.0.2 answers 10.9.9.9, the others get 10.1.2.3",),
    ),
    Case(
        "hosts file is old",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(
            hop("dns", addresses=("10.9.9.9",)),
            hop("tcp", "refused", address="10.9.9.9"),
            resolver(hosts_file=(f"10.9.9.9 {HOST}",)),
        ),
        "dns_failure",
        "dns",
        ("/etc/hosts says 10.9.9.9",),
        fixes=("/etc/hosts.bak",),
    ),
    Case(
        "search list comes first",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(
            hop("dns", addresses=("10.9.9.9",)),
            hop("tcp", "refused", address="10.9.9.9"),
            resolver(search=("corp.example",), options=("ndots:5",)),
        ),
        "dns_failure",
        "dns",
        ("the search list corp.example is tried first",),
    ),
    Case(
        "firewall drops",
        DROPPED,
        sick(hop("dns"), hop("tcp", "timeout")),
        "network_unreachable",
        "tcp",
        (f"node1's packets to {ADDRESS}:443 are dropped in silence", "node2 can"),
        fixes=("nft list ruleset",),
    ),
    Case(
        "firewall rejects",
        refused(IMAGE, HOST),
        sick(hop("dns"), hop("tcp", "refused")),
        "network_unreachable",
        "tcp",
        (f"{ADDRESS}:443 refuses the connection",),
    ),
    Case(
        "firewall prohibits",
        f"{ASKED}dial tcp {ADDRESS}:443: connect: no route to host",
        sick(hop("dns"), hop("tcp", "prohibited")),
        "network_unreachable",
        "tcp",
        ("a firewall rejects node1's packets",),
    ),
    Case(
        "reset in the handshake",
        f"{ASKED}read tcp 10.9.0.1:5->{ADDRESS}:443: read: connection reset by peer",
        sick(hop("dns"), hop("tcp"), hop("tls", "reset")),
        "network_unreachable",
        "tls",
        ("the connection is reset in the handshake",),
    ),
    Case(
        "a content host is blocked",
        f'failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://{CDN}/blobs/x": dial tcp '
        "10.7.7.7:443: i/o timeout",
        sick(
            *way(),
            hop("dns", host=CDN, role="blob"),
            hop("tcp", "timeout", CDN, role="blob", address="10.7.7.7"),
        ),
        "network_unreachable",
        "tcp",
        (f"connect to {CDN}",),
        control=False,
    ),
    Case(
        "large packets are lost",
        f"{ASKED}net/http: TLS handshake timeout",
        sick(*way(), hop("large", "timeout")),
        "timeout",
        "blob",
        ("MTU",),
    ),
    Case(
        "proxy wants a login",
        f"{ASKED}Proxy Authentication Required",
        sick(hop("proxy", "login", proxy=PROXY, status=407), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        (f"the proxy {PROXY} that containerd is given there wants a login (407)",),
        fixes=("systemctl show -p Environment",),
    ),
    Case(
        "proxy denies",
        f"{ASKED}Forbidden",
        sick(hop("proxy", "denied", proxy=PROXY, status=403), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        ("refuses the host (403)", f"NO_PROXY does not name {HOST}"),
        fixes=("zz-no-proxy.conf",),
    ),
    Case(
        "proxy is dead",
        f"{ASKED}proxyconnect tcp: dial tcp 10.5.5.5:3128: connect: connection refused",
        sick(hop("proxy", "refused", proxy=PROXY), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        ("takes no connection",),
    ),
    Case(
        "nobody listens where the proxy should be",
        f"{ASKED}proxyconnect tcp: dial tcp 10.5.5.5:3128: connect: connection refused",
        sick(
            *way(),
            hop("dns", host="proxy.example:3128", role="proxy"),
            hop("tcp", "refused", "proxy.example:3128", role="proxy", address="10.5.5.5"),
        ),
        "proxy_error",
        "proxy",
        (
            "the proxy proxy.example:3128 that containerd is given there cannot be used: nobody listens there",
            "node2 can",
        ),
    ),
    Case(
        "mirror is dead, and no way back",
        f'failed to do request: Head "https://{MIRROR}/v2/shop/web/manifests/1?ns={HOST}": dial tcp 10.6.6.6:443: '
        "connect: connection refused",
        sick(
            endpoint(f"https://{MIRROR}"),
            *way(),
            hop("dns", host=MIRROR, role="mirror"),
            hop("tcp", "refused", MIRROR, role="mirror", address="10.6.6.6"),
        ),
        "mirror_failure",
        "mirror",
        (f"use the mirror of {HOST}", f"https://{MIRROR}", TOML),
        fixes=(f"https://{MIRROR}/v2/",),
    ),
    Case(
        "mirror lacks the image, and the origin is closed",
        refused(IMAGE, HOST),
        sick(
            endpoint(f"https://{MIRROR}"),
            endpoint(f"https://{HOST}", 1, "origin"),
            *way(MIRROR),
            hop("dns"),
            hop("tcp", "refused"),
        ),
        "network_unreachable",
        "tcp",
        (f"connect to {HOST}",),
    ),
    Case(
        "NO_PROXY lacks a host that the node reaches by itself",
        f"{ASKED}Service Unavailable",
        sick(
            *way(),
            hop(
                "proxy",
                "failed",
                vantage=f"runtime/{BROKEN}",
                proxy=PROXY,
                status=503,
                text=f"the proxy answers 503; this node reaches {HOST} directly: no_proxy lacks it",
            ),
            runtime(proxies={"https_proxy": PROXY, "no_proxy": "localhost,10.0.0.0/8"}),
        ),
        "proxy_error",
        "proxy",
        ("fails (503)", f"NO_PROXY (localhost,10.0.0.0/8) does not name {HOST}"),
        fixes=(f"NO_PROXY=localhost,10.0.0.0/8,{HOST}",),
    ),
    Case(
        "the handshake hangs because large packets are lost",
        f"{ASKED}net/http: TLS handshake timeout",
        sick(hop("dns"), hop("tcp"), hop("tls", "timeout"), hop("large", "timeout")),
        "timeout",
        "tls",
        ("large ones are lost on the way (path MTU)",),
    ),
    Case(
        "the log passes a dead mirror over",
        BARE,
        sick(
            endpoint(f"https://{MIRROR}"),
            endpoint(f"https://{HOST}", 1, "origin"),
            *way(),
            hop("dns", host=MIRROR, role="mirror"),
            hop("tcp", "timeout", MIRROR, role="mirror", address="10.6.6.6"),
            log(
                'level=info msg="trying next host" error="failed to do request: Head '
                f'\\"https://{MIRROR}/v2/shop/web/manifests/1?ns={HOST}\\": dial tcp 10.6.6.6:443: i/o timeout" '
                f"host={MIRROR}",
                at="2026-01-31T11:59:50Z",
            ),
        ),
        "mirror_failure",
        "mirror",
        (f"use the mirror of {HOST}", "the next host is well"),
        fields={"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_fault_is_named_with_its_hop_and_proven_from_the_node(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
