# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would it pull? Manifests or workloads, nodes, Secrets and registries, to a verdict for each workload."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.run import (
    Request,
    preflight,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import Text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.templates import (
    TemplatePath,
)

__all__ = ["Request", "TemplatePath", "Text", "preflight"]
