# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that want a credential, and pods that bring none or the wrong one."""

from __future__ import annotations

import functools

from tests.lab.image_pull_lab import hosts
from tests.lab.scenarios import manifests
from tests.lab.scenarios.declare import Failure, Patch, Scenario
from tests.lab.scenarios.manifests import (
    ECR_EXPIRED_TOKEN,
    ECR_USER,
    MEMBER,
    STRANGER,
    STRANGER_PASSWORD,
    container,
    docker_config,
    pod,
    pull_secret,
    secret,
    service_account,
)

HUB = "https://index.docker.io/v1/"
BASIC = "basic.reg.test"
PRIVATE = f"{BASIC}/acme/app:1"
WRONG = "not-the-password"
#: What somebody else has brought to the node with a good credential must not do.
bare = functools.partial(manifests.bare, pull_policy="Always")

SCENARIOS = (
    bare(
        "anonymous-hub",
        "a private repository without a credential; Docker Hub does not say that it exists",
        "docker.io/acme/app:1",
        "repository_not_found_or_private",
        truth="auth_missing",
    ),
    bare(
        "anonymous-basic",
        "a registry with Basic login",
        PRIVATE,
        "auth_missing",
        host=BASIC,
        known="auth_missing",
    ),
    bare(
        "anonymous-ecr",
        "ECR without a credential",
        f"{hosts.ECR}/acme/app:1",
        "auth_missing",
        host=hosts.ECR,
        known="auth_missing",
    ),
    bare(
        "anonymous-azure",
        "a token service that gives nothing to strangers",
        "acme.azurecr.io/app:1",
        "auth_missing",
        also=("auth_invalid", "repository_not_found_or_private"),
    ),
    bare(
        "anonymous-gitlab",
        "a token service that answers 403 to strangers",
        "registry.gitlab.com/acme/app:1",
        "auth_missing",
        also=("auth_forbidden", "repository_not_found_or_private"),
        truth="auth_missing",
    ),
    bare(
        "anonymous-google",
        "Artifact Registry: no permission, or it may not exist",
        "us-docker.pkg.dev/acme/prod/app:1",
        "auth_missing",
        also=("auth_forbidden", "repository_not_found_or_private"),
        truth="auth_missing",
    ),
    bare(
        "wrong-password-basic",
        "a pull Secret with a wrong password",
        PRIVATE,
        "auth_invalid",
        also=("auth_missing",),
        truth="auth_invalid",
        confidence="possible",
        pull_secrets=("wrong-password",),
        objects=(pull_secret("wrong-password", BASIC, MEMBER, WRONG),),
        known="auth_invalid",
        names=("wrong-password",),
    ),
    bare(
        "wrong-password-hub",
        "a token service that refuses the password",
        "docker.io/acme/app:2",
        "auth_invalid",
        says="401",
        pull_secrets=("wrong-password-hub",),
        objects=(pull_secret("wrong-password-hub", HUB, MEMBER, WRONG),),
        known="auth_invalid",
        names=("wrong-password-hub",),
    ),
    bare(
        "wrong-password-ghcr",
        "a token service that answers a wrong password with 403",
        "ghcr.io/acme/app:1",
        "auth_invalid",
        says="oauth token",
        also=("auth_forbidden",),
        truth="auth_invalid",
        pull_secrets=("wrong-password-ghcr",),
        objects=(pull_secret("wrong-password-ghcr", "ghcr.io", MEMBER, WRONG),),
        known="auth_invalid",
        names=("wrong-password-ghcr",),
    ),
    bare(
        "expired-ecr",
        "an ECR token of yesterday; the HEAD request has no body that would say so",
        f"{hosts.ECR}/acme/app:1",
        "auth_forbidden",
        says="403",
        also=("auth_invalid",),
        truth="auth_invalid",
        pull_secrets=("expired-ecr",),
        objects=(pull_secret("expired-ecr", hosts.ECR, ECR_USER, ECR_EXPIRED_TOKEN),),
        known="auth_invalid",
        names=("expired-ecr",),
    ),
    bare(
        "no-right",
        "a credential that is accepted and has no right to this repository",
        "quay.io/acme/app:1",
        "repository_not_found_or_private",
        also=("auth_forbidden",),
        truth="auth_forbidden",
        pull_secrets=("no-right",),
        objects=(pull_secret("no-right", "quay.io", STRANGER, STRANGER_PASSWORD),),
    ),
    bare(
        "secret-absent",
        "a pull Secret that does not exist",
        PRIVATE,
        "secret_missing",
        truth="secret_missing",
        confidence="confirmed",
        pull_secrets=("nobody-made-it",),
        known="secret_missing",
        names=("nobody-made-it",),
    ),
    bare(
        "secret-absent-tag-wrong",
        "a pull Secret that does not exist, and is not needed: the tag is wrong",
        "registry.reg.test/app/web:9.9.8",
        "tag_not_found",
        pull_secrets=("nobody-made-it-either",),
    ),
    bare(
        "secret-wrong-type",
        "a Secret with the right content and the wrong type, which the kubelet passes over",
        PRIVATE,
        "secret_missing",
        truth="secret_missing",
        pull_secrets=("opaque",),
        objects=(secret("opaque", "Opaque", {".dockerconfigjson": "{}"}),),
        known="secret_missing",
        names=("opaque",),
    ),
    bare(
        "secret-malformed",
        "a pull Secret with an auth that is not base64; from 1.33 the Go error is the waiting reason",
        PRIVATE,
        "secret_missing",
        pull_secrets=("malformed",),
        objects=(docker_config("malformed", {"auths": {BASIC: {"auth": "!!!not base64!!!"}}}),),
        known="secret_missing",
        names=("malformed",),
    ),
    bare(
        "secret-for-another-registry",
        "a good pull Secret, for another registry",
        PRIVATE,
        "auth_missing",
        also=("auth_invalid",),
        truth="auth_missing",
        pull_secrets=("elsewhere",),
        objects=(pull_secret("elsewhere", "other.reg.test", MEMBER, WRONG),),
        known="auth_missing",
        names=("elsewhere",),
    ),
    bare(
        "two-secrets-both-wrong",
        "two pull Secrets for the same registry, two refusals",
        PRIVATE,
        "auth_invalid",
        also=("auth_missing",),
        truth="auth_invalid",
        confidence="possible",
        pull_secrets=("first-wrong", "second-wrong"),
        objects=(
            pull_secret("first-wrong", BASIC, MEMBER, WRONG),
            pull_secret("second-wrong", BASIC, STRANGER, WRONG),
        ),
        known="auth_invalid",
        names=("first-wrong", "second-wrong"),
    ),
    Scenario(
        name="secret-linked-too-late",
        shows="a ServiceAccount that got its pull Secret after the pod was made: the pod does not see it",
        objects=(
            service_account("late", ()),
            pod(
                "secret-linked-too-late",
                containers=[container(PRIVATE, imagePullPolicy="Always")],
                serviceAccountName="late",
            ),
        ),
        then=(Patch("ServiceAccount", "late", {"imagePullSecrets": [{"name": "wrong-password"}]}),),
        then_when="failing",
        failures=(
            Failure("auth_missing", also=("auth_invalid",), truth="auth_missing", known="auth_missing"),
        ),
    ),
)
