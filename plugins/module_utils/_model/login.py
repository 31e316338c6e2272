# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential with its password, on its way from the Secret to the registry."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CredentialRef


@dataclass(frozen=True, slots=True)
class Login:
    """User name and password for a registry. No Record on purpose: it is never written anywhere, nor printed."""

    username: str
    password: str = field(repr=False)
    ref: CredentialRef = field(default_factory=CredentialRef)
