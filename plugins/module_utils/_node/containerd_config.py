# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's config.toml, of 1.x and 2.x: what of it concerns pulls, with its imports laid over it.

Source: containerd ``cmd/containerd/server/config/config.go`` (1.x: ``services/server/config/config.go``),
``pkg/cri/config/config.go``, ``plugins/cri/images/plugin.go``. What follows from it:

* version 1 (or none) calls the plugin ``cri``, version 2 ``io.containerd.grpc.v1.cri``, version 3 and later
  ``io.containerd.cri.v1.images``; containerd 2 migrates old names, containerd 1.x ignores names of another version
  and does not start with a version it does not know;
* an import replaces a plugin's whole section in 1.x, and is merged into it in 2.x;
* without ``config_path`` no folder of hosts is read up to 2.1; from 2.2 on the default is
  ``/etc/containerd/certs.d:/etc/docker/certs.d``;
* ``mirrors`` beside ``config_path`` (up to 1.7 also ``configs.tls``) keeps the CRI plugin from loading;
* containerd reads all this at its start, and the folders of hosts at every pull.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    READ,
    Look,
    parse_toml,
    shown,
)

OLD_PLUGIN, NEW_PLUGIN, FIRST_PLUGIN = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "cri"
DEFAULT_CERTS = ("/etc/containerd/certs.d", "/etc/docker/certs.d")


@dataclass(frozen=True, slots=True)
class ContainerdConfig:
    """What concerns pulls. ``hosts_folders`` are the folders that ``config_path`` names, the default included."""

    version: int = 0
    files: tuple[str, ...] = ()
    hosts_folders: tuple[str, ...] = ()
    config_path_given: bool = False
    mirrors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    local_pull: bool = True
    sandbox: str = ""
    snapshotter: str = ""
    root: str = ""
    settings: tuple[str, ...] = ()
    known: bool = True
    """False where a file was there and could not be read: nothing certain follows from what is missing here."""


def read_config(look: Look, major: int) -> ContainerdConfig:
    """Read the configuration of a node's containerd, and add to ``look`` what is wrong in it."""
    runtime = look.runtime
    merged: dict[str, Any] = {}
    files: list[str] = []
    known = True
    version = 0
    for file in [runtime.config, *_imported(look)]:
        state = runtime.files.get(file).state
        text = look.text(file, "which endpoints containerd tries, and which folders of hosts it reads")
        if text is None:
            known = known and state != READ and not runtime.files.get(file).there
            continue
        files.append(file)
        data = _loaded(look, file, text)
        if data is None:
            known = False
            continue
        if file == runtime.config:
            version = data["version"] if isinstance(data.get("version"), int) else 1
        _merge(merged, data, deep=major >= 2)
    look.config_files.extend(files)
    look.needs_restart.extend(files)
    section = _section(look, merged, version, major) if files else {}
    return _config(look, merged, section, version, tuple(files), known)


def _imported(look: Look) -> list[str]:
    """The files that the node found for ``imports``; it sent them right after the main one."""
    config = look.runtime.config
    return [
        file.path
        for file in look.runtime.files
        if file.path.endswith(".toml") and not file.path.endswith("/hosts.toml") and file.path != config
    ]


def _loaded(look: Look, file: str, text: str) -> dict[str, Any] | None:
    try:
        return parse_toml(text)
    except ValueError as error:
        look.problem(
            file,
            "config_unparsable",
            f"it is no valid TOML: {error}",
            "containerd does not start with this file; one that runs goes on with what it read at its start.",
            cause="runtime_error",
            certain=not look.runtime.running,
        )
        return None


def _merge(into: dict[str, Any], data: dict[str, Any], deep: bool, path: tuple[str, ...] = ()) -> None:
    for key, value in data.items():
        old = into.get(key)
        # 1.x replaces plugins."NAME" as a whole, 2.x goes on below it.
        if isinstance(value, dict) and isinstance(old, dict) and (deep or not path) and len(path) < 20:
            _merge(old, value, deep, (*path, key))
        elif value not in ("", 0, None):
            into[key] = value


def _section(look: Look, merged: dict[str, Any], version: int, major: int) -> dict[str, Any]:
    """The plugin section that holds the registry settings in this version."""
    plugins = _table(merged, "plugins")
    old, new, first = (_table(plugins, name) for name in (OLD_PLUGIN, NEW_PLUGIN, FIRST_PLUGIN))
    config = look.runtime.config
    if major < 2:
        if version > 2:
            look.problem(
                config,
                "config_version",
                f"it says version = {version}, and containerd 1.x knows 1 and 2",
                "containerd does not start with this file.",
                cause="runtime_error",
                certain=not look.runtime.running,
            )
        if version < 2 and old.get("registry"):
            look.problem(
                config,
                "config_version",
                f'it lacks "version = 2", so containerd 1.x does not know the section "{OLD_PLUGIN}"',
                "containerd ignores the registry settings of this file without a word.",
                certain=look.in_force(config),
            )
        return old if version >= 2 else first
    if version < 3:
        joined: dict[str, Any] = {}
        for part in (first, old, new):
            _merge(joined, part, deep=True)
        return joined
    if old.get("registry") and not new.get("registry"):
        look.problem(
            config,
            "wrong_plugin_name",
            f'the registry settings stand under "{OLD_PLUGIN}", which version {version} calls "{NEW_PLUGIN}"',
            "containerd ignores these registry settings without a word.",
            certain=look.in_force(config),
        )
    return new


def _config(
    look: Look,
    merged: dict[str, Any],
    section: dict[str, Any],
    version: int,
    files: tuple[str, ...],
    known: bool,
) -> ContainerdConfig:
    registry = _table(section, "registry")
    config_path = registry.get("config_path")
    mirrors = {
        name: tuple(one for one in _list(table.get("endpoint")) if isinstance(one, str))
        for name, table in _table(registry, "mirrors").items()
        if isinstance(table, dict)
    }
    configs = {name: one for name, one in _table(registry, "configs").items() if isinstance(one, dict)}
    folders = [one for one in config_path.split(":") if one] if isinstance(config_path, str) else []
    given = bool(folders)
    if not folders and not mirrors and look.runtime.version >= (2, 2):
        folders = list(DEFAULT_CERTS)
    pinned = _table(section, "pinned_images").get("sandbox")
    sandbox = pinned or section.get("sandbox_image") or ""
    snapshotter = section.get("snapshotter") or _table(section, "containerd").get("snapshotter") or ""
    return ContainerdConfig(
        version=version,
        files=files,
        hosts_folders=tuple(folders),
        config_path_given=given,
        mirrors=mirrors,
        configs=configs,
        local_pull=look.runtime.version < (2, 1) or _local_pull(section, registry),
        sandbox=sandbox if isinstance(sandbox, str) else "",
        snapshotter=snapshotter if isinstance(snapshotter, str) else "",
        root=merged["root"] if isinstance(merged.get("root"), str) else "",
        settings=_settings(section, merged),
        known=known,
    )


def _local_pull(section: dict[str, Any], registry: dict[str, Any]) -> bool:
    """Whether containerd from 2.1 pulls by its client, not by the transfer service (CheckLocalImagePullConfigs)."""
    return bool(
        section.get("use_local_image_pull")
        or section.get("disable_snapshot_annotations") is False
        or section.get("discard_unpacked_layers")
        or section.get("image_pull_with_sync_fs")
        or section.get("max_concurrent_downloads", 3) != 3
        or any(registry.get(key) for key in ("mirrors", "configs", "auths"))
    )


def _settings(section: dict[str, Any], merged: dict[str, Any]) -> tuple[str, ...]:
    """Settings beside the registry's that pulls depend on, where they are set."""
    names = ("max_concurrent_downloads", "image_pull_progress_timeout", "use_local_image_pull")
    found = [f"{name}={shown(section[name])}" for name in names if name in section]
    transfer = _table(_table(merged, "plugins"), "io.containerd.transfer.v1.local")
    if "max_concurrent_downloads" in transfer:
        found.append(f"transfer.max_concurrent_downloads={shown(transfer['max_concurrent_downloads'])}")
    if _table(merged, "stream_processors"):
        found.append(f"stream_processors={len(_table(merged, 'stream_processors'))}")
    return tuple(found)


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
