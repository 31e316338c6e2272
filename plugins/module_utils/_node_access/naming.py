# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the Jobs and pods behind node shells are called, so that making, attaching and clearing away find the same."""

from __future__ import annotations

import hashlib
import re

DEFAULT_NAMESPACE = "kube-system"
DEFAULT_RUN = "default"
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "kube-runbooks-image-pull"
RUN = "image-pull.kube-runbooks/run"
NODE = "image-pull.kube-runbooks/node"
NODE_NAME = "image-pull.kube-runbooks/node-name"
"""An annotation: the whole name, which may be too long for a label."""

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")


def is_run(text: str) -> bool:
    """Return whether ``text`` can name a run: what the value of a label may be."""
    return bool(_LABEL.match(text))


def is_name(text: str) -> bool:
    """Return whether ``text`` can be the name of a node or a namespace (RFC 1123 subdomain)."""
    return bool(_NAME.match(text))


def short_hash(text: str, length: int = 12) -> str:
    """Return a stable short name for a text of any length."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:length]


def labels(run: str, node: str) -> dict[str, str]:
    """Return the labels of a Job and its pod."""
    return {MANAGED_BY: MANAGER, RUN: run, NODE: short_hash(node)}


def selector(run: str = "", node: str = "") -> str:
    """Return the label selector for what a run made (empty: any run) on a node (empty: on any)."""
    parts = [f"{MANAGED_BY}={MANAGER}"]
    parts += [f"{RUN}={run}"] if run else [RUN]
    return ",".join([*parts, f"{NODE}={short_hash(node)}"] if node else parts)


def job_name(run: str, node: str, attempt: int) -> str:
    """Return the name of a Job; each attempt has its own, because a deleted one may linger."""
    return f"image-pull-node-{short_hash(f'{run} {node}', 10)}-{attempt}"
