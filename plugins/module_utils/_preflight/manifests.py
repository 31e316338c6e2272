# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What manifests hold: objects of Kubernetes, out of documents, lists and lists of lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import (
    mapping,
    objects,
    text,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PullSecret
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import ServiceAccountFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.documents import (
    DocumentInvalid,
    read_documents,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import Problem, Text


@dataclass(frozen=True, slots=True)
class ApiObject:
    """One object: what it is called, the object itself, and the document that it stood in (0: it came from the API)."""

    kind: str
    api_version: str
    namespace: str
    name: str
    body: dict[str, Any] = field(repr=False)
    origin: str = ""
    document: int = 0

    @property
    def group(self) -> str:
        """The API group, empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def title(self) -> str:
        """The object in words."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(slots=True)
class Manifests:
    """What a set of texts holds. Where a Secret or ServiceAccount is there twice, the later one counts, as for kubectl.

    ``skipped`` counts documents that are no objects of Kubernetes (values of a chart, for instance).
    """

    objects: list[ApiObject] = field(default_factory=list)
    secrets: dict[tuple[str, str], PullSecret] = field(default_factory=dict)
    accounts: dict[tuple[str, str], ServiceAccountFact] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: int = 0


def read_manifests(texts: Sequence[Text], namespace: str) -> Manifests:
    """Return what ``texts`` hold; ``namespace`` is that of objects which name none. What is wrong is a problem."""
    found = Manifests()
    for one in texts:
        try:
            documents = read_documents(one.content)
        except DocumentInvalid as error:
            found.problems.append(Problem(one.origin, str(error)))
            continue
        for document in documents:
            before = len(found.objects)
            for item in _flat(document.value):
                _take(found, item, one.origin, document.number, namespace)
            if len(found.objects) == before and not _is_empty_list(document.value):
                found.skipped += 1
    return found


def _is_empty_list(value: Any) -> bool:
    return isinstance(value, dict) and value.get("items") == []


def _flat(value: Any) -> Iterator[Any]:
    """Give the objects of a document: itself, the items of a List, the values of a JSON array."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif _is_list(one):
            waiting += reversed(one["items"])
        else:
            yield one


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and value["kind"].endswith("List")
        and isinstance(value.get("items"), list)
    )


def _take(found: Manifests, item: Any, origin: str, document: int, namespace: str) -> None:
    body = mapping(item)
    kind, version = text(body.get("kind")), text(body.get("apiVersion"))
    if not kind or not version:
        return
    metadata = mapping(body.get("metadata"))
    name = text(metadata.get("name")) or text(metadata.get("generateName"))
    one = ApiObject(kind, version, text(metadata.get("namespace")) or namespace, name, body, origin, document)
    found.objects.append(one)
    if one.group == "" and kind == "Secret":
        found.secrets[one.namespace, one.name] = _secret(one, found.problems)
    elif one.group == "" and kind == "ServiceAccount":
        found.accounts[one.namespace, one.name] = ServiceAccountFact(
            namespace=one.namespace,
            name=one.name,
            state="present",
            pull_secrets=tuple(
                text(entry.get("name"))
                for entry in objects(body.get("imagePullSecrets"))
                if entry.get("name")
            ),
        )


def _secret(one: ApiObject, problems: list[Problem]) -> PullSecret:
    """Return the Secret as the API server would store it: ``stringData`` wins over ``data``, a type is a must-have."""
    data: dict[str, bytes] = {}
    for key, value in mapping(one.body.get("data")).items():
        try:
            data[text(key)] = base64.b64decode("".join(str(value or "").split()), validate=True)
        except (binascii.Error, ValueError):
            problems.append(
                Problem(one.origin, f"document {one.document}: {one.title}: the value of a key is not base64")
            )
    for key, value in mapping(one.body.get("stringData")).items():
        data[text(key)] = str(value).encode()
    return PullSecret(one.namespace, one.name, text(one.body.get("type")) or "Opaque", data)
