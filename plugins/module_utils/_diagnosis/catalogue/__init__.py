# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of causes: for each what it is called, what it means, what to do and what not to do.

A new cause is a rule in ``_classify``, its examples in the tests, and one entry here.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.credentials import (
    CREDENTIALS,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.entry import (
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.image import IMAGE
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.network import (
    NETWORK,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.node import NODE

CATALOGUE: Mapping[Cause, Entry] = {entry.cause: entry for entry in (*IMAGE, *CREDENTIALS, *NETWORK, *NODE)}

__all__ = ["CATALOGUE", "Entry", "SubjectKind"]
