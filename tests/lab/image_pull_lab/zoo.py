# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host answers as which registry product."""

from __future__ import annotations

from . import hosts, products_company, products_public, token_services
from .products import Product
from .token_services import TokenService

#: Host ─► its product and its token service.
PRODUCTS: dict[str, tuple[type[Product], TokenService | None]] = {
    "registry-1.docker.io": (products_public.DockerHub, token_services.HUB),
    "index.docker.io": (products_public.DockerHub, token_services.HUB),
    "quay.io": (products_public.Quay, token_services.QUAY),
    "ghcr.io": (products_public.Ghcr, token_services.GHCR),
    "registry.gitlab.com": (products_public.GitLab, token_services.GITLAB),
    "us-docker.pkg.dev": (products_public.Google, token_services.GOOGLE),
    "gcr.io": (products_public.Gcr, token_services.GCR),
    "acme.azurecr.io": (products_public.Acr, token_services.ACR),
    "open.azurecr.io": (products_public.Acr, token_services.ACR_OPEN),
    "walled.azurecr.io": (products_public.AcrBehindFirewall, token_services.ACR),
    hosts.ECR: (products_public.Ecr, None),
    "public.ecr.aws": (products_public.EcrPublic, token_services.ECR_PUBLIC),
    "registry.k8s.io": (products_public.Kubernetes, None),
    "europe-west4-docker.pkg.dev": (products_public.KubernetesUpstream, None),
    "registry.redhat.io": (products_public.RedHat, token_services.RED_HAT),
    "registry.access.redhat.com": (products_public.RedHatAccess, None),
    "harbor.reg.test": (products_company.Harbor, token_services.HARBOR),
    "artifactory.reg.test": (products_company.Artifactory, token_services.ARTIFACTORY),
    "nexus.reg.test": (products_company.Nexus, None),
}
