# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd: the endpoints that it tries for a registry, and what is wrong in its files.

Source: ``pkg/cri/server/image_pull.go`` (2.x: ``internal/cri/server/images/image_pull.go``), ``remotes/docker``
(2.x: ``core/remotes/docker``). A tag is asked of hosts that may resolve and pull, a digest of those that may pull.
"""

from __future__ import annotations

import posixpath

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.containerd_config import (
    ContainerdConfig,
    read_config,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.containerd_registry import (
    Registry,
    registry_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import Look, Runtime

SCRIPT = r"""
send_timed "$RT_CONFIG" 65536
rt_read "$RT_CONFIG"
certs=$RT_CERTS
strings_in "$rt_text" imports
patterns= imports=$found
IFS=$nl
set -f
for entry in $imports; do
    case $entry in /*) ;; *) entry=${RT_CONFIG%/*}/$entry ;; esac
    patterns=$patterns$entry$nl
done
set +f
for entry in $patterns; do
    [ -f "$entry" ] || continue
    send_timed "$entry" 65536
    rt_read "$entry"
    strings_in "$rt_text" config_path
    [ -z "$found" ] || certs=$certs:${found%"$nl"}
    IFS=$nl
done
case $RT_VARIANT in
    k3s|rke2)
        send_timed "/etc/rancher/$RT_VARIANT/registries.yaml" 65536
        send_timed "/etc/rancher/$RT_VARIANT/config.yaml" 65536 send_k3s_config ;;
esac
certs=$certs:/etc/containerd/certs.d:/etc/docker/certs.d
IFS=:
for root in $certs; do
    case $root in /*) ;; *) continue ;; esac
    case $send_seen in *"|$root|"*) continue ;; esac
    send "$root"
    say_folders "$root"
    IFS=$nl
    if [ "$RT_ASKED" ]; then
        for host in $RT_ASKED; do
            case $host in *:*) send_host "$root/${host%:*}_${host##*:}_" ;; esac
            send_host "$root/$host"
        done
        send_host "$root/_default"
    else
        count=0
        for entry in "$root"/*; do
            [ -d "$entry" ] && [ "$count" -lt 20 ] || continue
            count=$((count + 1))
            send_host "$entry"
        done
    fi
    IFS=:
done
IFS=' 	'$nl
"""
"""What a node sends of containerd. RT_ASKED are the registries' hosts, one a line; empty: whatever is set up."""

FUNCTIONS = r"""
# The folder of one registry's host: hosts.toml, the certificates that it names, and those that lie there.
send_host() {
    send "$1"
    [ -d "$1" ] || return 0
    send "$1/hosts.toml"
    rt_read "$1/hosts.toml"
    host_text=$rt_text
    for host_key in ca client; do
        strings_in "$host_text" "$host_key"
        IFS=$nl
        for entry in $found; do
            case $entry in /*) ;; *) entry=$1/$entry ;; esac
            if [ "$host_key" = ca ]; then send "$entry" 65536 send_certificates
            else send "$entry" 0 send_certificates; fi
            IFS=$nl
        done
    done
    send_certificate_files "$1"
    IFS=$nl
}
send_k3s_config() {
    head -c "$2" "$1" | grep -E '^(embedded-registry|disable-default-registry-endpoint|private-registry)' || :
}
"""


def look_at(runtime: Runtime) -> Look:
    """Return what containerd's files say about the images that are wanted."""
    look = Look(runtime)
    major = runtime.version[0] if runtime.version else 0
    config = read_config(look, major or _guessed_major(runtime))
    look.snapshotter = config.snapshotter
    look.details.extend(config.settings)
    _check_sandbox(look, config)
    for registry in registries(look, config):
        look.endpoints_of(
            registry, Registry(look, config, registry, major or (2 if config.version > 2 else 1)).endpoints()
        )
    _check_deprecated(look, config, major)
    return look


def _guessed_major(runtime: Runtime) -> int:
    """Version 3 of the file came with containerd 2."""
    text = runtime.files.text(runtime.config) or ""
    first = next((line for line in text.splitlines() if line.replace(" ", "").startswith("version=")), "")
    return 2 if first.rpartition("=")[2].strip() in ("3", "4") else 1


def registries(look: Look, config: ContainerdConfig) -> list[str]:
    """The registries that are asked about; where none is, those that something is set up for."""
    wanted = [one.registry for one in look.runtime.wanted]
    if not wanted:
        for folder in config.hosts_folders:
            prefix = folder.rstrip("/") + "/"
            below = [path for path in look.runtime.files.folders if path.startswith(prefix)]
            wanted.extend(registry_of(posixpath.basename(path)) for path in below[:20])
        wanted.extend(config.mirrors)
    return [one for one in dict.fromkeys(wanted) if one not in ("_default", "*", "")]


def _check_deprecated(look: Look, config: ContainerdConfig, major: int) -> None:
    file = config.files[0] if config.files else look.runtime.config
    tls = sorted(name for name, one in config.configs.items() if one.get("tls"))
    if config.config_path_given and (config.mirrors or (tls and major < 2)):
        what = "mirrors" if config.mirrors else "configs.tls"
        look.problem(
            file,
            "deprecated_mirrors",
            f"{what} and config_path are both set",
            f'containerd does not load its CRI plugin ("`{what}` cannot be set when `config_path` is provided"): no '
            "pod starts after its next start.",
            cause="runtime_error",
            certain=bool(major) and look.in_force(file),
        )
    elif config.mirrors:
        look.problem(
            file,
            "deprecated_mirrors",
            f"registry.mirrors is set for {', '.join(sorted(config.mirrors))[:200]}",
            "containerd still reads it, warns, and will drop it: config_path and hosts.toml are the way now.",
        )
    if tls and major >= 2 and not config.config_path_given:
        look.problem(
            file,
            "deprecated_tls",
            f"registry.configs…tls is set for {', '.join(tls)[:200]}",
            "containerd 2 does not read it: these hosts are reached with the system's trust alone.",
            certain=look.in_force(file),
        )


def _check_sandbox(look: Look, config: ContainerdConfig) -> None:
    if config.sandbox.startswith("k8s.gcr.io/"):
        look.problem(
            config.files[0] if config.files else look.runtime.config,
            "sandbox_image",
            f"the sandbox image is {config.sandbox[:200]}",
            "k8s.gcr.io is frozen since April 2023 and redirects: a node without this image that cannot pull it starts "
            "no pod at all.",
        )
