# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer holds beside its cause."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Classification,
    classify,
)

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("message", "host"),
    [
        ("dial tcp: lookup registry.nx.test on 10.96.0.10:53: no such host", "registry.nx.test"),
        ("dial tcp: lookup registry.nx.test. on 10.96.0.10:53: no such host", "registry.nx.test"),
        (
            'Head "https://r.example:5000/v2/a/manifests/1": x509: certificate signed by unknown authority',
            "r.example:5000",
        ),
        (
            'Get "https://[2001:db8::1]:5000/v2/": dial tcp [2001:db8::1]:5000: connect: connection refused',
            "[2001:db8::1]:5000",
        ),
        (
            (
                'failed to pull and unpack image "docker.io/library/nginx:1": failed to copy: httpReadSeeker: '
                "failed open: failed to do request: Get "
                '"https://production.cloudflare.docker.com/registry-v2/blobs/x?verify=1": EOF'
            ),
            "production.cloudflare.docker.com",
        ),
        (
            (
                'Head "https://registry-1.docker.io/v2/library/a/manifests/1": Get "https://auth.docker.io/token?service=x":'
                " dial tcp 1.2.3.4:443: i/o timeout"
            ),
            "auth.docker.io",
        ),
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", "10.0.0.9:3128"),
        ("proxyconnect tcp: dial tcp: lookup proxy.corp on 10.0.0.1:53: no such host", "proxy.corp"),
        ("pinging container registry quay.io: received unexpected HTTP status: 502 Bad Gateway", "quay.io"),
        (
            "pulling from host r.example:5000 failed with status code [manifests 1]: 403 Forbidden",
            "r.example:5000",
        ),
        ("x509: certificate is valid for a.example, b.example, not r.example", "r.example"),
        ("x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs", "10.0.0.5"),
        (
            'Failed to pull image "r.example/a:1": rpc error: code = Unknown desc = context deadline exceeded',
            "r.example",
        ),
        (
            'Failed to pull image "nginx:1": toomanyrequests: You have reached your pull rate limit.',
            "docker.io",
        ),
        (
            (
                'failed to pull and unpack image "r.example/a:1": failed to copy: read tcp '
                "10.0.0.1:5->10.0.0.2:443: read: connection reset by peer"
            ),
            "r.example",
        ),
        ("read tcp 10.0.0.1:5->10.0.0.2:443: read: connection reset by peer", "10.0.0.2:443"),
        ('Get "https://user:secret@r.example/v2/": EOF', "r.example"),
    ],
)
def test_host(message: str, host: str) -> None:
    assert classify(message).host == host


@pytest.mark.parametrize(
    "message",
    [
        'Failed to pull image "r.example/a:1": write /var/lib/containerd/x: no space left on device',
        'Failed to pull image "r.example/a:1": pull QPS exceeded',
        'Container image "r.example/a:1" is not present with pull policy of Never',
        'Failed to apply default image tag "r.example/A:1": invalid reference format',
    ],
)
def test_a_failure_on_the_node_names_no_host(message: str) -> None:
    assert classify(message).host is None


@pytest.mark.parametrize(
    ("message", "image"),
    [
        (
            (
                'Failed to pull image "nginx": rpc error: code = Unknown desc = failed to pull and unpack image'
                ' "docker.io/library/nginx:latest": EOF'
            ),
            "nginx",
        ),
        (
            'failed to pull and unpack image "docker.io/library/nginx:latest": EOF',
            "docker.io/library/nginx:latest",
        ),
        (f'failed to resolve reference "r.example:5000/a@{DIGEST}": not found', f"r.example:5000/a@{DIGEST}"),
        ("manifest for r.example/a:1 not found: manifest unknown", "r.example/a:1"),
        (
            "pull access denied for team/app, repository does not exist or may require 'docker login'",
            "team/app",
        ),
        (
            "initializing source docker://r.example/a:1: reading manifest 1 in r.example/a: manifest unknown",
            "r.example/a:1",
        ),
        ("Error reading manifest 1 in r.example/a: manifest unknown", "r.example/a:1"),
        (f"Error reading manifest {DIGEST} in r.example/a: manifest unknown", f"r.example/a@{DIGEST}"),
        ("image pull failed for r.example/a:1 because the registry is unavailable.", "r.example/a:1"),
        ('"PullImage from image service failed" err="EOF" image="r.example/a:1"', "r.example/a:1"),
        (
            'Failed to inspect image "": short name mode is enforcing, but image name httpd:2 returns ambiguous list',
            "httpd:2",
        ),
        ('Back-off pulling image "r.example/a:1"', "r.example/a:1"),
        ("Unable to find image 'team/app:1' locally", "team/app:1"),
        ("error pulling image configuration: EOF", None),
        ("pulling image failed: EOF", None),
        ('failed commit on ref "layer-sha256:aa": unexpected commit digest sha256:bb', None),
    ],
)
def test_image(message: str, image: str | None) -> None:
    assert classify(message).image == image


@pytest.mark.parametrize(
    ("message", "hop"),
    [
        (
            (
                "failed to fetch oauth token: unexpected status from GET request to "
                "https://a.example/token?service=x: 401 Unauthorized"
            ),
            "token_service",
        ),
        (
            "unexpected status from GET request to https://a.example/token?service=x&scope=y: 503 Service Unavailable",
            "token_service",
        ),
        ("unexpected status code https://r.example/v2/a/blobs/sha256:aa: 403 Forbidden", "blob"),
        (
            "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 403 Forbidden",
            "registry",
        ),
        ("r.example/a:1: manifest unknown", "manifest"),
        ("dial tcp: lookup r.example: no such host", "dns"),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "tcp"),
        ("remote error: tls: bad certificate", "tls"),
        ("proxyconnect tcp: EOF", "proxy"),
        ("no space left on device", "disk"),
        ("failed to extract layer sha256:aa: operation not permitted", "unpack"),
        ("layer not known", "runtime"),
        ("no basic auth credentials", "credentials"),
        ("pull QPS exceeded", "kubelet"),
        ("invalid reference format", "reference"),
        ("Source image rejected: x is rejected by policy.", "policy"),
        ("nothing known", None),
    ],
)
def test_hop(message: str, hop: str | None) -> None:
    assert classify(message).hop == hop


def test_a_host_that_stands_in_for_another_registry_is_a_mirror() -> None:
    answer = classify(
        'failed to do request: Head "https://mirror.local/v2/library/nginx/manifests/latest?ns=docker.io": tls: failed'
        " to verify certificate: x509: certificate signed by unknown authority"
    )
    assert (answer.cause, answer.hop, answer.host) == ("mirror_failure", "mirror", "mirror.local")
    assert answer.alternatives[0] == "tls_untrusted"


def test_the_registrys_own_host_is_no_mirror_of_itself() -> None:
    answer = classify('Head "https://registry-1.docker.io/v2/library/nginx/manifests/1?ns=docker.io": EOF')
    assert answer.cause == "network_unreachable"


def test_words_in_names_do_not_count() -> None:
    for name in (
        "x509/unknown-authority:expired",
        "toomanyrequests/429:1",
        "no-space-left/on-device:1",
        "a/eof:1",
    ):
        answer = classify(f'Failed to pull image "r.example/{name}": r.example/{name}: not found')
        assert (answer.cause, answer.image) == ("tag_not_found", f"r.example/{name}")


def test_the_quote_holds_the_deciding_words_and_is_short() -> None:
    answer = classify(
        'Failed to pull image "r.example/a:1": ' + "failed to do it: " * 60 + "no space left on device"
    )
    assert "no space left on device" in answer.quote
    assert len(answer.quote) <= 300


def test_an_answer_survives_its_dictionary() -> None:
    answer = classify(
        "[unexpected status: 401 Unauthorized, failed to resolve reference: r.example/a:1: not found]"
    )
    assert answer.parts
    assert Classification.from_dict(answer.to_dict()) == answer


def test_the_dictionary_has_the_keys_of_the_contract_first() -> None:
    keys = list(classify("EOF").to_dict())
    assert keys[:7] == ["cause", "confidence", "alternatives", "host", "image", "matched", "hop"]
