# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not there."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        "failed to solve: a:2: failed to resolve source metadata for docker.io/x/a:2: docker.io/x/a:2: not found",
        "tag_not_found",
    ),
    (
        'failed to resolve reference "r.example/a:2": r.example/a:2: not found',
        "tag_not_found",
    ),
    (
        "failed to resolve image: r.example/a:2: not found",
        "tag_not_found",
    ),
    (
        "manifest for r.example/a:2 not found: manifest unknown: manifest unknown",
        "tag_not_found",
    ),
    (
        "reading manifest 2 in r.example/a: manifest unknown",
        "tag_not_found",
    ),
    (
        ("GET https://r.example/v2/a/manifests/2: MANIFEST_UNKNOWN: manifest unknown; unknown tag=2"),
        "tag_not_found",
    ),
    (
        "manifest unknown: Requested image not found",
        "tag_not_found",
    ),
    (
        'manifest unknown: Failed to fetch "2"',
        "tag_not_found",
    ),
    (
        'manifest unknown: manifest tagged by "2" is not found',
        "tag_not_found",
    ),
    (
        "unknown: artifact p/a:2 not found",
        "tag_not_found",
    ),
    (
        "manifest unknown: Tag 2 was deleted or has expired. To pull, revive via time machine",
        "tag_not_found",
    ),
    (
        "MANIFEST_UNKNOWN: The named manifest is not known to the registry.; map[manifest:a]",
        "tag_not_found",
    ),
    (
        (
            "HEAD https://r.example/v2/a/manifests/2: unexpected status code 404 Not Found "
            "(HEAD responses have no body, use GET for details)"
        ),
        "tag_not_found",
    ),
    (
        ("name unknown: The repository with name 'a' does not exist in the registry with id '123'"),
        "repository_not_found",
    ),
    (
        "NAME_UNKNOWN: repository name not known to registry; map[name:a]",
        "repository_not_found",
    ),
    (
        'name unknown: Repository "r" not found',
        "repository_not_found",
    ),
    (
        "unauthorized: project p not found: project p not found",
        "repository_not_found",
    ),
    (
        "NOT_FOUND: repository p/a not found",
        "repository_not_found",
    ),
    (
        "name unknown: Repo not found",
        "repository_not_found",
    ),
    (
        "repository r.example/a not found: does not exist or no pull access",
        "repository_not_found_or_private",
    ),
    (
        "mirror with image component docker.io/library/a:1 could not be found",
        "mirror_failure",
    ),
    (
        (
            "Container Registry is deprecated and shutting down, please use the auto migration "
            "tool to migrate to Artifact Registry"
        ),
        "repository_not_found",
    ),
    (
        "error parsing HTTP 404 response body: invalid character 'p' after top-level value: \"404 page not found\"",
        "repository_not_found",
    ),
]

NEAR_MISSES = [
    (
        "parent snapshot sha256:aa does not exist: not found",
        "tag_not_found",
    ),
    (
        ('failed to pull and unpack image "r.example/a:1": no match for platform in manifest: not found'),
        "tag_not_found",
    ),
    (
        ("could not fetch content descriptor sha256:aa (application/octet-stream) from remote: not found"),
        "tag_not_found",
    ),
    (
        'secret "manifest" not found',
        "tag_not_found",
    ),
    (
        'configmap "tag" not found',
        "tag_not_found",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
