# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed once the registry was asked: the one Secret, its one entry, and what exists instead."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Finding,
    NodeFact,
    ServiceAccountFact,
    TagList,
)

from tests.unit.evidence import not_found
from tests.unit.plugins.module_utils._diagnosis.asked import (
    AMD64,
    ARM64,
    HOST,
    IMAGE,
    answer,
    check,
    finding_on,
    pod,
    ref,
)

OWNER = {"kind": "Deployment", "name": "app"}
DENIED = "pull access denied, repository does not exist or may require authorization"
ACCOUNT = ServiceAccountFact("shop", "default", "present")
ON_PROD = "kubectl --context prod -n shop"
HELD = {
    "auths": {
        "quay.io:443": {"auth": base64.b64encode(b"acme+robot:one").decode()},
        "other.example.com": {"auth": base64.b64encode(b"other:two").decode()},
    }
}

KUBECTL = """#!/bin/sh
# Stands for the cluster: gives the Secret, and keeps what is written back.
case " $* " in
*" get secret "*) cat "$HELD" ;;
*) cat > "$WRITTEN" ;;
esac
"""


def commands(found: Finding) -> list[str]:
    return [fix.command for fix in found.fixes]


def titles(found: Finding) -> str:
    return "\n".join(fix.title for fix in found.fixes)


def carried_out(place: Path, command: str, typed: str = "", held: dict[str, Any] | None = None) -> Any:
    """Run a proposed command in a shell, against a kubectl that keeps what it is given; return what it wrote."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    tools = place / "bin"
    tools.mkdir(parents=True)
    (tools / "kubectl").write_text(KUBECTL)
    (tools / "kubectl").chmod(0o755)
    data = base64.b64encode(json.dumps(held or HELD).encode()).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": "regcred", "namespace": "shop", "uid": "1"},
        "data": {".dockerconfigjson": data},
    }
    (place / "held.json").write_text(json.dumps(secret))
    around = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HELD": str(place / "held.json"),
        "WRITTEN": str(place / "written.json"),
    }
    subprocess.run(["bash", "-ec", command], input=typed, text=True, env=around, check=True, timeout=30)
    written = json.loads((place / "written.json").read_text())
    return written, json.loads(base64.b64decode(written["data"][".dockerconfigjson"]))


def test_the_nearest_entry_gets_the_key_that_the_kubelet_looks_for(tmp_path: Path) -> None:
    near = check("not_matching", nearest_key="quay.io:443", why="it names a port")
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), near, answer("auth_missing"))
    assert found.fixes[0].title == "In Secret shop/regcred, give the entry quay.io:443 the key quay.io"
    _secret, config = carried_out(tmp_path / "shell", found.fixes[0].command)
    assert config["auths"]["quay.io"] == HELD["auths"]["quay.io:443"]
    assert config["auths"]["other.example.com"] == HELD["auths"]["other.example.com"]


def test_a_credential_of_another_host_is_never_given_to_this_one(tmp_path: Path) -> None:
    other = check("not_matching", nearest_key="quay.example.com", why="another host")
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), other, answer("auth_missing"))
    assert "the key quay.io" not in titles(found)
    assert found.fixes[0].title.startswith("Add an entry quay.io to Secret shop/regcred")


def test_a_refused_entry_is_renewed_and_the_others_stay(tmp_path: Path) -> None:
    offered = check(credential=ref(key="quay.io:443"))
    refusal = answer("auth_invalid", to=ref(key="quay.io:443"))
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), offered, refusal)
    fix = found.fixes[0]
    assert fix.title.startswith("Renew the entry quay.io:443 of Secret shop/regcred")
    _secret, config = carried_out(tmp_path / "shell", fix.command, typed="robot\np4ss: 'word'\n")
    assert base64.b64decode(config["auths"]["quay.io:443"]["auth"]) == b"robot:p4ss: 'word'"
    assert config["auths"]["other.example.com"] == HELD["auths"]["other.example.com"]


def test_an_ecr_entry_is_renewed_by_its_own_token(tmp_path: Path) -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"
    key = image.partition("/")[0]
    stale = check(image=image, credential=ref(key=key, user="AWS"), expired=True)
    refusal = answer("auth_forbidden", image, to=ref(key=key, user="AWS"), status=403)
    found = finding_on(tmp_path, pod(DENIED, image, owner=OWNER), stale, refusal)
    assert (found.cause, found.confidence) == ("auth_invalid", "confirmed")
    assert "aws ecr get-login-password --region eu-west-1" in found.fixes[0].command


def test_a_public_image_needs_no_entry(tmp_path: Path) -> None:
    found = finding_on(
        tmp_path, pod(DENIED, owner=OWNER), check(), answer("auth_invalid", to=ref()), answer()
    )
    assert found.fixes[0].title.startswith("Remove the entry quay.io from Secret shop/regcred")
    held = {"auths": {"quay.io": {"auth": "x"}, "other.example.com": {"auth": "y"}}}
    _secret, config = carried_out(tmp_path / "shell", found.fixes[0].command, held=held)
    assert config == {"auths": {"other.example.com": {"auth": "y"}}}


def test_a_right_is_granted_to_the_user_at_the_registry(tmp_path: Path) -> None:
    refusal = answer("auth_forbidden", to=ref(), status=403, credential_accepted=True)
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), check(), refusal)
    assert (
        "At quay.io: give user acme+robot (Secret shop/regcred, key quay.io) the right to pull quay.io/acme/app"
        in titles(found)
    )


def test_a_fitting_secret_that_nobody_names_is_linked(tmp_path: Path) -> None:
    waiting = check("unlinked", pull_secrets=(), credential=ref("fits"))
    found = finding_on(
        tmp_path, pod(DENIED, pull_secrets=(), owner=OWNER), waiting, answer("auth_missing"), more=(ACCOUNT,)
    )
    assert "Secret shop/fits has an entry for quay.io/acme/app:1, but the pods do not get it" in found.summary
    words = shlex.split(commands(found)[0])
    assert words[:7] == ["kubectl", "--context", "prod", "-n", "shop", "patch", "serviceaccount"]
    assert json.loads(words[words.index("-p") + 1]) == [
        {"op": "add", "path": "/imagePullSecrets", "value": [{"name": "fits"}]}
    ]
    assert commands(found)[1] == f"{ON_PROD} rollout restart deployment/app"


def test_pods_with_secrets_of_their_own_are_linked_in_their_template(tmp_path: Path) -> None:
    checks = (check("not_matching"), check("unlinked", credential=ref("fits")))
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), *checks, answer("auth_missing"), more=(ACCOUNT,))
    words = shlex.split(commands(found)[0])
    assert words[5:7] == ["patch", "deployment/app"]
    assert json.loads(words[words.index("-p") + 1]) == [
        {"op": "add", "path": "/spec/template/spec/imagePullSecrets/-", "value": {"name": "fits"}}
    ]


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (OWNER, f"{ON_PROD} rollout restart deployment/app"),
        ({"kind": "Job", "name": "app"}, f"{ON_PROD} delete pod web-1"),
        (None, f"{ON_PROD} delete pod web-1"),
    ],
    ids=["deployment", "job", "bare pod"],
)
def test_pods_from_before_the_link_are_made_anew(tmp_path: Path, owner: Any, expected: str) -> None:
    late = check("linked_late", pull_secrets=())
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=(), owner=owner), late, answer("auth_missing"))
    assert (found.cause, found.confidence) == ("auth_missing", "confirmed")
    assert "the pod was created before" in found.summary
    assert commands(found)[0] == expected


def test_a_secret_of_another_namespace_is_copied_through_a_pipe(tmp_path: Path) -> None:
    elsewhere = check("elsewhere", credential=ref(namespace="base"))
    checks = (check("missing"), elsewhere)
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), *checks, answer("auth_missing"))
    assert (found.cause, found.secrets) == ("secret_missing", ("shop/regcred",))
    assert found.fixes[0].title == "Copy Secret base/regcred into namespace shop"
    secret, config = carried_out(tmp_path / "shell", found.fixes[0].command)
    assert (secret["metadata"], config) == ({"name": "regcred", "namespace": "shop"}, HELD)


@pytest.mark.parametrize(
    "state", ["missing", "wrong_type", "not_matching", "unlinked", "linked_late", "elsewhere"]
)
def test_hostile_names_stay_single_words(tmp_path: Path, state: str) -> None:
    canary = tmp_path / "canary"
    evil = f"$(touch {canary})'; touch {canary} #"
    namespace = "base" if state == "elsewhere" else "shop"
    bad = check(
        state,
        credential=ref(evil, key=evil, user=evil, namespace=namespace),
        nearest_key=f"quay.io/{evil}",
        pull_secrets=(evil,),
    )
    found = finding_on(tmp_path, pod(DENIED, pull_secrets=(evil,), owner=OWNER), bad, answer("auth_missing"))
    assert found.fixes
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "kubectl").write_text("#!/bin/sh\nexit 1\n")
    (tools / "kubectl").chmod(0o755)
    around = {"PATH": f"{tools}:{os.environ['PATH']}"}
    for command in commands(found):
        subprocess.run(
            ["bash", "-c", command], input="u\np\n", text=True, env=around, check=False, timeout=30,
            capture_output=True,
        )  # fmt: skip
    assert not canary.exists()


def test_near_tags_are_those_that_the_registry_has_and_never_latest(tmp_path: Path) -> None:
    tags = TagList("quay.io", "acme/app", "1", near=("latest", "v1", "1.0.1"), total=812, complete=False)
    asked = (check(), answer("tag_not_found", to=ref(), status=404), tags)
    found = finding_on(tmp_path, pod(not_found(IMAGE), owner=OWNER), *asked)
    assert found.suggestions[0] == (
        "the registry has quay.io/acme/app:v1, quay.io/acme/app:1.0.1 (812 tags read, there are more)"
    )
    assert any("app=quay.io/acme/app:v1" in command for command in commands(found))
    assert not any("latest" in text for text in (*found.suggestions, *commands(found)))


def test_a_repository_without_any_near_tag_says_so(tmp_path: Path) -> None:
    tags = TagList("quay.io", "acme/app", "1", total=3)
    found = finding_on(tmp_path, pod(not_found(IMAGE)), check(), answer("tag_not_found", to=ref()), tags)
    assert found.suggestions == ("the registry has 3 tags there, none of them near to 1",)


def test_near_repositories_come_from_the_registrys_catalogue(tmp_path: Path) -> None:
    image = "quay.io/acme/ap:1"
    tags = TagList("quay.io", "acme/ap", "1", near_repositories=("acme/app", "acme/api"))
    asked = (check(image=image), answer("repository_not_found", image, to=ref()), answer(to=ref()), tags)
    found = finding_on(tmp_path, pod(DENIED, image, owner=OWNER), *asked)
    assert found.suggestions[:2] == (
        "the registry's catalogue has quay.io/acme/app",
        "the registry's catalogue has quay.io/acme/api",
    )
    assert any(f"app={IMAGE}" in command for command in commands(found))


def test_a_mistyped_official_image_is_proven_by_the_registry(tmp_path: Path) -> None:
    image = "docker.io/library/ngnix:1.27"
    asked = (
        answer("repository_not_found_or_private", image, certain=False),
        answer(image="docker.io/library/nginx:1.27"),
    )
    found = finding_on(tmp_path, pod(DENIED, image, pull_secrets=(), owner=OWNER), *asked)
    assert found.cause == "repository_not_found"
    assert found.suggestions[0].startswith("nginx is an official image of Docker Hub, ngnix is none: a typo")
    assert found.suggestions[0].endswith("; the registry has docker.io/library/nginx:1.27")
    assert any("app=nginx:1.27" in command for command in commands(found))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((NodeFact("node-2", architecture="arm64"),), "node-2 (arm64) could run it"),
        ((NodeFact("node-3", architecture="ppc64le"),), "no node of this cluster is one"),
    ],
)
def test_platforms_that_exist_are_held_against_the_nodes(
    tmp_path: Path, others: tuple[NodeFact, ...], expected: str
) -> None:
    nodes = (NodeFact("node-1", architecture="s390x"), *others)
    asked = (check(), answer(to=ref(), platforms=(AMD64, ARM64)))
    found = finding_on(tmp_path, pod("", owner=OWNER), *asked, more=nodes)
    assert found.cause == "platform_mismatch"
    assert expected in found.suggestions[0]
    keep = [command for command in commands(found) if "kubernetes.io/arch" in command]
    assert bool(keep) == ("could run it" in expected)


def test_no_fix_carries_what_a_registry_holds_as_a_password(tmp_path: Path) -> None:
    found = finding_on(tmp_path, pod(DENIED, owner=OWNER), check(), answer("auth_invalid", to=ref()))
    assert HOST in titles(found)
    assert not [command for command in commands(found) if "--docker-password" in command]
