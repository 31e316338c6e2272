# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting and event reasons, gRPC status codes: what decides where the message does not."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("ErrImageNeverPull", "never_policy"),
        ("InvalidImageName", "image_name_invalid"),
        ("ImageInspectError", "image_inspect_error"),
        ("InspectFailed", "image_inspect_error"),
        ("RegistryUnavailable", "registry_server_error"),
        ("SignatureValidationFailed", "signature_policy"),
        ("ImageVolumeMountFailed", "runtime_error"),
        ("FailedToRetrieveImagePullSecret", "secret_missing"),
        ("ImageGCFailed", "disk_full"),
        ("FreeDiskSpaceFailed", "disk_full"),
        ("illegal base64 data at input byte 4", "secret_missing"),
        ("invalid character 'b' looking for beginning of value", "secret_missing"),
        ("unable to parse auth field, must be formatted as base64(username:password)", "secret_missing"),
        ("ErrImagePull", "unknown"),
        ("ImagePullBackOff", "unknown"),
        ("FailedCreatePodSandBox", "unknown"),
        ("Evicted", "unknown"),
        ("SomethingNew", "unknown"),
    ],
)
def test_a_reason_alone(reason: str, cause: str) -> None:
    assert classify("", reason).cause == cause


def test_the_message_goes_before_the_reason() -> None:
    message = 'Failed to inspect image "nginx": dial unix /run/containerd/containerd.sock: connect: connection refused'
    assert classify(message, "InspectFailed").cause == "runtime_error"
    assert classify("x: no such host", "RegistryUnavailable").cause == "dns_failure"


def test_a_reason_does_not_speak_for_a_text_about_something_else() -> None:
    message = "Readiness probe failed: connection refused"
    assert classify(message, "ImageInspectError").cause == "unknown"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("rpc error: code = DeadlineExceeded desc = x", "timeout"),
        ("rpc error: code = 4 desc = x", "timeout"),
        ("rpc error: code = Canceled desc = x", "cancelled"),
        ("rpc error: code = PermissionDenied desc = x", "auth_forbidden"),
        ("rpc error: code = Unauthenticated desc = x", "auth_missing"),
        ("rpc error: code = Unimplemented desc = x", "runtime_error"),
        ("rpc error: code = Unavailable desc = x", "runtime_error"),
        ("rpc error: code = NotFound desc = x", "tag_not_found"),
        ("rpc error: code = Unknown desc = x", "unknown"),
        ("rpc error: code = 2 desc = x", "unknown"),
        ("rpc error: code = Unknown desc = rpc error: code = Canceled desc = x", "cancelled"),
    ],
)
def test_a_status_code_where_the_text_says_nothing(message: str, cause: str) -> None:
    assert classify(message).cause == cause


def test_the_text_goes_before_the_status_code() -> None:
    assert classify("rpc error: code = NotFound desc = no space left on device").cause == "disk_full"


def test_unknown_says_why() -> None:
    assert "events" in str(classify('Back-off pulling image "a:1"').unknown_reason)
    assert "no message" in str(classify("").unknown_reason)
    assert "no rule" in str(classify("never seen").unknown_reason)
    assert "plugin" in str(classify("networkPlugin cni failed to set up pod").unknown_reason)
    assert classify("EOF").unknown_reason is None
