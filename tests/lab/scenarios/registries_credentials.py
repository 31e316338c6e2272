# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that do not do, at many registries; the namespace holds better ones for some of them."""

from __future__ import annotations

from typing import Any

from tests.lab.image_pull_lab import hosts
from tests.lab.scenarios.declare import Failure, Patch, Scenario
from tests.lab.scenarios.manifests import (
    ECR_EXPIRED_TOKEN,
    ECR_TOKEN,
    ECR_USER,
    EXPIRED_TOKEN,
    HEALTHY,
    MEMBER,
    MEMBER_PASSWORD,
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
WRONG = "not-the-password"
#: What a kubelet's words leave open where a credential is at fault.
OPEN = (
    "auth_missing",
    "auth_invalid",
    "auth_forbidden",
    "repository_not_found_or_private",
    "repository_not_found",
    "secret_missing",
)


def refused(
    name: str,
    shows: str,
    image: str,
    known: str,
    *objects: dict[str, object],
    names: tuple[str, ...] = (),
    secrets: tuple[str, ...] | None = None,
    also: tuple[str, ...] = (),
    **spec: Any,
) -> Scenario:
    """A pod that is given the Secrets among ``objects``, or those that ``secrets`` names.

    It pulls in any case: what another pod has brought to the node with a better credential is not its own.
    """
    given = [str(one["metadata"]["name"]) for one in objects if one["kind"] == "Secret"]  # type: ignore[index]
    made = pod(
        name,
        containers=[container(image, imagePullPolicy="Always")],
        pull_secrets=tuple(given) if secrets is None else secrets,
        **spec,
    )
    failure = Failure(known, also=(*OPEN, *also), truth=None, confidence="possible", known=known, names=names)
    return Scenario(name, shows, (*objects, made), (failure,))


def wrong(
    name: str, image: str, key: str, user: str = MEMBER, password: str = WRONG, **spec: Any
) -> Scenario:
    """A login that the registry refuses."""
    # A password of its own, so that the registries' log tells whose it was.
    made = pull_secret(name, key, user, f"{WRONG}-{name}" if password == WRONG else password)
    return refused(name, f"a login that {key} refuses", image, "auth_invalid", made, names=(name,), **spec)


def stale(name: str, image: str, key: str, user: str = MEMBER, password: str = WRONG) -> Scenario:
    """The same for an image that needs no login: the kubelet must have the Secret before it pulls."""
    first = [container(HEALTHY, "first", command=["/bin/sleep", "4"])]
    return wrong(name, image, key, user, password, initContainers=first)


#: Good Secrets that no pod is given, one for each registry.
UNLINKED = tuple(
    pull_secret(f"good-{name}", key, user, password)
    for name, key, user, password in (
        ("hub", HUB, "acme", MEMBER_PASSWORD),
        ("quay", "quay.io", "acme+deploy", MEMBER_PASSWORD),
        ("ghcr", "ghcr.io", "ci-ghcr", MEMBER_PASSWORD),
        ("gitlab", "registry.gitlab.com", "gitlab+deploy-token-1", MEMBER_PASSWORD),
        ("google", "us-docker.pkg.dev", "oauth2accesstoken", MEMBER_PASSWORD),
        ("ecr", hosts.ECR, ECR_USER, ECR_TOKEN),
        ("harbor", "harbor.reg.test", "robot$acme+deploy", MEMBER_PASSWORD),
    )
)

_NONE = (
    refused(
        "none-hub",
        "no Secret; one that fits lies beside it",
        "docker.io/acme/app:1",
        "auth_missing",
        *UNLINKED,
        names=("good-hub",),
        secrets=(),
    ),
    refused("none-quay", "the same", "quay.io/acme/app:1", "auth_missing", names=("good-quay",)),
    refused("none-ghcr", "the same", "ghcr.io/acme/app:1", "auth_missing", names=("good-ghcr",)),
    refused(
        "none-gitlab", "the same", "registry.gitlab.com/acme/app:1", "auth_missing", names=("good-gitlab",)
    ),
    refused(
        "none-google", "the same", "us-docker.pkg.dev/acme/prod/app:1", "auth_missing", names=("good-google",)
    ),
    refused("none-harbor", "the same", "harbor.reg.test/acme/app:1", "auth_missing", names=("good-harbor",)),
    refused("none-ecr", "the same", f"{hosts.ECR}/acme/app:1", "auth_missing", names=("good-ecr",)),
    refused(
        "none-artifactory", "no Secret at all", "artifactory.reg.test/docker-local/acme/app:1", "auth_missing"
    ),
    refused("none-nexus", "no Secret at all", "nexus.reg.test/acme/app:1", "auth_missing"),
    refused("none-red-hat", "nothing without a login", "registry.redhat.io/ubi9/ubi:9.4", "auth_missing"),
)
_WRONG = (
    wrong("wrong-quay", "quay.io/acme/app:1", "quay.io", "acme+deploy"),
    wrong("wrong-ghcr", "ghcr.io/acme/app:1", "ghcr.io"),
    wrong("wrong-gitlab", "registry.gitlab.com/acme/app:1", "registry.gitlab.com"),
    wrong("wrong-google", "us-docker.pkg.dev/acme/prod/app:1", "us-docker.pkg.dev", "_json_key"),
    wrong("wrong-harbor", "harbor.reg.test/acme/app:1", "harbor.reg.test"),
    wrong("wrong-artifactory", "artifactory.reg.test/docker-local/acme/app:1", "artifactory.reg.test"),
    wrong("wrong-basic-3", "v3-basic.reg.test/acme/app:1", "v3-basic.reg.test"),
    wrong("wrong-red-hat", "registry.redhat.io/ubi9/ubi:9.4", "registry.redhat.io"),
    wrong("expired-hub", "docker.io/acme/app:1", HUB, MEMBER, EXPIRED_TOKEN),
    wrong("expired-ecr", f"{hosts.ECR}/acme/app:1", hosts.ECR, ECR_USER, ECR_EXPIRED_TOKEN),
    stale("stale-hub", "docker.io/library/nginx:1.27", HUB),
    stale(
        "stale-ecr-public", "public.ecr.aws/nginx/nginx:1.27", "public.ecr.aws", ECR_USER, ECR_EXPIRED_TOKEN
    ),
    stale("stale-acr", "open.azurecr.io/app:1", "open.azurecr.io"),
)
_NO_RIGHT = (
    refused(
        "no-right-quay",
        "a login of somebody else; another one shows that the image is there",
        "quay.io/acme/app:1",
        "auth_forbidden",
        pull_secret("no-right-quay", "quay.io", STRANGER, STRANGER_PASSWORD),
        names=("no-right-quay",),
    ),
    refused(
        "no-right-hub",
        "the same at Docker Hub",
        "docker.io/acme/app:1",
        "auth_forbidden",
        pull_secret("no-right-hub", HUB, STRANGER, STRANGER_PASSWORD),
        names=("no-right-hub",),
    ),
    refused(
        "no-right-ecr",
        "a role without the right; the HEAD request has no body that would say so",
        f"{hosts.ECR}/acme/app:1",
        "auth_forbidden",
        pull_secret("no-right-ecr", hosts.ECR, ECR_USER, STRANGER_PASSWORD),
        names=("no-right-ecr",),
    ),
    refused(
        "no-right-harbor",
        "a user who is no member of the project",
        "harbor.reg.test/acme/app:1",
        "auth_forbidden",
        pull_secret("no-right-harbor", "harbor.reg.test", STRANGER, STRANGER_PASSWORD),
        names=("no-right-harbor",),
    ),
    refused(
        "no-right-then-wrong",
        "two Secrets: one without right, one with a wrong password; the kubelet says both",
        "quay.io/acme/app:1",
        "auth_forbidden",
        pull_secret("a-no-right", "quay.io", "guest-a", STRANGER_PASSWORD),
        pull_secret("b-wrong", "quay.io", MEMBER, f"{WRONG}-b"),
        names=("a-no-right", "b-wrong"),
        also=("auth_invalid",),
    ),
)
_KEYS = (
    refused(
        "key-other-port",
        "a key with a port that the image does not have",
        "harbor.reg.test/acme/app:1",
        "auth_missing",
        pull_secret("key-other-port", "harbor.reg.test:443", "ci-port", MEMBER_PASSWORD),
        names=("harbor.reg.test:443",),
    ),
    refused(
        "key-other-path",
        "a key for another organisation",
        "quay.io/acme/app:1",
        "auth_missing",
        pull_secret("key-other-path", "quay.io/acme-labs", "ci-path", MEMBER_PASSWORD),
        names=("quay.io/acme-labs",),
    ),
    refused(
        "key-without-slash",
        "Docker Hub's key without its last character",
        "docker.io/acme/app:1",
        "auth_missing",
        pull_secret("key-without-slash", "https://index.docker.io/v1", "ci-slash", MEMBER_PASSWORD),
        names=("https://index.docker.io/v1",),
    ),
    refused(
        "key-registry-1",
        "Docker Hub's key as the name of its machine",
        "docker.io/acme/app:1",
        "auth_missing",
        pull_secret("key-registry-1", "registry-1.docker.io", "ci-machine", MEMBER_PASSWORD),
        names=("registry-1.docker.io",),
    ),
    refused(
        "key-hides-another",
        "an old entry docker.io, because of which the good one is never offered",
        "docker.io/acme/app:1",
        "auth_invalid",
        docker_config(
            "key-hides-another",
            {
                "auths": {
                    "docker.io": {"username": MEMBER, "password": f"{WRONG}-docker.io"},
                    HUB: {"username": "ci-hidden", "password": MEMBER_PASSWORD},
                }
            },
        ),
        names=("key-hides-another",),
    ),
)
_SECRETS = (
    refused(
        "malformed-elsewhere",
        "a bad entry for another registry, because of which nothing is pulled",
        "quay.io/acme/app:1",
        "secret_missing",
        docker_config(
            "malformed-elsewhere",
            {
                "auths": {
                    "quay.io": {"username": "ci-malformed", "password": MEMBER_PASSWORD},
                    "old.reg.test": {"auth": "bm8tY29sb24="},
                }
            },
        ),
        names=("malformed-elsewhere",),
        also=("unknown",),
    ),
    refused(
        "wrong-type",
        "a good login in a Secret of a type that the kubelet passes over",
        "quay.io/acme/app:1",
        "secret_missing",
        secret("wrong-type", "Opaque", {".dockerconfigjson": "{}"}),
        names=("wrong-type",),
    ),
    refused(
        "named-wrongly",
        "a Secret by a name that nothing has, beside one that fits",
        "ghcr.io/acme/app:1",
        "secret_missing",
        names=("good-ghrc", "good-ghcr"),
        secrets=("good-ghrc",),
    ),
    Scenario(
        name="linked-late",
        shows="a ServiceAccount that got its Secret after the pod was made",
        objects=(
            service_account("late", ()),
            pod(
                "linked-late",
                containers=[container("quay.io/acme/app:1", imagePullPolicy="Always")],
                serviceAccountName="late",
            ),
        ),
        then=(Patch("ServiceAccount", "late", {"imagePullSecrets": [{"name": "good-quay"}]}),),
        then_when="failing",
        failures=(
            Failure(
                "auth_missing",
                also=OPEN,
                truth=None,
                confidence="possible",
                known="auth_missing",
                names=("late", "good-quay"),
            ),
        ),
    ),
)
_RULES = (
    refused(
        "policy-harbor",
        "a rule about vulnerabilities",
        "harbor.reg.test/app/vulnerable:1",
        "signature_policy",
        also=("registry_server_error", "unknown"),
    ),
    refused(
        "policy-xray",
        "a rule of Xray",
        "artifactory.reg.test/docker-local/app/vulnerable:1",
        "signature_policy",
        pull_secret("policy-xray", "artifactory.reg.test", "ci-xray", MEMBER_PASSWORD),
    ),
    refused(
        "firewall-acr",
        "a registry that lets no address of ours in",
        "walled.azurecr.io/app:1",
        "network_unreachable",
        names=("walled.azurecr.io",),
    ),
)
#: Images of their own: one that a good credential has brought to a node needs none there.
_FINE = (
    Scenario(
        "first-secret-wrong",
        "two Secrets for one registry, of which the second is right: the kubelet tries both",
        (
            pull_secret("a-old", "ghcr.io", MEMBER, f"{WRONG}-old"),
            pull_secret("b-new", "ghcr.io", "ci-ghcr", MEMBER_PASSWORD),
            pod(
                "first-secret-wrong",
                containers=[container("ghcr.io/acme/app:2", imagePullPolicy="Always")],
                pull_secrets=("a-old", "b-new"),
            ),
        ),
    ),
    Scenario(
        "deeper-path-wrong",
        "a wrong login for the organisation, a right one for the host: the kubelet tries both",
        (
            docker_config(
                "deeper-path",
                {
                    "auths": {
                        "quay.io/acme": {"username": STRANGER, "password": STRANGER_PASSWORD},
                        "quay.io": {"username": "acme+deploy", "password": MEMBER_PASSWORD},
                    }
                },
            ),
            pod(
                "deeper-path-wrong",
                containers=[container("quay.io/acme/app:2", imagePullPolicy="Always")],
                pull_secrets=("deeper-path",),
            ),
        ),
    ),
)
SCENARIOS = (*_NONE, *_WRONG, *_NO_RIGHT, *_KEYS, *_SECRETS, *_RULES, *_FINE)
