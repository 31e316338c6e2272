# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, repositories and platforms that are not there, in the words of many registries."""

from __future__ import annotations

import dataclasses

from tests.lab.image_pull_lab import hosts
from tests.lab.scenarios.declare import Scenario
from tests.lab.scenarios.manifests import (
    ECR_TOKEN,
    ECR_USER,
    MEMBER_PASSWORD,
    bare,
    docker_config,
)

#: One Secret with a good login for every registry, under the user names that each has for machines.
EVERYWHERE = docker_config(
    "everywhere",
    {
        "auths": {
            "https://index.docker.io/v1/": {"username": "acme", "password": MEMBER_PASSWORD},
            "quay.io": {"username": "acme+deploy", "password": MEMBER_PASSWORD},
            "registry.gitlab.com": {"username": "gitlab+deploy-token-1", "password": MEMBER_PASSWORD},
            "us-docker.pkg.dev": {"username": "_json_key", "password": MEMBER_PASSWORD},
            "acme.azurecr.io": {
                "username": "00000000-0000-0000-0000-000000000000",
                "password": MEMBER_PASSWORD,
            },
            hosts.ECR: {"username": ECR_USER, "password": ECR_TOKEN},
            "harbor.reg.test": {"username": "robot$acme+deploy", "password": MEMBER_PASSWORD},
            "artifactory.reg.test": {"username": "ci-artifactory", "password": MEMBER_PASSWORD},
            "nexus.reg.test": {"username": "ci-nexus", "password": MEMBER_PASSWORD},
            "v3-token.reg.test": {"username": "ci-v3-token", "password": MEMBER_PASSWORD},
        }
    },
)


def tag(name: str, shows: str, image: str, *near: str, login: bool = False) -> Scenario:
    """A tag that is not there; ``near`` are tags that must be named."""
    return _absent(name, shows, image, "tag_not_found", near, login)


def repository(name: str, shows: str, image: str, *near: str, login: bool = False) -> Scenario:
    """A repository that is not there."""
    return _absent(name, shows, image, "repository_not_found", near, login)


def _absent(name: str, shows: str, image: str, known: str, near: tuple[str, ...], login: bool) -> Scenario:
    return bare(
        name,
        shows,
        image,
        "tag_not_found",
        also=("repository_not_found", "repository_not_found_or_private"),
        known=known,
        names=near,
        confidence="possible",
        pull_secrets=("everywhere",) if login else (),
    )


_TAGS = (
    tag("tag-quay", "a version without its patch level", "quay.io/prometheus/node-exporter:v1.8", "v1.8.0"),
    tag("tag-quay-deleted", "a tag that Quay remembers", "quay.io/prometheus/node-exporter:v1.7.0"),
    tag("tag-ghcr", "a v that the tag does not have", "ghcr.io/open/tool:v1.4.0", "1.4.0"),
    tag("tag-gcr", "a tag of an old project", "gcr.io/google-samples/containers/hello-app:2.0", "1.0"),
    tag("tag-ecr-public", "Amazon's public registry", "public.ecr.aws/nginx/nginx:1.99", "1.27"),
    tag("tag-kubernetes", "behind a redirect", "registry.k8s.io/pause:3.91", "3.9"),
    tag("tag-harbor", "an artifact, in Harbor's words", "harbor.reg.test/app/web:1.0.9", "1.0.1"),
    tag("tag-distribution-3", "distribution 3", "v3.reg.test/app/web:1.0.9", "1.0.1"),
    tag(
        "tag-cache", "through a pull-through cache of Docker Hub", "cache.reg.test/library/nginx:1.99", "1.27"
    ),
    tag("tag-ecr", "a private repository of ECR", f"{hosts.ECR}/acme/app:1.0.9", "1.0.8", login=True),
    tag("tag-acr", "Azure names the tag", "acme.azurecr.io/app:2024.3", "2024.2", login=True),
    tag("tag-gitlab", "with a deploy token", "registry.gitlab.com/acme/app:2.0.1", "2.0.0", login=True),
    tag("tag-google", "with a service account's key", "us-docker.pkg.dev/acme/prod/app:2", "1", login=True),
    tag(
        "tag-artifactory", "in a local repository", "artifactory.reg.test/docker-local/acme/app:9", login=True
    ),
    tag("tag-nexus", "behind Basic login", "nexus.reg.test/acme/app:9", login=True),
    tag("tag-token-3", "distribution 3 with tokens", "v3-token.reg.test/acme/app:9", login=True),
)
_REPOSITORIES = (
    repository("name-ecr-public", "a typo", "public.ecr.aws/nginx/ngnix:1.27"),
    repository("name-kubernetes", "a typo", "registry.k8s.io/puase:3.9"),
    repository("name-red-hat", "a typo", "registry.access.redhat.com/ubi9/ubii:9.4"),
    repository("name-harbor", "a typo in a public project", "harbor.reg.test/app/wbe:1.0.0"),
    repository("name-distribution-3", "a typo", "v3.reg.test/app/wbe:1.0.0", "app/web"),
    repository("name-hub-own", "of one's own organisation", "docker.io/acme/appp:1", login=True),
    repository("name-quay-own", "of one's own organisation", "quay.io/acme/appp:1", login=True),
    repository("name-ecr", "in one's own account", f"{hosts.ECR}/acme/appp:1", "acme/app", login=True),
    repository("name-acr", "in one's own registry", "acme.azurecr.io/appp:1", login=True),
    repository(
        "name-google", "in a repository that is there", "us-docker.pkg.dev/acme/prod/appp:1", login=True
    ),
    bare(
        "name-gcr-shut-down",
        "a project that was not moved before Container Registry was shut down",
        "gcr.io/legacy-project/app:1",
        "registry_server_error",
        also=("signature_policy", "unknown", "auth_forbidden", "repository_not_found"),
        confidence="possible",
        known="repository_not_found",
    ),
)
_PLATFORMS = (
    bare(
        "platform-quay",
        "an index with arm64 alone",
        "quay.io/prometheus/arm-exporter:v1",
        "platform_mismatch",
        known="platform_mismatch",
        names=("arm64",),
    ),
    bare(
        "platform-harbor",
        "an index without amd64",
        "harbor.reg.test/app/index:1",
        "platform_mismatch",
        known="platform_mismatch",
        names=("s390x",),
    ),
)
_ALL = (*_TAGS, *_REPOSITORIES, *_PLATFORMS)
#: The first one brings the Secret.
SCENARIOS = (dataclasses.replace(_ALL[0], objects=(EVERYWHERE, *_ALL[0].objects)), *_ALL[1:])
