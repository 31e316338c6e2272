# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders for pull Secrets."""

from __future__ import annotations

import base64
import json
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import PullSecret

PASSWORD = "winter-is-over-4711"
JSON_TYPE = "kubernetes.io/dockerconfigjson"


def auth(username: str, password: str = PASSWORD) -> dict[str, str]:
    """Return an entry as ``kubectl create secret docker-registry`` makes it."""
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def pull_secret(
    name: str, auths: dict[str, Any], *, namespace: str = "shop", kind: str = JSON_TYPE, **rest: Any
) -> PullSecret:
    """Return a Secret with these entries; ``rest`` stands beside them in the JSON."""
    content = json.dumps({"auths": auths, **rest}).encode()
    return PullSecret(namespace, name, kind, {".dockerconfigjson": content})


def jwt(**claims: Any) -> str:
    """Return an unsigned JSON web token."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2ln"])
