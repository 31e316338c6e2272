# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes between node and registry: looks that tell where the way breaks, and what to configure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    Shell,
    command,
    quoted,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import DOCKER_HUB
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

_PORT = re.compile(r":(\d+)\Z")


def host_name(host: str) -> str:
    """Return the host without its port."""
    return _PORT.sub("", host)


def api_host(host: str) -> str:
    """Return the host that answers for a registry: Docker Hub's API has a name of its own."""
    return "registry-1.docker.io" if host == DOCKER_HUB else host


def resolve_name(case: Case) -> Iterator[Fix]:
    """See whether the node resolves the name."""
    for host in case.hosts[:1]:
        name = host_name(api_host(host))
        yield Fix(
            title=printable(f"On {_there(case)}: does {name} resolve, and by which server?"),
            command=f"{command('getent', 'ahosts', name)}; cat /etc/resolv.conf",
        )


def connect(case: Case) -> Iterator[Fix]:
    """See how far a request to the registry comes."""
    for host in case.hosts[:1]:
        yield Fix(
            title=printable(f"On {_there(case)}: how far does a request to {host} come?"),
            command=command(
                "curl", "-sSv", "-o", "/dev/null", "--max-time", "15", f"https://{api_host(host)}/v2/"
            ),
        )


def connect_by_proxy(case: Case) -> Iterator[Fix]:
    """See how far a request comes through the proxy, where it is named, or without one."""
    for proxy in [host for host in case.hosts if host not in case.registries][:1]:
        for registry in case.registries[:1]:
            url = f"https://{api_host(registry)}/v2/"
            through = f"http://{proxy}" if _PORT.search(proxy) else Shell('"${PROXY:?set PROXY to its URL}"')
            yield Fix(
                title=printable(
                    f"On {_there(case)}: how far does a request to {registry} come through {proxy}?"
                ),
                command=command("curl", "-sSv", "-o", "/dev/null", "--max-time", "15", "-x", through, url),
            )
        return
    yield from connect(case)


def show_certificate(case: Case) -> Iterator[Fix]:
    """See which certificate the host presents."""
    for host in case.hosts[:1]:
        name = host_name(api_host(host))
        address = api_host(host) if _PORT.search(host) else f"{name}:443"
        shown = Shell(
            "</dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
        )
        yield Fix(
            title=printable(f"On {_there(case)}: which certificate does {host} present?"),
            command=command("openssl", "s_client", "-connect", address, "-servername", name, shown),
        )


def trust_authority(case: Case) -> Iterator[Fix]:
    """Make the runtime trust the registry's own certificate authority."""
    for host in case.hosts[:1]:
        folder = f"/etc/containerd/certs.d/{printable(host)}"
        line = f'ca = "{folder}/ca.crt"'
        target = quoted(f"{folder}/hosts.toml")
        install = command(
            "install", "-D", "-m", "0644", Shell('"${CA:?set CA to the file}"'), f"{folder}/ca.crt"
        )
        yield Fix(
            title="On each node with containerd: trust the registry's own authority (its certificate in the file $CA)",
            # noclobber: settings that are there already are not overwritten.
            command=f"{install} && (set -C; echo {quoted(line)} > {target})",
            risk="medium",
        )


def check_clock(case: Case) -> Iterator[Fix]:
    """A wrong clock makes any certificate look expired or not yet valid."""
    yield Fix(title=printable(f"On {_there(case)}: is the clock right?"), command="date -u; timedatectl")


def check_proxy(case: Case) -> Iterator[Fix]:
    """See which proxy the runtime uses."""
    yield Fix(
        title=printable(
            f"On {_there(case)}: which proxy does the runtime use? (registries inside belong into NO_PROXY)"
        ),
        command="systemctl show -p Environment -p EnvironmentFiles containerd crio docker | grep -i proxy",
    )


def show_mirrors(case: Case) -> Iterator[Fix]:
    """See which endpoints the runtime tries instead of the registry."""
    yield Fix(
        title=printable(f"On {_there(case)}: which mirrors are configured?"),
        command=(
            "grep -rs . /etc/containerd/certs.d/*/hosts.toml /etc/containers/registries.conf "
            "/etc/docker/daemon.json"
        ),
    )


def show_limit(case: Case) -> Iterator[Fix]:
    """See what is left of Docker Hub's limit, for the address that asks; a HEAD does not count against it."""
    if DOCKER_HUB in case.registries:
        yield Fix(
            title=printable(f"On {_there(case)}: what is left of Docker Hub's limit for this address?"),
            command=(
                "T=$(curl -sS 'https://auth.docker.io/token?service=registry.docker.io"
                "&scope=repository:ratelimitpreview/test:pull' | jq -r .token) && "
                'printf \'header = "Authorization: Bearer %s"\' "$T" | curl -sSI -K - '
                "https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest | grep -i ratelimit"
            ),
        )


def _there(case: Case) -> str:
    nodes = case.blamed_nodes or case.nodes
    return enumeration(nodes, 2) if nodes else "the node"
