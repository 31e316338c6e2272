# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that can be pasted into a shell although the names in them come from outside."""

from __future__ import annotations

import json
import shlex
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_RESOURCES = {
    "CronJob": "cronjob",
    "DaemonSet": "daemonset",
    "Deployment": "deployment",
    "Job": "job",
    "Pod": "pod",
    "ReplicaSet": "replicaset",
    "ReplicationController": "replicationcontroller",
    "StatefulSet": "statefulset",
}
REVISIONED = frozenset({"DaemonSet", "Deployment", "StatefulSet"})
"""The kinds that ``kubectl rollout`` knows."""
IMAGE_SETTABLE = frozenset(_RESOURCES) - {"Job"}
"""The kinds that ``kubectl set image`` can change; the template of a Job is immutable."""


class Shell(str):
    """A piece of shell that is ours and is not quoted."""

    __slots__ = ()


def quoted(text: str) -> str:
    """Return ``text`` as one word of a POSIX shell, without characters that cannot be seen."""
    return text if isinstance(text, Shell) else shlex.quote(printable(text))


def command(*words: str) -> str:
    """Return a command line of these words."""
    return " ".join(quoted(word) for word in words)


def kubectl(facts: Facts, *words: str, namespace: str = "") -> str:
    """Return a kubectl command line for the cluster that was looked at, its context named where it is known."""
    where = ("--context", facts.cluster.context) if facts.cluster.context else ()
    return command("kubectl", *where, *(("-n", namespace) if namespace else ()), *words)


def resource(kind: str, name: str) -> str | None:
    """Return ``deployment/web``, or None for a kind of which kubectl needs the full name."""
    found = _RESOURCES.get(kind)
    return f"{found}/{name}" if found else None


def as_json(value: Any) -> str:
    """Return JSON for a ``--patch`` argument, with the spaces that a person needs to read it."""
    return json.dumps(value, ensure_ascii=True).replace('{"', '{ "').replace("}", " }").replace("}  }", "} }")
