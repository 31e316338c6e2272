# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes from which a registry cannot be reached, while everybody else reaches it.

A node has one fault of each cause at most, so that none can be taken for another.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.network import SERVICES_IP
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.node_faults.declare import Break, Machine, NodeFault, in_turn

#: The host that the name servers do wrong, and an address where nobody listens.
ODD_HOST = "quay.io"
NOBODY = hosts.SPECIAL["refused.reg.test"]
REFUSES, SLOW, WRONG, DENIES = (f"10.99.0.{number}" for number in (51, 52, 53, 54))
DEAD = "10.99.9.53"
NODE_EXPORTER = f"{ODD_HOST}/prometheus/node-exporter:v1.8.0"


def start_name_servers(lab: Lab) -> None:
    """One address for each behaviour."""
    behaviours = {REFUSES: "refuses", SLOW: "slow", WRONG: NOBODY, DENIES: "denies"}
    program = Path(__file__).with_name("name_servers.py")
    words = [f"{address}={behaviour}" for address, behaviour in behaviours.items()]
    argv = [sys.executable, "-I", str(program), ODD_HOST, SERVICES_IP, *words]
    lab.start_beside("name-servers", argv, list(behaviours))


def resolver(*lines: str) -> Break:
    def write(lab: Lab, node: Node) -> None:
        node.write_file("/etc/resolv.conf", "".join(f"{line}\n" for line in lines))

    return write


def ask(server: str) -> Break:
    return resolver(f"nameserver {server}", "options timeout:2 attempts:1")


def firewall(*rules: str) -> Break:
    def set_up(lab: Lab, node: Node) -> None:
        node.firewall("\n".join(rules))

    return set_up


def small_packets_only(host: str) -> Break:
    """What is larger than 1300 bytes gets lost on the way from that host, and nobody says so."""

    def set_up(lab: Lab, node: Node) -> None:
        chain = "chain input {\ntype filter hook input priority 0; policy accept;\n"
        chain += f"ip saddr {hosts.PUBLIC[host]} meta length > 1300 drop\n}}"
        node.namespace.run(["nft", "-f", "-"], stdin=f"table inet mtu {{\n{chain}\n}}\n")

    return set_up


def to(host: str, verdict: str) -> str:
    return f"ip daddr {hosts.PUBLIC[host]} {verdict}"


def odd_answer(name: str, shows: str, server: str, *words: str) -> NodeFault:
    return NodeFault(
        name, shows, (NODE_EXPORTER,), "dns_failure", ("dns",), host=ODD_HOST, words=(server, *words)
    )


RESET = "reject with tcp reset"
MACHINES = (
    Machine(
        "dns-dead",
        (
            NodeFault(
                "dns-dead",
                "a name server that does not answer",
                ("registry.reg.test/app/web:1.1.0", "docker.io/library/alpine:3.20"),
                "dns_failure",
                ("dns",),
                words=(DEAD,),
            ),
        ),
        break_it=ask(DEAD),
    ),
    Machine(
        "dns-search",
        (
            NodeFault(
                "dns-search",
                "a search list below which every name exists, and ndots that ask there first",
                (NODE_EXPORTER,),
                "dns_failure",
                ("dns",),
                also=("network_unreachable",),
                words=("reset.test",),
            ),
        ),
        break_it=resolver(
            f"nameserver {SERVICES_IP}", "search reset.test", "options ndots:5 timeout:2 attempts:1"
        ),
    ),
    Machine(
        "net-1",
        (
            odd_answer("dns-refused", "a name server that refuses", REFUSES),
            NodeFault(
                "dropped",
                "a firewall that drops packets to one registry",
                ("ghcr.io/open/tool:1",),
                "timeout",
                ("tcp",),
                also=("network_unreachable",),
                host="ghcr.io",
                says="dial tcp 10.",
            ),
            NodeFault(
                "rejected",
                "a firewall that answers with a reset",
                ("registry.gitlab.com/open/tool:1",),
                "network_unreachable",
                ("tcp",),
                host="registry.gitlab.com",
                says="connection refused",
            ),
        ),
        break_it=in_turn(ask(REFUSES), firewall(to("ghcr.io", "drop"), to("registry.gitlab.com", RESET))),
    ),
    Machine(
        "net-2",
        (
            odd_answer("dns-slow", "a name server that answers after three seconds", SLOW),
            NodeFault(
                "reset-in-handshake",
                "a middlebox that lets connect and resets at the first bytes of TLS",
                ("gcr.io/google-samples/containers/hello-app:1.0",),
                "network_unreachable",
                ("tls", "tcp"),
                host="gcr.io",
                words=("reset",),
                says="reset by peer",
            ),
            NodeFault(
                "path-mtu",
                "a path that loses large packets: it connects, and what is larger never arrives",
                ("public.ecr.aws/nginx/nginx:1.27",),
                "timeout",
                ("registry", "blob", "manifest", "tls", "tcp"),
                also=("pull_slow",),
                words=("MTU",),
                shows_as="any",
            ),
        ),
        break_it=in_turn(
            ask(SLOW),
            firewall(to("gcr.io", f"tcp flags & psh == psh {RESET}")),
            small_packets_only("d1qsjq9pzbk1k6.cloudfront.net"),
        ),
    ),
    Machine(
        "net-3",
        (
            odd_answer("dns-wrong", "a name server that gives a wrong address", WRONG, NOBODY),
            NodeFault(
                "prohibited",
                "a firewall that says that it prohibits",
                ("mcr.microsoft.com/dotnet/runtime:8.0",),
                "network_unreachable",
                ("tcp",),
                host="mcr.microsoft.com",
                says="dial tcp 10.",
            ),
            NodeFault(
                "blob-host",
                "a firewall that drops packets to the host of the blobs alone",
                ("gcr.io/google-samples/containers/hello-app:1.0",),
                "timeout",
                ("tcp", "blob"),
                also=("network_unreachable",),
                host="storage.googleapis.com",
                says="storage.googleapis.com",
            ),
        ),
        break_it=in_turn(
            ask(WRONG),
            firewall(
                to("mcr.microsoft.com", "reject with icmp type admin-prohibited"),
                to("storage.googleapis.com", "drop"),
            ),
        ),
    ),
    Machine(
        "net-4",
        (
            odd_answer(
                "dns-denied", "a name server that knows nothing of the registry (split horizon)", DENIES
            ),
            NodeFault(
                "token-service",
                "a firewall that lets nobody to the token service",
                ("docker.io/library/busybox:1.36",),
                "network_unreachable",
                ("token_service", "tcp"),
                host="auth.docker.io",
                says="connection refused",
            ),
        ),
        break_it=in_turn(ask(DENIES), firewall(to("auth.docker.io", RESET))),
    ),
)


def proxied(name: str, shows: str, port: int, *words: str, contrast: bool = True) -> Machine:
    """A node whose containerd has that proxy, with one fault."""
    proxy = f"http://{hosts.PROXY_HOST}:{port}"
    settings = NodeSettings(proxy=proxy)
    fault = NodeFault(
        name,
        shows,
        ("registry.reg.test/app/web:1.1.0",),
        "proxy_error",
        ("proxy",),
        words=(f"{hosts.PROXY_HOST}:{port}", *words),
        contrast=contrast,
    )
    return Machine(name, (fault,), settings)


PROXIES = (
    # No other node has this proxy.
    proxied("proxy-dead", "a proxy where nobody listens", 3199, contrast=False),
    proxied("proxy-login", "a proxy that wants a login", hosts.PROXY_AUTH, "407"),
    proxied("proxy-denies", "a proxy that denies", hosts.PROXY_DENIED, "403"),
    proxied(
        "no-proxy",
        "a proxy for the public registries, and no_proxy lacks the company's own",
        hosts.PROXY_PUBLIC,
        "NO_PROXY",
    ),
)
