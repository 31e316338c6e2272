# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that were shut down, or are to be, with what takes their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShutDown:
    """``since`` (YYYY-MM-DD) is when writing or serving ended; ``what`` says what is left, ``instead`` where to go."""

    since: str
    what: str
    instead: str


_GCR = ShutDown(
    "2025-03-18",
    "Container Registry is shut down; only projects that were moved to Artifact Registry are served under this name",
    "LOCATION-docker.pkg.dev of Artifact Registry",
)

SHUT_DOWN: Mapping[str, ShutDown] = {
    "gcr.io": _GCR,
    "us.gcr.io": _GCR,
    "eu.gcr.io": _GCR,
    "asia.gcr.io": _GCR,
    "k8s.gcr.io": ShutDown(
        "2023-04-03",
        "frozen since then and only redirected; newer images were never put there",
        "registry.k8s.io",
    ),
    "docker.pkg.github.com": ShutDown(
        "2025-02-24",
        "the Docker registry of GitHub Packages was closed; packages were moved",
        "ghcr.io",
    ),
    "docker.bintray.io": ShutDown(
        "2021-05-01", "JFrog shut Bintray down", "docker.io or the project's own registry"
    ),
    "openpolicyagent.docker.bintray.io": ShutDown(
        "2021-05-01", "JFrog shut Bintray down", "docker.io/openpolicyagent"
    ),
}
"""Sources: Google Cloud, "Container Registry deprecation" (2025-03-18); kubernetes.io blog, "k8s.gcr.io Image Registry
Will Be Frozen From the 3rd of April 2023"; GitHub Docs, "Migrating to the Container registry from the Docker registry";
JFrog, "Into the Sunset: Bintray, JCenter, GoCenter, and ChartCenter" (2021-05-01)."""


def shut_down(host: str) -> ShutDown | None:
    """Return what is known of a registry that was shut down; None for any other."""
    known = SHUT_DOWN.get(host)
    if known is None and host.endswith(".bintray.io"):
        return SHUT_DOWN["docker.bintray.io"]
    return known
