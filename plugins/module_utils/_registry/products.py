# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which product stands behind a registry's name: by host, else by its challenge and header fields."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import Challenge
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply

DOCKER_HUB, ECR, ECR_PUBLIC, ARTIFACT_REGISTRY, GCR, ACR = (
    "docker_hub",
    "ecr",
    "ecr_public",
    "artifact_registry",
    "gcr",
    "acr",
)
GHCR, GITLAB, QUAY, RED_HAT, HARBOR, ARTIFACTORY, NEXUS, DISTRIBUTION, KUBERNETES, UNKNOWN = (
    "ghcr",
    "gitlab",
    "quay",
    "redhat",
    "harbor",
    "artifactory",
    "nexus",
    "distribution",
    "registry_k8s_io",
    "unknown",
)

_HOSTS = (
    (DOCKER_HUB, r"(?:registry-1\.|index\.|mirror\.)?docker\.(?:io|com)"),
    (
        ECR,
        r"\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)",
    ),
    (ECR_PUBLIC, r"public\.ecr\.aws|ecr-public\.aws\.com"),
    (ARTIFACT_REGISTRY, r"(?:[a-z0-9-]+-)?docker\.pkg\.dev"),
    (GCR, r"(?:(?:us|eu|asia|marketplace|k8s|l)\.)?gcr\.io|mirror\.gcr\.io"),
    (ACR, r"[a-z0-9-]+(?:\.[a-z0-9-]+\.geo)?\.azurecr\.(?:io|cn|us|de)"),
    (GHCR, r"ghcr\.io|containers\.[a-z0-9-]+\.ghe\.com"),
    (GITLAB, r"registry\.gitlab\.com"),
    (QUAY, r"quay\.io"),
    (RED_HAT, r"registry(?:\.access|\.connect)?\.redhat\.(?:io|com)"),
    (KUBERNETES, r"registry\.k8s\.io"),
)
_HARBOR_REALM, _GITLAB_REALM, _QUAY_REALM = "/service/token", "/jwt/auth", "/v2/auth"


def by_host(registry: str) -> str:
    """Return the product that a host name tells, ``unknown`` where it tells none."""
    host = registry.partition(":")[0].lower()
    for kind, pattern in _HOSTS:
        if re.fullmatch(pattern, host):
            return kind
    return UNKNOWN


def by_manner(reply: Reply, challenge: Challenge | None) -> str:
    """Return the product that challenge and header fields tell, ``unknown`` where they tell none."""
    if any(name.startswith(("x-jfrog", "x-artifactory")) for name in reply.headers):
        return ARTIFACTORY
    if reply.header("server").startswith("Nexus"):
        return NEXUS
    if any(name.startswith("x-harbor") for name in reply.headers):
        return HARBOR
    if challenge is not None:
        found = _by_challenge(challenge)
        if found != UNKNOWN:
            return found
    if reply.header("gitlab-container-registry-version"):
        return GITLAB
    if reply.header("docker-distribution-api-version"):
        return DISTRIBUTION
    return UNKNOWN


def _by_challenge(challenge: Challenge) -> str:
    realm, service = challenge.realm.lower(), challenge.service.lower()
    if challenge.scheme == "basic":
        words = {
            "harbor": HARBOR,
            "artifactory realm": ARTIFACTORY,
            "sonatype nexus repository manager": NEXUS,
        }
        return words.get(realm, ECR if service == "ecr.amazonaws.com" else UNKNOWN)
    path = urlsplit(realm).path
    if service == "harbor-registry" or path.endswith(_HARBOR_REALM):
        return HARBOR
    if service == "container_registry" or path.endswith(_GITLAB_REALM):
        return GITLAB
    if "/artifactory/api/docker/" in path:
        return ARTIFACTORY
    if path.endswith("/v2/token") and service == realm:
        return NEXUS
    if path.endswith(_QUAY_REALM):
        return QUAY
    if service == "registry.docker.io":
        return DOCKER_HUB
    return UNKNOWN
