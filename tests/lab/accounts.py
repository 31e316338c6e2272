# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a lab's cluster with chosen rights."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.image_pull_lab.lab import Lab
from tests.plays.bad_servers import kubeconfig as write_kubeconfig

SPACE = "accounts"
GROUP = "rbac.authorization.k8s.io"
Json = dict[str, Any]


def role(rules: Sequence[Json], namespace: str = "") -> Json:
    """A Role of that namespace, else a ClusterRole."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"namespace": namespace} if namespace else {},
        "rules": list(rules),
    }


def account(lab: Lab, folder: Path, roles: Sequence[Json], name: str = "") -> Path:
    """Makes a ServiceAccount with these roles, which are given its name, and returns its kubeconfig."""
    name = name or f"account-{uuid.uuid4().hex[:8]}"
    lab.api.create_namespace(SPACE)
    lab.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}, namespace=SPACE)
    for given in copy.deepcopy(list(roles)):
        given["metadata"]["name"] = f"test-{name}"
        binding = {
            "apiVersion": f"{GROUP}/v1",
            "kind": f"{given['kind']}Binding",
            "metadata": given["metadata"],
            "roleRef": {"apiGroup": GROUP, "kind": given["kind"], "name": f"test-{name}"},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": SPACE}],
        }
        lab.api.apply(given, binding)
    return _kubeconfig(lab, folder, name)


def _kubeconfig(lab: Lab, folder: Path, name: str) -> Path:
    path = f"/api/v1/namespaces/{SPACE}/serviceaccounts/{name}/token"
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    token = lab.api.request("POST", path, asked)["status"]["token"]
    config = write_kubeconfig(folder / f"{name}.config", lab.server, token=token)
    content: Json = json.loads(config.read_text())
    content["clusters"][0]["cluster"]["certificate-authority"] = str(lab.ca_file)
    config.write_text(json.dumps(content))
    return config
