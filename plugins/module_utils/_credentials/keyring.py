# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keyring: which entries fit a repository, in the order in which a kubelet tries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import (
    DockerConfig,
    Entry,
    Malformed,
    read_config,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keys import (
    HUB_KEY,
    is_hub,
    matches,
    normal_form,
    place_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.pull import PullSecret

CONFIG_JSON = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson")
CONFIG_FLAT = ("kubernetes.io/dockercfg", ".dockercfg")


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry in the keyring, and the name of the Secret, or of the other source, that brought it."""

    entry: Entry
    source: str = ""
    kept_elsewhere: bool = False


@dataclass(slots=True)
class Keyring:
    """One keyring of a kubelet (BasicDockerKeyring). Entries that are no URL are dropped, each for itself."""

    _kept: dict[bytes, list[Kept]] = field(default_factory=dict)

    def add(self, config: DockerConfig, source: str = "") -> None:
        """Take the entries of ``config``. Where two spellings of one text come to the same key, Go tries them in
        any order; here it is the order of the text."""
        for entry in config.entries:
            key = normal_form(entry.written)
            if key is not None:
                self._kept.setdefault(key, []).append(Kept(entry, source, config.kept_elsewhere))

    def lookup(self, repository: str) -> list[Kept]:
        """Return what fits ``repository`` (``docker.io/library/nginx``), the first to be tried first.

        Keys come in reverse byte order. Only where none fits and the repository is taken for one of Docker Hub,
        the entries of ``index.docker.io`` do.
        """
        target = place_of(repository.encode("utf-8", "surrogateescape"))
        found: list[Kept] = []
        for key in sorted(self._kept, reverse=True):
            place = place_of(key)
            if place is not None and target is not None and matches(place, target):
                found += self._kept[key]
        if not found and is_hub(repository):
            found += self._kept.get(HUB_KEY, [])
        return found


def config_of(secret: PullSecret) -> DockerConfig | None:
    """Return the entries of a pull secret; None where a kubelet passes it over. Raises Malformed.

    Passed over is whatever has not exactly one of the two types with its own key and a value (pkg/
    credentialprovider/secrets), however broken.
    """
    for (kind, key), flat in ((CONFIG_JSON, False), (CONFIG_FLAT, True)):
        content = secret.data.get(key)
        if secret.type == kind and content:
            config = _read_once(content, flat)
            if isinstance(config, Malformed):
                raise Malformed(str(config), config.key)
            return config
    return None


@lru_cache(maxsize=512)
def _read_once(content: bytes, flat: bool) -> DockerConfig | Malformed:
    """Read a configuration, which many pods may share, once."""
    try:
        return read_config(content, flat=flat)
    except Malformed as error:
        return error


def keyring_of(secrets: Sequence[PullSecret]) -> Keyring:
    """Return the one keyring that all pull secrets of a pod make. Raises Malformed, and nothing is pulled then."""
    keyring = Keyring()
    for secret in secrets:
        config = config_of(secret)
        if config is not None:
            keyring.add(config, secret.name)
    return keyring


def node_config(configs: Sequence[bytes], legacy: Sequence[bytes] = ()) -> DockerConfig:
    """Return what a kubelet takes from files of its node: the first that parses, never two of them.

    ``configs`` are the contents of the ``config.json`` files that exist, in the order of their places;
    ``legacy`` of the ``.dockercfg`` files, which count only where no ``config.json`` parses.
    """
    for contents, flat in ((configs, False), (legacy, True)):
        for content in contents:
            try:
                return read_config(content, flat=flat)
            except Malformed:
                continue
    return DockerConfig()


def lookup_all(
    repository: str,
    secrets: Sequence[PullSecret],
    node: DockerConfig,
    providers: Sequence[tuple[str, DockerConfig]] = (),
    kubelet: tuple[int, int] = (1, 34),
) -> list[Kept]:
    """Return everything that a kubelet tries: pull secrets, the node's file, the answers of provider plugins.

    ``providers`` are (name, answer) in the order of the configuration. From 1.33 on the node's file is a keyring of
    its own, and all providers together another; up to 1.32 both share one, the providers sorted by name behind the
    file, whose registered name is ``.dockercfg``. Raises Malformed.
    """
    found = keyring_of(secrets).lookup(repository)
    if kubelet >= (1, 33):
        return found + _together([("", node)], repository) + _together(providers, repository)
    file_and_providers = [(".dockercfg", node), *providers]
    return found + _together(sorted(file_and_providers, key=lambda named: named[0].encode()), repository)


def _together(sources: Sequence[tuple[str, DockerConfig]], repository: str) -> list[Kept]:
    keyring = Keyring()
    for source, config in sources:
        keyring.add(config, source)
    return keyring.lookup(repository)
