# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of objects that make pods, and where in them the pod stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping

_BUILT_IN: Mapping[tuple[str, str], str] = {
    ("", "Pod"): "",
    ("", "ReplicationController"): "spec.template",
    ("", "PodTemplate"): "template",
    ("apps", "Deployment"): "spec.template",
    ("apps", "ReplicaSet"): "spec.template",
    ("apps", "StatefulSet"): "spec.template",
    ("apps", "DaemonSet"): "spec.template",
    ("extensions", "Deployment"): "spec.template",
    ("extensions", "ReplicaSet"): "spec.template",
    ("extensions", "DaemonSet"): "spec.template",
    ("batch", "Job"): "spec.template",
    ("batch", "CronJob"): "spec.jobTemplate.spec.template",
}
"""Kubernetes API reference, "Workload Resources"; ``extensions`` is where old manifests still put them."""

_KNOWN: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("argoproj.io", "Rollout"): ("spec.template",),
    ("apps.openshift.io", "DeploymentConfig"): ("spec.template",),
    ("serving.knative.dev", "Service"): ("spec.template",),
    ("serving.knative.dev", "Configuration"): ("spec.template",),
    ("apps.kruise.io", "CloneSet"): ("spec.template",),
    ("apps.kruise.io", "StatefulSet"): ("spec.template",),
    ("apps.kruise.io", "DaemonSet"): ("spec.template",),
    ("jobset.x-k8s.io", "JobSet"): ("spec.replicatedJobs[*].template.spec.template",),
    ("batch.volcano.sh", "Job"): ("spec.tasks[*].template",),
    ("keda.sh", "ScaledJob"): ("spec.jobTargetRef.template",),
    ("ray.io", "RayCluster"): ("spec.headGroupSpec.template", "spec.workerGroupSpecs[*].template"),
    ("kubeflow.org", "PyTorchJob"): ("spec.pytorchReplicaSpecs.*.template",),
    ("kubeflow.org", "TFJob"): ("spec.tfReplicaSpecs.*.template",),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): (
        "spec.leaderWorkerTemplate.leaderTemplate",
        "spec.leaderWorkerTemplate.workerTemplate",
    ),
}
"""Custom kinds whose API reference puts a whole pod template there; others come from the user."""

_NO_PODS = frozenset({"ConfigMap", "Secret", "CustomResourceDefinition", "List"})
_MOST_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class TemplatePath:
    """Where objects of a kind hold a pod template (or the spec of a pod).

    ``path`` is dotted; ``[*]`` or ``*`` stands for every item. ``kind`` may be ``KIND.GROUP``.
    """

    kind: str
    path: str

    def fits(self, kind: str, group: str) -> bool:
        """Whether objects of this kind are meant."""
        return self.kind in (kind, f"{kind}.{group}")


def built_in(kind: str, group: str) -> str | None:
    """Return the path of the pod template in a kind of Kubernetes itself; None for any other."""
    return _BUILT_IN.get((group, kind))


def pod_specs(
    kind: str, group: str, body: dict[str, Any], custom: Sequence[TemplatePath]
) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Return the pod specs of an object with their paths, and paths where one stands, or should, and was not read.

    What a user names counts for a kind of Kubernetes too.
    """
    paths = [one.path for one in custom if one.fits(kind, group)]
    if not paths:
        own = built_in(kind, group)
        paths = [own] if own is not None else list(_KNOWN.get((group, kind), ()))
    if not paths:
        return [], [] if kind in _NO_PODS else _overlooked(body)
    found: list[tuple[str, dict[str, Any]]] = []
    missing: list[str] = []
    for path in paths:
        specs = [spec for value in _at(body, path) if (spec := _spec_of(value)) is not None]
        found += [(path, spec) for spec in specs]
        if not specs:
            missing.append(path or "spec")
    return found, missing


def _spec_of(value: Any) -> dict[str, Any] | None:
    """Return the pod spec of a template, or the value itself where it is one."""
    one = mapping(value)
    for spec in (mapping(one.get("spec")), one):
        if isinstance(spec.get("containers"), list):
            return spec
    return None


def _at(value: Any, path: str) -> list[Any]:
    found = [value]
    for part in filter(None, path.replace("[", ".").replace("]", "").split(".")):
        found = [inner for one in found for inner in _inside(one, part)]
    return found


def _inside(value: Any, part: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if part == "*":
            yield from value.values()
        elif part in value:
            yield value[part]
    elif isinstance(value, list):
        if part == "*":
            yield from value
        elif part.isascii() and part.isdigit() and int(part) < len(value):
            yield value[int(part)]


def _overlooked(body: dict[str, Any]) -> list[str]:
    """Return paths in an object of an unknown kind at which something stands that looks like a pod spec."""
    found: list[str] = []
    waiting: list[tuple[str, Any]] = [("", body)]
    for _step in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        path, value = waiting.pop()
        if isinstance(value, dict):
            if any(_is_container(one) for one in value.get("containers") or () if isinstance(one, dict)):
                found.append(path.removesuffix(".spec") or "spec")
                continue
            waiting += [(f"{path}.{key}" if path else str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[*]", inner) for inner in value]
    return sorted(set(found))


def _is_container(value: dict[str, Any]) -> bool:
    return isinstance(value.get("image"), str) and isinstance(value.get("name"), str)
