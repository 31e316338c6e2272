# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real registry of the CNCF (Debian's docker-registry, or ``registry`` on PATH), without and with passwords."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    Platform,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.content import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)

from tests.unit.plugins.module_utils._registry.conftest import ALICE

PROGRAM = shutil.which("docker-registry") or shutil.which("registry")
# alice with her password, bcrypt with the fewest rounds.
HTPASSWD = "alice:$2y$05$uAchaMl2a2vkZK62a/4iV.dmZyXJlP3GJeAGo1WTclKoZsjA8KRC6\n"

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no registry program (Debian: docker-registry)")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Storage with one repository: single images for two platforms and an index of both."""
    folder = Path(tmp_path_factory.mktemp("store"))
    with running(folder, "") as host:
        amd64 = push_image(host, "shop/web", "1.2.3", "amd64")
        arm64 = push_image(host, "shop/web", "1.2.3-arm", "arm64")
        entries = [
            {"mediaType": DOCKER_MANIFEST, **entry, "platform": {"os": "linux", "architecture": name}}
            for entry, name in ((amd64, "amd64"), (arm64, "arm64"))
        ]
        put(
            host,
            "shop/web",
            "multi",
            {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries},
            DOCKER_LIST,
        )
    return folder


@pytest.fixture(scope="module")
def free(store: Path) -> Iterator[str]:
    with running(store, "") as host:
        yield host


@pytest.fixture(scope="module")
def guarded(store: Path) -> Iterator[str]:
    (store / "htpasswd").write_text(HTPASSWD)
    with running(store, f"auth: {{htpasswd: {{realm: shop, path: {store}/htpasswd}}}}\n") as host:
        yield host


def ask(host: str, name: str, login: Login | None = None, *platforms: Platform) -> RegistryAnswer:
    return client(host).ask([Question(f"{host}/{name}", login, platforms)])[0]


def client(host: str) -> Client:
    return Client(Settings(plain_http=(host,)))


@pytest.mark.parametrize(
    ("name", "platforms"),
    [
        ("shop/web:1.2.3", {"amd64"}),
        ("shop/web:1.2.3-arm", {"arm64"}),
        ("shop/web:multi", {"amd64", "arm64"}),
    ],
)
def test_what_is_there(free: str, name: str, platforms: set[str]) -> None:
    answer = ask(free, name)
    assert (answer.outcome, answer.registry_kind) == ("found", "distribution")
    assert {platform.architecture for platform in answer.platforms} == platforms


def test_the_size_of_one_platform(free: str) -> None:
    assert ask(free, "shop/web:multi", None, Platform("linux", "arm64")).size_bytes == 1000


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("shop/web:1.2.4", "tag_not_found"),
        (f"shop/web@sha256:{'0' * 64}", "tag_not_found"),
        ("shop/wep:1.2.3", "repository_not_found"),
    ],
)
def test_what_is_not_there(free: str, name: str, cause: str) -> None:
    answer = ask(free, name)
    assert (answer.outcome, answer.hop, answer.cause, answer.certain) == ("failed", "manifest", cause, True)


@pytest.mark.parametrize(
    ("login", "cause", "accepted"),
    [(None, "auth_missing", None), (Login("alice", "wrong"), "auth_invalid", False), (ALICE, "", True)],
)
def test_passwords(guarded: str, login: Login | None, cause: str, accepted: bool | None) -> None:
    answer = ask(guarded, "shop/web:1.2.3", login)
    assert (answer.cause, answer.credential_accepted, answer.outcome == "found") == (
        cause,
        accepted,
        not cause,
    )


def test_near_tags_and_names_behind_a_password(guarded: str) -> None:
    found = client(guarded).near_tags(f"{guarded}/shop/web:1.2.4", ALICE)
    assert (found.near[0], found.total, found.complete) == ("1.2.3", 3, True)
    assert client(guarded).near_tags(f"{guarded}/shop/wep:1", ALICE).near_repositories == ("shop/web",)


@contextlib.contextmanager
def running(folder: Path, auth: str) -> Iterator[str]:
    """The registry as a process of its own."""
    assert PROGRAM is not None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config = folder / f"{host.replace(':', '-')}.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: {host}}}\n{auth}"
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(config)], stdout=log, stderr=log)
    try:
        for dummy in range(500):
            with contextlib.suppress(OSError), socket.create_connection(tuple_of(host), timeout=1):
                break
            time.sleep(0.02)
        yield host
    finally:
        process.terminate()
        process.wait(10)


def tuple_of(host: str) -> tuple[str, int]:
    name, dummy, port = host.rpartition(":")
    return name, int(port)


def send(method: str, url: str, content: bytes, content_type: str) -> Any:
    request = urllib.request.Request(url, content, {"Content-Type": content_type}, method=method)
    return urllib.request.urlopen(request, timeout=10)


def put(host: str, name: str, reference: str, value: Any, media_type: str) -> dict[str, Any]:
    content = json.dumps(value).encode()
    send("PUT", f"http://{host}/v2/{name}/manifests/{reference}", content, media_type).close()
    return {"digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def push_blob(host: str, name: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    with send("POST", f"http://{host}/v2/{name}/blobs/uploads/", b"", "") as begun:
        place = begun.headers["Location"]
    send("PUT", f"{place}&digest={digest}", content, "application/octet-stream").close()
    return {"digest": digest, "size": len(content)}


def push_image(host: str, name: str, tag: str, architecture: str) -> dict[str, Any]:
    config = push_blob(host, name, json.dumps({"os": "linux", "architecture": architecture}).encode())
    layer = push_blob(host, name, b"x" * 1000)
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **config},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **layer}],
    }
    return put(host, name, tag, manifest, DOCKER_MANIFEST)
