# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into the emulation of a kubelet's keyring, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialCheck,
    Login,
    Platform,
)


@dataclass(frozen=True, slots=True)
class PullSecret:
    """A Secret with its values as bytes, decoded from the API's base64. No Record on purpose: it is never written.

    A Secret whose ``data`` is not base64 never comes from an API server.
    """

    namespace: str
    name: str
    type: str
    data: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PodPull:
    """One image that a pod, or pods alike, wants: all that the choice of credentials depends on.

    ``pull_secrets`` are those of the pod as it stands in the API, so those that admission copied from its
    ServiceAccount are among them; of a pod that is not made yet, those that it would have. ``created_at`` is when
    the (oldest) pod was made, None for one that is not made yet. ``kubelet`` is the minor version of the kubelets,
    ``platforms`` those of the nodes that the pods are on or may be scheduled to (none: not known).
    """

    namespace: str
    image: str
    pull_secrets: tuple[str, ...] = ()
    service_account: str = ""
    created_at: str | None = None
    kubelet: tuple[int, int] = (1, 34)
    platforms: tuple[Platform, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a kubelet does with the credentials for one PodPull.

    ``checks`` stand in the order of CredentialCheck. ``logins`` are those that the kubelet hands to the runtime one
    after the other until a pull succeeds; empty: one pull without credentials, unless ``blocked`` says in one line
    why nothing is pulled at all. ``candidates`` belong to the checks that are not tried though their Secret fits
    (``unlinked``, ``linked_late``, ``elsewhere``), in their order.
    """

    checks: tuple[CredentialCheck, ...] = ()
    logins: tuple[Login, ...] = ()
    blocked: str = ""
    candidates: tuple[Login, ...] = ()
