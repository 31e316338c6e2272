# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that get their images, however badly they fare otherwise: nothing may be said about them."""

from __future__ import annotations

from tests.lab.image_pull_lab import hosts
from tests.lab.scenarios.declare import RESTARTED, Scenario
from tests.lab.scenarios.manifests import (
    HEALTHY,
    MEMBER,
    MEMBER_PASSWORD,
    container,
    deployment,
    job,
    pod,
    pull_secret,
)

FINE = "registry.reg.test/app/ok:2"

SCENARIOS = (
    Scenario("running", "a Deployment that runs", (deployment("running", FINE, replicas=2),), pods=2),
    Scenario(
        "completed",
        "a Job that is done",
        (job("completed", containers=[container(FINE, command=["/bin/id"])]),),
        settles_as="Succeeded",
    ),
    Scenario(
        "failed",
        "a pod that has failed",
        (
            pod(
                "failed", containers=[container(FINE, command=["/bin/ls", "/nowhere"])], restartPolicy="Never"
            ),
        ),
        settles_as="Failed",
    ),
    Scenario(
        "crash-loop",
        "a container that ends at once, again and again",
        (pod("crash-loop", containers=[container(FINE, command=["/bin/ls", "/nowhere"])]),),
        settles_as=RESTARTED,
    ),
    Scenario(
        "no-such-command",
        "a container whose command is not in the image",
        (pod("no-such-command", containers=[container(FINE, command=["/no/such/command"])]),),
        settles_as=RESTARTED,
    ),
    Scenario(
        "unschedulable",
        "a pod that no node takes",
        (pod("unschedulable", FINE, nodeSelector={"disk": "quick"}),),
        settles_as="Unschedulable",
    ),
    Scenario(
        "missing-config-map",
        "a volume from a ConfigMap that does not exist",
        (
            pod(
                "missing-config-map",
                containers=[container(FINE, volumeMounts=[{"name": "c", "mountPath": "/c"}])],
                volumes=[{"name": "c", "configMap": {"name": "nobody-made-it"}}],
            ),
        ),
        settles_as="ContainerCreating",
    ),
    Scenario(
        "config-error",
        "an environment variable from a ConfigMap that does not exist",
        (
            pod(
                "config-error",
                containers=[container(FINE, envFrom=[{"configMapRef": {"name": "nobody-made-it"}}])],
            ),
        ),
        settles_as="CreateContainerConfigError",
    ),
    Scenario(
        "secret-not-needed",
        "a pull Secret that does not exist, for an image that anyone may read",
        (pod("secret-not-needed", FINE, pull_secrets=("nobody-made-it",)),),
    ),
    Scenario(
        "init-crash",
        "an init container that fails; its image is there",
        (
            pod(
                "init-crash",
                HEALTHY,
                initContainers=[container(FINE, "prepare", command=["/bin/ls", "/nowhere"])],
            ),
        ),
        settles_as=RESTARTED,
    ),
    Scenario(
        "mirror-works-around",
        "a mirror where nobody listens, and an origin that answers",
        (pod("mirror-works-around", "mirror-refused.reg.test/app/ok:1"),),
    ),
    Scenario(
        "logged-in",
        "a private image with the right pull Secret",
        (
            pull_secret("right", "basic.reg.test", MEMBER, MEMBER_PASSWORD),
            pod("logged-in", "basic.reg.test/acme/app:2", pull_secrets=("right",)),
        ),
    ),
    Scenario(
        "second-secret-right",
        "two pull Secrets, of which the second is right",
        (
            pull_secret("wrong", hosts.ECR, "AWS", "no"),
            pull_secret("right-too", "basic.reg.test", MEMBER, MEMBER_PASSWORD),
            pod("second-secret-right", "basic.reg.test/acme/app:2", pull_secrets=("wrong", "right-too")),
        ),
    ),
)
