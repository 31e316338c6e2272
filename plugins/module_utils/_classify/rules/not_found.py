# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories and tags that are not there."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "not_found.mirror",
        Cause.MIRROR_FAILURE,
        Confidence.LIKELY,
        Hop.MIRROR,
        ("mirror with image component", "all mirrors failed", "mirrors also failed", "no mirror"),
        "a peer-to-peer or configured mirror does not have it (Spegel's registry)",
        pattern=r"mirror with image component .* could not be found|mirrors? (?:also )?failed|no mirror",
        alternatives=(Cause.TAG_NOT_FOUND,),
    ),
    Rule(
        "not_found.repository",
        Cause.REPOSITORY_NOT_FOUND,
        Confidence.CONFIRMED,
        Hop.REGISTRY,
        (
            "name unknown",
            "name_unknown",
            "repository name not known to registry",
            "the repository with name",
            "repo not found",
            "not found or deleted",
            "repository_not_found",
            "repositorynotfoundexception",
            "repository not found",
            "namespace not found",
            "no such repository",
            "project not found",
        ),
        "the code NAME_UNKNOWN: the registry has no such repository",
        unless=("no pull access",),
    ),
    Rule(
        "not_found.repository_named",
        Cause.REPOSITORY_NOT_FOUND,
        Confidence.CONFIRMED,
        Hop.REGISTRY,
        ("repository ", "project "),
        "the registry names the repository or project that it does not have (Harbor, Artifact Registry, ACR)",
        pattern=r"(?:repository|project) \S+ (?:is )?not found",
        unless=("no pull access",),
    ),
    Rule(
        "not_found.tag",
        Cause.TAG_NOT_FOUND,
        Confidence.CONFIRMED,
        Hop.MANIFEST,
        (
            "manifest unknown",
            "manifest_unknown",
            "manifest is not known to the registry",
            "manifest tagged by",
            "tag_expired",
            "was deleted or has expired",
            "unknown tag",
            "unknown manifest",
            "tag unknown",
            "tag does not exist",
            "tag not found",
            "no such manifest",
            "manifest does not exist",
            "does not exist within the repository",
            "image not found",
        ),
        "the code MANIFEST_UNKNOWN: no such tag or digest; some registries say it for an absent repository too",
        alternatives=(Cause.REPOSITORY_NOT_FOUND,),
    ),
    Rule(
        "not_found.tag_named",
        Cause.TAG_NOT_FOUND,
        Confidence.LIKELY,
        Hop.MANIFEST,
        ("manifest ", "artifact ", "tag ", "failed to fetch", "image "),
        "the registry or docker names the manifest, artifact or tag that is not there",
        pattern=r"(?:manifest|artifact|tag)(?: for)? \S+ (?:is )?not found|\bartifact not found|\bmanifest not found"
        r"|failed to fetch \"[^\"]+\"(?: from request|$|\W*$)|\bimage \S+ not found\b|\btag \S+ not found in",
        alternatives=(Cause.REPOSITORY_NOT_FOUND,),
    ),
    Rule(
        "not_found.resolved",
        Cause.TAG_NOT_FOUND,
        Confidence.LIKELY,
        Hop.MANIFEST,
        ("not found",),
        "containerd prints every 404 at a manifest as REFERENCE: not found (core/remotes/docker/resolver.go)",
        pattern=r"(?:<image>[\"'`]?|pull and unpack image\W.{0,300}?|resolve (?:image|reference)\W.{0,300}?)"
        r"[: ….]+(?:was )?not found\W*$",
        unless=("snapshot", "lease", "content sha256"),
        alternatives=(Cause.REPOSITORY_NOT_FOUND, Cause.MIRROR_FAILURE),
    ),
    Rule(
        "not_found.status_404",
        Cause.TAG_NOT_FOUND,
        Confidence.LIKELY,
        Hop.MANIFEST,
        ("404",),
        "HTTP status 404 at a manifest",
        pattern=r"<manifest-url>\W{1,3}(?:unexpected status code )?404\b|manifests?\b.*(?:status|code|http)\W{1,3}404\b"
        r"|\[manifests [^\]]*\]: 404|reading manifest.*404",
        alternatives=(Cause.REPOSITORY_NOT_FOUND,),
    ),
)

# After the rules on credentials, which some registries answer with 404.
LAST = (
    Rule(
        "not_found.page",
        Cause.REPOSITORY_NOT_FOUND,
        Confidence.POSSIBLE,
        Hop.REGISTRY,
        ("404",),
        "HTTP status 404 that is not a registry's own answer: a wrong host, port or path",
        pattern=r"404 not found|404 page not found|(?:http|status|code|from registry)\W{1,3}404\b|api error \(404\)",
        alternatives=(Cause.TAG_NOT_FOUND, Cause.REGISTRY_SERVER_ERROR),
    ),
)
