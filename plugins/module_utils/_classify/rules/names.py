# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References that do not parse, and short names."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "names.short_name",
        Cause.SHORT_NAME,
        Confidence.CONFIRMED,
        Hop.REFERENCE,
        (
            "short name mode is enforcing",
            "short-name resolution enforced",
            "did not resolve to an alias and no",
            "no unqualified-search registries are defined",
            "returns ambiguous list",
            "recording short-name alias",
            "unexpected short-name mode",
        ),
        "the name has no registry and the node's registries.conf does not say which one is meant"
        " (containers/image pkg/shortnames, cri-o internal/storage)",
    ),
    Rule(
        "names.invalid",
        Cause.IMAGE_NAME_INVALID,
        Confidence.CONFIRMED,
        Hop.REFERENCE,
        (
            "invalid reference format",
            "couldn't parse image reference",
            "could not parse reference",
            "could not parse image",
            "failed to parse image reference",
            "must be lowercase",
            "repository name must be canonical",
            "repository name must have at least one component",
            "repository name must not be more than",
            "repository name component must match",
            "cannot specify 64-byte hexadecimal strings",
            "invalid tag format",
            "invalid checksum digest",
            "invalid repository name",
            "invalid image name",
            "unsupported digest algorithm",
            "invalid digest format",
            "invalid namespace name",
            "invalid tag name",
            "illegal tag name",
            "parse image name",
        ),
        "the reference does not parse (distribution/reference errors, wrapped by kubelet pkg/util/parsers,"
        " containerd's CRI plugin and docker)",
    ),
    Rule(
        "names.refused_by_registry",
        Cause.IMAGE_NAME_INVALID,
        Confidence.LIKELY,
        Hop.REGISTRY,
        ("name_invalid", "name invalid", "tag_invalid", "manifest tag did not match uri"),
        "the registry refuses the name (distribution specification, codes NAME_INVALID and TAG_INVALID)",
        alternatives=(Cause.REPOSITORY_NOT_FOUND,),
    ),
    Rule(
        "names.reason",
        Cause.IMAGE_NAME_INVALID,
        Confidence.CONFIRMED,
        Hop.REFERENCE,
        ("invalidimagename", "failed to apply default image tag"),
        "the kubelet's reason InvalidImageName (pkg/kubelet/images)",
    ),
)
