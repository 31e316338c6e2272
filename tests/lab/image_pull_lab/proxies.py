# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP proxies: one squid with four ports (proxy.reg.test), of which one lets everybody through.

3127 passes everything, 3128 wants a login (407), 3129 denies (403), 3130 passes what is not the company's own (403);
any other port is refused.
"""

from __future__ import annotations

from pathlib import Path

from . import hosts
from .network import SERVICES_IP


def squid_config(folder: Path) -> str:
    """squid.conf; the accounts are those of the registries' htpasswd file."""
    numbers = (hosts.PROXY_OPEN, hosts.PROXY_AUTH, hosts.PROXY_DENIED, hosts.PROXY_PUBLIC)
    ports = "\n".join(f"http_port {SERVICES_IP}:{port}" for port in numbers)
    return f"""{ports}
pid_filename none
cache deny all
access_log none
cache_log /dev/null
cache_effective_user proxy
coredump_dir /tmp
auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/htpasswd
auth_param basic realm company proxy
auth_param basic children 2 startup=0 idle=1
acl open localport {hosts.PROXY_OPEN}
acl login localport {hosts.PROXY_AUTH}
acl denied localport {hosts.PROXY_DENIED}
acl public localport {hosts.PROXY_PUBLIC}
acl company dstdomain .reg.test
acl known proxy_auth REQUIRED
http_access deny denied
http_access allow open
http_access deny public company
http_access allow public
http_access allow login known
http_access deny all
dns_nameservers {SERVICES_IP}
connect_timeout 3 seconds
shutdown_lifetime 0 seconds
"""


def squid_argv(folder: Path) -> list[str]:
    """Squid in the foreground; its shared memory goes into a mount that ends with it."""
    start = 'mount -t tmpfs -o mode=1777 squid /dev/shm && exec squid -N -f "$0"'
    return ["/bin/sh", "-c", start, str(folder / "squid.conf")]
