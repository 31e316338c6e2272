# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries say about images: the distribution protocol, asked as a kubelet's runtime would ask.

Knows nothing of Kubernetes. ``Client(Settings(...)).ask([Question(...)])`` gives one ``RegistryAnswer`` for each
question, in its order; a registry's fault is an answer and never an exception.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
    SettingsInvalid,
)

__all__ = ["Client", "Question", "Settings", "SettingsInvalid"]
