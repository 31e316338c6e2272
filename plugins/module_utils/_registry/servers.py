# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How registries that one runs oneself refuse. Sources: their source code, and answers recorded in public issues."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import (
    Refusal,
    Verdict,
    absent_repository,
    blocked_by_policy,
    hidden,
    missing,
    rejected,
    tag_or_repository,
)


def harbor(refusal: Refusal) -> Verdict | None:
    """Harbor: its token service gives an empty token even for a wrong password, unless no scope is asked for."""
    if refusal.status == 412 or refusal.code == "PROJECTPOLICYVIOLATION":
        return blocked_by_policy(
            "a rule of the project about vulnerabilities or signatures withholds the image"
        )
    if refusal.says("project ") and refusal.says(" not found") and refusal.status in (401, 404):
        return absent_repository(refusal, f"there is no project {refusal.namespace}")
    if refusal.status == 401 and refusal.anonymous:
        return missing(certain=False)
    if refusal.status == 401:
        # An absent project and an absent repository have answers of their own, so a good login lacks the right.
        return Verdict(
            "auth_forbidden",
            certain=False,
            alternatives=("auth_invalid",),
            settle_by="ask Harbor's token service without a scope: 401 there means a wrong or expired credential",
            ask_login=True,
        )
    if refusal.status == 404 and refusal.says("repository "):
        return absent_repository(refusal)
    if refusal.status == 404 and refusal.says("artifact "):
        return tag_or_repository(refusal)
    return None


def artifactory(refusal: Refusal) -> Verdict | None:
    """Artifactory: remote repositories tell an absent repository and an absent tag alike; Xray blocks with 403."""
    if refusal.says("download blocking policy", "download request rejected"):
        return blocked_by_policy("a policy of Xray blocks the download")
    if refusal.status == 401 and refusal.anonymous:
        return missing()
    if refusal.status == 401 and (refusal.basic or refusal.stage == "token"):
        return rejected()
    if refusal.status == 403 and not refusal.anonymous:
        return Verdict(
            "auth_forbidden",
            certain=False,
            alternatives=("tag_not_found", "repository_not_found"),
            settle_by="a virtual repository with one member that may not be read refuses absent tags like this: "
            "ask its members one by one",
        )
    return None


def nexus(refusal: Refusal) -> Verdict | None:
    """Nexus: what a right that is missing looks like is not known."""
    if refusal.status == 401 and refusal.anonymous:
        return missing(certain=refusal.basic)
    if refusal.status == 401:
        return rejected(certain=False)
    if refusal.status == 404 and refusal.html:
        return Verdict(
            "registry_server_error",
            note="this is Nexus' own interface: a Docker repository has a connector port or host of its own",
        )
    return None


def distribution(refusal: Refusal) -> Verdict | None:
    """The registry of the CNCF: with htpasswd everybody who has a password may read everything."""
    if refusal.status == 400 and not refusal.code:
        return Verdict(
            "registry_server_error",
            certain=False,
            alternatives=("auth_invalid",),
            settle_by="read the registry's log: its authentication backend does not work",
        )
    if refusal.status == 401 and refusal.basic:
        return missing() if refusal.anonymous else rejected()
    if refusal.status == 401 and refusal.insufficient and not refusal.anonymous:
        return hidden(refusal, ask_login=True)
    return None
