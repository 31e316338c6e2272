# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes that change which image a workload asks for."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Workload
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    IMAGE_SETTABLE,
    REVISIONED,
    Shell,
    as_json,
    command,
    kubectl,
    quoted,
    resource,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    canonical,
    reference,
    repository_name,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.registry_suggestions import (
    architectures,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix, RevisionFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SHOWN = 3
"""Workloads for which a command is written out; the rest is alike."""
_IN_TEMPLATE = frozenset({"init", "sidecar", "main"})


def revision_that_ran(workload: Workload, case: Case) -> RevisionFact | None:
    """Return the revision before this one if it still runs, or asked for images that do not fail now.

    None as well where replicas serve that are neither of this revision nor of the one before: that one never ran.
    """
    fact = workload.fact
    if fact is None or fact.previous is None or workload.kind not in REVISIONED:
        return None
    previous = fact.previous
    for failure in workload.failures:
        before = previous.images.get(failure.container)
        if before is None or canonical(before) == canonical(failure.image):
            return None
        if canonical(before) in case.facts.failing_images and not previous.ready:
            return None
    current_ready = fact.current.ready if fact.current is not None else None
    served_by_others = bool(fact.ready) and previous.ready == 0 and current_ready == 0
    return None if served_by_others else previous


def roll_back(case: Case) -> Iterator[Fix]:
    """Undo the rollout that brought the image, where the owner has an earlier revision."""
    able = [
        (workload, revision)
        for workload in case.workloads
        if (revision := revision_that_ran(workload, case)) is not None
    ]
    for workload, revision in able[:SHOWN]:
        before = sorted({revision.images[failure.container] for failure in workload.failures})
        ran = f", of which {revision.ready} still run" if revision.ready else ""
        target = resource(workload.kind, workload.name) or ""
        yield Fix(
            title=printable(
                f"Take {workload.label} back to revision {revision.revision} ({', '.join(before)}{ran})"
            ),
            command=kubectl(
                case.facts,
                "rollout",
                "undo",
                target,
                f"--to-revision={revision.revision}",
                namespace=workload.namespace,
            ),
            risk="low",
        )
        if workload.kind == "StatefulSet":
            yield _unblock(case, workload)


def _unblock(case: Case, workload: Workload) -> Fix:
    """A StatefulSet waits for its broken pod for ever, even after the template is mended (kubernetes#67250)."""
    pod = workload.failures[0].pod
    return Fix(
        title=printable(
            f"After that, remove the stuck pod of {workload.label}: it is not replaced by itself"
        ),
        command=kubectl(case.facts, "delete", "pod", pod, namespace=workload.namespace),
        risk="medium",
        reversible=False,
    )


def use_suggestion(case: Case) -> Iterator[Fix]:
    """Set the image that was probably meant; one that comes back with an undone rollout needs no second way."""
    for suggestion in [found for found in case.suggestions if found.image][:SHOWN]:
        for workload in _asking_for(case, suggestion.instead_of)[:1]:
            revision = revision_that_ran(workload, case)
            if revision is not None and suggestion.image in revision.images.values():
                continue
            fix = _set_image(case, workload, suggestion.instead_of, suggestion.image)
            if fix is not None:
                yield fix


def set_tag(case: Case) -> Iterator[Fix]:
    """Set a tag of the same repository; the shell asks for it, so that nothing is changed by pasting alone."""
    for image in case.images[:1]:
        name = printable(repository_name(image))
        for workload in _asking_for(case, image)[:1]:
            value = Shell(f'{quoted(name)}:"${{TAG:?set TAG to a tag that exists}}"')
            fix = _set_image(
                case, workload, image, value, title=f"Set another tag of {name} in {workload.label}"
            )
            if fix is not None:
                yield fix


def set_image(case: Case) -> Iterator[Fix]:
    """Set another image; the shell asks for it, so that nothing is changed by pasting alone."""
    for image in case.images[:1]:
        for workload in _asking_for(case, image)[:1]:
            value = Shell('"${IMAGE:?set IMAGE to the right reference}"')
            fix = _set_image(case, workload, image, value, title=f"Set the right image in {workload.label}")
            if fix is not None:
                yield fix


def delete_old_jobs(case: Case) -> Iterator[Fix]:
    """A Job that a CronJob has made keeps its image, and with the policy Forbid no other is made while it waits."""
    for workload in case.workloads[:SHOWN]:
        if workload.kind != "CronJob":
            continue
        jobs = {
            owner.name for failure in workload.failures for owner in failure.owner_path if owner.kind == "Job"
        }
        if jobs:
            yield Fix(
                title=printable(
                    f"After that, delete what {workload.label} has started: it keeps the old image"
                ),
                command=kubectl(
                    case.facts, "delete", "job", *sorted(jobs)[:SHOWN], namespace=workload.namespace
                ),
                risk="medium",
                reversible=False,
            )


def list_tags(case: Case) -> Iterator[Fix]:
    """Look which tags there are."""
    for image in case.images[:1]:
        if reference(image) is not None:
            name = f"docker://{repository_name(image)}"
            yield Fix(title="See which tags the registry has", command=command("skopeo", "list-tags", name))


def inspect_platforms(case: Case) -> Iterator[Fix]:
    """Look for which platforms the image was built."""
    for image in case.images[:1]:
        yield Fix(
            title="See for which platforms the image was built",
            command=command("docker", "buildx", "imagetools", "inspect", image),
        )


def move_to_architecture(case: Case) -> Iterator[Fix]:
    """Keep the pods to nodes of another architecture, where the cluster has such nodes."""
    failing = {node.architecture for name in case.nodes if (node := case.facts.nodes.get(name))}
    others = {node.architecture for node in case.facts.nodes.values()} - failing - {""}
    built = {architecture for _os, architecture in architectures(case)}
    for architecture in sorted(others & built if built else others)[:1]:
        patch = {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/arch": architecture}}}}}
        for workload in case.workloads[:SHOWN]:
            target = resource(workload.kind, workload.name)
            if target is not None and workload.kind in REVISIONED:
                yield Fix(
                    title=printable(
                        f"Keep {workload.label} to nodes with {architecture}, for which the image is built"
                        if built
                        else f"If it exists for {architecture}: keep {workload.label} to such nodes"
                    ),
                    command=kubectl(
                        case.facts,
                        "patch",
                        target,
                        "--type=strategic",
                        "-p",
                        as_json(patch),
                        namespace=workload.namespace,
                    ),
                    risk="medium",
                )


def set_pull_policy(case: Case) -> Iterator[Fix]:
    """Allow the pull that the policy Never forbids."""
    for workload in case.workloads[:SHOWN]:
        target = resource(workload.kind, workload.name)
        containers = sorted({f.container for f in workload.failures if f.container_type == "main"})
        if target is None or workload.kind not in REVISIONED or not containers:
            continue
        changed = [{"name": name, "imagePullPolicy": "IfNotPresent"} for name in containers]
        patch = {"spec": {"template": {"spec": {"containers": changed}}}}
        yield Fix(
            title=printable(f"Let the nodes of {workload.label} pull the image"),
            command=kubectl(
                case.facts,
                "patch",
                target,
                "--type=strategic",
                "-p",
                as_json(patch),
                namespace=workload.namespace,
            ),
            risk="low",
        )


def _asking_for(case: Case, image: str) -> list[Workload]:
    return [
        workload
        for workload in case.workloads
        if any(
            failure.image == image and failure.container_type in _IN_TEMPLATE for failure in workload.failures
        )
    ]


def _set_image(case: Case, workload: Workload, old: str, new: str, title: str = "") -> Fix | None:
    target = resource(workload.kind, workload.name)
    if workload.kind == "Job":
        return Fix(
            title=printable(
                f"Delete {workload.label} and create it with the right image: a Job cannot be changed"
            ),
            command="",
            risk="medium",
        )
    if target is None or workload.kind not in IMAGE_SETTABLE:
        return None
    containers = sorted({failure.container for failure in workload.failures if failure.image == old})
    pairs = [Shell(f"{quoted(name)}={quoted(new)}") for name in containers]
    return Fix(
        title=printable(title or f"If {new} was meant: set it in {workload.label}"),
        command=kubectl(case.facts, "set", "image", target, *pairs, namespace=workload.namespace),
        risk="medium",
    )
