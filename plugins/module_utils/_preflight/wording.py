# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault that a preflight found is called, and what to do about it; plain words, commands to paste."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix

TITLES: Mapping[str, str] = {
    "image_name_invalid": "Invalid image name: {image}",
    "tag_not_found": "Tag not found: {image}",
    "repository_not_found": "Repository not found: {name}",
    "repository_not_found_or_private": "Repository absent or private: {name}",
    "auth_missing": "No credential for {name}",
    "auth_invalid": "Credential rejected by {host}: {secret}",
    "auth_forbidden": "Credential without right to {name}",
    "secret_missing": "Pull Secret missing or unusable: {secret}",
    "platform_mismatch": "No image for the platform of the nodes: {image}",
    "never_policy": "Policy Never, and the image is not on the nodes: {image}",
    "disk_full": "No room on the nodes for {image}",
    "registry_server_error": "Registry {host} fails",
    "manifest_invalid": "Unusable manifest: {image}",
    "tls_expired": "Certificate of {host} not valid now",
    "tls_name_mismatch": "Certificate of {host} is for other names",
}
"""Titles by cause; any other is the cause and the image."""

HOPS: Mapping[str, str] = {
    "image_name_invalid": "reference",
    "secret_missing": "credentials",
    "auth_missing": "registry",
    "platform_mismatch": "manifest",
    "never_policy": "kubelet",
    "disk_full": "disk",
}
"""The hop of a cause where the registry's answer does not name it."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_ANSWER_HOPS = {"token": "token_service"}


def title(cause: str, *, image: str, name: str, host: str, secrets: Sequence[str]) -> str:
    """Return the title of a finding."""
    words = {"image": image, "name": name, "host": host, "secret": ", ".join(secrets) or "none named"}
    return TITLES.get(cause, cause.replace("_", " ").capitalize() + ": {image}").format(**words)


def hop(cause: str, answered: str) -> str | None:
    """Return the hop of a finding, as the report names hops."""
    return HOPS.get(cause) or _ANSWER_HOPS.get(answered, answered) or None


def fixes(cause: str, *, image: str, host: str, namespace: str, secrets: Sequence[str]) -> tuple[Fix, ...]:
    """Return what to do, the best first."""
    if cause in ("tag_not_found", "repository_not_found", "image_name_invalid"):
        return (Fix(f"Correct the image in the manifest, or push {image} first"),)
    if cause in ("auth_missing", "secret_missing", "auth_invalid", "repository_not_found_or_private"):
        return _credential_fixes(cause, host, namespace, secrets)
    found = {
        "auth_forbidden": Fix(f"Give the account of the Secret the right to pull {image}, or use another"),
        "platform_mismatch": Fix(
            "Build the image for the missing platforms, or keep the pod off these nodes with a nodeSelector on "
            "kubernetes.io/arch and kubernetes.io/os"
        ),
        "never_policy": Fix("Set imagePullPolicy to IfNotPresent, or load the image onto every node first"),
        "disk_full": Fix(
            "Free or add space for images on the nodes, or make the image smaller", risk="medium"
        ),
        "registry_server_error": Fix(f"Wait for {host}, or ask who runs it; then check again"),
    }.get(cause)
    return (found,) if found else ()


def _credential_fixes(cause: str, host: str, namespace: str, secrets: Sequence[str]) -> tuple[Fix, ...]:
    name = next((one.partition("/")[2] for one in secrets if one.partition("/")[2]), "regcred")
    if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(name):
        return (Fix(f"Give the pod a pull Secret for {host} with a name that Kubernetes takes"),)
    # From a file, because a password among the words of a command can be read by others.
    command = (
        f"kubectl -n {shlex.quote(namespace)} create secret generic {shlex.quote(name)} "
        "--type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=config.json --dry-run=client -o yaml "
        "| kubectl apply -f -"
    )
    verb = "Replace" if cause == "auth_invalid" else "Create"
    login = f"config.json is what a login to {host} has written"
    found = [Fix(f"{verb} the pull Secret {namespace}/{name} ({login})", command)]
    if cause == "auth_missing":
        found.append(Fix("Name the Secret in imagePullSecrets of the pod, or of its ServiceAccount"))
    if cause == "repository_not_found_or_private":
        found.insert(0, Fix("Check the name of the image: the registry does not say whether it exists"))
    return tuple(found)


DO_NOT: Mapping[str, tuple[str, ...]] = {
    "tag_not_found": ("Do not deploy latest as a way out: nobody can tell later what ran",),
}
"""Warnings by cause."""
