# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the token services of registries answer: what they say to whom, with which status and which body.

Statuses and texts are those that vendors document or that users have reported; what nobody has is marked (u).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

JSON, TEXT = "application/json", "text/plain"


def errors(code: str, message: str, detail: object = None) -> str:
    """The body of an error as the distribution specification has it."""
    return compact({"errors": [{"code": code, "message": message, "detail": detail}]})


def compact(body: object) -> str:
    """JSON as registries print it."""
    return json.dumps(body, separators=(",", ":"))


@dataclass(frozen=True)
class Reply:
    """A refusal: status and body."""

    status: int
    body: str = ""
    content_type: str = JSON


#: A token that opens nothing, with status 200: the registry itself then refuses.
EMPTY_TOKEN = Reply(200)


@dataclass(frozen=True)
class TokenService:
    """One token service; registries differ in what they say to whom."""

    host: str
    path: str
    service: str
    #: To a scope that nobody in particular may not read, or that does not exist.
    denied: Reply = EMPTY_TOKEN
    #: The same to somebody who has logged in.
    denied_account: Reply = EMPTY_TOKEN
    wrong_password: Reply = Reply(401, '{"details":"incorrect username or password"}')
    #: To a credential that was right once; None: as a wrong one.
    expired: Reply | None = None
    #: What the OAuth form (POST) is answered, after which clients ask with GET.
    post: int = 404
    #: Whether anything at all can be read without an account, and what is said if not.
    anonymous: bool = True
    #: Names of the fields in which the token comes.
    fields: tuple[str, ...] = ("token", "access_token")
    expires_in: int = 300
    #: What the member may read beside what exists: "everything", "own" (absent repositories of the private
    #: organisation, so that the registry says 404), "nothing".
    member_reads: str = "own"
    #: User names that stand for the member with the same password.
    also_member: tuple[str, ...] = ()
    #: Gives an empty token for a wrong password, where a scope is asked for.
    forgives: bool = False

    @property
    def realm(self) -> str:
        return f"https://{self.host}{self.path}"


HUB = TokenService(
    "auth.docker.io",
    "/token",
    "registry.docker.io",
    expired=Reply(401, '{"details":"personal access token is expired"}'),
    also_member=("acme",),
)
QUAY = TokenService(
    "quay.io",
    "/v2/auth",
    "quay.io",
    wrong_password=Reply(401, errors("UNAUTHORIZED", "Invalid Username or Password")),
    fields=("token",),
    expires_in=3600,
    also_member=("acme+deploy", "$oauthtoken"),
)
GHCR = TokenService(
    "ghcr.io",
    "/token",
    "ghcr.io",
    denied=Reply(403, errors("DENIED", "requested access to the resource is denied")),
    denied_account=Reply(403, errors("DENIED", "permission_denied: read_package")),
    wrong_password=Reply(
        403,
        errors("DENIED", "unauthenticated: User cannot be authenticated with the token provided."),
    ),
    post=405,
    member_reads="nothing",
)
GITLAB = TokenService(
    "gitlab.com",
    "/jwt/auth",
    "container_registry",
    denied=Reply(403, errors("DENIED", "access forbidden")),
    wrong_password=Reply(
        401,
        errors(
            "UNAUTHORIZED",
            "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was "
            "incorrect or you're required to use a token instead of a password.",
        ),
    ),
    fields=("token",),
    member_reads="nothing",
    also_member=("gitlab+deploy-token-1",),
)


def _google(host: str, service: str) -> TokenService:
    resource = 'resource "projects/acme/locations/us/repositories/prod" (or it may not exist)'
    permission = '"artifactregistry.repositories.downloadArtifacts"'
    return TokenService(
        host,
        "/v2/token",
        service,
        denied=Reply(
            403,
            errors(
                "DENIED",
                "Unauthenticated request. Unauthenticated requests do not have permission "
                f"{permission} on {resource}",
            ),
        ),
        denied_account=Reply(403, errors("DENIED", f"Permission {permission} denied on {resource}")),
        wrong_password=Reply(401, errors("UNAUTHORIZED", "authentication failed")),
        fields=("token",),
        also_member=("oauth2accesstoken", "_json_key"),
    )


GOOGLE = _google("us-docker.pkg.dev", "us-docker.pkg.dev")
GCR = _google("gcr.io", "gcr.io")

_ACR_DENIED = Reply(
    401,
    errors(
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
    ),
)


def _acr(host: str, anonymous: bool) -> TokenService:
    return TokenService(
        host,
        "/oauth2/token",
        host,
        denied=_ACR_DENIED,
        denied_account=_ACR_DENIED,
        wrong_password=_ACR_DENIED,
        post=400,
        anonymous=anonymous,
        fields=("access_token",),
        member_reads="everything",
        also_member=("00000000-0000-0000-0000-000000000000",),
    )


ACR = _acr("acme.azurecr.io", anonymous=False)
#: A registry with anonymous pull switched on.
ACR_OPEN = _acr("open.azurecr.io", anonymous=True)

_ECR_EXPIRED = Reply(
    403, errors("DENIED", "Your authorization token has expired. Reauthenticate and try again.")
)
ECR_PUBLIC = TokenService(
    "public.ecr.aws",
    "/token/",
    "public.ecr.aws",
    wrong_password=_ECR_EXPIRED,
    fields=("token",),
    member_reads="everything",
    also_member=("AWS",),
)

_RED_HAT_LOGIN = Reply(
    401,
    "Please login to the Red Hat Registry using your Customer Portal credentials. Further instructions can be "
    "found here: https://access.redhat.com/RegistryAuthentication",
    TEXT,
)
RED_HAT = TokenService(
    "sso.redhat.com",
    "/auth/realms/rhcc/protocol/redhat-docker-v2/auth",
    "docker-registry",
    denied=_RED_HAT_LOGIN,
    wrong_password=_RED_HAT_LOGIN,
    anonymous=False,
    member_reads="everything",
)
HARBOR = TokenService(
    "harbor.reg.test",
    "/service/token",
    "harbor-registry",
    wrong_password=Reply(401),
    expires_in=1800,
    member_reads="everything",
    also_member=("robot$acme+deploy",),
    forgives=True,
)
ARTIFACTORY = TokenService(
    "artifactory.reg.test",
    "/v2/token",
    "artifactory.reg.test:443",
    denied=Reply(401, errors("UNAUTHORIZED", "Authentication is required")),
    wrong_password=Reply(401, '{"errors":[{"status":401,"message":"Bad Credentials"}]}'),
    post=401,
    anonymous=False,
    expires_in=9000,
    member_reads="everything",
)
COMPANY = TokenService(
    "auth.reg.test",
    "/token",
    "token.reg.test",
    wrong_password=Reply(401, errors("UNAUTHORIZED", "authentication required")),
    member_reads="everything",
)
#: The same for distribution 3.
COMPANY_3 = TokenService(
    "auth.reg.test",
    "/token",
    "v3-token.reg.test",
    wrong_password=COMPANY.wrong_password,
    member_reads="everything",
)

ALL = (
    HUB,
    QUAY,
    GHCR,
    GITLAB,
    GOOGLE,
    GCR,
    ACR,
    ACR_OPEN,
    ECR_PUBLIC,
    RED_HAT,
    HARBOR,
    ARTIFACTORY,
    COMPANY,
    COMPANY_3,
)
