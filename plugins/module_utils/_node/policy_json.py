# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""policy.json of the containers tools: whether it lets an image in, by the narrowest scope that fits.

Source: containers-policy.json(5): the image itself, its repository, each namespace above it, the host, ``*.DOMAIN``,
the transport ``docker`` as a whole, and the default.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import ABSENT, Look, Wanted

POLICY = "/etc/containers/policy.json"


def check_policy(look: Look, wanted: Wanted) -> None:
    """What policy.json asks of an image: the requirements of the narrowest scope that fits it."""
    file = look.runtime.files.get(POLICY)
    if file.state == ABSENT and look.runtime.files.knows(POLICY) and look.runtime.root_user:
        _say_policy(
            look, "it is not there", "every pull fails: the runtime pulls nothing without a policy.", wanted
        )
        return
    text = look.text(POLICY, "whether the policy lets the image in")
    if text is None:
        return
    if POLICY not in look.config_files:
        look.config_files.append(POLICY)
    try:
        policy = json.loads(text)
        if not isinstance(policy, dict) or not isinstance(policy.get("default"), list):
            raise ValueError("it has no list default")
    except (ValueError, RecursionError) as error:
        _say_policy(
            look, f"it is no valid policy: {error}", "every pull fails: no image may be used.", wanted
        )
        return
    scope, rules = _requirements(policy, f"{wanted.registry}/{wanted.repository}".rstrip("/"))
    kinds = [one.get("type") for one in rules if isinstance(one, dict)]
    if "reject" in kinds:
        named = f"the scope {scope}" if scope else "its default"
        _say_policy(
            look, f"{named} rejects images", "the image is rejected by policy, whatever it holds.", wanted
        )
    elif any(kind in ("signedBy", "sigstoreSigned") for kind in kinds):
        look.problem(
            POLICY,
            "policy_signature",
            f"the scope {scope or 'default'} wants a signature ({', '.join(str(kind) for kind in kinds)[:100]})",
            "an image of it without a signature by the named key is refused.",
            registry=wanted.registry,
            cause="signature_policy",
        )


def _requirements(policy: dict[str, Any], name: str) -> tuple[str, list[Any]]:
    docker = _table(_table(policy, "transports"), "docker")
    scope = name
    while scope:
        if isinstance(docker.get(scope), list):
            return scope, docker[scope]
        scope = scope.rpartition("/")[0]
    parts = name.partition("/")[0].partition(":")[0].split(".")
    for count in range(1, len(parts)):
        wildcard = "*." + ".".join(parts[count:])
        if isinstance(docker.get(wildcard), list):
            return wildcard, docker[wildcard]
    if isinstance(docker.get(""), list):
        return "docker", docker[""]
    return "", policy["default"]


def _say_policy(look: Look, problem: str, effect: str, wanted: Wanted) -> None:
    look.problem(
        POLICY,
        "policy_rejects",
        problem,
        effect,
        registry=wanted.registry,
        cause="signature_policy",
        certain=True,
    )


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
