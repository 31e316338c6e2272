# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module registry_image_info without Ansible: options in, answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRef,
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    CredentialRef,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import (
    parse_platform,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
    SettingsInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline

_MAY_BE_A_TYPO = frozenset({"tag_not_found", "repository_not_found", "repository_not_found_or_private"})
_DOCKER_HUB_KEYS = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


def registry_image_info(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of the module; raises SettingsInvalid where an option cannot be used."""
    settings = settings_of(params)
    client = Client(settings)
    questions = questions_of(params)
    within = Deadline(settings.deadline)
    answers = client.ask(questions)
    found: list[dict[str, Any]] = []
    for question, answer in zip(questions, answers, strict=True):
        entry = answer.to_dict()
        entry["tags"] = None
        if params["near_tags"] and answer.cause in _MAY_BE_A_TYPO and not _told(found, answer):
            entry["tags"] = client.near_tags(question.image, question.login, within).to_dict()
        found.append(entry)
    images = list(dict.fromkeys(question.image for question in questions))
    there = {answer.image for answer in answers if answer.outcome == "found"}
    return {
        "images": found,
        "not_found": [image for image in images if image not in there],
        "complete": all(answer.outcome != "not_asked" for answer in answers),
        "requests": client.requests,
    }


def _told(found: Sequence[Mapping[str, Any]], answer: RegistryAnswer) -> bool:
    return any(entry["image"] == answer.image and entry["tags"] and entry["tags"]["total"] for entry in found)


def settings_of(params: Mapping[str, Any]) -> Settings:
    """Return the settings that the options of the module describe."""
    mirrors = params["mirrors"] or {}
    if not all(isinstance(urls, (list, tuple)) for urls in mirrors.values()):
        raise SettingsInvalid("mirrors: for each registry a list of URLs is wanted")
    for name in ("request_timeout", "image_timeout", "deadline", "per_host"):
        if params[name] <= 0:
            raise SettingsInvalid(f"{name} has to be more than 0")
    return Settings(
        ca_file=params["ca_file"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        proxy=params["proxy"] or None,
        no_proxy=tuple(params["no_proxy"] or ()),
        plain_http=tuple(params["plain_http"]),
        mirrors={host: tuple(map(str, urls)) for host, urls in mirrors.items()},
        timeout=params["request_timeout"],
        question_timeout=params["image_timeout"],
        deadline=params["deadline"],
        per_host=params["per_host"],
        validate_certs=params["validate_certs"],
    )


def questions_of(params: Mapping[str, Any]) -> list[Question]:
    """Return each image with each credential that is for it, anonymously where none is or where that is asked for."""
    try:
        platforms = tuple(parse_platform(text) for text in params["platforms"])
    except ValueError as error:
        raise SettingsInvalid(f"platforms: {error}") from None
    questions = []
    for image in dict.fromkeys(params["images"]):
        logins = _logins_for(image, params["credentials"])
        questions += [Question(image, login, platforms) for login in logins]
        if not logins or params["anonymous"]:
            questions.append(Question(image, None, platforms))
    return questions


def _logins_for(image: str, credentials: Sequence[Mapping[str, Any]]) -> list[Login]:
    try:
        ref = parse_image_ref(image)
    except ImageRefError:
        return []
    fitting = [(key, entry) for entry in credentials if (key := _fits(entry["registry"], ref)) is not None]
    fitting.sort(key=lambda pair: -pair[0])
    return [
        Login(
            entry["username"],
            entry["password"],
            CredentialRef(key=entry["registry"], username=entry["username"]),
        )
        for dummy, entry in fitting
    ]


def _fits(key: str, ref: ImageRef) -> int | None:
    """Return how much of an image's name a key covers; None where it is for another registry or path."""
    parts = urlsplit(key if "://" in key else f"//{key}")
    host = parts.netloc.rpartition("@")[2].lower()
    host = "docker.io" if host in _DOCKER_HUB_KEYS else host
    path = parts.path.strip("/")
    if host == "docker.io" and path in ("v1", "v2"):
        path = ""
    if host != ref.registry.lower():
        return None
    if path and not f"{ref.repository}/".startswith(f"{path}/"):
        return None
    return len(path)


def secrets_of(params: Mapping[str, Any]) -> set[str]:
    """Return the secrets among the options that Ansible cannot know: the password in the proxy's URL."""
    # By hand, because a URL that the parser refuses, or one without a scheme, can hold a password too.
    proxy = str(params.get("proxy") or "")
    password = (proxy.partition("://")[2] or proxy).rpartition("@")[0].partition(":")[2]
    return {password, unquote(password)} if password else set()
