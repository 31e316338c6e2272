# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrapping taken off: kubelets, log lines, JSON, terminals, and texts that were cut."""

from __future__ import annotations

import json

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.prepare import (
    EVENT_LIMIT,
    prepare,
)

CORE = 'failed to resolve reference "r.example/a:1": dial tcp: lookup r.example: no such host'


def go_quoted(text: str) -> str:
    """As Go's %q prints it."""
    return json.dumps(text)


WRAPPED = {
    "kubelet up to 1.27": f'Failed to pull image "r.example/a:1": rpc error: code = Unknown desc = {CORE}',
    "kubelet from 1.28": f'Failed to pull image "r.example/a:1": {CORE}',
    "waiting message from 1.32": f'Back-off pulling image "r.example/a:1": ErrImagePull: {CORE}',
    "describe from 1.34": f'spec.containers{{web}}: Failed to pull image "r.example/a:1": {CORE}',
    "init container": f'spec.initContainers{{init}}: Failed to pull image "r.example/a:1": {CORE}',
    "kubelet of 2016": f'Failed to pull image "r.example/a:1": rpc error: code = 2 desc = {CORE}',
    "FailedSync": f'Error syncing pod, skipping: failed to "StartContainer" for "web" with ErrImagePull: '
    f"{go_quoted(CORE)}",
    "klog": f'E0101 00:00:00.000000 1 log.go:32] "PullImage from image service failed" err={go_quoted(CORE)}'
    ' image="r.example/a:1"',
    "klog, quoted twice": '"Error syncing pod, skipping" err='
    + go_quoted(f'failed to "StartContainer" for "web" with ErrImagePull: {go_quoted(CORE)}')
    + ' pod="default/web-1" podUID="1"',
    "containerd's log": f'time="2026-01-01T00:00:00Z" level=error msg="PullImage \\"r.example/a:1\\" failed"'
    f" error={go_quoted(CORE)}",
    "docker's API": f"Error response from daemon: {json.dumps({'message': CORE})}",
    "JSON inside JSON": json.dumps({"message": json.dumps({"message": CORE})}),
    "wrapped lines": CORE.replace(": ", ":\n    "),
    "a terminal": f"\x1b[31m{CORE}\x1b[0m",
    "a table": CORE.replace(": dial", ":  │\n│ dial"),
    "sandbox": f"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image: {CORE}",
}


@pytest.mark.parametrize("message", WRAPPED.values(), ids=WRAPPED.keys())
def test_wrapping_changes_nothing(message: str) -> None:
    answer = classify(message)
    assert (answer.cause, answer.host, answer.image) == ("dns_failure", "r.example", "r.example/a:1")


def test_a_status_code_is_taken_out_and_kept() -> None:
    prepared = prepare("rpc error: code = Unknown desc = rpc error: code = NotFound desc = gone")
    assert (prepared.text, prepared.code) == ("gone", "notfound")


def test_windows_paths_keep_their_backslashes() -> None:
    assert (
        prepare(r"open C:\ProgramData\containerd\root\new: x").text
        == r"open C:\ProgramData\containerd\root\new: x"
    )


def test_advice_of_clients_is_not_read_as_a_cause() -> None:
    message = "image pull failed for a:1, this may be because there are no credentials on this request.  details: (x)"
    assert "credentials" not in prepare(message).text


def _cut(text: str) -> str:
    filler = 'Failed to pull image "r.example/' + "a" * (EVENT_LIMIT - len(text) - 36) + '": '
    return (filler + text)[:EVENT_LIMIT]


def test_a_cut_text_with_its_cause_is_a_little_less_sure() -> None:
    cause = "dial tcp: lookup r.example: no such host"
    assert classify(cause).confidence == "confirmed"
    assert (classify(_cut(cause)).cause, classify(_cut(cause)).confidence) == ("dns_failure", "likely")


@pytest.mark.parametrize(
    "rest",
    [
        "failed to extract layer sha256:aaaa: write /var/lib/conta",
        "failed to do request: x509: certificate has ex",
        "failed to do requ",
    ],
)
def test_a_text_cut_before_its_cause_is_unknown_and_says_so(rest: str) -> None:
    answer = classify(_cut(rest))
    assert answer.cause == "unknown"
    assert "cut" in str(answer.unknown_reason)


def test_an_ellipsis_is_a_cut_too() -> None:
    assert classify("failed to extract layer sha256:aaaa: write /var/lib/...").cause == "unknown"
    assert classify("failed to extract layer sha256:aaaa: write /var/lib/x").cause == "runtime_error"
