# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our keyring and our parser of references against those of Kubernetes itself, in the versions of the lab."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PullSecret
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import (
    DockerConfig,
    Entry,
    Malformed,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keyring import (
    Kept,
    lookup_all,
    node_config,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keys import normal_form
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)

from tests.keyring import build
from tests.keyring.cases import Case, cases
from tests.lab.image_pull_lab.versions import KUBERNETES

GO = build.find_go()
VERSIONS = [entry.version for entry in KUBERNETES.values()]
pytestmark = [pytest.mark.keyring, pytest.mark.skipif(GO is None, reason="no Go 1.26 or later on PATH")]

Pair = tuple[str, str]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_credentials_are_offered_in_the_same_order(version: str) -> None:
    wanted = cases()
    assert GO is not None
    said = build.answers(build.program(GO, version), [json.dumps(case) for case in wanted])
    assert len(said) == len(wanted) > 300
    minor = (int(version.split(".")[0]), int(version.split(".")[1]))
    wrong = [
        f"{case['image']}: {problem}\n{json.dumps(case)[:600]}"
        for case, answer in zip(wanted, said, strict=True)
        if (problem := _difference(case, answer, minor))
    ]
    offering = sum(bool(answer["logins"]) for answer in said)
    refused = sum(bool(answer["error"]) for answer in said)
    print(
        f"Kubernetes {version}: {len(wanted)} cases, {offering} with credentials, {refused} refused as malformed"
    )
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ:\n" + "\n".join(wrong[:10])
    assert offering > 300
    assert refused > 50


def _difference(case: Case, answer: dict[str, Any], kubelet: tuple[int, int]) -> str:
    """Return in words how our answer differs, nothing when it does not."""
    try:
        reference = parse_image_ref(case["image"])
    except ImageRefError:
        return "" if answer["bad_image"] else "we refuse the reference"
    tag = reference.tag or ("" if reference.digest else "latest")
    if (reference.name, tag, reference.digest or "") != (
        answer["repository"],
        answer["tag"],
        answer["digest"],
    ):
        return f"reference: Go says {answer}"
    try:
        ours = _ours(case, reference.name, kubelet)
    except Malformed as error:
        return _difference_of_errors(str(error), answer["error"])
    if answer["error"]:
        return f"we find nothing wrong, Go says {answer['error']}"
    theirs = [(_plain(user), _plain(word)) for user, word in answer["logins"]]
    groups = _groups(ours)
    if len(theirs) != sum(map(len, groups)):
        return f"we offer {groups}, Go {theirs}"
    for group in groups:
        part, theirs = theirs[: len(group)], theirs[len(group) :]
        if Counter(part) != Counter(group):
            return f"we offer {group}, Go {part}"
    return ""


def _difference_of_errors(ours: str, theirs: str) -> str:
    if not theirs:
        return f"we say {ours}, Go nothing"
    exact = theirs.startswith(("illegal base64", "unable to parse auth"))
    return f"we say {ours}, Go {theirs}" if exact and ours != theirs else ""


def _ours(case: Case, repository: str, kubelet: tuple[int, int]) -> list[Kept]:
    secrets = [
        PullSecret("default", one["name"], one["type"], {key: _bytes(v) for key, v in one["data"].items()})
        for one in case["secrets"]
    ]
    node = node_config([_bytes(one) for one in case["configs"]], [_bytes(one) for one in case["legacy"]])
    providers = [(one["name"], _answered(one["auth"])) for one in case["providers"]]
    return lookup_all(repository, secrets, node, providers, kubelet)


def _answered(auth: dict[str, dict[str, str]]) -> DockerConfig:
    return DockerConfig(tuple(Entry(key, one["username"], one["password"]) for key, one in auth.items()))


def _groups(kept: list[Kept]) -> list[list[Pair]]:
    """Return runs of entries of one source with the same key: Go's maps have no order there."""
    groups: list[list[Pair]] = []
    last: object = None
    for one in kept:
        run = (one.source, normal_form(one.entry.written))
        if run != last:
            groups.append([])
        groups[-1].append((one.entry.username, one.entry.password))
        last = run
    return groups


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _plain(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "surrogateescape")
