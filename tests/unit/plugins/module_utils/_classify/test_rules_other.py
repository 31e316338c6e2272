# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no pull failure."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        'Back-off pulling image "reg.example/a:1"',
        "unknown",
    ),
    (
        "Error: ImagePullBackOff",
        "unknown",
    ),
    (
        "Error: ErrImagePull",
        "unknown",
    ),
    (
        'container "a" in pod "b" is waiting to start: trying and failing to pull image',
        "unknown",
    ),
    (
        'Pulling image "reg.example/a:1"',
        "unknown",
    ),
    (
        (
            'Successfully pulled image "reg.example/a:1" in 1.2s (1.2s including waiting). '
            "Image size: 5 bytes."
        ),
        "unknown",
    ),
    (
        'Container image "a:1" already present on machine',
        "unknown",
    ),
    (
        (
            "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: "
            "3 No preemption victims found for incoming pod."
        ),
        "unknown",
    ),
    (
        "back-off 5m0s restarting failed container=a pod=b_default(1)",
        "unknown",
    ),
    (
        "exec /app: exec format error",
        "unknown",
    ),
    (
        (
            "failed to create containerd task: failed to create shim task: OCI runtime create "
            'failed: runc create failed: unable to start container process: exec: "a": '
            "executable file not found in $PATH"
        ),
        "unknown",
    ),
    (
        (
            'networkPlugin cni failed to set up pod "a_b" network: open '
            "/run/flannel/subnet.env: no such file or directory"
        ),
        "unknown",
    ),
    (
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "unknown",
    ),
    (
        'configmap "a" not found',
        "unknown",
    ),
    (
        (
            "Unable to attach or mount volumes: unmounted volumes=[a], unattached volumes=[a]: "
            "timed out waiting for the condition"
        ),
        "unknown",
    ),
    (
        "",
        "unknown",
    ),
    (
        "something nobody has seen before",
        "unknown",
    ),
    ("invalid capacity 0 on image filesystem", "unknown"),
    ("Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.", "unknown"),
    ("The node was low on resource: memory.", "unknown"),
]

NEAR_MISSES = [
    (
        'Back-off pulling image "reg.example/a:1": ErrImagePull: pull QPS exceeded',
        "unknown",
    ),
    (
        (
            "Failed to create pod sandbox: failed to get sandbox image "
            '"registry.k8s.io/pause:3.9": dial tcp 10.0.0.1:443: connect: connection refused'
        ),
        "unknown",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
