# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of nodes: the right cause, the right hop, the right words, confirmed by what the node itself shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CertificateFact,
    ConfigProblem,
    DiskUse,
    KubeletFact,
    LogLine,
    PullTrial,
    Record,
    RoomFact,
)

from tests.unit.evidence import failing, no_such_host, refused, unauthorized
from tests.unit.plugins.module_utils._diagnosis.looked import (
    ADDRESS,
    AT,
    BROKEN,
    HEALTHY,
    HOST,
    IMAGE,
    STORE,
    disk,
    endpoint,
    finding_with,
    hop,
    look,
    resolver,
    runtime,
    sick,
    way,
    well,
)

CDN = "cdn.example"
MIRROR = "mirror.example"
PROXY = "http://proxy.example:3128"
TOML = f"/etc/containerd/certs.d/{HOST}/hosts.toml"
BARE = ""
ASKED = f'failed to resolve reference "{IMAGE}": failed to do request: Head "https://{HOST}/v2/shop/web/manifests/1": '
DROPPED = f"{ASKED}dial tcp {ADDRESS}:443: i/o timeout"
UNTRUSTED = f"{ASKED}x509: certificate signed by unknown authority"
EXPIRED = (
    f"{ASKED}x509: certificate has expired or is not yet valid: current time 2026-01-28T00:00:00Z is before"
)
NO_SPACE = f'failed to pull and unpack image "{IMAGE}": write {STORE}/ingest/x/data: no space left on device'
VALID = CertificateFact(HOST, not_before="2026-01-01T00:00:00Z", not_after="2027-01-01T00:00:00Z")


@dataclass(frozen=True)
class Case:
    """What the kubelet says, what the node shows, and what must come of it."""

    name: str
    words: str
    seen: list[Record]
    cause: str
    hop: str
    told: tuple[str, ...]
    confidence: str = "confirmed"
    control: bool = True
    fixes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def problem(key: str, text: str, cause: str = "", **fields: Any) -> ConfigProblem:
    return ConfigProblem(
        BROKEN, fields.pop("file", TOML), key, text, "it has this effect", HOST, cause, **fields
    )


def log(text: str, unit: str = "containerd", **fields: Any) -> LogLine:
    return LogLine(BROKEN, unit, text=text, **{"at": "2026-01-31T11:58:00Z", "image": IMAGE, **fields})


CASES = [
    Case(
        "resolver does not answer",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "timeout"), hop("dns", "timeout", server="10.0.0.2")),
        "dns_failure",
        "dns",
        (f"node1 cannot resolve {HOST}, node2 can: node1's resolver 10.0.0.2 does not answer",),
        fixes=(f"nslookup {HOST} 10.0.0.2",),
    ),
    Case(
        "resolver refuses",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "refused")),
        "dns_failure",
        "dns",
        ("resolver 10.0.0.2 refuses to answer",),
    ),
    Case(
        "resolver knows no such name",
        no_such_host(IMAGE, HOST),
        sick(hop("dns", "no_such_name")),
        "dns_failure",
        "dns",
        ("says that there is no such name",),
    ),
    Case(
        "resolver slow",
        f"{ASKED}dial tcp: lookup {HOST} on 10.0.0.2:53: read udp 10.9.0.1:5->10.0.0.2:53: i/o timeout",
        sick(hop("dns", "slow", seconds=3.1), *way()[1:]),
        "dns_failure",
        "dns",
        ("answers only after 3.1 s",),
    ),
    Case(
        "resolver answers wrong",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(hop("dns", addresses=("10.9.9.9",)), hop("tcp", "refused", address="10.9.9.9")),
        "dns_failure",
        "dns",
        ("resolver 10.0.0.2 answers 10.9.9.9, the others get 10.1.2.3",),
    ),
    Case(
        "hosts file is old",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(
            hop("dns", addresses=("10.9.9.9",)),
            hop("tcp", "refused", address="10.9.9.9"),
            resolver(hosts_file=(f"10.9.9.9 {HOST}",)),
        ),
        "dns_failure",
        "dns",
        ("/etc/hosts says 10.9.9.9",),
        fixes=("/etc/hosts.bak",),
    ),
    Case(
        "search list comes first",
        refused(IMAGE, HOST, "10.9.9.9:443"),
        sick(
            hop("dns", addresses=("10.9.9.9",)),
            hop("tcp", "refused", address="10.9.9.9"),
            resolver(search=("corp.example",), options=("ndots:5",)),
        ),
        "dns_failure",
        "dns",
        ("the search list corp.example is tried first",),
    ),
    Case(
        "firewall drops",
        DROPPED,
        sick(hop("dns"), hop("tcp", "timeout")),
        "network_unreachable",
        "tcp",
        (f"node1's packets to {ADDRESS}:443 are dropped in silence", "node2 can"),
        fixes=("nft list ruleset",),
    ),
    Case(
        "firewall rejects",
        refused(IMAGE, HOST),
        sick(hop("dns"), hop("tcp", "refused")),
        "network_unreachable",
        "tcp",
        (f"{ADDRESS}:443 refuses the connection",),
    ),
    Case(
        "firewall prohibits",
        f"{ASKED}dial tcp {ADDRESS}:443: connect: no route to host",
        sick(hop("dns"), hop("tcp", "prohibited")),
        "network_unreachable",
        "tcp",
        ("a firewall rejects node1's packets",),
    ),
    Case(
        "reset in the handshake",
        f"{ASKED}read tcp 10.9.0.1:5->{ADDRESS}:443: read: connection reset by peer",
        sick(hop("dns"), hop("tcp"), hop("tls", "reset")),
        "network_unreachable",
        "tls",
        ("the connection is reset in the handshake",),
    ),
    Case(
        "a content host is blocked",
        f'failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://{CDN}/blobs/x": dial tcp '
        "10.7.7.7:443: i/o timeout",
        sick(
            *way(),
            hop("dns", host=CDN, role="blob"),
            hop("tcp", "timeout", CDN, role="blob", address="10.7.7.7"),
        ),
        "network_unreachable",
        "tcp",
        (f"connect to {CDN}",),
        control=False,
    ),
    Case(
        "large packets are lost",
        f"{ASKED}net/http: TLS handshake timeout",
        sick(*way(), hop("large", "timeout")),
        "timeout",
        "blob",
        ("MTU",),
    ),
    Case(
        "proxy wants a login",
        f"{ASKED}Proxy Authentication Required",
        sick(hop("proxy", "login", proxy=PROXY, status=407), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        (f"the proxy {PROXY} that containerd is given there wants a login (407)",),
        fixes=("systemctl show -p Environment",),
    ),
    Case(
        "proxy denies",
        f"{ASKED}Forbidden",
        sick(hop("proxy", "denied", proxy=PROXY, status=403), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        ("refuses the host (403)", f"NO_PROXY does not name {HOST}"),
        fixes=("zz-no-proxy.conf",),
    ),
    Case(
        "proxy is dead",
        f"{ASKED}proxyconnect tcp: dial tcp 10.5.5.5:3128: connect: connection refused",
        sick(hop("proxy", "refused", proxy=PROXY), runtime(proxies={"HTTPS_PROXY": PROXY})),
        "proxy_error",
        "proxy",
        ("takes no connection",),
    ),
    Case(
        "nobody listens where the proxy should be",
        f"{ASKED}proxyconnect tcp: dial tcp 10.5.5.5:3128: connect: connection refused",
        sick(
            *way(),
            hop("dns", host="proxy.example:3128", role="proxy"),
            hop("tcp", "refused", "proxy.example:3128", role="proxy", address="10.5.5.5"),
        ),
        "proxy_error",
        "proxy",
        (
            "the proxy proxy.example:3128 that containerd is given there cannot be used: nobody listens there",
            "node2 can",
        ),
    ),
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
        "mirror is dead, and no way back",
        f'failed to do request: Head "https://{MIRROR}/v2/shop/web/manifests/1?ns={HOST}": dial tcp 10.6.6.6:443: '
        "connect: connection refused",
        sick(
            endpoint(f"https://{MIRROR}"),
            *way(),
            hop("dns", host=MIRROR, role="mirror"),
            hop("tcp", "refused", MIRROR, role="mirror", address="10.6.6.6"),
        ),
        "mirror_failure",
        "mirror",
        (f"use the mirror of {HOST}", f"https://{MIRROR}", TOML),
        fixes=(f"https://{MIRROR}/v2/",),
    ),
    Case(
        "mirror lacks the image, and the origin is closed",
        refused(IMAGE, HOST),
        sick(
            endpoint(f"https://{MIRROR}"),
            endpoint(f"https://{HOST}", 1, "origin"),
            *way(MIRROR),
            hop("dns"),
            hop("tcp", "refused"),
        ),
        "network_unreachable",
        "tcp",
        (f"connect to {HOST}",),
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
        "NO_PROXY lacks a host that the node reaches by itself",
        f"{ASKED}Service Unavailable",
        sick(
            *way(),
            hop(
                "proxy",
                "failed",
                vantage=f"runtime/{BROKEN}",
                proxy=PROXY,
                status=503,
                text=f"the proxy answers 503; this node reaches {HOST} directly: no_proxy lacks it",
            ),
            runtime(proxies={"https_proxy": PROXY, "no_proxy": "localhost,10.0.0.0/8"}),
        ),
        "proxy_error",
        "proxy",
        ("fails (503)", f"NO_PROXY (localhost,10.0.0.0/8) does not name {HOST}"),
        fixes=(f"NO_PROXY=localhost,10.0.0.0/8,{HOST}",),
    ),
    Case(
        "the handshake hangs because large packets are lost",
        f"{ASKED}net/http: TLS handshake timeout",
        sick(hop("dns"), hop("tcp"), hop("tls", "timeout"), hop("large", "timeout")),
        "timeout",
        "tls",
        ("large ones are lost on the way (path MTU)",),
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
    Case(
        "the log passes a dead mirror over",
        BARE,
        sick(
            endpoint(f"https://{MIRROR}"),
            endpoint(f"https://{HOST}", 1, "origin"),
            *way(),
            hop("dns", host=MIRROR, role="mirror"),
            hop("tcp", "timeout", MIRROR, role="mirror", address="10.6.6.6"),
            log(
                'level=info msg="trying next host" error="failed to do request: Head '
                f'\\"https://{MIRROR}/v2/shop/web/manifests/1?ns={HOST}\\": dial tcp 10.6.6.6:443: i/o timeout" '
                f"host={MIRROR}",
                at="2026-01-31T11:59:50Z",
            ),
        ),
        "mirror_failure",
        "mirror",
        (f"use the mirror of {HOST}", "the next host is well"),
        fields={"symptom": "pulling", "pulling_seconds": 900, "reason": "ContainerCreating"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_fault_of_a_node_is_named_with_its_hop_and_proven_from_there(case: Case, tmp_path: Path) -> None:
    found = finding_with(
        tmp_path / "run", failing(case.words, IMAGE, node=BROKEN, **case.fields), [*case.seen, *well()]
    )
    assert (found.cause, found.hop, found.confidence) == (case.cause, case.hop, case.confidence), (
        found.summary
    )
    assert found.nodes == (BROKEN,)
    for words in case.told:
        assert words in found.summary
    vantages = {item.vantage for item in found.evidence}
    assert vantages & {f"node/{BROKEN}", f"runtime/{BROKEN}"}
    if case.control:
        assert vantages & {f"node/{HEALTHY}", f"runtime/{HEALTHY}"}
    commands = "\n".join(fix.command for fix in found.fixes)
    for words in case.fixes:
        assert words in commands
