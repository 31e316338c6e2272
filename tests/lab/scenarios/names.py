# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are named wrongly."""

from __future__ import annotations

from tests.lab.scenarios.manifests import bare

ABSENT_DIGEST = "sha256:" + "0" * 64

SCENARIOS = (
    bare(
        "wrong-tag",
        "a tag that the repository does not have",
        "registry.reg.test/app/web:9.9.9",
        "tag_not_found",
        known="tag_not_found",
        names=("1.1.0",),
    ),
    bare(
        "wrong-tag-hub",
        "a tag that a public repository does not have",
        "docker.io/library/nginx:1.99",
        "tag_not_found",
        confidence="likely",
        known="tag_not_found",
        names=("1.27",),
    ),
    bare(
        "wrong-repository",
        "a repository that does not exist, in a registry that says so only to those who ask for its tags",
        "registry.reg.test/app/wbe:1.0.0",
        "tag_not_found",
        also=("repository_not_found",),
        truth="repository_not_found",
        known="repository_not_found",
        names=("app/web",),
    ),
    bare(
        "typo-hub",
        "the classic: ngnix. Docker Hub does not say whether a repository is absent or private",
        "docker.io/library/ngnix:latest",
        "repository_not_found_or_private",
        truth="repository_not_found",
        suggests="nginx",
        known="repository_not_found",
        names=("nginx",),
    ),
    bare(
        "digest-absent",
        "a digest that nobody has",
        f"registry.reg.test/app/web@{ABSENT_DIGEST}",
        "tag_not_found",
        known="tag_not_found",
    ),
    bare(
        "upper-case",
        "upper case in the repository",
        "registry.reg.test/app/Web:1.0.0",
        "image_name_invalid",
        confidence="confirmed",
    ),
    bare(
        "two-tags",
        "a second colon",
        "registry.reg.test/app/web:1.0.0:1",
        "image_name_invalid",
        confidence="confirmed",
    ),
    bare(
        "short-digest",
        "a digest that was cut when it was copied",
        "registry.reg.test/app/web@sha256:0123456789",
        "image_name_invalid",
        confidence="confirmed",
    ),
    bare(
        "unrendered-template",
        "a chart whose values were never filled in",
        "registry.reg.test/app/{{ .Values.image }}:1.0.0",
        "image_name_invalid",
        confidence="confirmed",
    ),
)
