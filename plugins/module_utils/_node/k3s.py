# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k3s and RKE2: registries.yaml, from which they write containerd's files at their start.

Source: k3s documentation "Private Registry Configuration" and ``pkg/agent/containerd/config.go``; RKE2 does alike. The
running containerd reads what was written then, so that is where the endpoints come from; this file tells what a restart
would change.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import READ, Look

_MOST_BRACKETS = 400
"""The parser's time grows with the square of their depth."""


def check(look: Look) -> None:
    """Add to ``look`` what is wrong in registries.yaml."""
    variant = look.runtime.variant
    path = f"/etc/rancher/{variant}/registries.yaml"
    text = look.text(path, f"which registries {variant} would set up at its next start")
    if text is None:
        return
    look.config_files.append(path)
    look.needs_restart.append(path)
    data = _loaded(look, path, text)
    mirrors, configs = _table(data, "mirrors"), _table(data, "configs")
    for name, one in mirrors.items():
        if isinstance(name, str):
            _check_mirror(look, path, name[:300], one if isinstance(one, dict) else {})
    for name in configs:
        if isinstance(name, str) and "://" in name:
            look.problem(
                path,
                "config_key",
                f"the key {name[:200]} of configs has a scheme",
                "it is the host of no endpoint, so its TLS settings and credentials are never used.",
            )
    if _embedded(look):
        look.details.append(f"{variant}'s embedded registry mirror is on")
        if not mirrors:
            look.problem(
                path,
                "embedded_registry",
                "embedded-registry is on, and no registry is named under mirrors",
                "images are shared between nodes only of registries that are named under mirrors.",
            )


def _loaded(look: Look, path: str, text: str) -> dict[str, Any]:
    import yaml

    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        look.gap(
            path, "it has more brackets than a real one", f"which registries {look.runtime.variant} sets up"
        )
        return {}
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:300]
    else:
        if data is None or isinstance(data, dict):
            return data or {}
        why = "it is no mapping"
    look.problem(
        path,
        "unparsable",
        f"it is no valid YAML: {why}",
        f"{look.runtime.variant} does not start with this file; what runs goes on with what was read at its start.",
        cause="runtime_error",
        certain=not look.runtime.running,
    )
    return {}


def _table(data: dict[str, Any], key: str) -> dict[Any, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _check_mirror(look: Look, path: str, registry: str, mirror: dict[str, Any]) -> None:
    endpoints = mirror.get("endpoint")
    endpoints = endpoints if isinstance(endpoints, list) else []
    if registry in ("index.docker.io", "registry-1.docker.io"):
        look.problem(
            path,
            "folder_name",
            f"mirrors names {registry}",
            "images of Docker Hub belong to docker.io: this mirror is never asked.",
            registry="docker.io",
        )
    for one in endpoints:
        if isinstance(one, str) and "://" not in one:
            look.problem(
                path,
                "mirror_invalid",
                f"the endpoint {one[:200]} of {registry} has no scheme",
                "it is taken for https://, or left aside by older releases.",
                registry=registry,
            )
    rewrite = mirror.get("rewrite")
    if isinstance(rewrite, dict) and rewrite:
        pairs = [(one, to) for one, to in rewrite.items() if isinstance(one, str) and isinstance(to, str)]
        told = ", ".join(f"{one[:80]} to {to[:80]}" for one, to in pairs[:5])
        look.problem(
            path,
            "rewrite",
            f"the mirrors of {registry} rewrite names of repositories: {told}",
            "the mirror is asked for the rewritten name: an image that it lacks under that name is not found there.",
            registry=registry,
        )


def _embedded(look: Look) -> bool:
    file = look.runtime.files.get(f"/etc/rancher/{look.runtime.variant}/config.yaml")
    return file.state == READ and any(
        line.replace(" ", "").startswith("embedded-registry:true") for line in file.text.split("\n")
    )
