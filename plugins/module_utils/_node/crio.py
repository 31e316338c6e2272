# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CRI-O and podman: registries.conf with its drop-ins, short names, policy.json and certs.d.

Source: containers-registries.conf(5), containers-registries.conf.d(5), containers-policy.json(5),
containers-certs.d(5), and ``pkg/sysregistriesv2`` and ``pkg/shortnames`` of containers/image. CRI-O reads
registries.conf at its start and at SIGHUP.
"""

from __future__ import annotations

import contextlib
import dataclasses
import posixpath
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import EndpointFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    ABSENT,
    FOLDER,
    READ,
    Look,
    Runtime,
    Wanted,
    parse_toml,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.policy_json import (
    POLICY,
    check_policy,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.trust import check_ca

MAIN = "/etc/containers/registries.conf"
VENDOR = "/usr/share/containers/registries.conf"
DROP_INS = ("/usr/share/containers/registries.conf.d", "/etc/containers/registries.conf.d")
CERTS = ("/etc/containers/certs.d", "/etc/docker/certs.d")
CACHED_ALIASES = "/var/cache/containers/short-name-aliases.conf"

SCRIPT = r"""
send_timed /etc/containers/registries.conf 65536
[ -e /etc/containers/registries.conf ] || send_timed /usr/share/containers/registries.conf 65536
for entry in /usr/share/containers/registries.conf.d/*.conf /etc/containers/registries.conf.d/*.conf; do
    [ -e "$entry" ] && send_timed "$entry" 65536
done
send /etc/containers/policy.json 65536
send /var/cache/containers/short-name-aliases.conf
if [ "$RT" = cri-o ]; then
    send_timed /etc/crio/crio.conf
    for entry in /etc/crio/crio.conf.d/*; do [ -f "$entry" ] && send_timed "$entry"; done
fi
IFS=:
for root in $RT_CERTS; do
    IFS=$nl
    say_folders "$root"
    count=0
    for entry in "$root"/*; do
        [ -d "$entry" ] && [ "$count" -lt 20 ] || continue
        count=$((count + 1))
        send "$entry"
        send_certificate_files "$entry"
    done
    IFS=:
done
IFS=' 	'$nl
"""


@dataclass(slots=True)
class _Config:
    """registries.conf with its drop-ins."""

    registries: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    search: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    short_name_mode: str = ""
    broken: bool = False


def look_at(runtime: Runtime) -> Look:
    """Return what the files say about the images that are wanted."""
    look = Look(runtime)
    config = _read(look)
    for one in runtime.wanted:
        for wanted in _qualified(look, config, one):
            if not config.broken:
                _endpoints(look, config, wanted)
            check_policy(look, wanted)
    if not runtime.wanted:
        for prefix in list(config.registries)[:20]:
            host, dummy, path = prefix.partition("/")
            _endpoints(look, config, Wanted(host, path))
    _check_files(look)
    return look


def _read(look: Look) -> _Config:
    """Read the files in their order: each later one replaces a registry of the same prefix."""
    config = _Config()
    files = look.runtime.files
    main = MAIN if files.get(MAIN).state != ABSENT else VENDOR
    paths = [main] if files.knows(main) else []
    drop_ins: dict[str, str] = {}
    for folder in DROP_INS:
        for file in files.below(folder):
            drop_ins[posixpath.basename(file.path)] = file.path
    for path in [*paths, *(drop_ins[name] for name in sorted(drop_ins))]:
        text = look.text(path, "which registries, mirrors and short names are set up")
        if text is None:
            config.broken = config.broken or files.get(path).there
            continue
        look.config_files.append(path)
        look.needs_restart.append(path)
        try:
            _add(config, parse_toml(text), path)
        except ValueError as error:
            config.broken = True
            look.problem(
                path,
                "unparsable",
                f"it is no valid configuration: {error}"[:600],
                f'every pull fails once {look.runtime.name} has read it ("loading registries configuration").',
                cause="runtime_error",
                certain=look.runtime.name == "podman" or not look.runtime.running,
            )
    return config


def _add(config: _Config, data: dict[str, Any], path: str) -> None:
    old = data.get("registries")
    new = "registry" in data or "unqualified-search-registries" in data or "short-name-mode" in data
    if isinstance(old, dict) and new:
        raise ValueError("it mixes version 1 ([registries.search] …) with version 2 ([[registry]] …)")
    if isinstance(old, dict):
        config.search = _strings(_table(old, "search"), "registries")
        for host in _strings(_table(old, "insecure"), "registries"):
            config.registries[host] = ({"prefix": host, "insecure": True}, path)
        for host in _strings(_table(old, "block"), "registries"):
            config.registries[host] = (
                {**config.registries.get(host, ({}, ""))[0], "prefix": host, "blocked": True},
                path,
            )
    if "unqualified-search-registries" in data:
        config.search = _strings(data, "unqualified-search-registries")
    if isinstance(data.get("short-name-mode"), str):
        config.short_name_mode = data["short-name-mode"]
    config.aliases.update(
        {key: value for key, value in _table(data, "aliases").items() if isinstance(value, str)}
    )
    for one in data.get("registry") or ():
        if not isinstance(one, dict):
            raise ValueError("a registry is no table")
        prefix = one.get("prefix") or one.get("location")
        if not isinstance(prefix, str) or not prefix:
            raise ValueError("a registry has neither prefix nor location")
        if "://" in prefix or "://" in str(one.get("location", "")):
            raise ValueError(f"the location or prefix of {prefix} has a scheme, and may have none")
        config.registries[prefix.rstrip("/")] = (one, path)


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _strings(data: dict[str, Any], key: str) -> list[str]:
    value = data.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _qualified(look: Look, config: _Config, wanted: Wanted) -> list[Wanted]:
    """The names that a short name may stand for; a full name is itself."""
    name = wanted.name.partition("@")[0]
    first = name.partition("/")[0]
    if not wanted.name or ("/" in name and ("." in first or ":" in first or first == "localhost")):
        return [wanted]
    short = _without_tag(name)
    aliases = dict(config.aliases)
    cached = look.runtime.files.text(CACHED_ALIASES)
    if cached:
        with contextlib.suppress(ValueError):
            aliases = {**_table(parse_toml(cached), "aliases"), **aliases}
    full = aliases.get(short)
    if isinstance(full, str) and "/" in full:
        host, dummy, path = full.partition("/")
        return [Wanted(host, path, wanted.name, wanted.by_digest)]
    if config.broken:
        return []
    if not config.search:
        _say_short(
            look,
            wanted.name,
            "no alias and no unqualified-search-registries say which registry it is of",
            True,
        )
        return []
    if len(config.search) > 1 and config.short_name_mode in ("enforcing", ""):
        listed = ", ".join(config.search)[:300]
        _say_short(
            look,
            wanted.name,
            f"it may be of several registries ({listed}), and short names are enforced",
            False,
        )
    return [
        Wanted(
            host,
            short if "/" in short or host != "docker.io" else f"library/{short}",
            wanted.name,
            wanted.by_digest,
        )
        for host in config.search
    ]


def _say_short(look: Look, name: str, why: str, certain: bool) -> None:
    look.problem(
        MAIN,
        "short_name",
        f"the image {name} names no registry: {why}",
        "the runtime refuses to guess, and does not pull it.",
        cause="short_name",
        certain=certain,
    )


def _without_tag(name: str) -> str:
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _matching(config: _Config, name: str) -> tuple[str, dict[str, Any], str] | None:
    """The registry of the longest prefix of ``name`` (host/path); ``*.domain`` stands for subdomains."""
    host = name.partition("/")[0]
    best: tuple[int, str] | None = None
    for prefix in config.registries:
        if prefix.startswith("*."):
            fits = host.endswith(prefix[1:]) and "/" not in prefix
            length = len(host) if fits else 0
        else:
            fits = name == prefix or name.startswith((f"{prefix}/", f"{prefix}:"))
            length = len(prefix)
        if fits and (best is None or length >= best[0]):
            best = (length, prefix)
    if best is None:
        return None
    table, path = config.registries[best[1]]
    return best[1], table, path


def _endpoints(look: Look, config: _Config, wanted: Wanted) -> None:
    name = f"{wanted.registry}/{wanted.repository}".rstrip("/")
    found = _matching(config, name)
    registry = wanted.registry
    if found is None:
        look.endpoints_of(registry, [_endpoint(look, name, wanted.registry, "", {}, "origin")])
        return
    prefix, table, path = found
    mirrors = (
        [one for one in table.get("mirror") or () if isinstance(one, dict)]
        if isinstance(table.get("mirror"), list)
        else []
    )
    by_digest_only = table.get("mirror-by-digest-only") is True
    endpoints = []
    for mirror in mirrors:
        location = mirror.get("location")
        if not isinstance(location, str) or not location:
            continue
        when = mirror.get("pull-from-mirror", "all")
        one = _endpoint(look, _rewritten(name, prefix, location), registry, path, mirror, "mirror")
        digest_only = by_digest_only or when == "digest-only"
        endpoints.append((one, not digest_only, when != "tag-only"))
        if digest_only and not wanted.by_digest:
            look.problem(
                path,
                "digest_only_mirror",
                f"the mirror {location[:200]} is for digests only",
                f"images of {prefix} that are named by a tag are never asked of it.",
                registry=registry,
            )
    location = table.get("location")
    own = _rewritten(name, prefix, location) if isinstance(location, str) and location else name
    endpoints.append((_endpoint(look, own, registry, path, table, "origin"), True, True))
    look.endpoints_of(registry, [_resolving(one, resolves, pulls) for one, resolves, pulls in endpoints])
    if table.get("blocked") is True:
        look.problem(
            path,
            "blocked",
            f"the registry {prefix} is blocked",
            f'no image of it is pulled ("registry {prefix} is blocked in {path}").',
            registry=registry,
            cause="signature_policy",
            certain=True,
        )


def _rewritten(name: str, prefix: str, location: str) -> str:
    if prefix.startswith("*."):
        return location.rstrip("/") + name[len(name.partition("/")[0]) :]
    return location.rstrip("/") + name[len(prefix) :]


def _resolving(endpoint: EndpointFact, resolves: bool, pulls: bool) -> EndpointFact:
    return dataclasses.replace(endpoint, resolves=resolves, pulls=pulls)


def _endpoint(
    look: Look, name: str, registry: str, source: str, table: dict[str, Any], role: str
) -> EndpointFact:
    host, dummy, path = name.partition("/")
    asked = "registry-1.docker.io" if host == "docker.io" else host
    authorities: tuple[str, ...] = ()
    for root in CERTS:
        folder = f"{root}/{host}"
        if look.runtime.files.get(folder).state != FOLDER:
            continue
        below = look.runtime.files.below(folder)
        authorities = tuple(one.path for one in below if one.path.endswith(".crt"))
        for one in authorities:
            effect = f"certificates of {host} that only this CA vouches for are refused."
            check_ca(look, one, named_in=folder, registry=registry, effect=effect, fatal=False)
        break
    return EndpointFact(
        node="",
        registry=registry,
        position=0,
        url=f"https://{asked}/v2/{path}".rstrip("/"),
        role=role,
        source=source,
        skip_verify=table.get("insecure") is True,
        ca_files=authorities,
        blocked=table.get("blocked") is True,
    )


def _check_files(look: Look) -> None:
    """CRI-O's own configuration: a signature policy of its own, and what hides registries.conf."""
    for file in look.runtime.files:
        if not file.path.startswith("/etc/crio/") or file.state != READ:
            continue
        look.config_files.append(file.path)
        look.needs_restart.append(file.path)
        try:
            image = _table(_table(parse_toml(file.text), "crio"), "image")
        except ValueError as error:
            look.problem(
                file.path,
                "config_unparsable",
                f"it is no valid TOML: {error}"[:600],
                "CRI-O does not start with this file; one that runs goes on with what it read at its start.",
                cause="runtime_error",
                certain=not look.runtime.running,
            )
            continue
        policy = image.get("signature_policy")
        if isinstance(policy, str) and policy and policy != POLICY:
            look.gap(
                f"{policy[:200]}",
                f"{file.path} names it instead of {POLICY}",
                "whether the policy lets images in",
            )
        if isinstance(image.get("pause_image"), str):
            look.details.append(f"pause_image={image['pause_image'][:200]}")
