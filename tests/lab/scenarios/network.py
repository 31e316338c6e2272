# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that cannot be reached: names, addresses, connections, bodies."""

from __future__ import annotations

from tests.lab.scenarios.manifests import bare

SCENARIOS = (
    bare(
        "nxdomain",
        "a registry whose name does not exist",
        "registry.nowhere.test/app/web:1",
        "dns_failure",
        confidence="confirmed",
        host="registry.nowhere.test",
        hop="dns",
    ),
    bare(
        "dns-refused",
        "a DNS server that refuses to answer",
        "registry.dns-refused.test/app/web:1",
        "dns_failure",
        confidence="confirmed",
        host="registry.dns-refused.test",
        hop="dns",
    ),
    bare(
        "refused",
        "nobody listens",
        "refused.reg.test/app/web:1",
        "network_unreachable",
        confidence="confirmed",
        host="refused.reg.test",
        hop="tcp",
    ),
    bare(
        "black-hole",
        "a firewall that drops packets",
        "registry.blackhole.test/app/web:1",
        "timeout",
        also=("network_unreachable",),
        host="registry.blackhole.test",
    ),
    bare(
        "firewall-resets",
        "a firewall that resets connections",
        "registry.reset.test/app/web:1",
        "network_unreachable",
        host="registry.reset.test",
    ),
    bare(
        "no-such-machine",
        "an address that no machine has",
        "registry.no-host.test/app/web:1",
        "network_unreachable",
        also=("timeout",),
        host="registry.no-host.test",
    ),
    bare(
        "only-ipv6",
        "a registry with an IPv6 address only, a node without IPv6",
        "registry.v6-only.test/app/web:1",
        "network_unreachable",
        also=("dns_failure",),
        host="registry.v6-only.test",
    ),
    bare(
        "closes",
        "a load balancer without a backend: the connection is closed at once",
        "closes.reg.test/app/web:1",
        "network_unreachable",
        also=("tls_untrusted",),
        host="closes.reg.test",
    ),
    bare(
        "hangs",
        "a server that accepts and then says nothing",
        "hangs.reg.test/app/web:1",
        "timeout",
        host="hangs.reg.test",
    ),
    bare(
        "cdn-nxdomain",
        "blobs redirected to a host that does not exist",
        "cdn-nxdomain.reg.test/fault/cdn-nxdomain:1",
        "dns_failure",
        host="cdn.nowhere.test",
    ),
    bare(
        "cdn-black-hole",
        "blobs redirected to a host that the firewall drops",
        "cdn-blackhole.reg.test/fault/cdn-blackhole:1",
        "timeout",
        also=("network_unreachable",),
        host="cdn.blackhole.test",
    ),
    bare(
        "token-refused",
        "a token service where nobody listens",
        "token-refused.reg.test/app/web:1",
        "network_unreachable",
        host="refused.reg.test",
    ),
    bare(
        "token-nxdomain",
        "a token service whose name does not exist",
        "token-nxdomain.reg.test/app/web:1",
        "dns_failure",
        host="auth.nowhere.test",
    ),
    bare(
        "body-stalls",
        "a layer that stops in the middle: containerd waits for minutes before it says so",
        "stall.reg.test/fault/stall:1",
        "pull_slow",
        shows_as="pulling",
        also=("timeout",),
    ),
    bare(
        "body-crawls",
        "a layer at two kilobytes a second",
        "slow.reg.test/fault/slow:1",
        "pull_slow",
        shows_as="pulling",
        also=("timeout",),
    ),
)
