# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes with registries, DNS and nodes on one machine, for tests. See tests/lab/README.md."""

from __future__ import annotations

from .api import Api, ApiError, waiting_reasons
from .errors import LabError, LabUnavailable
from .lab import Lab
from .nodes import Node, SshResult
from .runtime_config import NodeSettings

__all__ = [
    "Api",
    "ApiError",
    "Lab",
    "LabError",
    "LabUnavailable",
    "Node",
    "NodeSettings",
    "SshResult",
    "waiting_reasons",
]
