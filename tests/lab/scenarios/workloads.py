# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same wrong tag in every place where a pod can name an image."""

from __future__ import annotations

from tests.lab.scenarios.declare import Failure, Patch, Scenario
from tests.lab.scenarios.manifests import (
    HEALTHY,
    bare,
    container,
    cron_job,
    custom_kind,
    custom_object,
    daemon_set,
    deployment,
    image_of,
    job,
    pod,
    replica_set,
    stateful_set,
)


def wrong(name: str) -> str:
    """An image of its own for each scenario, so that each is a fault of its own."""
    return f"registry.reg.test/app/web:no-{name}"


def tag(**fields: object) -> tuple[Failure, ...]:
    return (Failure("tag_not_found", **fields),)  # type: ignore[arg-type]


GADGET = custom_object("Gadget", "custom-owner")

SCENARIOS = (
    Scenario(
        "init-container",
        "an init container",
        (pod("init-container", initContainers=[container(wrong("init"), "prepare")]),),
        tag(container="prepare", container_type="init"),
    ),
    Scenario(
        "sidecar",
        "a sidecar (an init container that is always restarted)",
        (pod("sidecar", initContainers=[container(wrong("sidecar"), "proxy", restartPolicy="Always")]),),
        tag(container="proxy", container_type="sidecar"),
    ),
    Scenario(
        "second-container",
        "one of two containers; the other runs",
        (pod("second-container", containers=[container(HEALTHY), container(wrong("second"), "helper")]),),
        tag(container="helper"),
    ),
    Scenario(
        "ephemeral-container",
        "a debug container in a pod that runs",
        (pod("ephemeral-container"),),
        tag(container="debug", container_type="ephemeral"),
        then=(
            Patch(
                "Pod",
                "ephemeral-container",
                {"spec": {"ephemeralContainers": [{"name": "debug", "image": wrong("ephemeral")}]}},
                subresource="ephemeralcontainers",
            ),
        ),
    ),
    Scenario(
        "image-volume",
        "a volume whose content is an image",
        (
            pod(
                "image-volume",
                containers=[container(HEALTHY, volumeMounts=[{"name": "data", "mountPath": "/data"}])],
                volumes=[
                    {"name": "data", "image": {"reference": wrong("volume"), "pullPolicy": "IfNotPresent"}}
                ],
            ),
        ),
        tag(container_type="image_volume"),
    ),
    Scenario(
        "running-pod",
        "a pod that ran: the restarted container cannot pull its new image, and the status speaks of crashes mostly",
        (pod("running-pod", containers=[container(HEALTHY), container(HEALTHY, "other")]),),
        tag(shows_as="event"),
        then=(Patch(**image_of("Pod", "running-pod", wrong("running"))),),
    ),
    Scenario(
        "rollout",
        "a new revision of a Deployment whose old one runs",
        (deployment("rollout", HEALTHY, replicas=2),),
        tag(previous_image=HEALTHY),
        then=(Patch(**image_of("Deployment", "rollout", wrong("rollout"))),),
    ),
    Scenario(
        "deployment",
        "a Deployment that never ran",
        (deployment("deployment", wrong("deployment"), replicas=2),),
        tag(),
        pods=2,
    ),
    Scenario(
        "stateful-set",
        "a new revision of a StatefulSet, which has stopped the old pod first",
        (stateful_set("stateful-set", HEALTHY),),
        tag(previous_image=HEALTHY),
        then=(Patch(**image_of("StatefulSet", "stateful-set", wrong("stateful"))),),
    ),
    Scenario(
        "daemon-set",
        "a DaemonSet: one fault on every node",
        (daemon_set("daemon-set", wrong("daemon")),),
        tag(),
        pods=2,
    ),
    Scenario("job", "a Job", (job("job", wrong("job")),), tag()),
    Scenario("cron-job", "a CronJob", (cron_job("cron-job", wrong("cron")),), tag()),
    Scenario(
        "custom-owner",
        "a ReplicaSet that belongs to an object of a custom kind",
        (custom_kind("Gadget"), GADGET, replica_set("custom-owner", wrong("custom"), owner=GADGET)),
        tag(owner_kind="Gadget"),
    ),
    bare(
        "never-policy",
        "imagePullPolicy Never, and the image is not on the node",
        "registry.reg.test/fault/spare-1:1",
        "never_policy",
        confidence="confirmed",
        pull_policy="Never",
    ),
    bare(
        "always-policy",
        "imagePullPolicy Always, and the registry is away",
        "refused.reg.test/app/ok:1",
        "network_unreachable",
        pull_policy="Always",
    ),
)
