# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a node's disk, runtime, files and kubelet: the right cause, confirmed by what the node itself shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    DiskUse,
    KubeletFact,
    PullTrial,
    RoomFact,
)

from tests.unit.evidence import unauthorized
from tests.unit.plugins.module_utils._diagnosis.looked import (
    AT,
    BROKEN,
    HOST,
    IMAGE,
    STORE,
    disk,
    hop,
    look,
    runtime,
    sick,
    way,
)
from tests.unit.plugins.module_utils._diagnosis.node_cases import (
    ASKED,
    BARE,
    EXPIRED,
    NO_SPACE,
    PROXY,
    TOML,
    UNTRUSTED,
    VALID,
    Case,
    check,
    log,
    problem,
)

CASES = [
    Case(
        "CA is missing",
        UNTRUSTED,
        sick(
            hop("dns"), hop("tcp"), hop("tls", "untrusted", text="the chain leads to Company CA, not trusted")
        ),
        "tls_untrusted",
        "tls",
        ("Company CA", "node2 can"),
    ),
    Case(
        "clock is behind",
        EXPIRED,
        sick(
            hop("dns"),
            hop("tcp"),
            hop("tls", "not_yet_valid", certificates=(VALID,)),
            look(clock_difference=-3 * 86400.0 * 30),
        ),
        "tls_expired",
        "tls",
        ("node1's clock is 90 days behind",),
        fixes=("timedatectl set-ntp true",),
    ),
    Case(
        "hosts.toml does not parse",
        UNTRUSTED,
        sick(problem("unparsable", "it does not decode: line 2", certain=True)),
        "tls_untrusted",
        "tls",
        (TOML, "it does not decode"),
        control=False,
        fixes=(f"cat {TOML}",),
    ),
    Case(
        "no config_path",
        f"{ASKED}http: server gave HTTP response to HTTPS client",
        sick(problem("no_config_path", "config_path is not set", file="/etc/containerd/config.toml")),
        "http_https_mismatch",
        "tls",
        ("/etc/containerd/config.toml: config_path is not set",),
        control=False,
    ),
    Case(
        "runtime stopped",
        BARE,
        sick(runtime(state="stopped", restarts=7)),
        "runtime_error",
        "runtime",
        ("node1 cannot pull any image, node2 can: containerd is not running", "started anew 7 times"),
        fixes=("systemctl start containerd",),
    ),
    Case(
        "runtime hung",
        "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        sick(runtime(state="hung", detail="its process is stopped (state T: by SIGSTOP or a debugger)")),
        "runtime_error",
        "runtime",
        ("runs and does not answer",),
        fixes=("systemctl restart containerd",),
    ),
    Case(
        "runtime started anew",
        "rpc error: code = Canceled desc = context canceled",
        sick(runtime(since="2026-01-31T11:30:00Z")),
        "runtime_error",
        "runtime",
        ("was started anew at 2026-01-31T11:30:00Z",),
    ),
    Case(
        "store is read-only",
        f"failed to copy: write {STORE}/ingest/x/data: read-only file system",
        sick(disk(read_only=True)),
        "disk_full",
        "disk",
        (f"{STORE} is mounted read-only (/dev/vda1 ext4)",),
        fixes=(f"mount -o remount,rw {STORE}",),
    ),
    Case(
        "bytes are used up",
        NO_SPACE,
        sick(disk(bytes_free=4096), DiskUse(BROKEN, "ingest", bytes=120_000_000, freeable=True)),
        "disk_full",
        "disk",
        ("is full: 4.1 kB of 10 GB free", "120 MB of unfinished pulls (ingest)"),
        fixes=("ctr -n k8s.io content active",),
    ),
    Case(
        "inodes are used up",
        NO_SPACE,
        sick(disk(inodes_free=0)),
        "disk_full",
        "disk",
        ("has 0 inodes of 1000000 left, though 5.0 GB are free",),
    ),
    Case(
        "inodes are few",
        NO_SPACE,
        sick(
            disk(inodes_free=2900, inodes_total=3000),
            RoomFact(BROKEN, IMAGE, 10**7, 3.0, 3 * 10**7, 5 * 10**9, True),
        ),
        "disk_full",
        "disk",
        ("only 2900 of 3000 inodes",),
    ),
    Case(
        "image does not fit",
        NO_SPACE,
        sick(RoomFact(BROKEN, IMAGE, 60_000_000, 3.0, 180_000_000, 24_000_000, False)),
        "disk_full",
        "disk",
        ("the image needs 180 MB (60 MB compressed, by 3) and 24 MB are free",),
    ),
    Case(
        "disk full and no words at all",
        BARE,
        sick(disk(bytes_free=0)),
        "disk_full",
        "disk",
        ("is full",),
    ),
    Case(
        "image does not fit and no words at all",
        BARE,
        sick(RoomFact(BROKEN, IMAGE, 60_000_000, 3.0, 180_000_000, 24_000_000, False)),
        "disk_full",
        "disk",
        ("the image needs 180 MB",),
        confidence="likely",
    ),
    Case(
        "kubelet limits itself",
        "pull QPS exceeded",
        [*sick(), KubeletFact(BROKEN, "read", pull_qps=1.0, pull_burst=1)],
        "pull_qps_exceeded",
        "kubelet",
        ("allows itself 1 pulls a second (registryPullQPS), registryBurst 1",),
        control=False,
    ),
    Case(
        "credential provider fails",
        unauthorized(IMAGE, HOST),
        sick(
            log(
                '"Failed to provide credentials for image" err="failed to get credential from external registry '
                "credential provider: error execing credential provider plugin ecr-credential-provider for image "
                f'{HOST}/shop/web: exit status 1: no role" image="{HOST}/shop/web"',
                "kubelet",
                image=f"{HOST}/shop/web",
            )
        ),
        "credential_provider_failure",
        "credentials",
        ("the kubelet's credential provider fails",),
        control=False,
    ),
    Case(
        "slow link",
        BARE,
        sick(*way()),
        "pull_slow",
        "blob",
        ("gets through to registry.example on every hop",),
        control=False,
        fields={"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"},
    ),
    Case(
        "events have expired and the log tells",
        BARE,
        sick(
            log("failed to do request: no route", image="", at="2026-01-31T11:59:00Z"),
            log(UNTRUSTED),
            hop("dns"),
        ),
        "tls_untrusted",
        "tls",
        ("node1 itself that tells",),
        control=False,
    ),
    Case(
        "the pull by hand tells",
        BARE,
        [*sick(), PullTrial(BROKEN, IMAGE, "failed", "ctr", text=f"ctr: {UNTRUSTED}", at=AT)],
        "tls_untrusted",
        "tls",
        (),
        control=False,
    ),
    Case(
        "a read-only store makes the runtime seem to hang",
        BARE,
        sick(disk(read_only=True), runtime(state="hung", detail="ctr: mkdir: read-only file system")),
        "disk_full",
        "disk",
        (f"{STORE} is mounted read-only",),
    ),
    Case(
        "the proxy's way counts where the straight one is closed",
        BARE,
        sick(
            hop("dns"),
            hop("tcp", "timeout"),
            hop("proxy", vantage=f"runtime/{BROKEN}", proxy=PROXY),
            hop("tls", vantage=f"runtime/{BROKEN}", proxy=PROXY),
            hop("http", vantage=f"runtime/{BROKEN}", proxy=PROXY),
        ),
        "pull_slow",
        "blob",
        ("gets through to registry.example on every hop",),
        control=False,
        fields={"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"},
    ),
    Case(
        "a slow link that is busy with the pull",
        BARE,
        sick(hop("dns"), hop("tcp"), DiskUse(BROKEN, "ingest", bytes=4_000_000)),
        "pull_slow",
        "blob",
        ("4.0 MB of content that is still being pulled (ingest) lie on node1",),
        control=False,
        fields={"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_fault_is_named_with_its_hop_and_proven_from_the_node(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
