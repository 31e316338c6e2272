# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that every lab has. tests/lab/README.md lists them for people."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

from . import hosts
from .images import Layer, Store, base_layer, digest, image_config, own_layer

#: Site ─► repository ─► tags of plain healthy images.
HEALTHY: dict[str, dict[str, tuple[str, ...]]] = {
    "hub": {
        "library/nginx": ("latest", "stable", "1.27", "1.27-alpine", "1.26"),
        "library/redis": ("latest", "7", "7.2"),
        "library/busybox": ("latest", "1.36"),
        "library/alpine": ("latest", "3.20"),
        "library/postgres": ("latest", "16"),
        "bitnami/redis": ("7.2",),
        "ratelimited/app": ("1",),
        "acme/app": ("1", "2"),
    },
    "quay": {"prometheus/node-exporter": ("latest", "v1.8.0", "v1.8.1", "v1.9.0"), "acme/app": ("1", "2")},
    "ghcr": {"open/tool": ("1", "1.4.0", "1.4.1"), "acme/app": ("1", "2")},
    "gitlab": {"open/tool": ("1",), "acme/app": ("1", "2.0.0", "2.1.0")},
    "google": {"google-samples/containers/hello-app": ("1.0",), "acme/prod/app": ("1",)},
    "acr": {"app": ("1", "2024.1", "2024.2")},
    "ecr": {"acme/app": ("1", "1.0.7", "1.0.8")},
    "open": {
        "pause": ("3.6", "3.8", "3.9", "3.10", "3.10.1"),
        "dotnet/runtime": ("8.0",),
        "nginx/nginx": ("1.27",),
        "ubi9/ubi": ("9.4", "9.5", "latest"),
    },
    hosts.COMPANY: {
        "app/ok": ("1", "2"),
        "app/web": ("1.0.0", "1.0.1", "1.1.0", "latest"),
        "acme/app": ("1", "2"),
        "app/vulnerable": ("1",),
        "pause": ("1",),
    },
}

#: Images for use with faulty hosts: each has layers that no node holds yet, 2 MB where a body must be long.
FAULT_IMAGES = (
    "cdn-nxdomain",
    "cdn-blackhole",
    "cdn-forbidden",
    "cdn-429",
    "cdn-500",
    "cdn-503",
    "cut",
    "stall",
    "reset",
    "slow",
    "spare-1",
    "spare-2",
    "spare-3",
)


def seed(stores: Path) -> dict[str, Store]:
    """Writes all images below that folder; returns the store of each site."""
    sites = [site.name for site in hosts.SITES] + [hosts.COMPANY]
    result = {name: Store(stores / name) for name in sites}
    for name, repositories in HEALTHY.items():
        for repository, tags in repositories.items():
            for tag in tags:
                result[name].push(repository, tag)
    _for_arm_alone(result["quay"], "prometheus/arm-exporter", "v1")
    company = result[hosts.COMPANY]
    _odd(company)
    _broken(company)
    for name in FAULT_IMAGES:
        company.push(
            f"fault/{name}", "1", layers=[base_layer(), own_layer(f"fault/{name}", padding=2_000_000)]
        )
    return result


def _odd(store: Store) -> None:
    """Sound images that do not suit this node or this runtime."""
    store.push("app/arm", "1", architecture="arm64")
    foreign = [store.push("app/index", f"for-{name}", architecture=name) for name in ("arm64", "s390x")]
    platforms = [{"os": "linux", "architecture": "arm64"}, {"os": "linux", "architecture": "s390x"}]
    store.push_index("app/index", "1", list(zip(foreign, platforms, strict=True)))
    layers = [own_layer("app/windows")]
    windows = store.push(
        "app/windows", "for-windows", layers=layers, config=image_config(layers, system="windows")
    )
    store.push_index(
        "app/windows",
        "1",
        [(windows, {"os": "windows", "architecture": "amd64", "os.version": "10.0.17763.1"})],
    )
    native = store.push("app/multi", "for-amd64")
    arm = store.push("app/multi", "for-arm64", architecture="arm64")
    store.push_index(
        "app/multi",
        "1",
        [(native, {"os": "linux", "architecture": "amd64"}), (arm, {"os": "linux", "architecture": "arm64"})],
    )
    store.push("app/huge", "1", layers=[base_layer(), own_layer("app/huge", padding=60_000_000)])
    store.push("app/medium", "1", layers=[base_layer(), own_layer("app/medium", padding=8_000_000)])
    store.push("app/many-files", "1", layers=[base_layer(), own_layer("app/many-files", files=30_000)])
    chart = Layer(
        gzip.compress(b"chart", mtime=0),
        digest(b"chart"),
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    )
    store.push(
        "app/helm",
        "1",
        layers=[chart],
        config={"name": "chart", "version": "1"},
        config_type="application/vnd.cncf.helm.config.v1+json",
    )
    lz4 = replace(own_layer("app/lz4"), media_type="application/vnd.oci.image.layer.v1.tar+lz4")
    store.push("app/lz4", "1", layers=[lz4])


def _for_arm_alone(store: Store, repository: str, tag: str) -> None:
    """An index with one entry."""
    image = store.push(repository, f"{tag}-arm64", architecture="arm64")
    store.push_index(repository, tag, [(image, {"os": "linux", "architecture": "arm64"})])


def _broken(store: Store) -> None:
    """Images whose content is not what their digests say. Only blobs that no other image shares are touched."""
    store.damage(_padded(store, "broken/layer"), _flip_the_middle)
    store.damage(_padded(store, "broken/truncated-layer"), lambda content: content[: len(content) // 2])
    store.damage(_padded(store, "broken/missing-layer"), lambda content: None)
    manifest = store.push("broken/manifest", "1").manifest
    store.damage(manifest.digest, lambda content: content.replace(b'": 2', b'":2 '))
    gone = store.push("broken/missing-manifest", "1").manifest
    store.damage(gone.digest, lambda content: None)
    config = store.push("broken/config", "1").config
    store.damage(config.digest, lambda content: content.replace(b"linux", b"linuX"))
    unreal = own_layer("broken/diff-id")
    store.push("broken/diff-id", "1", layers=[replace(unreal, diff_id="sha256:" + "0" * 64)])
    text = b"this is not a tar archive " * 100
    store.push("broken/not-tar", "1", layers=[Layer(gzip.compress(text, mtime=0), digest(text))])
    store.push("broken/not-gzip", "1", layers=[Layer(text, digest(text))])
    checksum = bytearray(own_layer("broken/gzip-checksum", padding=60_000).content)
    checksum[-6] ^= 1
    store.push("broken/gzip-checksum", "1", layers=[Layer(bytes(checksum), "sha256:" + "1" * 64)])


def _flip_the_middle(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(content) // 2] ^= 0xFF
    return bytes(changed)


def _padded(store: Store, repository: str) -> str:
    image = store.push(repository, "1", layers=[base_layer(), own_layer(repository, padding=50_000)])
    return image.own_layer.digest


def schema_1_manifest() -> str:
    """A manifest of the format that registries served until 2017 and containerd 2 no longer reads."""
    return json.dumps(
        {
            "schemaVersion": 1,
            "name": "app/old",
            "tag": "1",
            "architecture": "amd64",
            "fsLayers": [],
            "history": [],
            "signatures": [],
        }
    )
