# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pull: what is wanted, what the node has for it, and which client is to do it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRef,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Login

CLIENTS = ("ctr", "nerdctl", "docker", "podman", "crictl")
NAMESPACE = "image-pull-runbooks"
"""containerd's namespace of the manual pull; what is to be kept goes to one of its own, which is never swept."""
KEPT_NAMESPACE = "image-pull-runbooks-kept"
FOLDER = "image-pull-runbooks"
"""The private folder of a pull, below /run (else /dev/shm): it holds the credential, and keeps a second pull out."""

PLATFORM = re.compile(r"[a-z0-9]{1,16}/[a-z0-9_]{1,16}(?:/[a-z0-9]{1,8})?\Z")
LEAST_INODES = 1000
LEAST_SHARE = 0.1
"""Of the file system, where the image's size is not known: the kubelet itself calls less than 10 % pressure."""


@dataclass(frozen=True, slots=True)
class PullWish:
    """One image that is to be pulled on the node.

    ``seconds`` is the limit of the pull itself. ``size_bytes`` is the compressed size where it is known, ``factor`` how
    much room it takes, unpacked and beside itself. ``login`` null: nothing is offered.
    """

    image: str
    login: Login | None = None
    client: str = "auto"
    platform: str = ""
    seconds: float = 60.0
    keep: bool = False
    as_kubelet: bool = False
    size_bytes: int | None = None
    factor: float = 3.0

    @property
    def ref(self) -> ImageRef:
        """The image's reference, parsed. Raises ImageRefError."""
        return parse_image_ref(self.image)

    @property
    def registry(self) -> str:
        return self.ref.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class HostFolder:
    """A registry host's folder below one of the runtime's; ``certificates`` are the files of Docker's layout."""

    path: str
    toml: str = ""
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What a node has for a manual pull, as it said itself: none of it is trusted.

    ``runtime`` is ``containerd``, ``docker``, ``cri-o``, ``podman`` or empty; ``certs`` the folders that have one for
    each registry host. ``present`` tells of each image whether the kubelet's store has it, null where that is not
    known. ``answers`` is false where the runtime did not answer its client.
    """

    runtime: str = ""
    variant: str = ""
    socket: str = ""
    root: str = ""
    certs: tuple[str, ...] = ()
    user: str = ""
    tools: frozenset[str] = frozenset()
    client_version: str = ""
    answers: bool | None = None
    answer_text: str = ""
    bytes_free: int | None = None
    bytes_total: int | None = None
    inodes_free: int | None = None
    inline_registries: bool = False
    folders: Mapping[str, HostFolder] = field(default_factory=dict)
    present: Mapping[str, bool | None] = field(default_factory=dict)

    def hosts_dir(self, image: str) -> str:
        """Return the runtime's folder that has one for the image's registry, else its first; empty without any."""
        folder = self.folders.get(image)
        if folder is not None:
            return posixpath.dirname(folder.path)
        return self.certs[0] if self.certs else ""

    @property
    def major(self) -> int:
        """containerd's major version; 1 where it is not known, whose rules are the stricter ones."""
        match = re.match(r"v?(\d{1,3})\.", self.client_version)
        return int(match[1]) if match else 1


_SOCKETS = {
    "ctr": ("containerd", "/run/containerd/containerd.sock"),
    "nerdctl": ("containerd", "/run/containerd/containerd.sock"),
    "docker": ("docker", "/run/docker.sock"),
}
_BY_RUNTIME = {
    "containerd": ("ctr", "nerdctl"),
    "docker": ("docker",),
    "cri-o": ("podman",),
    "podman": ("podman",),
}


def socket_for(client: str, survey: Survey) -> str:
    """Return the socket that ``client`` talks to: the runtime's where it is of that runtime, else the usual one."""
    runtime, usual = _SOCKETS.get(client, (survey.runtime, survey.socket))
    return survey.socket if survey.socket and survey.runtime == runtime else usual


def choose_client(wish: PullWish, survey: Survey) -> tuple[str, str]:
    """Return the client that is to pull, and (where there is none) why not."""
    if wish.as_kubelet:
        return _through_cri(wish, survey)
    if wish.client == "crictl":
        return "", "crictl pulls into the kubelet's own store: that is done only with as_kubelet"
    if wish.client != "auto":
        return (
            (wish.client, "")
            if wish.client in survey.tools
            else ("", f"there is no {wish.client} on the node")
        )
    fitting = _BY_RUNTIME.get(survey.runtime, CLIENTS[:4])
    present = [client for client in fitting if client in survey.tools]
    if not present:
        of_whom = f" of {survey.runtime}" if survey.runtime else ""
        return "", f"no client{of_whom} is on the node ({', '.join(fitting)})"
    if present[0] == "ctr" and wish.login and "curl" not in survey.tools and "nerdctl" in present:
        return "nerdctl", ""
    return present[0], ""


def _through_cri(wish: PullWish, survey: Survey) -> tuple[str, str]:
    if survey.runtime == "docker" and wish.client in ("auto", "docker") and "docker" in survey.tools:
        return "docker", ""
    if wish.client not in ("auto", "crictl"):
        return "", f"{wish.client} does not pull as the kubelet does: leave client at auto, or name crictl"
    if "crictl" not in survey.tools:
        return "", "there is no crictl on the node, which alone pulls through the kubelet's interface (CRI)"
    if wish.login:
        return "", "crictl takes a credential only as an argument, which every process of the node could read"
    return "crictl", ""


def obstacle(wish: PullWish, survey: Survey, client: str) -> str:
    """Return why it is not to be tried, in one line; empty where nothing stands against it."""
    if client != "podman" and survey.user not in ("", "0") and client != "docker":
        return f"{client} needs root on the node (become: true)"
    if client != "podman" and survey.answers is False:
        return f"the runtime does not answer {client}: {survey.answer_text or 'no word within its limit'}"
    if wish.login and client == "ctr" and "curl" not in survey.tools:
        return (
            "ctr takes a credential only as an argument, which every process of the node could read, and there is "
            "no curl to fetch a token without that"
        )
    return _room(wish, survey)


def _room(wish: PullWish, survey: Survey) -> str:
    free = survey.bytes_free
    if survey.inodes_free is not None and survey.inodes_free < LEAST_INODES:
        return (
            f"only {survey.inodes_free} inodes are free below {survey.root}: a pull would take the last ones"
        )
    if free is None:
        return ""
    if wish.size_bytes is not None:
        needed = int(wish.size_bytes * wish.factor)
        if free < needed:
            return (
                f"{free} bytes are free below {survey.root}, and the image needs about {needed} "
                f"({wish.size_bytes} compressed, times {wish.factor:g}): a pull would fill the disk"
            )
        return ""
    if survey.bytes_total and free < survey.bytes_total * LEAST_SHARE:
        return (
            f"only {free} of {survey.bytes_total} bytes are free below {survey.root}, and the image's size is not "
            "known: a pull might fill the disk"
        )
    return ""
