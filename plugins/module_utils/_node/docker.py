# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker: daemon.json, certs.d and what they mean for a pull; cri-dockerd only hands pulls on to it.

Source: moby ``registry/config.go``, ``registry/service_v2.go``, ``registry/registry.go`` and dockerd's reference:
mirrors are for Docker Hub alone, and tried before it; a registry that is declared insecure is tried by HTTPS without
verification, then by plain HTTP; networks of 127.0.0.0/8 and ::1 are insecure by themselves. daemon.json is read at
the start (``registry-mirrors`` and ``insecure-registries`` also at SIGHUP), certs.d at every pull.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import EndpointFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    FOLDER,
    Look,
    Runtime,
    host_of,
    is_loopback,
    shown,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.trust import check_ca

CERTS = "/etc/docker/certs.d"
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_HUB_OTHERS = ("index.docker.io", "registry.hub.docker.com", "hub.docker.com")

SCRIPT = r"""
send_timed "$RT_CONFIG" 65536
say_folders "$RT_CERTS"
IFS=$nl
for host in $RT_ASKED; do
    send "$RT_CERTS/$host"
    send_certificate_files "$RT_CERTS/$host"
    IFS=$nl
done
count=0
for entry in "$RT_CERTS"/*; do
    [ -d "$entry" ] && [ "$count" -lt 20 ] || continue
    count=$((count + 1))
    send "$entry"
    send_certificate_files "$entry"
done
IFS=' 	'$nl
"""


def look_at(runtime: Runtime) -> Look:
    """Return what docker's files say about the images that are wanted."""
    look = Look(runtime)
    config = _daemon(look)
    mirrors = _mirrors(look, config)
    insecure = [one for one in _list(config, "insecure-registries") if isinstance(one, str)]
    _check_insecure(look, insecure)
    if "max-concurrent-downloads" in config:
        look.details.append(f"max-concurrent-downloads={shown(config['max-concurrent-downloads'])}")
    look.snapshotter = config["storage-driver"][:60] if isinstance(config.get("storage-driver"), str) else ""
    wanted = [one.registry for one in runtime.wanted] or ([_HUB] if mirrors else [])
    for registry in dict.fromkeys(wanted):
        look.endpoints_of(registry, _endpoints(look, registry, mirrors, insecure))
        _check_folder_names(look, registry)
    return look


def _daemon(look: Look) -> dict[str, Any]:
    path = look.runtime.config
    text = look.text(path, "docker's mirrors and insecure registries")
    if text is None:
        return {}
    look.config_files.append(path)
    look.needs_restart.append(path)
    if not text.strip():
        return {}
    try:
        config = json.loads(text)
        if isinstance(config, dict):
            return config
        why = "it is no object"
    except (ValueError, RecursionError) as error:
        why = str(error)
    look.problem(
        path,
        "unparsable",
        f"it is no valid JSON: {why}",
        'dockerd does not start with this file ("unable to configure the Docker daemon with file"); one that runs goes '
        "on with what it read at its start.",
        cause="runtime_error",
        certain=not look.runtime.running,
    )
    return {}


def _list(config: dict[str, Any], key: str) -> list[Any]:
    value = config.get(key)
    return value if isinstance(value, list) else []


def _mirrors(look: Look, config: dict[str, Any]) -> list[str]:
    """The mirrors of Docker Hub as URLs; what dockerd refuses is a problem."""
    found = []
    for one in _list(config, "registry-mirrors"):
        url = one if isinstance(one, str) else ""
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            wrong = parts.scheme not in ("http", "https") or not parts.netloc
            wrong = wrong or parts.path not in ("", "/") or bool(parts.query or parts.fragment)
        except ValueError:
            wrong = True
        if wrong:
            look.problem(
                look.runtime.config,
                "mirror_invalid",
                f"registry-mirrors has {url[:200]}, which is no http(s)://HOST[:PORT]",
                'dockerd does not start with it ("invalid mirror").',
                cause="runtime_error",
                certain=not look.runtime.running,
            )
            continue
        found.append(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    return found


def _check_insecure(look: Look, insecure: list[str]) -> None:
    for one in insecure:
        if "://" in one:
            look.problem(
                look.runtime.config,
                "insecure_invalid",
                f"insecure-registries has {one[:200]} with a scheme",
                "dockerd does not start with it (\"insecure registry … should not contain '://'\").",
                cause="runtime_error",
                certain=not look.runtime.running,
            )


def _endpoints(look: Look, registry: str, mirrors: list[str], insecure: list[str]) -> list[EndpointFact]:
    config = look.runtime.config
    if registry == _HUB:
        found = [_endpoint(look, f"{mirror}", "mirror", config, insecure) for mirror in mirrors]
        return [
            *found,
            _endpoint(look, f"https://{_HUB_HOST}", "origin", config if mirrors else "", insecure),
        ]
    found = [_endpoint(look, f"https://{registry}", "origin", "", insecure)]
    if is_insecure(registry, insecure):
        found.append(_endpoint(look, f"http://{registry}", "origin", config, insecure))
    if mirrors:
        look.problem(
            config,
            "mirrors_for_hub_only",
            f"registry-mirrors are set, and {registry} is not Docker Hub",
            f"docker asks mirrors for images of docker.io alone: {registry} is asked directly.",
            registry=registry,
        )
    return found


def _endpoint(look: Look, url: str, role: str, source: str, insecure: list[str]) -> EndpointFact:
    host = urlsplit(url).netloc
    folder = f"{CERTS}/{host}"
    below = look.runtime.files.below(folder)
    authorities = tuple(one.path for one in below if one.path.endswith(".crt") and one.state != FOLDER)
    for path in authorities:
        effect = f"docker does not trust what only this CA vouches for at {host}."
        check_ca(look, path, named_in=folder, registry=host, effect=effect, fatal=False)
    for one in below:
        other = one.path.removesuffix(".cert") + ".key"
        if one.path.endswith(".cert") and not any(file.path == other for file in below):
            look.problem(
                folder,
                "client_certificate_missing",
                f"{one.path} has no key {other} beside it",
                f'every pull from {host} fails ("missing key … for client certificate").',
                registry=host,
                cause="tls_untrusted",
                certain=True,
            )
    return EndpointFact(
        node="",
        registry="",
        position=0,
        url=f"{url}/v2",
        role=role,
        source=source,
        skip_verify=is_insecure(host, insecure),
        ca_files=authorities if url.startswith("https:") else (),
    )


def is_insecure(host: str, insecure: list[str]) -> bool:
    """Tell whether docker verifies no certificate of ``host``: by name with port, or by network."""
    if is_loopback(host) or host in insecure:
        return True
    try:
        address = ipaddress.ip_address(host_of(host)[0].strip("[]"))
    except ValueError:
        return False
    for one in insecure:
        try:
            if address in ipaddress.ip_network(one, strict=False):
                return True
        except (ValueError, TypeError):
            continue
    return False


def _check_folder_names(look: Look, registry: str) -> None:
    """A folder of certs.d that is meant for this registry, and whose name is another."""
    host = _HUB_HOST if registry == _HUB else registry
    name = host_of(host)[0]
    alike = {name, f"{name}:443", f"{name}:80"} - {host}
    if registry == _HUB:
        alike |= {_HUB, *_HUB_OTHERS}
    for path in look.runtime.files.folders:
        base = path.rpartition("/")[2]
        if path == f"{CERTS}/{base}" and base in alike:
            look.problem(
                path,
                "folder_name",
                f"the folder's name {base} is not the host that docker asks, {host}",
                f"docker does not read this folder for {registry}.",
                registry=registry,
            )
