# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References that do not parse, and short names."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            'Failed to apply default image tag "Nginx:1.25": couldn\'t parse image name '
            '"Nginx:1.25": invalid reference format: repository name (library/Nginx) must be '
            "lowercase"
        ),
        "image_name_invalid",
    ),
    (
        (
            'Failed to apply default image tag "registry.example/app:": couldn\'t parse image '
            'name "registry.example/app:": invalid reference format'
        ),
        "image_name_invalid",
    ),
    (
        'couldn\'t parse image name "nginx@sha256:abc": invalid checksum digest length',
        "image_name_invalid",
    ),
    (
        (
            'couldn\'t parse image reference "nginx@md5:d41d8cd98f00b204e9800998ecf8427e": '
            "unsupported digest algorithm"
        ),
        "image_name_invalid",
    ),
    (
        (
            'rpc error: code = InvalidArgument desc = failed to parse image reference "a//b": '
            "invalid reference format"
        ),
        "image_name_invalid",
    ),
    (
        "Error: InvalidImageName",
        "image_name_invalid",
    ),
    (
        "normalizing image: normalizing name for compat API: invalid reference format",
        "image_name_invalid",
    ),
    (
        (
            'Error parsing image name "docker://UPPER/x": invalid reference format: repository '
            "name must be lowercase"
        ),
        "image_name_invalid",
    ),
    (
        "could not parse reference: registry.example/Team/App:1",
        "image_name_invalid",
    ),
    (
        (
            "invalid repository name "
            "(0123456789012345678901234567890123456789012345678901234567890123), cannot "
            "specify 64-byte hexadecimal strings"
        ),
        "image_name_invalid",
    ),
    (
        "repository name must not be more than 255 characters",
        "image_name_invalid",
    ),
    (
        ("GET https://quay.io/v2/a/b/c/manifests/1: NAME_INVALID: Nested repositories are not supported"),
        "image_name_invalid",
    ),
    (
        "Error response from daemon: name invalid: Request contains an invalid argument.",
        "image_name_invalid",
    ),
    (
        (
            'Failed to inspect image "": rpc error: code = Unknown desc = short name mode is '
            "enforcing, but image name httpd:2 returns ambiguous list"
        ),
        "short_name",
    ),
    (
        "short-name resolution enforced but cannot prompt without a TTY",
        "short_name",
    ),
    (
        (
            'short-name "app:1" did not resolve to an alias and no unqualified-search '
            'registries are defined in "/etc/containers/registries.conf"'
        ),
        "short_name",
    ),
    (
        ('short-name "web" did not resolve to an alias and no containers-registries.conf(5) was found'),
        "short_name",
    ),
]

NEAR_MISSES = [
    (
        'Failed to pull image "short-name/enforcing:1": pull QPS exceeded',
        "short_name",
    ),
    (
        "invalid tar header format",
        "image_name_invalid",
    ),
    (
        ('failed to resolve reference "docker.io/x/lowercase:1": docker.io/x/lowercase:1: not found'),
        "image_name_invalid",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
