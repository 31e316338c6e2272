# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that one runs oneself: Harbor, Artifactory, Nexus; all over the company's images."""

from __future__ import annotations

from .products import MEMBER, NOBODY, STRANGER, Answer, Asked, BasicProduct, Product, Request, refused
from .token_services import errors


class Harbor(Product):
    """Bearer for those who bring nothing, Basic for those who bring something wrong.

    Its token service gives a token without access even for a wrong password, so that the registry must refuse.
    """

    #: Stopped by the project's policy on vulnerabilities.
    vulnerable = ("app/vulnerable",)

    def may_read(self, caller: str, repository: str) -> bool:
        # Rights are those of the project, whether the repository is there or not.
        if caller == MEMBER:
            return True
        public = not self.private(repository) and self.store.has_folder(repository.split("/")[0])
        return public and caller in (NOBODY, STRANGER)

    def before_login(self, request: Request, asked: Asked) -> Answer | None:
        return self._unauthorized("unauthorized") if asked.kind == "catalog" else None

    def login(self, request: Request, asked: Asked) -> Answer | None:
        if request.caller == NOBODY and request.grant is None:
            return super().challenge(request, asked)
        if asked.kind == "ping":
            return (
                None
                if request.grant or request.caller in (MEMBER, STRANGER)
                else self.challenge(request, asked)
            )
        project = asked.repository.split("/")[0]
        if not self.store.has_folder(project):
            return self._unauthorized(f"project {project} not found")
        if self._opens(request, asked.repository):
            return None
        return self._unauthorized(f"unauthorized to access repository: {asked.repository}, action: pull")

    def _opens(self, request: Request, repository: str) -> bool:
        if request.grant:
            return self.knows(request) and repository in request.grant.repositories
        return self.may_read(request.caller, repository)

    def _unauthorized(self, message: str) -> Answer:
        # Harbor's messages say everything twice.
        body = errors("UNAUTHORIZED", f"{message}: {message}")
        return Answer(401, body, {"WWW-Authenticate": 'Basic realm="harbor"'})

    def challenge(self, request: Request, asked: Asked) -> Answer:
        return self._unauthorized("unauthorized")

    def no_repository(self, asked: Asked) -> Answer:
        message = f"repository {asked.repository} not found"
        return refused(404, "NOT_FOUND", f"{message}: {message}")

    def no_manifest(self, asked: Asked) -> Answer:
        mark = "@" if ":" in asked.reference else ":"
        message = f"artifact {asked.repository}{mark}{asked.reference} not found"
        return refused(404, "NOT_FOUND", f"{message}: {message}")

    def pass_on(self, request: Request, asked: Asked, **headers: str) -> Answer:
        if asked.kind == "manifests" and asked.repository in self.vulnerable:
            message = (
                "current image with 3 vulnerabilities cannot be pulled due to configured policy in 'Prevent images "
                'with vulnerability severity of "High" or higher from running.\' To continue with pull, please '
                "contact your project administrator to exempt matched vulnerabilities through configuring the CVE "
                "allowlist."
            )
            return refused(412, "PROJECTPOLICYVIOLATION", message)
        return super().pass_on(request, asked, **headers)


class Artifactory(Product):
    """Images below the key of a repository (HOST/KEY/IMAGE), anonymous access off."""

    headers = {"X-JFrog-Version": "Artifactory/7.161.15 716115900", "X-Artifactory-Node-Id": "artifactory-0"}
    #: Xray does not let it be downloaded.
    blocked = ("app/vulnerable",)

    def stored(self, repository: str) -> str:
        return repository.partition("/")[2]

    def login(self, request: Request, asked: Asked) -> Answer | None:
        if self.knows(request) and request.grant and request.grant.caller == STRANGER:
            if self.private(asked.repository):
                # (u): what a local repository says to an account without read permission.
                return refused(403, "DENIED", "The client does not have permission for manifest")
            return None
        return None if self.knows(request) else self.challenge(request, asked)

    def may_read(self, caller: str, repository: str) -> bool:
        return caller in (MEMBER, STRANGER)

    def unauthorized(self, asked: Asked) -> str:
        return errors("UNAUTHORIZED", "Authentication is required")

    def no_manifest(self, asked: Asked) -> Answer:
        message = "The named manifest is not known to the registry."
        image = f"{self.stored(asked.repository)}/{asked.reference}"
        return refused(404, "MANIFEST_UNKNOWN", message, {"manifest": image})

    def pass_on(self, request: Request, asked: Asked, **headers: str) -> Answer:
        if asked.kind == "manifests" and self.stored(asked.repository) in self.blocked:
            key = asked.repository.split("/")[0]
            message = (
                f"Artifact download request rejected: {self.stored(asked.repository)} was not downloaded due to the "
                f"download blocking policy configured in Xray for {key}."
            )
            return refused(403, "DENIED", message)
        return super().pass_on(request, asked, **headers)


class Nexus(BasicProduct):
    """A connector that insists on Basic authentication."""

    realm = "Sonatype Nexus Repository Manager"
    headers = {"Server": "Nexus/3.89.0-09 (COMMUNITY)", "Docker-Distribution-Api-Version": "registry/2.0"}

    def unauthorized(self, asked: Asked) -> str:
        return errors("UNAUTHORIZED", "access to the requested resource is not authorized")

    def login(self, request: Request, asked: Asked) -> Answer | None:
        refusal = super().login(request, asked)
        if refusal and refusal.headers:
            header = f'BASIC realm="{self.realm}"'
            return Answer(refusal.status, refusal.body, {"WWW-Authenticate": header})
        return refusal

    def no_manifest(self, asked: Asked) -> Answer:
        detail = [{"Name": asked.repository}, {"Revision": asked.reference}]
        return refused(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
