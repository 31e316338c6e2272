# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the cloud identity of the nodes, which is what usually opens a cloud's own registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    Shell,
    command,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import reference
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import ImageRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix

# Host names as the clouds document them; the China and FIPS variants included.
_ECR = re.compile(r"(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_ARTIFACT_REGISTRY = re.compile(r"([a-z0-9-]+)-docker\.pkg\.dev")
_ACR = re.compile(r"([a-z0-9-]+)(?:\.[a-z0-9-]+\.geo)?\.azurecr\.(?:io|cn|us)")


# Registries to which kubelets log in by a credential provider plugin (kubernetes.io, "Configure a kubelet image
# credential provider"); the dual-stack names of ECR and gcr.io beside those above.
_BY_NODE = (
    _ECR,
    _ARTIFACT_REGISTRY,
    _ACR,
    re.compile(r"\d{12}\.dkr-ecr(?:-fips)?\.[a-z0-9-]+\.on\.[a-z.]+"),
    re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io"),
)


def nodes_log_in(host: str) -> bool:
    """Tell whether the nodes of a cloud usually log in to this registry by themselves."""
    return any(pattern.fullmatch(host) for pattern in _BY_NODE)


def ecr_region(host: str) -> str:
    """Return the region of a private ECR registry, empty for any other host."""
    match = _ECR.fullmatch(host)
    return match[2] if match is not None else ""


def check_identity(case: Case) -> Iterator[Fix]:
    """Yield the look that fits the registry, for the clouds whose nodes log in by themselves."""
    for image in case.images[:1]:
        found = reference(image)
        for pattern, look in _LOOKS:
            match = pattern.fullmatch(found.registry) if found else None
            if found is not None and match is not None:
                yield look(found, match)


def _ecr(image: ImageRef, match: re.Match[str]) -> Fix:
    account, region = match.groups()
    words = ("--registry-id", account, "--region", region, "--repository-name", image.repository)
    return Fix(
        title=(
            "Nodes on AWS log in by their role (AmazonEC2ContainerRegistryPullOnly); for another account the "
            "repository must allow it:"
        ),
        command=command("aws", "ecr", "get-repository-policy", *words),
    )


def _artifact_registry(image: ImageRef, match: re.Match[str]) -> Fix:
    project, _slash, rest = image.repository.partition("/")
    words = (rest.partition("/")[0], "--location", match[1], "--project", project)
    return Fix(
        title="Nodes on Google Cloud log in by their service account: it needs roles/artifactregistry.reader here:",
        command=command("gcloud", "artifacts", "repositories", "get-iam-policy", *words),
    )


def _acr(image: ImageRef, match: re.Match[str]) -> Fix:
    group, name = (
        Shell('"${GROUP:?set GROUP to the resource group}"'),
        Shell('"${AKS:?set AKS to the cluster}"'),
    )
    return Fix(
        title="Nodes on Azure log in by the kubelet's identity, once the registry is attached to the cluster:",
        command=command("az", "aks", "check-acr", "--acr", image.registry, "-g", group, "-n", name),
    )


_LOOKS: tuple[tuple[re.Pattern[str], Callable[[ImageRef, re.Match[str]], Fix]], ...] = (
    (_ECR, _ecr),
    (_ARTIFACT_REGISTRY, _artifact_registry),
    (_ACR, _acr),
)
