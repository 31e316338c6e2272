# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public registries: how each refuses, and what it says of that which is not there.

Statuses, codes and texts are those that the vendors document or that users have reported.
"""

from __future__ import annotations

from collections import Counter

from . import hosts
from .products import (
    EXPIRED,
    MEMBER,
    NOBODY,
    STRANGER,
    Answer,
    Asked,
    BasicProduct,
    Product,
    Request,
    refused,
)
from .token_services import TEXT, errors

TOO_MANY = (
    "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: "
    "https://www.docker.com/increase-rate-limit"
)
#: Quay remembers tags that were deleted: repository ─► tags.
DELETED_TAGS = {"prometheus/node-exporter": ("v1.7.0",), "acme/app": ("0",)}


class DockerHub(Product):
    """Limits anonymous pulls by address: a GET of a manifest counts, a HEAD does not; both tell what is left."""

    blob_host = "production.cloudflare.docker.com"
    blob_prefix = "registry-v2/docker/registry/v2/blobs"
    page = 100
    limit = 100

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._used: Counter[str] = Counter()

    def before_login(self, request: Request, asked: Asked) -> Answer | None:
        if asked.repository.startswith("ratelimited/"):
            answer = refused(429, "TOOMANYREQUESTS", TOO_MANY)
            headers = {
                "Retry-After": "3600",
                "RateLimit-Limit": f"{self.limit};w=21600",
                "RateLimit-Remaining": "0;w=21600",
                "Docker-RateLimit-Source": request.source,
            }
            return Answer(answer.status, answer.body, headers)
        return None

    def pass_on(self, request: Request, asked: Asked, **headers: str) -> Answer:
        if asked.kind == "manifests" and request.grant and request.grant.caller == NOBODY:
            self._used[request.source] += request.method == "GET"
            left = max(0, self.limit - self._used[request.source])
            headers |= {
                "X-Lab-Limit": f"{self.limit};w=21600",
                "X-Lab-Remaining": f"{left};w=21600",
                "X-Lab-Source": request.source,
            }
        return super().pass_on(request, asked, **headers)


class Quay(Product):
    blob_host = "cdn01.quay.io"
    blob_status = 302
    page = 100

    def unauthorized(self, asked: Asked) -> str:
        if not asked.repository:
            return "true"
        return errors("UNAUTHORIZED", "access to the requested resource is not authorized", {})

    def no_repository(self, asked: Asked) -> Answer:
        return refused(404, "NAME_UNKNOWN", "repository not found", {})

    def no_manifest(self, asked: Asked) -> Answer:
        if asked.reference in DELETED_TAGS.get(asked.repository, ()):
            message = f"Tag {asked.reference} was deleted or has expired. To pull, revive via time machine"
            return refused(404, "TAG_EXPIRED", message, {})
        return refused(404, "MANIFEST_UNKNOWN", "manifest unknown", {})


class Ghcr(Product):
    blob_host = "pkg-containers.githubusercontent.com"

    def challenge_header(self, repository: str) -> str:
        # Without a repository, GitHub's challenge has a placeholder for one.
        return super().challenge_header(repository or "user/image")


class GitLab(Product):
    blob_host = "cdn.registry.gitlab-static.net"
    headers = {
        "Docker-Distribution-Api-Version": "registry/2.0",
        "Gitlab-Container-Registry-Version": "4.30.0-gitlab",
    }


class Google(Product):
    """Artifact Registry; a repository there is PROJECT/REPOSITORY, and what follows an image in it."""

    blob_host = "us-docker.pkg.dev"
    blob_status = 302
    blob_prefix = "artifacts-downloads"

    def may_read(self, caller: str, repository: str) -> bool:
        if caller == MEMBER and not self.exists(repository):
            return self.store.has_folder("/".join(repository.split("/")[:2]))
        return super().may_read(caller, repository)

    def challenge_header(self, repository: str) -> str:
        assert self.token is not None
        scope = f',scope="repository:{repository}:pull"' if repository else ""
        return f'Bearer realm="{self.token.realm}"{scope}'

    def no_repository(self, asked: Asked) -> Answer:
        return refused(404, "NAME_UNKNOWN", f'Repository "{asked.repository.split("/")[-1]}" not found')

    def no_manifest(self, asked: Asked) -> Answer:
        return refused(404, "MANIFEST_UNKNOWN", f'Failed to fetch "{asked.reference}"')


class Gcr(Google):
    """Shut down in 2025; answers for what has moved to Artifact Registry."""

    blob_host = "storage.googleapis.com"
    #: Projects that nobody moved.
    left_behind = ("legacy-project",)

    def before_login(self, request: Request, asked: Asked) -> Answer | None:
        if asked.repository.split("/")[0] not in self.left_behind:
            return None
        text = (
            "Container Registry is deprecated and shutting down, please use the auto migration tool to migrate "
            "to Artifact Registry.\n"
        )
        return Answer(412, text, content_type=TEXT)

    def challenge_header(self, repository: str) -> str:
        return super().challenge_header(repository) + ",service=gcr.io"


class Acr(Product):
    blob_host = "acme.westeurope.data.azurecr.io"

    def login(self, request: Request, asked: Asked) -> Answer | None:
        if asked.kind == "catalog":
            return None if self.knows(request) else self.challenge(request, asked)
        return super().login(request, asked)

    def catalog(self, request: Request) -> Answer:
        known = request.grant is not None and request.grant.caller == MEMBER
        return self.listed() if known else super().catalog(request)

    def private(self, repository: str) -> bool:
        return False

    def unauthorized(self, asked: Asked) -> str:
        assert self.token is not None
        return self.token.denied.body

    def no_repository(self, asked: Asked) -> Answer:
        detail = {"name": asked.repository}
        return refused(404, "NAME_UNKNOWN", f'repository "{asked.repository}" is not found', detail)

    def no_manifest(self, asked: Asked) -> Answer:
        message = f'manifest tagged by "{asked.reference}" is not found'
        return refused(404, "MANIFEST_UNKNOWN", message, {"Tag": asked.reference})


class AcrBehindFirewall(Acr):
    """Network rules let no address of the lab in."""

    def before_login(self, request: Request, asked: Asked) -> Answer | None:
        message = (
            f"client with IP '{request.source}' is not allowed access. Refer https://aka.ms/acr/firewall to "
            "grant access."
        )
        return refused(403, "DENIED", message)


class Ecr(BasicProduct):
    """User AWS; the stranger's password is a token of a role without rights, the expired one a token of yesterday."""

    blob_host = "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com"

    def login(self, request: Request, asked: Asked) -> Answer | None:
        if request.caller == MEMBER:
            return None
        if request.caller == NOBODY:
            header = {"WWW-Authenticate": f'Basic realm="https://{hosts.ECR}/",service="ecr.amazonaws.com"'}
            return Answer(401, "Not Authorized\n", header, TEXT)
        if request.caller == EXPIRED:
            return refused(
                403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."
            )
        if request.caller == STRANGER:
            if asked.kind == "ping":
                return None
            user = f"arn:aws:sts::{hosts.ECR_ACCOUNT}:assumed-role/node/i-0123456789abcdef0"
            resource = f"arn:aws:ecr:eu-west-1:{hosts.ECR_ACCOUNT}:repository/{asked.repository}"
            message = (
                f"User: {user} is not authorized to perform: ecr:BatchGetImage on resource: {resource} because "
                "no identity-based policy allows the ecr:BatchGetImage action"
            )
            return refused(403, "DENIED", message)
        return refused(403, "DENIED", "The security token included in the request is invalid")

    def catalog(self, request: Request) -> Answer:
        return self.listed()

    def no_repository(self, asked: Asked) -> Answer:
        return refused(404, "NAME_UNKNOWN", _ecr_unknown(asked.repository, hosts.ECR_ACCOUNT))

    def no_manifest(self, asked: Asked) -> Answer:
        return refused(404, "MANIFEST_UNKNOWN", "Requested image not found")


class EcrPublic(Product):
    blob_host = "d1qsjq9pzbk1k6.cloudfront.net"

    def login(self, request: Request, asked: Asked) -> Answer | None:
        # A token opens everything: its scope is "aws", not a repository.
        return None if self.knows(request) else self.challenge(request, asked)

    def challenge_header(self, repository: str) -> str:
        assert self.token is not None
        return f'Bearer realm="{self.token.realm}",service="{self.token.service}",scope="aws"'

    def no_repository(self, asked: Asked) -> Answer:
        alias, dummy, name = asked.repository.partition("/")
        return refused(404, "NAME_UNKNOWN", _ecr_unknown(name, alias))

    def no_manifest(self, asked: Asked) -> Answer:
        return refused(404, "MANIFEST_UNKNOWN", "Requested image not found")


def _ecr_unknown(repository: str, registry: str) -> str:
    return f"The repository with name '{repository}' does not exist in the registry with id '{registry}'"


class Kubernetes(Product):
    """registry.k8s.io: sends everybody elsewhere, without looking whether anything is there."""

    upstream = "europe-west4-docker.pkg.dev"
    prefix = "k8s-artifacts-prod/images"

    def answer(self, request: Request) -> Answer:
        asked = Asked.of(request.path)
        if request.path == "/v2/":
            return Answer(200, "", self.headers, TEXT)
        if asked is None or asked.kind == "catalog":
            return Answer(404, "404 page not found\n", content_type=TEXT)
        path = request.path.replace("/v2/", f"/v2/{self.prefix}/", 1)
        if asked.kind == "blobs":
            return Answer(307, "", {"Location": f"https://{hosts.KUBERNETES_BLOBS}/{self._object(asked)}"})
        return Answer(307, "", {"Location": f"https://{self.upstream}{path}"})

    def _object(self, asked: Asked) -> str:
        kind, dummy, value = asked.reference.partition(":")
        return f"{self.blob_prefix}/{kind}/{value[:2]}/{value}/data"


class KubernetesUpstream(Google):
    """The Artifact Registry behind registry.k8s.io."""

    blob_host = ""

    def stored(self, repository: str) -> str:
        return repository.removeprefix(Kubernetes.prefix + "/")

    def login(self, request: Request, asked: Asked) -> Answer | None:
        return None


class RedHat(Product):
    """registry.redhat.io: nothing without a login."""

    blob_host = "cdn02.quay.io"
    blob_status = 302
    page = 100

    def private(self, repository: str) -> bool:
        return False

    def login(self, request: Request, asked: Asked) -> Answer | None:
        # Whoever has a login reads everything.
        return None if self.knows(request) else self.challenge(request, asked)

    def no_repository(self, asked: Asked) -> Answer:
        return refused(404, "NAME_UNKNOWN", "Repo not found", {"name": asked.repository})


class RedHatAccess(RedHat):
    """registry.access.redhat.com: what needs no login."""

    def login(self, request: Request, asked: Asked) -> Answer | None:
        return None
