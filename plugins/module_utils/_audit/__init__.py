# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs today and would not pull tomorrow."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit.run import AuditRequest, audit

__all__ = ["AuditRequest", "audit"]
