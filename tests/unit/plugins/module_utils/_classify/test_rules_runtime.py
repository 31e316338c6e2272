# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime and its store."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        (
            'rpc error: code = Unavailable desc = connection error: desc = "transport: Error '
            "while dialing: dial unix /run/containerd/containerd.sock: connect: connection "
            'refused"'
        ),
        "runtime_error",
    ),
    (
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
        "runtime_error",
    ),
    (
        "rpc error: code = Unavailable desc = error reading from server: EOF",
        "runtime_error",
    ),
    (
        "rpc error: code = Unimplemented desc = unknown service runtime.v1.ImageService",
        "runtime_error",
    ),
    (
        "rpc error: code = Unknown desc = server is not initialized yet",
        "runtime_error",
    ),
    (
        "container runtime is down,PLEG is not healthy: pleg was last seen active 5m ago",
        "runtime_error",
    ),
    (
        'ref "layer-sha256:aa" locked for 1m2s (since 2026-01-01 00:00:00): unavailable',
        "runtime_error",
    ),
    (
        (
            'failed to prepare extraction snapshot "extract-1 sha256:aa": failed to create '
            'snapshot: missing parent "k8s.io/1/sha256:bb" bucket: not found'
        ),
        "runtime_error",
    ),
    (
        "snapshotter not loaded: nydus: invalid argument",
        "runtime_error",
    ),
    (
        'lease "abc": not found',
        "runtime_error",
    ),
    (
        (
            "failed to register layer: ApplyLayer exit status 1 stdout:  stderr: lchown /x: "
            "operation not permitted"
        ),
        "runtime_error",
    ),
    (
        (
            'writing blob: adding layer with blob "sha256:aa": processing tar file(potentially '
            "insufficient UIDs or GIDs available in user namespace (requested 0:42 for "
            "/etc/gshadow): Check /etc/subuid and /etc/subgid): exit status 1"
        ),
        "runtime_error",
    ),
    (
        (
            "hcsshim::ActivateLayer - failed failed in Win32: The device does not recognize "
            "the command. (0x16)"
        ),
        "runtime_error",
    ),
    (
        ("failed to extract layer sha256:aa: read /var/lib/containerd/x: input/output error: unknown"),
        "runtime_error",
    ),
    (
        ("open /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db: read-only file system"),
        "runtime_error",
    ),
    (
        "layer not known",
        "runtime_error",
    ),
    (
        "failed to mount /var/lib/containerd/tmpmounts/a: no such device",
        "runtime_error",
    ),
    (
        ("Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
        "runtime_error",
    ),
    (
        (
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to reserve "
            'sandbox name "a_b": name "a_b" is reserved for "123"'
        ),
        "runtime_error",
    ),
    (
        "failed to get reader from content store: content digest sha256:aa: not found",
        "runtime_error",
    ),
    (
        "fork/exec /usr/bin/unpigz: cannot allocate memory",
        "runtime_error",
    ),
    ("writing blob: something odd", "runtime_error"),
    ("open /var/lib/containers/storage/x: permission denied", "runtime_error"),
    ("Failed to create pod sandbox: rpc error: code = Unknown desc = something odd", "runtime_error"),
    (
        "locking ref k8s.io/2/layer-sha256:aa failed: ref k8s.io/2/layer-sha256:aa locked: unavailable",
        "runtime_error",
    ),
    (
        "Failed to create containerd container: error unpacking image: mount failed",
        "runtime_error",
    ),
]

NEAR_MISSES = [
    (
        (
            'Failed to create pod sandbox: failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull '
            'image "registry.k8s.io/pause:3.9": failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.9"'
        ),
        "runtime_error",
    ),
    (
        "unauthorized: your account is locked",
        "runtime_error",
    ),
    (
        ('Head "https://r.example/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused'),
        "runtime_error",
    ),
    (
        "failed to extract layer sha256:aa: write /x: no space left on device",
        "runtime_error",
    ),
    (
        (
            "failed to unpack image on snapshotter overlayfs: unexpected media type text/html "
            "for sha256:aa: not found"
        ),
        "runtime_error",
    ),
    (
        (
            "Failed to create pod sandbox: failed to get sandbox image "
            '"registry.k8s.io/pause:3.9": failed to pull image: context deadline exceeded'
        ),
        "runtime_error",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
