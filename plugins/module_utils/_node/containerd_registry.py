# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containerd does for one registry: which folder of hosts it reads, and which endpoints come of it.

Source: containerd ``pkg/cri/server/image_pull.go`` (2.x: ``internal/cri/server/images/image_pull.go``),
``remotes/docker/config/hosts.go`` (2.x: ``core/remotes/docker/config/hosts.go``).
"""

from __future__ import annotations

import dataclasses
import posixpath
from urllib.parse import urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.probed import EndpointFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.containerd_checks import (
    PULL,
    RESOLVE,
    check_capabilities,
    check_clients,
    check_scheme,
    check_server_trust,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.containerd_config import (
    DEFAULT_CERTS,
    ContainerdConfig,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    ABSENT,
    FOLDER,
    READ,
    Look,
    host_of,
    is_loopback,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.hosts_toml import (
    HostEntry,
    HostsError,
    parse,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.trust import check_ca

DOCKER_HUB, DOCKER_HUB_HOST = "docker.io", "registry-1.docker.io"
BROKEN_LIST_SINCE = (2, 1)
"""From here on the transfer service takes a list of folders for the name of one: containerd#12415, #12808."""


class Registry:
    """What containerd does for one registry."""

    def __init__(self, look: Look, config: ContainerdConfig, registry: str, major: int) -> None:
        self.look = look
        self.files = look.runtime.files
        self.config = config
        self.registry = registry
        self.major = major

    def endpoints(self) -> list[EndpointFact]:
        if not self.config.known:
            # What containerd goes by is what it read before this configuration was broken or hidden.
            return []
        if not self.config.hosts_folders:
            self._check_unused_folders()
            return self._of_mirrors()
        if self._takes_list_for_name():
            return [self._origin("")]
        folder = self._folder()
        if folder is None:
            return [self._origin("")]
        return self._of_folder(folder)

    def _takes_list_for_name(self) -> bool:
        """The folders are read by nobody where the transfer service is given several of them."""
        version = self.look.runtime.version
        if len(self.config.hosts_folders) < 2 or self.config.local_pull or version < BROKEN_LIST_SINCE:
            return False
        used = [
            path for root in self.config.hosts_folders for path in self._candidates(root) if self._there(path)
        ]
        if used:
            joined = ":".join(self.config.hosts_folders)
            how = (
                "config_path names"
                if self.config.config_path_given
                else "without a config_path the default names"
            )
            self.look.problem(
                self._file_in(used[0]),
                "several_config_paths",
                f"{how} several folders ({joined}), and this containerd pulls through its transfer service, which "
                "takes the list for the name of one folder (containerd issue 12415)",
                f"this folder is not read: pulls from {self.registry} go to the registry itself, without the mirrors "
                "and CA files that are set up here.",
                registry=self.registry,
                certain=True,
            )
        return True

    def _candidates(self, root: str) -> list[str]:
        """The folders of a registry below ``root``, in the order in which containerd looks."""
        name, port = host_of(self.registry)
        own = [f"{name}_{port}_"] if port else []
        return [posixpath.join(root, one) for one in (*own, self.registry, "_default")]

    def _there(self, path: str) -> bool:
        return self.files.knows(path) and self.files.get(path).there

    def _file_in(self, folder: str) -> str:
        path = f"{folder}/hosts.toml"
        return path if self._there(path) else folder

    def _folder(self) -> str | None:
        """The folder that is read: the first that is there, of the first root that has one."""
        for root in self.config.hosts_folders:
            if (
                self.files.knows(root)
                and self.files.get(root).state == ABSENT
                and self.config.config_path_given
            ):
                self.look.problem(
                    self.config.files[0] if self.config.files else self.look.runtime.config,
                    "config_path_missing",
                    f"config_path names {root}, which is not there",
                    "containerd goes on without it: no mirror and no CA file is set up through it.",
                )
            for path in self._candidates(root):
                if self._there(path):
                    if path.endswith("/_default"):
                        self._check_other_names(path)
                    return path
        self._check_other_names("")
        return None

    def _check_other_names(self, chosen: str) -> None:
        """A folder whose name looks like this registry's, and is not."""
        name, port = host_of(self.registry)
        spellings = {name, f"{name}:443", f"{name}_443_", f"{name}:80", "https:", self.registry.upper()}
        if self.registry == DOCKER_HUB:
            spellings |= {DOCKER_HUB_HOST, "index.docker.io", "hub.docker.com", "registry.hub.docker.com"}
        for path in self.files.folders:
            base = posixpath.basename(path)
            if posixpath.dirname(path) not in self.config.hosts_folders or base == self.registry:
                continue
            alike = base in spellings or base.lower() == self.registry.lower()
            other_port = host_of(registry_of(base))
            if alike or (port and not other_port[1] and other_port[0] == name):
                then = f"{chosen} is read instead" if chosen else "pulls go to the registry itself"
                self.look.problem(
                    path,
                    "folder_name",
                    f"the folder's name {base} is not the registry's as images write it, {self.registry}",
                    f"containerd does not read this folder for {self.registry}: {then}.",
                    registry=self.registry,
                )

    def _of_folder(self, folder: str) -> list[EndpointFact]:
        file = f"{folder}/hosts.toml"
        seen = self.files.get(file)
        if seen.state == READ and not seen.cut and seen.text:
            try:
                entries = parse(seen.text, folder, self.major)
            except HostsError as error:
                self._say_undecodable(file, str(error))
            else:
                return self._of_entries(file, entries)
        elif self.files.knows(file) and seen.there and (seen.cut or seen.state != READ):
            self.look.text(file, f"which endpoints are tried for {self.registry}")
            return []
        return self._of_certificates(folder)

    def _say_undecodable(self, file: str, why: str) -> None:
        self.look.problem(
            file,
            "unparsable",
            f"it does not decode: {why}",
            f"containerd leaves the file aside without an error and pulls from {self.registry} itself; only its log "
            'says so ("failed to decode hosts.toml").',
            registry=self.registry,
            certain=True,
        )

    def _of_certificates(self, folder: str) -> list[EndpointFact]:
        """Docker's layout: NAME.crt are CAs, NAME.cert and NAME.key a client's certificate."""
        below = self.files.below(folder)
        authorities = tuple(one.path for one in below if one.path.endswith(".crt") and one.state != FOLDER)
        self._check_cas(authorities, folder)
        return [self._origin(folder if authorities else "", authorities)]

    def _check_cas(self, paths: tuple[str, ...], named_in: str) -> bool:
        usable = True
        for path in paths:
            usable &= check_ca(
                self.look,
                path,
                named_in=named_in,
                registry=self.registry,
                effect=f'every pull from {self.registry} fails ("unable to read CA cert" or "unable to load CA cert"), '
                "from whichever host.",
                fatal=True,
            )
        return usable

    def _of_entries(self, file: str, entries: list[HostEntry]) -> list[EndpointFact]:
        found = [self._endpoint(file, entry) for entry in entries]
        usable = True
        for entry in entries:
            usable = self._check_cas(entry.ca_files, file) and usable
            check_clients(self.look, self.registry, entry, file)
            check_scheme(self.look, self.registry, entry, file)
        check_capabilities(self.look, self.registry, file, entries)
        if usable:
            origin = urlsplit(self._origin("").url).netloc
            check_server_trust(self.look, self.registry, file, entries, origin, self.major)
        return found

    def _endpoint(self, file: str, entry: HostEntry) -> EndpointFact:
        url = entry.url
        if not entry.host:
            url = self._origin(file).url
        origin = urlsplit(url).netloc == urlsplit(self._origin("").url).netloc
        scheme_twice = entry.scheme == "http" and entry.has_tls and self.look.runtime.version >= (1, 7)
        return EndpointFact(
            node="",
            registry=self.registry,
            position=0,
            url=url.replace("http://", "https://", 1) if scheme_twice and not url.endswith(":80") else url,
            role="origin" if origin or entry.is_server else "mirror",
            source=file,
            resolves=RESOLVE in entry.capabilities,
            pulls=PULL in entry.capabilities,
            skip_verify=bool(entry.skip_verify),
            ca_files=entry.ca_files,
            headers=entry.headers,
            override_path=entry.override_path,
        )

    def _origin(self, source: str, ca_files: tuple[str, ...] = ()) -> EndpointFact:
        """The registry itself, as containerd reaches it where nothing says otherwise."""
        host = DOCKER_HUB_HOST if self.registry == DOCKER_HUB else self.registry
        scheme, skip_verify = "https", False
        if is_loopback(self.registry):
            port = host_of(self.registry)[1]
            old = self.look.runtime.version < (1, 7) and bool(self.look.runtime.version)
            scheme = "http" if old or port not in ("", "443") else "https"
            skip_verify = port != "80"
        return EndpointFact(
            node="",
            registry=self.registry,
            position=0,
            url=f"{scheme}://{host}/v2",
            role="origin",
            source=source,
            skip_verify=skip_verify,
            ca_files=ca_files,
        )

    def _check_unused_folders(self) -> None:
        """Folders of hosts that nobody reads, because no config_path names where they lie."""
        used = [path for root in DEFAULT_CERTS for path in self._candidates(root) if self._there(path)]
        if not used or not self.config.known:
            return
        if self.config.mirrors:
            why = "the configuration has mirrors instead of a config_path"
        else:
            why = "the configuration has no config_path"
        unknown = not self.look.runtime.version
        self.look.problem(
            self._file_in(used[0]),
            "no_config_path",
            f"{why}, so containerd reads no folders of hosts",
            f"this folder is ignored: pulls from {self.registry} go without its mirrors and CA files.",
            registry=self.registry,
            certain=not unknown
            and used[0].startswith("/etc/containerd/")
            and self.look.in_force(self.look.runtime.config),
        )

    def _of_mirrors(self) -> list[EndpointFact]:
        """The deprecated mirrors: those of the registry, else of ``*``; then the registry itself if it is none."""
        mirrors = self.config.mirrors
        listed = mirrors[self.registry] if self.registry in mirrors else mirrors.get("*", ())
        source = self.config.files[0] if self.config.files and listed else ""
        found, itself = [], False
        for one in listed:
            scheme = "http" if is_loopback(self.registry) else "https"
            url = one if "://" in one else f"{scheme}://{one}"
            parts = urlsplit(url) if _splits(url) else None
            if parts is None:
                continue
            itself = itself or parts.netloc == self.registry
            host = parts.netloc.rpartition("@")[2]
            found.append(self._mirror(f"{parts.scheme}://{host}{parts.path or '/v2'}", source))
        if not itself:
            found.append(self._mirror(self._origin("").url, source))
        return found

    def _mirror(self, url: str, source: str) -> EndpointFact:
        host = urlsplit(url).netloc
        tls = self.config.configs.get(host, {}).get("tls")
        tls = tls if isinstance(tls, dict) and self.major < 2 else {}
        ca = tls.get("ca_file")
        origin = self._origin("")
        return dataclasses.replace(
            origin,
            url=url,
            role="origin" if host == urlsplit(origin.url).netloc else "mirror",
            source=source,
            skip_verify=bool(tls.get("insecure_skip_verify"))
            or (origin.skip_verify and url.startswith("http:")),
            ca_files=(ca,) if isinstance(ca, str) and ca else (),
        )


def _splits(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def registry_of(folder: str) -> str:
    """Return the registry that a folder is named after (``host_port_`` stands for ``host:port``)."""
    name, mark, port = folder.removesuffix("_").rpartition("_")
    return f"{name}:{port}" if mark and port.isdigit() and folder.endswith("_") else folder
