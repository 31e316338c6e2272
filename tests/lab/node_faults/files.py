# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes whose files are at fault: hosts.toml, config.toml, /etc/hosts, and the clock."""

from __future__ import annotations

from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.node_faults.declare import Machine, NodeFault, in_turn
from tests.lab.node_faults.network import NOBODY, RESET, firewall, to

PULLS = '  capabilities = ["pull", "resolve"]\n'
DEAD_MIRROR = "refused.reg.test"
#: The mirror is good; the origin is what a firewall keeps from the node.
CUT_OFF = "gcr.io"
HOSTS_TOML = {
    # The lab's own entry names the CA.
    "company-ca.reg.test": "",
    # Nothing is asked but the mirror: "server" is no way back to the origin.
    "ghcr.io": f'server = "https://{DEAD_MIRROR}"\n\n[host."https://{DEAD_MIRROR}"]\n{PULLS}',
    CUT_OFF: f'server = "https://{CUT_OFF}"\n\n[host."https://registry.reg.test"]\n{PULLS}',
}
BEHIND_SECONDS = 3 * 86_400
WRONG_CLOCK = f"""#!/bin/sh
exec /usr/bin/date -d @$(($(/usr/bin/date +%s) - {BEHIND_SECONDS})) "$@"
"""


def without_config_path(lab: Lab, node: Node) -> None:
    """containerd then reads no hosts.toml at all."""
    node.ssh("sed -i '/config_path/d' /etc/containerd/config.toml && systemctl restart containerd")


def wrong_address(lab: Lab, node: Node) -> None:
    node.ssh(f"echo '{NOBODY} quay.io' >> /etc/hosts")


MACHINES = (
    Machine(
        "files",
        (
            NodeFault(
                "ca-missing",
                "no CA for a registry of the company's own, which the other nodes have",
                ("company-ca.reg.test/app/web:1.0.0",),
                "tls_untrusted",
                ("tls",),
                host="company-ca.reg.test",
            ),
            NodeFault(
                "toml-unparsable",
                "a hosts.toml that does not parse: containerd passes over it",
                ("bad-toml.reg.test/app/web:1.0.1",),
                "tls_untrusted",
                ("tls",),
                host="bad-toml.reg.test",
                words=("hosts.toml",),
                contrast=False,
            ),
            NodeFault(
                "ca-not-for-server",
                "a wrong tag, and a ca that hosts.toml does not give to the server to go back to",
                ("half-ca.reg.test/app/web:no-such-tag",),
                "tag_not_found",
                ("manifest", "registry"),
                also=("tls_untrusted",),
                host="half-ca.reg.test",
                words=("no-such-tag",),
                contrast=False,
            ),
            NodeFault(
                "mirror-dead",
                "a mirror where nobody listens, and no way back to the origin, which is sound",
                ("ghcr.io/open/tool:1.4.0",),
                "mirror_failure",
                ("mirror", "tcp"),
                host=DEAD_MIRROR,
                words=("ghcr.io",),
            ),
            NodeFault(
                "origin-dead",
                "a mirror that is sound and lacks the image, and an origin that cannot be reached",
                (f"{CUT_OFF}/google-samples/containers/hello-app:1.0",),
                "network_unreachable",
                ("tcp",),
                host=CUT_OFF,
            ),
        ),
        NodeSettings(hosts_toml=HOSTS_TOML),
        break_it=firewall(to(CUT_OFF, RESET)),
    ),
    Machine(
        "no-certs-d",
        (
            NodeFault(
                "config-path",
                "a config.toml without config_path: no hosts.toml is read",
                ("plain.reg.test:5000/app/web:1.0.0",),
                "http_https_mismatch",
                ("tls", "registry", "tcp"),
                host="plain.reg.test:5000",
                words=("config_path",),
            ),
            NodeFault(
                "hosts-file",
                "an old entry in /etc/hosts",
                ("quay.io/prometheus/node-exporter:v1.8.1",),
                "dns_failure",
                ("dns", "tcp"),
                also=("network_unreachable",),
                host="quay.io",
                words=("/etc/hosts", NOBODY),
            ),
        ),
        break_it=in_turn(without_config_path, wrong_address),
    ),
    Machine(
        "clock",
        (
            NodeFault(
                "clock-behind",
                # The clock of a namespace cannot be set: a certificate of the future stands for what the runtime
                # sees, and a date(1) that is three days behind for what a shell on the node sees.
                "a certificate that is not yet valid, on a node whose date(1) is three days behind (stand-ins)",
                ("future.reg.test/app/web:1.0.0",),
                "tls_expired",
                ("tls",),
                host="future.reg.test",
                words=("clock",),
                contrast=False,
            ),
        ),
        break_it=lambda lab, node: node.write_file("/usr/local/sbin/date", WRONG_CLOCK, 0o755),
    ),
)
