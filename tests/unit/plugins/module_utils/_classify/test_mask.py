# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people call their images, tags, hosts, pods and Secrets never decides a cause."""

from __future__ import annotations

import re

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.extract import (
    find_images,
    find_urls,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.mask import mask

from tools.accuracy import load

ENTRIES = [entry for name in ("pull_messages.yaml", "more_messages.yaml") for entry in load(name)]

# Found without the help of the code under test: references in quotes, behind docker:// and "manifest for".
REFERENCE = re.compile(
    r"\b[Ii]mage\S*[ =]\\*\"([^\"\\\s<>]+)\\*\"|\breference \\*\"([^\"\\\s<>]+)\\*\""
    r"|docker://([^\s\"\\]+?)(?=[\s\"\\]|:\s|$)|anifest for (\S+) not found|denied for ([^\s,]+)"
)
HOSTILE = [
    ("team/timeout-service", "tls-expired", "registry.example"),
    ("x509/not-found", "429", "toomanyrequests.example"),
    ("toomanyrequests/denied", "401", "unauthorized.example"),
    ("unauthorized/forbidden", "404", "x509.squid.example:429"),
    ("manifest_unknown/eof", "eof", "eof.example"),
    ("squid/nxdomain", "denied", "denied.zscaler.example"),
    ("docker.sock/rate-limit", "unauthorized", "nxdomain.servfail.example"),
    ("imagepullsecret/forbidden", "schema1", "forbidden.example"),
    ("docker-credential-gcr/metadata.db", "containerd.sock", "metadata.db"),
]


def references(message: str) -> set[tuple[str | None, str, str | None]]:
    """Host, repository and tag of the references in ``message``."""
    found = set()
    for match in REFERENCE.finditer(message):
        name = next(group for group in match.groups() if group).partition("@")[0]
        first, slash, rest = name.partition("/")
        host = first if slash and ("." in first or ":" in first or first == "localhost") else None
        path = rest if host else name
        tag = None
        if ":" in path.rpartition("/")[2]:
            path, _colon, tag = path.rpartition(":")
        if re.fullmatch(r"[a-z0-9._/-]{3,}", path):
            found.add((host, path, tag))
    return found


def renamed(message: str, repository: str, tag: str, host: str) -> str:
    """``message`` about another image: the same words with other names in all places."""
    for old_host, path, old_tag in sorted(references(message), key=lambda reference: -len(reference[1])):
        for old in dict.fromkeys((path, path.removeprefix("library/"))):
            message = re.sub(rf"(?<![\w.%-]){re.escape(old)}(?![\w%-]|\.\w)", repository, message)
        encoded = path.replace("/", "%2F")
        message = re.sub(rf"(?<=%3A){re.escape(encoded)}(?=%3A)", repository.replace("/", "%2F"), message)
        if old_tag:
            place = rf"({re.escape(repository)}:|manifests[/ ]|eading manifest ){re.escape(old_tag)}(?![\w-]|\.\w)"
            message = re.sub(place, rf"\g<1>{tag}", message)
        if old_host and old_host != "docker.io":
            message = message.replace(old_host, host)
    return message


WITH_REFERENCE = [entry for entry in ENTRIES if references(entry["message"])]


@pytest.mark.parametrize(("repository", "tag", "host"), HOSTILE)
def test_a_message_about_an_image_of_another_name_has_the_same_cause(
    repository: str, tag: str, host: str
) -> None:
    assert len(WITH_REFERENCE) > 250
    changed = []
    for entry in WITH_REFERENCE:
        message, reason = entry["message"], entry["reason"]
        # A plain name first: another host can be a matter of its own, as with docker.io and its mirrors.
        plain = renamed(message, "team/app", "1.0", "registry.example")
        fair = {classify(message, reason).cause, classify(plain, reason).cause}
        given = classify(renamed(message, repository, tag, host), reason).cause
        if given not in fair:
            changed.append((entry["id"], given, *fair))
    assert changed == []


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("reading manifest 429 in r.example/toomanyrequests/denied: manifest unknown", "tag_not_found"),
        (
            (
                "pulling from host unauthorized.example failed with status code [manifests 404]: "
                "502 Bad Gateway"
            ),
            "registry_server_error",
        ),
        ("dial tcp: lookup x509.toomanyrequests.example on 10.0.0.2:53: no such host", "dns_failure"),
        ("pinging container registry denied.example: EOF", "network_unreachable"),
        (
            (
                'failed to "StartContainer" for "no-route-to-host-unauthorized" with '
                'ErrImagePull: "manifest unknown"'
            ),
            "tag_not_found",
        ),
        (
            (
                "Unable to retrieve some image pull secrets (crashloopbackoff); "
                "attempting to pull the image may not succeed."
            ),
            "secret_missing",
        ),
        (
            "x509: certificate is valid for a.example, not toomanyrequests.example",
            "tls_name_mismatch",
        ),
        (
            "Error: Status 500 trying to pull repository unauthorized: internal server error",
            "registry_server_error",
        ),
        (
            'manifest unknown: manifest tagged by "toomanyrequests" is not found',
            "tag_not_found",
        ),
        (
            (
                "failed to extract layer sha256:aa: write "
                "/app/node_modules/express-rate-limit/x.js: no space left on device: unknown"
            ),
            "disk_full",
        ),
        (
            (
                "failed to extract layer sha256:aa: mount callback failed on "
                "/var/lib/containerd/tmpmounts/m1: lchown "
                "/var/lib/containerd/tmpmounts/m1/usr/share/doc/x509: operation not permitted: "
                "unknown"
            ),
            "runtime_error",
        ),
        (
            "failed to register layer: open /srv/toomanyrequests.txt: input/output error",
            "runtime_error",
        ),
        (
            (
                "denied: User: arn:aws:sts::123:assumed-role/rate-limit-toomanyrequests/i-0 is "
                "not authorized to perform: ecr:BatchGetImage on resource: "
                "arn:aws:ecr:eu-west-1:123:repository/eof/manifest_unknown because no policy "
                "allows it"
            ),
            "auth_forbidden",
        ),
        (
            (
                'denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on '
                'resource "projects/toomanyrequests/locations/eu/repositories/nxdomain" (or it '
                "may not exist)"
            ),
            "auth_forbidden",
        ),
        (
            "repository team/toomanyrequests not found",
            "repository_not_found",
        ),
        (
            "artifact denied/429:toomanyrequests not found",
            "tag_not_found",
        ),
        (
            (
                "name unknown: The repository with name 'unauthorized/toomanyrequests' does not "
                "exist in the registry with id '429'"
            ),
            "repository_not_found",
        ),
        (
            (
                "unauthorized: unauthorized to access repository: rate-limit/toomanyrequests, "
                "action: pull: unauthorized to access repository: rate-limit/toomanyrequests, "
                "action: pull"
            ),
            "auth_forbidden",
        ),
        (
            "manifest for toomanyrequests not found: manifest unknown",
            "tag_not_found",
        ),
        (
            (
                "pull access denied for toomanyrequests, repository does not exist or may require "
                "'docker login': denied: requested access to the resource is denied"
            ),
            "repository_not_found_or_private",
        ),
        (
            (
                'couldn\'t parse image name "TEAM/toomanyrequests:429": invalid reference format: '
                "repository name (TEAM/toomanyrequests) must be lowercase"
            ),
            "image_name_invalid",
        ),
        (
            (
                "Unable to retrieve some image pull secrets (toomanyrequests, no-such-host); "
                "attempting to pull the image may not succeed."
            ),
            "secret_missing",
        ),
        (
            (
                'error getting credentials - err: exec: "docker-credential-toomanyrequests": '
                "executable file not found in $PATH"
            ),
            "credential_provider_failure",
        ),
    ],
)
def test_names_that_stand_alone_do_not_decide(message: str, cause: str) -> None:
    assert classify(message).cause == cause


def test_tokens_stand_for_the_names() -> None:
    text = (
        'failed to pull "r.example:5000/team/app:1.0": pulling image "r.example:5000/team/app:1.0": '
        "reading manifest 1.0 in r.example:5000/team/app: lookup r.example: team/app is gone"
    )
    assert mask(text, find_images(text), find_urls(text)) == (
        'failed to pull "<image>": pulling image "<image>": '
        "reading manifest <tag> in <repository>: lookup <host>: <repository> is gone"
    )


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("i/o:1", "dial tcp 10.0.0.1:443: i/o timeout"),
        ("registry:5000/app:1", "because the registry is unavailable"),
        ("team/app:1", "team/application and my-team/app are others"),
    ],
)
def test_words_that_are_no_names_stay(image: str, text: str) -> None:
    assert mask(text, [image], []) == text


@pytest.mark.parametrize(
    ("message", "causes"),
    [
        (
            (
                "error parsing HTTP 502 response body: invalid character '<' looking for "
                'beginning of value: "<html><body><h1>502 Bad Gateway</h1><p>The page was not '
                "found, too many requests, unauthorized, certificate has "
                'expired</p></body></html>"'
            ),
            ["registry_server_error"],
        ),
        (
            (
                "error parsing HTTP 403 response body: invalid character '<' looking for "
                'beginning of value: "<html><title>403</title>rate limit? too many requests? '
                'manifest unknown. no such host</html>"'
            ),
            ["auth_forbidden"],
        ),
        (
            (
                "error parsing HTTP 404 response body: invalid character '<' looking for "
                'beginning of value: "<!doctype html><html>Sign in: unauthorized</html>"'
            ),
            ["tag_not_found", "repository_not_found"],
        ),
        (
            (
                "error parsing HTTP 403 response body: invalid character '<' looking for "
                'beginning of value: "<!DOCTYPE html><html><title>Zscaler: not '
                'found</title></html>"'
            ),
            ["proxy_error"],
        ),
        (
            (
                "unexpected status from HEAD request to https://r.example/v2/a/b/manifests/1: 404 "
                "Not Found - Server message: <html>too many requests</html>"
            ),
            ["tag_not_found"],
        ),
        (
            (
                "pinging container registry r.example: StatusCode: 503, <html><body>no such host, "
                "x509: certificate signed by unknown authority</body></html>"
            ),
            ["registry_server_error"],
        ),
        (
            (
                "Error: initializing source: invalid character '<' looking for beginning of value: "
                "<html><head><title>429 Slow down</title></head><body>manifest unknown</body></html>"
            ),
            ["rate_limited"],
        ),
    ],
)
def test_a_web_page_decides_by_its_status_and_not_by_its_prose(message: str, causes: list[str]) -> None:
    assert classify(message).cause in causes
