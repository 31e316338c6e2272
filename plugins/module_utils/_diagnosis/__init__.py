# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence to findings: one root cause for each failing container, one finding for each fault."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
    diagnose_facts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import (
    Facts,
    facts_from_folder,
    facts_from_records,
)

__all__ = ["Facts", "diagnose", "diagnose_facts", "facts_from_folder", "facts_from_records"]
