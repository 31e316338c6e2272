# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of a run that asked the registries: what it answered, and which credentials were offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis import diagnose
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import parse_image_ref
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    CredentialRef,
    Finding,
    Platform,
    PullFailure,
    Record,
    RegistryAnswer,
    Report,
)

from tests.unit.evidence import failing, write_evidence

IMAGE = "quay.io/acme/app:1"
HOST = "quay.io"
AT = "2026-01-31T12:00:05Z"
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


def ref(secret: str = "regcred", key: str = HOST, user: str = "acme+robot", namespace: str = "shop") -> Any:
    return CredentialRef(namespace, secret, key, user)


def check(state: str = "offered", image: str = IMAGE, **fields: Any) -> CredentialCheck:
    """What became of Secret shop/regcred, which the pod names."""
    fields.setdefault("pull_secrets", ("regcred",))
    fields.setdefault("credential", ref())
    if state == "offered":
        fields.setdefault("position", 0)
    fields.setdefault("namespace", "shop")
    return CredentialCheck(image=image, state=state, service_account="default", **fields)


def answer(cause: str = "", image: str = IMAGE, *, to: Any = None, **fields: Any) -> RegistryAnswer:
    """What the registry said to a credential, or to a stranger; without a cause it gives the image."""
    parsed = parse_image_ref(image)
    values = {
        "certain": True,
        "hop": "manifest" if cause else "",
        "requests": 2,
        "platforms": (AMD64,),
        **fields,
    }
    if cause:
        values.setdefault("status", 401)
        if "platforms" not in fields:
            values["platforms"] = ()
    return RegistryAnswer(
        image=image,
        registry=parsed.registry,
        repository=parsed.repository,
        tag=parsed.tag or "",
        vantage="controller",
        at=AT,
        outcome="failed" if cause else "found",
        cause=cause,
        credential=to,
        **values,
    )


def pod(message: str = "", image: str = IMAGE, **fields: Any) -> PullFailure:
    return failing(message, image, **{"pull_secrets": ("regcred",), "service_account": "default", **fields})


def report_on(place: Path, failures: list[Record], asked: list[Record], **about: Any) -> Report:
    """The report on failures, with the answers of the registries beside them."""
    write_evidence(place, failures)
    return diagnose(write_evidence(place, asked, stage="registry", **about))


def finding_on(place: Path, failure: PullFailure, *asked: Record, more: tuple[Record, ...] = ()) -> Finding:
    report = report_on(place, [failure, *more], list(asked))
    assert len(report.findings) == 1, [found.title for found in report.findings]
    return report.findings[0]


def verdict(found: Finding) -> tuple[str, str]:
    return found.cause, found.confidence
