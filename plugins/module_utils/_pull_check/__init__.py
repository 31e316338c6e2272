# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials tried as a kubelet would try them: the cluster's Secrets, the keyring, and what the registry says."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.checker import (
    Looked,
    PullChecker,
)

__all__ = ["Looked", "PullChecker"]
