# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that arrive, and are not what they should be."""

from __future__ import annotations

from tests.lab.scenarios.manifests import bare


def company(path: str) -> str:
    return f"registry.reg.test/{path}:1"


SCENARIOS = (
    bare(
        "platform-index",
        "an index for arm64 and s390x",
        company("app/index"),
        "platform_mismatch",
        confidence="confirmed",
        known="platform_mismatch",
        names=("arm64",),
    ),
    bare(
        "platform-windows",
        "an image for Windows",
        company("app/windows"),
        "platform_mismatch",
        confidence="confirmed",
        known="platform_mismatch",
        names=("windows",),
    ),
    bare(
        "layer-corrupt",
        "a layer with two wrong bytes",
        company("broken/layer"),
        "digest_mismatch",
        also=("runtime_error",),
    ),
    bare(
        "layer-truncated",
        "half a layer",
        company("broken/truncated-layer"),
        "digest_mismatch",
        also=("network_unreachable", "registry_server_error", "manifest_invalid"),
    ),
    bare(
        "layer-missing",
        "a layer that the registry has lost",
        company("broken/missing-layer"),
        "manifest_invalid",
        also=("tag_not_found", "registry_server_error"),
    ),
    bare(
        "manifest-missing",
        "a tag whose manifest the registry has lost",
        company("broken/missing-manifest"),
        "tag_not_found",
        also=("registry_server_error", "manifest_invalid"),
    ),
    bare(
        "manifest-changed",
        "a manifest that was changed in the registry's store",
        company("broken/manifest"),
        "digest_mismatch",
        also=("registry_server_error", "manifest_invalid", "tag_not_found"),
    ),
    bare(
        "configuration-changed",
        "a configuration that was changed in the registry's store",
        company("broken/config"),
        "digest_mismatch",
        also=("registry_server_error", "network_unreachable", "manifest_invalid"),
    ),
    bare(
        "diff-id-wrong",
        "a layer that unpacks to something else than the configuration says",
        company("broken/diff-id"),
        "digest_mismatch",
        also=("manifest_invalid",),
    ),
    bare(
        "not-a-tar",
        "a layer that is no tar archive",
        company("broken/not-tar"),
        "manifest_invalid",
        also=("runtime_error", "digest_mismatch"),
    ),
    bare(
        "not-gzip",
        "a layer that says gzip and is text",
        company("broken/not-gzip"),
        "manifest_invalid",
        also=("runtime_error", "digest_mismatch"),
    ),
    bare(
        "unknown-media-type",
        "a layer of a kind that the runtime does not know",
        company("app/lz4"),
        "manifest_invalid",
        also=("runtime_error", "digest_mismatch"),
    ),
    bare(
        "schema-1",
        "a manifest of the format of 2016",
        "schema1.reg.test/app/old:1",
        "manifest_invalid",
        since="1.36",
    ),
)
