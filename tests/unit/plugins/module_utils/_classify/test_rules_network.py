# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        ('Head "https://r.example/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused'),
        "network_unreachable",
    ),
    (
        "dial tcp [2001:db8::1]:443: connect: network is unreachable",
        "network_unreachable",
    ),
    (
        "dial tcp 10.0.0.1:443: connect: no route to host",
        "network_unreachable",
    ),
    (
        "dial tcp 10.0.0.1:443: connect: operation not permitted",
        "network_unreachable",
    ),
    (
        "dial tcp 10.0.0.1:443: i/o timeout",
        "network_unreachable",
    ),
    (
        "dial tcp 10.0.0.1:443: connect: connection timed out",
        "network_unreachable",
    ),
    (
        (
            "dial tcp 10.0.0.1:443: connectex: No connection could be made because the target "
            "machine actively refused it."
        ),
        "network_unreachable",
    ),
    (
        (
            "dial tcp 10.0.0.1:443: connectex: A connection attempt failed because the "
            "connected party did not properly respond after a period of time, or established "
            "connection failed because connected host has failed to respond."
        ),
        "network_unreachable",
    ),
    (
        (
            "read tcp 10.0.0.2:5->10.0.0.1:443: wsarecv: An existing connection was forcibly "
            "closed by the remote host."
        ),
        "network_unreachable",
    ),
    (
        "write tcp 10.0.0.2:5->10.0.0.1:443: write: broken pipe",
        "network_unreachable",
    ),
    (
        'Get "https://cdn.example/blob": EOF',
        "network_unreachable",
    ),
    (
        "failed to copy: httpReadSeeker: failed open: unexpected EOF",
        "network_unreachable",
    ),
    (
        "failed to copy: stream error: stream ID 5; INTERNAL_ERROR; received from peer",
        "network_unreachable",
    ),
    (
        ('http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""'),
        "network_unreachable",
    ),
    (
        "http2: client connection lost",
        "network_unreachable",
    ),
    (
        "short read: expected 100 bytes but got 50: unexpected EOF",
        "network_unreachable",
    ),
    (
        "read tcp 10.0.0.2:5->10.0.0.1:443: i/o timeout",
        "timeout",
    ),
    (
        "net/http: timeout awaiting response headers",
        "timeout",
    ),
    (
        "net/http: TLS handshake timeout",
        "timeout",
    ),
    (
        "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        "timeout",
    ),
    (
        ("context deadline exceeded (Client.Timeout or context cancellation while reading body)"),
        "timeout",
    ),
    (
        'Cancel pulling image "a:1" because of no progress for 1m0s, latest progress: "x"',
        "timeout",
    ),
    (
        "rpc error: code = Canceled desc = context canceled",
        "cancelled",
    ),
    (
        "dial tcp: operation was canceled",
        "cancelled",
    ),
    ("net/http: request canceled", "timeout"),
    ("rpc error: code = 2 desc = net/http: request canceled", "timeout"),
]

NEAR_MISSES = [
    (
        "dial unix /run/containerd/containerd.sock: connect: connection refused",
        "network_unreachable",
    ),
    (
        (
            'Liveness probe failed: Get "http://10.1.1.1:8080/": dial tcp 10.1.1.1:8080: '
            "connect: connection refused"
        ),
        "network_unreachable",
    ),
    (
        (
            'failed to setup network for sandbox "1": plugin type="calico" failed (add): Get '
            '"https://10.96.0.1:443/apis": dial tcp 10.96.0.1:443: connect: connection refused'
        ),
        "network_unreachable",
    ),
    (
        "proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused",
        "network_unreachable",
    ),
    (
        ('Failed to pull image "reg.example/geofence/eof:1": reg.example/geofence/eof:1: not found'),
        "network_unreachable",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
